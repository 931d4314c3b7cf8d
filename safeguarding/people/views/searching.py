"""The search: a POST, because what is typed is a name and addresses are kept in logs."""

from typing import Any

from flask import current_app, render_template, request

from safeguarding.access.permissions import Permission
from safeguarding.audit import service as audit
from safeguarding.core.references import normalise_reference
from safeguarding.people import queries
from safeguarding.people.forms import SearchForm
from safeguarding.people.views.blueprint import blueprint
from safeguarding.web import pages, transaction
from safeguarding.web.guard import current_actor, permission

# Where a reference of another kind leads: its page answers, or says "not found", by its own rules.
_PAGES = {
    "CA": "cases.case",
    "CX": "contexts.context",
    "RF": "referrals.referral",
    "NR": "nrm.referral",
    "AC": "actions.action",
}


@blueprint.route("", methods=["GET", "POST"])
@permission(Permission.PERSON_SEARCH)
@transaction.reads_first
def search() -> Any:
    """Find young people by name, alias or reference, among those the actor may see."""
    form = SearchForm()
    if request.method == "GET":
        return render_template("people/search.html", form=form, found=None, **_may(), typed=None)
    if not form.validate() or not form.q.data:
        return pages.form_page("people/search.html", form, found=None, **_may(), typed=None)
    elsewhere = _page_of(form.q.data)
    if elsewhere is not None:
        return pages.to(elsewhere[0], ref=elsewhere[1])
    found = queries.search(current_actor(), form.q.data)
    transaction.begin_write()
    audit.record_read(
        "people:search:shown",
        current_actor(),
        None,
        people=[row.ref for row in found.people],
        words=len(found.words),
        more=found.has_more,
    )
    typed = (form.q.data or "").split(maxsplit=1)
    return render_template("people/search.html", form=form, found=found, **_may(), typed=typed)


def _may() -> dict[str, bool]:
    actor = current_actor()
    return {"may_add": actor.may(Permission.PERSON_ADD), "may_match": actor.holds(Permission.PERSON_MATCH)}


def _page_of(text: str) -> tuple[str, str] | None:
    for prefix, endpoint in _PAGES.items():
        ref = normalise_reference(text, prefix)
        if ref is not None and endpoint in current_app.view_functions:
            return endpoint, ref
    return None
