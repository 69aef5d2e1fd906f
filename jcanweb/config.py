"""Settings: defaults here, then instance/jcanweb.toml, then the environment (JCANWEB_…).

Numbers carry their basis in the comment; every one can be set.
"""

import os
import tomllib
from datetime import timedelta
from pathlib import Path
from typing import Any

PACKAGE = Path(__file__).parent
HOME = PACKAGE if (PACKAGE / "templates").is_dir() else PACKAGE.parent  # wheel or checkout

DEFAULTS: dict[str, Any] = {
    "PUBLIC_URL": "http://127.0.0.1:8000",  # goes into mails and into the certificates (CDP, AIA)
    "TRUSTED_PROXIES": 0,  # how many reverse proxies set X-Forwarded-For and X-Forwarded-Proto
    "DEVELOPMENT": True,  # shows the outbox page; set false behind TLS
    "LRA_COUNTRY": "JP",
    "LRA_STATE": "Tokyo",
    "LRA_LOCALITY": "Minato-ku",
    "LRA_ORGANIZATION": "Sample Registration Authority",
    "LRA_NAME_JA": "見本登録局",
    "LRA_CONTACT": "",  # telephone or address told in mails; without one, PUBLIC_URL
    "PRESENTATION_HOURS": 24,  # how long the terms that were shown may be accepted
    "RECONSENT_NOTICE_DAYS": 30,  # between approval and the day of new terms: time to ask the subscribers
    "RECONSENT_REMIND_DAYS": 7,
    "RECONSENT_REMINDERS": 3,
    "TSA_URL": "",  # of the time-stamping authority (RFC 3161); without one, receipts have no time-stamp
    "TSA_CA_FILE": "",  # PEM: the authority's root, against which its time-stamps are checked
    "CONSENT_ADDRESS_DAYS": 0,  # how long the IP address of a consent is kept, sealed; 0 is never
    "SEAL_CERTIFICATE_MONTHS": 3,  # 印鑑証明書
    "VETTING_DAYS": 825,  # how long a vetting may be relied on: S/MIME BR 4.2.1
    "RENEWAL_MONTHS": 1,  # before the last day of a certificate
    "RENEWAL_UNUSED_MONTHS": 24,  # a certificate that nobody can have used for so long is renewed no more
    "RENEWAL_REVOKED_MONTHS": 12,
    "UPLOAD_MAX_BYTES": 10 * 1024 * 1024,
    "INTAKE_MAX_BYTES": 20 * 1024 * 1024,  # a file of rows
    "INTAKE_MAX_ROWS": 100_000,
    "INTAKE_KEEP_DAYS": 30,  # how long the file and its rows' content stay once all is done
    "APPLICATION_LAPSE_MONTHS": 3,
    "SCREENING_BUSINESS_DAYS": 3,
    "REVOCATION_URGENT_HOURS": 24,  # S/MIME BR 4.9.1.1
    "REVOCATION_NORMAL_DAYS": 5,
    "CRL_VALID_DAYS": 7,  # S/MIME BR 4.9.7
    "CRL_RENEW_HOURS": 24,
    "DELIVERY_HOURS": 72,
    "PIN_MAIL_SUBJECT": "【CECTRUST-Lightサービス】PINのお知らせ",
    "RECOVERY_COOLING_OFF_HOURS": 24,
    "RECOVERY_OPEN_DAYS": 7,
    "PFX_ROUNDS": 100_000,  # the strength is the PIN's
    "INVITATION_DAYS": 14,
    "ACCESS_CODE_MINUTES": 10,
    "ACCESS_CODE_ATTEMPTS": 5,
    "ACCESS_CODES_PER_HOUR": 6,
    "OFFICER_IDLE_MINUTES": 15,
    "OFFICER_ABSOLUTE_HOURS": 8,
    "PERSON_IDLE_MINUTES": 60,
    "FRESH_SIGN_IN_MINUTES": 10,
    "ORDER_STALE_SECONDS": 60,
    "SMTP_HOST": "",
    "SMTP_PORT": 587,
    "SMTP_USER": "",
    "SMTP_PASSWORD": "",
    "SMTP_STARTTLS": True,
    "MAIL_FROM": "jcanweb@localhost.localdomain",
    "RATELIMIT_ENABLED": True,
}


def instance_folder() -> Path:
    """instance/ of the checkout, or of the working folder when installed from a wheel."""
    named = os.environ.get("JCANWEB_INSTANCE")
    if named:
        return Path(named).resolve()
    return (HOME / "instance") if HOME != PACKAGE else Path.cwd() / "instance"


_settings: dict[str, Any] = DEFAULTS


def setting(name: str) -> Any:
    """A setting of the running installation; for layers that know no Flask."""
    return _settings[name]


def load(app: Any, overrides: dict[str, Any] | None) -> None:
    """Fill app.config: defaults → instance file → environment → overrides of a test."""
    global _settings
    instance = Path(app.instance_path)
    instance.mkdir(mode=0o700, parents=True, exist_ok=True)
    app.config.update(DEFAULTS)
    if (instance / "jcanweb.toml").exists():
        app.config.update(tomllib.loads((instance / "jcanweb.toml").read_text("utf-8")))
    app.config.from_prefixed_env("JCANWEB")
    app.config.update(overrides or {})
    app.config.setdefault("SQLALCHEMY_DATABASE_URI", f"sqlite:///{instance / 'jcanweb.sqlite'}")
    secure = app.config["PUBLIC_URL"].startswith("https://")
    app.config.update(
        MAX_CONTENT_LENGTH=app.config["UPLOAD_MAX_BYTES"] + 512 * 1024,
        MAX_FORM_MEMORY_SIZE=1024 * 1024,
        SESSION_COOKIE_NAME="__Host-jcanweb" if secure else "jcanweb",
        SESSION_COOKIE_SECURE=secure,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        PERMANENT_SESSION_LIFETIME=timedelta(hours=app.config["OFFICER_ABSOLUTE_HOURS"]),
        WTF_CSRF_TIME_LIMIT=None,  # the token lives as long as the session
        SQLALCHEMY_TRACK_MODIFICATIONS=False,
    )
    _settings = app.config
