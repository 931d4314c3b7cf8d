"""kill -9 of workers while decisions are recorded: each decision is there with all that belongs to it, or not at all."""

import random
import time

import pytest

from config import Settings
from tests.faults.deciding import Fault, Ledger, decide_through
from tests.faults.visitors import kill, workers

pytestmark = pytest.mark.timeout(300)  # a kill costs a worker's start, on a machine that may be busy


def killing(kills: int) -> Fault:
    """Kill a worker at a random moment, so many times, and on until one was killed in the middle of a request."""

    def fault(address: str, dice: random.Random, ledger: Ledger) -> None:
        killed = 0
        while killed < kills or (killed < 2 * kills and not ledger.unanswered):
            time.sleep(dice.uniform(0.05, 0.6))
            if alive := workers(address):  # the master may have yet to start another
                kill(dice.choice(alive))
                killed += 1

    return fault


def test_a_decision_survives_killed_workers_whole_or_not_at_all(installation: Settings) -> None:
    told = decide_through(killing(2), installation, days=2, items=8, seed=7)
    assert told.unanswered > 0, "no kill hit a request"


@pytest.mark.slow
@pytest.mark.timeout(1_200)
def test_decisions_survive_fifty_killed_workers(installation: Settings) -> None:
    told = decide_through(killing(50), installation, days=6, items=60, seed=11)
    assert told.unanswered > 0, "no kill hit a request"
