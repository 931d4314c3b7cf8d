"""The minutes of a meeting: made, sent round, signed, added to; each reader gets their own copy."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from flask import Response, flash, make_response, render_template

from safeguarding.access.permissions import Permission
from safeguarding.audit import service as audit
from safeguarding.core import clock
from safeguarding.core.errors import RuleError, StaleError
from safeguarding.panels.blueprint import blueprint
from safeguarding.panels.forms.live import AddendumForm, MinutesForm
from safeguarding.panels.models.meetings import Meeting
from safeguarding.panels.policy import KIND_NAMES
from safeguarding.panels.queries.live import load_meeting
from safeguarding.panels.queries.minutes import MinutesPage, load_minutes, minutes_page
from safeguarding.panels.service import minutes as service
from safeguarding.web import pages, transaction
from safeguarding.web.errors import error_page
from safeguarding.web.filters import day
from safeguarding.web.guard import current_actor, permission

MINUTES = "/panels/<string:slug>/meetings/<string:ref>/minutes"


@blueprint.get(MINUTES)
@permission(Permission.MINUTES_READ)
def minutes(slug: str, ref: str) -> Any:
    """Show the reader's copy of the minutes."""
    page = minutes_page(current_actor(), slug, ref)
    shown = page.row.minutes_ref or ref
    audit.record_read("panels:minutes:shown", current_actor(), shown, mark=page.row.content_digest, gaps=page.gaps)
    return _show(page, AddendumForm())


@blueprint.post(f"{MINUTES}/generate")
@permission(Permission.MINUTES_PREPARE)
def generate_minutes(slug: str, ref: str) -> Any:
    """Make the minutes, or make them again."""

    def act(meeting: Meeting, version: int) -> None:
        service.generate_minutes(current_actor(), meeting, read_version=version or None)

    return _step(slug, ref, act, "The minutes are made. Read them, then send them round.")


@blueprint.post(f"{MINUTES}/circulate")
@permission(Permission.MINUTES_PREPARE)
def circulate_minutes(slug: str, ref: str) -> Any:
    """Send the minutes round: members may read their copies."""

    def act(meeting: Meeting, version: int) -> None:
        service.circulate_minutes(current_actor(), load_minutes(meeting), read_version=version)

    return _step(slug, ref, act, "The minutes are open to the members of the panel.")


@blueprint.post(f"{MINUTES}/sign")
@permission(Permission.MINUTES_SIGN)
def sign_minutes(slug: str, ref: str) -> Any:
    """Sign the minutes."""

    def act(meeting: Meeting, version: int) -> None:
        until = service.sign_minutes(current_actor(), load_minutes(meeting), read_version=version)
        flash(f"Members may read the items until {day(until - timedelta(seconds=1))}.", "notice")

    return _step(slug, ref, act, "The minutes are signed and never change.")


@blueprint.post(f"{MINUTES}/addenda")
@permission(Permission.MINUTES_SIGN)
def add_minutes_addendum(slug: str, ref: str) -> Any:
    """Add a dated text to signed minutes."""
    actor = current_actor()
    page = minutes_page(actor, slug, ref)
    form = AddendumForm()
    if form.validate():
        try:
            form.claim(actor.key)
            meeting = load_meeting(actor, slug, ref).meeting
            service.add_minutes_addendum(actor, load_minutes(meeting), text=form.text.data or "")
        except RuleError as error:
            transaction.rollback()
            form.add_rule_error(error)
        else:
            flash("Addendum added.", "success")
            return pages.to("panels.minutes", slug=slug, ref=ref)
    return _show(page, form)


def _step(slug: str, ref: str, act: Callable[[Meeting, int], None], done: str) -> Any:
    meeting = load_meeting(current_actor(), slug, ref).meeting
    try:
        act(meeting, MinutesForm().read_version)
    except RuleError as error:
        transaction.rollback()
        flash(error.message, "notice")
    except StaleError:
        return error_page(409, texts=[], back=None)
    else:
        flash(done, "success")
    return pages.to("panels.minutes", slug=slug, ref=ref)


def _show(page: MinutesPage, addendum: AddendumForm) -> Response:
    row, standing = page.row, page.standing
    wrong = addendum if addendum.errors else None
    html = render_template(
        "panels/minutes.html" if page.content is not None else "panels/minutes_none.html",
        page=page,
        row=row,
        content=page.content,
        form=wrong,
        step=MinutesForm(formdata=None, version=row.version or 0),
        addendum=addendum,
        prepares=standing.may(Permission.MINUTES_PREPARE),
        signs=standing.may(Permission.MINUTES_SIGN),
        kind_names=KIND_NAMES,
        kinds={kind.value: name for kind, name in KIND_NAMES.items()},
        own_agencies=standing.actor.agency_ids,
        reader=standing.actor,
        now=clock.now(),
        at={"slug": row.slug, "ref": row.ref},
    )
    return make_response(html, 422 if wrong is not None else 200)
