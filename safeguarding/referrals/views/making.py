"""Pages on which a referral is made: four short ones, kept one by one, then everything to check, then sent."""

from collections.abc import Callable
from typing import Any

from flask import flash, url_for

from safeguarding.access.actor import Actor
from safeguarding.access.permissions import Permission
from safeguarding.audit import service as audit
from safeguarding.cases import queries as cases
from safeguarding.cases.models import Risk
from safeguarding.contexts.models import Context
from safeguarding.core import clock
from safeguarding.core.errors import NotFoundError, RuleError, StaleError
from safeguarding.people.queries import access_person, person_entity
from safeguarding.referrals import desks, queries, service
from safeguarding.referrals.blueprint import blueprint
from safeguarding.referrals.forms import (
    ASKED,
    NOT_ASKED,
    AskedForm,
    DiscardForm,
    HappeningFields,
    HappeningForm,
    NewHappeningForm,
    OwnViewForm,
    SharingForm,
    StepForm,
    SubmitForm,
)
from safeguarding.referrals.models import Referral, ReferralState, ReferralSubject, ToldParents, ToldYoungPerson
from safeguarding.referrals.policy import Step, missing
from safeguarding.web import pages
from safeguarding.web.guard import current_actor, permission

TITLES = {
    Step.HAPPENING: "What is happening",
    Step.VIEW: "What was said",
    Step.SHARING: "Front door, lawful basis, who knows",
    Step.ASKED: "What you ask the panel",
}
ENDPOINTS = {
    Step.HAPPENING: "referrals.happening",
    Step.VIEW: "referrals.own_view",
    Step.SHARING: "referrals.sharing",
    Step.ASKED: "referrals.asked",
}
_STEPS = list(Step)


@blueprint.route("/people/<string:person_ref>/refer", methods=["GET", "POST"])
@permission(Permission.REFERRAL_MAKE, on_subject=Permission.PERSON_LINK)
def make(person_ref: str) -> Any:
    """Begin a referral of somebody."""
    actor = current_actor()
    person = access_person(actor, person_ref, Permission.PERSON_LINK).row
    draft = queries.draft_about(actor, person_id=person.id)
    back = url_for("people.person", ref=person.ref)
    return _make(actor, f"{person.given_name} {person.family_name}", person.born_on, back, draft, person=person)


@blueprint.route("/contexts/<string:context_ref>/refer", methods=["GET", "POST"])
@permission(Permission.REFERRAL_MAKE)
def make_for_place(context_ref: str) -> Any:
    """Begin a referral of a place."""
    actor = current_actor()
    context = queries.place_to_refer(actor, context_ref)
    draft = queries.draft_about(actor, context_id=context.id)
    back = url_for("contexts.context", ref=context.ref)
    return _make(actor, context.name, None, back, draft, context=context)


@blueprint.route("/cases/<string:case_ref>/refer", methods=["GET", "POST"])
@permission(Permission.REFERRAL_MAKE, on_subject=Permission.CASE_UPDATE)
def make_for_group(case_ref: str) -> Any:
    """Begin a referral of a peer group, from the case about it."""
    actor = current_actor()
    view = cases.access_case(actor, case_ref, Permission.CASE_UPDATE)
    if view.row.peer_group_id is None:
        raise NotFoundError
    draft = queries.draft_about(actor, peer_group_id=view.row.peer_group_id)
    back = url_for("cases.case", ref=view.ref)
    return _make(actor, view.name, None, back, draft, group_case_id=view.id)


def _make(
    actor: Actor,
    name: str,
    born_on: Any,
    back: str,
    draft: str | None,
    *,
    person: Any = None,
    context: Context | None = None,
    group_case_id: int | None = None,
) -> Any:
    form = NewHappeningForm()
    _offer(form)
    if form.validate_on_submit() and not form.find.data:
        form.claim(actor.key)
        try:
            subject = person_entity(person.id) if person else None
            group_case = cases.case_entity(group_case_id) if group_case_id else None
            referral = service.start_referral(actor, person=subject, context=context, group_case=group_case)
            service.save_answers(actor, referral, _happening_of(form), read_version=referral.version)
            if _may_go_on(form, referral, Step.HAPPENING):
                return _next(form, referral.ref, Step.HAPPENING)
        except RuleError as error:
            form.add_rule_error(error)
    elif not form.is_submitted():
        audit.record_read("referrals:form:shown", actor, person.ref if person else None)
    return pages.form_page(
        "referrals/make.html", form, name=name, born_on=born_on, back=back, draft=draft, is_person=person is not None
    )


@blueprint.route("/referrals/<string:ref>/what-is-happening", methods=["GET", "POST"])
@permission(Permission.REFERRAL_MAKE, on_subject=Permission.REFERRAL_READ)
def happening(ref: str) -> Any:
    """Ask what has happened."""
    return _step(ref, Step.HAPPENING, _happening_form, lambda form: _happening_of(form))


@blueprint.route("/referrals/<string:ref>/their-view", methods=["GET", "POST"])
@permission(Permission.REFERRAL_MAKE, on_subject=Permission.REFERRAL_READ)
def own_view(ref: str) -> Any:
    """Ask what the young person says, in their own words."""
    return _step(ref, Step.VIEW, _own_view_form, lambda form: service.OwnView(**form.answer()))


@blueprint.route("/referrals/<string:ref>/sharing", methods=["GET", "POST"])
@permission(Permission.REFERRAL_MAKE, on_subject=Permission.REFERRAL_READ)
def sharing(ref: str) -> Any:
    """Ask for the front door, the lawful basis and who knows."""
    return _step(ref, Step.SHARING, _sharing_form, _sharing_of)


@blueprint.route("/referrals/<string:ref>/what-you-ask", methods=["GET", "POST"])
@permission(Permission.REFERRAL_MAKE, on_subject=Permission.REFERRAL_READ)
def asked(ref: str) -> Any:
    """Ask what the panel is asked."""
    return _step(ref, Step.ASKED, _asked_form, _asked_of)


@blueprint.route("/referrals/<string:ref>/check", methods=["GET", "POST"])
@permission(Permission.REFERRAL_MAKE, on_subject=Permission.REFERRAL_READ)
def check(ref: str) -> Any:
    """Show all answers of a draft, and send it."""
    actor = current_actor()
    shown = queries.show_referral(actor, ref)
    if _is_closed(actor, shown.row):
        return pages.to("referrals.referral", ref=ref)
    form = SubmitForm(version=shown.row.version)
    if form.validate_on_submit():
        reached = queries.access_referral(actor, ref, Permission.REFERRAL_MAKE, lock=True)
        try:
            service.submit_referral(actor, reached.referral, read_version=form.read_version)
            flash("Referral sent. You see here what comes of it.", "success")
            return pages.to("referrals.referral", ref=ref)
        except service.IncompleteError:
            form.form_errors.append("Answer what is still missing below, then send the referral.")
        except RuleError as error:
            form.form_errors.append(error.message)
    return _check_page(actor, shown.row, form)


@blueprint.post("/referrals/<string:ref>/discard")
@permission(Permission.REFERRAL_MAKE, on_subject=Permission.REFERRAL_READ)
def discard(ref: str) -> Any:
    """Throw a draft away."""
    actor = current_actor()
    form = DiscardForm()
    reached = queries.access_referral(actor, ref, Permission.REFERRAL_MAKE, lock=True)
    if form.validate_on_submit() and reached.referral.state is ReferralState.DRAFT:
        service.withdraw_referral(actor, reached.referral, reason=None, read_version=form.read_version)
        flash("Draft deleted.", "success")
    return pages.to("referrals.index")


def _step(
    ref: str, step: Step, form_of: Callable[[Any, queries.Parts], Any], answers_of: Callable[[Any], service.Answers]
) -> Any:
    actor = current_actor()
    row = queries.show_referral(actor, ref).row
    if _is_closed(actor, row):
        return pages.to("referrals.referral", ref=ref)
    parts = queries.parts_of(actor, row.id, None, None)
    form = form_of(row, parts)
    if form.validate_on_submit() and not _is_looking(form):
        reached = queries.access_referral(actor, ref, Permission.REFERRAL_MAKE, lock=True)
        try:
            referral = service.save_answers(actor, reached.referral, answers_of(form), read_version=form.read_version)
            if _may_go_on(form, referral, step):
                return _next(form, ref, step)
        except RuleError as error:
            form.add_rule_error(error)
        except StaleError:
            return pages.conflict_page(form, _stands(form, form_of(row, parts)), url_for(ENDPOINTS[step], ref=ref))
    audit.record_read("referrals:draft:shown", actor, row.ref, part=step)
    return pages.form_page(
        f"referrals/{step.value.replace('-', '_')}.html",
        form,
        referral=row,
        name=name_of(row),
        step=step,
        tasks=_tasks(row, parts.harms, step),
        position=_STEPS.index(step) + 1,
        back=_before(ref, step),
    )


def _stands(form: Any, fresh: Any) -> dict[str, Any]:
    """Return what stands now, by field, as the same form would show it had it just been opened."""
    return {field.name: field.object_data for field in fresh if field.name in form and field.type != "HiddenField"}


def _is_looking(form: Any) -> bool:
    return isinstance(form, HappeningFields) and bool(form.find.data)


def _is_closed(actor: Actor, row: Any) -> bool:
    return row.state is not ReferralState.DRAFT or row.referrer_id != actor.user_id


def _may_go_on(form: StepForm, referral: Referral, step: Step) -> bool:
    """Return whether the page is complete, or is to be finished later; otherwise its fields say what they lack."""
    lacking = [each for each in missing(referral, service.harms_of(referral)) if each.step is step]
    if lacking and not form.is_unfinished:
        form.add_missing(lacking)
        return False
    return True


def _next(form: StepForm, ref: str, step: Step) -> Any:
    if form.is_unfinished:
        flash("Draft kept. You find it under Referrals.", "success")
        return pages.to("referrals.index", show="mine")
    place = _STEPS.index(step) + 1
    endpoint = ENDPOINTS[_STEPS[place]] if place < len(_STEPS) else "referrals.check"
    return pages.to(endpoint, ref=ref)


def _before(ref: str, step: Step) -> str:
    place = _STEPS.index(step)
    if place == 0:
        return url_for("referrals.index", show="mine")
    return url_for(ENDPOINTS[_STEPS[place - 1]], ref=ref)


def _tasks(row: Any, harms: list[str], now: Step) -> list[tuple[str, str | None, str]]:
    lacking = {each.step for each in missing(row, harms)}
    tasks: list[tuple[str, str | None, str]] = []
    for step in _STEPS:
        state = "now" if step is now else "next" if step in lacking else "done"
        tasks.append((TITLES[step], None if step is now else url_for(ENDPOINTS[step], ref=row.ref), state))
    tasks.append(("Check and send", url_for("referrals.check", ref=row.ref), "next"))
    return tasks


def name_of(row: Any) -> str:
    """Return what a referral is about, as a heading."""
    if row.given_name is not None:
        return f"{row.given_name} {row.family_name}"
    return str(row.context_name or row.group_name or "A referral")


def _offer(form: HappeningFields) -> None:
    """Offer the codes of harm, and the places ticked, stored or just found; the search is sent by its own button."""
    form.harms.choices = queries.codes_on(clock.today()).harms
    ticked = list(form.contexts.data or [])
    found = queries.find_places(str(form.place.data or "")) if form.find.data else []
    known = {row.ref: row for row in [*queries.places_by_ref(ticked), *found]}
    form.contexts.choices = [(row.ref, f"{row.name}, {row.ward}" if row.ward else row.name) for row in known.values()]
    if form.find.data and not found:
        form.place.errors = [*form.place.errors, "No place has this name. Try one word of it, or go on without."]


def _happening_form(row: Any, parts: queries.Parts) -> HappeningForm:
    form = HappeningForm(
        data={
            "reasons": row.reasons,
            "harms": parts.harms,
            "contexts": [ref for ref, _name in parts.contexts],
            "risk": row.risk.value if row.risk else None,
            "strengths": row.strengths,
        },
        version=row.version,
    )
    _offer(form)
    return form


def _happening_of(form: HappeningFields) -> service.Happening:
    return service.Happening(
        reasons=form.reasons.data or "",
        risk=Risk(form.risk.data) if form.risk.data else None,
        strengths=form.strengths.data,
        harms=form.harms.data or [],
        context_ids=[row.id for row in queries.places_by_ref(form.contexts.data or [])],
    )


def _own_view_form(row: Any, _parts: queries.Parts) -> OwnViewForm:
    chosen = ASKED if row.own_view else NOT_ASKED if row.own_view_absent_reason else None
    form = OwnViewForm(
        data={
            "asked": chosen,
            "own_view": row.own_view,
            "own_view_absent_reason": row.own_view_absent_reason,
        },
        version=row.version,
    )
    form.asked.choices = [(ASKED, "Yes, and this is what was said"), (NOT_ASKED, "Not yet")]
    return form


def _sharing_form(row: Any, _parts: queries.Parts) -> SharingForm:
    form = SharingForm(
        data={
            "front_door_ref": row.front_door_ref,
            "front_door_on": row.front_door_on,
            "front_door_override": row.front_door_override,
            "lawful_basis": row.lawful_basis_code,
            "sharing_reason": row.sharing_reason,
            "told_young_person": row.told_young_person.value if row.told_young_person else None,
            "told_young_person_note": row.told_young_person_note,
            "told_parents": row.told_parents.value if row.told_parents else None,
            "told_parents_note": row.told_parents_note,
        },
        version=row.version,
    )
    bases = queries.bases_for(queries.codes_on(clock.today()), queries.agency_kind(current_actor()))
    form.lawful_basis.choices = [(each.code, each.label) for each in bases]
    form.basis_notes = {each.code: each.note for each in bases if each.note}
    if row.subject_kind is not ReferralSubject.INDIVIDUAL:
        for name in list(SharingForm.INDIVIDUAL):
            del form[name]
    return form


def _sharing_of(form: SharingForm) -> service.Sharing:
    told, parents = form.value("told_young_person"), form.value("told_parents")
    return service.Sharing(
        front_door_ref=form.value("front_door_ref"),
        front_door_on=form.value("front_door_on"),
        front_door_override=form.value("front_door_override"),
        lawful_basis_code=form.lawful_basis.data,
        sharing_reason=form.sharing_reason.data,
        told_young_person=ToldYoungPerson(told) if told else None,
        told_young_person_note=form.value("told_young_person_note"),
        told_parents=ToldParents(parents) if parents else None,
        told_parents_note=form.value("told_parents_note"),
    )


def _asked_form(row: Any, _parts: queries.Parts) -> AskedForm:
    form = AskedForm(
        data={"panel": row.panel_slug, "panel_question": row.panel_question, "urgent": row.urgent},
        version=row.version,
    )
    form.panel.choices = [(desk.slug, desk.name) for desk in desks.desks()]
    return form


def _asked_of(form: AskedForm) -> service.Asked:
    return service.Asked(
        panel_slug=str(form.panel.data), panel_question=form.panel_question.data, urgent=bool(form.urgent.data)
    )


def _check_page(actor: Actor, row: Any, form: SubmitForm) -> Any:
    parts = queries.parts_of(actor, row.id, None, None)
    codes = queries.codes_on(clock.today())
    audit.record_read("referrals:draft:shown", actor, row.ref, part="check")
    return pages.form_page(
        "referrals/check.html",
        form,
        referral=row,
        name=name_of(row),
        parts=parts,
        codes=codes,
        lacking=missing(row, parts.harms),
        endpoints={step.value: ENDPOINTS[step] for step in Step},
        panel_name=next((desk.name for desk in desks.desks() if desk.slug == row.panel_slug), row.panel_slug),
        discard=DiscardForm(version=row.version),
        is_individual=row.subject_kind is ReferralSubject.INDIVIDUAL,
    )
