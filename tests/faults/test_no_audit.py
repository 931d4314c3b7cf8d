"""An audit that takes no entry: what cannot be recorded is neither shown nor done, and people are told so."""

from collections.abc import Iterator
from contextlib import contextmanager

from flask import Flask
from sqlalchemy import text

from config import Settings
from safeguarding import create_app
from tests.factories.people import PHRASE
from tests.faults.caseload import check_stored, make_caseloads, stored
from tests.support.databases import ROLES, by_owner, dispose
from tests.support.pages import Page, PageClient

REVOKE = f"REVOKE INSERT ON audit_event FROM {ROLES.application}"
GRANT = f"GRANT INSERT ON audit_event TO {ROLES.application}"
REFUSE = "CREATE TRIGGER refused BEFORE INSERT ON audit_event BEGIN SELECT RAISE(ABORT, 'refused'); END"
TAKE = "DROP TRIGGER refused"


@contextmanager
def audit_refusing(app: Flask, settings: Settings) -> Iterator[None]:
    """Let the audit take no entry of the application's."""
    say(app, REFUSE if settings.is_sqlite else REVOKE)
    try:
        yield
    finally:
        say(app, TAKE if settings.is_sqlite else GRANT)


def say(app: Flask, statement: str) -> None:
    """Say something to the database as its owner."""
    with by_owner(app) as engine, engine.begin() as connection:
        connection.execute(text(statement))


def refused(answer: Page, *unseen: str) -> None:
    """Hold an answer to being the page that says so, and nothing else."""
    assert answer.status == 503
    assert answer.response.headers["Retry-After"]
    assert "It keeps no record that it cannot also account for" in answer.words
    assert [each for each in (*unseen, "audit_event", "Traceback") if each in answer.text] == []


def test_what_cannot_be_recorded_is_neither_shown_nor_done(installation: Settings) -> None:
    [load] = make_caseloads(installation, 1)
    app = create_app(installation)
    try:
        client, nobody = PageClient(app.test_client()), PageClient(app.test_client())
        assert client.sign_in(load.worker.email, PHRASE).status == 303
        form = load.form(client, "Written while nothing could be recorded.")
        search = client.get("/people").form(having="q") | {"q": "Young"}
        assert "Person" in client.post("/people", search).words
        assert "Young" in client.get(load.case).words
        with audit_refusing(app, installation):
            for _twice in range(2):
                refused(client.get(load.case), "Young")
                refused(client.get("/cases"), "Young")
                refused(client.post("/people", search), "Person")
                refused(client.post(load.add, form), "Young")
            assert stored(app) == (0, 0)
            # Whoever may not see a case is told so only when that, too, can be recorded.
            refused(client.get("/cases/CA-0000-0000"))
            assert nobody.get("/sign-in").status == 200
            refused(nobody.sign_in(load.worker.email, PHRASE))
            refused(nobody.sign_in(load.worker.email, "another pass phrase"))
        assert "Young" in client.get(load.case).words
        assert [client.post(load.add, form).status for _twice in range(2)] == [303, 303]
    finally:
        dispose(app)
    check_stored(installation, 1)
