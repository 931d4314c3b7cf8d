"""Who may open an item's papers: every relation that comes from an item on an agenda, written and ended here.

The source of each row is the item. An item about a restricted case is opened to nobody by an agenda: those on the
case's own list see it.
"""

from collections.abc import Iterable
from datetime import datetime

from safeguarding.access.actor import agency_principal, office_principal, seat_principal, user_principal
from safeguarding.access.roles import Relation
from safeguarding.panels.models.items import AgendaItem
from safeguarding.panels.models.meetings import Meeting
from safeguarding.relations import closing
from safeguarding.relations import service as relations
from safeguarding.relations.service import Subject


def show_to_officers(meeting: Meeting, item: AgendaItem) -> None:
    """Let the officers of the panel see an item from the moment it is on the agenda, published or not."""
    closing.close_with(source(item.id), subjects_of(item)[1:])
    relations.grant(office_principal(meeting.panel_id), [("item", item.id)], Relation.PANEL_OFFICE, source(item.id))


def show_to_seats(meeting: Meeting, item: AgendaItem) -> None:
    """Let the agencies with a seat see an item and what it is about; ended some days after the minutes are signed."""
    subjects = subjects_of(item)
    relations.grant(seat_principal(meeting.panel_id), subjects, Relation.AGENDA, source(item.id))
    relations.touch(subjects)


def show_to_presenter(meeting: Meeting, item: AgendaItem, user_id: int) -> None:
    """Let a presenter see their own item of the meeting, and the meeting."""
    subjects = [("item", item.id), ("meeting", meeting.id)]
    relations.grant(user_principal(user_id), subjects, Relation.PRESENTER, source(item.id))


def hide_from_presenter(item: AgendaItem, user_id: int) -> None:
    """End what somebody saw as the presenter of an item."""
    relations.end(source(item.id), kind=Relation.PRESENTER, principal=user_principal(user_id))


def ask_agency(item: AgendaItem, agency_id: int, until: datetime) -> None:
    """Let an agency answer about an item, and see whom to search for until the instant given."""
    principal = agency_principal(agency_id)
    relations.grant(principal, [("item", item.id)], Relation.RETURN_REQUEST, source(item.id))
    if item.person_id is not None:
        relations.grant(
            principal, [("person", item.person_id)], Relation.RETURN_REQUEST, ("return", item.id), valid_to=until
        )


def stop_searching(item: AgendaItem, agency_id: int) -> None:
    """End an agency's sight of whom to search for, because it has answered."""
    relations.end(("return", item.id), kind=Relation.RETURN_REQUEST, principal=agency_principal(agency_id))


def take_back(item: AgendaItem) -> None:
    """End all that came from an item, because it is no longer on the agenda."""
    relations.end(source(item.id))
    relations.end(("return", item.id))


def close_papers(item_ids: Iterable[int], at: datetime) -> None:
    """End, at an instant that may lie ahead, what seats, presenters and asked agencies see by these items.

    The officers keep the items of their panel. Called when minutes are signed, with the panel's days of access.
    """
    for item_id in item_ids:
        for kind in (Relation.AGENDA, Relation.PRESENTER, Relation.RETURN_REQUEST):
            relations.end(source(item_id), at=at, kind=kind)


def source(item_id: int) -> Subject:
    """Return the fact from which an item's relations come."""
    return ("item", item_id)


def subjects_of(item: AgendaItem) -> list[Subject]:
    """Return the item and what it is about: young person, case, referral."""
    found: list[Subject] = [("item", item.id)]
    if item.person_id is not None:
        found.append(("person", item.person_id))
    if item.referral_id is not None:
        found.append(("referral", item.referral_id))
    if item.case_id is not None:
        found.append(("case", item.case_id))
    return found


def without_restricted(items: Iterable[AgendaItem]) -> list[AgendaItem]:
    """Return the items that an agenda may open to others: all but those about a restricted record."""
    listed = list(items)
    closed = closing.closed_among([source(item.id) for item in listed])
    return [item for item in listed if source(item.id) not in closed]
