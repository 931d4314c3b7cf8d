"""Copies of a database that holds the demonstration."""

from pathlib import Path

from config import Mode
from safeguarding import create_app
from safeguarding.cli.seed import seed_demonstration
from safeguarding.core import clock
from tests.support.databases import Databases, dispose
from tests.support.postgres import Cluster


class Demonstrations(Databases):
    """Seeds once; every copy then costs a file, or a database made from a template."""

    def __init__(self, folder: Path, cluster: Cluster | None, mode: Mode = Mode.TEST) -> None:
        super().__init__(folder, cluster, mode)
        app = create_app(self._template)
        with app.app_context():
            seed_demonstration(clock.today())
        dispose(app)
        if cluster is None:
            self._fold_log()
