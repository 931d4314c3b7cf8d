"""kill -9 of workers while decisions are recorded: each decision is there with all that belongs to it, or not at all."""

import random
import time
import urllib.request
from pathlib import Path

import pytest

from config import Settings
from tests.faults.deciding import PAUSE, Fault, Ledger, as_it_lands, decide_through, in_the_middle
from tests.faults.visitors import kill, workers
from tests.support.databases import Databases
from tests.support.server import serving

pytestmark = pytest.mark.timeout(300)  # a kill costs a worker's start, on a machine that may be busy


def killing(settings: Settings, kills: int) -> Fault:
    """Kill a worker in the middle of a decision and as one lands, in turn; which worker has it is left to chance."""

    def fault(address: str, dice: random.Random, ledger: Ledger) -> None:
        def strike() -> None:
            while not (alive := workers(address)):
                time.sleep(PAUSE)  # the master has yet to start another
            kill(dice.choice(alive))

        for number in range(kills):
            if number % 2:
                as_it_lands(settings, strike)
            else:
                in_the_middle(ledger, dice)
                strike()

    return fault


def test_a_decision_survives_killed_workers_whole_or_not_at_all(installation: Settings) -> None:
    told = decide_through(killing(installation, 4), installation, days=2, items=10, seed=7, workers=1)
    assert told.unanswered > 0, "no kill hit a request"


# As it is served live, but for how soon a worker that may not begin is started again.
SOON = """
from runpy import run_path
globals().update(run_path("gunicorn.conf.py"))
import connections
connections.SECONDS_BETWEEN_STARTS = 0.1
"""


def test_a_worker_that_cannot_begin_again_yet_takes_no_other_along(sqlite_databases: Databases, tmp_path: Path) -> None:
    (tmp_path / "soon.py").write_text(SOON)
    with (
        sqlite_databases.copy(tmp_path) as fresh,
        serving(fresh, 1, ("--config", str(tmp_path / "soon.py"))) as address,
    ):
        database, away = tmp_path / "safeguarding.db", tmp_path / "away.db"
        log = tmp_path / "server.log"
        database.rename(away)
        kill(workers(address)[0])
        while log.read_text().count("The service does not start.") < 2:
            time.sleep(PAUSE)
        database.unlink(missing_ok=True)  # an empty one, which looking for tables made
        away.rename(database)
        while not is_up(address):
            time.sleep(PAUSE)


def is_up(address: str) -> bool:
    try:
        with urllib.request.urlopen(f"{address}/health", timeout=5) as answer:  # noqa: S310 - an address of this machine
            return bool(answer.status == 200)
    except OSError:
        return False


@pytest.mark.slow
@pytest.mark.timeout(3_600)
def test_decisions_survive_fifty_killed_workers(installation: Settings) -> None:
    told = decide_through(killing(installation, 50), installation, days=6, items=60, seed=11)
    assert told.unanswered > 0, "no kill hit a request"
