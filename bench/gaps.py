"""`python -m bench.gaps`: whether the time of an answer says what its words do not: that a record is there, or an account.

Two questions that are answered alike are asked in turn, each 200 times, on both databases: the page of a hidden record and of
none, a search for a hidden name and for nobody's, a wrong pass phrase and a forgotten one for an account and for none. Prints
the medians and the probability that chance alone sets them so far apart (Mann-Whitney), and returns 1 where both the medians
lie 5 ms apart or more and that probability is 0.01 or less.
"""

import argparse
import json
import statistics
import sys
import tempfile
import time
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

from flask import Flask

from config import Settings
from safeguarding import create_app
from safeguarding.access.roles import Role
from safeguarding.core import clock
from safeguarding.core.references import new_reference
from safeguarding.core.second_wall import Sight, looking
from safeguarding.web.transaction import unit_of_work
from tests.factories.cases import make_case, make_person
from tests.factories.people import PHRASE, make_somebody
from tests.support.databases import Databases, dispose
from tests.support.pages import PageClient
from tests.support.postgres import Cluster

SAMPLES, WARMING, FARTHEST_MS, CHANCE = 200, 10, 5.0, 0.01
SOON, REST = timedelta(seconds=1), timedelta(hours=13)
Ask = Callable[[], int]


def main() -> int:
    """Measure, print, and return 1 when an answer's time tells."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--samples", type=int, default=SAMPLES)
    parser.add_argument("--json", type=Path, help="a file for the figures")
    options = parser.parse_args()
    found: dict[str, dict[str, Any]] = {}
    with tempfile.TemporaryDirectory() as folder, Cluster() as cluster:
        for kind, server in (("sqlite", None), ("postgresql", cluster)):
            home = Path(folder) / kind
            (home / "copy").mkdir(parents=True)
            with Databases(home, server).copy(home / "copy") as settings:
                for name, figures in _gaps(settings, options.samples):
                    found[f"{name}, {kind}"] = figures
                    _say(f"{name}, {kind}", figures)
    if options.json:
        options.json.write_text(json.dumps(found, indent=1) + "\n")
    return 1 if any(each["tells"] for each in found.values()) else 0


def _gaps(settings: Settings, samples: int) -> Iterator[tuple[str, dict[str, Any]]]:
    app = create_app(settings)
    for name, there, nowhere, pause in _questions(app):
        yield name, _compared(there, nowhere, samples, pause)
    dispose(app)


def _questions(app: Flask) -> Iterator[tuple[str, Ask, Ask, timedelta]]:
    """Yield pairs of questions that are answered alike: about what is there and hidden, and about what is not there.

    With them the time that lies between two pairs by the clock of the service: whoever knocks often is made to wait.
    """
    with app.app_context(), looking(Sight(system="bench")), unit_of_work():
        worker, stranger = make_somebody(Role.SOCIAL_WORKER), make_somebody(Role.PRACTITIONER)
        person = make_person(worker, given_name="Zephyrine", family_name="Quillon")
        case, hidden = make_case(worker, person).ref, person.ref
    client = PageClient(app.test_client())
    assert client.sign_in(stranger.email, PHRASE).status == 303
    yield "a case", _page(client, f"/cases/{case}"), _page(client, f"/cases/{new_reference('CA')}"), SOON
    yield "a young person", _page(client, f"/people/{hidden}"), _page(client, f"/people/{new_reference('YP')}"), SOON
    yield "a search", _search(client, "Zephyrine"), _search(client, "Zephyrane"), SOON
    for name, path, sent in (
        ("signing in", "/sign-in", {"password": "not the phrase of anybody"}),
        ("a forgotten phrase", "/forgotten", {}),
    ):
        there, nowhere = ({"email": email, **sent} for email in (worker.email, "nobody.here@marlbridge.example"))
        yield name, _door(app, path, there), _door(app, path, nowhere), REST


def _page(client: PageClient, path: str) -> Ask:
    return lambda: client.client.get(path, base_url=client.BASE).status_code


def _search(client: PageClient, words: str) -> Ask:
    sent = {"csrf_token": client.csrf_token(), "q": words}
    return lambda: client.client.post("/people", base_url=client.BASE, data=sent).status_code


def _door(app: Flask, path: str, sent: dict[str, str]) -> Ask:
    """Return a question of somebody who is not signed in."""
    client = PageClient(app.test_client())
    sent = {"csrf_token": client.csrf_token(), **sent}
    headers = {"Referer": client.BASE}
    return lambda: client.client.post(path, base_url=client.BASE, data=sent, headers=headers).status_code


def _compared(there: Ask, nowhere: Ask, samples: int, pause: timedelta) -> dict[str, Any]:
    times: dict[Ask, list[float]] = {there: [], nowhere: []}
    begun = clock.now()
    for number in range(-WARMING, samples):
        answers = []
        for ask in (there, nowhere) if number % 2 else (nowhere, there):
            with clock.pretend(begun + (number + WARMING) * pause):
                began = time.perf_counter()
                answers.append(ask())
                took = (time.perf_counter() - began) * 1000
            if number >= 0:
                times[ask].append(took)
        assert answers[0] == answers[1] != 429, f"answered {answers}"
    medians = [statistics.median(each) for each in times.values()]
    gap, chance = abs(medians[0] - medians[1]), mann_whitney(*times.values())
    return {
        "there": round(medians[0], 2),
        "nowhere": round(medians[1], 2),
        "gap": round(gap, 2),
        "chance": round(chance, 4),
        "tells": gap >= FARTHEST_MS and chance <= CHANCE,
    }


def mann_whitney(one: list[float], other: list[float]) -> float:
    """Return the probability, on both sides, that samples of one distribution lie as far apart as these (normal form)."""
    ranked = sorted((value, which) for which, values in enumerate((one, other)) for value in values)
    values = [value for value, _which in ranked]
    # Equal values share the mean of their places.
    total = sum(
        (bisect_left(values, value) + 1 + bisect_right(values, value)) / 2 for value, which in ranked if which == 0
    )
    n, m = len(one), len(other)
    apart = abs(total - n * (n + 1) / 2 - n * m / 2)
    spread: float = (n * m * (n + m + 1) / 12) ** 0.5
    return 2 * (1 - statistics.NormalDist().cdf(max(apart - 0.5, 0) / spread))


def _say(name: str, figures: dict[str, Any]) -> None:
    print(
        f"{name}: {figures['there']} ms where there is one, {figures['nowhere']} ms where there is none; {figures['gap']} ms "
        f"apart, p {figures['chance']}{'; THIS TELLS' if figures['tells'] else ''}",
        flush=True,
    )


if __name__ == "__main__":
    sys.exit(main())
