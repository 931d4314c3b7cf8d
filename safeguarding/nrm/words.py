"""How states, routes and entries of a referral read on pages. Words only."""

from safeguarding.nrm.clocks import ClockKey, Kind
from safeguarding.nrm.models import GroundsOutcome, NrmRoute

ROUTES = {
    NrmRoute.SCA: "Single Competent Authority",
    NrmRoute.IECA: "Immigration Enforcement Competent Authority",
    NrmRoute.PANEL: "Devolved panel",
}
OUTCOMES = {GroundsOutcome.POSITIVE: "Positive", GroundsOutcome.NEGATIVE: "Negative"}
CLOCKS = {
    ClockKey.REASONABLE_GROUNDS: "Reasonable grounds decision",
    ClockKey.RECOVERY_ENDS: "Recovery period",
    ClockKey.CONCLUSIVE_EARLIEST: "Conclusive grounds decision",
    ClockKey.CONCLUSIVE: "Conclusive grounds decision",
    ClockKey.RECONSIDERATION: "Asking for reconsideration",
}
KINDS = {Kind.TARGET: "Target", Kind.LIMIT: "Last day", Kind.MINIMUM: "Earliest day"}
EVENTS = {
    "identified": "Identified",
    "referred": "Referred",
    "consent_given": "Informed consent given",
    "rg_positive": "Reasonable grounds: positive",
    "rg_negative": "Reasonable grounds: negative",
    "cg_positive": "Conclusive grounds: positive",
    "cg_negative": "Conclusive grounds: negative",
}
