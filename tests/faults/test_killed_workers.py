"""kill -9 of workers while decisions are recorded: each decision is there with all that belongs to it, or not at all."""

import random
import time

import pytest

from config import Settings
from tests.faults.deciding import PAUSE, Fault, Ledger, as_it_lands, decide_through, in_the_middle
from tests.faults.visitors import kill, workers

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


@pytest.mark.slow
@pytest.mark.timeout(3_600)
def test_decisions_survive_fifty_killed_workers(installation: Settings) -> None:
    told = decide_through(killing(installation, 50), installation, days=6, items=60, seed=11)
    assert told.unanswered > 0, "no kill hit a request"
