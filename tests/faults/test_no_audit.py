"""An audit that takes no entry: what cannot be recorded is neither shown nor done, and people are told so."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url

from config import Settings
from safeguarding import create_app
from tests.factories.people import PHRASE
from tests.faults.caseload import check_stored, make_caseloads, stored
from tests.support.databases import dispose
from tests.support.pages import Page, PageClient

ROLE = "panels_app"
GRANTS = (
    f"CREATE ROLE {ROLE} LOGIN",
    f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {ROLE}",
    f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {ROLE}",
)
REVOKE, GRANT = f"REVOKE INSERT ON audit_event FROM {ROLE}", f"GRANT INSERT ON audit_event TO {ROLE}"
REFUSE = "CREATE TRIGGER refused BEFORE INSERT ON audit_event BEGIN SELECT RAISE(ABORT, 'refused'); END"
TAKE = "DROP TRIGGER refused"


@dataclass(frozen=True)
class Audit:
    """The audit of an installation, in the hands of whoever owns the database."""

    owner: Settings
    app: Settings  # as which the application connects

    @contextmanager
    def refusing(self) -> Iterator[None]:
        """Let the audit take no entry."""
        self.say(REFUSE if self.owner.is_sqlite else REVOKE)
        try:
            yield
        finally:
            self.say(TAKE if self.owner.is_sqlite else GRANT)

    def say(self, *statements: str) -> None:
        """Say something to the database as its owner."""
        engine = create_engine(self.owner.database_url)
        with engine.begin() as connection:
            for statement in statements:
                connection.execute(text(statement))
        engine.dispose()


@pytest.fixture
def audit(installation: Settings) -> Iterator[Audit]:
    """An audit whose application is not the owner of its database, where a database knows such a thing."""
    if installation.is_sqlite:
        yield Audit(installation, installation)
        return
    url = make_url(installation.database_url).set(username=ROLE).render_as_string(hide_password=False)
    found = Audit(installation, replace(installation, database_url=url))
    found.say(*GRANTS)
    yield found
    found.say(f"DROP OWNED BY {ROLE}", f"DROP ROLE {ROLE}")


def refused(answer: Page, *unseen: str) -> None:
    """Hold an answer to being the page that says so, and nothing else."""
    assert answer.status == 503
    assert answer.response.headers["Retry-After"]
    assert "It keeps no record that it cannot also account for" in answer.words
    assert [each for each in (*unseen, "audit_event", "Traceback") if each in answer.text] == []


def test_what_cannot_be_recorded_is_neither_shown_nor_done(audit: Audit) -> None:
    [load] = make_caseloads(audit.owner, 1)
    app = create_app(audit.app)
    try:
        client, nobody = PageClient(app.test_client()), PageClient(app.test_client())
        assert client.sign_in(load.worker.email, PHRASE).status == 303
        form = load.form(client, "Written while nothing could be recorded.")
        search = client.get("/people").form(having="q") | {"q": "Young"}
        assert "Person" in client.post("/people", search).words
        assert "Young" in client.get(load.case).words
        with audit.refusing():
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
    check_stored(audit.owner, 1)
