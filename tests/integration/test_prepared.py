"""Statements put into words once and shared by all threads of a process."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from threading import Barrier
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from safeguarding.access.roles import Role
from safeguarding.accounts.models import Membership
from safeguarding.core import prepared
from safeguarding.extensions import db
from safeguarding.web.transaction import unit_of_work
from tests.factories.people import make_somebody

AT_ONCE = 4


def test_a_statement_that_many_ask_first_at_once_is_read_rightly_by_all_and_ever_after(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    with app.app_context(), unit_of_work():
        make_somebody(Role.PRACTITIONER)
    statement = prepared.Prepared(select(Membership.valid_from, Membership.role), frozenset())
    learn, gate = prepared._Form._learn, Barrier(AT_ONCE)

    def together(form: Any, result: Any) -> Any:
        gate.wait(10)
        return learn(form, result)

    monkeypatch.setattr(prepared._Form, "_learn", together)

    def ask(_number: int) -> list[Any]:
        with app.app_context():
            return statement.rows(db.session(), {})

    with app.app_context():
        statement._form(db.session.connection().dialect)  # one form: it is shared from the first
        db.session.rollback()
    with ThreadPoolExecutor(AT_ONCE) as threads:
        answers = list(threads.map(ask, range(AT_ONCE)))
    for rows in (*answers, ask(0)):
        [row] = rows
        assert isinstance(row.valid_from, datetime) and row.valid_from.tzinfo is not None
        assert row.role is Role.PRACTITIONER
