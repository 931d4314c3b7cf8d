"""`python -m bench.growth --database sqlite|postgresql`: what each page costs at a thousand, ten and a hundred thousand.

One server for each size, loaded in turn, so that a busy minute falls on all sizes alike. A page is flat when the last
column is near 1.
"""

import argparse
import contextlib
import json
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from bench.decisions import undecided_items
from bench.generate import fresh_folder, renew_sessions, settings_for
from bench.pages import BY_NAME, Page
from bench.run import POSTGRESQL, SIZES, WARM, Burst, Target, arguments, fill, middle, served
from bench.statements import InProcess
from config import Settings
from tests.support.postgres import Cluster

Figures = dict[int, float]


def grow(targets: dict[int, Target], page: Page, rounds: int, seconds: float) -> Figures:
    """Return CPU milliseconds a request of the page at each size, the median of the rounds."""
    tokens = {size: _token(target.settings, page) for size, target in targets.items()}
    bursts: dict[int, list[Burst]] = {size: [] for size in targets}
    for size, target in targets.items():
        target.burst(page, tokens[size], min(WARM, seconds))
    for _ in range(rounds):
        for size, target in targets.items():
            bursts[size].append(target.burst(page, tokens[size], seconds))
    return {size: middle(found, "whole") for size, found in bursts.items()}


def _token(settings: Settings, page: Page) -> str:
    renew_sessions(settings)
    if not (page.is_form or page.writes):
        return ""
    asked = InProcess(settings)
    try:
        return asked.token(page)
    finally:
        asked.close()


@contextlib.contextmanager
def databases(kind: str, work: Path, given: argparse.Namespace) -> Iterator[dict[int, Settings]]:
    """Give generated databases of all sizes: those named in the order of the sizes, or new ones."""
    with contextlib.ExitStack() as stack:
        if given.targets:
            found = {size: _named(target, work) for size, target in zip(SIZES, given.targets, strict=True)}
        elif kind == "sqlite":
            found = {size: settings_for(fresh_folder(work / str(size))) for size in SIZES}
        else:
            cluster = stack.enter_context(Cluster(durable=True, settings=POSTGRESQL))
            found = {size: settings_for(work, cluster.create_database()) for size in SIZES}
        for size, settings in found.items() if not given.targets else ():
            fill(settings, size, given)
        yield found


def _named(target: str, work: Path) -> Settings:
    return settings_for(work, target) if "://" in target else settings_for(Path(target).resolve())


def table(figures: dict[str, Figures]) -> str:
    """Return the figures as a table in Markdown."""
    lines = [
        "| page, CPU ms a request | 1,000 | 10,000 | 100,000 | 100,000 / 1,000 |",
        "| --- | --: | --: | --: | --: |",
    ]
    for name, found in figures.items():
        cells = " | ".join(f"{found[size]:.2f}" for size in SIZES)
        lines.append(f"| {BY_NAME[name].title} | {cells} | **{found[SIZES[-1]] / found[SIZES[0]]:.2f}** |")
    return "\n".join(lines)


def main() -> None:
    """Read the command line, measure, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument(
        "--targets", nargs=3, help="databases generated before, the smallest first: folders or addresses"
    )
    arguments(parser)
    given = parser.parse_args()
    figures: dict[str, Figures] = {}
    with (
        tempfile.TemporaryDirectory(prefix="panels-bench-", dir="/tmp") as work,
        databases(given.database, Path(work), given) as found,
        contextlib.ExitStack() as stack,
    ):
        targets = {size: Target("wsgi:app", served(each), Path(work) / f"{size}.log") for size, each in found.items()}
        for size, target in targets.items():
            stack.enter_context(target.server)
            target.items += undecided_items(found[size])
        for name in given.pages:
            figures[name] = grow(targets, BY_NAME[name], given.rounds, given.seconds)
            print(f"{name}: {figures[name]}", file=sys.stderr)
    print(f"{given.database}, {given.rounds} rounds of {given.seconds} s\n")
    print(table(figures))
    if given.json:
        given.json.write_text(json.dumps(figures, indent=1) + "\n")


if __name__ == "__main__":
    main()
