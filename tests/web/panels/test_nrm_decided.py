"""A panel that decides to refer to the NRM: the case and the decision say so until somebody has recorded it."""

from datetime import timedelta

from flask import Flask

from safeguarding.cases.models import Case
from safeguarding.core import clock
from safeguarding.extensions import db
from safeguarding.panels.models.decisions import Decision, DecisionKind
from safeguarding.panels.service.decisions import record_decision
from tests.conftest import SignIn
from tests.factories.meetings import Day, decision_text, make_day
from tests.factories.people import unit_of_work

SAID = "Panel decided to refer to the NRM; no record yet"


def decided(app: Flask, kind: DecisionKind) -> tuple[Day, str, str]:
    """Return the day, the reference of the case and that of the decision."""
    with app.app_context(), unit_of_work():
        day = make_day()
        text = decision_text(day, kind=kind, next_review_on=clock.today() + timedelta(days=28))
        made: Decision = record_decision(
            day.people["chair"].actor, day.meeting, day.item, text, read_version=day.item.version
        )
        return day, db.session.get_one(Case, day.item.case_id).ref, made.ref


def test_whoever_works_the_case_is_led_from_the_decision_to_the_record(app: Flask, sign_in: SignIn) -> None:
    day, case_ref, decision_ref = decided(app, DecisionKind.REFER_NRM)
    worker = sign_in(day.people["practitioner"])
    case = worker.get(f"/cases/{case_ref}")
    assert SAID in case.words
    assert SAID in worker.get(day.decision_path()).words
    link = f"/nrm/record/{case_ref}?decision={decision_ref}"
    assert case.html is not None
    assert case.html.find("a", href=link)
    form = worker.get(link).form(having="referred_on-day")
    assert form["note"] == f"As the panel decided in {decision_ref}."
    today = clock.today()
    sent = {
        "referred_on-day": str(today.day),
        "referred_on-month": str(today.month),
        "referred_on-year": str(today.year),
        "first_responder_code": "local_authority",
        "exploitation_types": ["criminal"],
    }
    assert worker.post(link, form | sent).status == 303
    assert SAID not in worker.get(f"/cases/{case_ref}").words
    assert SAID not in worker.get(day.decision_path()).words


def test_the_chair_reads_it_and_is_not_offered_what_a_chair_does_not_record(app: Flask, sign_in: SignIn) -> None:
    day, case_ref, _decision = decided(app, DecisionKind.REFER_NRM)
    page = sign_in(day.people["chair"]).get(day.decision_path())
    assert SAID in page.words
    assert f"/nrm/record/{case_ref}" not in page.text


def test_another_decision_says_nothing_of_it(app: Flask, sign_in: SignIn) -> None:
    day, case_ref, _decision = decided(app, DecisionKind.ADOPT)
    assert SAID not in sign_in(day.people["practitioner"]).get(f"/cases/{case_ref}").words
