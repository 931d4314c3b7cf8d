"""Pages of panels and of their meetings before the day: the list, one panel, planning, one meeting with its agenda."""

from typing import Any

from flask import flash, render_template, request, url_for

from safeguarding.access.permissions import Permission
from safeguarding.audit import service as audit
from safeguarding.core import clock
from safeguarding.core.errors import ForbiddenError, RuleError
from safeguarding.panels.blueprint import blueprint
from safeguarding.panels.forms.agenda import PlanForm, VersionForm, arrange_form
from safeguarding.panels.models.meetings import AgendaState, MeetingState
from safeguarding.panels.queries import agenda as reads
from safeguarding.panels.queries import panels as panel_reads
from safeguarding.panels.service import agenda as service
from safeguarding.web import pages
from safeguarding.web.forms import instant_of
from safeguarding.web.guard import current_actor, permission
from safeguarding.web.sections import sections_for

OVER = (MeetingState.CLOSED, MeetingState.CANCELLED)


@blueprint.get("/panels")
@permission(Permission.MEETING_READ)
def index() -> str:
    """List the actor's panels, the meetings ahead and the past ones."""
    actor = current_actor()
    ahead = panel_reads.list_ahead(actor)
    past = panel_reads.list_past(actor, before=request.args.get("before"))
    audit.record_read("panels:meetings:listed", actor, None, refs=[row.ref for row in [*ahead, *past]])
    return render_template(
        "panels/index.html",
        panels=panel_reads.list_panels(actor),
        ahead=ahead,
        past=past,
        older=_older("panels.index", past),
    )


@blueprint.get("/panels/<string:slug>")
@permission(Permission.MEETING_READ)
def panel(slug: str) -> str:
    """Show a panel: who sits on it, what makes it quorate, its meetings."""
    actor = current_actor()
    page = panel_reads.access_panel(actor, slug)
    past = panel_reads.list_past(actor, slug=slug, before=request.args.get("before"))
    audit.record_read("panels:panel:shown", actor, slug)
    return render_template(
        "panels/panel.html",
        panel=page.row,
        members=panel_reads.members_of(page.row.id),
        ahead=[row for row in panel_reads.list_ahead(actor) if row.slug == slug],
        past=past,
        older=_older("panels.panel", past, slug=slug),
        may_plan=page.standing.may(Permission.AGENDA_BUILD),
    )


@blueprint.route("/panels/<string:slug>/meetings/new", methods=["GET", "POST"])
@permission(Permission.AGENDA_BUILD)
def plan(slug: str) -> Any:
    """Plan a meeting."""
    actor = current_actor()
    page = panel_reads.access_panel(actor, slug)
    if not page.standing.may(Permission.AGENDA_BUILD):
        raise ForbiddenError("Meetings are planned by the coordinator, the chair and the vice-chair of the panel.")
    form = PlanForm()
    if form.validate_on_submit():
        form.claim(actor.key)
        starts = instant_of(form.starts_on.data, form.starts_time.data)
        try:
            meeting = service.plan_meeting(
                actor,
                panel_reads.panel_entity(page.row.id),
                starts_at=starts or clock.now(),
                ends_at=instant_of(form.starts_on.data, form.ends_time.data),
                place=form.place.data,
            )
        except RuleError as error:
            form.add_rule_error(error)
        else:
            flash("Meeting planned. Put items on its agenda next.", "success")
            return pages.to("panels.meeting", slug=slug, ref=meeting.ref)
    return pages.form_page("panels/plan.html", form, panel=page.row)


@blueprint.get("/panels/<string:slug>/meetings/<string:ref>")
@permission(Permission.MEETING_READ)
def meeting(slug: str, ref: str) -> Any:
    """Show a meeting: its agenda above, the board of returns below, what is missing before it locks at the side."""
    actor = current_actor()
    before = reads.meeting_before(actor, slug, ref)
    audit.record_read("panels:meeting:shown", actor, before.row.ref)
    return agenda_page(before)


def agenda_page(before: reads.Before, arranging: Any = None, refused: Any = None) -> Any:
    """Draw a meeting's page. `arranging` is the form of its agenda, when it was refused; `refused` is a button's."""
    actor = current_actor()
    board = reads.board_of(before)
    items = [(line.row.ref, line.row.title, line.minutes) for line in before.lines if line.row is not None]
    if arranging is None and before.may_arrange:
        arranging = arrange_form(items)(formdata=None, version=before.row.version)
    context = {
        "meeting": before.row,
        "before": before,
        "board": board,
        "steps": steps_of(before),
        "missing": missing_of(before, board),
        "arranging": arranging,
        "publishing": VersionForm(formdata=None, version=before.row.version) if before.may_arrange else None,
        "locking": VersionForm(formdata=None, version=before.row.version) if before.may_lock else None,
        "is_officer": before.standing.is_officer,
        "to_ask": reads.to_ask(before, board),
        "may_chase": before.standing.may(Permission.AGENDA_BUILD) and before.row.state not in OVER,
        # Somebody who presents an item sees the meeting, but not the panel's page.
        "sits_on_panel": before.standing.may(Permission.MINUTES_READ),
        "opening": reads.OPENING_MINUTES,
        "closing": reads.CLOSING_MINUTES,
        "sections": sections_for("meeting", actor, before.row),
    }
    form = refused or arranging
    if form is None:
        return render_template("panels/meeting.html", **context)
    return pages.form_page("panels/meeting.html", form, **context)


def steps_of(before: reads.Before) -> list[tuple[str, str | None, str]]:
    """Return where the meeting has got to, in four steps: (title, detail as an instant or words, state)."""
    row = before.row
    published = row.agenda_state is not AgendaState.DRAFT
    planned = row.state is MeetingState.PLANNED
    locked = before.locked or not planned
    return [
        ("Draft", None, "done" if published or not planned else "now"),
        (
            f"Published, version {row.agenda_version}" if published else "Published",
            "published",
            "done" if locked and published else "now" if published else "next",
        ),
        ("Locked" if locked else "Locks", "locked", "done" if not planned else "now" if locked else "next"),
        ("Meeting", "meeting", "now" if not planned else "next"),
    ]


def missing_of(before: reads.Before, board: reads.Board) -> list[tuple[bool, str, str, str | None]]:
    """Return what to see to before the agenda locks: (whether it is well, words, detail, address)."""
    shown = [line.row for line in before.lines if line.row is not None]
    alone = [line for line in before.lines if line.lacks_presenter]
    silent = [row.title for row in shown if row.referral_ref and not (row.own_view or row.own_view_absent_reason)]
    unasked = [line for line in before.lines if line.row is not None and not line.row.question]
    lapsed = [name for _id, name, agreed in board.agencies if not agreed]
    left = before.length - before.minutes
    add = url_for("panels.add_items", slug=before.row.slug, ref=before.row.ref)
    lines = [
        _line(not before.row.waiting, f"{before.row.waiting} accepted and not on an agenda", "Nothing waits", add),
        _line(not board.overdue, f"{board.overdue} returns late", "No return is late", "#returns"),
        _line(not alone, f"No presenter: {_numbers(alone)}", "Every item has a presenter", _first_of(before, alone)),
        _line(not silent, "A young person's own words are missing", "Own words are in, or why not", None),
        _line(
            not unasked, f"No question: {_numbers(unasked)}", "Every item has its question", _first_of(before, unasked)
        ),
        _line(not lapsed, f"Agreement lapsed: {', '.join(lapsed)}", "Every sharing agreement is in date", None),
        _line(left >= 0, f"{-left} minutes over", "It fits into the time", None),
    ]
    return lines


def _line(well: bool, missing: str, fine: str, address: str | None) -> tuple[bool, str, str, str | None]:
    return (well, fine if well else missing, "", None if well else address)


def _first_of(before: reads.Before, lines: list[reads.Line]) -> str | None:
    """Return where the first of these items is changed, for whoever may."""
    if not lines or not before.may_arrange:
        return None
    return url_for("panels.edit_item", slug=before.row.slug, ref=before.row.ref, item_ref=lines[0].row.ref)


def _numbers(lines: list[reads.Line]) -> str:
    return ("item " if len(lines) == 1 else "items ") + ", ".join(str(each.position) for each in lines)


def _older(endpoint: str, past: list[Any], **values: Any) -> str | None:
    if len(past) < panel_reads.PAGE:
        return None
    return url_for(endpoint, before=past[-1].ref, **values)
