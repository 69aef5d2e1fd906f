"""jcanweb: the web app of a registration authority for JCAN certificates."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from flask import Flask

__version__ = "0.1.0"


def create_app(overrides: "dict[str, Any] | None" = None, instance: "str | None" = None) -> "Flask":
    """Build the application. Imports stand inside so that child processes stay light."""
    from flask import Flask

    from jcanweb import config, database, identity, keys, permissions, sessions, views, web
    from jcanweb.services import search_index

    app = Flask(
        "jcanweb",
        instance_path=str(instance or config.instance_folder()),
        template_folder=str(config.HOME / "templates"),
        static_folder=str(config.HOME / "static"),
    )
    config.load(app, overrides)
    keys.load(app)
    database.init_app(app)
    search_index.listen()
    sessions.init_app(app)
    web.init_app(app)
    identity.init_app(app)
    permissions.init_app(app)
    views.init_app(app)
    permissions.declare_foreign(app)
    return app
