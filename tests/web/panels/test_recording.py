"""What is typed in the live meeting: notes and decisions, refused or recorded, and never lost."""

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from safeguarding.actions.models import Action, ActionPriority
from safeguarding.audit.models import AuditEvent
from safeguarding.core import clock
from safeguarding.drafts.models import KeptForm
from safeguarding.extensions import db
from safeguarding.panels.models.decisions import AgencyView, Decision, DecisionKind, View
from safeguarding.panels.models.items import AgendaItem, DiscussionNote, ItemState
from safeguarding.panels.models.meetings import Attendance, Meeting
from safeguarding.panels.service.attendance import mark_left
from safeguarding.panels.service.meetings import adjourn_meeting, close_meeting, come_back_later, open_item
from tests.conftest import SignIn
from tests.factories.meetings import BASIS, Day
from tests.factories.people import unit_of_work
from tests.support.pages import Page, PageClient
from tests.web.panels.test_live import buttons, started, state_of

HOSTILE = "<script>alert(1)</script> '); DROP TABLE decision;-- \u202eabc 🙂"


def typed(client: PageClient, day: Day, **fields: Any) -> dict[str, Any]:
    """Return the form of the open item, filled in completely unless told otherwise."""
    form = client.get(day.item_path()).form(having="rationale")
    due = clock.today().replace(year=clock.today().year + 1)
    return form | {
        "kind": "adopt",
        "rationale": "Work with one agency alone has not reduced the risk.",
        "options": "Mentoring alone",
        "risk_after": "significant",
        "rest_agree": "y",
        "next_review": f"{due.day}/{due.month}/{due.year}",
        "lawful_basis": BASIS,
        "told_how": "The practitioner, at boxing",
        "actions-0-title": "Safety plan for the flat",
        "actions-0-owner": f"{day.agencies['police'].ref}/{day.people['police'].ref}",
        "actions-0-due": f"{due.day} {due:%B} {due.year}",
        "actions-0-priority": "high",
        **fields,
    }


def kept(page: Page, sent: dict[str, Any], *names: str) -> None:
    """Assert that the page's form holds what was sent."""
    form = page.form(having="rationale")
    for name in names or ("kind", "rationale", "options", "risk_after", "next_review", "told_how", "actions-0-title"):
        assert form.get(name) == sent[name], name
    assert form["actions-0-owner"] == sent["actions-0-owner"]


def count(app: Flask, model: Any) -> int:
    """Return how many rows a table has."""
    with app.app_context():
        return db.session.scalar(select(func.count()).select_from(model)) or 0


# --- the decision -------------------------------------------------------------------------------------------------


def test_the_chair_records_a_decision_with_its_views_and_actions(app: Flask, sign_in: SignIn) -> None:
    day = started(app)
    chair = sign_in(day.people["chair"])
    form = typed(chair, day)
    form["views-1-view"] = "disagrees"
    form["views-1-reason"] = "No marked cars at the flat"
    form["views-1-answer"] = "None will come"
    answer = chair.post(f"{day.item_path()}/decision", form)
    assert answer.location == day.item_path()
    page = chair.follow(answer)
    assert "Decision recorded." in page.words
    assert "No marked cars at the flat" in page.words
    assert "Record decision" not in buttons(page)
    assert state_of(app, day.item) is ItemState.DECIDED
    with app.app_context():
        views = dict(db.session.execute(select(AgencyView.view, func.count()).group_by(AgencyView.view)).all())  # type: ignore[arg-type]
        action = db.session.scalars(select(Action)).one()
        assert action.priority is ActionPriority.HIGH
        assert action.owner_user_id == day.people["police"].id
    assert views == {View.AGREES: 2, View.DISAGREES: 1}
    followed = sign_in(day.people["education"]).get(f"{day.path}/live")
    assert "Safety plan for the flat" in followed.words


LACKING: list[tuple[dict[str, Any], str]] = [
    ({"kind": ""}, "Choose what the panel decides."),
    ({"rationale": " "}, "Say why the panel decides this."),
    ({"risk_after": ""}, "Choose what the risk is after this decision."),
    ({"next_review": ""}, "Enter when the panel looks at this again."),
    ({"next_review": "31/2/2099"}, "Next review must be a real date, like 3 12 2026 or 3 December 2026."),
    ({"lawful_basis": ""}, "Choose the lawful basis on which agencies share about this."),
    ({"told_how": ""}, "Say who tells the young person, and how, or why they are not told."),
    ({"actions-0-title": ""}, "Enter what will be done in action 1."),
    ({"actions-0-due": "soon"}, "Due must be a real date, like 3 12 2026 or 3 December 2026."),
    ({"actions-0-due": "1/1/2020"}, "The due date must be today or later."),
    ({"linked_ref": "CX-0000-0000"}, "No place has this reference."),
    ({"kind": "adopt_and_link_to_context"}, "Choose the place to which the case is linked."),
    ({"kind": "defer"}, "Enter the date to which it is put off, after today."),
    ({"views-0-view": "disagrees"}, "disagrees."),
    ({"rationale": "x" * 20_001}, "Why must be 20,000 characters or fewer. It has 20,001."),
    ({"rationale": "a\x07b"}, "Why has a character that cannot be shown. Type it again without pasting."),
    ({"kind": "abolish"}, "Choose one of the answers listed for “The panel decides to”."),
]


def test_a_refused_decision_comes_back_with_everything_typed(app: Flask, sign_in: SignIn) -> None:
    day = started(app)
    chair = sign_in(day.people["chair"])
    for fields, message in LACKING:
        sent = typed(chair, day, **fields)
        page = chair.post(f"{day.item_path()}/decision", sent)
        assert page.status == 422, fields
        assert any(line.endswith(message) for line in page.errors), (fields, page.errors)
        names = ("options", "next_review", "told_how", "actions-0-title")
        kept(page, sent, *names)
        if "\x07" not in sent["rationale"]:  # which no page can hold
            kept(page, {**sent, "rationale": sent["rationale"].strip()}, "rationale")
    assert count(app, Decision) == 0


def test_an_action_without_an_owner_is_named_by_its_number(app: Flask, sign_in: SignIn) -> None:
    day = started(app)
    chair = sign_in(day.people["chair"])
    page = chair.post(
        f"{day.item_path()}/decision", typed(chair, day, **{"actions-0-owner": "", "actions-2-title": "Ring school"})
    )
    assert page.errors == [
        "Choose who does action 1.",
        "Choose who does action 3.",
        "Enter by when action 3 is done.",
    ]


def test_an_agency_without_a_view_is_named(app: Flask, sign_in: SignIn) -> None:
    day = started(app)
    chair = sign_in(day.people["chair"])
    form = typed(chair, day, **{"views-0-view": "agrees"})
    form.pop("rest_agree")
    page = chair.post(f"{day.item_path()}/decision", form)
    names = " and ".join(day.agencies[key].short_name for key in ("police", "social_care"))
    assert page.errors == [f"Say what {names} think, or that they have no view."]
    assert page.form(having="rationale")["views-0-view"] == "agrees"


def test_hostile_text_is_recorded_as_it_is_and_shown_as_text(app: Flask, sign_in: SignIn) -> None:
    day = started(app)
    chair = sign_in(day.people["chair"])
    sent = typed(chair, day, rationale=HOSTILE, told_how=HOSTILE, speaker=HOSTILE, note=HOSTILE)
    page = chair.follow(chair.post(f"{day.item_path()}/decision", sent))
    assert "<script>alert(1)</script>" not in page.text
    assert "DROP TABLE decision;--" in page.words
    assert chair.get(day.decision_path()).status == 200
    with app.app_context():
        assert db.session.execute(select(Decision.rationale)).scalar_one() == HOSTILE


def test_tampered_rows_and_versions_are_refused_and_never_an_error(app: Flask, sign_in: SignIn) -> None:
    day = started(app)
    chair = sign_in(day.people["chair"])
    for fields in (
        {"version": "abc"},
        {"version": "9" * 40},
        {"views-0-agency": "AG-none", "views-7-view": "agrees", "rest_agree": ""},
        {"views-0-agency": "", "views-0-answer": "\x1f", "kind": ""},
        {"actions-5000-title": "x"},
        {"actions-0-owner": "AG/US/x"},
        {"note_id": "999999", "note": "x", "speaker": "y"},
        {"once": "short"},
        {"risk_before": "huge"},
    ):
        status = chair.post(f"{day.item_path()}/decision", typed(chair, day, **fields)).status
        assert status in (404, 409, 422), (fields, status)
        assert count(app, Decision) == 0, fields
    # A row of an agency that is not known is no row.
    assert chair.post(f"{day.item_path()}/decision", typed(chair, day, **{"views-999999-view": "agrees"})).status == 303
    assert count(app, AgencyView) == 3


def test_what_cannot_be_shown_is_said_where_it_was_typed(app: Flask, sign_in: SignIn) -> None:
    day = started(app)
    chair = sign_in(day.people["chair"])
    page = chair.post(f"{day.item_path()}/decision", typed(chair, day, **{"views-0-answer": "Heard\x1f"}))
    assert page.status == 422 and page.html is not None
    said = page.html.select_one("#views-0-answer-error")
    assert said is not None and "cannot be shown" in said.text
    assert [each["value"] for each in page.html.select("#views-0-answer")] == ["Heard\ufffd"]


def test_a_double_press_makes_one_decision_and_leads_to_the_same_page(app: Flask, sign_in: SignIn) -> None:
    day = started(app)
    chair = sign_in(day.people["chair"])
    form = typed(chair, day)
    answers = [chair.post(f"{day.item_path()}/decision", form) for _twice in range(2)]
    assert [answer.location for answer in answers] == [day.item_path()] * 2
    assert (count(app, Decision), count(app, Action)) == (1, 1)


def test_of_two_chairs_one_wins_and_the_other_gets_both_texts(app: Flask, sign_in: SignIn) -> None:
    day = started(app)
    first, second = sign_in(day.people["chair"]), sign_in(day.people["chair"])
    mine = typed(
        second, day, kind="step_down", rationale="He has not been missing for eight weeks.", risk_after="emerging"
    )
    assert first.post(f"{day.item_path()}/decision", typed(first, day)).status == 303
    lost = second.post(f"{day.item_path()}/decision", mine)
    assert lost.status == 409
    for text in (
        "Adopt",
        "Step down",
        "Work with one agency alone",
        "He has not been missing",
        "Safety plan for the flat",
    ):
        assert text in lost.words
    assert count(app, Decision) == 1


def test_a_decision_on_an_item_left_meanwhile_comes_back_to_be_sent_anew(app: Flask, sign_in: SignIn) -> None:
    day = started(app)
    chair = sign_in(day.people["chair"])
    sent = typed(chair, day)
    with app.app_context(), unit_of_work():
        actor, meeting, item = _entities(day)
        come_back_later(actor, meeting, item)
        open_item(actor, meeting, item)
    page = chair.post(f"{day.item_path()}/decision", sent)
    assert page.status == 409
    kept(page, sent)
    again = page.form(having="rationale") | {"rest_agree": "y"}
    assert chair.post(f"{day.item_path()}/decision", again).status == 303
    assert count(app, Decision) == 1


@pytest.mark.parametrize("ended", [come_back_later, None])
def test_a_decision_that_comes_too_late_is_shown_to_be_copied(app: Flask, sign_in: SignIn, ended: Any) -> None:
    day = started(app)
    chair = sign_in(day.people["chair"])
    sent = typed(chair, day, note="Nan rang", speaker="Dan")
    with app.app_context(), unit_of_work():
        actor, meeting, item = _entities(day)
        come_back_later(actor, meeting, item)
        if ended is None:
            close_meeting(actor, meeting)
    page = chair.post(f"{day.item_path()}/decision", sent)
    assert page.status == 409
    for text in (sent["rationale"], sent["actions-0-title"], "Nan rang"):
        assert text in page.words


def _entities(day: Day) -> Any:
    meeting = db.session.get_one(Meeting, day.meeting.id)
    return day.people["chair"].actor, meeting, db.session.get_one(AgendaItem, day.item.id)


def test_an_inquorate_item_has_no_button_to_record_it_and_keeps_what_is_sent(app: Flask, sign_in: SignIn) -> None:
    day = started(app)
    chair = sign_in(day.people["chair"])
    sent = typed(chair, day)
    with app.app_context(), unit_of_work():
        line = db.session.scalars(select(Attendance).where(Attendance.user_id == day.people["health"].id)).one()
        mark_left(day.people["chair"].actor, db.session.get_one(Meeting, day.meeting.id), line)
    page = chair.get(day.item_path())
    assert "Record decision" not in buttons(page)
    assert "You can talk about this item but not decide it" in page.words
    refused = chair.post(f"{day.item_path()}/decision", sent)
    assert refused.status == 422
    assert "Health must be here before this item can be decided." in refused.errors
    kept(refused, sent)
    assert count(app, Decision) == 0


def test_the_coordinator_types_notes_and_records_nothing(app: Flask, sign_in: SignIn) -> None:
    day = started(app)
    coordinator = sign_in(day.people["coordinator"])
    page = coordinator.get(day.item_path())
    assert "Save the note" in buttons(page)
    assert "Record decision" not in buttons(page)
    assert coordinator.post(f"{day.item_path()}/decision", {"rationale": "x"}).status == 403


def test_the_vice_chair_takes_the_chair_with_what_is_typed(app: Flask, sign_in: SignIn) -> None:
    day = started(app)
    vice = sign_in(day.people["vice_chair"])
    page = vice.get(day.item_path())
    assert "Record decision" not in buttons(page)
    sent = typed(vice, day)
    refused = vice.post(f"{day.item_path()}/decision", sent)
    assert refused.status == 422
    kept(refused, sent)
    still = vice.post(f"{day.path}/live/chair", sent | {"item": day.item.ref})
    assert "recorded as present" in still.words
    kept(still, sent)
    with app.app_context(), unit_of_work():
        line = db.session.scalars(select(Attendance).where(Attendance.user_id == day.people["chair"].id)).one()
        mark_left(day.people["vice_chair"].actor, db.session.get_one(Meeting, day.meeting.id), line)
    taken = vice.post(f"{day.path}/live/chair", sent | {"item": day.item.ref})
    assert "You chair the meeting now." in taken.words
    kept(taken, sent)


def test_one_more_row_for_an_action_keeps_everything(app: Flask, sign_in: SignIn) -> None:
    day = started(app)
    chair = sign_in(day.people["chair"])
    sent = typed(chair, day, note="Nan rang", speaker="Dan")
    page = chair.post(f"{day.item_path()}/form", sent | {"add": "1"})
    assert page.status == 200
    kept(page, sent)
    form = page.form(having="rationale")
    assert "actions-3-title" in form
    assert form["note"] == "Nan rang"
    assert (count(app, DiscussionNote), count(app, Decision)) == (0, 0)


# --- leaving an item ----------------------------------------------------------------------------------------------


def test_a_half_typed_decision_is_shown_before_the_item_is_left(app: Flask, sign_in: SignIn) -> None:
    day = started(app, 2)
    chair = sign_in(day.people["chair"])
    sent = typed(chair, day, note="Nan rang", speaker="Dan")
    asked = chair.post(f"{day.path}/live/move-on", sent)
    assert asked.status == 422
    assert "You typed a decision that is not recorded" in asked.words
    kept(asked, sent)
    assert state_of(app, day.item) is ItemState.OPEN
    assert count(app, DiscussionNote) == 0
    left = chair.post(f"{day.path}/live/move-on", asked.form(having="rationale") | {"leave": "1"})
    assert left.status == 303
    assert state_of(app, day.items[1]) is ItemState.OPEN
    assert count(app, DiscussionNote) == 1


def test_a_typed_note_is_saved_when_the_item_is_left(app: Flask, sign_in: SignIn) -> None:
    day = started(app, 2)
    chair = sign_in(day.people["chair"])
    form = chair.get(day.item_path()).form(having="rationale") | {"note": "Nan rang", "speaker": "Dan"}
    assert chair.post(f"{day.item_path()}/come-back", form).status == 303
    with app.app_context():
        assert db.session.scalars(select(DiscussionNote.text)).all() == ["Nan rang"]
    assert state_of(app, day.item) is ItemState.WAITING


# --- notes --------------------------------------------------------------------------------------------------------


def test_a_note_is_saved_by_its_button_and_a_half_typed_decision_stays(app: Flask, sign_in: SignIn) -> None:
    day = started(app)
    chair = sign_in(day.people["chair"])
    sent = typed(chair, day, note="Nan rang", speaker="Dan", speaker_agency=day.agencies["police"].ref)
    page = chair.post(f"{day.item_path()}/notes", sent)
    assert page.status == 200
    kept(page, sent)
    form = page.form(having="rationale")
    assert (form["note"], form["speaker"], form["note_id"]) == ("", "", "")
    assert "Nan rang" in page.words
    alone = page.form(having="rationale") | {"note": "He wants boxing", "speaker": "Dan"}
    for name in (
        "kind",
        "rationale",
        "options",
        "next_review",
        "told_how",
        "actions-0-title",
        "actions-0-owner",
        "actions-0-due",
    ):
        alone[name] = ""
    assert chair.post(f"{day.item_path()}/notes", alone).location == day.item_path()
    assert count(app, DiscussionNote) == 2


def test_a_note_lacks_its_speaker_or_its_words(app: Flask, sign_in: SignIn) -> None:
    day = started(app)
    coordinator = sign_in(day.people["coordinator"])
    form = coordinator.get(day.item_path()).form(having="note")
    assert coordinator.post(f"{day.item_path()}/notes", form | {"note": "x"}).errors == ["Enter who speaks."]
    page = coordinator.post(f"{day.item_path()}/notes", form | {"speaker": "Dan", "note": ""})
    assert page.errors == ["Enter what was said."]
    assert page.form(having="note")["speaker"] == "Dan"
    long = coordinator.post(f"{day.item_path()}/notes", form | {"speaker": "Dan", "note": "x" * 1_000_000})
    assert long.status == 422
    assert len(long.form(having="note")["note"]) == 1_000_000


def test_a_note_is_changed_in_the_same_place(app: Flask, sign_in: SignIn) -> None:
    day = started(app)
    chair = sign_in(day.people["chair"])
    form = chair.get(day.item_path()).form(having="note")
    chair.post(f"{day.item_path()}/notes", form | {"note": "Nan rnag", "speaker": "Dan"})
    with app.app_context():
        note = db.session.scalars(select(DiscussionNote)).one()
    sent = typed(chair, day)
    page = chair.post(f"{day.item_path()}/form", sent | {"change": str(note.id)})
    kept(page, sent)
    fields = page.form(having="note")
    assert (fields["note"], fields["note_id"], fields["note_version"]) == ("Nan rnag", str(note.id), "1")
    busy = chair.post(f"{day.item_path()}/form", sent | {"change": str(note.id), "note": "unsaved", "speaker": "B"})
    assert busy.errors == ["Save this note before you change another."]
    chair.post(f"{day.item_path()}/notes", fields | {"note": "Nan rang"})
    with app.app_context():
        assert db.session.execute(select(DiscussionNote.text, DiscussionNote.version)).all() == [("Nan rang", 2)]


def test_a_note_for_named_agencies_is_on_their_pages_alone(app: Flask, sign_in: SignIn) -> None:
    day = started(app)
    coordinator, education = sign_in(day.people["coordinator"]), sign_in(day.people["education"])
    form = coordinator.get(day.item_path()).form(having="note")
    said = {"speaker": "DI Farrow", "note": "A caller named the driver.", "note_handling": "named_agencies"}
    lacks = coordinator.post(f"{day.item_path()}/notes", form | said)
    assert lacks.errors == ["Choose the agencies that may read the note."]
    again = lacks.form(having="note")
    assert (again["note"], again["note_handling"]) == (said["note"], "named_agencies")
    named = {"note_readers": day.agencies["health"].ref, "note_conditions": "Ask police first"}
    assert coordinator.post(f"{day.item_path()}/notes", again | named).status == 303
    shown = coordinator.get(day.item_path()).words
    assert f"Only for {day.agencies['health'].short_name} and the officers" in shown
    assert "Said under conditions, do not copy: Ask police first" in shown
    assert "A caller named the driver." in sign_in(day.people["health"]).get(day.item_path()).words
    page = education.get(day.item_path())
    assert "said something for named agencies only: the text is not on your page" in page.words
    for hidden in ("A caller named", "DI Farrow", "Ask police first"):
        assert hidden not in page.text
    with app.app_context():
        number = str(db.session.scalars(select(DiscussionNote.id)).one())
    fields = coordinator.post(f"{day.item_path()}/form", form | {"change": number}).form(having="note")
    assert {key: fields[key] for key in said} == said
    assert (fields["note_readers"], fields["note_conditions"]) == ([named["note_readers"]], named["note_conditions"])
    assert coordinator.post(f"{day.item_path()}/notes", fields | {"note_handling": "all_members"}).status == 303
    opened = education.get(day.item_path())
    assert "A caller named the driver." in opened.words
    assert "Ask police first" not in opened.words


def test_a_note_for_everybody_may_be_under_conditions_which_are_said(app: Flask, sign_in: SignIn) -> None:
    day = started(app)
    coordinator = sign_in(day.people["coordinator"])
    form = coordinator.get(day.item_path()).form(having="note") | {"speaker": "Dan", "note": "He moved on Friday."}
    under = form | {"note_handling": "conditions"}
    lacks = coordinator.post(f"{day.item_path()}/notes", under)
    assert lacks.errors == ["Enter under which conditions it was said."]
    assert coordinator.post(f"{day.item_path()}/notes", under | {"note_conditions": "Ask first"}).status == 303
    page = sign_in(day.people["education"]).get(day.item_path())
    assert "Said under conditions, do not copy: Ask first" in page.words
    chair = sign_in(day.people["chair"])
    sent = typed(chair, day, rationale="Since he moved on Friday.")
    refused = chair.post(f"{day.item_path()}/decision", sent)
    assert refused.status == 422
    assert "say it in other words that give nothing of it away" in refused.words
    kept(refused, sent)
    with app.app_context():
        event = db.session.scalars(select(AuditEvent).where(AuditEvent.event == "panels:copy:refused")).one()
        assert event.subject == day.item.ref
    assert chair.post(f"{day.item_path()}/decision", sent | {"rationale": "He lives elsewhere."}).status == 303


def test_two_who_change_one_note_see_both_texts(app: Flask, sign_in: SignIn) -> None:
    day = started(app)
    chair, coordinator = sign_in(day.people["chair"]), sign_in(day.people["coordinator"])
    form = chair.get(day.item_path()).form(having="note")
    chair.post(f"{day.item_path()}/notes", form | {"note": "Two adults", "speaker": "Dan"})
    with app.app_context():
        change = {"change": str(db.session.scalars(select(DiscussionNote.id)).one())}
    mine = chair.post(f"{day.item_path()}/form", form | change).form(having="note") | {
        "note": "Two adults in a grey car"
    }
    theirs = coordinator.post(f"{day.item_path()}/form", coordinator.get(day.item_path()).form(having="note") | change)
    coordinator.post(f"{day.item_path()}/notes", theirs.form(having="note") | {"note": "Two adults, one known"})
    both = chair.post(f"{day.item_path()}/notes", mine)
    assert both.status == 409
    assert "Two adults, one known" in both.words
    assert both.form(having="note")["note"] == "Two adults in a grey car"
    settled = both.form(having="note") | {"note": "Two adults in a grey car, one known"}
    assert chair.post(f"{day.item_path()}/notes", settled).status == 303


def send(client: PageClient, path: str, form: dict[str, Any]) -> Any:
    """Send the form as the page's script does."""
    sent = {"csrf_token": client.csrf_token()} | form
    headers = {"Accept": "application/json", "Referer": client.BASE}
    return client.client.post(path, base_url=client.BASE, data=sent, headers=headers)


def test_the_script_saves_a_note_while_it_is_typed(app: Flask, sign_in: SignIn) -> None:
    day = started(app)
    chair = sign_in(day.people["chair"])
    path = f"{day.item_path()}/notes"
    form = typed(chair, day, note="Nan", speaker="Dan", typing="1")
    first = send(chair, path, form)
    assert first.status_code == 200
    assert "Nan" in first.json["notes"]
    assert first.json["once"] != form["note_once"]
    known = {"note_id": str(first.json["id"]), "note_version": str(first.json["version"])}
    second = send(chair, path, form | known | {"note": "Nan rang"})
    assert second.json["version"] == 2
    stale = send(chair, path, form | known | {"note": "Nan rang twice"})
    assert stale.status_code == 409
    assert stale.json == {"theirs": "Nan rang", "version": 2}
    empty = send(chair, path, form | known | {"note": ""})
    assert empty.status_code == 422
    assert count(app, DiscussionNote) == 1
    # The same new note sent twice, as by a retry, is one note.
    assert send(chair, path, form).status_code == 303
    assert count(app, DiscussionNote) == 1


def test_a_note_saved_by_script_is_not_saved_again_beside_the_decision(app: Flask, sign_in: SignIn) -> None:
    day = started(app)
    chair = sign_in(day.people["chair"])
    form = typed(chair, day, note="Nan rang", speaker="Dan")
    saved = send(chair, f"{day.item_path()}/notes", form).json
    known = {"note_id": str(saved["id"]), "note_version": str(saved["version"])}
    assert chair.post(f"{day.item_path()}/decision", form | known).status == 303
    assert count(app, DiscussionNote) == 1


def test_notes_of_a_meeting_that_is_adjourned_are_still_typed_but_nothing_is_decided(
    app: Flask, sign_in: SignIn
) -> None:
    day = started(app)
    chair = sign_in(day.people["chair"])
    with app.app_context(), unit_of_work():
        adjourn_meeting(day.people["chair"].actor, db.session.get_one(Meeting, day.meeting.id))
    page = chair.get(day.item_path())
    assert "The meeting is adjourned" in page.words
    form = page.form(having="note")
    assert chair.post(f"{day.item_path()}/notes", form | {"note": "Nan rang", "speaker": "Dan"}).status == 303
    assert "Record decision" not in buttons(chair.get(day.item_path()))


def test_an_item_put_on_a_date_by_decision_is_deferred(app: Flask, sign_in: SignIn) -> None:
    day = started(app)
    chair = sign_in(day.people["chair"])
    form = typed(chair, day, kind="defer", deferred_to="3 December 2099", next_review="", told_how="")
    assert chair.post(f"{day.item_path()}/decision", form).status == 303
    assert state_of(app, day.item) is ItemState.DEFERRED
    with app.app_context():
        assert db.session.execute(select(Decision.kind)).scalar_one() is DecisionKind.DEFER


def test_the_chair_waives_the_quorum_beside_what_is_typed_and_then_records(app: Flask, sign_in: SignIn) -> None:
    day = started(app)
    chair = sign_in(day.people["chair"])
    sent = typed(chair, day)
    with app.app_context(), unit_of_work():
        line = db.session.scalars(select(Attendance).where(Attendance.user_id == day.people["health"].id)).one()
        mark_left(day.people["chair"].actor, db.session.get_one(Meeting, day.meeting.id), line)
    waive = f"{day.item_path()}/waive-quorum"
    assert f'formaction="{waive}"' in chair.get(day.item_path()).text
    refused = chair.post(waive, sent | {"waive": "x"})
    assert refused.status == 422
    assert refused.errors == ["Say why the panel decides without them, in 10 characters or more."]
    kept(refused, sent)
    waived = chair.post(waive, sent | {"waive": "Health sent its view on paper."})
    assert waived.status == 200
    assert "The quorum of this item is waived" in waived.words
    kept(waived, sent)
    assert "Record decision" in buttons(waived)
    answer = chair.post(f"{day.item_path()}/decision", sent)
    assert answer.status == 303, answer.errors
    assert "Quorum waived by" in chair.get(day.decision_path()).words


def test_looking_at_another_item_loses_nothing_that_is_typed(app: Flask, sign_in: SignIn) -> None:
    day = started(app, 2)
    chair = sign_in(day.people["chair"])
    page = chair.get(day.item_path())
    look, other = f"{day.item_path()}/look", day.items[1]
    assert page.html is not None
    button = page.html.select_one(f'.app-rail button[form="record"][name="to"][value="{other.ref}"]')
    assert button is not None
    assert button["formaction"] == look
    sent = typed(chair, day, speaker="DI Farrow", note="Two adults at the flat.", rationale="Half a thought")
    gone = chair.post(look, sent | {"to": other.ref})
    assert gone.location == day.item_path(other)
    assert "What you typed is kept." in chair.follow(gone).words
    assert count(app, DiscussionNote) == 1
    back = chair.get(day.item_path())
    assert "What you typed is back, and not recorded yet" in back.words
    kept(back, sent)
    assert back.form(having="rationale")["note"] == ""
    assert "Half a thought" not in sign_in(day.people["vice_chair"]).get(day.item_path()).text
    answer = chair.post(f"{day.item_path()}/decision", back.form(having="rationale"))
    assert answer.status == 303, answer.errors
    assert count(app, KeptForm) == 0


def test_what_was_emptied_before_it_was_left_does_not_come_back(app: Flask, sign_in: SignIn) -> None:
    day = started(app, 2)
    chair = sign_in(day.people["chair"])
    empty = chair.get(day.item_path()).form(having="rationale")
    look, other = f"{day.item_path()}/look", day.items[1].ref
    chair.post(look, typed(chair, day) | {"to": other})
    assert count(app, KeptForm) == 1
    chair.post(look, empty | {"to": other})
    assert count(app, KeptForm) == 0
    assert "What you typed is back" not in chair.get(day.item_path()).words


def test_a_rail_that_is_sent_a_stranger_leads_to_the_item_itself(app: Flask, sign_in: SignIn) -> None:
    day = started(app)
    chair = sign_in(day.people["chair"])
    form = chair.get(day.item_path()).form(having="rationale")
    for target in ("", "//elsewhere.example", "x" * 5_000):
        assert chair.post(f"{day.item_path()}/look", form | {"to": target}).location == day.item_path()
    assert sign_in(day.people["health"]).post(f"{day.item_path()}/look", {"to": ""}).status == 403
