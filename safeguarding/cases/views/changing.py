"""Opening a case, and changing what stands at its head: text, state, who works it, actions."""

from typing import Any

from flask import flash, url_for

from safeguarding.access.permissions import Permission
from safeguarding.accounts.queries import staff_choices
from safeguarding.actions import service as actions
from safeguarding.actions.models import ActionOrigin, ActionPriority, ActionSubject
from safeguarding.cases import queries, service, words
from safeguarding.cases.forms import ActionForm, AllocateForm, EmptyForm, MoveForm, OpenForm, ReviseForm
from safeguarding.cases.models import AllocationKind, Case, CaseState, Risk, SocialCareStatus
from safeguarding.cases.policy import WORKERS
from safeguarding.cases.queries import CaseView
from safeguarding.cases.views.blueprint import blueprint
from safeguarding.cases.workflow import CASE
from safeguarding.core import clock
from safeguarding.core.errors import RuleError, StaleError
from safeguarding.web import pages
from safeguarding.web.guard import current_actor, permission

_REVISED = ("going_on", "keeps_safe", "social_care_status", "next_review_on")


@blueprint.route("/open/<any('person','context','group'):kind>/<ref>", methods=["GET", "POST"])
@permission(Permission.CASE_OPEN)
def open_case(kind: str, ref: str) -> Any:
    """Open a case about a young person, a place or a peer group."""
    actor = current_actor()
    subject_kind, subject_id, name, person_ref = queries.find_subject(actor, kind, ref)
    form = OpenForm()
    workers = staff_choices(WORKERS)
    form.lead.choices = [("", "Choose"), *((_value(row), f"{row.name}, {row.agency_name}") for row in workers)]
    if form.lead.data is None and not form.is_submitted():
        form.lead.data = next((_value(row) for row in workers if row.id == actor.user_id), None)
    if form.validate_on_submit():
        lead, agency = (int(part) for part in str(form.lead.data).split("-"))
        try:
            form.claim(actor.key)
            case = service.open_case(
                actor,
                subject=(subject_kind, subject_id),
                going_on=form.going_on.data or "",
                keeps_safe=form.keeps_safe.data,
                social_care_status=SocialCareStatus(form.social_care_status.data or ""),
                risk=Risk(form.risk.data or ""),
                risk_reason=form.risk_reason.data or "",
                lead_agency_id=agency,
                lead_user_id=lead,
                next_review_on=form.next_review_on.data,
                is_restricted=bool(form.is_restricted.data),
            )
        except RuleError as error:
            form.add_rule_error(error)
        else:
            flash("Case opened.", "success")
            return _after_opening(case, lead == actor.user_id)
    back = url_for("people.person", ref=person_ref) if person_ref else url_for("cases.index")
    return pages.form_page("cases/open.html", form, name=name, back=back)


@blueprint.route("/<ref>/revise", methods=["GET", "POST"])
@permission(Permission.CASE_UPDATE)
def revise(ref: str) -> Any:
    """Rewrite what stands at the head of a case."""
    actor = current_actor()
    view = queries.access_case(actor, ref, Permission.CASE_UPDATE)
    standing = {name: getattr(view.row, name) for name in _REVISED}
    standing["social_care_status"] = view.row.social_care_status.value
    form = ReviseForm(version=view.row.version, **standing)
    if form.validate_on_submit():
        try:
            service.revise_case(
                actor,
                queries.case_entity(view.id),
                going_on=form.going_on.data or "",
                keeps_safe=form.keeps_safe.data,
                social_care_status=SocialCareStatus(form.social_care_status.data or ""),
                next_review_on=form.next_review_on.data,
                read_version=form.read_version,
            )
        except RuleError as error:
            form.add_rule_error(error)
        except StaleError:
            return pages.conflict_page(form, standing, url_for("cases.case", ref=view.ref))
        else:
            return _changed(view, "Case revised.")
    return pages.form_page("cases/revise.html", form, view=view)


@blueprint.route("/<ref>/state", methods=["GET", "POST"])
@permission(Permission.CASE_UPDATE)
def move(ref: str) -> Any:
    """Move a case to another state, with the reason."""
    actor = current_actor()
    view = queries.access_case(actor, ref, Permission.CASE_UPDATE)
    form = MoveForm(version=view.row.version)
    form.state.choices = [(state.value, words.STATES[state]) for state in CaseState if state in CASE[view.row.state]]
    if form.is_submitted() and form.read_version != view.row.version:
        return _moved_meanwhile(view, form)  # the state that was chosen may be none of the choices any more
    if form.validate_on_submit():
        try:
            service.move_case(
                actor,
                queries.case_entity(view.id),
                state=CaseState(form.state.data or ""),
                reason=form.reason.data or "",
                read_version=form.read_version,
            )
        except RuleError as error:
            form.add_rule_error(error)
        except StaleError:
            return _moved_meanwhile(view, form)
        else:
            return _changed(view, "The case was moved.")
    return pages.form_page("cases/move.html", form, view=view, words=words)


def _moved_meanwhile(view: CaseView, form: MoveForm) -> Any:
    current = {"state": words.STATES[view.row.state], "reason": None}
    return pages.conflict_page(form, current, url_for("cases.case", ref=view.ref))


@blueprint.route("/<ref>/team", methods=["GET", "POST"])
@permission(Permission.CASE_ALLOCATE)
def team(ref: str) -> Any:
    """Show who works a case, and allocate somebody."""
    actor = current_actor()
    view = queries.access_case(actor, ref, Permission.CASE_ALLOCATE)
    form = AllocateForm()
    people = {row.id: f"{row.name}, {row.agency_name}" for row in staff_choices(WORKERS)}
    form.user_id.choices = [("", "Choose"), *((str(key), label) for key, label in people.items())]
    if form.validate_on_submit():
        try:
            form.claim(actor.key)
            service.allocate(
                actor,
                queries.case_entity(view.id),
                user_id=int(form.user_id.data or 0),
                kind=AllocationKind(form.kind.data or ""),
            )
        except RuleError as error:
            form.add_rule_error(error)
        else:
            flash("Allocated.", "success")
            return pages.to("cases.case", ref=view.ref)
    rows = queries.list_team(view.id)
    return pages.form_page("cases/team.html", form, view=view, team=rows, words=words, end=EmptyForm())


@blueprint.post("/<ref>/team/<int:allocation_id>/end")
@permission(Permission.CASE_ALLOCATE)
def end_allocation(ref: str, allocation_id: int) -> Any:
    """End somebody's part in a case."""
    actor = current_actor()
    view = queries.access_case(actor, ref, Permission.CASE_ALLOCATE)
    service.end_allocation(actor, queries.case_entity(view.id), allocation_id=allocation_id)
    flash("Their part in the case has ended.", "success")
    return pages.to("cases.team", ref=view.ref)


@blueprint.route("/<ref>/actions/add", methods=["GET", "POST"])
@permission(Permission.ACTION_ADD)
def add_action(ref: str) -> Any:
    """Add an action that belongs to a case."""
    actor = current_actor()
    view = queries.access_case(actor, ref, Permission.ACTION_ADD)
    form = ActionForm()
    staff = staff_choices()
    form.owner.choices = _owners(staff)
    if form.validate_on_submit():
        try:
            form.claim(actor.key)
            _add_action(view, form)
        except RuleError as error:
            form.add_rule_error(error)
        else:
            return _changed(view, "Action added.")
    return pages.form_page("cases/action.html", form, view=view)


def _add_action(view: CaseView, form: ActionForm) -> None:
    agency, _, user = str(form.owner.data).partition("-")
    row = view.row
    about = [("case", view.id)] + ([("person", row.person_id)] if row.person_id else [])
    actions.add_action(
        current_actor(),
        subject=subject_of(view),
        title=form.title.data or "",
        detail=form.detail.data,
        owner_agency_id=int(agency),
        owner_user_id=int(user) if user else None,
        due_on=form.due_on.data or clock.today(),
        priority=ActionPriority.HIGH if form.is_urgent.data else ActionPriority.NORMAL,
        origin=(ActionOrigin.CASE, view.id),
        relations_subjects=about,
        held=view.relations,
    )


def subject_of(view: CaseView) -> tuple[ActionSubject, int]:
    """Return what an action that belongs to a case is about."""
    row = view.row
    for kind, key in (
        (ActionSubject.PERSON, row.person_id),
        (ActionSubject.CONTEXT, row.context_id),
        (ActionSubject.PEER_GROUP, row.peer_group_id),
    ):
        if key is not None:
            return kind, key
    raise RuleError("This case is about nobody.")


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


def _value(row: Any) -> str:
    return f"{row.id}-{row.agency_id}"


def _after_opening(case: Case, is_lead: bool) -> Any:
    """Go to the case, or to the list when the opener, not being its lead, may not see it."""
    return pages.to("cases.case", ref=case.ref) if is_lead else pages.to("cases.index")


def _changed(view: CaseView, said: str) -> Any:
    flash(said, "success")
    return pages.to("cases.case", ref=view.ref)
