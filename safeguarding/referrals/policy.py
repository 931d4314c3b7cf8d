"""Rules of a referral: what it must say before it is sent, by when it is screened, who may rely on which ground.

Pure: no database, no Flask.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from safeguarding.agencies.models import AgencyKind
from safeguarding.core import clock
from safeguarding.core.working_days import add_working_days, is_working_day
from safeguarding.referrals.models import ReferralSubject, ToldParents, ToldYoungPerson

SCREENING_DAYS = 2  # working days; the partnership's own rule, not law
REPEAT_DAYS = 365  # a referral within 12 months of an earlier one is a repeat
NOT_A_CHOICE = "enacted"  # the kind of a ground whose start has not been confirmed

# Police, Crime, Sentencing and Courts Act 2022, section 16, does not allow these to disclose personal information.
_SERIOUS_VIOLENCE = "pcsc2022_s16"
_HEALTH_OR_SOCIAL_CARE = frozenset(
    {
        AgencyKind.HEALTH,
        AgencyKind.MENTAL_HEALTH,
        AgencyKind.CHILDRENS_SOCIAL_CARE,
        AgencyKind.ADULT_SOCIAL_CARE,
    }
)


class Step(StrEnum):
    """The pages of a referral, in their order; the values are parts of addresses."""

    HAPPENING = "what-is-happening"
    VIEW = "their-view"
    SHARING = "sharing"
    ASKED = "what-you-ask"


@dataclass(frozen=True)
class Missing:
    """An answer without which a referral is not sent: the page that asks for it, its field, what to do."""

    step: Step
    field: str
    message: str


def missing(referral: Any, harm_codes: Collection[str]) -> list[Missing]:
    """Return what a referral (the entity, or a row with its columns) still lacks, in the order of its pages."""
    found = _happening(referral, harm_codes) + _view(referral) + _sharing(referral)
    if not referral.panel_question:
        found.append(Missing(Step.ASKED, "panel_question", "Enter what you ask the panel to do."))
    return found


def _happening(referral: Any, harm_codes: Collection[str]) -> list[Missing]:
    found = []
    if not referral.reasons:
        found.append(Missing(Step.HAPPENING, "reasons", "Enter what has happened and why you refer now."))
    if not harm_codes:
        found.append(Missing(Step.HAPPENING, "harms", "Choose at least one kind of harm."))
    if referral.risk is None:
        found.append(Missing(Step.HAPPENING, "risk", "Choose how high you think the risk is."))
    return found


def _view(referral: Any) -> list[Missing]:
    if referral.subject_kind is ReferralSubject.POSSIBLE_PERPETRATOR:
        return []
    if referral.own_view or referral.own_view_absent_reason:
        return []
    return [Missing(Step.VIEW, "own_view", "Enter what was said, or say that you have not asked yet and why.")]


def _sharing(referral: Any) -> list[Missing]:
    found = []
    if referral.subject_kind is ReferralSubject.INDIVIDUAL:
        found += _front_door(referral) + _told(referral)
    if not referral.lawful_basis_code:
        found.append(Missing(Step.SHARING, "lawful_basis", "Choose the lawful basis for sharing."))
    if not referral.sharing_reason:
        found.append(Missing(Step.SHARING, "sharing_reason", "Enter why sharing is necessary and proportionate."))
    return found


def _front_door(referral: Any) -> list[Missing]:
    if referral.front_door_ref or referral.front_door_override:
        return []
    message = "Enter the front door's reference and date, or why you refer without it."
    return [Missing(Step.SHARING, "front_door_ref", message)]


def _told(referral: Any) -> list[Missing]:
    found = []
    if referral.told_young_person is None:
        found.append(Missing(Step.SHARING, "told_young_person", "Say whether the young person knows of this referral."))
    elif referral.told_young_person is ToldYoungPerson.NO and not referral.told_young_person_note:
        found.append(Missing(Step.SHARING, "told_young_person_note", "Enter why the young person has not been told."))
    if referral.told_parents is None:
        found.append(Missing(Step.SHARING, "told_parents", "Say whether the parents or carers know of this referral."))
    elif referral.told_parents is ToldParents.NO and not referral.told_parents_note:
        found.append(Missing(Step.SHARING, "told_parents_note", "Enter why the parents or carers have not been told."))
    return found


def may_rely_on(basis_code: str, agency_kind: AgencyKind | None) -> bool:
    """Return whether an agency of this kind may share personal information on this ground."""
    return basis_code != _SERIOUS_VIOLENCE or agency_kind not in _HEALTH_OR_SOCIAL_CARE


def screen_by(submitted_at: datetime, urgent: bool) -> date:
    """Return the London day by whose end a referral is screened: an urgent one on the day, or the next working day."""
    day = clock.london(submitted_at).date()
    if urgent:
        return day if is_working_day(day) else add_working_days(day, 1)
    return add_working_days(day, SCREENING_DAYS)
