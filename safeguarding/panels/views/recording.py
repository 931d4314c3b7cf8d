"""What is sent from the right half of the live meeting: a note, the decision, or the form itself to be drawn anew.

Whatever is refused comes back with everything that was typed. A note is saved by the page's script while it is typed, and
by its button without script; both send the same form to the same address.
"""

from typing import Any

from flask import Response, flash, jsonify, make_response, redirect, render_template, request, url_for

from safeguarding.access.permissions import Permission
from safeguarding.audit import service as audit
from safeguarding.core.errors import ForbiddenError, RuleError, StaleError
from safeguarding.core.references import normalise_reference
from safeguarding.panels.blueprint import blueprint
from safeguarding.panels.forms.record import RecordForm
from safeguarding.panels.models.items import DiscussionNote
from safeguarding.panels.queries.live import load_item, load_meeting, load_note, meeting_page, place_named
from safeguarding.panels.queries.parts import item_parts
from safeguarding.panels.rules import DecisionText
from safeguarding.panels.service import decisions, notes, waiving
from safeguarding.panels.views import keeping
from safeguarding.panels.views.showing import Item, form_url, item_url, show_item, two_texts, wants_json
from safeguarding.web import pages, transaction
from safeguarding.web.guard import current_actor, permission
from safeguarding.web.once import new_key

ITEM = "/panels/<string:slug>/meetings/<string:ref>/live/items/<string:item_ref>"


@blueprint.post(f"{ITEM}/form")
@permission(Permission.NOTES_TYPE)
@transaction.reads_first
def live_form(slug: str, ref: str, item_ref: str) -> Any:
    """Draw the form anew, with one more row for an action or with a note to be changed; it saves nothing."""
    item = _item(slug, ref, item_ref)
    form = _form(item)
    chosen = str(request.form.get("change", ""))
    if chosen:
        readable = (each for each in item.parts.notes if not each.is_held_back)
        note = next((each for each in readable if str(each.id) == chosen), None)
        if note is not None and form.has_note:
            form.note.errors = [*form.note.errors, "Save this note before you change another."]
        elif note is not None:
            form.show_note(note)
    elif "add" in request.form:
        form.add_row()
    return show_item(item) if item.may_type else _too_late(item)


@blueprint.post(f"{ITEM}/notes")
@permission(Permission.NOTES_TYPE)
def save_note(slug: str, ref: str, item_ref: str) -> Any:
    """Save the note that is typed, new or changed."""
    item = _item(slug, ref, item_ref)
    form = _form(item)
    if not form.check_note():
        return make_response(jsonify(errors=form.errors), 422) if wants_json() else show_item(item)
    try:
        note = _save(item, form, is_left=request.form.get("typing") != "1")
    except StaleError:
        return _stale_note(item)
    except RuleError as refusal:
        return _refused(item, refusal.message)
    if wants_json():
        return _saved(item, note)
    if not form.has_decision:
        flash("Note saved.", "success")
        return redirect(item_url(item.row), 303)
    again = _item(slug, ref, item_ref)  # with the note in its list, and the rest as it was typed
    _form(again).start_next_note()
    return show_item(again)


@blueprint.post(f"{ITEM}/decision")
@permission(Permission.DECISION_RECORD)
def record_decision(slug: str, ref: str, item_ref: str) -> Any:
    """Record the decision, with the note that stands typed beside it."""
    item = Item(meeting_page(current_actor(), slug, ref, item_ref), is_drawn=False)
    form = _form(item)
    try:
        form.claim_once(current_actor().key)
    except RuleError as refusal:
        return _refused(_item(slug, ref, item_ref), refusal.message)
    if not (item.records and item.is_running):
        return _stale_decision(item)
    text = form.check_decision(_place(form))
    if text is None:
        return _checked_again(slug, ref, item_ref)
    try:
        _record(item, form, text)
    except StaleError:
        return _stale_decision(item)
    except (RuleError, ForbiddenError) as refusal:
        transaction.rollback()
        again = _item(slug, ref, item_ref)
        _form(again).add_rule_error(refusal if isinstance(refusal, RuleError) else RuleError(refusal.reason))
        return show_item(again)
    keeping.forget_typed(current_actor(), form_url(item.row))
    flash("Decision recorded.", "success")
    return redirect(item_url(item.row), 303)


@blueprint.post(f"{ITEM}/look")
@permission(Permission.NOTES_TYPE)
def look_at(slug: str, ref: str, item_ref: str) -> Any:
    """Go to another item: the note that is typed is saved, and a half-typed decision is kept for when one comes back."""
    item = _item(slug, ref, item_ref)
    stopped = save_typed_note(item)
    if stopped is not None:
        return stopped
    actor = current_actor()
    if not (_form(item).has_decision and item.records):
        keeping.forget_typed(actor, form_url(item.row))
    elif keeping.keep_typed(actor, form_url(item.row)):
        flash("What you typed is kept. It is there when you come back to the item.", "notice")
    else:
        return _refused(item, "This is too long to be kept while you look at another item. Shorten it first.")
    target = normalise_reference(request.form.get("to", ""), "IT")
    return pages.to("panels.live_item", slug=slug, ref=ref, item_ref=target or item_ref)


@blueprint.post(f"{ITEM}/waive-quorum")
@permission(Permission.MEETING_RUN)
def waive_quorum(slug: str, ref: str, item_ref: str) -> Any:
    """Waive the quorum of the item; what is typed beside it stays."""
    item = _item(slug, ref, item_ref)
    form = _form(item)
    if not form.check_waiver():
        return show_item(item)
    actor = current_actor()
    meeting = load_meeting(actor, slug, ref).meeting
    try:
        waiving.waive_quorum(actor, meeting, load_item(actor, meeting, item_ref), reason=form.waive.data or "")
    except (RuleError, ForbiddenError) as refusal:
        transaction.rollback()
        if not item.may_type:
            return _too_late(item)
        form.add_rule_error(refusal if isinstance(refusal, RuleError) else RuleError(refusal.reason))
        return show_item(item)
    return show_item(_item(slug, ref, item_ref))


def _checked_again(slug: str, ref: str, item_ref: str) -> Any:
    """Draw the form with what is wrong in it, read with all the choices that it offers."""
    item = _item(slug, ref, item_ref)
    form = _form(item)
    form.check_decision(_place(form))
    return show_item(item)


def save_typed_note(item: Item) -> Any:
    """Save the note that stands typed, if any, before the item is left; return the page that says what stops it."""
    form = _form(item)
    if not form.has_note:
        return None
    if not form.check_note():
        return show_item(item)
    try:
        _save(item, form, is_left=True)
    except StaleError:
        return _stale_note(item)
    except RuleError as refusal:
        return _refused(item, refusal.message)
    return None


def _item(slug: str, ref: str, item_ref: str) -> Item:
    return Item(meeting_page(current_actor(), slug, ref, item_ref))


def _form(item: Item) -> RecordForm:
    """Return the form that was sent, or raise ForbiddenError for somebody who types nothing in this meeting."""
    if item.form is None:
        raise ForbiddenError(notes.ONLY_OFFICERS)
    return item.form


def _save(item: Item, form: RecordForm, *, is_left: bool) -> DiscussionNote:
    actor, row = current_actor(), item.row
    meeting = load_meeting(actor, row.slug, row.ref).meeting
    entity = load_item(actor, meeting, row.item_ref)
    agency = form.agencies.get(form.speaker_agency.data or "")
    said: dict[str, Any] = {
        "speaker_name": form.speaker.data or "",
        "text": form.note.data or "",
        "speaker_agency_id": agency.id if agency else None,
        "readers": notes.Readers(form.note_for, form.note_reader_ids, form.note_under),
    }
    if form.changes_note is None:
        form.claim_note(actor.key)
        return notes.add_note(actor, meeting, entity, **said)
    note = load_note(entity, form.changes_note)
    return notes.edit_note(actor, meeting, entity, note, read_version=form.read_note_version, is_left=is_left, **said)


def _record(item: Item, form: RecordForm, text: DecisionText) -> None:
    actor, row = current_actor(), item.row
    if form.has_note:
        _save(item, form, is_left=True)
    decisions.decide(actor, row.id, row.item_id, text, read_version=form.read_version)


def _place(form: RecordForm) -> int | None:
    ref = form.linked_ref.data or form.linked_context.data
    return place_named(ref) if ref else None


def _saved(item: Item, note: DiscussionNote) -> Response:
    """Tell the page's script what was saved, and give it the list of notes as it stands."""
    form_url = url_for("panels.live_form", slug=item.row.slug, ref=item.row.ref, item_ref=item.row.item_ref)
    found = item_parts(item.page).notes
    listed = render_template("panels/live_notes.html", notes=found, may_change=True, form_url=form_url)
    response = jsonify(id=note.id, version=note.version, once=new_key(), notes=listed)
    # A retry of the same request is led here, because its key is used up.
    response.headers["Location"] = item_url(item.row)
    return response


def _stale_note(item: Item) -> Any:
    """Show both texts of a note that somebody else saved meanwhile; what is typed can then be saved over it."""
    transaction.rollback()
    fresh = _item(item.row.slug, item.row.ref, item.row.item_ref)
    form = _form(fresh)
    readable = (each for each in fresh.parts.notes if not each.is_held_back)
    theirs = next((each for each in readable if each.id == form.changes_note), None)
    if wants_json():
        text, version = (theirs.text, theirs.version) if theirs is not None else ("", 0)
        return make_response(jsonify(theirs=text, version=version), 409)
    if theirs is not None:
        form.note_version.data = str(theirs.version)
    return show_item(fresh, status=409, note_conflict=theirs)


def _stale_decision(item: Item) -> Any:
    """Show what stands now beside what was typed, where the item is over; else the form again, to be sent anew."""
    transaction.rollback()
    fresh = _item(item.row.slug, item.row.ref, item.row.item_ref)
    if not (fresh.records and fresh.is_running):
        return _too_late(fresh)
    form = _form(fresh)
    form.version.data = str(fresh.row.item_version)
    form.form_errors.append("The item changed while you typed. Check what is said above, then record it again.")
    return show_item(fresh, status=409)


def _too_late(item: Item) -> Any:
    """Show what stands beside everything that was typed: the item was decided or left, or the meeting ended."""
    audit.record_read("panels:item:shown", current_actor(), item.row.item_ref, meeting=item.row.ref)
    return make_response(render_template("errors/409.html", texts=two_texts(item), back=item_url(item.row)), 409)


def _refused(item: Item, message: str) -> Any:
    transaction.rollback()
    if wants_json():
        return make_response(jsonify(errors={"note": [message]}), 422)
    if not item.may_type:
        return _too_late(item)
    _form(item).form_errors.append(message)
    return show_item(item)
