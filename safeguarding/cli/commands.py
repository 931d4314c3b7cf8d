"""Registers the commands with `flask`."""

from flask import Flask

from safeguarding.cli.access import access_group
from safeguarding.cli.accounts import accounts_group
from safeguarding.cli.audit import audit_group
from safeguarding.cli.backup import backup, restore
from safeguarding.cli.contexts import contexts_group
from safeguarding.cli.database import database_group
from safeguarding.cli.importing import import_group
from safeguarding.cli.nrm import nrm_group
from safeguarding.cli.prepare import prepare
from safeguarding.cli.relations import relations_group
from safeguarding.cli.risk import risk_group
from safeguarding.cli.sealed import sealed_group
from safeguarding.cli.seed import demo_group, seed
from safeguarding.cli.worker import worker


def register(app: Flask) -> None:
    """Add every command of the project."""
    app.cli.add_command(prepare)
    app.cli.add_command(seed)
    app.cli.add_command(demo_group)
    app.cli.add_command(access_group)
    app.cli.add_command(audit_group)
    app.cli.add_command(import_group)
    app.cli.add_command(database_group)
    app.cli.add_command(backup)
    app.cli.add_command(restore)
    app.cli.add_command(contexts_group)
    app.cli.add_command(risk_group)
    app.cli.add_command(nrm_group)
    app.cli.add_command(relations_group)
    app.cli.add_command(sealed_group)
    app.cli.add_command(worker)
    app.cli.add_command(accounts_group)
