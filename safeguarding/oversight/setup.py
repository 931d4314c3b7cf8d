"""Registers the package's pages with the application."""

from flask import Flask

from safeguarding.oversight.access_views import init_access_pages
from safeguarding.oversight.agency_views import init_agency_looks
from safeguarding.oversight.emergency_views import init_emergency
from safeguarding.oversight.export_views import init_exports
from safeguarding.oversight.views import init_audit_pages


def init_oversight(app: Flask) -> None:
    """Register the audit's pages, who can see a record, and emergency access."""
    init_audit_pages(app)
    init_access_pages(app)
    init_agency_looks(app)
    init_exports(app)
    init_emergency(app)
