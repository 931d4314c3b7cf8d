"""A PostgreSQL with a migrated database, made once a run: the clusters of the run begin with a copy of its data."""

from pathlib import Path

from psycopg import sql
from sqlalchemy import make_url

from tests.support.databases import Databases, in_roles, settings_for
from tests.support.demonstrations import alone
from tests.support.postgres import Cluster

_NAME = "migrated"


def data_of_a_run(run_folder: Path) -> Path:
    """Return the data of such a PostgreSQL; the first of a run's processes that asks makes it.

    run_folder: a folder that all processes of the run see.
    """
    data = run_folder / "postgresql-data"
    with alone(data.with_suffix(".lock")):
        if not data.exists():
            with Cluster() as cluster:
                made = make_url(Databases(run_folder, cluster).template_url).database or ""
                with cluster.connect("postgres") as connection:
                    rename = sql.SQL("ALTER DATABASE {} RENAME TO {}")
                    connection.execute(rename.format(sql.Identifier(made), sql.Identifier(_NAME)))
                cluster.keep(data)
    return data


class Migrated(Databases):
    """Makes copies of the migrated database of a cluster that began with that data."""

    def __init__(self, folder: Path, cluster: Cluster) -> None:
        url = cluster.url(_NAME)
        self._cluster = cluster
        self._template = in_roles(settings_for(folder, url), url)
