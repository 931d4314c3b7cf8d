"""Sealed values of a young person: recorded without being read, asked for, and shown once to whoever holds a grant."""

from typing import Any

from flask import flash, make_response, render_template, url_for

from safeguarding.access.permissions import Permission
from safeguarding.core.errors import NotFoundError, RuleError, StaleError
from safeguarding.people import queries
from safeguarding.people.queries import PersonView
from safeguarding.people.sealed import queries as sealed
from safeguarding.people.sealed import service
from safeguarding.people.sealed.fields import SealedField, Sealing, fields_on
from safeguarding.people.sealed.forms import ValueForm
from safeguarding.people.sealed.models import SealedOn
from safeguarding.people.sealed.views import ask_page, reveal_page
from safeguarding.people.views.blueprint import blueprint
from safeguarding.web import pages
from safeguarding.web.guard import current_actor, permission

FIELD = "<any('safe-address','placement','phone','email'):field>"


@blueprint.route("/<ref>/sealed/ask", methods=["GET", "POST"])
@permission(Permission.SEALED_SEE)
def ask_sealed(ref: str) -> Any:
    """Ask information governance to see sealed values of a young person."""
    view = queries.access_person(current_actor(), ref, Permission.SEALED_SEE)
    on = sealing_of(view)
    shown = sealed.shown(current_actor(), on, view.row)
    return ask_page(on, shown, view.relations, name=view.name, back=url_for("people.person", ref=view.ref))


@blueprint.route(f"/<ref>/sealed/{FIELD}", methods=["GET", "POST"])
@permission(Permission.SEALED_SEE)
def reveal_sealed(ref: str, field: str) -> Any:
    """Show a sealed value to whoever holds a grant for it."""
    view = queries.access_person(current_actor(), ref, Permission.SEALED_SEE)
    known, on = _field(field), sealing_of(view)
    mine = any(each.is_mine for each in sealed.shown(current_actor(), on, view.row) if each.name == known.name)
    back = url_for("people.person", ref=view.ref)
    return reveal_page(on, known, is_mine=mine, held=view.relations, name=view.name, back=back)


@blueprint.route(f"/<ref>/sealed/{FIELD}/record", methods=["GET", "POST"])
@permission(Permission.PERSON_EDIT)
def record_sealed(ref: str, field: str) -> Any:
    """Record a sealed value, or replace or take away the one that stands without reading it."""
    actor = current_actor()
    view = queries.access_person(actor, ref, Permission.PERSON_EDIT)
    known = _field(field)
    form = ValueForm(version=view.row.version)
    form.sealed_value.label.text = known.question
    if form.validate_on_submit():
        try:
            _record(view, known, form)
        except RuleError as error:
            form.add_rule_error(error)
        except StaleError:
            return make_response(_page(view, known, ValueForm(formdata=None, version=view.row.version), True), 409)
        else:
            flash(f"{known.label} {'taken away' if form.removed.data else 'sealed'}.", "success")
            return pages.to("people.person", ref=view.ref)
    status = 422 if form.errors else 200
    form.empty()
    return make_response(_page(view, known, form, False), status)


def sealing_of(view: PersonView) -> Sealing:
    """Return a person as what sealed values stand on."""
    return Sealing(SealedOn.PERSON, view.id, view.ref, view.ref)


def _record(view: PersonView, known: SealedField, form: ValueForm) -> None:
    value = form.sealed_value.data
    if bool(value) == bool(form.removed.data):
        raise RuleError("Enter the value, or say that it is to be taken away.", "sealed_value")
    service.seal_person_value(
        current_actor(),
        queries.person_entity(view.id),
        field=known.name,
        value=value,
        read_version=form.read_version,
    )


def _page(view: PersonView, known: SealedField, form: ValueForm, is_stale: bool) -> str:
    recorded = bool(getattr(view.row, f"has_{known.name}"))
    return render_template(
        "sealed/record.html", form=form, person=view.row, name=view.name, field=known, stale=is_stale, recorded=recorded
    )


def _field(given: str) -> SealedField:
    known = fields_on(SealedOn.PERSON).get(given.replace("-", "_"))
    if known is None:
        raise NotFoundError
    return known
