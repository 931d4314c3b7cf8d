"""How codes of places read on pages. Words only: no rule, no database."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from safeguarding.contexts.models import (
    ContextKind,
    ContextRole,
    ContextStep,
    FactorKind,
    GoalState,
    Handling,
    IncidentPart,
    IncidentSource,
    SourceGrade,
)
from safeguarding.contexts.rubric import Band
from safeguarding.contexts.vocabulary import ContextGrade, InformationGrade

TOO_FEW = "too_few"  # stands beside the bands where too few incidents were counted to rate a place


def _plain(code: StrEnum) -> str:
    return code.value.replace("_", " ").capitalize()


KINDS = {kind: _plain(kind) for kind in ContextKind} | {ContextKind.ONLINE: "Online space"}
STEPS = {step: _plain(step) for step in ContextStep} | {
    ContextStep.CLOSED_SAFER: "Closed, safer",
    ContextStep.CLOSED_NO_EVIDENCE: "Closed, no evidence",
}
BANDS = {band.value: band.label.capitalize() for band in Band} | {TOO_FEW: "Too few to rate"}
LEVELS = {grade: grade.label for grade in ContextGrade}
GRADE_BARS = {grade: number for number, grade in enumerate(ContextGrade, start=1)}
INFORMATION = {
    InformationGrade.A: "A, known directly",
    InformationGrade.B: "B, known indirectly but corroborated",
    InformationGrade.C: "C, known indirectly",
    InformationGrade.D: "D, not known",
    InformationGrade.E: "E, suspected to be false",
    InformationGrade.UNGRADED: "Not graded yet",
}
SOURCES = {
    SourceGrade.RELIABLE: "1, reliable",
    SourceGrade.UNTESTED: "2, untested",
    SourceGrade.NOT_RELIABLE: "3, not reliable",
}
HANDLING = {
    Handling.PERMITTED: "P, may be passed on lawfully",
    Handling.CONDITIONS: "C, may be passed on under conditions",
}
FACTORS = {
    FactorKind.FINDING: "Finding of an assessment",
    FactorKind.CONCERN: "Concern of young people or residents",
    FactorKind.GUARDIAN: "Named guardian",
}
GOALS: Mapping[GoalState, tuple[str, str, str]] = {
    GoalState.OPEN: ("Open", "blue", "flag"),
    GoalState.EVIDENCED: ("Reached, with evidence", "green", "tick"),
    GoalState.NOT_REACHED: ("Not reached", "orange", "cross"),
    GoalState.WITHDRAWN: ("Withdrawn", "grey", "dash"),
}
ROLES = {
    ContextRole.SAFE_HERE: "Is safe here",
    ContextRole.AT_RISK_HERE: "Is at risk here",
    ContextRole.HARMED_HERE: "Was harmed here",
    ContextRole.ATTENDS: "Comes here",
    ContextRole.LIVES_NEAR: "Lives near",
    ContextRole.MAY_POSE_RISK_HERE: "May pose a risk here",
}
PARTS = {
    IncidentPart.HARMED: "Was harmed in an incident here",
    IncidentPart.AT_RISK: "Was at risk in an incident here",
    IncidentPart.WITNESS: "Saw an incident here",
    IncidentPart.MAY_POSE_RISK: "May pose a risk: an incident here",
    IncidentPart.ASSOCIATE: "Was there in an incident here",
}
POLICE = {
    IncidentSource.POLICE_STREET: "Street-level crime",
    IncidentSource.POLICE_STOP_AND_SEARCH: "Stop and search",
}


def choices(labels: Mapping[Any, str]) -> list[tuple[str, str]]:
    """Return labels as the choices of a field: (value, label)."""
    return [(str(getattr(code, "value", code)), label) for code, label in labels.items()]
