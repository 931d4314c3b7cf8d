"""The list of cases and the page of one: what goes on, its risk, its updates, and what later packages show of it."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from flask import render_template, request

from safeguarding.access.permissions import Permission
from safeguarding.actions.due import Due, due_next
from safeguarding.audit import service as audit
from safeguarding.cases import queries, words
from safeguarding.cases.models import CaseState
from safeguarding.cases.queries import CaseView
from safeguarding.cases.views.blueprint import blueprint
from safeguarding.cases.workflow import LIVE
from safeguarding.core import clock
from safeguarding.people.audience import audience_of
from safeguarding.web.addresses import address
from safeguarding.web.guard import current_actor, permission
from safeguarding.web.sections import sections_for, tabs_for

_FILTERS: dict[str, tuple[str, frozenset[CaseState] | None]] = {
    "live": ("Live", LIVE),
    "stepped-down": ("Stepped down", frozenset({CaseState.STEPPED_DOWN})),
    "closed": ("Closed", frozenset({CaseState.CLOSED})),
    "transferred": ("Transferred", frozenset({CaseState.TRANSFERRED})),
    "all": ("All", None),
}


@dataclass(frozen=True)
class Chip:
    """A filter of the list."""

    label: str
    href: str
    current: bool


@dataclass(frozen=True)
class May:
    """What the actor may do with a case. Not a dictionary, whose `update` a template would take for a yes."""

    update: bool
    allocate: bool
    restrict: bool


@dataclass(frozen=True)
class RiskStep:
    """One step of the risk, as the picture draws it."""

    on: Any
    filled: int


@dataclass(frozen=True)
class Harm:
    """One thing that happened to the young person, as the picture draws it."""

    on: Any
    text: str


@blueprint.get("")
@permission(Permission.CASE_READ)
def index() -> str:
    """List the cases that the actor may read, newest activity first."""
    actor = current_actor()
    show = request.args.get("show", "live")
    chosen = show if show in _FILTERS else "live"
    rows = queries.list_cases(actor, states=_FILTERS[chosen][1], before=before_of(request.args.get("before")))
    shown = rows[: queries.PAGE]
    audit.record_read("cases:list:shown", actor, None, show=chosen, cases=[row.ref for row in shown])
    older = None
    if len(rows) > queries.PAGE:
        older = address("cases.index", show=chosen, before=place_of(shown[-1].active_at, shown[-1].id))
    chips = [
        Chip(label, address("cases.index", show=name), name == chosen) for name, (label, _states) in _FILTERS.items()
    ]
    return render_template(
        "cases/index.html", rows=shown, chips=chips, show=chosen, older=older, words=words, today=clock.today()
    )


@blueprint.get("/<ref>")
@permission(Permission.CASE_READ)
def case(ref: str) -> str:
    """Show one case with its newest 60 updates, or the 60 before a place in them."""
    actor = current_actor()
    view = queries.access_case(actor, ref)
    place = before_of(request.args.get("before"))
    updates = queries.list_updates(actor, view, before=place)
    shown = updates[: queries.UPDATES]
    risk = queries.list_risk(view)
    may = May(
        update=actor.may(Permission.CASE_UPDATE, view.relations),
        allocate=actor.may(Permission.CASE_ALLOCATE, view.relations),
        restrict=actor.may(Permission.CASE_RESTRICT, view.relations),
    )
    if view.is_live and actor.may(Permission.ACTION_ADD, view.relations):
        view = replace(view, add_action_href=address("cases.add_action", ref=view.ref))
    sections = sections_for("case", actor, view)
    models = [section.model for section in sections]
    audit.record_read("cases:case:shown", actor, view.ref, updates=len(shown))
    return render_template(
        "cases/case.html",
        view=view,
        case=view.row,
        words=words,
        updates=shown,
        is_older_page=place is not None,
        older=_older(view, updates),
        risk=risk,
        chart=_chart(view, risk, shown),
        audience=audience_of("case", view.id),
        may=may,
        sections=sections,
        tabs=tabs_for("case", actor),
        going_on=[line for model in models for line in model.get("going_on", ())],
        due=due_next(models, _own_due(view, shown)),
        links=[link for model in models for link in model.get("links", ())],
    )


def place_of(at: datetime, number: int) -> str:
    """Return a place in a list by time as an address says it."""
    return f"{at.isoformat()}_{number}"


def before_of(text: str | None) -> queries.Before | None:
    """Return the place in a list by time that an address names, or None when it names none."""
    instant, _, number = (text or "").partition("_")
    try:
        at = datetime.fromisoformat(instant)
    except ValueError:
        return None
    if at.tzinfo is None or not (number.isascii() and number.isdigit() and len(number) < 19):
        return None
    return at, int(number)


def _older(view: CaseView, updates: list[Any]) -> str | None:
    if len(updates) <= queries.UPDATES:
        return None
    last = updates[queries.UPDATES - 1]
    return address("cases.case", ref=view.ref, before=place_of(last.happened_at, last.id), _anchor="updates")


def _own_due(view: CaseView, updates: list[Any]) -> list[Due]:
    """Return the next review, and the next steps of the newest updates that still lie ahead or were just missed."""
    if not view.is_live:
        return []
    found = []
    if view.row.next_review_on is not None:
        found.append(Due(view.row.next_review_on, "Review this case"))
    since = clock.today() - timedelta(days=7)
    for update in updates[:5]:
        if update.next_step_on is not None and update.next_step_on >= since and not update.corrected_by:
            found.append(Due(update.next_step_on, _short(update.next_step), f"#{update.ref}"))
    return found


def _short(text: str, most: int = 80) -> str:
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"


def _chart(view: CaseView, risk: list[Any], updates: list[Any]) -> dict[str, Any] | None:
    """Return what the picture of the last year needs, or None when there is one step only: then words say it all."""
    if len(risk) < 2:
        return None
    today = clock.today()
    start = today - timedelta(days=365)
    steps = [RiskStep(clock.london(step.set_at).date(), words.FILLED[step.risk]) for step in reversed(risk)]
    earlier = [step for step in steps if step.on < start][-1:]
    within = [step for step in steps if step.on >= start]
    harms = [
        Harm(clock.london(update.happened_at).date(), words.KINDS[update.kind])
        for update in reversed(updates)
        if update.kind in queries.HARM and not update.corrected_by
    ]
    return {
        "changes": earlier + within,
        "start": start if earlier else min(start, within[0].on) if within else start,
        "end": today,
        "levels": list(words.RISKS.values()),
        "harms": [harm for harm in harms if harm.on >= start],
    }
