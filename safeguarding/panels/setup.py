"""What the panels register when the application is built. Each line stands for a module with routes or sections."""

from flask import Flask

from safeguarding.panels.blueprint import blueprint
from safeguarding.panels.queries.panels import list_desks
from safeguarding.referrals.desks import set_desks


def init_panels(app: Flask) -> None:
    """Register the pages of the panels, and what the panels show on the pages of others."""
    app.register_blueprint(blueprint)
    set_desks(app, list_desks)
