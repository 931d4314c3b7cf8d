"""Registers the commands with `flask`."""

import click
from flask import Flask

from safeguarding.cli.access import access_group
from safeguarding.cli.accounts import accounts_group
from safeguarding.cli.audit import audit_group
from safeguarding.cli.backup import backup, restore
from safeguarding.cli.contexts import contexts_group
from safeguarding.cli.database import database_group
from safeguarding.cli.importing import import_group
from safeguarding.cli.last_resort import told_plainly
from safeguarding.cli.nrm import nrm_group
from safeguarding.cli.prepare import prepare
from safeguarding.cli.relations import relations_group
from safeguarding.cli.risk import risk_group
from safeguarding.cli.sealed import sealed_group
from safeguarding.cli.seed import demo_group, seed
from safeguarding.cli.worker import worker

_COMMANDS: tuple[click.Command, ...] = (
    prepare,
    seed,
    demo_group,
    access_group,
    audit_group,
    import_group,
    database_group,
    backup,
    restore,
    contexts_group,
    risk_group,
    nrm_group,
    relations_group,
    sealed_group,
    worker,
    accounts_group,
)


def register(app: Flask) -> None:
    """Add every command of the project."""
    for command in _COMMANDS:
        app.cli.add_command(told_plainly(command))
