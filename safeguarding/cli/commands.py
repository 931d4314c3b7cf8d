"""Registers the commands with `flask`."""

from flask import Flask

from safeguarding.cli.audit import audit_group
from safeguarding.cli.prepare import prepare


def register(app: Flask) -> None:
    """Add every command of the project."""
    app.cli.add_command(prepare)
    app.cli.add_command(audit_group)
