"""Changing an agenda: order and minutes, adding, one item, removing, publishing, locking."""

from collections.abc import Callable
from typing import Any

from flask import flash, request, url_for

from safeguarding.access.actor import Actor
from safeguarding.access.permissions import Permission
from safeguarding.audit import service as audit
from safeguarding.core.errors import ForbiddenError, RuleError, StaleError
from safeguarding.core.references import normalise_reference
from safeguarding.panels.blueprint import blueprint
from safeguarding.panels.forms.agenda import (
    AddForm,
    ArrangeForm,
    ItemForm,
    ThemeForm,
    VersionForm,
    arrange_form,
    minutes_name,
)
from safeguarding.panels.queries import agenda as reads
from safeguarding.panels.queries.live import LoadedMeeting, load_meeting
from safeguarding.panels.service import agenda as service
from safeguarding.panels.service import chasing
from safeguarding.panels.views.meetings import agenda_page
from safeguarding.web import pages
from safeguarding.web.forms import EditForm, SelectOne
from safeguarding.web.guard import current_actor, permission


@blueprint.post("/panels/<string:slug>/meetings/<string:ref>/agenda")
@permission(Permission.AGENDA_BUILD)
def arrange(slug: str, ref: str) -> Any:
    """Keep the minutes, and move an item when one of its buttons was pressed."""
    actor = current_actor()
    loaded = _to_arrange(actor, slug, ref)
    before = reads.meeting_before(actor, slug, ref)
    shown = [line.row for line in before.lines if line.row is not None]
    form = arrange_form((row.ref, row.title, row.minutes) for row in shown)()
    refs = [row.ref for row in shown if minutes_name(row.ref) in form]
    if form.read_version != before.row.version:
        return _both_orders(before, form, shown)
    if form.validate_on_submit():
        try:
            service.arrange_agenda(
                actor, loaded.meeting, minutes=form.minutes(refs), move=form.moved, read_version=form.read_version
            )
            return pages.to("panels.meeting", slug=slug, ref=ref, _anchor="agenda")
        except RuleError as error:
            form.add_rule_error(error)
        except StaleError:
            return _both_orders(before, form, shown)
    return agenda_page(before, form)


@blueprint.route("/panels/<string:slug>/meetings/<string:ref>/agenda/add", methods=["GET", "POST"])
@permission(Permission.AGENDA_BUILD)
def add_items(slug: str, ref: str) -> Any:
    """Put accepted referrals and reviews on the agenda: those ticked, or all the referrals."""
    actor = current_actor()
    loaded = _to_arrange(actor, slug, ref)
    waiting = reads.list_waiting(actor, slug)
    reviews = reads.list_reviews_due(actor, loaded.meeting.starts_at)
    form = _add_form(loaded, waiting, reviews)
    if form.validate_on_submit():
        everything = bool(form.everything.data)
        referrals = {row.ref: row.id for row in waiting if everything or row.ref in (form.referrals.data or [])}
        cases = {row.ref: row.id for row in reviews if row.ref in (form.cases.data or [])}
        try:
            items = service.add_waiting(
                actor,
                loaded.meeting,
                referral_ids=referrals.values(),
                case_ids=cases.values(),
                read_version=form.read_version,
            )
            flash(f"{len(items)} added to the agenda.", "success")
            return pages.to("panels.meeting", slug=slug, ref=ref)
        except RuleError as error:
            form.add_rule_error(error)
        except StaleError:
            return _changed(slug, ref)
    return _add_page(loaded, form, form, ThemeForm(version=loaded.meeting.version))


@blueprint.post("/panels/<string:slug>/meetings/<string:ref>/agenda/theme")
@permission(Permission.AGENDA_BUILD)
def add_theme(slug: str, ref: str) -> Any:
    """Put a theme on the agenda."""
    actor = current_actor()
    loaded = _to_arrange(actor, slug, ref)
    form = ThemeForm()
    people = _offer_presenters(form.presenter)
    if form.validate_on_submit():
        try:
            service.add_theme(
                actor,
                loaded.meeting,
                title=form.title.data or "",
                question=form.theme_question.data,
                minutes=int(form.minutes.data or 0),
                presenter_id=people.get(form.presenter.data),
                read_version=form.read_version,
            )
            flash("Added to the agenda.", "success")
            return pages.to("panels.meeting", slug=slug, ref=ref)
        except RuleError as error:
            form.add_rule_error(error)
        except StaleError:
            return _changed(slug, ref)
    waiting = reads.list_waiting(actor, slug)
    reviews = reads.list_reviews_due(actor, loaded.meeting.starts_at)
    adding = AddForm(formdata=None, version=loaded.meeting.version)
    _offer(adding, waiting, reviews)
    return _add_page(loaded, form, adding, form)


@blueprint.route("/panels/<string:slug>/meetings/<string:ref>/agenda/<string:item_ref>", methods=["GET", "POST"])
@permission(Permission.AGENDA_BUILD)
def edit_item(slug: str, ref: str, item_ref: str) -> Any:
    """Change the minutes, the presenter and the question of an item."""
    actor = current_actor()
    loaded = _to_arrange(actor, slug, ref)
    before = reads.meeting_before(actor, slug, ref)
    row = reads.load_line(before, item_ref).row
    form = ItemForm(data={"minutes": row.minutes, "question": row.question}, version=row.version)
    people = _offer_presenters(form.presenter)
    now = next((each for each, key in people.items() if key == row.presenter_id), None)
    if not form.is_submitted():
        form.presenter.data = now
    if form.validate_on_submit():
        try:
            service.edit_item(
                actor,
                loaded.meeting,
                item_ref,
                minutes=int(form.minutes.data or 0),
                presenter_id=people.get(form.presenter.data),
                question=form.question.data,
                read_version=form.read_version,
            )
            flash("Item saved.", "success")
            return pages.to("panels.meeting", slug=slug, ref=ref)
        except RuleError as error:
            form.add_rule_error(error)
        except StaleError:
            current = {"minutes": row.minutes, "presenter": now, "question": row.question}
            return pages.conflict_page(form, current, _here("panels.edit_item", slug, ref, item_ref=item_ref))
    audit.record_read("panels:item:shown", actor, item_ref)
    return pages.form_page(
        "panels/agenda_item.html",
        form,
        meeting=before.row,
        item=row,
        removing=VersionForm(formdata=None, version=before.row.version),
    )


@blueprint.post("/panels/<string:slug>/meetings/<string:ref>/agenda/<string:item_ref>/remove")
@permission(Permission.AGENDA_BUILD)
def remove_item(slug: str, ref: str, item_ref: str) -> Any:
    """Take an item off the agenda."""
    return _press(
        slug,
        ref,
        "Taken off the agenda.",
        lambda actor, loaded, version: service.remove_item(actor, loaded.meeting, item_ref, read_version=version),
    )


@blueprint.post("/panels/<string:slug>/meetings/<string:ref>/agenda/publish")
@permission(Permission.AGENDA_BUILD)
def publish(slug: str, ref: str) -> Any:
    """Publish the agenda."""
    return _press(
        slug,
        ref,
        "Agenda published. Each agency with a seat is asked what it holds.",
        lambda actor, loaded, version: service.publish_agenda(actor, loaded.meeting, read_version=version),
    )


@blueprint.post("/panels/<string:slug>/meetings/<string:ref>/agenda/lock")
@permission(Permission.AGENDA_BUILD)
def lock(slug: str, ref: str) -> Any:
    """Lock the agenda."""
    return _press(
        slug,
        ref,
        "Agenda locked.",
        lambda actor, loaded, version: service.lock_agenda(actor, loaded.meeting, read_version=version),
    )


@blueprint.post("/panels/<string:slug>/meetings/<string:ref>/returns/ask")
@permission(Permission.AGENDA_BUILD)
def ask_agency(slug: str, ref: str) -> Any:
    """Ask one more agency with a seat about everything that is published."""
    chosen = request.form.get("agency", "")
    agency_id = int(chosen) if chosen.isascii() and chosen.isdigit() and len(chosen) < 16 else 0
    return _press(
        slug,
        ref,
        "The agency is asked what it holds.",
        lambda actor, loaded, version: service.ask_agency(actor, loaded.meeting, agency_id, read_version=version),
    )


@blueprint.post("/panels/<string:slug>/meetings/<string:ref>/returns/chase")
@permission(Permission.AGENDA_BUILD)
def chase(slug: str, ref: str) -> Any:
    """Remind the agencies whose answers are late, or one of them of one request."""
    actor = current_actor()
    loaded = _to_arrange(actor, slug, ref)
    one = request.form.get("request")
    wanted = None if one is None else normalise_reference(one, "RR") or ""
    try:
        reminded = chasing.chase_returns(actor, loaded.meeting, request_ref=wanted)
    except RuleError as error:
        flash(error.message, "notice")
    else:
        count = len({each.agency_id for each in reminded})
        flash(f"{count} {'agency is' if count == 1 else 'agencies are'} reminded.", "success")
    return pages.to("panels.meeting", slug=slug, ref=ref, _anchor="returns")


def _press(slug: str, ref: str, done: str, command: Callable[[Actor, LoadedMeeting, int], object]) -> Any:
    actor = current_actor()
    loaded = _to_arrange(actor, slug, ref)
    form = VersionForm()
    if form.validate_on_submit():
        try:
            command(actor, loaded, form.read_version)
            flash(done, "success")
        except StaleError:
            return _changed(slug, ref)
        except RuleError as error:
            before = reads.meeting_before(actor, slug, ref)
            form.form_errors.append(error.message)
            return agenda_page(before, refused=form)
    return pages.to("panels.meeting", slug=slug, ref=ref)


def _to_arrange(actor: Actor, slug: str, ref: str) -> LoadedMeeting:
    loaded = load_meeting(actor, slug, ref)
    if not loaded.standing.may(Permission.AGENDA_BUILD):
        raise ForbiddenError("The agenda is arranged by the coordinator, the chair and the vice-chair of the panel.")
    return loaded


def _add_form(loaded: LoadedMeeting, waiting: list[Any], reviews: list[Any]) -> AddForm:
    form = AddForm(version=loaded.meeting.version)
    _offer(form, waiting, reviews)
    return form


def _offer(form: AddForm, waiting: list[Any], reviews: list[Any]) -> None:
    form.referrals.choices = [(row.ref, _name(row)) for row in waiting]
    form.cases.choices = [(row.ref, _name(row)) for row in reviews]
    form.notes = {row.ref: "Urgent" for row in waiting if row.urgent} | {
        row.ref: f"Review due {row.next_review_on.day} {row.next_review_on:%B %Y}" for row in reviews
    }


def _name(row: Any) -> str:
    if row.given_name is not None:
        return f"{row.given_name} {row.family_name}"
    return str(row.context_name or row.group_name or row.ref)


def _add_page(loaded: LoadedMeeting, form: EditForm, adding: AddForm, theme: ThemeForm) -> Any:
    _offer_presenters(theme.presenter)
    audit.record_read("panels:waiting:listed", current_actor(), loaded.meeting.ref)
    return pages.form_page(
        "panels/agenda_add.html",
        form,
        meeting=loaded.meeting,
        slug=loaded.panel.slug,
        panel_name=loaded.panel.name,
        adding=adding,
        theme=theme,
    )


def _offer_presenters(field: SelectOne) -> dict[str | None, int]:
    """Offer the people who may present; return their keys by reference."""
    people = reads.presenters()
    names: dict[str, str] = {}
    for row in people:
        names.setdefault(row.ref, f"{row.name}, {row.agency}")
    field.choices = [("", "Nobody yet"), *names.items()]
    return {row.ref: row.id for row in people}


def _both_orders(before: reads.Before, form: ArrangeForm, shown: list[Any]) -> Any:
    """Answer that somebody arranged the agenda meanwhile, with the minutes of both."""
    current = {name: row.minutes for row in shown if (name := minutes_name(row.ref)) in form and form[name].raw_data}
    return pages.conflict_page(form, current, _here("panels.meeting", before.row.slug, before.row.ref))


def _changed(slug: str, ref: str) -> Any:
    return pages.conflict_page(VersionForm(), {}, _here("panels.meeting", slug, ref))


def _here(endpoint: str, slug: str, ref: str, **values: Any) -> str:
    return url_for(endpoint, slug=slug, ref=ref, **values)
