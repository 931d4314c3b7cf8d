"""What the demonstration holds, and that it is whole."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, select

from safeguarding import create_app
from safeguarding.accounts.models import User
from safeguarding.accounts.queries import actor_for_user
from safeguarding.accounts.request_models import RoleRequest
from safeguarding.agencies.models import Agency, SharingAgreement
from safeguarding.audit.verify import verify
from safeguarding.cases.models import CaseListing, CaseRestriction
from safeguarding.cli.demo.cycle import next_meeting_day
from safeguarding.cli.seed import demonstration_accounts
from safeguarding.contexts.models import Context, Incident, Ward
from safeguarding.contexts.risk import differing
from safeguarding.core import clock
from safeguarding.core.second_wall import as_command
from safeguarding.extensions import db
from safeguarding.oversight.detectors import Pattern
from safeguarding.oversight.models import EmergencyAccess
from safeguarding.oversight.questions import list_questions
from safeguarding.panels.models.meetings import Meeting, MeetingState
from safeguarding.panels.models.minutes import Minutes, MinutesState
from safeguarding.people.models import PeerGroup, Person
from safeguarding.people.possible_models import PossibleDuplicate
from safeguarding.people.possible_queries import list_possible
from safeguarding.people.sealed.models import GrantState, SealedGrant
from tests.support.databases import dispose
from tests.support.demonstrations import Demonstrations


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def demonstration(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """An application on a demonstration that these tests only read, once for each database."""
    databases: Demonstrations = request.getfixturevalue(f"{request.param}_demonstrations")
    with databases.copy(tmp_path_factory.mktemp("contents")) as fresh:
        app = create_app(fresh)
        yield app
        dispose(app)


def count(what: type) -> int:
    """Return how many rows a table has."""
    return db.session.scalar(select(func.count()).select_from(what)) or 0


def test_the_demonstration_is_as_large_as_it_says(demonstration: Flask) -> None:
    with demonstration.app_context():
        found = {each.__name__: count(each) for each in (Person, Context, PeerGroup, Agency, Ward)}
        assert found == {"Person": 61, "Context": 25, "PeerGroup": 8, "Agency": 14, "Ward": 8}
        first = db.session.scalar(select(func.min(Incident.happened_on)))
        assert first is not None
        assert 600 < (clock.today() - first).days <= 731


def test_something_of_everything_waits_for_somebody(demonstration: Flask) -> None:
    with demonstration.app_context(), as_command("test"):
        states = {
            "restricted": select(CaseRestriction.state).where(CaseRestriction.agreed_at.is_(None)),
            "listed": select(CaseListing.id).where(CaseListing.valid_to > clock.now()),
            "sealed": select(SealedGrant.state).order_by(SealedGrant.id),
            "role": select(RoleRequest.state),
            "emergency": select(EmergencyAccess.id).where(EmergencyAccess.reviewed_at.is_(None)),
            "duplicate": select(PossibleDuplicate.state),
        }
        found = {name: list(db.session.scalars(statement)) for name, statement in states.items()}
        counts = {name: len(rows) for name, rows in found.items()}
        assert counts == {"restricted": 1, "listed": 2, "sealed": 2, "role": 1, "emergency": 1, "duplicate": 1}
        assert found["sealed"] == [GrantState.GRANTED, GrantState.ASKED]
        keeper = db.session.scalars(select(User.id).where(User.email.startswith("information-governance@"))).one()
        asked = {each.question.pattern for each in list_questions(actor_for_user(keeper)).asked if each.answer is None}
        assert Pattern.MANY_REFUSALS in asked
        seen = db.session.scalars(select(User.id).where(User.email.startswith("lead@"))).one()
        assert len(list_possible(actor_for_user(seen))) == 1


def test_twelve_meetings_were_held_and_the_next_lies_ahead(demonstration: Flask) -> None:
    with demonstration.app_context():
        states = dict(db.session.execute(select(Meeting.state, func.count()).group_by(Meeting.state)).all())
        assert states == {MeetingState.CLOSED: 12, MeetingState.PLANNED: 1}
        ahead = db.session.scalar(select(Meeting.starts_at).where(Meeting.state == MeetingState.PLANNED))
        assert ahead is not None
        assert clock.london(ahead).date() == next_meeting_day(clock.today())
        assert ahead > clock.now()
        signed = db.session.scalar(select(func.count()).where(Minutes.state == MinutesState.SIGNED))
        assert signed in (11, 12)  # the last may still be waiting for the chair


def test_no_agreement_lapses_within_a_year(demonstration: Flask) -> None:
    with demonstration.app_context():
        first = db.session.scalar(select(func.min(SharingAgreement.review_on)))
        assert first is not None
        assert (first - clock.today()).days > 365


def test_there_is_an_account_for_every_role(demonstration: Flask) -> None:
    with demonstration.app_context():
        accounts = demonstration_accounts()
    assert [account["email"].split("@")[0] for account in accounts] == [
        "chair", "vice-chair", "coordinator", "practitioner", "social-worker", "police", "health", "education", "lead",
        "analyst", "information-governance", "auditor", "admin",
    ]  # fmt: skip


def test_its_audit_is_whole_and_its_scores_equal_a_recomputation(demonstration: Flask) -> None:
    with demonstration.app_context():
        assert verify(Path("nowhere")).ok
        assert differing(clock.today()) == []
