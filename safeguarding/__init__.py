"""Multi-agency panels and contextual safeguarding. Here is `create_app`, and nothing else."""

from pathlib import Path

from flask import Flask

from config import Mode, Settings, read_settings
from safeguarding import registration, tables  # noqa: F401 - tables fill the metadata
from safeguarding.web.application import Application
from safeguarding.web.guard import check_views

ROOT = Path(__file__).resolve().parent.parent


def create_app(settings: Settings | None = None) -> Flask:
    """Return the application for the given settings (those of the environment, when none are given)."""
    chosen = settings or read_settings()
    app = Application(
        "safeguarding",
        root_path=str(ROOT),
        template_folder=str(ROOT / "templates"),
        static_folder=str(ROOT / "static"),
        static_url_path="/static",
    )
    registration.configure(app, chosen)
    registration.register_edge(app, chosen)
    registration.register_packages(app, secure=chosen.mode is not Mode.DEMONSTRATION)
    registration.register_commands(app)
    check_views(app)
    return app
