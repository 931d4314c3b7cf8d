"""PostgreSQL's own programs, started without a pass phrase in their arguments."""

import os
import shutil
from pathlib import Path

from sqlalchemy import make_url


class ProgramError(Exception):
    """A program is missing or failed; the text says which and why."""


def find(name: str) -> str:
    """Return the path of pg_dump or pg_restore: the one on the path, else the newest that is installed."""
    found = shutil.which(name)
    if found:
        return found
    installed = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=lambda path: int(path.parts[-3]))
    if not installed:
        raise ProgramError(f"{name} is not installed; install PostgreSQL's client programs.")
    return str(installed[-1])


def why(name: str, said: bytes) -> ProgramError:
    """Return the error that a program ended with: its first line alone, for further ones may quote a row."""
    lines = said.decode(errors="replace").splitlines() or ["it ended without a word"]
    first = next((line for line in lines if "error:" in line), lines[-1])
    return ProgramError(f"{name}: {first.removeprefix(f'{name}: ').removeprefix('error: ')[:300]}")


def address(url: str) -> tuple[list[str], dict[str, str]]:
    """Return the arguments and the environment by which a program reaches the database of an SQLAlchemy address.

    All that the address says goes along (`sslmode`, `passfile`): but for the pass phrase, which others could read there.
    """
    parts = make_url(url)
    plain = parts.set(drivername="postgresql")._replace(password=None)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    if parts.password:
        environment["PGPASSWORD"] = str(parts.password)
    return [f"--dbname={plain.render_as_string()}", "--no-password"], environment
