"""Who told of an incident, by name: sealed, asked for, and shown once to whoever holds a grant."""

from typing import Any

from flask import url_for

from safeguarding.access.permissions import Permission
from safeguarding.contexts import queries
from safeguarding.contexts.models import Incident
from safeguarding.contexts.views.blueprint import blueprint
from safeguarding.core.errors import NotFoundError
from safeguarding.people.sealed import queries as sealed
from safeguarding.people.sealed.fields import SealedField, Sealing, fields_on, register_field
from safeguarding.people.sealed.models import SealedOn
from safeguarding.people.sealed.views import ask_page, reveal_page
from safeguarding.web.guard import current_actor, permission

INFORMANT = SealedField("informant", "Informant", "Who told it, by name?", Incident.informant)


@blueprint.route("/<ref>/incidents/<incident_ref>/informant/ask", methods=["GET", "POST"])
@permission(Permission.SEALED_SEE)
def ask_informant(ref: str, incident_ref: str) -> Any:
    """Ask information governance to see who told of an incident."""
    on, found, back = _told(ref, incident_ref)
    return ask_page(on, sealed.shown(current_actor(), on, found), None, name=f"Incident {on.ref}", back=back)


@blueprint.route("/<ref>/incidents/<incident_ref>/informant", methods=["GET", "POST"])
@permission(Permission.SEALED_SEE)
def reveal_informant(ref: str, incident_ref: str) -> Any:
    """Show who told of an incident to whoever holds a grant for it."""
    on, found, back = _told(ref, incident_ref)
    (shown,) = sealed.shown(current_actor(), on, found)
    known = fields_on(SealedOn.INCIDENT)[INFORMANT.name]
    return reveal_page(on, known, is_mine=shown.is_mine, held=None, name=f"Incident {on.ref}", back=back)


def sealing_of(found: Any) -> Sealing:
    """Return an incident as what its informant stands on: the first version, whose informant every later one keeps."""
    return Sealing(SealedOn.INCIDENT, found.first_id, found.ref, (found.source, found.identity))


def register_informant() -> None:
    """Say that incidents have an informant."""
    register_field(SealedOn.INCIDENT, INFORMANT)


def _told(ref: str, incident_ref: str) -> tuple[Sealing, Any, str]:
    actor = current_actor()
    place = queries.glance_at(actor, ref)
    found = queries.access_incident(place, incident_ref)
    if not queries.may_read_text(actor, found):
        raise NotFoundError
    back = url_for("contexts.incident", ref=place.ref, incident_ref=found.ref)
    return sealing_of(found), found, back
