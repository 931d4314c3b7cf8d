"""The live meeting in a browser without script: following it, running it, and what each may see of it."""

import pytest
from flask import Flask
from sqlalchemy import func, select

from safeguarding.audit.models import AuditEvent
from safeguarding.cases.models import Case
from safeguarding.extensions import db
from safeguarding.panels.models.items import AgendaItem, Conflict, ItemState, PanelHandling, ReturnRequest, ReturnState
from safeguarding.panels.models.meetings import Attendance, Meeting, MeetingState
from safeguarding.panels.service import papers
from safeguarding.panels.service.agenda import add_theme, publish_agenda
from safeguarding.panels.service.attendance import declare_conflict
from safeguarding.panels.service.meetings import open_item
from safeguarding.panels.service.returns import answer_return
from safeguarding.people.models import Person
from safeguarding.referrals.models import Referral
from tests.conftest import SignIn
from tests.factories.meetings import Day, make_day
from tests.factories.people import unit_of_work
from tests.support.pages import Page
from tests.support.statements import counted


def started(app: Flask, items: int = 1, **options: bool) -> Day:
    """Make a day that is committed."""
    with app.app_context(), unit_of_work():
        day = make_day(items, **options)
        db.session.flush()
        for each in (day.panel, day.meeting, *day.agencies.values(), *day.items):
            db.session.refresh(each)
        db.session.expunge_all()
    return day


def state_of(app: Flask, item: AgendaItem) -> ItemState:
    """Return how an item stands."""
    with app.app_context():
        return db.session.execute(select(AgendaItem.state).where(AgendaItem.id == item.id)).scalar_one()


def rail(page: Page) -> list[str]:
    """Return the lines of the agenda at the side."""
    assert page.html is not None
    return [" ".join(line.get_text(" ").split()) for line in page.html.select(".app-rail__item")]


def buttons(page: Page) -> list[str]:
    """Return the words on the buttons of the page's main part."""
    assert page.html is not None
    return [" ".join(button.get_text(" ").split()) for button in page.html.select("main button[type=submit]")]


# --- following ----------------------------------------------------------------------------------------------------


def test_a_member_follows_the_meeting_and_reads_what_the_panel_has(app: Flask, sign_in: SignIn) -> None:
    day = started(app, 2)
    page = sign_in(day.people["education"]).get(f"{day.path}/live")
    assert page.status == 200
    assert page.html is not None
    assert day.item.title == page.html.find("h1").get_text()  # type: ignore[union-attr]
    assert "I can't just stop" in page.words
    assert "Found 42 miles away" in page.words
    assert "His nan, and a boxing coach" in page.words
    assert buttons(page) == []
    # A room may see the agenda at the side: given name, initial and age alone.
    assert rail(page)[0].startswith("1 Kayden R, 15")
    assert rail(page)[1].endswith("Next")
    assert "Reeve" not in "".join(rail(page))


def test_what_can_be_done_in_the_strip_stays_on_a_narrow_page(app: Flask, sign_in: SignIn) -> None:
    day = started(app)
    page = sign_in(day.people["chair"]).get(f"{day.path}/live")
    assert page.html is not None
    links = [link for link in page.html.select(".app-live-strip a") if link.get_text() in ("Attendance", "Declare")]
    assert len(links) == 2
    assert not any(link.find_parent(class_="app-live-strip__detail--more") for link in links)


def test_own_words_come_first_of_what_is_known(app: Flask, sign_in: SignIn) -> None:
    day = started(app)
    words = sign_in(day.people["chair"]).get(day.item_path()).words
    parts = ("own words", "In brief", "was referred", "Strengths", "What each agency said", "Discussion notes")
    places = [words.index(part, words.index("What we know Papers")) for part in parts]
    assert places == sorted(places)


def test_strangers_find_nothing(app: Flask, sign_in: SignIn) -> None:
    day, other = started(app), started(app)
    for key in ("chair", "coordinator", "health", "practitioner"):
        stranger = sign_in(other.people[key])
        for path in (f"{day.path}/live", day.item_path(), f"{day.path}/live/state", f"{day.path}/minutes"):
            assert stranger.get(path).status in (403, 404), (key, path)
    chair = sign_in(day.people["chair"])
    assert chair.get(f"{day.path}/live/items/{other.item.ref}").status == 404
    assert chair.get(f"{day.path}/live/items/IT-0000-0000").status == 404


def test_a_presenter_sees_their_own_item_alone(app: Flask, sign_in: SignIn) -> None:
    day = started(app, 2)
    with app.app_context(), unit_of_work():
        papers.hide_from_presenter(day.items[1], day.people["practitioner"].id)
    presenter = sign_in(day.people["practitioner"])
    page = presenter.get(f"{day.path}/live")
    assert page.status == 200
    assert len(rail(page)) == 1
    assert presenter.get(day.item_path(day.items[1])).status == 404
    with app.app_context(), unit_of_work():
        open_item(day.people["chair"].actor, db.session.get_one(Meeting, day.meeting.id), day.items[1])
    between = presenter.get(f"{day.path}/live")
    assert "an item that is not open to you" in between.words
    assert day.items[1].ref not in between.text


def test_polling_says_whether_the_meeting_moved_and_leaves_no_event(app: Flask, sign_in: SignIn) -> None:
    day = started(app, 2)
    member = sign_in(day.people["health"])
    member.get(f"{day.path}/live")
    with app.app_context():
        before = db.session.scalar(select(func.count()).select_from(AuditEvent))
    first = member.client.get(f"{day.path}/live/state", base_url=member.BASE).json
    again = member.client.get(f"{day.path}/live/state", base_url=member.BASE).json
    assert first == again
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(AuditEvent)) == before
    with app.app_context(), unit_of_work():
        open_item(day.people["chair"].actor, db.session.get_one(Meeting, day.meeting.id), day.items[1])
    moved = member.client.get(f"{day.path}/live/state", base_url=member.BASE).json
    assert moved["item"] != first["item"]
    assert day.items[1].ref not in str(moved)


def test_each_item_shown_is_one_event(app: Flask, sign_in: SignIn) -> None:
    day = started(app)
    sign_in(day.people["health"]).get(f"{day.path}/live")
    with app.app_context():
        shown = db.session.scalars(select(AuditEvent.subject).where(AuditEvent.event == "panels:item:shown")).all()
    assert shown == [day.item.ref]


# --- returns by handling ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("handling", "readers"),
    [
        (
            PanelHandling.ALL_MEMBERS,
            {"chair", "vice_chair", "coordinator", "police", "health", "education", "practitioner"},
        ),
        (PanelHandling.NAMED_AGENCIES, {"chair", "vice_chair", "coordinator", "police", "health"}),
        (PanelHandling.CHAIR_ONLY, {"chair", "vice_chair", "police"}),
    ],
)
def test_a_return_is_read_by_those_for_whom_its_agency_meant_it(
    app: Flask, sign_in: SignIn, handling: PanelHandling, readers: set[str]
) -> None:
    day = started(app)
    with app.app_context(), unit_of_work():
        request = db.session.scalars(
            select(ReturnRequest).where(ReturnRequest.agency_id == day.agencies["police"].id)
        ).one()
        answer_return(
            day.people["police"].actor,
            request,
            state=ReturnState.ANSWERED,
            text="Named in two enquiries.",
            handling=handling,
            named_agency_ids=[day.agencies["health"].id] if handling is PanelHandling.NAMED_AGENCIES else [],
            read_version=request.version,
        )
    for key in day.people:
        page = sign_in(day.people[key]).get(day.item_path())
        assert page.status == 200
        assert ("Named in two enquiries." in page.text) == (key in readers), key
        if key not in readers:
            assert "the text is not on your page" in page.words


# --- somebody out of an item --------------------------------------------------------------------------------------


def test_a_barred_member_sees_neither_item_nor_papers_anywhere(app: Flask, sign_in: SignIn) -> None:
    day = started(app, 2)
    member = sign_in(day.people["health"])
    with app.app_context():
        refs = db.session.execute(
            select(Person.ref, Case.ref, Referral.ref)
            .select_from(AgendaItem)
            .join(Person, Person.id == AgendaItem.person_id)
            .join(Case, Case.id == AgendaItem.case_id)
            .join(Referral, Referral.id == AgendaItem.referral_id)
            .where(AgendaItem.id == day.item.id)
        ).one()
    records = [f"/{kind}/{ref}" for kind, ref in zip(("people", "cases", "referrals"), refs, strict=True)]
    assert [member.get(path).status for path in records] == [200, 200, 200]
    form = member.get(f"{day.item_path()}/conflict").form(having="reason") | {"reason": "My nephew"}
    answer = member.post(f"{day.item_path()}/conflict", form)
    assert answer.location == f"{day.path}/live"
    page = member.follow(answer)
    assert page.status == 200
    assert "You are out of item 1" in page.words
    for secret in (day.item.title, day.item.ref, "Kayden R, 15, 1", "I can't just stop", "My nephew"):
        assert secret not in page.text
    assert day.items[1].ref in page.text
    for path in (day.item_path(), f"{day.item_path()}/conflict", day.decision_path()):
        assert member.get(path).status == 404, path
    assert [member.get(path).status for path in records] == [404, 404, 404]
    second = member.get(day.item_path(day.items[1]))
    assert second.status == 200
    assert rail(second)[0] == "1 Closed to you You are out of this item"
    assert day.item.ref not in second.text
    others = sign_in(day.people["education"]).get(f"{day.path}/live")
    assert "1 out of this item" in others.words
    assert "My nephew" not in others.text  # the reason is for the officers


def test_an_officer_reads_why_and_lifts_what_was_declared_by_mistake(app: Flask, sign_in: SignIn) -> None:
    day = started(app)
    with app.app_context(), unit_of_work():
        declare_conflict(day.people["health"].actor, day.meeting, day.item, reason="My nephew")
    coordinator = sign_in(day.people["coordinator"]).get(day.item_path())
    assert "My nephew" in coordinator.words
    assert not [each for each in buttons(coordinator) if each.startswith("Lift")]
    chair = sign_in(day.people["chair"])
    page = chair.get(day.item_path())
    assert page.html is not None
    lift = page.html.select_one("form[action$='/lift']")
    assert lift is not None
    assert chair.post(str(lift["action"])).status == 303
    assert sign_in(day.people["health"]).get(day.item_path()).status == 200


def test_a_chair_with_a_conflict_is_out_and_the_vice_chair_opens_and_decides(app: Flask, sign_in: SignIn) -> None:
    day = started(app, heard=False)
    chair, vice = sign_in(day.people["chair"]), sign_in(day.people["vice_chair"])
    form = chair.get(f"{day.item_path()}/conflict").form(having="reason") | {"reason": "A friend", "who": "me"}
    assert chair.post(f"{day.item_path()}/conflict", form).status == 303
    assert chair.post(f"{day.item_path()}/open").status == 404
    told = chair.follow(chair.post(f"{day.path}/live/move-on"))
    assert "Item 1 is closed to you" in told.words
    assert vice.post(f"{day.item_path()}/open").status == 303
    assert state_of(app, day.item) is ItemState.OPEN
    assert "You are out of item 1" in chair.get(f"{day.path}/live").words
    assert chair.post(f"{day.item_path()}/decision", {"rationale": "x"}).status == 404


def test_an_officer_records_for_somebody_and_a_member_only_for_themselves(app: Flask, sign_in: SignIn) -> None:
    day = started(app)
    coordinator, member = sign_in(day.people["coordinator"]), sign_in(day.people["education"])
    form = coordinator.get(f"{day.item_path()}/conflict").form(having="reason")
    told = form | {"reason": "Told me", "who": day.people["health"].ref}
    assert coordinator.post(f"{day.item_path()}/conflict", told).status == 303
    theirs = member.get(f"{day.item_path()}/conflict").form(having="reason")
    forged = member.post(f"{day.item_path()}/conflict", theirs | {"reason": "x", "who": day.people["police"].ref})
    assert forged.status == 422
    with app.app_context():
        barred = db.session.scalars(select(Conflict.user_id)).all()
    assert list(barred) == [day.people["health"].id]


# --- running ------------------------------------------------------------------------------------------------------


def test_the_chair_opens_the_meeting_after_the_statement(app: Flask, sign_in: SignIn) -> None:
    day = started(app, opened=False)
    chair = sign_in(day.people["chair"])
    page = chair.get(f"{day.path}/live")
    assert "strictly confidential" in page.words
    refused = chair.post(f"{day.path}/live/open", page.form(having="csrf_token"))
    assert refused.status == 422
    assert refused.errors == ["Read the confidentiality statement aloud, then confirm that you did."]
    opened = chair.post(f"{day.path}/live/open", {"statement_read": "y"})
    assert opened.location == f"{day.path}/live/attendance"
    member = sign_in(day.people["health"])
    assert "Open the meeting" not in buttons(member.get(f"{day.path}/live"))
    assert member.post(f"{day.path}/live/open", {"statement_read": "y"}).status == 403


def test_attendance_is_recorded_on_one_page_and_makes_the_item_quorate(app: Flask, sign_in: SignIn) -> None:
    day = started(app, quorate=False)
    coordinator = sign_in(day.people["coordinator"])
    page = coordinator.get(f"{day.path}/live/attendance")
    assert "Police missing." in page.words
    form = page.form(having="more_agency")
    by_agency = {form[name]: name.split("-")[1] for name in form if name.endswith("-agency")}
    police, health = (by_agency[day.agencies[key].ref] for key in ("police", "health"))
    form |= {f"lines-{police}-status": "present", f"lines-{police}-who": day.people["police"].ref}
    form |= {f"lines-{health}-status": "present"}  # nobody is named
    refused = coordinator.post(f"{day.path}/live/attendance", form)
    assert refused.status == 422
    assert refused.errors == ["Say who is there for the agency."]
    again = refused.form(having="more_agency")
    assert again[f"lines-{police}-who"] == day.people["police"].ref
    again |= {f"lines-{health}-name": "Fatima Noor", f"lines-{health}-deputy_for": "Helen Osei"}
    assert coordinator.post(f"{day.path}/live/attendance", again).status == 303
    page = coordinator.get(f"{day.path}/live/attendance")
    assert "Police missing." not in page.words
    assert "Deputy for Helen Osei" in page.words
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(Attendance)) == 3


def test_leaving_and_coming_back_take_one_press_and_change_quorum(app: Flask, sign_in: SignIn) -> None:
    day = started(app)
    chair = sign_in(day.people["chair"])
    page = chair.get(f"{day.path}/live/attendance")
    assert page.html is not None
    rows = {row.find("th").get_text(): row for row in page.html.select("table tr") if row.find("td")}  # type: ignore[union-attr]
    leave = rows[day.people["health"].name].find("form")
    assert leave is not None
    chair.post(str(leave["action"]))  # type: ignore[index]
    item = chair.get(day.item_path())
    assert "Not quorate" in item.words
    assert "Health must be here before this item can be decided." in item.words
    chair.post(str(leave["action"]).replace("/left", "/arrived"))  # type: ignore[index]
    assert "Not quorate" not in chair.get(day.item_path()).words


def test_a_stale_attendance_is_not_saved_over_a_newer_one(app: Flask, sign_in: SignIn) -> None:
    day = started(app, quorate=False)
    first, second = sign_in(day.people["coordinator"]), sign_in(day.people["chair"])
    for client in (first, second):
        form = client.get(f"{day.path}/live/attendance").form(having="more_agency")
        index = next(name.split("-")[1] for name in form if form[name] == day.agencies["social_care"].ref)
        deputy = "Ruth" if client is first else "Maria"
        form |= {f"lines-{index}-status": "present", f"lines-{index}-deputy_for": deputy}
        if client is first:
            kept = form
        else:
            assert client.post(f"{day.path}/live/attendance", form).status == 303
    stale = first.post(f"{day.path}/live/attendance", kept)
    assert stale.status == 409
    assert stale.form(having="more_agency")[f"lines-{index}-deputy_for"] == kept[f"lines-{index}-deputy_for"]


def test_moving_on_coming_back_and_putting_off(app: Flask, sign_in: SignIn) -> None:
    day = started(app, 3)
    chair = sign_in(day.people["chair"])
    assert chair.post(f"{day.path}/live/move-on").location == f"{day.path}/live"
    assert (state_of(app, day.items[0]), state_of(app, day.items[1])) == (ItemState.WAITING, ItemState.OPEN)
    assert rail(chair.get(f"{day.path}/live"))[0].endswith("Come back")
    chair.post(f"{day.item_path(day.items[1])}/come-back")
    path = f"{day.item_path(day.items[2])}/put-off"
    form = chair.get(path).form(having="reason")
    refused = chair.post(path, form | {"reason": "Nobody from the school"})
    assert refused.errors == ["Enter the date to which the item is put off."]
    assert refused.form(having="reason")["reason"] == "Nobody from the school"
    later = form | {"reason": "No school", "to_on-day": "3", "to_on-month": "12", "to_on-year": "2099"}
    assert chair.post(path, later).status == 303
    assert state_of(app, day.items[2]) is ItemState.DEFERRED
    page = chair.get(f"{day.path}/live")
    assert "Between items" in page.words
    assert "2 items wait" in page.words


def test_a_meeting_closes_only_without_an_open_item_and_then_shows_no_form(app: Flask, sign_in: SignIn) -> None:
    day = started(app)
    chair = sign_in(day.people["chair"])
    refused = chair.follow(chair.post(f"{day.path}/live/close"))
    assert "Item 1 is open" in refused.words
    chair.post(f"{day.item_path()}/come-back")
    closed = chair.follow(chair.post(f"{day.path}/live/close"))
    assert "The meeting is closed" in closed.words
    assert "1 item was not decided" in closed.words
    with app.app_context():
        assert db.session.get_one(Meeting, day.meeting.id).state is MeetingState.CLOSED
    assert buttons(chair.get(day.item_path())) == []
    assert buttons(chair.get(f"{day.path}/live/attendance")) == []


def test_only_chairs_run_a_meeting(app: Flask, sign_in: SignIn) -> None:
    day = started(app, 2)
    for key in ("coordinator", "health", "practitioner"):
        client = sign_in(day.people[key])
        for act in ("adjourn", "resume", "close", "move-on", "chair", "open"):
            assert client.post(f"{day.path}/live/{act}").status == 403, (key, act)
        for act in ("open", "come-back"):
            assert client.post(f"{day.item_path(day.items[1])}/{act}").status == 403, (key, act)
    assert state_of(app, day.item) is ItemState.OPEN


# --- what it costs ------------------------------------------------------------------------------------------------


def test_the_live_page_takes_eight_statements_however_many_items(app: Flask, sign_in: SignIn) -> None:
    day = started(app, opened=False)
    with app.app_context(), unit_of_work():
        meeting = db.session.get_one(Meeting, day.meeting.id)
        coordinator = day.people["coordinator"].actor
        for number in range(59):
            add_theme(coordinator, meeting, title=f"Theme {number}", read_version=meeting.version)
        publish_agenda(coordinator, meeting, read_version=meeting.version)
    chair = sign_in(day.people["chair"])
    chair.post(f"{day.path}/live/open", {"statement_read": "y"})
    chair.post(f"{day.item_path()}/open")
    for key, path in (
        ("chair", f"{day.path}/live"),
        ("chair", day.item_path()),
        ("coordinator", f"{day.path}/live"),
        ("health", f"{day.path}/live"),
        ("chair", f"{day.path}/live/attendance"),
    ):
        client = sign_in(day.people[key])
        client.get("/my-work")  # the session is noted as in use once a minute, by some page or other
        with counted(app) as sent:
            page = client.get(path)
        assert page.status == 200
        if path.endswith("/live") or "items" in path:
            assert len(rail(page)) == 60
        assert len(sent) <= 8, (key, path, len(sent), "\n".join(sent))
