"""The relations that follow from panels: seats, offices, agendas, returns, conflicts, the actions of decisions."""

from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any

from sqlalchemy import exists, or_, select

from safeguarding.access.actor import agency_principal, office_principal, seat_principal, user_principal
from safeguarding.access.roles import Relation
from safeguarding.actions.models import Action, ActionOrigin
from safeguarding.actions.relations import expected_of
from safeguarding.extensions import db
from safeguarding.panels.models.decisions import Decision
from safeguarding.panels.models.items import AgendaItem, Conflict, ItemKind, ItemState, ReturnRequest, ReturnState
from safeguarding.panels.models.meetings import AgendaState, Meeting
from safeguarding.panels.models.minutes import Minutes
from safeguarding.panels.models.panels import Office, Panel, PanelOfficer, PanelSeat
from safeguarding.panels.service.minutes import access_ends
from safeguarding.relations.closing import ITEM_CONFLICT, with_followers
from safeguarding.relations.registry import Expected, Facts

_OFFICES = {
    Office.CHAIR: Relation.CHAIR,
    Office.VICE_CHAIR: Relation.VICE_CHAIR,
    Office.COORDINATOR: Relation.COORDINATOR,
}
_ITEM = (
    AgendaItem.id,
    AgendaItem.kind,
    AgendaItem.state,
    AgendaItem.person_id,
    AgendaItem.referral_id,
    AgendaItem.case_id,
    AgendaItem.presenter_id,
)


def expected() -> Iterator[Expected]:
    """Return the rows that there should be."""
    return chain(_seats(), _officers(), _items(), _returns(), _conflicts(), _actions())


def _seats() -> Iterator[Expected]:
    columns = (PanelSeat.id, PanelSeat.panel_id, PanelSeat.agency_id, PanelSeat.valid_from, PanelSeat.valid_to)
    for key, panel, agency, start, end in db.session.execute(select(*columns)):
        yield Expected(agency_principal(agency), "panel", panel, Relation.SEAT, "panel_seat", key, start, end)


def _officers() -> Iterator[Expected]:
    o = PanelOfficer
    for row in db.session.execute(select(o.id, o.panel_id, o.user_id, o.office, o.valid_from, o.valid_to)):
        principal, kind = user_principal(row.user_id), _OFFICES[row.office]
        yield Expected(principal, "panel", row.panel_id, kind, "panel_officer", row.id, row.valid_from, row.valid_to)


def _items() -> Iterator[Expected]:
    asked = exists().where(ReturnRequest.item_id == AgendaItem.id)
    placed = (
        select(
            *_ITEM,
            Meeting.id.label("meeting_id"),
            Meeting.panel_id,
            Meeting.agenda_state,
            Panel.access_days_after_signing.label("days"),
            Minutes.signed_at,
            asked.label("was_asked"),
        )
        .join(Meeting, Meeting.id == AgendaItem.meeting_id)
        .join(Panel, Panel.id == Meeting.panel_id)
        .outerjoin(Minutes, Minutes.meeting_id == Meeting.id)
        .where(AgendaItem.state != ItemState.WITHDRAWN)
    )
    for row in db.session.execute(placed):
        source = ("item", row.id)
        office = office_principal(row.panel_id)
        yield Expected(office, *source, Relation.PANEL_OFFICE, *source, None)
        if row.case_id is not None:
            # Granted where the decision linked the case; otherwise the officers have it by the referral.
            yield Expected(office, "case", row.case_id, Relation.PANEL_OFFICE, *source, None, optional=True)
        if row.agenda_state is not AgendaState.DRAFT:
            yield from _published(row)


def _published(row: Any) -> Iterator[Expected]:
    """Return what publishing opens. Who was asked tells that an item was published; nobody is asked about a theme."""
    source = ("item", row.id)
    until = access_ends(row.signed_at, row.days) if row.signed_at is not None else None
    if not row.was_asked and row.kind is not ItemKind.THEME:
        return
    optional = not row.was_asked
    for subject in subjects_of(row):
        yield Expected(seat_principal(row.panel_id), *subject, Relation.AGENDA, *source, None, until, optional=optional)
    if row.presenter_id is not None:
        for subject in (source, ("meeting", row.meeting_id)):
            presenter = user_principal(row.presenter_id)
            yield Expected(presenter, *subject, Relation.PRESENTER, *source, None, until, optional=optional)


def subjects_of(row: Any) -> list[tuple[str, int]]:
    """Return an item and what it is about, of a row with `id`, `person_id`, `referral_id` and `case_id`."""
    about = (("person", row.person_id), ("referral", row.referral_id), ("case", row.case_id))
    return [("item", row.id), *((kind, key) for kind, key in about if key is not None)]


def _returns() -> Iterator[Expected]:
    asked = (
        select(
            AgendaItem.id,
            AgendaItem.person_id,
            ReturnRequest.agency_id,
            ReturnRequest.state,
            ReturnRequest.due_at,
            Meeting.cut_off_at,
            Panel.access_days_after_signing.label("days"),
            Minutes.signed_at,
        )
        .join(AgendaItem, AgendaItem.id == ReturnRequest.item_id)
        .join(Meeting, Meeting.id == AgendaItem.meeting_id)
        .join(Panel, Panel.id == Meeting.panel_id)
        .outerjoin(Minutes, Minutes.meeting_id == Meeting.id)
        .where(AgendaItem.state != ItemState.WITHDRAWN)
    )
    for row in db.session.execute(asked):
        agency, kind = agency_principal(row.agency_id), Relation.RETURN_REQUEST
        until = access_ends(row.signed_at, row.days) if row.signed_at is not None else None
        yield Expected(agency, "item", row.id, kind, "item", row.id, None, until)
        if row.person_id is not None and row.state is ReturnState.WAITING:
            searched_until = max(row.cut_off_at, row.due_at)
            yield Expected(agency, "person", row.person_id, kind, "return", row.id, None, searched_until)


def _conflicts() -> Iterator[Expected]:
    declared = (
        select(*_ITEM, Conflict.id.label("conflict_id"), Conflict.user_id, Conflict.declared_at)
        .join(AgendaItem, AgendaItem.id == Conflict.item_id)
        .where(Conflict.withdrawn_at.is_(None))
    )
    for row in db.session.execute(declared).all():
        for subject in with_followers(subjects_of(row)):
            # What is about the same may have been made after the declaration.
            start = row.declared_at if subject == ("item", row.id) else None
            yield Expected(
                user_principal(row.user_id), *subject, Relation.BARRED, ITEM_CONFLICT, row.conflict_id, start
            )


def _actions() -> Iterator[Expected]:
    columns = (Action.id, Action.owner_agency_id, Action.owner_user_id, Action.state, Action.created_at)
    agreed = (
        select(*columns, AgendaItem.person_id, AgendaItem.case_id)
        .join(Decision, Decision.id == Action.origin_id)
        .join(AgendaItem, AgendaItem.id == Decision.item_id)
        .where(Action.origin_kind == ActionOrigin.DECISION)
    )
    for row in db.session.execute(agreed):
        about = (("person", row.person_id), ("case", row.case_id))
        subjects = [(kind, key) for kind, key in about if key is not None]
        yield from expected_of(*row[:5], subjects)


def follow(subjects: Sequence[tuple[str, int]]) -> Iterator[tuple[str, int]]:
    """Return the items about people, cases and referrals that are closed, and the actions agreed on these and other items."""
    columns = {"person": AgendaItem.person_id, "case": AgendaItem.case_id, "referral": AgendaItem.referral_id}
    about = or_(*(column.in_([key for kind, key in subjects if kind == named]) for named, column in columns.items()))
    items = list(db.session.scalars(select(AgendaItem.id).where(about)))
    yield from (("item", item_id) for item_id in items)
    items += [key for kind, key in subjects if kind == "item" and key not in items]
    agreed = (
        select(Action.id)
        .join(Decision, Decision.id == Action.origin_id)
        .where(Action.origin_kind == ActionOrigin.DECISION, Decision.item_id.in_(items))
    )
    for action_id in db.session.scalars(agreed) if items else ():
        yield ("action", action_id)


FACTS = Facts("panels", expected, with_history=frozenset({"panel_seat", "panel_officer"}))
