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
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from bench.decisions import undecided_items
from bench.generate import environment, fresh_folder, generate, renew_sessions, settings_for
from bench.pages import BY_NAME, PAGES, Page, Request, decision_form, decision_path
from bench.servers import Server, busy_share, cpu_seconds, postmaster_of
from bench.statements import COOKIE, InProcess, counted, with_token
from config import Settings
from tests.support.postgres import Cluster

SIZES = (1_000, 10_000, 100_000)
QUIET, PATIENCE = 0.25, 4.0  # waits this long for the machine to be so idle, then goes on and says so
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


class Bench:
    """The two servers on one database, and the loads on them."""

    def __init__(self, settings: Settings, people: int, work: Path, seconds: float, rounds: int) -> None:
        self._settings, self._people, self._seconds, self._rounds = settings, people, seconds, rounds
        self._kind = "sqlite" if settings.is_sqlite else "postgresql"
        variables = environment(settings)
        self._servers = {
            "service": Server("wsgi:app", variables, work / "service.log"),
            "floor": Server("bench.floor:app", variables, work / "floor.log"),
        }
        self._postmaster = postmaster_of(settings.database_url)
        self._asked = InProcess(settings)
        self._items: list[int] = []  # those that are still to be decided

    def measure(self, pages: list[Page]) -> Iterator[Measured]:
        """Measure the pages, one after the other."""
        self._items = undecided_items(self._settings)
        with contextlib.ExitStack() as stack:
            for server in self._servers.values():
                stack.enter_context(server)
            stack.callback(self._asked.close)
            for page in pages:
                yield self._page(page)

    def _page(self, page: Page) -> Measured:
        renew_sessions(self._settings)
        token = self._asked.token(page) if page.is_form or page.writes else ""
        statements = self._statements(page, token)
        for which in self._servers:
            self._burst(page, which, token, min(1.0, self._seconds))
        rounds: dict[str, list[Burst]] = {which: [] for which in self._servers}
        for _ in range(self._rounds):
            for which, bursts in rounds.items():
                bursts.append(self._burst(page, which, token, self._seconds))
        return self._median(page, statements, rounds["service"], rounds["floor"])

    def _statements(self, page: Page, token: str) -> int:
        method, path, body = self._requests(page, token, 1)[0]
        if not page.writes:
            self._asked.send(page, method, path, body)
        with counted(self._asked.app) as sent:
            status, answer = self._asked.send(page, method, path, body)
        if str(status) != page.status:
            raise SystemExit(f"{page.name}: answered {status}\n{answer[:3000].decode(errors='replace')}")
        self._use(page, 1)
        return len(sent)

    def _use(self, page: Page, count: int) -> None:
        if page.writes:
            del self._items[:count]

    def _requests(self, page: Page, token: str, count: int) -> list[Request]:
        chosen: tuple[Request, ...] = page.requests
        if page.writes:
            chosen = tuple(("POST", decision_path(item), decision_form(item)) for item in self._items[:count])
        return [(method, path, with_token(body, token)) for method, path, body in chosen]

    def _burst(self, page: Page, which: str, token: str, seconds: float) -> Burst:
        requests = self._requests(page, token, int(ITEMS_A_SECOND * seconds))
        busy = _wait_for_quiet()
        server = self._servers[which]
        before = cpu_seconds(server.pid), cpu_seconds(self._postmaster)
        seen = _load(server.port, page, requests, seconds)
        after = cpu_seconds(server.pid), cpu_seconds(self._postmaster)
        if set(seen["statuses"]) != {page.status}:
            raise SystemExit(f"{page.name} on the {which} answered {seen['statuses']}, not only {page.status}")
        self._use(page, seen["sent"])
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

    def _median(self, page: Page, statements: int, ours: list[Burst], floors: list[Burst]) -> Measured:
        def middle(bursts: list[Burst], name: str) -> float:
            return round(statistics.median(float(getattr(burst, name)) for burst in bursts), 3)

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
        _fill(settings, given)
        yield settings
        return
    with Cluster(durable=True, settings=POSTGRESQL) as cluster:
        settings = settings_for(work, cluster.create_database())
        _fill(settings, given)
        yield settings


def _fill(settings: Settings, given: argparse.Namespace) -> None:
    begun = time.monotonic()
    bursts = (2 * given.rounds * given.seconds + 3) if any(BY_NAME[name].writes for name in given.pages) else 0
    rows = sum(generate(settings, given.people, max(600, int(bursts * ITEMS_A_SECOND))).values())
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
