"""Pages of actions: a person's own and their agency's, one action, and what its owner says about it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

from flask import Blueprint, Flask, flash, render_template, request, url_for

from safeguarding.access.actor import Actor
from safeguarding.access.permissions import Permission
from safeguarding.actions import queries, service
from safeguarding.actions.forms import CompleteForm, DueDateForm, NotDoneForm, NotPossibleForm, StartForm
from safeguarding.actions.models import Action, ActionOrigin, ActionState, ActionSubject
from safeguarding.actions.workflow import standing
from safeguarding.audit import service as audit
from safeguarding.core import clock
from safeguarding.core.errors import RuleError, StaleError
from safeguarding.web import pages
from safeguarding.web.guard import current_actor, permission
from safeguarding.web.navigation import Entry, register_entry
from safeguarding.web.sections import Section, register_section

blueprint = Blueprint("actions", __name__, url_prefix="/actions")


@dataclass(frozen=True)
class Chip:
    """A filter of the list."""

    label: str
    href: str
    current: bool


@dataclass(frozen=True)
class Answer:
    """One thing an owner can say about an action: its form, its words, its command."""

    title: str
    button: str
    said: str
    form: type[Any]
    send: Callable[[Actor, Action, Any], None]


def init_actions(app: Flask) -> None:
    """Register the pages, the navigation and what actions show on other pages."""
    app.register_blueprint(blueprint)
    app.jinja_env.filters["action_standing"] = _stands
    register_entry(app, Entry("Actions", "actions.index", 50, Permission.ACTION_READ, ("/actions",)))
    need = Permission.ACTION_READ
    register_section(app, Section("my_work", "actions", 20, "actions/work.html", _work, need))
    register_section(app, Section("person", "actions", 40, "actions/section.html", _about_person, need))
    register_section(app, Section("case", "actions", 40, "actions/section.html", _about_case, need))
    register_section(app, Section("context", "actions", 60, "actions/section.html", _about_context, need))


def _stands(state: ActionState | str, due_on: date, is_late: bool | None) -> str:
    """Return the state of an action for its tag, where a page of another package shows one."""
    return standing(ActionState(state), due_on, is_late)


@blueprint.get("")
@permission(Permission.ACTION_READ)
def index() -> str:
    """List the actions of the actor, or of their agency, the most overdue first."""
    actor = current_actor()
    show = request.args.get("show", "mine")
    lists = {"mine": queries.list_mine, "agency": queries.list_agency, "ended": queries.list_ended}
    chosen = show if show in lists else "mine"
    rows = lists[chosen](actor, before=_before(request.args.get("before")))
    shown = rows[: queries.PAGE]
    audit.record_read("actions:list:shown", actor, None, show=chosen, actions=[row.ref for row in shown])
    return render_template(
        "actions/index.html", rows=shown, chips=_chips(chosen), show=chosen, older=_older(chosen, rows)
    )


@blueprint.get("/<ref>")
@permission(Permission.ACTION_READ)
def action(ref: str) -> str:
    """Show one action: what, whose, by when, and how it went."""
    actor = current_actor()
    row, held = queries.access_action(actor, ref, Permission.ACTION_READ)
    changes = queries.list_due_changes(row.id)
    audit.record_read("actions:action:shown", actor, row.ref)
    return render_template(
        "actions/action.html",
        action=row,
        changes=changes,
        can_act=row.is_live and actor.may(Permission.ACTION_ACT, held),
        start=StartForm(version=row.version),
    )


@blueprint.post("/<ref>/start")
@permission(Permission.ACTION_ACT)
def start(ref: str) -> Any:
    """Say that work has begun."""
    actor = current_actor()
    row, _held = queries.access_action(actor, ref, Permission.ACTION_ACT)
    form = StartForm()
    if form.validate():
        service.start_action(actor, queries.action_entity(row.id), read_version=form.read_version)
        flash("Marked as in progress.", "success")
    return pages.to("actions.action", ref=row.ref)


@blueprint.route("/<ref>/<any('done','not-possible','not-done','due-date'):what>", methods=["GET", "POST"])
@permission(Permission.ACTION_ACT)
def answer(ref: str, what: str) -> Any:
    """Ask for, and record, what the owner says about an action."""
    actor = current_actor()
    row, _held = queries.access_action(actor, ref, Permission.ACTION_ACT)
    asked = ANSWERS[what]
    form = asked.form(version=row.version, **({"completed_on": clock.today()} if what == "done" else {}))
    if not row.is_live:
        return _ended(row, form)
    if form.validate_on_submit():
        try:
            asked.send(actor, queries.action_entity(row.id), form)
        except RuleError as error:
            form.add_rule_error(error)
        except StaleError:
            return pages.conflict_page(form, _standing(row, form), url_for("actions.action", ref=row.ref))
        else:
            flash(asked.said, "success")
            return pages.to("actions.action", ref=row.ref)
    return pages.form_page("actions/answer.html", form, action=row, asked=asked)


def _send_done(actor: Actor, action: Action, form: CompleteForm) -> None:
    service.complete_action(
        actor,
        action,
        evidence=form.evidence.data or "",
        completed_on=form.completed_on.data,
        read_version=form.read_version,
    )


def _send_not_possible(actor: Actor, action: Action, form: NotPossibleForm) -> None:
    service.mark_not_possible(actor, action, what_changed=form.outcome_note.data or "", read_version=form.read_version)


def _send_not_done(actor: Actor, action: Action, form: NotDoneForm) -> None:
    service.mark_not_done(actor, action, what_instead=form.outcome_note.data or "", read_version=form.read_version)


def _send_due_date(actor: Actor, action: Action, form: DueDateForm) -> None:
    due_on = form.due_on.data or clock.today()
    service.change_due_date(actor, action, due_on=due_on, reason=form.reason.data or "", read_version=form.read_version)


ANSWERS = {
    "done": Answer("Say that it is done", "Record as done", "Recorded as done.", CompleteForm, _send_done),
    "not-possible": Answer(
        "Say that it is no longer possible",
        "Record as not possible",
        "Recorded: not possible, because things changed.",
        NotPossibleForm,
        _send_not_possible,
    ),
    "not-done": Answer(
        "Say that it was not done", "Record as not done", "Recorded as not done.", NotDoneForm, _send_not_done
    ),
    "due-date": Answer("Change the due date", "Change the due date", "Due date changed.", DueDateForm, _send_due_date),
}


def _ended(row: queries.ActionRow, form: Any) -> Any:
    """Show what stands beside what was typed; a form sent twice by mistake says nothing new, and neither does a page."""
    standing = _standing(row, form)
    if form.is_submitted() and any(form[name].data not in (None, "", stands) for name, stands in standing.items()):
        return pages.conflict_page(form, standing, url_for("actions.action", ref=row.ref))
    flash("This action has ended already.", "notice")
    return pages.to("actions.action", ref=row.ref)


def _standing(row: queries.ActionRow, form: Any) -> dict[str, Any]:
    names = ("evidence", "completed_on", "outcome_note", "due_on", "reason")
    return {name: getattr(row, name, None) for name in names if name in form}


def _chips(chosen: str) -> list[Chip]:
    labels = {"mine": "Mine", "agency": "My agency's", "ended": "Ended"}
    return [Chip(label, url_for("actions.index", show=show), show == chosen) for show, label in labels.items()]


def _older(show: str, rows: list[queries.ActionRow]) -> str | None:
    if len(rows) <= queries.PAGE:
        return None
    last = rows[queries.PAGE - 1]
    return url_for("actions.index", show=show, before=f"{last.due_on.isoformat()}_{last.id}")


def _before(text: str | None) -> queries.Before | None:
    """Return the place in the list that an address names, or None when it names none."""
    day, _, number = (text or "").partition("_")
    try:
        place = date.fromisoformat(day)
    except ValueError:
        return None
    return (place, int(number)) if number.isascii() and number.isdigit() and len(number) < 19 else None


def _work(actor: Actor, _subject: Any) -> dict[str, Any] | None:
    rows = queries.list_waiting(actor)
    return {"rows": rows[:10], "has_more": len(rows) > 10}


def _about_person(actor: Actor, subject: Any) -> dict[str, Any] | None:
    return _about(actor, (ActionSubject.PERSON, subject.id), None)


def _about_context(actor: Actor, subject: Any) -> dict[str, Any] | None:
    return _about(actor, (ActionSubject.CONTEXT, subject.id), None)


def _about_case(actor: Actor, subject: Any) -> dict[str, Any] | None:
    about = None
    if subject.person_id is not None:
        about = (ActionSubject.PERSON, subject.person_id)
    elif subject.context_id is not None:
        about = (ActionSubject.CONTEXT, subject.context_id)
    model = _about(actor, about, (ActionOrigin.CASE, subject.id))
    add = getattr(subject, "add_action_href", None)
    return {**model, "add_href": add} if model else None


def _about(
    actor: Actor, subject: tuple[ActionSubject, int] | None, origin: tuple[ActionOrigin, int] | None
) -> dict[str, Any]:
    rows = queries.list_about(actor, subject, origin)
    return {"rows": rows[:20], "has_more": len(rows) > 20, "today": clock.today(), "done": ActionState.DONE}
