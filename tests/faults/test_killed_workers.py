"""kill -9 of workers while decisions are recorded: each decision is there with all that belongs to it, or not at all."""

import random
import time

import pytest

from config import Settings
from tests.faults.deciding import PAUSE, Fault, Ledger, decide_through, in_the_middle
from tests.faults.visitors import kill, workers

pytestmark = pytest.mark.timeout(300)  # a kill costs a worker's start, on a machine that may be busy


def killing(kills: int) -> Fault:
    """Kill a worker in the middle of a decision, so many times; which worker has the decision is left to chance."""

    def fault(address: str, dice: random.Random, ledger: Ledger) -> None:
        for _each in range(kills):
            in_the_middle(ledger, dice)
            while not (alive := workers(address)):
                time.sleep(PAUSE)  # the master has yet to start another
            kill(dice.choice(alive))

    return fault


def test_a_decision_survives_killed_workers_whole_or_not_at_all(installation: Settings) -> None:
    told = decide_through(killing(3), installation, days=2, items=8, seed=7, workers=1)
    assert told.unanswered > 0, "no kill hit a request"


@pytest.mark.slow
@pytest.mark.timeout(3_600)
def test_decisions_survive_fifty_killed_workers(installation: Settings) -> None:
    told = decide_through(killing(50), installation, days=6, items=60, seed=11)
    assert told.unanswered > 0, "no kill hit a request"
