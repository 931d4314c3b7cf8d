"""The live meeting as it is followed: the item that is open, any other item, who is out of one, and what a script polls."""

from typing import Any

from flask import jsonify, make_response, render_template

from safeguarding.access.permissions import Permission
from safeguarding.audit import service as audit
from safeguarding.panels.blueprint import blueprint
from safeguarding.panels.forms.live import OpenForm
from safeguarding.panels.queries.live import MeetingPage, followed, meeting_page, rail
from safeguarding.panels.views.showing import Item, show_between, show_item
from safeguarding.web.guard import current_actor, permission, polled


@blueprint.get("/panels/<string:slug>/meetings/<string:ref>/live")
@permission(Permission.MEETING_READ)
def live(slug: str, ref: str) -> Any:
    """Follow a meeting: show the item that is open, or how things stand between items."""
    page = meeting_page(current_actor(), slug, ref)
    if page.is_barred:
        return _recused(page)
    if page.has_item:
        return _item(page)
    audit.record_read("panels:meeting:followed", current_actor(), ref)
    return show_between(page, OpenForm())


@blueprint.get("/panels/<string:slug>/meetings/<string:ref>/live/items/<string:item_ref>")
@permission(Permission.ITEM_READ)
def live_item(slug: str, ref: str, item_ref: str) -> Any:
    """Show one item with its papers, whether it is open or not."""
    return _item(meeting_page(current_actor(), slug, ref, item_ref))


@blueprint.get("/panels/<string:slug>/meetings/<string:ref>/live/state")
@permission(Permission.MEETING_READ)
@polled
def live_state(slug: str, ref: str) -> Any:
    """Say whether the meeting moved, for a page that follows it: marks alone, so that nothing is shown and audited."""
    marks = followed(current_actor(), slug, ref)
    return jsonify(item=marks.item, room=marks.room)


def _item(page: MeetingPage) -> Any:
    audit.record_read("panels:item:shown", current_actor(), page.row.item_ref, meeting=page.row.ref)
    return show_item(Item(page))


def _recused(page: MeetingPage) -> Any:
    """Tell somebody with a conflict that they are out of the item: its number, and nothing else about it."""
    actor, row = current_actor(), page.row
    items = rail(actor, row.id)
    here = next((each for each in items if each.id == row.current_item_id), None)
    audit.record_read("panels:meeting:followed", actor, row.ref)
    return make_response(
        render_template(
            "panels/recused.html",
            row=row,
            position=here.position if here else None,
            ahead=[each for each in items if not each.is_closed_to_actor and each.state.value == "waiting"],
            follow=_follow(page),
            may_run=page.standing.may(Permission.MEETING_RUN),
        )
    )


def _follow(page: MeetingPage) -> Any:
    return followed(current_actor(), page.row.slug, page.row.ref)
