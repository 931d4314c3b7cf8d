"""A process that logs updates on a case and says what it was told: for tests that break the disk under it.

Run as `python -m tests.faults.storing PLACE HOW_MANY`, with the settings in the environment; PLACE is the case's worker and
path, as JSON. It prints a line of JSON for each form: its number and the answers that it got, the last of them a success.
"""

import json
import sys
from typing import Any

from config import read_settings
from safeguarding import create_app
from tests.factories.people import PHRASE, Somebody
from tests.faults.caseload import Caseload
from tests.support.pages import Page, PageClient

TRIES = 6


class Stubborn(PageClient):
    """A browser whose user loads a page again for as long as the service says that it cannot just now."""

    def get(self, path: str, **options: Any) -> Page:
        """Fetch a page."""
        for _try in range(TRIES):
            if (page := super().get(path, **options)).status != 503:
                return page
        raise AssertionError("the page is not shown any more")


def main() -> None:
    """Sign in and log updates, each until it is stored."""
    place, many = json.loads(sys.argv[1]), int(sys.argv[2])
    load = Caseload(Somebody(**place["worker"]), place["case"])
    client = Stubborn(create_app(read_settings()).test_client())
    for _try in range(TRIES):
        if (entered := client.sign_in(load.worker.email, PHRASE).status) == 303:
            break
        assert entered == 503, entered
    for number in range(many):
        answers, form = [], load.form(client, f"Update {number}")
        while not answers or (answers[-1] != 303 and len(answers) < TRIES):
            answers.append(client.post(load.add, form).status)
        sys.stdout.write(json.dumps({"number": number, "answers": answers}) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
