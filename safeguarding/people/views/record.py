"""The page of a young person: who they are, and what every later package shows of them.

A section's view model may also carry parts of the strip at the head: `going_on` (sentences), `due` (a list of `Due`),
`primary` (text and address of the one green button) and `links` (further buttons).
"""

from typing import Any

from flask import current_app, render_template, url_for

from safeguarding.access.permissions import Permission
from safeguarding.actions.due import due_next
from safeguarding.audit import service as audit
from safeguarding.people import identifiers, queries
from safeguarding.people.audience import audience_of
from safeguarding.people.queries import PersonView
from safeguarding.people.sealed import queries as sealed
from safeguarding.people.sealed.fields import Sealing
from safeguarding.people.sealed.models import SealedOn
from safeguarding.people.views.blueprint import blueprint
from safeguarding.web.guard import current_actor, permission
from safeguarding.web.sections import sections_for, tabs_for


@blueprint.get("/<ref>")
@permission(Permission.PERSON_READ)
def person(ref: str) -> str:
    """Show a young person; who is only asked what their agency knows sees what they need to search by, no more."""
    actor = current_actor()
    view = queries.access_person(actor, ref)
    audit.record_read("people:person:shown", actor, view.ref, only_asked=view.is_only_asked)
    if view.is_only_asked:
        return render_template("people/asked.html", person=view.row)
    sections = sections_for("person", actor, view)
    models = [section.model for section in sections]
    return render_template(
        "people/person.html",
        person=view.row,
        name=view.name,
        aliases=queries.list_aliases(view.id),
        audience=audience_of("person", view.id),
        sections=sections,
        going_on=[line for model in models for line in model.get("going_on", ())],
        due=due_next(models),
        buttons=_buttons(view, models),
        tabs=tabs_for("person", actor),
        may_edit=actor.may(Permission.PERSON_EDIT, view.relations),
        masked=_masked(view),
        sealed=sealed.shown(actor, Sealing(SealedOn.PERSON, view.id, view.ref, view.ref), view.row),
        sealed_links=lambda name: _sealed_links(view.ref, name),
        may_ask=actor.may(Permission.SEALED_SEE, view.relations),
        may_seal=actor.may(Permission.PERSON_EDIT, view.relations),
    )


@blueprint.get("/<ref>/identifiers")
@permission(Permission.PERSON_READ)
def identifiers_of(ref: str) -> str:
    """Show NHS number and UPN in full; each look is recorded by itself."""
    actor = current_actor()
    view = queries.access_person(actor, ref)
    queries.refuse_only_asked(view)
    audit.record_read("people:identifiers:shown", actor, view.ref)
    nhs_number = identifiers.show_nhs_number(view.row.nhs_number) if view.row.nhs_number else None
    return render_template("people/identifiers.html", person=view.row, name=view.name, nhs_number=nhs_number)


def _masked(view: PersonView) -> dict[str, str]:
    held = {"NHS number": view.row.nhs_number, "Unique pupil number": view.row.upn}
    return {label: identifiers.masked(value) for label, value in held.items() if value}


def _sealed_links(ref: str, name: str) -> dict[str, str]:
    field = name.replace("_", "-")
    return {
        "ask": url_for("people.ask_sealed", ref=ref),
        "reveal": url_for("people.reveal_sealed", ref=ref, field=field),
        "record": url_for("people.record_sealed", ref=ref, field=field),
    }


def _buttons(view: PersonView, models: list[dict[str, Any]]) -> list[tuple[str, str]]:
    """Return the buttons at the head, the green one first; somebody to whom it is open in an emergency changes nothing."""
    if not current_actor().may(Permission.PERSON_LINK, view.relations):
        return []
    primary = [model["primary"] for model in models if model.get("primary")]
    links = [link for model in models for link in model.get("links", ())]
    if current_actor().may(Permission.REFERRAL_MAKE) and "referrals.make" in current_app.view_functions:
        links.append(("Refer to a panel", url_for("referrals.make", person_ref=view.ref)))
    return primary[:1] + links
