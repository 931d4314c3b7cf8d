"""Roles, and what each may do by which relation: the starting matrix in one place.

A grant names the kinds of relation through which a role holds a permission. ANY needs none: the act is not about one
subject, or the role may do it to all that are not restricted.
"""

from enum import StrEnum
from types import MappingProxyType

from safeguarding.access.permissions import Permission as P


class Role(StrEnum):
    """What a person is to the partnership, in one agency, for a time."""

    CHAIR = "chair"
    VICE_CHAIR = "vice_chair"
    COORDINATOR = "coordinator"
    PRACTITIONER = "practitioner"
    SOCIAL_WORKER = "social_worker"
    SPOC = "spoc"
    LEAD = "lead"
    ANALYST = "analyst"
    INFORMATION_GOVERNANCE = "information_governance"
    AUDITOR = "auditor"
    ADMIN = "admin"


class Relation(StrEnum):
    """In what relation a principal stands to a subject; the rows of `relation` carry these."""

    LEAD_WORKER = "lead_worker"
    ALLOCATED = "allocated"
    REFERRER = "referrer"
    ADDED = "added"  # who added a young person sees them for the referral that follows
    ACTION_OWNER = "action_owner"
    AGENDA = "agenda"  # an item of a published agenda of a panel where the agency has a seat
    RETURN_REQUEST = "return_request"
    PANEL_OFFICE = "panel_office"  # referred to the panel of which the actor is an officer
    PRESENTER = "presenter"
    HUB = "hub"  # the hub lead, to all that is not restricted
    LISTED = "listed"  # put by name on the list of a restricted record
    EMERGENCY = "emergency"  # break-glass: one record, read only, for an hour
    BARRED = "barred"  # a declared conflict: beats all
    SEAT = "seat"
    CHAIR = "chair"
    VICE_CHAIR = "vice_chair"
    COORDINATOR = "coordinator"


R = Relation
FIELD = frozenset(
    {
        Role.CHAIR,
        Role.VICE_CHAIR,
        Role.COORDINATOR,
        Role.PRACTITIONER,
        Role.SOCIAL_WORKER,
        Role.SPOC,
        Role.LEAD,
    }
)  # who reads cases at all
ANY: frozenset[Relation] = frozenset()
OWN = frozenset({R.LEAD_WORKER, R.ALLOCATED, R.REFERRER, R.ADDED, R.ACTION_OWNER, R.PRESENTER, R.LISTED})
SEAT = frozenset({R.AGENDA, R.REFERRER, R.ADDED, R.ACTION_OWNER, R.LISTED})
OFFICE = frozenset({R.PANEL_OFFICE, R.REFERRER, R.ADDED, R.ACTION_OWNER, R.AGENDA, R.LISTED})
HUB = frozenset({R.HUB, R.AGENDA, R.ACTION_OWNER, R.REFERRER, R.ADDED, R.LEAD_WORKER, R.ALLOCATED, R.LISTED})
RETURN = frozenset({R.RETURN_REQUEST})
BY_WORK = frozenset({R.LEAD_WORKER, R.ALLOCATED, R.REFERRER, R.ACTION_OWNER, R.PRESENTER, R.LISTED})
EMERGENCY = frozenset({R.EMERGENCY})  # opens the parts that were asked for on a page of their own, and nothing else

_WATCHFUL = {P.ACCESS_EXPLAIN: ANY, P.EMERGENCY_ASK: ANY, P.EMERGENCY_READ: EMERGENCY}

_WORKER = {
    **_WATCHFUL,
    P.WORK_OWN: ANY,
    P.PERSON_SEARCH: ANY,
    P.PERSON_READ: OWN,
    P.PERSON_LINK: OWN,
    P.PERSON_ADD: ANY,
    P.PERSON_EDIT: frozenset({R.LEAD_WORKER, R.ALLOCATED, R.ADDED}),
    P.PERSON_MATCH: frozenset({R.LEAD_WORKER}),  # of a restricted record, where nobody else could
    P.SEALED_SEE: BY_WORK,
    P.CASE_READ: BY_WORK,
    P.LOOKS_READ: frozenset({R.LEAD_WORKER}),
    P.CASE_OPEN: OWN,
    P.CASE_UPDATE: frozenset({R.LEAD_WORKER, R.ALLOCATED}),
    P.CASE_ALLOCATE: frozenset({R.LEAD_WORKER}),
    P.REFERRAL_MAKE: ANY,
    P.REFERRAL_READ: frozenset({R.REFERRER, R.LEAD_WORKER, R.ALLOCATED, R.LISTED}),
    P.MEETING_READ: frozenset({R.PRESENTER}),
    P.ITEM_READ: frozenset({R.PRESENTER, R.LISTED}),
    P.ACTION_READ: frozenset({R.ACTION_OWNER, R.LEAD_WORKER, R.ALLOCATED, R.LISTED}),
    P.ACTION_ADD: frozenset({R.LEAD_WORKER, R.ALLOCATED}),
    P.ACTION_ACT: frozenset({R.ACTION_OWNER}),
    P.CONTEXT_READ: ANY,
    P.CONTEXT_PEOPLE: OWN,
    P.INCIDENT_RECORD: ANY,
    P.NRM_READ: OWN,
    P.NRM_RECORD: frozenset({R.LEAD_WORKER, R.ALLOCATED}),
}
_SPOC = {
    **_WATCHFUL,
    P.WORK_OWN: ANY,
    P.PERSON_SEARCH: ANY,
    P.PERSON_READ: SEAT | RETURN,
    P.PERSON_LINK: SEAT | RETURN,
    P.PERSON_ADD: ANY,
    P.PERSON_EDIT: frozenset({R.ADDED}),
    P.CASE_READ: SEAT,
    P.REFERRAL_MAKE: ANY,
    P.REFERRAL_READ: frozenset({R.REFERRER, R.AGENDA, R.LISTED}),
    P.MEETING_READ: frozenset({R.SEAT}),
    P.ITEM_READ: frozenset({R.AGENDA, R.LISTED}),
    P.RETURN_ANSWER: RETURN,
    P.CONFLICT_DECLARE: frozenset({R.SEAT}),
    P.DISSENT_RECORD: frozenset({R.AGENDA, R.LISTED}),
    P.MINUTES_READ: frozenset({R.SEAT}),
    P.ACTION_READ: frozenset({R.ACTION_OWNER, R.AGENDA, R.LISTED}),
    P.ACTION_ACT: frozenset({R.ACTION_OWNER}),
    P.CONTEXT_READ: ANY,
    P.CONTEXT_PEOPLE: SEAT,
    P.INCIDENT_RECORD: ANY,
    P.NRM_READ: SEAT,
    P.SUBSTITUTE_NOMINATE: ANY,
    P.LOOKS_OF_AGENCY: ANY,
    P.MEMBERS_CONFIRM: ANY,  # of their own agency
}
_COORDINATOR = {
    **_WATCHFUL,
    P.WORK_OWN: ANY,
    P.PERSON_SEARCH: ANY,
    P.PERSON_READ: OFFICE,
    P.PERSON_LINK: OFFICE,
    P.PERSON_ADD: ANY,
    P.PERSON_EDIT: frozenset({R.ADDED}),
    P.PERSON_MATCH: OFFICE,
    P.CASE_READ: OFFICE,
    P.REFERRAL_MAKE: ANY,
    P.REFERRAL_READ: OFFICE,
    P.REFERRAL_SCREEN: frozenset({R.PANEL_OFFICE, R.LISTED}),
    P.MEETING_READ: frozenset({R.COORDINATOR}),
    P.AGENDA_BUILD: frozenset({R.COORDINATOR}),
    P.ITEM_READ: OFFICE,
    P.ATTENDANCE_RECORD: frozenset({R.COORDINATOR}),
    P.CONFLICT_DECLARE: frozenset({R.COORDINATOR}),
    P.NOTES_TYPE: frozenset({R.COORDINATOR}),
    P.MINUTES_READ: frozenset({R.COORDINATOR}),
    P.MINUTES_PREPARE: frozenset({R.COORDINATOR}),
    P.ACTION_READ: OFFICE,
    P.ACTION_ADD: frozenset({R.PANEL_OFFICE, R.COORDINATOR}),
    P.ACTION_ACT: frozenset({R.ACTION_OWNER}),
    P.CONTEXT_READ: ANY,
    P.NRM_READ: OFFICE,
}
_CHAIRS = frozenset({R.CHAIR, R.VICE_CHAIR})
_CHAIR = {
    **_COORDINATOR,
    P.MEETING_READ: _CHAIRS,
    P.AGENDA_BUILD: _CHAIRS,
    P.MEETING_RUN: _CHAIRS,
    P.ATTENDANCE_RECORD: _CHAIRS,
    P.CONFLICT_DECLARE: _CHAIRS,
    P.NOTES_TYPE: _CHAIRS,
    P.DECISION_RECORD: _CHAIRS,
    P.DISSENT_RECORD: _CHAIRS,
    P.MINUTES_READ: _CHAIRS,
    P.MINUTES_PREPARE: _CHAIRS,
    P.MINUTES_SIGN: _CHAIRS,
    P.ACTION_ADD: frozenset({R.PANEL_OFFICE}) | _CHAIRS,
    P.CONTEXT_PEOPLE: OFFICE,
}
_LEAD = {
    **_WATCHFUL,
    P.WORK_OWN: ANY,
    P.PERSON_SEARCH: ANY,
    P.PERSON_READ: HUB | RETURN,
    P.PERSON_LINK: HUB | RETURN,
    P.PERSON_ADD: ANY,
    P.PERSON_EDIT: frozenset({R.LEAD_WORKER, R.ALLOCATED, R.ADDED, R.HUB, R.LISTED}),
    P.PERSON_MATCH: HUB,
    P.SEALED_SEE: BY_WORK | {R.HUB},
    P.CASE_READ: HUB,
    P.LOOKS_READ: frozenset({R.LEAD_WORKER, R.HUB, R.LISTED}),
    P.CASE_OPEN: HUB,
    P.CASE_UPDATE: frozenset({R.LEAD_WORKER, R.ALLOCATED, R.HUB, R.LISTED}),
    P.CASE_ALLOCATE: frozenset({R.LEAD_WORKER, R.HUB, R.LISTED}),
    P.CASE_RESTRICT: frozenset({R.LEAD_WORKER, R.ALLOCATED, R.HUB, R.LISTED}),
    P.REFERRAL_MAKE: ANY,
    P.REFERRAL_READ: HUB,
    P.REFERRAL_SCREEN: frozenset({R.HUB, R.LISTED}),
    P.MEETING_READ: frozenset({R.SEAT}),
    P.ITEM_READ: frozenset({R.AGENDA, R.LISTED}),
    P.RETURN_ANSWER: RETURN,
    P.CONFLICT_DECLARE: frozenset({R.SEAT}),
    P.DISSENT_RECORD: frozenset({R.AGENDA, R.LISTED}),
    P.MINUTES_READ: frozenset({R.SEAT}),
    P.ACTION_READ: HUB,
    P.ACTION_ADD: HUB,
    P.ACTION_ACT: frozenset({R.ACTION_OWNER}),
    P.CONTEXT_READ: ANY,
    P.CONTEXT_PEOPLE: HUB,
    P.CONTEXT_REVIEW: ANY,
    P.INCIDENT_RECORD: ANY,
    P.NRM_READ: HUB,
    P.NRM_RECORD: HUB,
    P.REPORT_COUNTS: ANY,
    P.ADMIN_APPROVE: ANY,
}

GRANTS: MappingProxyType[Role, MappingProxyType[P, frozenset[Relation]]] = MappingProxyType(
    {
        role: MappingProxyType(grants)
        for role, grants in {
            Role.CHAIR: _CHAIR,
            Role.VICE_CHAIR: _CHAIR,
            Role.COORDINATOR: _COORDINATOR,
            Role.PRACTITIONER: _WORKER,
            Role.SOCIAL_WORKER: _WORKER,
            Role.SPOC: _SPOC,
            Role.LEAD: _LEAD,
            Role.ANALYST: {P.WORK_OWN: ANY, P.CONTEXT_COUNTS: ANY, P.REPORT_COUNTS: ANY},
            Role.INFORMATION_GOVERNANCE: {
                **_WATCHFUL,
                P.WORK_OWN: ANY,
                P.AUDIT_READ: ANY,
                P.EMERGENCY_REVIEW: ANY,
                P.SEALED_GRANT: ANY,
                P.RESTRICTION_AGREE: ANY,
                P.ADMIN_APPROVE: ANY,
                P.ADMIN_AGREEMENTS: ANY,
            },
            Role.AUDITOR: {P.WORK_OWN: ANY, P.AUDIT_READ: ANY},
            Role.ADMIN: {
                P.WORK_OWN: ANY,
                P.ADMIN_USERS: ANY,
                P.MEMBERS_CONFIRM: ANY,
                P.ADMIN_APPROVE: ANY,
                P.ADMIN_AGREEMENTS: ANY,
                P.ADMIN_SETTINGS: ANY,
            },
        }.items()
    }
)

ROLE_NAMES: MappingProxyType[Role, str] = MappingProxyType(
    {
        Role.CHAIR: "Panel chair",
        Role.VICE_CHAIR: "Vice-chair",
        Role.COORDINATOR: "Panel coordinator",
        Role.PRACTITIONER: "Practitioner",
        Role.SOCIAL_WORKER: "Social worker",
        Role.SPOC: "Agency contact",
        Role.LEAD: "Safeguarding lead",
        Role.ANALYST: "Analyst",
        Role.INFORMATION_GOVERNANCE: "Information governance",
        Role.AUDITOR: "Auditor",
        Role.ADMIN: "Administrator",
    }
)
