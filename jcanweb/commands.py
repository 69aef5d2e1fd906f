"""The command line, each command a thin call of a service."""

import json
import logging
import sys
from datetime import date
from pathlib import Path
from typing import Any

import click

from jcanweb import create_app
from jcanweb.vocabulary import AddressGround


@click.group(help="jcanweb: the registration authority's web app. Without a command: run.")
def main() -> None:
    pass


@main.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8000, show_default=True)
@click.option("--threads", default=8, show_default=True)
def run(host: str, port: int, threads: int) -> None:
    """Set up on first use, then serve."""
    from jcanweb import jobs
    from jcanweb.database import db, transaction
    from jcanweb.services import officers

    app = _prepared()
    with app.app_context():
        with transaction():
            token = None if officers.claimed() else officers.first_link()
        db.session.remove()
        db.engine.dispose()  # the worker process opens connections of its own
    if token:
        click.echo(
            f"First start. Open this link once to begin:\n\n  {app.config['PUBLIC_URL']}/setup/{token}\n"
        )
    click.echo(f"Serving on http://{host}:{port}  (stop with Ctrl+C)")
    from gunicorn.app.base import BaseApplication

    class Server(BaseApplication):
        def load_config(self) -> None:
            for name, value in {"bind": f"{host}:{port}", "threads": threads, "worker_class": "gthread",
                                "loglevel": "warning", "control_socket_disable": True,
                                "post_worker_init": lambda worker: jobs.start(app)}.items():  # fmt: skip
                if name in self.cfg.settings:
                    self.cfg.set(name, value)

        def load(self) -> Any:
            return app

    Server().run()


@main.command(context_settings={"ignore_unknown_options": True})
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def test(arguments: tuple[str, ...]) -> None:
    """Run the tests (in a checkout)."""
    import pytest

    sys.exit(pytest.main(list(arguments)))


@main.command()
def migrate() -> None:
    """Bring the database to this version's schema."""
    _prepared()
    click.echo("The database is up to date.")


@main.command()
def demo() -> None:
    """Fill an empty instance with a small invented world to try things in."""
    from jcanweb import identity, labels
    from jcanweb.database import transaction
    from jcanweb.errors import NotEmpty
    from jcanweb.services import demo as service

    app = _prepared()
    click.echo("Making keys and certificates (some seconds) ...")
    with app.app_context():
        try:
            with transaction():
                world = service.create(identity.hash_of)
        except NotEmpty as refusal:
            raise click.ClickException(refusal.sentence) from None
    click.echo("\nSign-in names and one-time passwords, shown only now:\n")
    for seat in world.seats:
        group = f"、{labels.word(seat.group)}" if seat.group else ""
        click.echo(f"  {seat.email:24} {seat.password}  {seat.name}（{labels.word(seat.role)}{group}）")
        if seat.passphrase:
            click.echo(f"  {'':24} {seat.passphrase}  passphrase of the custodian's key")
    click.echo("\nPersonal links of two applicants (their codes arrive at /outbox):\n")
    for name, link in world.links:
        click.echo(f"  {name}  {link}")
    click.echo("\nApprovers and operators are asked for an authenticator app; without one, python3 -m jcanweb totp"
               " gives the code.\nStart with: python3 -m jcanweb")  # fmt: skip


@main.command()
@click.option("--key", prompt="Key shown on the page", hide_input=True, help="asked for when left out")
def totp(key: str) -> None:
    """The authenticator code of this moment, for trying things out without an authenticator app."""
    from passlib.totp import TOTP

    try:
        click.echo(TOTP(key=key, format="base32").generate().token)
    except (TypeError, ValueError):
        raise click.ClickException("this is no key of an authenticator app") from None


@main.group()
def terms() -> None:
    """The terms of use."""


@terms.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--version", required=True, help="as in the revision table, e.g. 3.0")
@click.option("--effective", required=True, help="first day in force to propose, YYYY-MM-DD")
def import_terms(file: Path, version: str, effective: str) -> None:
    """Read an official text into articles, paragraphs, items and revisions and keep it as a draft."""
    from jcanweb.database import transaction
    from jcanweb.errors import RuleViolation
    from jcanweb.services import terms as service

    app = _prepared()
    with app.app_context():
        try:
            with transaction():
                edition = service.import_edition(file.read_bytes(), version=version,
                                                 proposed_on=date.fromisoformat(effective))  # fmt: skip
        except (RuleViolation, ValueError) as refusal:
            raise click.ClickException(str(refusal)) from None
        document = service.document(edition)
        click.echo(f"{document.title}  version {edition.version}, proposed from {edition.proposed_on}")
        for article in document.articles:
            items = sum(len(paragraph.items) for paragraph in article.paragraphs)
            click.echo(f"  {article.mark}: {len(article.paragraphs)} paragraphs, {items} items")
        for revision in document.revisions:
            click.echo(f"  revision {revision.version}  {revision.date}")
        for number, line in document.unread:
            click.echo(f"  not placed, line {number}: {line}")
        click.echo(f"  SHA-256 {edition.sha256}")
        click.echo(f"\nThis is a draft and not in force. An approver must compare and approve it on screen:\n"
                   f"  {app.config['PUBLIC_URL']}/terms/editions/{edition.id}")  # fmt: skip


@main.group()
def custodian() -> None:
    """On a custodian's own computer: the own key, and opening a share. Touches no instance."""


@custodian.command("new-key")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def new_key(file: Path) -> None:
    """Make a key under a passphrase; FILE keeps the private half, the public half is printed."""
    from jcanweb.pki import officer_key, share_file

    if file.exists():
        raise click.ClickException(f"{file} is there already; nothing was written")
    passphrase = click.prompt(f"Passphrase, {officer_key.MINIMUM_PASSPHRASE} characters or more", hide_input=True,
                              confirmation_prompt="The same again", err=True)  # fmt: skip
    try:
        made = officer_key.new_officer_key(passphrase)
        officer_key.write_key_file(file, made.private_pem)
    except (officer_key.PassphraseTooShort, OSError) as refusal:
        raise click.ClickException(f"{refusal}; no key was made") from None
    click.echo(f"{file} holds your private key: keep it and its passphrase to yourself, and keep a copy.\n"
               f"Paste these lines into your page /me/key. SHA-256 of the key: {made.fingerprint}\n", err=True)  # fmt: skip
    click.echo(share_file.public_key_text(made.public_key), nl=False)


@custodian.command("open")
@click.argument("share", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--key", "file", required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path),
              help="the file that new-key made")  # fmt: skip
def open_share(share: Path, file: Path) -> None:
    """Open the SHARE downloaded from a recovery's page and seal it to that recovery; the result is printed."""
    from jcanweb.pki import officer_key, share_file, vault

    try:
        found, pem = share_file.read_share(share.read_text("utf-8")), file.read_bytes()
        click.echo(f"Certificate {found.jc_number}, recovery {found.recovery}", err=True)
        resealed = share_file.reseal(found, pem, click.prompt("Passphrase", hide_input=True, err=True))
    except (share_file.ShareFileRefused, UnicodeDecodeError):
        raise click.ClickException(f"{share} is no share file of jcanweb") from None
    except officer_key.WrongPassphrase:
        raise click.ClickException(f"{file} does not open with this passphrase") from None
    except vault.CannotOpen:
        raise click.ClickException(f"{share} is not sealed to the key in {file}") from None
    except OSError as trouble:
        raise click.ClickException(str(trouble)) from None
    click.echo("\nPaste these lines into the recovery's page:\n", err=True)
    click.echo(json.dumps(share_file.write(resealed), indent=1))


@main.command(context_settings={"ignore_unknown_options": True, "help_option_names": []})
@click.argument(
    "arguments", metavar="FILE [--key KEY]... [--tsa-root FILE]...", nargs=-1, type=click.UNPROCESSED
)
def verify(arguments: tuple[str, ...]) -> None:
    """Check a receipt or a bundle of evidence, offline; 0 holds, 1 does not, 2 not readable, 3 no key given."""
    from jcanweb import verifier

    sys.exit(verifier.main(list(arguments)))


@main.command("consent-address")
@click.argument("number")
@click.option("--ground", required=True, type=click.Choice([one.value for one in AddressGround]))
def consent_address(number: str, ground: str) -> None:
    """The IP addresses of the consents of an application (受付番号, or consent:17 as in its receipt), where
    CONSENT_ADDRESS_DAYS had them kept. That it was looked at goes into the audit record."""
    from jcanweb.database import transaction
    from jcanweb.services import addresses

    app = _prepared()
    with app.app_context(), transaction():
        found = addresses.opened(number, ground=AddressGround(ground), by="terminal")
    if not found:
        raise click.ClickException("no address is kept for this number")
    for at, address in found:
        click.echo(f"{at:%Y-%m-%d %H:%M:%S} UTC  {address}")


@main.command("verify-audit")
def verify_audit() -> None:
    """Walk the whole audit record; exit 1 when it is not whole."""
    from jcanweb import audit

    app = _prepared()
    with app.app_context():
        troubles = audit.verify()
    for line in troubles:
        click.echo(line)
    click.echo("The audit record is whole." if not troubles else "The audit record is NOT whole.")
    sys.exit(1 if troubles else 0)


def _prepared() -> Any:
    """The app with its database, keys and CA in place."""
    from jcanweb.database import alembic, transaction
    from jcanweb.services.setup import prepare

    logging.getLogger("alembic").setLevel(logging.WARNING)
    app = create_app()
    with app.app_context():  # a context of its own: leaving it lets go of the connection and its lock
        alembic.upgrade()
    with app.app_context(), transaction():
        prepare()
    return app
