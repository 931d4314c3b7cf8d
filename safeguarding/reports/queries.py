"""Counts over everything the partnership holds, in one statement. They leave this package only through `disclosure`."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from itertools import chain
from typing import Any

from sqlalchemy import ColumnElement, Select, String, and_, case, cast, func, literal, select, union_all

from safeguarding.access.actor import Actor
from safeguarding.access.permissions import Permission
from safeguarding.actions.models import Action, ActionState
from safeguarding.actions.workflow import LIVE
from safeguarding.cases.models import Case, CaseState, Risk
from safeguarding.cases.workflow import LIVE as LIVE_CASES
from safeguarding.contexts.models import Context, ContextRisk
from safeguarding.core import clock
from safeguarding.core.codes import Code
from safeguarding.core.errors import ForbiddenError
from safeguarding.core.second_wall import Beyond, beyond
from safeguarding.extensions import db
from safeguarding.panels.models.decisions import Decision
from safeguarding.panels.policy import KIND_NAMES
from safeguarding.referrals.models import Referral, ReferralHarm, ReferralState, ScreeningOutcome
from safeguarding.relations.closing import is_closed
from safeguarding.reports.disclosure import Figure, Table, protect
from safeguarding.web.filters import words

MONTHS = 12
_LIVE = "live"
BANDS = ("low", "moderate", "high", "very_high", "too_few")
_OUTCOMES = {
    ScreeningOutcome.ACCEPT.value: "Accepted",
    ScreeningOutcome.ACCEPT_URGENT.value: "Accepted as urgent",
    ScreeningOutcome.MORE_INFORMATION.value: "More information asked",
    ScreeningOutcome.REDIRECT_FRONT_DOOR.value: "Redirected to the front door",
    ScreeningOutcome.REDIRECT_EARLY_HELP.value: "Redirected to early help",
    ScreeningOutcome.SINGLE_AGENCY.value: "One agency can do this",
    ScreeningOutcome.NO_FURTHER_ACTION.value: "No further action",
}
_ON_TIME = {
    "on_time": "Done on time",
    "late": "Done late",
    "overdue": "Not done yet, and overdue",
    "not_possible": "Not possible: circumstances changed",
    "not_done": "Not done",
    "replaced": "Replaced by another action",
}


@dataclass(frozen=True)
class Span:
    """The twelve whole months before this one; the present month would change from day to day, and so tell."""

    starts: tuple[date, ...]  # thirteen firsts of months: the last is where the span ends

    @property
    def first(self) -> date:
        """Return its first day."""
        return self.starts[0]

    @property
    def end(self) -> date:
        """Return the day after its last."""
        return self.starts[-1]

    def instant(self, place: int) -> datetime:
        """Return the instant at which a month begins in London."""
        return clock.at_london(self.starts[place], time())

    def holds(self, column: Any) -> ColumnElement[bool]:
        """Return the condition that an instant lies in the span."""
        return and_(column >= self.instant(0), column < self.instant(-1))

    def month_of(self, column: Any) -> ColumnElement[str]:
        """Return the place of an instant's month in the span, as text."""
        return case(*[(column < self.instant(n + 1), str(n)) for n in range(MONTHS)], else_=str(MONTHS))


def last_twelve_months(today: date) -> Span:
    """Return the twelve whole months before the month of a day."""
    this = today.year * 12 + today.month - 1
    return Span(tuple(date(n // 12, n % 12 + 1, 1) for n in range(this - MONTHS, this + 1)))


def count_tables(actor: Actor, span: Span) -> list[Table]:
    """Return every table of counts, protected, in the order they are shown."""
    if not actor.may(Permission.REPORT_COUNTS):
        raise ForbiddenError()
    parts = (_referrals(span), _harms(span), _cases(), _decisions(span), _actions(span), _contexts())
    found: dict[str, dict[str, int]] = {}
    with beyond(Beyond.COUNTS):
        rows = db.session.execute(union_all(*chain.from_iterable(parts))).all()
    for name, key, count in rows:
        found.setdefault(name, {})[key] = count
    tables = _tables(found, span)
    protect(tables)
    return tables


def _counted(name: str, source: Any, key: Any, *joins: Any, where: Sequence[ColumnElement[bool]] = ()) -> Select[Any]:
    plain = cast(key, String(200)).label("key")
    statement: Any = select(literal(name).label("name"), plain, func.count().label("number")).select_from(source)
    for target, on in joins:
        statement = statement.join(target, on)
    counted: Select[Any] = statement.where(*where).group_by("key")
    return counted


def _referrals(span: Span) -> list[Select[Any]]:
    outcome = case(
        (Referral.state == ReferralState.WITHDRAWN, "withdrawn"),
        (Referral.screening_outcome.is_(None), "waiting"),
        else_=cast(Referral.screening_outcome, String(60)),
    )
    within = [span.holds(Referral.submitted_at), _open("referral", Referral.id)]
    return [
        _counted("month", Referral, span.month_of(Referral.submitted_at), where=within),
        _counted("outcome", Referral, outcome, where=within),
    ]


def _harms(span: Span) -> list[Select[Any]]:
    today = clock.today()
    current = and_(
        Code.list == "harm_type",
        Code.code == ReferralHarm.code,
        Code.valid_from <= today,
        _unended(Code.valid_to, today),
    )
    joined = ((Referral, Referral.id == ReferralHarm.referral_id), (Code, current))
    return [
        _counted(
            "harm",
            ReferralHarm,
            Code.label,
            *joined,
            where=[span.holds(Referral.submitted_at), _open("referral", Referral.id)],
        )
    ]


def _open(kind: str, key: Any) -> ColumnElement[bool]:
    """Return the condition that a subject is not restricted: for whoever reads counts, a restricted record is not there."""
    return ~is_closed(kind, key)


def _unended(column: Any, today: date) -> ColumnElement[bool]:
    ended: ColumnElement[bool] = column.is_(None) | (column > today)
    return ended


def _cases() -> list[Select[Any]]:
    live = Case.state.in_(LIVE_CASES)
    state = case((live, _LIVE), else_=cast(Case.state, String(60)))
    known = _open("case", Case.id)
    return [_counted("state", Case, state, where=[known]), _counted("risk", Case, Case.risk, where=[live, known])]


def _decisions(span: Span) -> list[Select[Any]]:
    within = [span.holds(Decision.recorded_at), _open("item", Decision.item_id)]
    return [_counted("decision", Decision, Decision.kind, where=within)]


def _actions(span: Span) -> list[Select[Any]]:
    # On time is judged by the first due date, which never moves.
    done = Action.state == ActionState.DONE
    result = case(
        (and_(done, Action.completed_on <= Action.first_due_on), "on_time"),
        (done, "late"),
        (Action.state.in_(LIVE), "overdue"),
        (Action.state == ActionState.NOT_DONE, "not_done"),
        (Action.state == ActionState.SUPERSEDED, "replaced"),
        else_="not_possible",
    )
    within = [Action.first_due_on >= span.first, Action.first_due_on < span.end, _open("action", Action.id)]
    return [_counted("action", Action, result, where=within)]


def _contexts() -> list[Select[Any]]:
    band = case((ContextRisk.too_few, "too_few"), else_=ContextRisk.band)
    return [
        _counted(
            "band",
            ContextRisk,
            band,
            (Context, Context.id == ContextRisk.context_id),
            where=[Context.ended_on.is_(None)],
        )
    ]


def _tables(found: dict[str, dict[str, int]], span: Span) -> list[Table]:
    def rows(name: str, labels: dict[str, str]) -> list[Figure]:
        counts = found.get(name, {})
        return [Figure(label, counts.get(key, 0)) for key, label in labels.items()]

    def summed(title: str, made: list[Figure], total: Figure | None = None) -> Table:
        return Table(title, made, total or Figure("All", sum(row.count for row in made)))

    months = {str(n): f"{span.starts[n]:%B %Y}" for n in range(MONTHS)}
    outcomes = dict(_OUTCOMES)
    outcomes |= {"waiting": "Not screened yet", "withdrawn": "Withdrawn"}
    states = {_LIVE: "Open or under review"}
    states |= {each.value: words(each) for each in CaseState if each not in LIVE_CASES}
    by_month = summed("Referrals by month", rows("month", months))
    by_state = summed("Cases by state", rows("state", states))
    # The open cases are one row of the table of states and the total of the table of risks: one figure, shown alike.
    return [
        by_month,
        summed("What screening came to", rows("outcome", outcomes), by_month.total),
        Table("Kinds of harm named in referrals", _overlapping(found.get("harm", {})), None),
        by_state,
        summed("Open cases by risk", rows("risk", {each.value: words(each) for each in Risk}), by_state.rows[0]),
        summed("Decisions of panels", rows("decision", {kind.value: name for kind, name in KIND_NAMES.items()})),
        summed("Actions, by the day they were first due", rows("action", _ON_TIME)),
        summed("Places by risk band", rows("band", {band: _BAND_NAMES.get(band, words(band)) for band in BANDS})),
    ]


_BAND_NAMES = {"too_few": "Too few incidents to rate"}


def _overlapping(counts: dict[str, int]) -> list[Figure]:
    return [Figure(label, count) for label, count in sorted(counts.items(), key=lambda each: (-each[1], each[0]))]
