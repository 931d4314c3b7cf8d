"""Reads of panels: those that take referrals, those an actor belongs to, one with its seats, officers and meetings.

Somebody belongs to a panel by a seat of their agency or by an office. It reads no item.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import Row, Text, cast, func, literal, null, or_, select, tuple_, union_all

from safeguarding.access.actor import Actor
from safeguarding.access.permissions import Permission
from safeguarding.accounts.models import User
from safeguarding.agencies.models import Agency
from safeguarding.core import clock
from safeguarding.extensions import db
from safeguarding.panels.models.items import AgendaItem, ItemState
from safeguarding.panels.models.meetings import Meeting, MeetingState
from safeguarding.panels.models.panels import Panel, PanelKind, PanelOfficer, PanelSeat
from safeguarding.panels.policy import Standing
from safeguarding.referrals.desks import Desk
from safeguarding.relations import queries as relations

AHEAD = 10
PAGE = 20


def list_desks() -> list[Desk]:
    """Return the panels that take referrals, those for exploitation and violence first."""
    rows = db.session.execute(
        select(Panel.slug, Panel.name, Panel.id)
        .where(Panel.kind != PanelKind.NRM)
        .order_by(Panel.kind != PanelKind.MAVE, Panel.name, Panel.id)
        .limit(50)
    )
    return [Desk(slug, name, panel_id) for slug, name, panel_id in rows]


@dataclass(frozen=True)
class PanelPage:
    """A panel that the actor belongs to."""

    row: Any
    standing: Standing


@dataclass(frozen=True)
class Members:
    """Who sits on a panel now: agencies (name, whether required) and officers (name, office)."""

    agencies: list[tuple[str, bool]]
    officers: list[tuple[str, str]]


def access_panel(actor: Actor, slug: str) -> PanelPage:
    """Return a panel that the actor belongs to. Raises NotFoundError."""
    statement = select(*Panel.__table__.c).where(Panel.slug == slug)
    row, held = relations.load_one(actor, statement, [("panel", Panel.id)], Permission.MEETING_READ)
    return PanelPage(row, Standing(actor, held))


def panel_entity(panel_id: int) -> Panel:
    """Return the entity of a panel that was found through `access_panel`, for a command."""
    return db.session.get_one(Panel, panel_id)


def members_of(panel_id: int) -> Members:
    """Return who sits on a panel now, in one statement."""
    now = clock.now()
    seats = (
        select(
            literal("seat").label("part"),
            cast(Agency.short_name, Text).label("name"),
            cast(null(), Text).label("office"),
            PanelSeat.is_required.label("required"),
        )
        .join(Agency, Agency.id == PanelSeat.agency_id)
        .where(
            PanelSeat.panel_id == panel_id,
            PanelSeat.valid_from <= now,
            or_(PanelSeat.valid_to.is_(None), PanelSeat.valid_to > now),
        )
    )
    officers = (
        select(literal("officer"), cast(User.name, Text), cast(PanelOfficer.office, Text), literal(False))
        .join(User, User.id == PanelOfficer.user_id)
        .where(
            PanelOfficer.panel_id == panel_id,
            PanelOfficer.valid_from <= now,
            or_(PanelOfficer.valid_to.is_(None), PanelOfficer.valid_to > now),
        )
    )
    rows: Any = db.session.execute(union_all(seats, officers)).all()
    order = {"chair": 0, "vice_chair": 1, "coordinator": 2}
    return Members(
        agencies=sorted((row.name, bool(row.required)) for row in rows if row.part == "seat"),
        officers=sorted(
            ((row.name, row.office) for row in rows if row.part == "officer"),
            key=lambda each: (order.get(each[1], 9), each[0]),
        ),
    )


_COUNT = (
    select(func.count())
    .select_from(AgendaItem)
    .where(AgendaItem.meeting_id == Meeting.id, AgendaItem.state != ItemState.WITHDRAWN)
    .correlate(Meeting)
    .scalar_subquery()
)
_MEETING = (
    Meeting.ref,
    Meeting.starts_at,
    Meeting.ends_at,
    Meeting.place,
    Meeting.state,
    Meeting.agenda_state,
    Meeting.agenda_version,
    Meeting.cut_off_at,
    Panel.slug,
    Panel.name.label("panel_name"),
    _COUNT.label("item_count"),
)


def list_ahead(actor: Actor) -> list[Row[Any]]:
    """Return the meetings ahead, or under way, that the actor may see, the soonest first."""
    return _meetings(actor, Meeting.starts_at > clock.now() - timedelta(days=1), newest_first=False, limit=AHEAD)


def list_past(actor: Actor, *, slug: str | None = None, before: str | None = None) -> list[Row[Any]]:
    """Return past meetings that the actor may see, the newest first; `before` is the reference of the last one shown."""
    conditions: list[Any] = [Meeting.starts_at <= clock.now() - timedelta(days=1)]
    if slug is not None:
        conditions.append(Panel.slug == slug)
    if before is not None:
        last = db.session.execute(select(Meeting.starts_at, Meeting.id).where(Meeting.ref == before)).one_or_none()
        if last is not None:
            conditions.append(tuple_(Meeting.starts_at, Meeting.id) < (last.starts_at, last.id))
    return _meetings(actor, *conditions, newest_first=True, limit=PAGE)


def _meetings(actor: Actor, *conditions: Any, newest_first: bool, limit: int) -> list[Row[Any]]:
    may = or_(
        Meeting.panel_id.in_(relations.subjects(actor, "panel", Permission.MEETING_READ)),
        Meeting.id.in_(relations.subjects(actor, "meeting", Permission.MEETING_READ)),
    )
    order = (Meeting.starts_at.desc(), Meeting.id.desc()) if newest_first else (Meeting.starts_at, Meeting.id)
    statement: Any = (
        select(*_MEETING)
        .join(Panel, Panel.id == Meeting.panel_id)
        .where(may, Meeting.state != MeetingState.CANCELLED, *conditions)
        .order_by(*order)
        .limit(limit)
    )
    return list(db.session.execute(statement))


def list_panels(actor: Actor) -> list[Row[Any]]:
    """Return the panels that the actor belongs to, by name."""
    statement: Any = (
        select(Panel.slug, Panel.name, Panel.kind, Panel.cadence_days, Panel.usual_place)
        .where(Panel.id.in_(relations.subjects(actor, "panel", Permission.MEETING_READ)))
        .order_by(Panel.name, Panel.id)
        .limit(PAGE)
    )
    return list(db.session.execute(statement))
