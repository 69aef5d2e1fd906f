"""The command line, each command a thin call of a service."""

import logging
import sys
from datetime import date
from pathlib import Path
from typing import Any

import click

from jcanweb import create_app


@click.group(help="jcanweb: the registration authority's web app. Without a command: run.")
def main() -> None:
    pass


@main.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8000, show_default=True)
@click.option("--threads", default=8, show_default=True)
def run(host: str, port: int, threads: int) -> None:
    """Set up on first use, then serve."""
    app, token = _prepared()
    if token:
        click.echo(
            f"First start. Open this link once to begin:\n\n  {app.config['PUBLIC_URL']}/setup/{token}\n"
        )
    click.echo(f"Serving on http://{host}:{port}  (stop with Ctrl+C)")
    from gunicorn.app.base import BaseApplication

    class Server(BaseApplication):
        def load_config(self) -> None:
            for name, value in {"bind": f"{host}:{port}", "threads": threads, "worker_class": "gthread",
                                "loglevel": "warning", "control_socket_disable": True}.items():  # fmt: skip
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


@main.group()
def terms() -> None:
    """The terms of use."""


@terms.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--version", required=True, help="as in the revision table, e.g. 3.0")
@click.option("--effective", required=True, help="first day in force, YYYY-MM-DD")
def import_terms(file: Path, version: str, effective: str) -> None:
    """Read an official text into articles, paragraphs, items and revisions."""
    from jcanweb.database import transaction
    from jcanweb.errors import RuleViolation
    from jcanweb.services import terms as service
    from jcanweb.terms import TermsUnreadable

    app, _ = _prepared()
    with app.app_context():
        try:
            with transaction():
                edition = service.import_edition(file.read_bytes(), version=version,
                                                 effective_on=date.fromisoformat(effective))  # fmt: skip
        except (RuleViolation, TermsUnreadable, ValueError) as refusal:
            raise click.ClickException(str(refusal)) from None
        document = service.document(edition)
        click.echo(f"{document.title}  version {edition.version}, from {edition.effective_on}")
        for article in document.articles:
            items = sum(len(paragraph.items) for paragraph in article.paragraphs)
            click.echo(f"  {article.mark}: {len(article.paragraphs)} paragraphs, {items} items")
        for revision in document.revisions:
            click.echo(f"  revision {revision.version}  {revision.date}")
        for number, line in document.unread:
            click.echo(f"  not placed, line {number}: {line}")
        click.echo(f"  SHA-256 {edition.sha256}")


@main.command("verify-audit")
def verify_audit() -> None:
    """Walk the whole audit record; exit 1 when it is not whole."""
    from jcanweb import audit

    app, _ = _prepared()
    with app.app_context():
        troubles = audit.verify()
    for line in troubles:
        click.echo(line)
    click.echo("The audit record is whole." if not troubles else "The audit record is NOT whole.")
    sys.exit(1 if troubles else 0)


def _prepared() -> tuple[Any, str | None]:
    """The app with its database, keys and CA in place; the token of the set-up link while it is wanted."""
    from jcanweb.database import alembic, transaction
    from jcanweb.services.setup import prepare

    logging.getLogger("alembic").setLevel(logging.WARNING)
    app = create_app()
    with app.app_context():  # a context of its own: leaving it lets go of the connection and its lock
        alembic.upgrade()
    with app.app_context(), transaction():
        token = prepare()
    return app, token
