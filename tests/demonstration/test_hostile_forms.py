"""Every form that a role reaches, sent what no form expects: it answers with the form, what to do, and all that was typed.

Each sending is undone before it is committed, so that every one meets the form as it stood; what a database would refuse
is refused all the same, because everything is flushed first.
"""

import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from safeguarding.extensions import db
from safeguarding.web import transaction
from tests.demonstration.conftest import AsAccount
from tests.demonstration.forms import (
    FoundForm,
    Pairs,
    forms_reached,
    posted,
    posted_as_files,
    raw,
    standing,
    with_value,
)
from tests.demonstration.walk import ACCOUNTS, walk
from tests.support.pages import Page, PageClient

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
    "1 MB": f"{MARK} {'<&é' * 350_000} {MARK}",
}
TEXTS = STORABLE | UNSTORABLE
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
WRONG_SHORT = ("html", "NUL", "huge", "surrogate")
TYPED = frozenset({"date", "clock", "number", "address"})
CHOSEN = frozenset({"select", "radio", "tick"})
HIDDEN = frozenset({"hidden", "button"})

on_sqlite = pytest.mark.parametrize("demonstration", ["sqlite"], indirect=True)
on_postgresql = pytest.mark.parametrize(
    "demonstration", [pytest.param("postgresql", marks=pytest.mark.postgresql)], indirect=True
)


@contextmanager
def undone() -> Iterator[None]:
    """Let every request end as it would, but for the commit: all is written, and then rolled back."""

    def write_and_undo() -> None:
        events = transaction.pending_events()
        db.session.flush()
        for write in transaction._writers:
            write([event.payload for event in events])
        db.session.rollback()
        events.clear()

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(transaction, "commit", write_and_undo)
        yield


def comparable(text: str) -> str:
    """Return a text as a form keeps it: one kind of line end, no blanks round it, nothing that no page can show."""
    plain = text.replace("\r\n", "\n").replace("\r", "\n")
    return re.sub(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff�]", "", plain).strip()


def check_answer(form: FoundForm, what: str, sent: Pairs, page: Page) -> None:
    """Hold an answer to the rule: no fault of ours, and a refused form comes back whole with what to do."""
    where = f"{form.endpoint} on {form.page}, {what}: {page.status}"
    assert page.status in ANSWERS, where
    assert SCRIPT not in page.text, f"{where}: a script, unescaped"
    if page.status != 422:
        return
    assert page.errors, f"{where}: nothing says what to do"
    for error in page.errors:
        assert len(error.split()) >= 3 and error[-1] in ".?!", f"{where}: says only {error[:200]!r}"
    stands = standing(page)
    for name, value in sent:
        if name in (*form.free, *form.typed):
            there = [comparable(each) for each in stands.get(name, [])]
            assert comparable(value) in there, f"{where}: {name} lost {value[:80]!r}, shows {[t[:80] for t in there]}"


def sendings(form: FoundForm, *, full: bool) -> Iterator[tuple[str, Pairs]]:
    """Yield what is sent to a form, with a name: everything at once, and in the full form each field by itself too."""
    yield "nothing", [pair for pair in form.filled() if pair[0] == "csrf_token"]
    yield "blanks", [(name, value if name in form.kept_back else " \t ") for name, value in form.filled()]
    if form.free:
        for what, text in TEXTS.items():
            yield what, form.filled(text)
            if full:
                for one in form.free if len(form.free) > 1 else ():
                    yield (
                        f"{what} in {one}",
                        form.filled(lambda each, one=one, text=text: text if each.name == one else ""),
                    )
    for kinds in (TYPED, CHOSEN, HIDDEN):
        for what, value in WRONG.items():
            if any(each.kind in kinds for each in form.controls) and (full or what in WRONG_SHORT):
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


def attack_all(app: Flask, client: PageClient, known: set[object], *, full: bool = False) -> Counter[int]:
    """Attack each form that a role reaches and that is not known yet; return the statuses."""
    answers: Counter[int] = Counter()
    forms = [form for form in forms_reached(app, client) if form.kind not in known]
    with undone():
        for form in forms:
            known.add(form.kind)
            answers += attack(client, form, full=full)
    return answers


@on_sqlite
def test_no_form_of_any_role_fails_or_loses_what_was_typed(demonstration: Flask, as_account: AsAccount) -> None:
    known: set[object] = set()
    answers: Counter[int] = Counter()
    for account in ACCOUNTS:
        answers += attack_all(demonstration, as_account(account), known)
    assert len(known) > 40
    assert answers[422] > len(known)
    assert answers[303] > len(known)  # hostile is not refused for being hostile: names may have apostrophes
