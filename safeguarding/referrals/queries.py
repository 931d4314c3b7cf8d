"""Reads of referrals: what an actor may see of them, lists, the parts of one, and the codes they choose from.

A draft is seen by its author alone; a submitted referral by the referrer, the officers of its panel and the hub; on a
published agenda by the agencies with a seat. It reads no later package's table.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import (
    CompoundSelect,
    Row,
    Select,
    Text,
    case,
    cast,
    func,
    literal,
    null,
    or_,
    select,
    tuple_,
    union_all,
)
from sqlalchemy.orm import aliased
from sqlalchemy.sql.elements import ColumnElement

from safeguarding.access.actor import Actor
from safeguarding.access.permissions import Permission
from safeguarding.access.roles import Relation
from safeguarding.accounts.models import User
from safeguarding.agencies.models import Agency, AgencyKind
from safeguarding.cases.models import Case
from safeguarding.contexts.models import Context
from safeguarding.core.codes import Code
from safeguarding.core.errors import ForbiddenError, NotFoundError
from safeguarding.core.references import normalise_reference
from safeguarding.core.types import UTCDateTime
from safeguarding.extensions import db
from safeguarding.people.models import PeerGroup, Person
from safeguarding.referrals.models import (
    Referral,
    ReferralContext,
    ReferralHarm,
    ReferralMessage,
    ReferralState,
)
from safeguarding.referrals.policy import NOT_A_CHOICE, REPEAT_DAYS, may_rely_on
from safeguarding.relations import queries as relations
from safeguarding.relations.built import Asker, among, built
from safeguarding.relations.closing import is_closed

PAGE = 50
FOUND_PLACES = 20
TO_SCREEN = (ReferralState.SUBMITTED, ReferralState.MORE_INFORMATION)

_Screener = aliased(User)

_SUBJECT = (
    Person.ref.label("person_ref"),
    Person.given_name,
    Person.family_name,
    Person.born_on,
    Context.ref.label("context_ref"),
    Context.name.label("context_name"),
    PeerGroup.name.label("group_name"),
)


@dataclass(frozen=True)
class Reached:
    """A referral that an actor may see, with the relations through which."""

    referral: Referral
    relations: frozenset[Relation]


@dataclass(frozen=True)
class Shown:
    """What the page of a referral shows of it."""

    row: Row[Any]
    relations: frozenset[Relation]


@dataclass(frozen=True)
class Parts:
    """What belongs to one referral: codes of harm, places (ref, name), messages and earlier referrals, oldest first."""

    harms: list[str]
    contexts: list[tuple[str, str]]
    messages: list[Row[Any]]
    earlier: list[Row[Any]]


@dataclass(frozen=True)
class Codes:
    """The codes of harm and the grounds for sharing that hold on a day, with all their labels."""

    harms: list[tuple[str, str]]
    bases: list[Row[Any]]
    labels: dict[tuple[str, str], str]

    def harm(self, code: str) -> str:
        """Return the words of a code of harm."""
        return self.labels.get(("harm_type", code), code)

    def basis(self, code: str | None) -> str:
        """Return the words of a ground for sharing."""
        return self.labels.get(("lawful_basis", code or ""), code or "")


def visible_referrals(actor: Actor, permission: Permission = Permission.REFERRAL_READ) -> Select[Any]:
    """Return a select of the ids of the referrals on which the actor holds the permission."""
    return relations.subjects(actor, "referral", permission)


def access_referral(actor: Actor, ref: str, permission: Permission, *, lock: bool = False) -> Reached:
    """Return the referral with this reference, for a command. Raises NotFoundError, or ForbiddenError when it may be
    seen but not this be done with it."""
    statement: Any = select(Referral).where(Referral.ref == _meant(ref))
    if lock:
        statement = statement.with_for_update(of=Referral).execution_options(populate_existing=True)
    row, held = relations.load_one(actor, statement, [("referral", Referral.id)], Permission.REFERRAL_READ)
    if not actor.may(permission, held):
        raise ForbiddenError()
    return Reached(row[0], held)


def show_referral(actor: Actor, ref: str) -> Shown:
    """Return what the page of a referral shows, in one statement. Raises NotFoundError."""
    statement = (
        select(
            *Referral.__table__.c,
            *_SUBJECT,
            Agency.short_name.label("agency_name"),
            User.name.label("referrer_name"),
            _Screener.name.label("screener_name"),
            _known_case(actor, Case.ref).label("case_ref"),
            _known_case(actor, Case.risk).label("case_risk"),
            is_closed("referral", Referral.id).label("is_restricted"),
        )
        .outerjoin(Person, Person.id == Referral.person_id)
        .outerjoin(Context, Context.id == Referral.context_id)
        .outerjoin(PeerGroup, PeerGroup.id == Referral.peer_group_id)
        .outerjoin(Case, Case.id == Referral.case_id)
        .outerjoin(_Screener, _Screener.id == Referral.screened_by_id)
        .join(Agency, Agency.id == Referral.agency_id)
        .join(User, User.id == Referral.referrer_id)
        .where(Referral.ref == _meant(ref))
    )
    row, held = relations.load_one(actor, statement, [("referral", Referral.id)], Permission.REFERRAL_READ)
    return Shown(row, held)


def place_to_refer(actor: Actor, ref: str) -> Context:
    """Return a place, to refer it. Raises NotFoundError, for a restricted one too."""
    if not actor.may(Permission.CONTEXT_READ):
        raise NotFoundError()
    found = db.session.scalars(
        select(Context).where(Context.ref == (normalise_reference(ref, "CX") or ""), Context.is_restricted.is_(False))
    ).one_or_none()
    if found is None:
        raise NotFoundError()
    return found


def _known_case(actor: Actor, column: Any) -> Any:
    """Return a column of the case, or nothing where the actor may not see it: a restricted case stays unknown."""
    return case((relations.related(actor, "case", Case.id, Permission.CASE_READ), column), else_=None)


def _meant(ref: str) -> str:
    found = normalise_reference(ref, "RF")
    if found is None:
        raise NotFoundError()
    return found


def parts_of(actor: Actor, referral_id: int, person_id: int | None, before: datetime | None) -> Parts:
    """Return what belongs to a referral, in one statement. Earlier referrals of the same young person within 12 months
    are told by their existence alone, and by reference where the actor may see them."""
    nothing, no_time = cast(null(), Text), cast(null(), UTCDateTime())
    harms = select(
        literal("harm").label("part"),
        ReferralHarm.id.label("place"),
        cast(ReferralHarm.code, Text).label("ref"),
        nothing.label("text"),
        nothing.label("who"),
        no_time.label("at"),
    ).where(ReferralHarm.referral_id == referral_id)
    places = (
        select(literal("context"), ReferralContext.id, Context.ref, Context.name, nothing, no_time)
        .join(Context, Context.id == ReferralContext.context_id)
        .where(ReferralContext.referral_id == referral_id)
    )
    messages = (
        select(
            literal("message"),
            ReferralMessage.id,
            cast(ReferralMessage.kind, Text),
            ReferralMessage.text,
            User.name,
            ReferralMessage.sent_at,
        )
        .join(User, User.id == ReferralMessage.author_id)
        .where(ReferralMessage.referral_id == referral_id)
    )
    statement: CompoundSelect[Any] = union_all(
        harms, places, messages, *_earlier(actor, referral_id, person_id, before)
    )
    rows = db.session.execute(statement).all()
    by_part: dict[str, list[Row[Any]]] = {"harm": [], "context": [], "message": [], "earlier": []}
    for row in sorted(rows, key=lambda each: each.place):
        by_part[row.part].append(row)
    return Parts(
        harms=[row.ref for row in by_part["harm"]],
        contexts=[(row.ref, row.text) for row in by_part["context"]],
        messages=by_part["message"],
        earlier=by_part["earlier"],
    )


def _earlier(actor: Actor, referral_id: int, person_id: int | None, before: datetime | None) -> list[Select[Any]]:
    if person_id is None or before is None:
        return []
    seen = relations.related(actor, "referral", Referral.id, Permission.REFERRAL_READ)
    return [
        select(
            literal("earlier"),
            Referral.id,
            case((seen, cast(Referral.ref, Text)), else_=None),
            case((seen, cast(Referral.state, Text)), else_=None),
            cast(null(), Text),
            Referral.submitted_at,
        ).where(
            Referral.person_id == person_id,
            Referral.id != referral_id,
            Referral.submitted_at > before - timedelta(days=REPEAT_DAYS),
            Referral.submitted_at < before,
            Referral.state != ReferralState.WITHDRAWN,
        )
    ]


def codes_on(day: date) -> Codes:
    """Return the codes that hold on a day, in one statement; labels include codes that no longer hold."""
    rows: Any = db.session.execute(
        select(Code.list, Code.code, Code.label, Code.kind, Code.note, Code.valid_from, Code.valid_to)
        .where(Code.list.in_(("harm_type", "lawful_basis")), Code.valid_from <= day)
        .order_by(Code.list, Code.position, Code.valid_from, Code.id)
    ).all()
    current = [row for row in rows if row.valid_to is None or row.valid_to > day]
    return Codes(
        harms=[(row.code, row.label) for row in current if row.list == "harm_type"],
        bases=[row for row in current if row.list == "lawful_basis" and row.kind != NOT_A_CHOICE],
        labels={(row.list, row.code): row.label for row in [*rows, *current]},
    )


def bases_for(codes: Codes, agency_kind: AgencyKind | None) -> list[Row[Any]]:
    """Return the grounds that an agency of this kind may rely on."""
    return [row for row in codes.bases if may_rely_on(row.code, agency_kind)]


def find_places(text: str) -> list[Row[Any]]:
    """Return places (id, ref, name, ward) with all of the words in their name, at most FOUND_PLACES. A place has no names
    of people, so everybody who may refer may find it; private addresses are left out."""
    words = [word for word in text.split() if word.isprintable()][:5]
    if not words:
        return []
    conditions = [func.lower(Context.name).contains(word.lower(), autoescape=True) for word in words]
    return list(
        db.session.execute(
            select(Context.id, Context.ref, Context.name, Context.ward)
            .where(*conditions, Context.is_restricted.is_(False), Context.ended_on.is_(None))
            .order_by(Context.name, Context.id)
            .limit(FOUND_PLACES)
        )
    )


def places_by_ref(refs: Iterable[str]) -> list[Row[Any]]:
    """Return the places (id, ref, name, ward) with these references, by name."""
    wanted = sorted({ref for each in refs if (ref := normalise_reference(each, "CX")) is not None})[:100]
    if not wanted:
        return []
    return list(
        db.session.execute(
            select(Context.id, Context.ref, Context.name, Context.ward)
            .where(Context.ref.in_(wanted), Context.is_restricted.is_(False))
            .order_by(Context.name, Context.id)
        )
    )


_LISTED = (
    Referral.id,
    Referral.ref,
    Referral.subject_kind,
    Referral.state,
    Referral.urgent,
    Referral.panel_slug,
    Referral.submitted_at,
    Referral.created_at,
    Referral.screening_outcome,
    Referral.screening_reason,
    *_SUBJECT,
    Agency.short_name.label("agency_name"),
)


def _listed() -> Select[Any]:
    columns: Any = select(*_LISTED)
    joined: Select[Any] = (
        columns.outerjoin(Person, Person.id == Referral.person_id)
        .outerjoin(Context, Context.id == Referral.context_id)
        .outerjoin(PeerGroup, PeerGroup.id == Referral.peer_group_id)
        .join(Agency, Agency.id == Referral.agency_id)
    )
    return joined


@dataclass(frozen=True)
class Place:
    """The row at which a page of a list ended."""

    id: int
    urgent: bool
    created_at: datetime
    submitted_at: datetime | None
    screened_at: datetime | None


def place_of(actor: Actor, ref: str) -> Place | None:
    """Return the place of a referral in a list, or None when there is no such referral for the actor."""
    row = db.session.execute(
        select(Referral.id, Referral.urgent, Referral.created_at, Referral.submitted_at, Referral.screened_at).where(
            Referral.ref == (normalise_reference(ref, "RF") or ""),
            relations.related(actor, "referral", Referral.id, Permission.REFERRAL_READ),
        )
    ).one_or_none()
    return Place(*row) if row else None


def list_to_screen(
    actor: Actor, *, after: Place | None = None, limit: int = PAGE, urgent: bool | None = None
) -> list[Row[Any]]:
    """Return the referrals that wait for screening, urgent ones first, then by age, which is the order of their deadlines.

    `after` is the place at which the page before ended. `urgent` keeps those that are, or those that are not.
    """
    place = (0 if after.urgent else 1, after.submitted_at, after.id) if after is not None else None
    return _waiting.rows(actor, place, limit, urgent)


@built
def _waiting(asker: Asker, after: tuple[Any, ...] | None, limit: int, urgent: bool | None) -> Select[*tuple[Any, ...]]:
    place = case((Referral.urgent, 0), else_=1)
    statement = _listed().where(
        among(Referral.state, TO_SCREEN),
        relations.related(asker, "referral", Referral.id, Permission.REFERRAL_SCREEN),
    )
    if urgent is not None:
        statement = statement.where(Referral.urgent.is_(urgent))
    if after is not None:
        rank, submitted_at, key = after
        later = tuple_(Referral.submitted_at, Referral.id) > tuple_(submitted_at, key)
        statement = statement.where(or_(place > rank, (place == rank) & later))
    return statement.order_by(place, Referral.submitted_at, Referral.id).limit(limit)


def list_screened(actor: Actor, *, before: Place | None = None, limit: int = PAGE) -> list[Row[Any]]:
    """Return the referrals that were screened, newest first; `before` is the place of the last row shown."""
    statement = (
        _listed()
        .add_columns(Referral.screened_at)
        .where(
            Referral.screened_at.is_not(None),
            Referral.state.not_in(TO_SCREEN),
            relations.related(actor, "referral", Referral.id, Permission.REFERRAL_SCREEN),
        )
    )
    if before is not None:
        statement = statement.where(tuple_(Referral.screened_at, Referral.id) < (before.screened_at, before.id))
    return list(db.session.execute(statement.order_by(Referral.screened_at.desc(), Referral.id.desc()).limit(limit)))


def list_mine(actor: Actor, *, before: Place | None = None, limit: int = PAGE) -> list[Row[Any]]:
    """Return the actor's own referrals, drafts among them, newest first; `before` is the place of the last row."""
    return _mine.rows(actor, (before.created_at, before.id) if before is not None else None, limit)


@built
def _mine(asker: Asker, before: tuple[datetime, int] | None, limit: int) -> Select[*tuple[Any, ...]]:
    statement = _listed().where(
        Referral.referrer_id == asker.user_id,
        relations.related(asker, "referral", Referral.id, Permission.REFERRAL_READ),
    )
    if before is not None:
        statement = statement.where(tuple_(Referral.created_at, Referral.id) < before)
    return statement.order_by(Referral.created_at.desc(), Referral.id.desc()).limit(limit)


def list_about(
    actor: Actor,
    *,
    person_id: int | None = None,
    context_id: int | None = None,
    peer_group_id: int | None = None,
) -> list[Row[Any]]:
    """Return the newest referrals about a young person, a place or a peer group that the actor may see."""
    return list(
        db.session.execute(
            select(Referral.ref, Referral.state, Referral.created_at, Referral.submitted_at, Referral.urgent)
            .where(
                _about(person_id, context_id, peer_group_id),
                relations.related(actor, "referral", Referral.id, Permission.REFERRAL_READ),
            )
            .order_by(Referral.created_at.desc(), Referral.id.desc())
            .limit(10)
        )
    )


def draft_about(
    actor: Actor,
    *,
    person_id: int | None = None,
    context_id: int | None = None,
    peer_group_id: int | None = None,
) -> str | None:
    """Return the reference of the actor's own newest draft about somebody, a place or a group, if there is one."""
    return db.session.scalar(
        select(Referral.ref)
        .where(
            _about(person_id, context_id, peer_group_id),
            Referral.referrer_id == actor.user_id,
            Referral.state == ReferralState.DRAFT,
        )
        .order_by(Referral.created_at.desc(), Referral.id.desc())
        .limit(1)
    )


def _about(person_id: int | None, context_id: int | None, peer_group_id: int | None) -> ColumnElement[bool]:
    if person_id is not None:
        return Referral.person_id == person_id
    if peer_group_id is not None:
        return Referral.peer_group_id == peer_group_id
    return Referral.context_id == context_id


def agency_kind(actor: Actor) -> AgencyKind | None:
    """Return the kind of the agency for which the actor refers."""
    if not actor.agency_ids:
        return None
    return db.session.scalar(select(Agency.kind).where(Agency.id == min(actor.agency_ids)))
