"""Pages of an agency's contact: what the agency is asked, and its answer."""

from typing import Any

from flask import flash, render_template, request, url_for

from safeguarding.access.permissions import Permission
from safeguarding.audit import service as audit
from safeguarding.core import clock
from safeguarding.core.errors import RuleError, StaleError
from safeguarding.panels.blueprint import blueprint
from safeguarding.panels.forms.returns import CONDITIONS, ReturnForm, SharedVersionForm
from safeguarding.panels.models.items import PanelHandling, ReturnState
from safeguarding.panels.queries import returns as reads
from safeguarding.panels.service import returns as service
from safeguarding.panels.service import shared
from safeguarding.web import pages
from safeguarding.web.guard import current_actor, permission
from safeguarding.web.navigation import Item


@blueprint.get("/panels/returns")
@permission(Permission.RETURN_ANSWER)
def returns() -> str:
    """List what the actor's agency is asked, the soonest due first, or what it has answered."""
    actor = current_actor()
    answered = request.args.get("show") == "answered"
    rows = reads.list_requests(actor, answered=answered, after=request.args.get("after"))
    audit.record_read("panels:returns:listed", actor, None, refs=[row.ref for row in rows])
    return render_template(
        "panels/returns.html",
        rows=rows,
        answered=answered,
        now=clock.now(),
        chips=[
            Item("To answer", url_for("panels.returns"), not answered),
            Item("Answered", url_for("panels.returns", show="answered"), answered),
        ],
        older=_older(rows, answered),
    )


@blueprint.route("/panels/returns/<string:ref>", methods=["GET", "POST"])
@permission(Permission.ITEM_READ)
def answer_return(ref: str) -> Any:
    """Show one request, and take its agency's answer."""
    actor = current_actor()
    found = reads.access_request(actor, ref)
    audit.record_read("panels:return:shown", actor, found.row.ref)
    if not found.may_answer:
        return render_template("panels/return_shown.html", **_shown(found))
    readers = reads.readers_of(found)
    form = _form(found.row, readers)
    if form.validate_on_submit():
        named = [row.id for row in readers if row.ref in (form.named_agencies.data or [])]
        try:
            service.answer_return(
                actor,
                reads.request_entity(found.row.id),
                state=ReturnState(form.state.data),
                text=form.held.data,
                reason_not_shared=form.reason_not_shared.data,
                handling=PanelHandling(form.handling.data),
                named_agency_ids=named,
                conditions=_conditions(form),
                read_version=form.read_version,
            )
            flash("Answer saved. You can change it until the item is decided.", "success")
            return pages.to("panels.returns")
        except RuleError as error:
            form.add_rule_error(error)
        except StaleError:
            row = found.row
            current = {"state": row.state, "held": row.text, "reason_not_shared": row.reason_not_shared}
            return pages.conflict_page(form, current, url_for("panels.answer_return", ref=ref))
    return pages.form_page("panels/return_answer.html", form, **_shown(found))


@blueprint.post("/panels/returns/<string:ref>/version")
@permission(Permission.ITEM_READ)
def write_version(ref: str) -> Any:
    """Write a version of an answer that everybody on the panel may read."""
    actor = current_actor()
    found = reads.access_request(actor, ref)
    form = SharedVersionForm()
    if form.validate():
        try:
            form.claim(actor.key)
            version = shared.write_shared_version(
                actor, reads.request_entity(found.row.id), text=form.shared_text.data or ""
            )
        except RuleError as error:
            form.add_rule_error(RuleError(error.message, "shared_text"))
        else:
            said = "Everybody on the panel may read it." if version.agreed_at else "The agency is asked to agree to it."
            flash(said, "success")
            return pages.to("panels.answer_return", ref=found.row.ref)
    return pages.form_page("panels/return_shown.html", form, **{**_shown(found), "version_form": form})


@blueprint.post("/panels/returns/<string:ref>/version/<int:version_id>/agree")
@permission(Permission.RETURN_ANSWER)
def agree_version(ref: str, version_id: int) -> Any:
    """Agree, as the agency that answered, to a version that an officer of the panel wrote."""
    actor = current_actor()
    found = reads.access_request(actor, ref)
    try:
        shared.agree_shared_version(actor, reads.request_entity(found.row.id), version_id=version_id)
    except RuleError as error:
        flash(error.message, "notice")
    else:
        flash("Agreed. Everybody on the panel may read it.", "success")
    return pages.to("panels.answer_return", ref=found.row.ref)


def _shown(found: reads.Request) -> dict[str, Any]:
    return {
        "request": found,
        "row": found.row,
        "versions": reads.versions_of(found),
        "may_write_version": found.may_write_version,
        "version_form": SharedVersionForm(formdata=None),
    }


def _conditions(form: ReturnForm) -> str | None:
    ticked = [label for value, label in CONDITIONS if value in (form.conditions_apply.data or [])]
    return "\n".join([*ticked, *([form.conditions.data] if form.conditions.data else [])]) or None


def _form(row: Any, readers: list[Any]) -> ReturnForm:
    lines = (row.conditions or "").split("\n")
    form = ReturnForm(
        data={
            "state": None if row.state is ReturnState.WAITING else row.state.value,
            "held": row.text,
            "reason_not_shared": row.reason_not_shared,
            "handling": row.handling.value,
            "named_agencies": [each.ref for each in readers if each.is_named],
            "conditions_apply": [value for value, label in CONDITIONS if label in lines],
            "conditions": "\n".join(line for line in lines if line not in dict(CONDITIONS).values()) or None,
        },
        version=row.version,
    )
    form.named_agencies.choices = [(each.ref, each.short_name) for each in readers]
    return form


def _older(rows: list[Any], answered: bool) -> str | None:
    if len(rows) < reads.PAGE:
        return None
    return url_for("panels.returns", show="answered" if answered else None, after=rows[-1].ref)
