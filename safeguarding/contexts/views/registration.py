"""What `create_app` registers of this package: pages, navigation, and what other pages show of places."""

from flask import Flask

from safeguarding.access.permissions import Permission
from safeguarding.contexts.views import listing
from safeguarding.contexts.views.blueprint import blueprint
from safeguarding.web.navigation import Entry, register_entry

PAGES = (listing,)  # imported for their routes


def init_contexts(app: Flask) -> None:
    """Register the package."""
    app.register_blueprint(blueprint)
    register_entry(app, Entry("Places", "contexts.index", 35, Permission.CONTEXT_READ, ("/contexts",)))
