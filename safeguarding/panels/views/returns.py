"""Pages of an agency's contact: what the agency is asked, and its answer."""

from typing import Any

from flask import flash, render_template, request, url_for

from safeguarding.access.permissions import Permission
from safeguarding.audit import service as audit
from safeguarding.core import clock
from safeguarding.core.errors import RuleError, StaleError
from safeguarding.panels.blueprint import blueprint
from safeguarding.panels.forms.returns import ReturnForm
from safeguarding.panels.models.items import ReturnHandling, ReturnState
from safeguarding.panels.queries import returns as reads
from safeguarding.panels.service import returns as service
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
        return render_template("panels/return_shown.html", request=found, row=found.row)
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
                handling=ReturnHandling(form.handling.data),
                named_agency_ids=named,
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
    return pages.form_page("panels/return_answer.html", form, request=found, row=found.row)


def _form(row: Any, readers: list[Any]) -> ReturnForm:
    form = ReturnForm(
        data={
            "state": None if row.state is ReturnState.WAITING else row.state.value,
            "held": row.text,
            "reason_not_shared": row.reason_not_shared,
            "handling": row.handling.value,
            "named_agencies": [each.ref for each in readers if each.is_named],
        },
        version=row.version,
    )
    form.named_agencies.choices = [(each.ref, each.short_name) for each in readers]
    return form


def _older(rows: list[Any], answered: bool) -> str | None:
    if len(rows) < reads.PAGE:
        return None
    return url_for("panels.returns", show="answered" if answered else None, after=rows[-1].ref)
