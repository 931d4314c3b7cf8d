"""Changing what is recorded of a young person: names, other names, details."""

from typing import Any

from flask import flash, url_for

from safeguarding.access.permissions import Permission
from safeguarding.core import clock
from safeguarding.core.errors import RuleError, StaleError
from safeguarding.people import queries, service
from safeguarding.people.codes import choices_of, codes_on
from safeguarding.people.forms import AliasForm, DetailsForm, NamesForm, RemoveForm, details_of
from safeguarding.people.models import AliasKind
from safeguarding.people.queries import PersonView
from safeguarding.people.views.blueprint import blueprint
from safeguarding.web import pages
from safeguarding.web.guard import current_actor, permission

_NAMES = ("given_name", "family_name", "known_as")


@blueprint.route("/<ref>/names", methods=["GET", "POST"])
@permission(Permission.PERSON_EDIT)
def names(ref: str) -> Any:
    """Change somebody's names; a family name that changes is kept as a previous name."""
    actor = current_actor()
    view = queries.access_person(actor, ref, Permission.PERSON_EDIT)
    form = NamesForm(version=view.row.version, **{name: getattr(view.row, name) for name in _NAMES})
    if form.validate_on_submit():
        try:
            service.set_names(
                actor,
                queries.person_entity(view.id),
                given_name=form.given_name.data or "",
                family_name=form.family_name.data or "",
                known_as=form.known_as.data,
                read_version=form.read_version,
            )
        except RuleError as error:
            form.add_rule_error(error)
        except StaleError:
            return _conflict(view, form, _NAMES)
        else:
            return _changed(view, "Names changed.")
    return pages.form_page("people/names.html", form, person=view.row, name=view.name)


@blueprint.route("/<ref>/details", methods=["GET", "POST"])
@permission(Permission.PERSON_EDIT)
def details(ref: str) -> Any:
    """Change what is known of somebody besides their names."""
    actor = current_actor()
    view = queries.access_person(actor, ref, Permission.PERSON_EDIT)
    form = DetailsForm(version=view.row.version, **_standing(view))
    form.ethnicity.choices = _ethnicities(view)
    if form.validate_on_submit():
        try:
            wanted = service.keep_scheme(details_of(form), view.row)
            service.set_details(actor, queries.person_entity(view.id), details=wanted, read_version=form.read_version)
        except RuleError as error:
            form.add_rule_error(error)
        except StaleError:
            return _conflict(view, form, tuple(_standing(view)))
        else:
            return _changed(view, "Details changed.")
    return pages.form_page("people/details.html", form, person=view.row, name=view.name)


@blueprint.route("/<ref>/other-names", methods=["GET", "POST"])
@permission(Permission.PERSON_EDIT)
def aliases(ref: str) -> Any:
    """Show, and add, other names."""
    actor = current_actor()
    view = queries.access_person(actor, ref, Permission.PERSON_EDIT)
    form = AliasForm(version=view.row.version)
    if form.validate_on_submit():
        try:
            service.add_alias(
                actor,
                queries.person_entity(view.id),
                name=form.name.data or "",
                kind=AliasKind(form.kind.data),
                read_version=form.read_version,
            )
        except RuleError as error:
            form.add_rule_error(error)
        except StaleError:
            return _conflict(view, form, ())
        else:
            flash("Other name added.", "success")
            return pages.to("people.aliases", ref=view.ref)
    known = queries.list_aliases(view.id)
    remove = RemoveForm(version=view.row.version)
    return pages.form_page("people/aliases.html", form, person=view.row, name=view.name, aliases=known, remove=remove)


@blueprint.post("/<ref>/other-names/<int:alias_id>/remove")
@permission(Permission.PERSON_EDIT)
def remove_alias(ref: str, alias_id: int) -> Any:
    """Take away a name that was never theirs."""
    actor = current_actor()
    view = queries.access_person(actor, ref, Permission.PERSON_EDIT)
    form = RemoveForm()
    if form.validate():
        service.remove_alias(actor, queries.person_entity(view.id), alias_id=alias_id, read_version=form.read_version)
        flash("Other name removed.", "success")
    return pages.to("people.aliases", ref=view.ref)


def _changed(view: PersonView, said: str) -> Any:
    flash(said, "success")
    return pages.to("people.person", ref=view.ref)


def _conflict(view: PersonView, form: Any, fields: tuple[str, ...]) -> Any:
    standing = {**_standing(view), **{name: getattr(view.row, name) for name in _NAMES}}
    current = {name: standing[name] for name in fields if name in form}
    return pages.conflict_page(form, current, url_for("people.person", ref=view.ref))


def _standing(view: PersonView) -> dict[str, Any]:
    names = (
        "born_on",
        "born_estimated",
        "nhs_number",
        "upn",
        "pronouns",
        "gender",
        "language",
        "address",
        "postcode",
        "ward",
        "school_name",
    )
    known = {name: getattr(view.row, name) for name in names}
    return {**known, "sex": view.row.sex.value, "ethnicity": view.row.ethnicity_code}


def _ethnicities(view: PersonView) -> list[tuple[str, str]]:
    """Return the choices, with the code that stands although it comes from another list."""
    offered = [("", "Not asked yet"), *choices_of(codes_on(clock.today(), "ethnicity"), "ethnicity")]
    standing = view.row.ethnicity_code
    if standing and standing not in dict(offered):
        offered.append((standing, f"As recorded: {standing}"))
    return offered
