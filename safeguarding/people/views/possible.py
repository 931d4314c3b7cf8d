"""Possible duplicates that nobody was shown when somebody was added: the queue, and one pair field by field."""

from typing import Any

from flask import flash, render_template, url_for

from safeguarding.access.actor import Actor
from safeguarding.access.permissions import Permission
from safeguarding.audit import service as audit
from safeguarding.core.errors import RuleError, StaleError
from safeguarding.people import possible, possible_queries
from safeguarding.people.forms import ANSWERS, PossibleForm
from safeguarding.people.possible_models import PossibleState
from safeguarding.people.views.blueprint import blueprint
from safeguarding.web import pages
from safeguarding.web.guard import current_actor, permission

SHOWN_IN_WORK = 3


@blueprint.get("/possible-duplicates")
@permission(Permission.PERSON_MATCH)
def possible_duplicates() -> str:
    """List the pairs that wait for an answer, and those that have one."""
    actor = current_actor()
    waiting = possible_queries.list_possible(actor)
    answered = possible_queries.list_possible(actor, possible_queries.ANSWERED)
    shown = sorted({side.ref for pair in (*waiting, *answered) for side in (pair.lower, pair.higher)})
    audit.record_read("people:possible:listed", actor, None, people=shown)
    return render_template("people/possible.html", waiting=waiting, answered=answered, words=dict(ANSWERS))


@blueprint.route("/possible-duplicates/<ref>", methods=["GET", "POST"])
@permission(Permission.PERSON_MATCH)
def possible_duplicate(ref: str) -> Any:
    """Show two records side by side, and take the answer."""
    actor = current_actor()
    pair = possible_queries.access_possible(actor, ref)
    form = PossibleForm(version=pair.version)
    if form.validate_on_submit():
        try:
            possible.answer(
                actor,
                possible_queries.possible_entity(pair.id),
                said=PossibleState(form.answer.data),
                reason=form.reason.data or "",
                read_version=form.read_version,
            )
        except RuleError as error:
            form.add_rule_error(error)
        except StaleError:
            return pages.conflict_page(form, {}, url_for("people.possible_duplicate", ref=pair.ref))
        else:
            flash("Your answer is recorded.", "success")
            return pages.to("people.possible_duplicates")
    audit.record_read("people:possible:shown", actor, pair.ref, people=[pair.lower.ref, pair.higher.ref])
    return pages.form_page(
        "people/possible_one.html",
        form,
        pair=pair,
        compared=possible_queries.compare(pair),
        answers=possible_queries.list_answers(pair.id),
        words=dict(ANSWERS),
    )


def work(actor: Actor, _subject: Any) -> dict[str, Any] | None:
    """Return the pairs that wait for the actor's answer, for the page of their work."""
    rows = possible_queries.list_possible(actor, frozenset({PossibleState.WAITING}), SHOWN_IN_WORK + 1)
    if not rows:
        return None
    return {"rows": rows[:SHOWN_IN_WORK], "has_more": len(rows) > SHOWN_IN_WORK}
