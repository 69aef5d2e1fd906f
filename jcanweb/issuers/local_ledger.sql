-- The embedded CA's memory. Nothing is ever changed or taken out.
PRAGMA journal_mode = WAL;
PRAGMA synchronous = FULL;
BEGIN;
CREATE TABLE certificate (
    serial       TEXT PRIMARY KEY CHECK (length(serial) = 40),
    request_id   TEXT NOT NULL UNIQUE CHECK (request_id <> ''),
    order_sha256 TEXT NOT NULL,
    key_sha256   TEXT NOT NULL UNIQUE,
    certificate  BLOB NOT NULL
) STRICT;
CREATE TABLE revocation (
    serial          TEXT PRIMARY KEY REFERENCES certificate (serial),
    reason          TEXT NOT NULL,
    revoked_at      TEXT NOT NULL,
    invalidity_date TEXT CHECK (invalidity_date <= revoked_at)
) STRICT;
CREATE TABLE crl (
    number      INTEGER PRIMARY KEY CHECK (number > 0),
    this_update TEXT NOT NULL,
    next_update TEXT NOT NULL CHECK (next_update > this_update),
    sha256      TEXT NOT NULL
) STRICT;
CREATE TRIGGER certificate_kept BEFORE UPDATE ON certificate BEGIN SELECT raise(ABORT, 'append-only'); END;
CREATE TRIGGER certificate_stays BEFORE DELETE ON certificate BEGIN SELECT raise(ABORT, 'append-only'); END;
CREATE TRIGGER revocation_kept BEFORE UPDATE ON revocation BEGIN SELECT raise(ABORT, 'append-only'); END;
CREATE TRIGGER revocation_stays BEFORE DELETE ON revocation BEGIN SELECT raise(ABORT, 'append-only'); END;
CREATE TRIGGER crl_kept BEFORE UPDATE ON crl BEGIN SELECT raise(ABORT, 'append-only'); END;
CREATE TRIGGER crl_stays BEFORE DELETE ON crl BEGIN SELECT raise(ABORT, 'append-only'); END;
COMMIT;
