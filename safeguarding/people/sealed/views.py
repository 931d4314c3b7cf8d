"""Pages of sealed values: what waits for information governance, and the parts that a record's own pages are made of.

The page that shows a value is the answer to a POST: it has no address of its own and is never stored.
"""

from collections.abc import Iterable
from typing import Any

from flask import Blueprint, Flask, flash, make_response, redirect, render_template

from safeguarding.access.permissions import Permission
from safeguarding.access.roles import Relation
from safeguarding.accounts.step_up import require_fresh_factor
from safeguarding.audit import service as audit
from safeguarding.core.errors import ForbiddenError, RuleError
from safeguarding.notices.kinds import Kind, register_kind
from safeguarding.people.sealed import forms, queries, service
from safeguarding.people.sealed.fields import SealedField, Sealing, fields_on, labels_of
from safeguarding.people.sealed.models import GrantState
from safeguarding.web import pages
from safeguarding.web.guard import current_actor, fresh_factor, permission
from safeguarding.web.navigation import Entry, register_entry

blueprint = Blueprint("sealed", __name__, url_prefix="/sealed")
STATES = {
    GrantState.ASKED: "Waiting",
    GrantState.GRANTED: "Granted",
    GrantState.REFUSED: "Refused",
    GrantState.ENDED: "Taken back",
}


@blueprint.get("")
@permission(Permission.SEALED_GRANT)
def index() -> str:
    """List requests to see sealed values: what waits first."""
    actor = current_actor()
    waiting = queries.list_requests(actor, is_open=True)
    decided = queries.list_requests(actor, is_open=False)
    audit.record_read("people:requests:shown", actor, None, requests=[row.ref for row in (*waiting, *decided)])
    return render_template("sealed/index.html", waiting=waiting, decided=decided, labels_of=labels_of, states=STATES)


@blueprint.get("/<ref>")
@permission(Permission.SEALED_GRANT)
def request_page(ref: str) -> Any:
    """Show one request, to be decided or taken back."""
    actor = current_actor()
    row = queries.access_request(actor, ref)
    audit.record_read("people:request:shown", actor, row.ref)
    return _decide_page(row, forms.GrantForm(), forms.RefuseForm())


@blueprint.post("/<ref>/grant")
@permission(Permission.SEALED_GRANT)
@fresh_factor
def grant(ref: str) -> Any:
    """Let somebody see what they asked for, until a day."""
    actor = current_actor()
    row = queries.access_request(actor, ref)
    form = forms.GrantForm()
    if form.validate():
        try:
            form.claim(actor.key)
            service.grant(
                actor,
                queries.request_entity(row.id),
                until_on=form.until_on.data,
                reason=form.decision_reason.data or "",
            )
        except RuleError as error:
            form.add_rule_error(error)
        else:
            flash("Granted. Whoever asked is told.", "success")
            return pages.to("sealed.index")
    return _decide_page(row, form, forms.RefuseForm(formdata=None))


@blueprint.post("/<ref>/refuse")
@permission(Permission.SEALED_GRANT)
def refuse(ref: str) -> Any:
    """Refuse a request."""
    actor = current_actor()
    row = queries.access_request(actor, ref)
    form = forms.RefuseForm()
    if form.validate():
        try:
            form.claim(actor.key)
            service.refuse(actor, queries.request_entity(row.id), reason=form.decision_reason.data or "")
        except RuleError as error:
            form.add_rule_error(error)
        else:
            flash("Refused. Whoever asked is told.", "success")
            return pages.to("sealed.index")
    return _decide_page(row, forms.GrantForm(formdata=None), form)


@blueprint.post("/<ref>/end")
@permission(Permission.SEALED_GRANT)
def end(ref: str) -> Any:
    """Take a grant back at once."""
    actor = current_actor()
    row = queries.access_request(actor, ref)
    form = forms.EndForm()
    if form.validate():
        try:
            form.claim(actor.key)
            service.end_grant(actor, queries.request_entity(row.id))
        except RuleError as error:
            flash(error.message, "notice")
        else:
            flash("Taken back. It opens nothing from now on.", "success")
    return pages.to("sealed.request_page", ref=row.ref)


def _decide_page(row: Any, granting: forms.GrantForm, refusing: forms.RefuseForm) -> Any:
    refused = granting if granting.errors else refusing
    return pages.form_page(
        "sealed/request.html",
        refused,
        request=row,
        granting=granting,
        refusing=refusing,
        ending=forms.EndForm(formdata=None),
        labels=labels_of(row.subject_kind, row.fields),
        all_labels=fields_on(row.subject_kind),
        states=STATES,
        reveals=queries.list_reveals(row.id),
        is_own=row.user_id == current_actor().user_id,
    )


def ask_page(
    on: Sealing, shown: list[queries.FieldShown], held: Iterable[Relation] | None, *, name: str, back: str
) -> Any:
    """Ask to see sealed values of a record, from that record's own address."""
    actor = current_actor()
    form = forms.AskForm()
    form.fields.choices = [(each.name, each.label) for each in shown if each.is_recorded and not each.is_mine]
    if form.validate_on_submit():
        try:
            form.claim(actor.key)
            service.ask(actor, on, fields=form.fields.data or (), reason=form.reason.data or "", held=held)
        except RuleError as error:
            form.add_rule_error(error)
        else:
            flash("Asked. Information governance decides, and you are told.", "success")
            return redirect(back, 303)
    own = [(row, labels_of(on.on, row.fields)) for row in queries.list_own(actor, on)]
    return pages.form_page("sealed/ask.html", form, name=name, back=back, ref=on.ref, own=own, states=STATES)


def reveal_page(
    on: Sealing, field: SealedField, *, is_mine: bool, held: Iterable[Relation] | None, name: str, back: str
) -> Any:
    """Ask why somebody looks, and answer the POST with the value, once."""
    actor = current_actor()
    if not is_mine:
        raise ForbiddenError("You hold no grant to see this. Ask to see it, with a reason.")
    form = forms.RevealForm()
    if form.validate_on_submit():
        require_fresh_factor()
        try:
            value = service.show(actor, on, field=field.name, reason=form.reason.data or "", held=held)
        except RuleError as error:
            form.add_rule_error(error)
        else:
            return make_response(render_template("sealed/shown.html", field=field, value=value, name=name, back=back))
    return pages.form_page("sealed/reveal.html", form, field=field, name=name, back=back)


def init_sealed(app: Flask) -> None:
    """Register the pages, their entry and what people are told."""
    app.register_blueprint(blueprint)
    register_entry(app, Entry("Sealed", "sealed.index", 86, Permission.SEALED_GRANT, ("/sealed",)))
    register_kind(
        app,
        Kind(
            service.ASKED,
            "Somebody asks to see sealed information.",
            lambda actor, _subject: actor.may(Permission.SEALED_GRANT),
            lambda ref: f"/sealed/{ref}",
        ),
    )
    # What came of it, and why, stands where it was asked; of an incident the address needs its place.
    register_kind(
        app,
        Kind(
            service.DECIDED,
            "What you asked to see was decided.",
            page=lambda ref: f"/people/{ref}/sealed/ask" if ref and ref.startswith("YP-") else "",
        ),
    )
