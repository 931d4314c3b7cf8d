"""What a command meets and cannot mend is said in a line. A trace would repeat what rows hold, and say nothing to do."""

import functools
import logging
from collections.abc import Callable
from typing import Any

import click
from flask import current_app
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from config import Mode, Settings
from safeguarding.core.errors import UnavailableError

log = logging.getLogger("safeguarding.command")
_MARK = "told_plainly"
# Classes of PostgreSQL's errors whose first line speaks of the server, of roles and of tables, never of what a row holds.
_OF_THE_SERVER = ("08", "28", "3D", "40", "42", "53", "55", "57", "58")


class Refused(click.ClickException):
    """The command is refused and nothing is stored; the text says what to do."""

    exit_code = 2


class Failed(click.ClickException):
    """The command could not go on: what it had stored stays, and it can be given again."""

    exit_code = 3


def told_plainly(command: click.Command) -> click.Command:
    """Have a command, or every command of a group, say plainly what it ran into."""
    for each in getattr(command, "commands", {}).values():
        told_plainly(each)
    if not isinstance(command, click.Group) and command.callback is not None and not hasattr(command.callback, _MARK):
        command.callback = _guarded(command.callback)
    return command


def _guarded(callback: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(callback)
    def guarded(*arguments: Any, **options: Any) -> Any:
        try:
            return callback(*arguments, **options)
        except (OSError, SQLAlchemyError, UnavailableError) as error:
            raise Failed(said_by(error)) from None
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except Exception as error:
            settings: Settings = current_app.extensions["settings"]
            if settings.mode is Mode.TEST:
                raise
            log.error("the command broke off", exc_info=error)
            raise Failed("This is a fault of the service itself; the line above says where. Report it.") from None

    setattr(guarded, _MARK, True)
    return guarded


def said_by(error: Exception) -> str:
    """Return what an error says, as far as it may be repeated: of the database's nothing that may come from a row."""
    if isinstance(error, DBAPIError):
        return f"The database refused: {_first_line(error)}"
    if isinstance(error, SQLAlchemyError):
        return f"The database cannot be used: {type(error).__name__}."
    if isinstance(error, OSError):
        return f"{error.filename or type(error).__name__}: {error.strerror or 'it cannot be used'}."
    return str(error)


def _first_line(error: DBAPIError) -> str:
    state = getattr(error.orig, "sqlstate", None)
    if state is not None and not str(state).startswith(_OF_THE_SERVER):
        return f"{type(error.orig).__name__}."
    lines = str(error.orig).splitlines()
    return lines[0] if lines else f"{type(error.orig).__name__}."
