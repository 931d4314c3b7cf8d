"""The page "People to confirm": each membership is kept or ended once a quarter."""

from collections.abc import Callable
from typing import Any

from flask import Blueprint, Flask, flash, render_template, url_for

from safeguarding.access.actor import Actor
from safeguarding.access.permissions import Permission
from safeguarding.access.roles import ROLE_NAMES
from safeguarding.accounts import member_queries, members, told
from safeguarding.accounts.door_forms import MemberForm
from safeguarding.audit import service as audit
from safeguarding.core import clock
from safeguarding.core.errors import NotFoundError, RuleError
from safeguarding.notices.kinds import Kind, register_kind
from safeguarding.web import pages
from safeguarding.web.guard import current_actor, fresh_factor, permission
from safeguarding.web.sections import Section, register_section

blueprint = Blueprint("members", __name__)


def init_members(app: Flask) -> None:
    """Register the page, the block of the first page and the kind of notice."""
    app.register_blueprint(blueprint)
    register_section(
        app, Section("my_work", "members", 14, "admin/members_work.html", _work_block, Permission.MEMBERS_CONFIRM)
    )
    register_kind(
        app,
        Kind(
            told.CONFIRM_MEMBERS,
            "People of your agency wait to be confirmed for this quarter.",
            permitted=lambda actor, _subject: actor.holds(Permission.MEMBERS_CONFIRM),
            page=lambda _subject: url_for("members.index"),
        ),
    )


def _work_block(actor: Actor, _subject: Any) -> dict[str, Any] | None:
    waiting = member_queries.count_waiting(actor)
    if not waiting:
        return None
    due_on = member_queries.this_quarter().due_on
    return {"waiting": waiting, "due_on": due_on, "is_late": clock.today() > due_on}


@blueprint.get("/agency/people")
@permission(Permission.MEMBERS_CONFIRM)
def index() -> Any:
    """List the memberships that the actor looks at, those that wait first."""
    actor = current_actor()
    rows = member_queries.list_members(actor)
    audit.record_read("accounts:members:listed", actor, None, shown=sorted({row.user_ref for row in rows}))
    quarter = member_queries.this_quarter()
    return render_template(
        "admin/members.html",
        rows=rows,
        quarter=quarter,
        is_late=clock.today() > quarter.due_on,
        names=ROLE_NAMES,
        form=MemberForm(formdata=None),
    )


@blueprint.post("/agency/people/keep")
@permission(Permission.MEMBERS_CONFIRM)
def keep() -> Any:
    """Confirm one membership for this quarter."""
    return _decide(members.keep_member, "Kept for this quarter.")


@blueprint.post("/agency/people/end")
@permission(Permission.MEMBERS_CONFIRM)
@fresh_factor
def end() -> Any:
    """End one membership."""
    return _decide(members.end_member, "Ended. They see nothing by it from now on.")


def _decide(command: Callable[[Actor, int], None], said: str) -> Any:
    form = MemberForm()
    if not form.validate() or form.membership_id is None:
        raise NotFoundError
    try:
        command(current_actor(), form.membership_id)
        flash(said, "success")
    except RuleError as error:
        flash(error.message, "notice")
    return pages.to("members.index")
