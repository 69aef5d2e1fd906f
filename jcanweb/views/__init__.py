"""parse → one service call → answer. One blueprint a feature."""

from flask import Flask


def init_app(app: Flask) -> None:
    from jcanweb.views import audit, officers, public, status, terms

    for feature in (public, terms, status, officers, audit):
        app.register_blueprint(feature.blueprint)
