"""`python -m bench.run --database sqlite|postgresql --people N`: what each page costs, as a ratio to the floor.

Generates the data (or takes a database generated before, `--url` or `--folder`), starts the service and the floor
beside each other, sends each page to one and the other in turn for some rounds, and prints a table and, with `--json`,
a file. CPU is that of the server's processes and PostgreSQL's; the client's does not count.
"""

import argparse
import contextlib
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, make_url

from bench.decisions import undecided_items
from bench.generate import environment, fresh_folder, generate, renew_sessions, settings_for
from bench.pages import BY_NAME, PAGES, Page, Request, decision_form, decision_path
from bench.servers import Server, busy_share, cpu_seconds, postmaster_of
from bench.statements import COOKIE, InProcess, with_token
from config import Settings
from safeguarding.core.database_roles import Roles, make_roles
from tests.support.postgres import Cluster

ROLES = Roles("bench")
SIZES = (1_000, 10_000, 100_000)
QUIET, PATIENCE = 0.25, 4.0  # waits this long for the machine to be so idle, then goes on and says so
WARM = 3.0  # seconds in which every connection of either server has planned its statements
ITEMS_A_SECOND = 250  # how many decisions a client could possibly record
POSTGRESQL = (
    "shared_buffers=512MB",
    "max_wal_size=4GB",
    "checkpoint_timeout=15min",
    "autovacuum=on",
    "max_connections=120",
)


@dataclass(frozen=True)
class Burst:
    """One load on one server."""

    cpu_ms: float  # of the server's processes, a request
    database_cpu_ms: float
    rps: float
    p50: float
    p95: float
    bytes: int
    busy: float

    @property
    def whole(self) -> float:
        """CPU milliseconds a request, all told."""
        return self.cpu_ms + self.database_cpu_ms


@dataclass(frozen=True)
class Measured:
    """One page, as the median of its rounds."""

    page: str
    title: str
    database: str
    people: int
    statements: int
    cpu_ms: float
    app_cpu_ms: float
    database_cpu_ms: float
    rps: float
    p50: float
    p95: float
    bytes: int
    floor_cpu_ms: float
    floor_rps: float
    floor_bytes: int
    ratio: float
    busy: float  # how busy others kept the machine at worst, 0 to 1


class Target:
    """One server on one database, and the loads on it."""

    def __init__(self, application: str, settings: Settings, log: Path) -> None:
        self.settings = settings
        self.server = Server(application, environment(settings), log)
        self.items: list[int] = []  # of this database, those that are still to be decided
        self._postmaster = postmaster_of(settings.database_url)

    def burst(self, page: Page, token: str, seconds: float) -> Burst:
        """Load the page for some seconds and return what it cost."""
        busy = _wait_for_quiet()
        before = cpu_seconds(self.server.pid), cpu_seconds(self._postmaster)
        seen = _load(self.server.port, page, self._requests(page, token, seconds), seconds)
        after = cpu_seconds(self.server.pid), cpu_seconds(self._postmaster)
        if set(seen["statuses"]) != {page.status}:
            raise SystemExit(f"{page.name} was answered {seen['statuses']}, not only {page.status}")
        if page.writes:
            del self.items[: seen["sent"]]
        number, latencies = seen["answers"], seen["latencies"]
        return Burst(
            (after[0] - before[0]) * 1000 / number,
            (after[1] - before[1]) * 1000 / number,
            number / seen["seconds"],
            latencies[number // 2],
            latencies[int(number * 0.95)],
            seen["bytes"],
            busy,
        )

    def _requests(self, page: Page, token: str, seconds: float) -> list[Request]:
        chosen: tuple[Request, ...] = page.requests
        if page.writes:
            chosen = decisions_on(self.items[: int(ITEMS_A_SECOND * seconds)])
        return [(method, path, with_token(body, token)) for method, path, body in chosen]


class Bench:
    """The service and the floor on one database."""

    def __init__(self, settings: Settings, people: int, work: Path, seconds: float, rounds: int) -> None:
        self._settings, self._people, self._seconds, self._rounds = settings, people, seconds, rounds
        self._kind = "sqlite" if settings.is_sqlite else "postgresql"
        self._service = Target("wsgi:app", served(settings), work / "service.log")
        self._floor = Target("bench.floor:app", settings, work / "floor.log")
        self._floor.items = self._service.items  # one list: nothing is decided twice
        self._asked = InProcess(served(settings))

    def measure(self, pages: list[Page]) -> Iterator[Measured]:
        """Measure the pages, one after the other."""
        self._service.items += undecided_items(self._settings)
        with contextlib.ExitStack() as stack:
            stack.callback(self._asked.close)
            for target in (self._service, self._floor):
                stack.enter_context(target.server)
            for page in pages:
                yield self._page(page)

    def _page(self, page: Page) -> Measured:
        renew_sessions(self._settings)
        token = self._asked.token(page) if page.is_form or page.writes else ""
        statements = self._statements(page, token)
        for target in (self._service, self._floor):
            target.burst(page, token, min(WARM, self._seconds))
        ours: list[Burst] = []
        floors: list[Burst] = []
        for _ in range(self._rounds):
            ours.append(self._service.burst(page, token, self._seconds))
            floors.append(self._floor.burst(page, token, self._seconds))
        return self._median(page, statements, ours, floors)

    def _statements(self, page: Page, token: str) -> int:
        if page.writes:
            page = replace(page, requests=decisions_on([self._service.items.pop(0)]))
        return len(self._asked.statements(page, token))

    def _median(self, page: Page, statements: int, ours: list[Burst], floors: list[Burst]) -> Measured:
        return Measured(
            page=page.name,
            title=page.title,
            database=self._kind,
            people=self._people,
            statements=statements,
            cpu_ms=middle(ours, "whole"),
            app_cpu_ms=middle(ours, "cpu_ms"),
            database_cpu_ms=middle(ours, "database_cpu_ms"),
            rps=middle(ours, "rps"),
            p50=middle(ours, "p50"),
            p95=middle(ours, "p95"),
            bytes=int(middle(ours, "bytes")),
            floor_cpu_ms=middle(floors, "whole"),
            floor_rps=middle(floors, "rps"),
            floor_bytes=int(middle(floors, "bytes")),
            ratio=round(statistics.median(a.whole / b.whole for a, b in zip(ours, floors, strict=True)), 2),
            busy=round(max(burst.busy for burst in (*ours, *floors)), 2),
        )


def middle(bursts: list[Burst], name: str) -> float:
    """Return the median of one figure."""
    return round(statistics.median(float(getattr(burst, name)) for burst in bursts), 3)


def decisions_on(items: list[int]) -> tuple[Request, ...]:
    """Return the requests that decide these items."""
    return tuple(("POST", decision_path(item), decision_form(item)) for item in items)


def _wait_for_quiet() -> float:
    """Wait until others leave the machine alone, for a while at most; return which share they still use."""
    until = time.monotonic() + PATIENCE
    while (busy := busy_share(0.3)) > QUIET and time.monotonic() < until:
        time.sleep(0.5)
    return busy


def _load(port: int, page: Page, requests: list[Request], seconds: float) -> dict[str, Any]:
    spec = {
        "port": port,
        "cookie": f"{COOKIE}={page.who.token}",
        "clients": page.clients,
        "seconds": seconds,
        "requests": requests,
        "once": page.writes,
    }
    done = subprocess.run(
        [sys.executable, "-m", "bench.client"],
        input=json.dumps(spec) + "\n",
        capture_output=True,
        text=True,
        check=True,
    )
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def table(measured: list[Measured]) -> str:
    """Return the figures as a table in Markdown."""
    lines = [
        "| page | SQL | CPU ms/request (app + database) | floor | ratio | rps | p50 / p95 ms | kB (floor) |",
        "| --- | --: | --: | --: | --: | --: | --: | --: |",
    ]
    for each in measured:
        lines.append(
            f"| {each.title} | {each.statements} | {each.cpu_ms:.2f} ({each.app_cpu_ms:.2f} + {each.database_cpu_ms:.2f})"
            f" | {each.floor_cpu_ms:.2f} | **{each.ratio:.2f}** | {each.rps:.0f} | {each.p50:.1f} / {each.p95:.1f}"
            f" | {each.bytes / 1000:.0f} ({each.floor_bytes / 1000:.0f}) |"
        )
    return "\n".join(lines)


@contextlib.contextmanager
def database(kind: str, work: Path, given: argparse.Namespace) -> Iterator[Settings]:
    """Give the settings of a generated database of this kind: the one named, or a new one that is removed afterwards."""
    if given.url or given.folder:
        yield settings_for(given.folder or work, given.url)
        return
    if kind == "sqlite":
        settings = settings_for(fresh_folder(work / "sqlite"))
        fill(settings, given.people, given)
        yield settings
        return
    with Cluster(durable=True, settings=POSTGRESQL) as cluster:
        settings = settings_for(work, cluster.create_database())
        fill(settings, given.people, given)
        yield settings


def served(settings: Settings) -> Settings:
    """Return the settings under which the service runs: on PostgreSQL behind its policies, which the floor has not."""
    if settings.is_sqlite:
        return settings
    url = make_url(settings.database_url).set(username=ROLES.application)
    return replace(settings, database_url=url.render_as_string(hide_password=False))


def fill(settings: Settings, people: int, given: argparse.Namespace) -> None:
    """Generate the data of one size, with as many undecided items as the bursts may use."""
    begun = time.monotonic()
    bursts = 2 * given.rounds * given.seconds + 2 * WARM + 1 if any(BY_NAME[name].writes for name in given.pages) else 0
    rows = sum(generate(settings, people, max(600, int(bursts * ITEMS_A_SECOND))).values())
    if not settings.is_sqlite:
        engine = create_engine(settings.database_url)
        with engine.begin() as connection:
            make_roles(connection, ROLES)
        engine.dispose()
    print(f"{rows:,} rows in {time.monotonic() - begun:.0f} s", file=sys.stderr)


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the runner and the growth table have in common."""
    parser.add_argument("--pages", nargs="+", default=[page.name for page in PAGES], choices=sorted(BY_NAME))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=4.0)
    parser.add_argument("--json", type=Path, help="write the figures there too")
    parser.add_argument("--url", help="the address of a PostgreSQL database generated before")
    parser.add_argument("--folder", type=Path, help="the folder of an SQLite database generated before")


def measure(kind: str, given: argparse.Namespace) -> list[Measured]:
    """Measure the pages on one database and print each as it is done."""
    with (
        tempfile.TemporaryDirectory(prefix="panels-bench-", dir="/tmp") as work,
        database(kind, Path(work), given) as settings,
    ):
        bench = Bench(settings, given.people, Path(work), given.seconds, given.rounds)
        found = []
        for each in bench.measure([BY_NAME[name] for name in given.pages]):
            print(f"{each.page}: {each.cpu_ms} ms, {each.ratio} times the floor, others {each.busy}", file=sys.stderr)
            found.append(each)
        return found


def main() -> None:
    """Read the command line, measure, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--people", type=int, default=10_000, choices=SIZES)
    arguments(parser)
    given = parser.parse_args()
    found = measure(given.database, given)
    print(f"{given.database}, {given.people:,} young people, {given.rounds} rounds of {given.seconds} s\n")
    print(table(found))
    if given.json:
        given.json.write_text(json.dumps([asdict(each) for each in found], indent=1) + "\n")


if __name__ == "__main__":
    main()
