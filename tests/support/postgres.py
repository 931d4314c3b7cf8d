"""Throw-away PostgreSQL clusters: their own folder, a private unix socket and no port, so nobody else's.

Owns the life of a cluster: made on entering, stopped and removed on leaving, and also when the process that
made it dies without a word. Knows nothing of the service's tables: a caller migrates one database and has it
copied for each test.
"""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import psycopg
from psycopg import sql
from sqlalchemy.engine import make_url

SUPERUSER = "postgres"
PREFERRED_VERSION = "15"
SECONDS_TO_START = 30

# Serves until its standard input is closed, which the end of the parent does too, however it ends.
_KEEPER = """
folder=$1; shift
"$@" >>"$folder/log" 2>&1 & server=$!
read -r _
kill -QUIT $server 2>/dev/null; wait $server
rm -rf "$folder"
"""

# A test's rows need not outlive the machine; the tests of crashes ask for durable=True.
_CARELESS = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")
_SMALL = ("listen_addresses=", "shared_buffers=32MB", "max_connections=100", "timezone=UTC", "autovacuum=off")


class Unavailable(Exception):
    """PostgreSQL's programs are missing, or a cluster did not start; the message says which."""


def programs() -> Path | None:
    """The folder of initdb and postgres: version 15's where there is one, else the newest; or None."""
    folders = [path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/initdb")]
    if found := shutil.which("initdb"):
        folders.append(Path(found).resolve().parent)
    servers = [folder for folder in folders if (folder / "postgres").exists()]
    return max(servers, key=_rank, default=None)


def _rank(folder: Path) -> tuple[bool, int]:
    version = folder.parent.name
    return version == PREFERRED_VERSION, int(version) if version.isdigit() else 0


def _unprivileged() -> dict[str, Any]:
    """How to start a program as somebody else when this is root, whom PostgreSQL refuses."""
    if os.geteuid() != 0:
        return {}
    known = {entry.pw_name: entry for entry in pwd.getpwall()}
    somebody = known.get("postgres") or known["nobody"]
    return {"user": somebody.pw_uid, "group": somebody.pw_gid, "extra_groups": []}


def _copy(data: Path, to: Path) -> None:
    """Copy a server's data, with their owner."""
    subprocess.run(["cp", "-a", str(data), str(to)], check=True)


class Cluster:
    """One cluster, as a context manager.

    durable: keep fsync on, for tests that kill something and look what is left.
    settings: further `name=value` settings of the server.
    data: what another cluster kept, to begin with a copy of it.
    Raises Unavailable on entering when there are no programs or the server does not start.
    """

    def __init__(self, *, durable: bool = False, settings: tuple[str, ...] = (), data: Path | None = None) -> None:
        self._settings = _SMALL + (() if durable else _CARELESS) + settings
        self._begins_with = data
        # Copying files is quicker, but for the checkpoints before and after when those reach the disk.
        self._strategy = "wal_log" if durable else "file_copy"
        self._numbers = count(1)
        self._keeper: subprocess.Popen[bytes] | None = None
        self.folder = Path()

    def __enter__(self) -> Self:
        folder = programs()
        if folder is None:
            raise Unavailable("PostgreSQL's programs are not installed (initdb, postgres)")
        # Under /tmp whatever TMPDIR says: a socket's path may have 107 characters at most.
        self.folder = Path(tempfile.mkdtemp(prefix="panels-pg-", dir="/tmp"))
        try:
            self._start(folder)
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, value: object, trace: TracebackType | None) -> None:
        self.close()

    def _start(self, folder: Path) -> None:
        somebody = _unprivileged()
        if somebody:
            os.chown(self.folder, somebody["user"], somebody["group"])
        if self._begins_with is None:
            self._initialise(folder, somebody)
        else:
            _copy(self._begins_with, self.folder / "data")
        self._serve()

    def _serve(self) -> None:
        """Start the server on what is in the folder, and wait until it answers."""
        folder = programs()
        assert folder is not None, "the cluster was made with these programs"
        server = [str(folder / "postgres"), "-D", str(self.folder / "data"), "-k", str(self.folder)]
        server += [part for setting in self._settings for part in ("-c", setting)]
        self._keeper = subprocess.Popen(
            ["/bin/sh", "-c", _KEEPER, "keeper", str(self.folder), *server],
            stdin=subprocess.PIPE,
            cwd=self.folder,
            # A Ctrl-C in the terminal is for the tests; they then close the cluster.
            start_new_session=True,
            **_unprivileged(),
        )
        self._wait()

    def _initialise(self, folder: Path, somebody: dict[str, Any]) -> None:
        made = subprocess.run(
            [
                str(folder / "initdb"),
                f"--pgdata={self.folder / 'data'}",
                f"--username={SUPERUSER}",
                "--auth=trust",  # the folder is closed to everybody else
                "--encoding=UTF8",
                "--locale=C.UTF-8",
                "--no-sync",
                "--no-instructions",
            ],
            cwd=self.folder,
            capture_output=True,
            text=True,
            check=False,
            **somebody,
        )
        if made.returncode:
            raise Unavailable(f"initdb failed: {made.stderr.strip()}")

    def _wait(self) -> None:
        until = time.monotonic() + SECONDS_TO_START
        while True:
            try:
                self.connect("postgres").close()
                return
            except psycopg.OperationalError as refused:
                if time.monotonic() > until:
                    log = (self.folder / "log").read_text(errors="replace")
                    raise Unavailable(f"PostgreSQL did not start: {log[-2000:]}") from refused
                time.sleep(0.05)

    def close(self) -> None:
        """Stop the server and remove its folder; may be called again."""
        keeper, self._keeper = self._keeper, None
        if keeper and keeper.stdin:
            keeper.stdin.close()
            keeper.wait(timeout=SECONDS_TO_START)
        if self.folder != Path():
            shutil.rmtree(self.folder, ignore_errors=True)

    def keep(self, data: Path) -> None:
        """Stop the server in good order and keep a copy of its data, with which others may begin."""
        running = self.folder / "data" / "postmaster.pid"
        os.kill(int(running.read_text().split()[0]), signal.SIGINT)
        until = time.monotonic() + SECONDS_TO_START
        while running.exists():
            assert time.monotonic() < until, "PostgreSQL does not stop"
            time.sleep(0.02)
        _copy(self.folder / "data", data)

    def connect(self, database: str) -> psycopg.Connection[tuple[Any, ...]]:
        """Connect to a database as the superuser; each statement is a transaction of its own."""
        return psycopg.connect(host=str(self.folder), user=SUPERUSER, dbname=database, autocommit=True)

    def url(self, database: str, user: str = SUPERUSER) -> str:
        """The SQLAlchemy address of a database of this cluster; no role needs a pass phrase."""
        return f"postgresql+psycopg://{user}@/{database}?host={self.folder}"

    def create_database(self, template: str | None = None, owner: str = SUPERUSER, name: str | None = None) -> str:
        """Make a database, a copy of `template` (another one's address) where given, and return its address.

        A template must not be in use: dispose of its engine first.
        """
        name = name or f"panels_{next(self._numbers)}"
        original = (make_url(template).database or "template1") if template else "template1"
        with self.connect("postgres") as connection:
            statement = sql.SQL("CREATE DATABASE {} TEMPLATE {} OWNER {} STRATEGY {}")
            connection.execute(statement.format(*map(sql.Identifier, (name, original, owner, self._strategy))))
        return self.url(name)

    def drop_database(self, address: str) -> None:
        """Remove a database, ending whatever is still connected to it."""
        name = make_url(address).database or ""
        with self.connect("postgres") as connection:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))
