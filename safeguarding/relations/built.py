"""Statements that are built once and then only filled with values: building one anew costs more than running it.

A builder is an ordinary function that returns a statement. Instead of the actor it gets an `Asker`, and instead of its
other arguments parameters of their types, so that nothing of one request can stay in what the next one runs:

    @built
    def _waiting(asker: Asker, limit: int) -> Select[Any]:
        return select(...).where(Action.owner_user_id == asker.user_id, related(asker, ...)).limit(limit)

    db.session.execute(*_waiting(actor, 10))

The application keeps one statement for each shape of the question: the actor's roles, how many principals, which
arguments are given. Arguments that are None, true or false, codes (an Enum) or sets of codes decide the shape; numbers,
texts, days and instants are filled in, also in a tuple (words, or a place in a list, to be compared with `tuple_`) and in a list
(for `in_`). The present instant is `asker.now`, the day `asker.today`: a builder that asks the clock is refused. It
decides nothing about who may see what.
"""

import functools
import inspect
from collections.abc import Callable, Iterable
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import Enum
from typing import Any, Concatenate, ParamSpec, TypeVar

from flask import current_app
from sqlalchemy import BigInteger, Date, String, bindparam, literal, tuple_
from sqlalchemy.sql import visitors
from sqlalchemy.sql.elements import BindParameter, ColumnElement

from safeguarding.access.actor import Actor, user_principal
from safeguarding.access.permissions import Permission
from safeguarding.access.roles import Relation
from safeguarding.core import clock
from safeguarding.core.types import UTCDateTime

P = ParamSpec("P")
S = TypeVar("S")
Shape = tuple[Any, ...]
Values = dict[str, Any]
_TYPES: tuple[tuple[type, Any], ...] = ((datetime, UTCDateTime()), (date, Date()), (int, BigInteger()), (str, String()))


@dataclass(frozen=True)
class Asker:
    """An actor without its values: what a builder may know of who asks. Its rights are real, all else is filled in."""

    actor: Actor = field(repr=False)

    def kinds_for(self, permission: Permission) -> frozenset[Relation] | None:
        """Return the relations through which the permission holds, as the actor does."""
        return self.actor.kinds_for(permission)

    def holds(self, permission: Permission) -> bool:
        """Return whether the actor holds the permission for any subject at all."""
        return self.actor.holds(permission)

    def may(self, permission: Permission, relations: Iterable[Relation] = ()) -> bool:
        """Return whether the actor may do this to a subject to which it stands in these relations."""
        return self.actor.may(permission, relations)

    @property
    def principals(self) -> list[BindParameter[str]]:
        """The actor's principals, for `in_`."""
        return [bindparam(f"asker_{n}", type_=String()) for n in range(len(self.actor.principals))]

    @property
    def user_id(self) -> BindParameter[int] | None:
        """The actor's user id, or None for the command line."""
        return None if self.actor.user_id is None else bindparam("asker_user_id", type_=BigInteger())

    @property
    def user_principal(self) -> BindParameter[str] | None:
        """The principal of the actor alone, or None for the command line."""
        return None if self.actor.user_id is None else bindparam("asker_user", type_=String())

    @property
    def agency_ids(self) -> list[BindParameter[int]]:
        """The ids of the actor's agencies, for `in_`."""
        return [bindparam(f"asker_agency_{n}", type_=BigInteger()) for n in range(len(self.actor.agency_ids))]

    @property
    def now(self) -> BindParameter[datetime]:
        """The instant at which the statement is run."""
        return bindparam("asker_now", type_=UTCDateTime())

    @property
    def today(self) -> BindParameter[date]:
        """The day in London on which the statement is run."""
        return bindparam("asker_today", type_=Date())


class _Several(tuple[Any, ...]):
    """Parameters of a tuple: a builder may take them apart, or compare them as one with `tuple_`."""

    __slots__ = ()

    def __clause_element__(self) -> Any:
        return tuple_(*self)


NOBODY = Actor(key="nobody", display_name="")  # for statements that no actor asks, such as who is signed in
_building: ContextVar[bool] = ContextVar("building_a_statement", default=False)


def instant() -> Any:
    """Return the present instant: as a value, or as a parameter inside a builder. For what is used in both places."""
    return Asker(NOBODY).now if _building.get() else clock.now()


def day() -> Any:
    """Return the present day in London, likewise."""
    return Asker(NOBODY).today if _building.get() else clock.today()


def among(column: Any, codes: Iterable[Any]) -> ColumnElement[bool]:
    """Return the condition that a column has one of some codes, which are part of the statement's shape.

    `in_` with plain values would write them into the statement's text again each time that it is run.
    """
    condition: ColumnElement[bool] = column.in_([literal(code, column.type) for code in sorted(codes)])
    return condition


def built(
    builder: Callable[Concatenate[Asker, P], S],
) -> Callable[Concatenate[Actor | None, P], tuple[S, Values]]:
    """Turn a builder into a function that returns its statement, built at the first use of a shape, and the values."""
    names = list(inspect.signature(builder).parameters)[1:]

    def statement(actor: Actor | None, /, *args: P.args, **kwargs: P.kwargs) -> tuple[S, Values]:
        asked = actor or NOBODY
        given = dict(zip(names, args, strict=False)) | kwargs
        kept: dict[Shape, tuple[S, frozenset[str]]] = current_app.extensions.setdefault("built_statements", {})
        shape = (builder, _shape_of_actor(asked), *((name, _shape_of(name, value)) for name, value in given.items()))
        found = kept.get(shape)
        if found is None:
            found = kept[shape] = _build(builder, asked, given)
        return found[0], _values(asked, given, found[1])

    functools.update_wrapper(statement, builder)
    return statement


def _build(builder: Callable[..., S], actor: Actor, given: Values) -> tuple[S, frozenset[str]]:
    token = _building.set(True)
    try:
        with clock.stopped():
            made = builder(Asker(actor), **{name: _parameter(name, value) for name, value in given.items()})
    finally:
        _building.reset(token)
    statement: Any = made
    return made, frozenset(each.key for each in visitors.iterate(statement) if isinstance(each, BindParameter))


def _values(actor: Actor, given: Values, used: frozenset[str]) -> Values:
    values: Values = {f"asker_{n}": principal for n, principal in enumerate(sorted(actor.principals))}
    values |= {f"asker_agency_{n}": agency for n, agency in enumerate(sorted(actor.agency_ids))}
    if actor.user_id is not None:
        values |= {"asker_user_id": actor.user_id, "asker_user": user_principal(actor.user_id)}
    if "asker_now" in used:
        values["asker_now"] = clock.now()
    if "asker_today" in used:
        values["asker_today"] = clock.today()
    for name, value in given.items():
        values |= _flat(name, value)
    return {name: value for name, value in values.items() if name in used}


def _flat(name: str, value: Any) -> Values:
    if not isinstance(value, tuple):
        return {name: value}
    flat: Values = {}
    for n, each in enumerate(value):
        flat |= _flat(f"{name}_{n}", each)
    return flat


def _shape_of_actor(actor: Actor) -> Shape:
    counts = (len(actor.principals), len(actor.agency_ids), actor.user_id is None)
    return (actor.roles, actor.system_permissions, *counts)


def _shape_of(name: str, value: Any) -> Any:
    if _is_structural(value):
        return value
    if isinstance(value, tuple):
        return (tuple, *(_shape_of(name, each) for each in value))
    if isinstance(value, list):
        return (list, _type_of(name, value[0]) if value else None)
    return _type_of(name, value)


def _parameter(name: str, value: Any) -> Any:
    if _is_structural(value):
        return value
    if isinstance(value, tuple):
        return _Several(_parameter(f"{name}_{n}", each) for n, each in enumerate(value))
    if isinstance(value, list):
        return bindparam(name, type_=_type_of(name, value[0]) if value else BigInteger(), expanding=True)
    return bindparam(name, type_=_type_of(name, value))


def _is_structural(value: Any) -> bool:
    return value is None or isinstance(value, bool | Enum | frozenset)


def _type_of(name: str, value: Any) -> Any:
    for kind, column_type in _TYPES:
        if isinstance(value, kind):
            return column_type
    raise TypeError(f"{name}: a {type(value).__name__} cannot be filled into a statement")
