"""The page of a place: how risky it is now and why, its history, its goals; its incidents and its people apart."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from flask import render_template, request, url_for

from safeguarding.access.actor import Actor
from safeguarding.access.permissions import Permission
from safeguarding.actions.due import Due, due_next
from safeguarding.audit import service as audit
from safeguarding.contexts import queries, risk, showing, words
from safeguarding.contexts.models import GoalState
from safeguarding.contexts.service import CLOSED
from safeguarding.contexts.views.blueprint import blueprint
from safeguarding.contexts.views.sealed import sealing_of
from safeguarding.core import clock
from safeguarding.people.sealed import queries as sealed_fields
from safeguarding.web.guard import current_actor, permission
from safeguarding.web.sections import sections_for


@dataclass(frozen=True)
class May:
    """What the actor may do here."""

    review: bool
    record: bool
    see_people: bool


@blueprint.get("/<ref>")
@permission(Permission.CONTEXT_READ)
def context(ref: str) -> str:
    """Show one place."""
    actor = current_actor()
    place, may, today = queries.access_context(actor, ref), may_of(actor), clock.today()
    told, facts = queries.told(place.id), queries.facts(place.id)
    background = queries.background_months(place.id, since=showing.background_since(today))
    shown = showing.show(place, told, facts, background, today)
    sections = sections_for("context", actor, place)
    audit.record_read("contexts:context:shown", actor, place.ref, score=shown.explanation.score)
    return render_template(
        "contexts/context.html",
        place=place,
        shown=shown,
        words=words,
        sections=sections,
        due=due_next([section.model for section in sections], _own_due(place, shown, may)),
        may=may,
        today=today,
    )


@blueprint.get("/<ref>/incidents")
@permission(Permission.CONTEXT_READ)
def incidents(ref: str) -> str:
    """List what partners told of a place, or the open police data near it, newest first."""
    actor = current_actor()
    place, today = queries.glance_at(actor, ref), clock.today()
    published = request.args.get("source") == "police"
    rows = queries.list_incidents(place.id, published, _before(request.args.get("before")))
    shown = rows[: queries.PAGE]
    audit.record_read("contexts:incidents:shown", actor, place.ref, count=len(shown), published=published)
    return render_template(
        "contexts/incidents.html",
        place=place,
        rows=shown,
        published=published,
        older=_older(place.ref, shown[-1], published) if len(rows) > queries.PAGE else None,
        words=words,
        may=may_of(actor),
        oldest=showing.oldest_counted(risk.load_rubric(today), today),
    )


@blueprint.get("/<ref>/incidents/<incident_ref>")
@permission(Permission.CONTEXT_READ)
def incident(ref: str, incident_ref: str) -> str:
    """Show one incident that a partner told."""
    actor = current_actor()
    place = queries.glance_at(actor, ref)
    found = queries.access_incident(place, incident_ref)
    readable = queries.may_read_text(actor, found)
    audit.record_read("contexts:incident:shown", actor, found.ref, held_back=not readable)
    return render_template(
        "contexts/incident.html",
        place=place,
        incident=found,
        readable=readable,
        words=words,
        may=may_of(actor),
        sealed=sealed_fields.shown(actor, sealing_of(found), found) if readable else [],
        sealed_links=lambda _name: {
            "ask": url_for("contexts.ask_informant", ref=place.ref, incident_ref=found.ref),
            "reveal": url_for("contexts.reveal_informant", ref=place.ref, incident_ref=found.ref),
        },
        may_ask=actor.holds(Permission.SEALED_SEE),
        may_seal=False,
    )


@blueprint.get("/<ref>/people")
@permission(Permission.CONTEXT_PEOPLE)
def people(ref: str) -> str:
    """List the people linked to a place whom the actor may see."""
    actor = current_actor()
    place = queries.glance_at(actor, ref)
    rows = queries.list_people(actor, place)
    audit.record_read("contexts:people:shown", actor, place.ref, people=sorted({row.ref for row in rows}))
    return render_template("contexts/people.html", place=place, rows=rows, words=words)


def may_of(actor: Actor) -> May:
    """Return what an actor may do at a place that they may see."""
    return May(
        review=actor.may(Permission.CONTEXT_REVIEW),
        record=actor.may(Permission.INCIDENT_RECORD),
        see_people=actor.holds(Permission.CONTEXT_PEOPLE),
    )


def _own_due(place: Any, shown: showing.Shown, may: May) -> list[Due]:
    found = []
    if place.next_review_on is not None and place.step not in CLOSED:
        review = url_for("contexts.review", ref=place.ref) if may.review else None
        found.append(Due(place.next_review_on, "Review this place", review))
    for goal in shown.goals:
        if goal.state == GoalState.OPEN and goal.due_on is not None:
            found.append(Due(goal.due_on, "Goal to be reached", f"#{goal.ref}", goal.title))
    return found


def _older(ref: str, last: Any, published: bool) -> str:
    before = f"{last.happened_on.isoformat()}_{last.id}"
    return url_for("contexts.incidents", ref=ref, before=before, source="police" if published else None)


def _before(text: str | None) -> tuple[date, int] | None:
    """Return the place in a list of incidents that an address names, or None when it names none."""
    day, _, number = (text or "").partition("_")
    try:
        on = date.fromisoformat(day)
    except ValueError:
        return None
    return (on, int(number)) if number.isascii() and number.isdigit() and len(number) < 19 else None
