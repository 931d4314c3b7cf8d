"""The words that stored incidents, files and the rubric share: harms, information grades, how exactly a time is known.

Owns the codes and their plain words. It must not know the database, Flask or any number of a rubric.
"""

from enum import StrEnum


class IncidentHarm(StrEnum):
    """The harm an incident stands for: the strongest that applies, strongest first."""

    THREAT_TO_LIFE = "threat_to_life"
    WEAPON_VIOLENCE_WITH_INJURY = "weapon_violence_with_injury"
    SEXUAL = "sexual"
    VIOLENCE_WITH_INJURY = "violence_with_injury"
    EXPLOITATION = "exploitation"
    WEAPON = "weapon"
    ROBBERY = "robbery"
    VIOLENCE_WITHOUT_INJURY = "violence_without_injury"
    DRUGS_SUPPLY = "drugs_supply"
    FOUND_MISSING = "found_missing"
    OTHER = "other"

    @property
    def label(self) -> str:
        """Plain words for a page or an export."""
        return _HARM_LABELS[self]


_HARM_LABELS = {
    IncidentHarm.THREAT_TO_LIFE: "Threat to life",
    IncidentHarm.WEAPON_VIOLENCE_WITH_INJURY: "Weapon violence with injury",
    IncidentHarm.SEXUAL: "Sexual exploitation or assault",
    IncidentHarm.VIOLENCE_WITH_INJURY: "Violence with injury",
    IncidentHarm.EXPLOITATION: "Exploitation or recruitment",
    IncidentHarm.WEAPON: "Weapon",
    IncidentHarm.ROBBERY: "Robbery",
    IncidentHarm.VIOLENCE_WITHOUT_INJURY: "Violence without injury",
    IncidentHarm.DRUGS_SUPPLY: "Drugs supply",
    IncidentHarm.FOUND_MISSING: "A missing young person was found here",
    IncidentHarm.OTHER: "Other incident",
}


class InformationGrade(StrEnum):
    """The information grade of the 3x5x2 system, known directly (a) to suspected false (e)."""

    A = "a"
    B = "b"
    C = "c"
    D = "d"
    E = "e"
    UNGRADED = "ungraded"

    @property
    def label(self) -> str:
        """Plain words for a page or an export."""
        return "awaiting a grade" if self is InformationGrade.UNGRADED else f"grade {self.value.upper()}"


class Precision(StrEnum):
    """How exactly the time of an incident is known."""

    MONTH = "month"
    DAY = "day"
    INSTANT = "instant"


class ContextGrade(StrEnum):
    """The level of response people judge a context to need."""

    UNIVERSAL = "universal"
    UNIVERSAL_PLUS = "universal_plus"
    COMPLEX_HIGH = "complex_high"

    @property
    def label(self) -> str:
        """Plain words for a page or an export."""
        return _GRADE_LABELS[self]


_GRADE_LABELS = {
    ContextGrade.UNIVERSAL: "Universal",
    ContextGrade.UNIVERSAL_PLUS: "Universal plus",
    ContextGrade.COMPLEX_HIGH: "Complex or high risk",
}
