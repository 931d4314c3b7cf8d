"""Forms about a place: an incident recorded or corrected, a review, a goal and how it ended, a factor, a new place."""

from typing import Any

from flask import flash, url_for

from safeguarding.access.actor import Actor
from safeguarding.access.permissions import Permission
from safeguarding.accounts.queries import staff_choices
from safeguarding.actions import service as actions
from safeguarding.actions.models import ActionOrigin, ActionSubject
from safeguarding.contexts import forms, queries, risk, service, showing, words
from safeguarding.contexts.models import (
    ContextKind,
    ContextStep,
    FactorKind,
    GoalState,
    Handling,
    SafetyGoal,
    SourceGrade,
)
from safeguarding.contexts.rubric import GRADE_OF_BAND, Explanation
from safeguarding.contexts.views.blueprint import blueprint
from safeguarding.contexts.vocabulary import ContextGrade, IncidentHarm, InformationGrade
from safeguarding.contexts.workflow import CONTEXT
from safeguarding.core import clock
from safeguarding.core.errors import RuleError, StaleError
from safeguarding.web import pages
from safeguarding.web.forms import instant_of
from safeguarding.web.guard import current_actor, permission

_AT_FORM = {"title": "action_title", "due_on": "action_due_on", "owner_user_id": "action_owner"}
REVIEW = Permission.CONTEXT_REVIEW


@blueprint.route("/add", methods=["GET", "POST"])
@permission(REVIEW)
def add() -> Any:
    """Add a place."""
    actor = current_actor()
    form = forms.ContextForm()
    if form.validate_on_submit():
        try:
            form.claim(actor.key)
            made = service.add_context(actor, **_place_of(form))
        except RuleError as error:
            form.add_rule_error(error)
        else:
            return _done(made.ref, "Place added.")
    return pages.form_page("contexts/add.html", form)


def _place_of(form: forms.ContextForm) -> dict[str, Any]:
    return {
        "name": form.name.data or "",
        "kind": ContextKind(form.kind.data or ""),
        "ward": form.ward.data,
        "postcode": form.postcode.data,
        "latitude": float(form.latitude.data) if form.latitude.data else None,
        "longitude": float(form.longitude.data) if form.longitude.data else None,
        "description": form.description.data,
        "what_is_strong": form.what_is_strong.data,
        "is_restricted": bool(form.is_restricted.data),
        "aliases": forms.lines_of(form.aliases.data),
        "next_review_on": form.next_review_on.data,
    }


@blueprint.route("/<ref>/incidents/record", methods=["GET", "POST"])
@permission(Permission.INCIDENT_RECORD)
def record_incident(ref: str) -> Any:
    """Record an incident at a place."""
    actor = current_actor()
    place = queries.glance_at(actor, ref, Permission.INCIDENT_RECORD)
    form = forms.IncidentForm()
    if form.validate_on_submit():
        try:
            form.claim(actor.key)
            service.record_incident(actor, context_id=place.id, **_incident_of(form))
        except RuleError as error:
            form.add_rule_error(error)
        else:
            return _done(place.ref, "Incident recorded. The score was worked out again.")
    form.informant.data = None  # typed again after a mistake rather than shown
    return pages.form_page("contexts/record_incident.html", form, place=place)


def _incident_of(form: forms.IncidentForm) -> dict[str, Any]:
    return {
        **_graded(form),
        "happened_on": form.happened_on.data or clock.today(),
        "happened_at": instant_of(form.happened_on.data, form.happened_at.data),
        "month_only": bool(form.month_only.data),
        "place_certain": form.where.data == "certain",
        "handling": Handling(form.handling.data or ""),
        "handling_conditions": form.handling_conditions.data,
        "told_by": form.told_by.data,
        "informant": form.informant.data,
    }


def _graded(form: forms.IncidentForm | forms.CorrectForm) -> dict[str, Any]:
    return {
        "harm": IncidentHarm(form.harm.data or ""),
        "grade": InformationGrade(form.grade.data or ""),
        "source_grade": SourceGrade(form.source_grade.data) if form.source_grade.data else None,
        "involves_young_person": forms.SURE[form.young.data or ""],
        "description": form.description.data,
    }


@blueprint.route("/<ref>/incidents/<incident_ref>/correct", methods=["GET", "POST"])
@permission(REVIEW)
def correct_incident(ref: str, incident_ref: str) -> Any:
    """Grade or correct an incident; the earlier version is kept."""
    actor = current_actor()
    place = queries.glance_at(actor, ref, REVIEW)
    found = queries.access_incident(place, incident_ref)
    standing = _standing(found)
    form = forms.CorrectForm(version=found.version_no, **standing)
    if form.validate_on_submit():
        try:
            entity = queries.incident_entity(found.id)
            service.correct_incident(actor, entity, read_version=form.read_version, **_graded(form))
        except RuleError as error:
            form.add_rule_error(error)
        except StaleError:
            back = url_for("contexts.incident", ref=place.ref, incident_ref=found.ref)
            return pages.conflict_page(form, standing, back)
        else:
            return _done(place.ref, "Incident corrected. The score was worked out again.")
    return pages.form_page("contexts/correct_incident.html", form, place=place, incident=found)


def _standing(found: Any) -> dict[str, Any]:
    young = "yes" if found.involves_young_person else "not_known" if found.counts else "no"
    return {
        "harm": found.harm.value if found.harm else None,
        "grade": found.grade.value,
        "source_grade": found.source_grade.value if found.source_grade else None,
        "young": young,
        "description": found.description,
    }


@blueprint.route("/<ref>/review", methods=["GET", "POST"])
@permission(REVIEW)
def review(ref: str) -> Any:
    """Record a judgement beside what the rubric works out today."""
    actor = current_actor()
    place = queries.glance_at(actor, ref, REVIEW)
    explanation = risk.explain(place.id, place.ref, clock.today())
    form = forms.ReviewForm(version=place.version, step=_likely_step(place.step))
    form.step.choices = [(step.value, words.STEPS[step]) for step in ContextStep if step in CONTEXT[place.step]]
    form.step.choices.insert(0, (forms.STAYS, f"Stays at: {words.STEPS[place.step].lower()}"))
    if form.validate_on_submit():
        try:
            form.claim(actor.key)
            service.review_context(
                actor,
                place.id,
                grade=ContextGrade(form.grade.data or ""),
                rationale=form.rationale.data or "",
                differs_reason=form.differs_reason.data,
                step=None if form.step.data == forms.STAYS else ContextStep(form.step.data or ""),
                next_review_on=form.next_review_on.data or clock.today(),
                read_version=form.read_version,
            )
        except RuleError as error:
            form.add_rule_error(error)
        except StaleError:
            current = {"grade": place.grade, "rationale": None, "next_review_on": place.next_review_on}
            return pages.conflict_page(form, current, url_for("contexts.context", ref=place.ref))
        else:
            return _done(place.ref, "Review recorded.")
    return pages.form_page("contexts/review.html", form, place=place, shown=_reviewed(explanation), words=words)


def _likely_step(step: ContextStep) -> str:
    """A running plan is under review while it is reviewed; otherwise nothing moves unless somebody says so."""
    return ContextStep.REVIEW.value if step is ContextStep.PLAN_ACTIVE else forms.STAYS


def _reviewed(explanation: Explanation) -> dict[str, Any]:
    return {
        "explanation": explanation,
        "band": words.TOO_FEW if explanation.too_few else explanation.band.value,
        "speaks_for": None if explanation.too_few else GRADE_OF_BAND[explanation.band].label,
        "lines": showing.lines_of(explanation)[:10],
    }


@blueprint.route("/<ref>/goals/set", methods=["GET", "POST"])
@permission(REVIEW)
def set_goal(ref: str) -> Any:
    """Set a safety goal, where wanted with its first action."""
    actor = current_actor()
    place = queries.glance_at(actor, ref, REVIEW)
    form = forms.GoalForm()
    form.action_owner.choices = _owners(staff_choices())
    if form.validate_on_submit():
        try:
            form.claim(actor.key)
            goal = service.set_goal(
                actor,
                place.id,
                statement=form.statement.data or "",
                hoped_change=form.hoped_change.data or "",
                measure=form.measure.data or "",
                baseline=form.baseline.data,
                due_on=form.due_on.data,
            )
            _add_action(actor, place, goal, form)
        except RuleError as error:
            form.add_rule_error(error)
        else:
            return _done(place.ref, "Goal set.", goal.ref)
    return pages.form_page("contexts/set_goal.html", form, place=place)


def _add_action(actor: Actor, place: Any, goal: SafetyGoal, form: forms.GoalForm) -> None:
    """Add the first action in the transaction of its goal: both are there, or neither.

    The hub sees it also where the place is restricted: those who review places are the hub.
    """
    if not form.action_title.data:
        return
    agency, _, user = str(form.action_owner.data).partition("-")
    try:
        actions.add_action(
            actor,
            subject=(ActionSubject.CONTEXT, place.id),
            title=form.action_title.data,
            owner_agency_id=int(agency),
            owner_user_id=int(user) if user else None,
            due_on=form.action_due_on.data or clock.today(),
            origin=(ActionOrigin.GOAL, goal.id),
            permission=REVIEW,
        )
    except RuleError as error:
        raise RuleError(error.message, _AT_FORM.get(error.field or "")) from error


def _owners(staff: list[Any]) -> list[tuple[str, str]]:
    """Return agencies, each followed by its people, as choices: `agency` or `agency-person`."""
    offered = [("", "Choose")]
    seen: set[int] = set()
    for row in staff:
        if row.agency_id not in seen:
            seen.add(row.agency_id)
            offered.append((str(row.agency_id), f"{row.agency_name}: nobody named yet"))
        offered.append((f"{row.agency_id}-{row.id}", f"{row.agency_name}: {row.name}"))
    return offered


@blueprint.route("/<ref>/goals/<goal_ref>/end", methods=["GET", "POST"])
@permission(REVIEW)
def end_goal(ref: str, goal_ref: str) -> Any:
    """Record how a goal ended, with what shows it."""
    actor = current_actor()
    place = queries.glance_at(actor, ref, REVIEW)
    goal = queries.access_goal(place, goal_ref)
    form = forms.GoalEndForm(version=goal.version)
    if form.validate_on_submit():
        try:
            service.evidence_goal(
                actor,
                place.id,
                goal.id,
                outcome=GoalState(form.outcome.data or ""),
                evidence=form.evidence.data or "",
                evidenced_on=form.evidenced_on.data or clock.today(),
                read_version=form.read_version,
            )
        except RuleError as error:
            form.add_rule_error(error)
        except StaleError:
            current = {"outcome": goal.state, "evidence": goal.evidence, "evidenced_on": goal.evidenced_on}
            return pages.conflict_page(form, current, url_for("contexts.context", ref=place.ref))
        else:
            return _done(place.ref, "Recorded how the goal ended.", goal.ref)
    return pages.form_page("contexts/end_goal.html", form, place=place, goal=goal)


@blueprint.route("/<ref>/factors/add", methods=["GET", "POST"])
@permission(REVIEW)
def add_factor(ref: str) -> Any:
    """Record a finding, a concern or a guardian."""
    actor = current_actor()
    place = queries.glance_at(actor, ref, REVIEW)
    form = forms.FactorForm()
    if form.validate_on_submit():
        try:
            form.claim(actor.key)
            service.add_factor(
                actor,
                place.id,
                kind=FactorKind(form.kind.data or ""),
                text=form.text.data or "",
                source=form.source.data or "",
                happened_on=form.happened_on.data or clock.today(),
            )
        except RuleError as error:
            form.add_rule_error(error)
        else:
            return _done(place.ref, "Recorded. The score was worked out again.", "assessed")
    return pages.form_page("contexts/add_factor.html", form, place=place)


@blueprint.route("/<ref>/factors/<int:factor_id>/end", methods=["GET", "POST"])
@permission(REVIEW)
def end_factor(ref: str, factor_id: int) -> Any:
    """Record that a factor no longer holds."""
    actor = current_actor()
    place = queries.glance_at(actor, ref, REVIEW)
    factor = queries.access_factor(place, factor_id)
    form = forms.FactorEndForm()
    if form.validate_on_submit():
        try:
            form.claim(actor.key)
            service.end_factor(actor, place.id, factor.id, ended_on=form.ended_on.data or clock.today())
        except RuleError as error:
            form.add_rule_error(error)
        else:
            return _done(place.ref, "Ended. The score was worked out again.", "assessed")
    return pages.form_page("contexts/end_factor.html", form, place=place, factor=factor, words=words)


def _done(ref: str, said: str, anchor: str | None = None) -> Any:
    flash(said, "success")
    return pages.to("contexts.context", ref=ref, _anchor=anchor)
