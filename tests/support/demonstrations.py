"""Copies of a database that holds the demonstration: as it is seeded, or with its next meeting begun."""

import fcntl
import pickle
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from flask import Flask
from sqlalchemy import make_url, update

from config import Mode
from safeguarding import create_app
from safeguarding.cli.seed import seed_demonstration
from safeguarding.core import clock
from safeguarding.core.installation import Installation
from safeguarding.extensions import db
from safeguarding.web.transaction import unit_of_work
from tests.support.databases import Databases, dispose
from tests.support.postgres import Cluster
from tests.support.rows import Connection, put_rows, rows_of

Write = Callable[[Flask], None]


def seed(app: Flask) -> None:
    """Write the demonstration."""
    with app.app_context():
        seed_demonstration(clock.today())


SEEDED: Mapping[str, Write] = {"seeded": seed}


class Demonstrations(Databases):
    """Written once a run: every process of it takes what the first has written, every test a copy of that.

    run_folder: a folder that all processes of the run see. stages: what to write, by name, one after the other.
    """

    def __init__(
        self,
        folder: Path,
        cluster: Cluster | None,
        run_folder: Path,
        stages: Mapping[str, Write],
        mode: Mode = Mode.TEST,
    ) -> None:
        super().__init__(folder, cluster, mode)
        for name, write in stages.items():
            kept = run_folder / f"{'sqlite' if cluster is None else 'postgresql'}-{name}"
            with alone(kept.with_suffix(".lock")):
                if kept.exists():
                    self._take(kept)
                else:
                    self._write(write)
                    self._keep(kept)
        self._write(self._restamp)

    def _write(self, write: Write) -> None:
        app = create_app(self._template)
        write(app)
        dispose(app)
        if self._cluster is None:
            self._fold_log()

    def _keep(self, kept: Path) -> None:
        if self._cluster is None:
            shutil.copyfile(self._template.data / "safeguarding.db", kept)
        else:
            with self._connected(self._cluster) as connection:
                kept.write_bytes(pickle.dumps(rows_of(connection)))

    def _take(self, kept: Path) -> None:
        if self._cluster is None:
            shutil.copyfile(kept, self._template.data / "safeguarding.db")
        else:
            with self._connected(self._cluster) as connection:
                put_rows(connection, pickle.loads(kept.read_bytes()))  # noqa: S301 - written by this run

    def _connected(self, cluster: Cluster) -> Connection:
        return cluster.connect(make_url(self.template_url).database or "")

    def _restamp(self, app: Flask) -> None:
        """What was taken may bear another mode's stamp."""
        with app.app_context(), unit_of_work():
            db.session.execute(update(Installation).values(mode=self._template.mode))


@contextmanager
def alone(lock: Path) -> Iterator[None]:
    """Keep all other processes of the run waiting that ask for the same."""
    with lock.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield
