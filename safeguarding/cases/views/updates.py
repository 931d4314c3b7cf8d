"""Logging and correcting updates."""

from typing import Any

from flask import flash, request

from safeguarding.access.permissions import Permission
from safeguarding.cases import queries, service, words
from safeguarding.cases.forms import UpdateForm, risk_choices, text_of
from safeguarding.cases.models import SeenAlone, SharedWith, UpdateKind
from safeguarding.cases.queries import CaseView
from safeguarding.cases.views.blueprint import blueprint
from safeguarding.core import clock
from safeguarding.core.errors import RuleError
from safeguarding.web import pages
from safeguarding.web.guard import current_actor, permission

_COPIED = (
    "what_happened",
    "own_words",
    "own_words_absent_reason",
    "opinion",
    "risk_reason",
    "next_step",
    "next_step_on",
)


@blueprint.route("/<ref>/updates/add", methods=["GET", "POST"])
@permission(Permission.CASE_UPDATE)
def update(ref: str) -> Any:
    """Log what happened."""
    actor = current_actor()
    view = queries.access_case(actor, ref, Permission.CASE_UPDATE)
    form = UpdateForm(**_chosen_beforehand(view))
    form.risk.choices = risk_choices(view.row.risk)
    if form.validate_on_submit():
        try:
            form.claim(actor.key)
            service.log_update(actor, queries.case_entity(view.id), update=text_of(form))
        except RuleError as error:
            form.add_rule_error(error)
        else:
            flash("Update logged.", "success")
            return pages.to("cases.case", ref=view.ref)
    last = queries.list_updates(actor, view, limit=1)[:1] if request.method == "GET" else []
    return pages.form_page("cases/update.html", form, view=view, case=view.row, words=words, last=last, corrects=None)


@blueprint.route("/<ref>/updates/<update_ref>/correct", methods=["GET", "POST"])
@permission(Permission.CASE_UPDATE)
def correct(ref: str, update_ref: str) -> Any:
    """Correct an update by another; both stay readable."""
    actor = current_actor()
    view = queries.access_case(actor, ref, Permission.CASE_UPDATE)
    standing = queries.access_update(actor, view, update_ref)
    form = UpdateForm(**_as_it_stands(standing))
    form.risk.choices = risk_choices(view.row.risk)
    if form.validate_on_submit():
        try:
            form.claim(actor.key)
            service.correct_update(
                actor,
                queries.case_entity(view.id),
                corrects=queries.update_entity(standing.id),
                update=text_of(form),
            )
        except RuleError as error:
            form.add_rule_error(error)
        else:
            flash("Correction logged. The update it corrects stays readable.", "success")
            return pages.to("cases.case", ref=view.ref)
    return pages.form_page("cases/update.html", form, view=view, case=view.row, words=words, last=[], corrects=standing)


def _chosen_beforehand(view: CaseView) -> dict[str, Any]:
    """Return kind and time; whether they were seen alone and the risk are never chosen for anybody."""
    now = clock.london(clock.now())
    chosen = {
        "kind": UpdateKind.VISIT.value,
        "happened_on": now.date(),
        "happened_at": now.time().replace(second=0, microsecond=0),
        "shared_with": SharedWith.TEAM.value,
    }
    return chosen if view.is_about_young_person else {**chosen, "seen_alone": SeenAlone.NOT_SEEN.value}


def _as_it_stands(standing: Any) -> dict[str, Any]:
    happened = clock.london(standing.happened_at)
    return {
        "kind": standing.kind.value,
        "happened_on": happened.date(),
        "happened_at": happened.time().replace(second=0, microsecond=0),
        "seen_alone": standing.seen_alone.value,
        "shared_with": standing.shared_with.value,
        **{name: getattr(standing, name) for name in _COPIED},
    }
