"""The clocks of the National Referral Mechanism: dates and how each was worked out. Pure.

Lengths change by date, so each rule holds from a day and names its source; a clock uses the rule of the day on which it
starts. A working day is Monday to Friday without the bank holidays of England and Wales; the day a clock starts is day 0.
A birthday on 29 February falls on 1 March in a common year. None of this decides anything: a clock that has run out is
shown, and changes no state.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from safeguarding.core.errors import RuleError
from safeguarding.core.working_days import add_working_days, bank_holidays, is_working_day
from safeguarding.nrm.models import GroundsOutcome, NrmRoute, NrmState

ADULT = 18
PANEL_MARGIN = 100  # days to the eighteenth birthday: a devolved panel needs more than these
ALWAYS = date(2000, 1, 1)
SOON = 3  # days

_GUIDANCE = "Home Office, Modern Slavery: statutory guidance for England and Wales"
_PILOT = "Home Office, guidance on devolving child decision-making in the National Referral Mechanism"
_POLICY = "Home Office, National Referral Mechanism reconsideration policy"


class ClockKey(StrEnum):
    """Which clock it is."""

    REASONABLE_GROUNDS = "reasonable_grounds"
    RECOVERY_ENDS = "recovery_ends"
    CONCLUSIVE_EARLIEST = "conclusive_earliest"
    CONCLUSIVE = "conclusive"
    RECONSIDERATION = "reconsideration"


class Unit(StrEnum):
    """What is counted."""

    WORKING = "working"
    CALENDAR = "calendar"


class Kind(StrEnum):
    """What a day means: to be aimed at, not to be passed, not to be reached before."""

    TARGET = "target"
    LIMIT = "limit"
    MINIMUM = "minimum"


@dataclass(frozen=True)
class Rule:
    """One length of one clock, for the routes and from the day that it holds."""

    key: ClockKey
    routes: frozenset[NrmRoute]
    days: int
    unit: Unit
    kind: Kind
    holds_from: date
    words: str
    source: str


@dataclass(frozen=True)
class Clock:
    """One clock of one referral."""

    rule: Rule
    starts: date
    due: date
    arithmetic: str

    @property
    def key(self) -> ClockKey:
        """Which clock it is."""
        return self.rule.key

    @property
    def is_minimum(self) -> bool:
        """Whether its day is one not to be reached before, so that passing it is no lateness."""
        return self.rule.kind is Kind.MINIMUM

    def days_gone(self, today: date) -> int:
        """Return how many of its days are gone, counted as the clock counts them, never below 0."""
        if self.rule.unit is Unit.CALENDAR:
            return max((today - self.starts).days, 0)
        gone, day = 0, self.starts
        while day < today and gone < self.rule.days * 3:  # enough to fill any bar; a clock long past is simply late
            day += timedelta(days=1)
            gone += is_working_day(day)
        return gone

    def left(self, today: date) -> tuple[str, str]:
        """Return what is left in words, and its tone: `late`, `soon` or nothing."""
        days = (self.due - today).days
        if self.is_minimum:
            return (f"{days} {_days(days)} to the earliest day", "") if days > 0 else ("No target applies", "")
        if days < 0:
            return f"{-days} {_days(-days)} late", "late"
        return ("Today" if days == 0 else f"{days} {_days(days)} left"), "soon" if days <= SOON else ""

    def to_json(self) -> dict[str, object]:
        """Return the shape that other programs rely on."""
        return {
            "key": self.rule.key.value,
            "due": self.due.isoformat(),
            "days": self.rule.days,
            "unit": self.rule.unit.value,
            "status": self.rule.kind.value,
            "rule": self.rule.words,
            "source": self.rule.source,
            "arithmetic": self.arithmetic,
        }


_AUTHORITIES = frozenset({NrmRoute.SCA, NrmRoute.IECA})
_PANEL = frozenset({NrmRoute.PANEL})
_ALL = _AUTHORITIES | _PANEL

RULES = (
    Rule(
        ClockKey.REASONABLE_GROUNDS,
        _AUTHORITIES,
        5,
        Unit.WORKING,
        Kind.TARGET,
        ALWAYS,
        "Reasonable grounds within 5 working days of the referral, where possible",
        _GUIDANCE,
    ),
    Rule(
        ClockKey.REASONABLE_GROUNDS,
        _PANEL,
        45,
        Unit.CALENDAR,
        Kind.LIMIT,
        ALWAYS,
        "Reasonable grounds no later than 45 days from the referral",
        _PILOT,
    ),
    Rule(
        ClockKey.RECOVERY_ENDS,
        _ALL,
        45,
        Unit.CALENDAR,
        Kind.MINIMUM,
        ALWAYS,
        "A recovery period of at least 45 days from positive reasonable grounds, until 13 December 2022",
        _GUIDANCE,
    ),
    Rule(
        ClockKey.RECOVERY_ENDS,
        _ALL,
        30,
        Unit.CALENDAR,
        Kind.MINIMUM,
        date(2022, 12, 13),
        "A recovery period of at least 30 days from positive reasonable grounds",
        _GUIDANCE,
    ),
    Rule(
        ClockKey.CONCLUSIVE_EARLIEST,
        _AUTHORITIES,
        45,
        Unit.CALENDAR,
        Kind.MINIMUM,
        ALWAYS,
        "Conclusive grounds no earlier than 45 days after positive reasonable grounds, until 13 December 2022",
        _GUIDANCE,
    ),
    Rule(
        ClockKey.CONCLUSIVE_EARLIEST,
        _AUTHORITIES,
        30,
        Unit.CALENDAR,
        Kind.MINIMUM,
        date(2022, 12, 13),
        "Conclusive grounds no earlier than 30 days after positive reasonable grounds; after that no target applies",
        _GUIDANCE,
    ),
    Rule(
        ClockKey.CONCLUSIVE,
        _PANEL,
        90,
        Unit.CALENDAR,
        Kind.LIMIT,
        ALWAYS,
        "Conclusive grounds within 90 days of the referral, at the same meeting if the evidence suffices",
        "The partnership's own: no published limit was found",
    ),
    Rule(
        ClockKey.RECONSIDERATION,
        _ALL,
        30,
        Unit.CALENDAR,
        Kind.LIMIT,
        ALWAYS,
        "A reconsideration is asked for within 30 days of a negative decision",
        _POLICY,
    ),
)


def birthday(born_on: date, years: int) -> date:
    """Return the day on which somebody turns so many years old; of 29 February it is 1 March in a common year."""
    try:
        return born_on.replace(year=born_on.year + years)
    except ValueError:
        return date(born_on.year + years, 3, 1)


def age_on(born_on: date | None, day: date) -> int | None:
    """Return the age in whole years, or None when the date of birth is not known."""
    if born_on is None:
        return None
    years = day.year - born_on.year
    return years if birthday(born_on, years) <= day else years - 1


def is_panel_eligible(born_on: date | None, referred_on: date) -> bool:
    """Return whether a devolved panel may decide: under 18 with more than 100 days to the eighteenth birthday.

    Somebody whose date of birth is not known is treated as a child, but eligibility needs a date to count from.
    """
    if born_on is None or born_on > referred_on:
        return False
    return (birthday(born_on, ADULT) - referred_on).days > PANEL_MARGIN


def route_for(born_on: date | None, referred_on: date, wanted: NrmRoute | None = None) -> NrmRoute:
    """Return who decides: the route wanted, or by the age rule the devolved panel where it may, else the Single Competent
    Authority. It is settled on the day of referral and does not change with a later birthday.

    Raises RuleError when a panel is wanted for somebody who is not eligible.
    """
    eligible = is_panel_eligible(born_on, referred_on)
    if wanted is None:
        return NrmRoute.PANEL if eligible else NrmRoute.SCA
    if wanted is NrmRoute.PANEL and not eligible:
        raise RuleError(_why_not(born_on, referred_on), "route")
    return wanted


def clocks_for(
    *,
    referred_on: date,
    route: NrmRoute,
    positive_rg_on: date | None = None,
    negative_on: date | None = None,
) -> list[Clock]:
    """Return the clocks of a referral, in the order in which they start.

    `positive_rg_on` is the day of a positive reasonable grounds decision, `negative_on` that of a negative decision of
    either kind. Raises RuleError when a decision is dated before the referral.
    """
    for day, name in ((positive_rg_on, "reasonable grounds decision"), (negative_on, "decision")):
        if day is not None and day < referred_on:
            raise RuleError(f"The {name} cannot be before {_written(referred_on)}, the day of referral.")
    starts = {
        ClockKey.REASONABLE_GROUNDS: referred_on,
        ClockKey.RECOVERY_ENDS: positive_rg_on,
        ClockKey.CONCLUSIVE_EARLIEST: positive_rg_on,
        ClockKey.CONCLUSIVE: referred_on,
        ClockKey.RECONSIDERATION: negative_on,
    }
    found = []
    for key, start in starts.items():
        rule = _rule(key, route, start) if start is not None else None
        if rule is not None and start is not None:
            found.append(_clock(rule, start))
    return found


def next_clock(
    *,
    state: NrmState,
    route: NrmRoute,
    referred_on: date | None,
    rg_outcome: GroundsOutcome | None,
    rg_decided_on: date | None,
    cg_decided_on: date | None,
) -> Clock | None:
    """Return the clock that a referral waits for, or None when none runs."""
    if referred_on is None:
        return None
    positive = rg_decided_on if rg_outcome is GroundsOutcome.POSITIVE else None
    negative = {NrmState.RG_NEGATIVE: rg_decided_on, NrmState.CG_NEGATIVE: cg_decided_on}.get(state)
    waited_for = {
        NrmState.RG_PENDING: (ClockKey.REASONABLE_GROUNDS,),
        NrmState.CG_PENDING: (ClockKey.CONCLUSIVE, ClockKey.CONCLUSIVE_EARLIEST),
        NrmState.RG_NEGATIVE: (ClockKey.RECONSIDERATION,),
        NrmState.CG_NEGATIVE: (ClockKey.RECONSIDERATION,),
    }.get(state, ())
    running = clocks_for(referred_on=referred_on, route=route, positive_rg_on=positive, negative_on=negative)
    return next((clock for clock in running if clock.key in waited_for), None)


def _rule(key: ClockKey, route: NrmRoute, start: date) -> Rule | None:
    """Return the rule that holds on the day a clock starts."""
    holding = [rule for rule in RULES if rule.key is key and route in rule.routes and rule.holds_from <= start]
    return max(holding, key=lambda rule: rule.holds_from, default=None)


def _clock(rule: Rule, start: date) -> Clock:
    if rule.unit is Unit.WORKING:
        due = add_working_days(start, rule.days)
        without = [day for day in sorted(bank_holidays()) if start < day <= due and day.weekday() < 5]
        name = "bank holiday" if len(without) == 1 else "bank holidays"
        counted = f"{rule.days} working days" + (f", without the {name} on {_listed(without)}," if without else "")
    else:
        due = start + timedelta(days=rule.days)
        counted = f"{rule.days} days"
    return Clock(rule, start, due, f"{_weekday(start)} + {counted} = {_weekday(due)}")


def _why_not(born_on: date | None, referred_on: date) -> str:
    if born_on is None:
        return (
            "A devolved panel needs a date of birth: it decides only more than 100 days before the eighteenth birthday."
        )
    days = (birthday(born_on, ADULT) - referred_on).days
    if days <= 0:
        return "A devolved panel decides for children only: they were 18 or older on the day of referral."
    return (
        f"A devolved panel decides only more than {PANEL_MARGIN} days before the eighteenth birthday; on the day of"
        f" referral it was {days} {_days(days)} away."
    )


def _days(count: int) -> str:
    return "day" if count == 1 else "days"


def _written(day: date) -> str:
    return f"{day.day} {day:%B %Y}"


def _weekday(day: date) -> str:
    return f"{day:%A} {_written(day)}"


def _listed(days: Iterable[date]) -> str:
    written = [_written(day) for day in days]
    if len(written) < 2:
        return "".join(written)
    return f"{', '.join(written[:-1])} and {written[-1]}"
