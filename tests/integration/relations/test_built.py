"""Statements built once: nothing of one request may stay in what the next one runs."""

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Select, or_, select, update
from sqlalchemy.exc import MultipleResultsFound

from safeguarding.access.actor import user_principal
from safeguarding.access.permissions import Permission
from safeguarding.access.roles import Relation, Role
from safeguarding.core import clock
from safeguarding.extensions import db
from safeguarding.relations import service as relations
from safeguarding.relations.built import Asker, built
from safeguarding.relations.models import RelationRow
from safeguarding.relations.queries import newest, related, relations_to, subjects
from safeguarding.web.transaction import unit_of_work
from tests.factories.people import Somebody, make_agency, make_somebody

CASE = ("case", 71)


@built
def _walked(asker: Asker, limit: int, before: tuple[Any, Any] | None = None) -> Select[Any]:
    page = newest(asker, "case", Permission.CASE_READ, limit, before)
    return select(page.c.id, page.c.active_at).order_by(page.c.active_at.desc(), page.c.id.desc())


@built
def _listed(asker: Asker) -> Select[Any]:
    return subjects(asker, "case", Permission.CASE_READ).distinct()


@built
def _found(asker: Asker, kind: str, case_id: int) -> Select[Any]:
    rows = select(RelationRow.id).where(RelationRow.subject_kind == kind, RelationRow.subject_id == case_id)
    return rows.where(related(asker, RelationRow.subject_kind, RelationRow.subject_id, Permission.CASE_READ))


@pytest.fixture
def two(in_app: Flask) -> tuple[Somebody, Somebody]:
    """Two workers of one agency; the first alone is allocated to a case."""
    with unit_of_work():
        agency = make_agency()
        first, second = (make_somebody(Role.SOCIAL_WORKER, agency=agency) for _ in range(2))
        relations.grant(user_principal(first.id), [CASE], Relation.LEAD_WORKER, ("allocation", 1))
    return first, second


def _ids(question: tuple[Any, Any]) -> list[int]:
    return list(db.session.scalars(*question))


def test_the_statement_kept_for_one_actor_shows_another_actor_nothing_of_it(two: tuple[Somebody, Somebody]) -> None:
    first, second = (each.actor for each in two)
    assert _walked(first, 10)[0] is _walked(second, 10)[0]
    assert _ids(_walked(first, 10)) == _ids(_listed(first)) == [71]
    assert _ids(_walked(second, 10)) == _ids(_listed(second)) == []
    assert _ids(_found(first, "case", 71)) and not _ids(_found(second, "case", 71))


def test_a_relation_that_ends_is_gone_from_a_statement_that_was_kept(two: tuple[Somebody, Somebody]) -> None:
    first = two[0].actor
    assert _ids(_walked(first, 10)) == [71]
    with unit_of_work():
        relations.end(("allocation", 1), at=clock.now() + timedelta(hours=1))
    assert _ids(_walked(first, 10)) == [71] and relations_to(first, *CASE)
    with clock.pretend(clock.now() + timedelta(hours=2)):
        assert _ids(_walked(first, 10)) == [] and _ids(_listed(first)) == []
        assert not _ids(_found(first, "case", 71))
        assert not relations_to(first, *CASE)


def test_a_conflict_declared_after_a_statement_was_kept_takes_the_case_out(two: tuple[Somebody, Somebody]) -> None:
    first = two[0].actor
    assert _ids(_listed(first)) == [71]
    with unit_of_work():
        relations.grant(user_principal(two[0].id), [CASE], Relation.BARRED, ("conflict", 1))
    assert _ids(_listed(first)) == _ids(_walked(first, 10)) == _ids(_found(first, "case", 71)) == []


def test_roles_and_the_place_in_a_list_make_statements_of_their_own(two: tuple[Somebody, Somebody]) -> None:
    first = two[0].actor
    with unit_of_work():
        spoc = make_somebody(Role.SPOC).actor
    before = (clock.now(), 80)
    assert _walked(first, 10)[0] is not _walked(spoc, 10)[0]
    assert _walked(first, 10)[0] is not _walked(first, 10, before)[0]
    assert _walked(first, 10, before)[0] is _walked(first, 10, (clock.now(), 5))[0]
    assert _ids(_walked(first, 10, (clock.now() + timedelta(days=1), 80))) == [71]
    assert _ids(_walked(first, 10, (clock.now() - timedelta(days=1), 80))) == []


def test_a_limit_is_filled_in(two: tuple[Somebody, Somebody]) -> None:
    first = two[0].actor
    with unit_of_work():
        relations.grant(user_principal(two[0].id), [("case", 72)], Relation.ALLOCATED, ("allocation", 2))
    assert (len(_ids(_walked(first, 1))), len(_ids(_walked(first, 2)))) == (1, 2)


def test_a_builder_cannot_keep_the_present_instant(in_app: Flask) -> None:
    @built
    def stale(_asker: Asker) -> Select[Any]:
        return select(RelationRow.id).where(RelationRow.valid_from <= clock.now())

    with pytest.raises(clock.ClockStoppedError):
        stale(None)
    assert clock.now()  # and the clock goes on afterwards


def test_a_value_that_cannot_be_filled_in_is_refused(in_app: Flask) -> None:
    @built
    def odd(_asker: Asker, value: Any) -> Select[Any]:
        return select(RelationRow.id).where(RelationRow.principal == value)

    with pytest.raises(TypeError, match="value: a dict"):
        odd(None, {"principal": "user:1"})


def test_lists_of_any_length_share_a_statement(two: tuple[Somebody, Somebody]) -> None:
    @built
    def of(_asker: Asker, ids: list[int]) -> Select[Any]:
        return select(RelationRow.subject_id).where(RelationRow.subject_id.in_(ids)).distinct()

    assert of(None, [1])[0] is of(None, [1, 2, 71])[0]
    assert _ids(of(None, [1, 71])) == [71] and _ids(of(None, [1])) == [] == _ids(of(None, []))


def test_a_tuple_may_be_taken_apart(two: tuple[Somebody, Somebody]) -> None:
    @built
    def either(_asker: Asker, ids: tuple[int, ...]) -> Select[Any]:
        first, *others = ids
        named = or_(RelationRow.subject_id == first, *(RelationRow.subject_id == other for other in others))
        return select(RelationRow.subject_id).where(named, RelationRow.subject_kind == "case").distinct()

    assert _ids(either(None, (70, 71))) == [71] and _ids(either(None, (70, 72))) == []
    assert either(None, (70, 71))[0] is not either(None, (71,))[0]


@built
def _relation_rows(_asker: Asker, subject_id: int, since: Any) -> Select[*tuple[Any, ...]]:
    return (
        select(RelationRow.subject_id, RelationRow.kind, RelationRow.valid_from, RelationRow.valid_to)
        .where(RelationRow.subject_kind == "case", RelationRow.subject_id == subject_id, RelationRow.valid_from > since)
        .order_by(RelationRow.id)
        .limit(5)
    )


def test_rows_sent_the_short_way_are_those_of_the_session(two: tuple[Somebody, Somebody]) -> None:
    for subject_id in (71, 72):
        asked = (None, subject_id, clock.now() - timedelta(hours=1))
        short, long = _relation_rows.rows(*asked), db.session.execute(*_relation_rows(*asked)).all()
        assert [tuple(row) for row in short] == [tuple(row) for row in long]
        assert [type(each) for row in short for each in row] == [type(each) for row in long for each in row]
    row = _relation_rows.row(None, 71, clock.now() - timedelta(hours=1))
    assert row is not None and (row.subject_id, row.kind, row.valid_to) == (71, Relation.LEAD_WORKER, None)
    assert _relation_rows.row(None, 71, clock.now() + timedelta(hours=1)) is None


def test_what_the_session_has_still_to_write_is_seen_by_the_short_way(two: tuple[Somebody, Somebody]) -> None:
    asked = (None, 73, clock.now() - timedelta(hours=1))
    assert _relation_rows.rows(*asked) == []
    with unit_of_work():
        now = clock.now()
        principal = user_principal(two[0].id)
        relation = RelationRow(principal=principal, subject_kind="case", subject_id=73, kind=Relation.ALLOCATED)
        relation.source_kind, relation.source_id, relation.valid_from, relation.last_activity_at = "test", 1, now, now
        db.session.add(relation)
        assert len(_relation_rows.rows(*asked)) == 1
        db.session.delete(relation)
        assert _relation_rows.rows(*asked) == []


def test_one_row_is_not_chosen_of_several(two: tuple[Somebody, Somebody]) -> None:
    with unit_of_work():
        relations.grant(user_principal(two[1].id), [CASE], Relation.ALLOCATED, ("allocation", 3))
    with pytest.raises(MultipleResultsFound):
        _relation_rows.row(None, 71, clock.now() - timedelta(hours=1))


def test_two_columns_of_one_name_are_refused(two: tuple[Somebody, Somebody]) -> None:
    @built
    def alike(_asker: Asker) -> Select[*tuple[Any, ...]]:
        return select(RelationRow.subject_id.label("key"), RelationRow.id.label("key"))

    with pytest.raises((TypeError, ValueError)):
        alike.rows(None)


def test_a_list_goes_the_long_way_and_answers_alike(two: tuple[Somebody, Somebody]) -> None:
    @built
    def of(_asker: Asker, ids: list[int]) -> Select[Any]:
        return select(RelationRow.subject_id).where(RelationRow.subject_id.in_(ids)).distinct()

    assert of.scalars(None, [70, 71]) == [71] and of.scalars(None, []) == [] == of.scalars(None, [1])


def test_a_change_on_a_table_says_how_many_rows(two: tuple[Somebody, Somebody]) -> None:
    table: Any = RelationRow.__table__

    @built
    def moved(asker: Asker, key: int) -> Any:
        return update(table).where(table.c.subject_id == key).values(last_activity_at=asker.now)

    with unit_of_work():
        assert (moved.run(None, 71), moved.run(None, 70)) == (1, 0)
