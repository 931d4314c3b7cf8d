"""What a request leaves behind: sending twice nothing more than once, a stale form nothing at all."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from flask import Flask
from sqlalchemy import select
from werkzeug.test import TestResponse

from safeguarding.cases.models import Case
from safeguarding.core.second_wall import Sight, looking
from safeguarding.extensions import db
from safeguarding.people.models import Person
from safeguarding.web.once import new_key
from tests.demonstration.conftest import AsAccount, Forms, in_the_meeting
from tests.demonstration.forms import FoundForm, Pairs, described, encoded, posted
from tests.demonstration.survey import audited
from tests.support.pages import PageClient

READS = ("shown", "listed", "searched", "refused", "followed")
AT_ONCE = 20
OFTEN = frozenset({"panels.record_decision", "cases.update", "referrals.make"})  # AT_ONCE in the short form too


def changes(app: Flask) -> Counter[str]:
    """Return how many events of changes there are of each name."""
    return Counter({name: count for name, count in audited(app).items() if name.rpartition(":")[2] not in READS})


# --- the same form twice ----------------------------------------------------------------------------------------------

CREATING = {
    "admin.add",
    "admin.give_role",
    "agencies.add",
    "agencies.add_agreement",
    "cases.add_action",
    "cases.correct",
    "cases.open_case",
    "cases.team",
    "cases.update",
    "contexts.add",
    "contexts.add_factor",
    "contexts.end_factor",
    "contexts.record_incident",
    "contexts.review",
    "contexts.set_goal",
    "nrm.record",
    "panels.add_addendum",
    "panels.add_minutes_addendum",
    "panels.declare_conflict",
    "panels.plan",
    "panels.record_decision",
    "referrals.make",
    "referrals.make_for_place",
}


def creating_forms(app: Flask, client: PageClient, reached: list[FoundForm], known: set[str]) -> list[FoundForm]:
    """Return the forms with a once-only key that a role reaches, one of each endpoint that is not known yet."""
    fresh: dict[str, FoundForm] = {}
    for form in (*reached, *_to_open_a_case(app, client)):
        if not any(each.name == "once" for each in form.controls):
            continue
        # The first on a page: what follows it is about something that is over.
        if form.endpoint not in known:
            fresh.setdefault(form.endpoint, form)
    return list(fresh.values())


def _to_open_a_case(app: Flask, client: PageClient) -> list[FoundForm]:
    """Return the form that opens a case about somebody who has none: a walk meets few people, and so not always one."""
    with app.app_context(), looking(Sight(system="test")):
        without = db.session.scalars(
            select(Person.ref).where(Person.id.not_in(select(Case.person_id).where(Case.person_id.is_not(None))))
        ).all()
    for ref in without:
        page = client.get(path := f"/cases/open/person/{ref}")
        if page.status == 200:
            return list(described(app, path, page))
    return []


def again(app: Flask, client: PageClient, form: FoundForm) -> FoundForm | None:
    """Return a form as it stands now, with a fresh key; None where it is no longer offered."""
    page = client.get(form.page)
    found = described(app, form.page, page) if page.status == 200 else ()
    return next((each for each in found if each.kind == form.kind), None)


def at_once(app: Flask, client: PageClient, form: FoundForm, pairs: Pairs, times: int) -> list[TestResponse]:
    """Send the same form many times in the same instant, each from a connection of its own."""
    cookie = client.client.get_cookie("__Host-session")
    assert cookie is not None

    def send(_number: int) -> TestResponse:
        one = app.test_client()
        one.set_cookie("__Host-session", cookie.value, domain="localhost", secure=True)
        headers = {"Referer": client.BASE}
        return one.post(form.action, base_url=client.BASE, headers=headers, **encoded(pairs))

    with ThreadPoolExecutor(times) as threads:
        return list(threads.map(send, range(times)))


def chosen(form: FoundForm, text: str) -> Pairs:
    """Fill a form in, but press no button that only looks a place up, and hand no case on to somebody else."""
    pairs = [(name, value) for name, value in form.filled(text) if name != "find"]
    if form.endpoint == "cases.team":
        pairs = [(name, "allocated" if name == "kind" else value) for name, value in pairs]
    return pairs


@in_the_meeting
@pytest.mark.parametrize("seldom", [5, pytest.param(AT_ONCE, marks=pytest.mark.slow)])
@pytest.mark.timeout(600)
def test_a_form_sent_many_times_at_once_makes_one_of_it(
    demonstration: Flask, as_account: AsAccount, forms: Forms, seldom: int
) -> None:
    made: set[str] = set()
    clients = {account: as_account(account) for account in ("practitioner", "lead", "admin", "chair")}
    reached = {account: forms(account, client) for account, client in clients.items()}
    for account, client in clients.items():
        for found in creating_forms(demonstration, client, reached[account], made):
            form = again(demonstration, client, found)
            if form is None:
                continue
            before = changes(demonstration)
            pairs = chosen(form, f"Written by the {account}.")
            times = AT_ONCE if form.endpoint in OFTEN else seldom
            answers = at_once(demonstration, client, form, pairs, times)
            statuses = Counter(answer.status_code for answer in answers)
            where = f"{form.endpoint} on {form.page} as {account}: {statuses}"
            if statuses == {422: times}:  # something sent before this ruled it out
                assert not changes(demonstration) - before, where
                continue
            assert set(statuses) <= {201, 303}, where
            assert statuses[201] <= 1, where
            assert len({answer.location for answer in answers}) == 1, where
            happened = changes(demonstration) - before
            assert happened, where
            rows = sum(name.startswith("actions-") and name.endswith("-title") for name, _value in pairs)
            assert happened.pop("actions:action:added", 0) in (0, 1, rows), f"{where}: {happened}"
            assert set(happened.values()) <= {1}, f"{where}: {happened}"
            made.add(form.endpoint)
            _refused_with_other_contents(demonstration, client, form, pairs)
    assert made >= CREATING, CREATING - made


def _refused_with_other_contents(app: Flask, client: PageClient, form: FoundForm, pairs: Pairs) -> None:
    before = changes(app)
    changed = [(name, f"{value} And more." if name in form.free else value) for name, value in pairs]
    page = posted(client, form, changed if form.free else [*pairs, ("more", "1")])
    # Where the first one has closed the matter, that is what the page says.
    assert page.status in (400, 403, 404, 409, 422), f"{form.endpoint}: {page.status}"
    if page.status in (400, 422):
        assert "already sent with other contents" in page.words, f"{form.endpoint}: {page.errors}"
    assert not changes(app) - before, form.endpoint


@in_the_meeting
def test_a_key_is_nobody_elses(demonstration: Flask, as_account: AsAccount, forms: Forms) -> None:
    # Two people whose forms carry the same key, by whatever accident, both get what they asked for.
    clients = {account: as_account(account) for account in ("practitioner", "lead")}
    reached = {account: forms(account, client) for account, client in clients.items()}
    before = changes(demonstration)
    for account, client in clients.items():
        form = next(each for each in reached[account] if each.endpoint == "contexts.record_incident")
        same = replace(
            form, controls=tuple(replace(c, value="k" * 22) if c.name == "once" else c for c in form.controls)
        )
        assert posted(client, same, same.filled()).status == 303
    assert (changes(demonstration) - before)["contexts:incident:recorded"] == 2


# --- a form that somebody else has overtaken --------------------------------------------------------------------------

EDITING = {
    False: {"panels.edit_item"},  # an agenda is edited before its meeting
    True: {
        "actions.answer",
        "agencies.change",
        "cases.revise",
        "contexts.correct_incident",
        "panels.answer_return",
        "people.details",
        "people.names",
        "referrals.asked",
        "referrals.own_view",
        "referrals.sharing",
    },
}
EDITORS = {False: ("coordinator",), True: ("practitioner", "social-worker", "lead", "admin", "police")}


@pytest.mark.parametrize("in_the_meeting", [False, True], ids=["before the meeting", "in the meeting"], indirect=True)
@pytest.mark.timeout(600)
def test_a_stale_form_is_answered_with_both_texts(
    demonstration: Flask, as_account: AsAccount, forms: Forms, in_the_meeting: bool
) -> None:
    overtaken: set[str] = set()
    answers: dict[str, int] = {}
    clients = {account: as_account(account) for account in EDITORS[in_the_meeting]}
    reached = {account: forms(account, client) for account, client in clients.items()}
    for account, client in clients.items():
        for found in reached[account]:
            versioned = any(each.name == "version" for each in found.controls)
            form = again(demonstration, client, found) if versioned and found.free else None
            if form is None or form.endpoint in answers:
                continue
            first = posted(client, form, form.filled("First words")).status
            assert first in (200, 201, 303, 422), f"{form.endpoint}: {first}"
            if first != 303:
                continue
            before = changes(demonstration)
            second = [(name, new_key() if name == "once" else value) for name, value in form.filled("Second words")]
            page = posted(client, form, second)
            answers[form.endpoint] = page.status
            assert page.status in (403, 404, 409), f"{form.endpoint}: {page.status}"
            assert not changes(demonstration) - before, form.endpoint
            if page.status == 409 and "First words" in page.words and "Second words" in page.words:
                overtaken.add(form.endpoint)
    assert overtaken >= EDITING[in_the_meeting], (EDITING[in_the_meeting] - overtaken, answers)
