"""Adding a young person: only by way of a search that shows who might be the same.

The page that shows possible duplicates signs what it looked for and whom it showed. Adding needs that signature, for
the same names, date of birth and identifiers; somebody who turned up meanwhile is shown first.
"""

from typing import Any

from flask import Response, current_app, flash, request
from itsdangerous import BadSignature, URLSafeSerializer

from safeguarding.access.permissions import Permission
from safeguarding.audit import service as audit
from safeguarding.core import clock
from safeguarding.core.canonical import digest
from safeguarding.core.errors import RuleError
from safeguarding.people import duplicates, identifiers, service
from safeguarding.people.codes import choices_of, codes_on
from safeguarding.people.duplicates import Asked, Candidate
from safeguarding.people.forms import AddForm, LookForm, details_of
from safeguarding.people.names import words_of
from safeguarding.people.views.blueprint import blueprint
from safeguarding.web import pages, transaction
from safeguarding.web.guard import current_actor, permission


@blueprint.route("/add", methods=["GET", "POST"])
@permission(Permission.PERSON_ADD)
@transaction.reads_first
def add() -> Any:
    """Ask who it is, and show who among those the actor may see might be the same."""
    form = LookForm()
    if request.method == "GET" or not _is_sound(form):
        return pages.form_page("people/add.html", form, looked=False)
    candidates = duplicates.find(current_actor(), _asked(form))
    return _candidates_page(form, AddForm(), candidates)


@blueprint.post("/add/details")
@permission(Permission.PERSON_ADD)
def create() -> Any:
    """Add the young person, when the search before it showed everybody who might be the same."""
    actor = current_actor()
    look, form = LookForm(), _with_choices(AddForm())
    if not _is_sound(look):
        return pages.form_page("people/add.html", look, looked=False)
    candidates = duplicates.find(actor, _asked(look))
    shown = _shown(look)
    if shown is None or any(each.ref not in shown for each in candidates):
        flash("We looked again, because what was typed or who is known has changed.", "notice")
        return _candidates_page(look, form, candidates)
    if not form.validate():
        return _candidates_page(look, form, candidates)
    try:
        form.claim(actor.key)
        person = service.add_person(
            actor,
            given_name=form.given_name.data or "",
            family_name=form.family_name.data or "",
            known_as=form.known_as.data,
            details=details_of(form),
            considered=[each.id for each in candidates],
        )
    except RuleError as error:
        form.add_rule_error(error)
        return _candidates_page(look, form, candidates)
    flash("Young person added.", "success")
    return pages.to("people.person", ref=person.ref)


def _is_sound(form: LookForm) -> bool:
    """Validate the form, and check the two identifiers that carry a check of their own."""
    if not form.validate():
        return False
    if form.nhs_number.data and identifiers.normalise_nhs_number(form.nhs_number.data) is None:
        form.add_rule_error(RuleError("This is not an NHS number: it has 10 digits, like 943 476 5870.", "nhs_number"))
    if form.upn.data and identifiers.normalise_upn(form.upn.data) is None:
        form.add_rule_error(RuleError("This is not a UPN: it has a letter, 11 digits and a digit or letter.", "upn"))
    for name in ("given_name", "family_name"):
        if not words_of(form[name].data):
            form.add_rule_error(RuleError("Enter a name that has a letter in it.", name))
    return not form.errors


def _asked(form: LookForm) -> Asked:
    return Asked(
        given_name=form.given_name.data or "",
        family_name=form.family_name.data or "",
        known_as=form.known_as.data,
        born_on=form.born_on.data,
        nhs_number=identifiers.normalise_nhs_number(form.nhs_number.data or ""),
        upn=identifiers.normalise_upn(form.upn.data or ""),
    )


def _candidates_page(look: LookForm, form: AddForm, candidates: list[Candidate]) -> Response:
    _with_choices(form)  # it holds what was typed in the search; the rest is asked now
    if request.endpoint == "people.add":
        transaction.begin_write()
    audit.record_read("people:duplicates:shown", current_actor(), None, people=[each.ref for each in candidates])
    return pages.form_page(
        "people/add.html", form, look=look, looked=True, candidates=candidates, looked_for=_sign(look, candidates)
    )


def _with_choices(form: AddForm) -> AddForm:
    form.ethnicity.choices = [("", "Not asked yet"), *choices_of(codes_on(clock.today(), "ethnicity"), "ethnicity")]
    return form


def _serializer() -> URLSafeSerializer:
    return URLSafeSerializer(str(current_app.secret_key), salt="people.looked-for")


def _sign(look: LookForm, candidates: list[Candidate]) -> str:
    return str(_serializer().dumps([_who(look), [each.ref for each in candidates]]))


def _shown(look: LookForm) -> frozenset[str] | None:
    """Return the references that the search for this very person showed, or None when there was no such search."""
    try:
        who, refs = _serializer().loads(request.form.get("looked_for", "")[:4_000])
    except (BadSignature, ValueError, TypeError):
        return None
    return frozenset(refs) if who == _who(look) else None


def _who(look: LookForm) -> str:
    return digest([current_actor().key, vars(_asked(look))])
