"""Declaring a conflict of interest on a case, and lifting one that was declared by mistake."""

from typing import Any

from flask import flash, url_for

from safeguarding.access.permissions import Permission
from safeguarding.access.roles import FIELD
from safeguarding.accounts.queries import staff_choices
from safeguarding.cases import conflicts, queries
from safeguarding.cases import restricted_queries as reads
from safeguarding.cases.forms import CaseConflictForm
from safeguarding.cases.views.blueprint import blueprint
from safeguarding.core.errors import NotFoundError, RuleError
from safeguarding.web import pages
from safeguarding.web.guard import current_actor, permission


@blueprint.route("/<ref>/conflict", methods=["GET", "POST"])
@permission(Permission.CASE_READ)
def conflict(ref: str) -> Any:
    """Declare one's own conflict, or record one that was told to whoever says who works the case."""
    actor = current_actor()
    view = queries.access_case(actor, ref)
    may_record = actor.may(Permission.CASE_ALLOCATE, view.relations)
    form = CaseConflictForm()
    people = staff_choices(FIELD) if may_record else []
    others = [(str(row.id), f"{row.name}, {row.agency_name}") for row in people if row.id != actor.user_id]
    form.user_id.choices = [(str(actor.user_id), "Myself"), *others]
    if form.user_id.data is None:
        form.user_id.data = str(actor.user_id)
    if form.validate_on_submit():
        whose = int(form.user_id.data or 0)
        try:
            form.claim(actor.key)
            conflicts.declare_conflict(
                actor, queries.case_entity(view.id), reason=form.reason.data or "", user_id=whose
            )
        except RuleError as error:
            form.add_rule_error(error)
        else:
            flash("Conflict recorded. The case and whom it is about are closed to that person.", "success")
            return pages.to("home.my_work") if whose == actor.user_id else pages.to("cases.conflict", ref=view.ref)
    declared = reads.list_conflicts(view.id) if may_record else []
    return pages.form_page(
        "cases/conflict.html", form, view=view, declared=declared, back=url_for("cases.case", ref=view.ref)
    )


@blueprint.post("/<ref>/conflict/<int:conflict_id>/withdraw")
@permission(Permission.CASE_ALLOCATE)
def withdraw_conflict(ref: str, conflict_id: int) -> Any:
    """Lift a conflict that was declared by mistake."""
    actor = current_actor()
    view = queries.access_case(actor, ref, Permission.CASE_ALLOCATE)
    if conflict_id not in {row.id for row in reads.list_conflicts(view.id)}:
        raise NotFoundError
    try:
        conflicts.withdraw_conflict(actor, queries.case_entity(view.id), conflict_id=conflict_id)
    except RuleError as error:
        flash(error.message, "notice")
    else:
        flash("Lifted. What their work opens is theirs to see again.", "success")
    return pages.to("cases.conflict", ref=view.ref)
