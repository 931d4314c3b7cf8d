"""What the names of audit events mean to whoever reads them. Pure."""

from enum import StrEnum

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


class Act(StrEnum):
    """What somebody did, as far as a look at a record is concerned."""

    LOOKED = "looked"
    EXPORTED = "exported"
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
    if done == "exported":
        return Act.EXPORTED
    return Act.LOOKED if done in _LOOKS else Act.CHANGED


def plain_words(event: str) -> str:
    """Return an event as words: `cases:case:shown` becomes `Case shown`."""
    _, _, rest = event.partition(":")
    text = (rest or event).replace(":", " ").replace("_", " ")
    return text[:1].upper() + text[1:]
