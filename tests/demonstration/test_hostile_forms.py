"""Every form that a role reaches, sent what no form expects: it answers with the form, what to do, and all that was typed.

Each sending is undone before it is committed, so that every one meets the form as it stood; what a database would refuse
is refused all the same, because everything is flushed first.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import count
from urllib.parse import quote
from zlib import crc32

import pytest
from flask import Flask
from hypothesis import given, settings
from hypothesis import strategies as st

from safeguarding import create_app
from tests.demonstration.conftest import AsAccount, Forms, in_the_meeting
from tests.demonstration.forms import (
    FoundForm,
    Pairs,
    described,
    posted,
    posted_as_files,
    raw,
    standing,
    with_value,
)
from tests.demonstration.walk import ACCOUNTS, walk
from tests.support.databases import Databases, dispose
from tests.support.pages import Page, PageClient
from tests.support.undoing import undone

ANSWERS = frozenset({200, 201, 303, 400, 403, 404, 409, 413, 422})
SCRIPT = "<script>alert('boo')</script>"
MARK = "kept\N{EM DASH}and kept"  # stands at both ends of what is typed, so that its loss is seen

# What is typed as free text. Those that may be stored are stored; the others are refused.
STORABLE = {
    "html": f"{MARK} {SCRIPT}<img src=x onerror=alert(1)>\"'><b> {MARK}",
    "sql": f"{MARK} Robert'); DROP TABLE person;-- \\ %_* {MARK}",
    "template": f"{MARK} {{{{7*7}}}} ${{7*7}} {{%% print(1) %%}} {MARK}",
    "right to left": f"{MARK} \N{RIGHT-TO-LEFT OVERRIDE}gpj.exe\N{POP DIRECTIONAL FORMATTING} שלום {MARK}",
    "emoji": f"{MARK} 👩🏽‍🚒🏴󠁧󠁢󠁥󠁮󠁧󠁿 Z̷̡̗a̸l̷g̶o̴ \U0010ffff {MARK}",
    "lines": f"{MARK}\r\n\r\n\u2028\u2029\x85\t{MARK}",
}
UNSTORABLE = {
    "NUL": f"{MARK} a\x00b {MARK}",
    "controls": f"{MARK} \x01\x07\x08\x0b\x1b[31m\x7f {MARK}",
    "surrogate": f"{MARK} \ud83d {MARK}",
    "too long": f"{MARK} {'x' * 20_001} {MARK}",
}
TEXTS = STORABLE | UNSTORABLE
MEGABYTE = f"{MARK} {'x' * 1_000_000} {MARK}"
# What is sent where a date, a number, a choice or a hidden value belongs.
WRONG = {
    "words": "none of these",
    "html": f"\"'>{SCRIPT}",
    "NUL": "1\x00",
    "huge": "9" * 400,
    "negative": "-1",
    "exotic digits": "٣²Ⅷ",
    "fraction": "1e9",
    "surrogate": "\udfff",
}
WRONG_SHORT = (("html", "NUL"), ("huge", "surrogate"))
ALIKE = ("sql", "template", "right to left")
TYPED = frozenset({"exact", "day", "date", "clock", "number", "address"})
CHOSEN = frozenset({"select", "radio", "tick"})
NEVER_SHOWN = frozenset({"informant", "sealed_value"})  # a sealed value is typed again, like a pass phrase
HIDDEN = frozenset({"hidden", "button"})
# What would take from the next form what it is about.
ENDS_SOMETHING = {"referrals.withdraw", "referrals.screen", "cases.move", "panels.put_off", "actions.answer"}

on_sqlite = pytest.mark.parametrize("demonstration", ["sqlite"], indirect=True)
on_postgresql = pytest.mark.parametrize(
    "demonstration", [pytest.param("postgresql", marks=pytest.mark.postgresql)], indirect=True
)


def comparable(text: str) -> str:
    """Return a text as a form keeps it: one kind of line end, no blanks round it, a mark for what no page can show."""
    plain = text.replace("\r\n", "\n").replace("\r", "\n")
    plain = re.sub(r"[\ud800-\udfff]", lambda lone: quote(lone[0], errors="surrogatepass"), plain)  # half a character
    return re.sub(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]", "\N{REPLACEMENT CHARACTER}", plain).strip()


def check_answer(form: FoundForm, what: str, sent: Pairs, page: Page) -> None:
    """Hold an answer to the rule: no fault of ours, and a refused form comes back whole with what to do."""
    where = f"{form.endpoint} on {form.page}, {what}: {page.status}"
    assert page.status in ANSWERS, where
    assert SCRIPT not in page.text, f"{where}: a script, unescaped"
    if page.status != 422:
        return
    assert page.errors, f"{where}: nothing says what to do"
    for error in page.errors:
        assert len(error.split()) >= 2 and error[-1] in ".?!", f"{where}: says only {error[:200]!r}"
    stands = standing(page)
    tampered = "/".join(sorted(HIDDEN)) in what
    for name, value in sent:
        if name in NEVER_SHOWN:
            assert not any(stands.get(name, [])), f"{where}: {name} is shown again"
            continue
        # A row of a table whose hidden part was tampered with is about nothing any more.
        if name in (*form.free, *form.typed) and not (tampered and re.search(r"-\d+-", name)):
            there = [comparable(each) for each in stands.get(name, [])]
            assert comparable(value) in there, f"{where}: {name} lost {value[:80]!r}, shows {[t[:80] for t in there]}"


def sendings(form: FoundForm, *, full: bool) -> Iterator[tuple[str, Pairs]]:
    """Yield what is sent to a form, with a name: everything at once, and in the full form each field by itself too.

    In the short form what is much alike takes turns from form to form.
    """
    turn = crc32(repr((form.endpoint, sorted(each.name for each in form.controls))).encode())
    yield "nothing", [pair for pair in form.filled() if pair[0] == "csrf_token"]
    yield "blanks", [(name, value if name in form.kept_back else " \t ") for name, value in form.filled()]
    if form.free:
        largest = form.free[0]
        yield "1 MB", form.filled(lambda each: MEGABYTE if each.name == largest else "")
        left_out = () if full else {each for each in ALIKE if each != ALIKE[turn % len(ALIKE)]}
        for what, text in (TEXTS | {"1 MB everywhere": MEGABYTE} if full else TEXTS).items():
            if what in left_out:
                continue
            yield what, form.filled(text)
            if full:
                for one in form.free if len(form.free) > 1 else ():
                    yield (
                        f"{what} in {one}",
                        form.filled(lambda each, one=one, text=text: text if each.name == one else ""),
                    )
    for place, kinds in enumerate((TYPED, CHOSEN, HIDDEN)):
        chosen = WRONG if full else WRONG_SHORT[(turn + place) % len(WRONG_SHORT)]
        for what, value in WRONG.items():
            if any(each.kind in kinds for each in form.controls) and what in chosen:
                yield f"{what} as {'/'.join(sorted(kinds))}", with_value(form, kinds, value)
    twice = form.filled()
    yield "everything twice", [*twice, *((name, f"{value}{SCRIPT}") for name, value in twice if name != "csrf_token")]
    yield "names that are not there", [*form.filled(), ("is_admin", "1"), ("id", "1"), ("", "x"), ("csrf_token", "x")]


def attack(client: PageClient, form: FoundForm, *, full: bool) -> Counter[int]:
    """Send everything hostile to a form and check each answer; return how often each status came."""
    answers: Counter[int] = Counter()
    for what, sent in sendings(form, full=full):
        page = posted(client, form, sent)
        check_answer(form, what, sent if what != "everything twice" else [], page)
        answers[page.status] += 1
    sent = form.filled()
    check_answer(form, "files", [], posted_as_files(client, form, sent))
    return answers


def attack_all(
    client: PageClient, forms: Iterable[FoundForm], known: set[object], *, full: bool = False
) -> Counter[int]:
    """Attack each form that is not known yet; return the statuses."""
    answers: Counter[int] = Counter()
    with undone():
        for form in forms:
            if form.kind not in known:
                known.add(form.kind)
                answers += attack(client, form, full=full)
    return answers


_attacked: set[object] = set()


@on_sqlite
@pytest.mark.parametrize("in_the_meeting", [False, True], ids=["before the meeting", "in the meeting"], indirect=True)
@pytest.mark.timeout(600)
@pytest.mark.usefixtures("in_the_meeting")
def test_no_form_of_any_role_fails_or_loses_what_was_typed(as_account: AsAccount, forms: Forms) -> None:
    answers: Counter[int] = Counter()
    before = len(_attacked)  # of the two, the one that runs second has only what the first did not meet
    for account in ACCOUNTS:
        client = as_account(account)
        answers += attack_all(client, forms(account, client), _attacked)
    fresh = len(_attacked) - before
    assert len(_attacked) > 40
    assert answers[422] > fresh
    assert answers[303] > fresh  # hostile is not refused for being hostile: names may have apostrophes


@on_postgresql
@in_the_meeting
@pytest.mark.timeout(600)
def test_what_postgresql_would_refuse_is_refused_by_the_form(as_account: AsAccount, forms: Forms) -> None:
    known: set[object] = set()
    for account in ("practitioner", "admin", "chair"):
        client = as_account(account)
        with undone():
            for form in forms(account, client):
                for what, sent in sendings(form, full=False):
                    if form.kind not in known and what.split(" as ")[0] in ("NUL", "surrogate", "emoji", "huge"):
                        check_answer(form, what, sent, posted(client, form, sent))
                known.add(form.kind)
    assert len(known) > 30


@pytest.mark.slow
@in_the_meeting
@pytest.mark.timeout(7_200)
@pytest.mark.parametrize("account", ACCOUNTS)
def test_each_field_of_each_form_by_itself(as_account: AsAccount, forms: Forms, account: str) -> None:
    client = as_account(account)
    attack_all(client, forms(account, client), set(), full=True)


WRITERS = ("practitioner", "coordinator", "chair", "lead", "admin", "information-governance")


@on_sqlite
@in_the_meeting
@pytest.mark.timeout(600)
@pytest.mark.parametrize("readers", [WRITERS, pytest.param(ACCOUNTS, marks=pytest.mark.slow)], ids=["some", "all"])
def test_what_was_stored_is_shown_as_text_wherever_it_comes_up(
    demonstration: Flask, as_account: AsAccount, forms: Forms, readers: tuple[str, ...]
) -> None:
    # The page client refuses any inline script, handler or style, on each page of each role.
    clients = {account: as_account(account) for account in readers}
    found = {account: forms(account, clients[account]) for account in WRITERS}
    stored = 0
    for account in WRITERS:
        for form in found[account]:
            if form.free and form.endpoint not in ENDS_SOMETHING:
                stored += posted(clients[account], form, form.filled(STORABLE["html"])).status in (201, 303)
    assert stored > 15
    shown = 0
    for account in readers:
        for path, page in walk(demonstration, clients[account]):
            assert SCRIPT not in page.text, path
            shown += "&lt;script&gt;" in page.text
    assert shown > 10


# --- whatever Hypothesis thinks of --------------------------------------------------------------------------------

text = st.text(st.characters(codec=None), max_size=400) | st.sampled_from([*TEXTS.values(), *WRONG.values()])
SENDERS = ("practitioner", "coordinator", "chair", "lead", "admin", "police", "information-governance")


def whatever_is_typed(clients: dict[str, PageClient], found: list[tuple[str, FoundForm]], examples: int) -> set[str]:
    """Send forms with anything in some of their fields, hidden ones too; return the endpoints that were tried."""
    tried: set[str] = set()

    @settings(max_examples=examples, deadline=None, derandomize=True, database=None)
    @given(which=st.sampled_from(range(len(found))), data=st.data())
    def send(which: int, data: st.DataObject) -> None:
        account, form = found[which]
        names = sorted({each.name for each in form.controls if each.kind != "token"})
        chosen = data.draw(st.sets(st.sampled_from(names), min_size=1)) if names else set()
        typed = {name: data.draw(text) for name in sorted(chosen)}
        kept = [pair for pair in form.filled() if pair[0] not in typed]
        pairs = [*kept, *typed.items()]
        # Where what is hidden was tampered with, only that nothing breaks is asked for.
        shown = [] if chosen & set(form.kept_back) else pairs
        check_answer(form, "whatever", shown, posted(clients[account], form, pairs))
        tried.add(form.endpoint)

    with undone():
        send()
    return tried


@in_the_meeting
@pytest.mark.parametrize("examples", [150, pytest.param(20_000, marks=pytest.mark.slow)])
@pytest.mark.timeout(7_200)
def test_no_form_fails_whatever_is_typed(as_account: AsAccount, forms: Forms, examples: int) -> None:
    clients = {account: as_account(account) for account in SENDERS}
    first: dict[object, tuple[str, FoundForm]] = {}
    for account, client in clients.items():
        for form in forms(account, client):
            first.setdefault(form.kind, (account, form))
    tried = whatever_is_typed(clients, list(first.values()), examples)
    assert len(tried) > 30


# --- the only form that nobody has to sign in for ---------------------------------------------------------------


_callers = count()


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory, sqlite_databases: Databases) -> Iterator[PageClient]:
    """A browser before an installation in which nobody is signed in."""
    with sqlite_databases.copy(tmp_path_factory.mktemp("door")) as fresh:
        app = create_app(fresh)
        yield PageClient(app.test_client())
        dispose(app)


def at_the_door(door: PageClient) -> FoundForm:
    """Return the form of sign-in, as somebody new finds it: whoever knocks often is made to wait."""
    number = next(_callers)
    door.client.environ_base["REMOTE_ADDR"] = f"10.0.{number // 250}.{number % 250 + 1}"
    return next(described(door.client.application, "/sign-in", door.get("/sign-in")))


@settings(max_examples=60, deadline=None, derandomize=True)
@given(email=text, password=text, target=text)
def test_sign_in_answers_whatever_is_typed(door: PageClient, email: str, password: str, target: str) -> None:
    form = at_the_door(door)
    token = next(each.value for each in form.controls if each.kind == "token")
    sent = [("csrf_token", token), ("email", email), ("password", f"Phrase:{password}"), ("next", target)]
    page = posted(door, form, sent)
    assert page.status == 422
    assert page.errors
    assert "Phrase:" not in page.text, "a pass phrase is never sent back"
    assert comparable(email) in map(comparable, standing(page)["email"])


CONTENT_TYPES = (
    "application/x-www-form-urlencoded",
    "application/x-www-form-urlencoded; charset=utf-16",
    "multipart/form-data",
    "multipart/form-data; boundary=x",
    "multipart/form-data; boundary=" + "x" * 300,
    "application/json",
    "text/plain",
    "application/octet-stream",
    "text/html; charset=\x7f",
    "",
)
PIECES = (b"csrf_token=", b"email=a%40b.example", b"&", b"%", b"%zz", b"\x00", b"\xff\xfe", b"--x\r\n", b"--x--\r\n",
          b'Content-Disposition: form-data; name="email"\r\n\r\n', b'; filename="x"', b"[" * 50, b'{"email":[]}')  # fmt: skip
bodies = st.binary(max_size=600) | st.lists(st.sampled_from(PIECES), max_size=12).map(b"".join)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(body=bodies, content_type=st.sampled_from(CONTENT_TYPES), tokened=st.booleans())
def test_sign_in_answers_whatever_body_is_sent(door: PageClient, body: bytes, content_type: str, tokened: bool) -> None:
    token = next(each.value for each in at_the_door(door).controls if each.kind == "token")
    headers = {"Referer": door.BASE, **({"X-CSRFToken": token} if tokened else {})}
    answer = door.client.post("/sign-in", base_url=door.BASE, data=body, content_type=content_type, headers=headers)
    assert Page(answer).status in ((400, 422) if tokened else (400,))


def test_a_body_that_is_too_large_is_refused_with_what_to_do(door: PageClient) -> None:
    page = raw(door, "/sign-in", b"email=" + b"x" * 17_000_000, "application/x-www-form-urlencoded")
    assert page.status == 413
    assert page.words


def test_more_fields_than_any_form_has_are_refused(door: PageClient) -> None:
    page = raw(door, "/sign-in", b"&".join([b"a=b"] * 3_000), "application/x-www-form-urlencoded")
    assert page.status in (400, 413)
