"""How codes of cases read on pages. Words only: no rule, no database."""

from safeguarding.cases.models import (
    AllocationKind,
    CaseState,
    Risk,
    RiskSource,
    SeenAlone,
    SharedWith,
    SocialCareStatus,
    UpdateKind,
)

RISKS = {
    Risk.NONE_KNOWN: "None known",
    Risk.EMERGING: "Emerging",
    Risk.MODERATE: "Moderate",
    Risk.SIGNIFICANT: "Significant",
}
FILLED = {risk: place for place, risk in enumerate(Risk)}
STATES = {
    CaseState.OPEN: "Open",
    CaseState.UNDER_REVIEW: "Under review",
    CaseState.STEPPED_DOWN: "Stepped down",
    CaseState.CLOSED: "Closed",
    CaseState.TRANSFERRED: "Transferred",
}
STATUSES = {
    SocialCareStatus.NONE: "No social care involvement",
    SocialCareStatus.EARLY_HELP: "Early help",
    SocialCareStatus.CIN: "Child in need plan",
    SocialCareStatus.CP: "Child protection plan",
    SocialCareStatus.CLA: "Looked after",
    SocialCareStatus.CARE_LEAVER: "Care leaver",
}
KINDS = {
    UpdateKind.VISIT: "Seen in person",
    UpdateKind.CALL: "Call or message",
    UpdateKind.MEETING: "Meeting",
    UpdateKind.MISSING: "Missing",
    UpdateKind.INCIDENT: "Something happened to them",
    UpdateKind.OTHER: "Other",
}
SEEN = {
    SeenAlone.YES: "Yes, alone",
    SeenAlone.NO: "No, with others",
    SeenAlone.NOT_SEEN: "Not seen",
}
SEEN_SHORT = {SeenAlone.YES: "Seen alone", SeenAlone.NO: "Seen with others", SeenAlone.NOT_SEEN: "Not seen"}
SHARED = {
    SharedWith.TEAM: "Those who work the case",
    SharedWith.PANEL: "They and the panel's members",
}
PARTS = {AllocationKind.LEAD: "Lead worker", AllocationKind.ALLOCATED: "Allocated"}
SOURCES = {RiskSource.UPDATE: "an update", RiskSource.DECISION: "a panel's decision", RiskSource.OPENING: "the opening"}
