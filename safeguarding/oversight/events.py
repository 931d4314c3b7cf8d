"""What the names of audit events mean to whoever reads them. Pure."""

from collections.abc import Iterable
from enum import StrEnum

from safeguarding.access.decisions import Reason
from safeguarding.access.roles import ROLE_NAMES, Relation

AREAS: dict[str, str] = {
    "access": "Refusals",
    "accounts": "Sign-in, people and roles",
    "actions": "Actions",
    "agencies": "Agencies and agreements",
    "cases": "Cases",
    "contexts": "Places, incidents and imports",
    "drafts": "Forms kept for their sender",
    "home": "My work",
    "notices": "Notices",
    "nrm": "National Referral Mechanism",
    "operations": "Running the service",
    "oversight": "The audit, emergency access",
    "panels": "Panels and meetings",
    "people": "Young people and searches",
    "referrals": "Referrals",
    "reports": "Reports",
    "sealed": "Sealed values",
}
_LOOKS = frozenset({"shown", "listed", "searched"})
_OUT = frozenset({"exported", "printed"})
_THINGS = {
    "actions:answer": "the form to answer it",
    "actions:list": "the list of actions",
    "cases:add_action": "the form of an action",
    "cases:ask_to_lift": "the form to lift the restriction",
    "cases:conflict": "conflicts of interest",
    "cases:correct": "the form to correct an update",
    "cases:move": "the form to step down, close or transfer it",
    "cases:open_case": "the form to open a case",
    "cases:restrict": "the form to restrict it",
    "cases:revise": "the form to revise it",
    "cases:team": "who works it",
    "cases:update": "the form of an update",
    "contexts:counts": "counts of places",
    "contexts:list": "the list of places",
    "contexts:people": "people linked to it",
    "nrm:correct": "the form to correct an entry",
    "nrm:decision": "the form of a decision",
    "nrm:list": "the list of NRM referrals",
    "nrm:number": "the form of its number",
    "nrm:record": "the form of an NRM referral",
    "people:aliases": "other names",
    "people:ask_sealed": "the form to ask for what is sealed",
    "people:details": "the form of its details",
    "people:names": "the form of its names",
    "people:possible": "a possible duplicate",
    "people:record_sealed": "the form to seal a value",
    "people:reveal_sealed": "the form to see a sealed value",
    "people:sealed": "a sealed value",
    "referrals:form": "the form of a referral",
    "reports:counts": "counts of reports",
    "oversight:ask": "the form of an export",
    "oversight:audience": "who can see it",
    "oversight:looks": "who looked",
    "oversight:emergency": "a use of emergency access",
    "oversight:emergency_record": "what the emergency access opened",
}
RELATION_WORDS: dict[Relation, str] = {
    Relation.LEAD_WORKER: "leads the work",
    Relation.ALLOCATED: "is allocated",
    Relation.REFERRER: "made the referral",
    Relation.ADDED: "added the young person",
    Relation.ACTION_OWNER: "owns an action",
    Relation.AGENDA: "sits on the panel whose agenda has it",
    Relation.RETURN_REQUEST: "was asked what their agency holds",
    Relation.PANEL_OFFICE: "is an officer of the panel it was referred to",
    Relation.PRESENTER: "presents it to the panel",
    Relation.HUB: "leads safeguarding for the hub",
    Relation.LISTED: "is on the list of this restricted record",
    Relation.EMERGENCY: "opened it in an emergency",
    Relation.BARRED: "declared a conflict of interest",
    Relation.SEAT: "has a seat on the panel",
    Relation.CHAIR: "chairs the panel",
    Relation.VICE_CHAIR: "is vice-chair of the panel",
    Relation.COORDINATOR: "coordinates the panel",
}


class Act(StrEnum):
    """What somebody did, as far as a look at a record is concerned."""

    LOOKED = "looked"
    EXPORTED = "exported"  # or printed: what leaves the service
    CHANGED = "changed"
    REFUSED = "refused"
    EMERGENCY = "emergency"


def act_of(event: str) -> Act:
    """Return what kind of act an event `area:thing:done` records."""
    if event == "oversight:emergency:opened":
        return Act.EMERGENCY
    done = event.rpartition(":")[2]
    if done == "refused":
        return Act.REFUSED
    if done in _OUT:
        return Act.EXPORTED
    return Act.LOOKED if done in _LOOKS else Act.CHANGED


def plain_words(event: str) -> str:
    """Return an event as words: `cases:case:shown` becomes `Case shown`."""
    _, _, rest = event.partition(":")
    text = (rest or event).replace(":", " ").replace("_", " ")
    return text[:1].upper() + text[1:]


def deed(event: str) -> str:
    """Return what somebody did, as a sentence begins: `cases:case:shown` becomes `Opened: case`."""
    _area, thing, done = ([*event.split(":"), "", ""])[:3]
    plain = _THINGS.get(event.rpartition(":")[0], thing.replace("_", " "))
    if done == "shown":
        return f"Opened: {plain}"
    if done in _LOOKS:
        return f"Saw it in a list: {plain}"
    if done in _OUT:
        return f"{done.capitalize()}: {plain}"
    return plain_words(event)


def why_words(why: Iterable[str], roles: Iterable[str]) -> str:
    """Return what an event says allowed it, in words; nothing for one from before events said so."""
    known = list(why)
    if Reason.BY_ROLE in known:
        named = {role.value: name for role, name in ROLE_NAMES.items()}
        return "By their role: " + ", ".join(named.get(role, role) for role in roles)
    said = ", ".join(RELATION_WORDS[kind] for kind in Relation if kind in known)
    return said[:1].upper() + said[1:]
