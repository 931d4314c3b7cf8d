"""Statements that are built once and then only filled with values: building one anew costs more than running it.

A builder is an ordinary function that returns a statement. Instead of the actor it gets an `Asker`, and instead of its
other arguments parameters of their types, so that nothing of one request can stay in what the next one runs:

    @built
    def _waiting(asker: Asker, limit: int) -> Select[Any]:
        return select(...).where(Action.owner_user_id == asker.user_id, related(asker, ...)).limit(limit)

    _waiting.rows(actor, 10)

`rows` sends it the short way (`core.prepared`): a list of rows with the columns as attributes, read within the
session's transaction. `scalars` gives the first column, `row` the only row or None, `run` changes rows and says how many.
A statement of entities goes the long way instead, by way of the session: `db.session.scalars(*_waiting(actor, 10))`.

A process keeps one statement for each shape of the question: the actor's roles, how many principals, which
arguments are given. Arguments that are None, true or false, codes (an Enum) or sets of codes decide the shape; numbers,
texts, days and instants are filled in, also in a tuple (words, keys for `in_`, or a place in a list, to be compared with
`tuple_`) and in a list (for `in_`: of any length, but sent the longer way, while each length of a tuple is a shape). The
present instant is `asker.now`, the day `asker.today`: a builder that asks the clock is refused. It decides nothing about
who may see what.
"""

import functools
import inspect
from collections.abc import Callable, Iterable
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import Enum
from typing import Any, Concatenate, Generic, ParamSpec, TypeVar

from sqlalchemy import BigInteger, Date, String, bindparam, literal, tuple_
from sqlalchemy.exc import MultipleResultsFound
from sqlalchemy.sql import visitors
from sqlalchemy.sql.elements import BindParameter, ColumnElement

from safeguarding.access.actor import Actor, user_principal
from safeguarding.access.permissions import Permission
from safeguarding.access.roles import Relation
from safeguarding.core import clock
from safeguarding.core.prepared import Prepared
from safeguarding.core.types import UTCDateTime
from safeguarding.extensions import db

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


class Built(Generic[P, S]):
    """A builder's statement: called, it gives the statement and its values; the other ways run it."""

    def __init__(self, builder: Callable[Concatenate[Asker, P], S]) -> None:
        self._builder = builder
        self._names = list(inspect.signature(builder).parameters)[1:]
        self._kept: dict[Shape, _Kept[S]] = {}
        functools.update_wrapper(self, builder)

    def __call__(self, actor: Actor | None, /, *args: P.args, **kwargs: P.kwargs) -> tuple[S, Values]:
        """Return the statement and the values, to be run by the session."""
        kept, values = self._asked(actor, args, kwargs)
        return kept.statement, values

    def rows(self, actor: Actor | None, /, *args: P.args, **kwargs: P.kwargs) -> list[Any]:
        """Return the rows."""
        kept, values = self._asked(actor, args, kwargs)
        return kept.prepared.rows(db.session(), values)

    def row(self, actor: Actor | None, /, *args: P.args, **kwargs: P.kwargs) -> Any | None:
        """Return the one row, or None when there is none; raises MultipleResultsFound when there are several."""
        found = self.rows(actor, *args, **kwargs)
        if len(found) > 1:
            raise MultipleResultsFound(f"{self._names}: {len(found)} rows")
        return found[0] if found else None

    def scalars(self, actor: Actor | None, /, *args: P.args, **kwargs: P.kwargs) -> list[Any]:
        """Return the first column of the rows."""
        return [row[0] for row in self.rows(actor, *args, **kwargs)]

    def run(self, actor: Actor | None, /, *args: P.args, **kwargs: P.kwargs) -> int:
        """Run a statement on a table (not on entities) that changes rows; return how many.

        No argument of its builder may be called as one of the table's columns.
        """
        kept, values = self._asked(actor, args, kwargs)
        return kept.prepared.run(db.session(), values)

    def _asked(self, actor: Actor | None, args: tuple[Any, ...], kwargs: Values) -> tuple["_Kept[S]", Values]:
        asked = actor or NOBODY
        given: Values = dict(zip(self._names, args, strict=False))
        if kwargs:
            given |= kwargs
        shape = (_shape_of_actor(asked), *((name, _shape_of(name, value)) for name, value in given.items()))
        kept = self._kept.get(shape)
        if kept is None:
            kept = self._kept[shape] = _build(self._builder, asked, given)
        return kept, _values(asked, given, kept.used)


def built(builder: Callable[Concatenate[Asker, P], S]) -> Built[P, S]:
    """Turn a builder into what runs its statement, built at the first use of a shape and filled in at each."""
    return Built(builder)


@dataclass(frozen=True)
class _Kept(Generic[S]):
    statement: S
    used: frozenset[str]
    prepared: Prepared


def _build(builder: Callable[..., S], actor: Actor, given: Values) -> _Kept[S]:
    token = _building.set(True)
    try:
        with clock.stopped():
            made = builder(Asker(actor), **{name: _parameter(name, value) for name, value in given.items()})
    finally:
        _building.reset(token)
    statement: Any = made
    names = frozenset(each.key for each in visitors.iterate(statement) if isinstance(each, BindParameter))
    used = frozenset(_names_of(actor, given)) & names
    return _Kept(made, used, Prepared(made, used))


def _names_of(actor: Actor, given: Values) -> set[str]:
    """Return the names of everything that a statement of this shape may have filled in."""
    names = {"asker_now", "asker_today", *_values_of_actor(actor)}
    for name, value in given.items():
        names |= {name} if _is_structural(value) else _flat(name, value).keys()
    return names


def _values(actor: Actor, given: Values, used: frozenset[str]) -> Values:
    values = dict(_values_of_actor(actor))
    for name, value in given.items():
        if type(value) is tuple:
            values |= _flat(name, value)
        else:
            values[name] = value
    if "asker_now" in used:
        values["asker_now"] = clock.now()
    if "asker_today" in used:
        values["asker_today"] = clock.today()
    return {name: values[name] for name in used}


def _values_of_actor(actor: Actor) -> Values:
    """Return what stands for the actor in statements; worked out once for each actor, which never changes."""
    kept: Values | None = actor.__dict__.get("_asked_as")
    if kept is None:
        kept = {f"asker_{n}": principal for n, principal in enumerate(sorted(actor.principals))}
        kept |= {f"asker_agency_{n}": agency for n, agency in enumerate(sorted(actor.agency_ids))}
        if actor.user_id is not None:
            kept |= {"asker_user_id": actor.user_id, "asker_user": user_principal(actor.user_id)}
        actor.__dict__["_asked_as"] = kept
    return kept


def _flat(name: str, value: Any) -> Values:
    if not isinstance(value, tuple):
        return {name: value}
    flat: Values = {}
    for n, each in enumerate(value):
        flat |= _flat(f"{name}_{n}", each)
    return flat


def _shape_of_actor(actor: Actor) -> Shape:
    counts = (len(actor.principals), len(actor.agency_ids), actor.user_id is None)
    return (actor.roles, actor.system_permissions, actor.tightened, *counts)


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
