"""`python -m bench.generate DATABASE --people N`: fills a fresh database, which it migrates and stamps itself.

DATABASE is a folder for SQLite (its `safeguarding.db` is made anew) or the address of an empty PostgreSQL database.
The same number of people on the same day gives the same rows.
"""

import argparse
import shutil
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import insert, update
from sqlalchemy.engine import make_url

from bench.bulk import Writer
from bench.meetings import write_panels
from bench.people import write_accounts, write_people, write_places
from bench.world import LEAD, SECRET, STAFF, World, ref
from config import Mode, Settings
from safeguarding import create_app
from safeguarding.accounts.models import UserSession
from safeguarding.accounts.sessions import LONGEST
from safeguarding.audit.models import AuditEvent, AuditHead
from safeguarding.audit.service import GENESIS, chain_hash
from safeguarding.cli import stamp
from safeguarding.cli.prepare import migrate_to_head
from safeguarding.core import clock
from safeguarding.core.database import writing
from safeguarding.extensions import db
from safeguarding.web.transaction import unit_of_work

MARK = ".measured"  # this folder may be thrown away


def settings_for(folder: Path, url: str | None = None) -> Settings:
    """Return the settings under which the measured database is made and served."""
    return Settings(
        mode=Mode.TEST,
        data=folder,
        database_url=url or f"sqlite:///{folder / 'safeguarding.db'}",
        database_owner_url=None,
        database_backup_url=None,
        secret_key=SECRET,
        audit_key=SECRET[::-1],
        sealed_keys=(("b1", SECRET.swapcase().replace(" ", "-").replace(",", "")),),  # blanks and commas part keys
        trusted_hosts=("localhost", "127.0.0.1"),
        proxy_hops=0,
        service_name="Panels and places",
        partnership="Marlbridge Safeguarding Partnership",
        brand_colour="#0d4a52",
        map_tiles_url=None,
        second_factor_optional=True,  # the sessions made beforehand have none
    )


def environment(settings: Settings) -> dict[str, str]:
    """Return the same settings as variables for a server."""
    return {
        "SAFEGUARDING_MODE": settings.mode.value,
        "SAFEGUARDING_DATA": str(settings.data),
        "DATABASE_URL": settings.database_url,
        "SECRET_KEY": settings.secret_key,
        "AUDIT_KEY": settings.audit_key,
        "SEALED_KEYS": settings.sealed_keys_text,
        "TRUSTED_HOSTS": ",".join(settings.trusted_hosts),
        "PROXY_HOPS": "0",
        "SECOND_FACTOR": "optional",
    }


def generate(settings: Settings, people: int, open_items: int) -> dict[str, int]:
    """Fill an empty database and return how many rows each table got."""
    app = create_app(settings)
    with app.app_context():
        migrate_to_head()
        with unit_of_work():
            stamp.stamp(settings)
        db.session.remove()
        world = World(people, clock.now(), open_items)
        with Writer(settings.database_url) as writer:
            write_accounts(world, writer)
            write_people(world, writer)
            write_places(world, writer)
            write_panels(world, writer)
        _write_audit(world)
        db.session.remove()
        db.engine.dispose()
    _tidy(settings)
    return writer.counts


def renew_sessions(settings: Settings) -> None:
    """Let the sessions made beforehand begin now, so that none has run out when it is used."""
    app = create_app(settings)
    with app.app_context():
        now = clock.now()
        with unit_of_work():
            db.session.execute(
                update(UserSession).values(last_seen_at=now, created_at=now, confirmed_at=now, expires_at=now + LONGEST)
            )
        db.session.remove()
        db.engine.dispose()


def _write_audit(world: World) -> None:
    """Chain two events for each person: a case opened, a page shown."""
    with writing(), db.engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql("SET LOCAL session_replication_role = replica")
            for batch in _batches(_events(world), 2_000):
                connection.execute(insert(AuditEvent), batch)
            connection.execute(update(AuditHead).values(seq=batch[-1]["seq"], hash=batch[-1]["hash"]))
        else:
            for batch in _batches(_events(world), 2_000):
                connection.execute(insert(AuditEvent), batch)


def _events(world: World) -> Iterator[dict[str, Any]]:
    previous = GENESIS
    for seq in range(1, 2 * world.people + 1):
        row: dict[str, Any] = {
            "seq": seq,
            "at": world.now,
            "event": "cases:case:shown",
            "actor": f"user:{ref('US', LEAD + seq % 200)}",
            "agency": "Hub",
            "subject": ref("CA", seq % world.people + 1),
            "request_id": f"{seq:016x}",
            "detail": "{}",
            "previous": previous,
        }
        previous = row["hash"] = chain_hash(row)
        yield row


def _batches(rows: Iterable[dict[str, Any]], size: int) -> Iterator[list[dict[str, Any]]]:
    batch: list[dict[str, Any]] = []
    for row in rows:
        batch.append(row)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch


def _tidy(settings: Settings) -> None:
    """Do what PostgreSQL's autovacuum does in time; SQLite is left as the service leaves it."""
    if settings.is_sqlite:
        return
    plain = make_url(settings.database_url).set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(plain, autocommit=True) as connection:
        connection.execute("VACUUM (ANALYZE)")
        connection.execute("CHECKPOINT")


def _settings_of(target: str) -> Settings:
    if "://" in target:
        folder = Path("/tmp") / "panels-bench-keys"
        folder.mkdir(exist_ok=True, mode=0o700)
        return settings_for(folder, target.replace("postgresql://", "postgresql+psycopg://"))
    return settings_for(fresh_folder(Path(target).resolve()))


def fresh_folder(folder: Path) -> Path:
    """Return the folder, made empty: only one that is empty, or that an earlier generation marked as its own."""
    if folder.exists() and any(folder.iterdir()) and not (folder / MARK).exists():
        raise SystemExit(f"{folder}: holds something else; give a new folder.")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, mode=0o700)
    (folder / MARK).touch()
    return folder


def main(arguments: list[str] | None = None) -> None:
    """Read the command line, generate, and say what was written."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("database")
    parser.add_argument("--people", type=int, default=10_000, choices=(1_000, 10_000, 100_000))
    parser.add_argument("--open-items", type=int, default=3_000)
    given = parser.parse_args(arguments)
    begun = time.monotonic()
    counts = generate(_settings_of(given.database), given.people, given.open_items)
    for table, count in counts.items():
        print(f"{table:20} {count:>10,}", file=sys.stderr)
    print(f"{sum(counts.values()):,} rows, {len(STAFF)} accounts, {time.monotonic() - begun:.1f} s", file=sys.stderr)


if __name__ == "__main__":
    main()
