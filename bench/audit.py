"""`python -m bench.audit`: how many audited changes a second PostgreSQL takes, and what recording one read costs.

Starts a cluster of its own that writes everything to its disk before it says so, with the roles and the second wall as
in live use. Eight processes add to what they may see, each change with its event in one transaction; then the chain is
verified, so that a fork would be found. Prints both figures, the targets, and how busy the machine was meanwhile.
"""

import argparse
import json
import multiprocessing
import statistics
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from bench.servers import busy_share
from config import Settings
from safeguarding import create_app
from safeguarding.access.roles import Role
from safeguarding.accounts.queries import actor_for_user
from safeguarding.audit import service as audit
from safeguarding.audit.verify import verify
from safeguarding.core import clock
from safeguarding.core.second_wall import looking
from safeguarding.extensions import db
from safeguarding.people.models import AliasKind, PersonAlias
from safeguarding.web.guard import sight_of
from safeguarding.web.transaction import unit_of_work
from tests.factories.cases import make_case
from tests.factories.people import make_somebody
from tests.support.databases import Databases, dispose
from tests.support.postgres import Cluster

WRITERS, SECONDS, READS = 8, 6.0, 400
LEAST_WRITES, MOST_MS = 500, 2.0


def main() -> int:
    """Measure, print, and return 1 when a target is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=SECONDS)
    parser.add_argument("--json", type=Path, help="a file for the figures")
    options = parser.parse_args()
    found: dict[str, Any] = {"writers": WRITERS}
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        with Cluster(durable=True, settings=("max_connections=60", "shared_buffers=256MB")) as cluster:
            databases = Databases(_made(home / "template"), cluster)
            with databases.copy(_made(home / "postgresql")) as settings:
                found |= _writes(settings, options.seconds)
                found["read_postgresql"] = _reads(settings)
        databases = Databases(_made(home / "template-sqlite"), None)
        with databases.copy(_made(home / "sqlite")) as settings:
            found["read_sqlite"] = _reads(settings)
    _say(found)
    if options.json:
        options.json.write_text(json.dumps(found, indent=1) + "\n")
    slow = max(found["read_postgresql"]["p50"], found["read_sqlite"]["p50"])
    return 0 if found["per_second"] >= LEAST_WRITES and slow <= MOST_MS and found["chain_ok"] else 1


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


def _writes(settings: Settings, seconds: float) -> dict[str, Any]:
    app = create_app(settings)
    with app.app_context(), unit_of_work():
        workers = [make_somebody(Role.SOCIAL_WORKER) for _ in range(WRITERS)]
        people = [make_case(worker).person_id for worker in workers]
    with app.app_context():
        before = audit_length()
    dispose(app)
    context = multiprocessing.get_context("spawn")
    ready, results = context.Barrier(WRITERS), context.Queue()
    processes = [
        context.Process(target=_write, args=(replace(settings), worker.id, person, seconds, ready, results))
        for worker, person in zip(workers, people, strict=True)
    ]
    for process in processes:
        process.start()
    busy = busy_share(seconds)
    times: list[float] = [each for _ in processes for each in results.get()]
    for process in processes:
        process.join()
    app = create_app(settings)
    with app.app_context():
        written, verdict = audit_length() - before, verify(Path("nowhere"))
        db.session.remove()
    dispose(app)
    milliseconds = sorted(each * 1000 for each in times)
    return {
        "per_second": round(len(times) / seconds),
        "write_p50": round(statistics.median(milliseconds), 2),
        "write_p99": round(milliseconds[int(len(milliseconds) * 0.99)], 2),
        "chain_ok": verdict.ok and written == len(times),
        "events": written,
        "busy": round(busy, 2),
    }


def audit_length() -> int:
    """Return how many events there are."""
    return int(db.session.scalar(db.select(audit.AuditHead.seq)) or 0)


def _write(settings: Settings, user_id: int, person_id: int, seconds: float, ready: Any, results: Any) -> None:
    """Write as one worker until the time is up, behind the wall, and hand back how long each took, in seconds."""
    app = create_app(settings)
    times = []
    with app.app_context():
        actor = actor_for_user(user_id)
        db.session.rollback()
        with looking(sight_of(actor)):
            ready.wait()
            until = time.perf_counter() + seconds
            while (began := time.perf_counter()) < until:
                with unit_of_work():
                    alias = PersonAlias(
                        person_id=person_id, name="Ace", kind=AliasKind.NICKNAME, created_at=clock.now()
                    )
                    db.session.add(alias)
                    audit.record("people:alias:added", actor, "YP-TEST")
                db.session.expunge_all()
                times.append(time.perf_counter() - began)
    dispose(app)
    results.put(times)


def _reads(settings: Settings) -> dict[str, float]:
    """Return what one read's own transaction costs, in milliseconds."""
    app = create_app(settings)
    times = []
    with app.app_context():
        with unit_of_work():
            actor = make_somebody(Role.SOCIAL_WORKER).actor
        cpu = time.process_time()
        for _ in range(READS):
            began = time.perf_counter()
            with unit_of_work():
                audit.record_read("cases:case:shown", actor, "CA-TEST", updates=60)
            times.append((time.perf_counter() - began) * 1000)
        cpu = time.process_time() - cpu
        db.session.remove()
    dispose(app)
    kept = sorted(times[20:])
    return {
        "p50": round(statistics.median(kept), 2),
        "p95": round(kept[int(len(kept) * 0.95)], 2),
        "cpu": round(cpu * 1000 / READS, 2),
    }


def _say(found: dict[str, Any]) -> None:
    print(
        f"Audited writes, PostgreSQL, {WRITERS} writers: {found['per_second']:,} a second (at least {LEAST_WRITES}), "
        f"p50 {found['write_p50']} ms, p99 {found['write_p99']} ms; {found['events']:,} events, "
        f"chain {'whole, no fork' if found['chain_ok'] else 'NOT WHOLE'}; machine {found['busy']:.0%} busy."
    )
    for name in ("postgresql", "sqlite"):
        figures = found[f"read_{name}"]
        print(
            f"Recording one read, {name}: p50 {figures['p50']} ms, p95 {figures['p95']} ms, "
            f"of it {figures['cpu']} ms of this process's CPU "
            f"(at most {MOST_MS} ms)."
        )


if __name__ == "__main__":
    sys.exit(main())
