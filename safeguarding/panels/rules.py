"""What a decision must say before it can be recorded. Pure: the text and the facts in, every problem out.

The form shows all problems at once and the command refuses the first, so that the two cannot disagree. What needs the
database (whether a place, a code or an owner exists) is checked by the command.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from safeguarding.actions.models import ActionPriority
from safeguarding.cases.models import Risk
from safeguarding.panels.models.decisions import DecisionKind, View
from safeguarding.panels.models.items import ItemKind
from safeguarding.panels.policy import JUDGES_RISK, KEEPS_IT, kinds_for

MOST_ACTIONS = 20
_RISING = tuple(Risk)


@dataclass(frozen=True, kw_only=True)
class AgencyOpinion:
    """What one agency thinks of a decision; to disagree needs a reason, and the chair may answer it."""

    agency_id: int
    view: View
    reason: str | None = None
    chair_answer: str | None = None


@dataclass(frozen=True, kw_only=True)
class AgreedAction:
    """One action of a decision: what, by which agency and person of it, by which day."""

    title: str
    owner_agency_id: int
    due_on: date
    owner_user_id: int | None = None
    priority: ActionPriority = ActionPriority.NORMAL
    detail: str | None = None


@dataclass(frozen=True, kw_only=True)
class DecisionText:
    """What the chair records. Dates are days in London; `lawful_basis_code` is a code of the list in force."""

    kind: DecisionKind
    rationale: str
    lawful_basis_code: str
    options_considered: str | None = None
    risk_before: Risk | None = None
    risk_after: Risk | None = None
    next_review_on: date | None = None
    deferred_to_on: date | None = None
    told_how: str | None = None
    linked_context_id: int | None = None
    views: tuple[AgencyOpinion, ...] = ()
    actions: tuple[AgreedAction, ...] = ()


class Problem(NamedTuple):
    """What stands in the way of recording, what to do about it, and at which field."""

    message: str
    field: str


def problems(text: DecisionText, item_kind: ItemKind, today: date) -> list[Problem]:
    """Return what the text of a decision about this kind of item lacks, in the order of the form."""
    found = []
    if text.kind not in kinds_for(item_kind):
        found.append(Problem("This cannot be decided about an item of this kind.", "kind"))
    if not text.rationale.strip():
        found.append(Problem("Say why the panel decides this.", "rationale"))
    if text.kind is DecisionKind.ADOPT_AND_LINK_TO_CONTEXT and text.linked_context_id is None:
        found.append(Problem("Choose the place to which the case is linked.", "linked_context"))
    if item_kind is not ItemKind.THEME and text.kind in JUDGES_RISK:
        found += _risk(text.kind, text.risk_before, text.risk_after)
    found += _dates(text, today)
    if not text.lawful_basis_code:
        found.append(Problem("Choose the lawful basis on which agencies share about this.", "lawful_basis_code"))
    if item_kind is ItemKind.YOUNG_PERSON and text.kind is not DecisionKind.DEFER and not text.told_how:
        found.append(Problem("Say who tells the young person, and how, or why they are not told.", "told_how"))
    return found


def _risk(kind: DecisionKind, before: Risk | None, after: Risk | None) -> list[Problem]:
    if after is None:
        return [Problem("Choose what the risk is after this decision.", "risk_after")]
    moves = kind in (DecisionKind.INCREASE_RISK, DecisionKind.REDUCE_RISK, DecisionKind.MAINTAIN)
    if not moves:
        return []
    if before is None:
        return [Problem("Choose what the risk was before.", "risk_before")]
    step = _RISING.index(after) - _RISING.index(before)
    if kind is DecisionKind.INCREASE_RISK and step <= 0:
        return [Problem("The risk after must be higher than before, or decide something else.", "risk_after")]
    if kind is DecisionKind.REDUCE_RISK and step >= 0:
        return [Problem("The risk after must be lower than before, or decide something else.", "risk_after")]
    if kind is DecisionKind.MAINTAIN and step != 0:
        return [Problem("To maintain, the risk stays the same. Raise or lower it instead.", "risk_after")]
    return []


def _dates(text: DecisionText, today: date) -> list[Problem]:
    found = []
    if text.kind is DecisionKind.DEFER and (text.deferred_to_on is None or text.deferred_to_on <= today):
        found.append(Problem("Enter the date to which it is put off, after today.", "deferred_to_on"))
    if text.kind is not DecisionKind.DEFER and text.deferred_to_on is not None:
        message = "Only a decision to put it on a date has a date to which it is put off."
        found.append(Problem(message, "deferred_to_on"))
    if text.kind in KEEPS_IT and text.next_review_on is None:
        found.append(Problem("Enter when the panel looks at this again.", "next_review_on"))
    if text.next_review_on is not None and text.next_review_on <= today:
        found.append(Problem("The next review must be after today.", "next_review_on"))
    return found


def view_problems(
    views: Collection[AgencyOpinion], here: Mapping[int, str], may_have_one: Collection[int]
) -> list[Problem]:
    """Return what is wrong with the views: each agency `here` (id: name) has one, nobody else than `may_have_one` has."""
    said = [each.agency_id for each in views]
    found = []
    if len(said) != len(set(said)) or not set(said) <= set(may_have_one):
        found.append(Problem("Each agency in the item has one view.", "views"))
    silent = [name for agency_id, name in here.items() if agency_id not in said]
    if silent:
        *most, last = silent
        named, holds = (f"{', '.join(most)} and {last} think", "they have") if most else (f"{last} thinks", "it has")
        found.append(Problem(f"Say what {named}, or that {holds} no view.", "views"))
    if any(each.view is View.DISAGREES and not (each.reason or "").strip() for each in views):
        found.append(Problem("Say why each agency that disagrees does so.", "views"))
    return found
