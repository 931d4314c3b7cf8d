"""Pages about who is in the room: attendance by agency, coming and leaving, conflicts of interest."""

from typing import Any

from flask import flash, url_for

from safeguarding.access.permissions import Permission
from safeguarding.audit import service as audit
from safeguarding.core import clock
from safeguarding.core.errors import ForbiddenError, NotFoundError, RuleError, StaleError
from safeguarding.panels.blueprint import blueprint
from safeguarding.panels.forms.live import AttendanceForm, ConflictForm, SeatChoice
from safeguarding.panels.models.meetings import AttendanceStatus, Meeting, MeetingState
from safeguarding.panels.queries.live import (
    MeetingPage,
    load_attendance,
    load_conflict,
    load_item,
    load_meeting,
    meeting_page,
)
from safeguarding.panels.queries.parts import item_parts, staff_of
from safeguarding.panels.queries.room import RoomLine, quorum_of, room
from safeguarding.panels.service import attendance as service
from safeguarding.web import pages, transaction
from safeguarding.web.guard import current_actor, permission

MEETING = "/panels/<string:slug>/meetings/<string:ref>/live"
ITEM = f"{MEETING}/items/<string:item_ref>"


@blueprint.get(f"{MEETING}/attendance")
@permission(Permission.ATTENDANCE_RECORD)
def attendance(slug: str, ref: str) -> Any:
    """Show who is here and who is expected, to be recorded."""
    page = _page(slug, ref)
    audit.record_read("panels:attendance:shown", current_actor(), ref)
    return _show(page, _Room(page))


@blueprint.post(f"{MEETING}/attendance")
@permission(Permission.ATTENDANCE_RECORD)
def save_attendance(slug: str, ref: str) -> Any:
    """Record everyone's attendance as it was filled in."""
    page = _page(slug, ref)
    drawn = _Room(page)
    if not drawn.form.validate():
        return _show(page, drawn)
    meeting = load_meeting(current_actor(), slug, ref).meeting
    try:
        saved = _save_all(drawn, meeting)
    except StaleError:
        transaction.rollback()
        drawn.form.form_errors.append(
            "Somebody else recorded attendance meanwhile. Check the list above, then save again."
        )
        return _show(page, _Room(page, drawn.form), status=409)
    if saved is None:
        transaction.rollback()
        return _show(page, drawn)
    flash("Attendance recorded." if saved else "Nothing was changed.", "success" if saved else "notice")
    return pages.to("panels.attendance", slug=slug, ref=ref)


@blueprint.post(f"{MEETING}/attendance/<int:line_id>/arrived")
@permission(Permission.ATTENDANCE_RECORD)
def mark_arrived(slug: str, ref: str, line_id: int) -> Any:
    """Record that somebody came, or came back."""
    return _mark(slug, ref, line_id, service.mark_arrived)


@blueprint.post(f"{MEETING}/attendance/<int:line_id>/left")
@permission(Permission.ATTENDANCE_RECORD)
def mark_left(slug: str, ref: str, line_id: int) -> Any:
    """Record that somebody left."""
    return _mark(slug, ref, line_id, service.mark_left)


@blueprint.route(f"{ITEM}/conflict", methods=["GET", "POST"])
@permission(Permission.CONFLICT_DECLARE)
def declare_conflict(slug: str, ref: str, item_ref: str) -> Any:
    """Declare a conflict of interest on an item: one's own, or one that somebody told an officer."""
    actor = current_actor()
    page = meeting_page(actor, slug, ref, item_ref)
    if not page.standing.may(Permission.CONFLICT_DECLARE):
        raise ForbiddenError("Conflicts are declared by those with a seat on the panel.")
    people = _people(page)
    form = ConflictForm(who="me" if len(people) == 1 else None)
    form.who.choices = [(key, label) for key, (_id, label) in people.items()]
    if len(people) > 1:
        form.who.choices.insert(0, ("", "Choose one"))
    if form.validate_on_submit():
        loaded = load_meeting(actor, slug, ref)
        user_id = people[str(form.who.data)][0]
        try:
            form.claim(actor.key)
            item = load_item(actor, loaded.meeting, item_ref)
            service.declare_conflict(actor, loaded.meeting, item, reason=form.reason.data or "", user_id=user_id)
        except RuleError as error:
            form.add_rule_error(error)
        else:
            own = user_id is None or user_id == actor.user_id
            if not own or page.row.item_id != page.row.current_item_id:
                flash(f"You are out of item {page.row.position}." if own else "The conflict is recorded.", "success")
            return pages.to("panels.live", slug=slug, ref=ref)
    back = url_for("panels.live_item", slug=slug, ref=ref, item_ref=item_ref)
    return pages.form_page("panels/live_conflict.html", form, row=page.row, back=back)


@blueprint.post(f"{ITEM}/conflict/<int:conflict_id>/lift")
@permission(Permission.MEETING_RUN)
def withdraw_conflict(slug: str, ref: str, item_ref: str, conflict_id: int) -> Any:
    """Lift a conflict that was declared by mistake."""
    actor = current_actor()
    loaded = load_meeting(actor, slug, ref)
    item = load_item(actor, loaded.meeting, item_ref)
    try:
        service.withdraw_conflict(actor, loaded.meeting, item, load_conflict(item, conflict_id))
    except RuleError as error:
        transaction.rollback()
        flash(error.message, "notice")
    else:
        flash("The conflict is lifted.", "success")
    return pages.to("panels.live_item", slug=slug, ref=ref, item_ref=item_ref)


class _Room:
    """The attendance of a meeting, with the form that fills it in."""

    def __init__(self, page: MeetingPage, typed: AttendanceForm | None = None) -> None:
        row = page.row
        self.lines = room(row.id, row.panel_id, None, row.closed_at or clock.now())
        self.quorum = quorum_of(self.lines, row.quorum_groups, clock.now())
        staff = staff_of(item_parts(page, choices=True))
        seats = {line.agency_ref: line.agency for line in self.lines}
        self.form = typed or AttendanceForm(data={"lines": [_first(line) for line in self.lines]})
        self.by_id = {line.attendance_id: line for line in self.lines if line.attendance_id is not None}
        self.agency_ids = {line.agency_ref: line.agency_id for line in self.lines}
        self.user_ids = {person.ref: person.id for people in staff.values() for person in people}
        if typed is not None:
            self._read_versions()
        self.form.offer(
            SeatChoice(ref, name, [(each.ref, each.who) for each in staff.get(ref, [])]) for ref, name in seats.items()
        )

    def _read_versions(self) -> None:
        """Let a stale form be sent anew: it has now been shown what stands."""
        for entry in self.form.lines:
            line = self.by_id.get(_number(entry.form.line_id.data) or 0)
            if line is not None:
                entry.form.version.data = str(line.version)


def _page(slug: str, ref: str) -> MeetingPage:
    page = meeting_page(current_actor(), slug, ref)
    if not page.standing.may(Permission.ATTENDANCE_RECORD):
        raise ForbiddenError(service.ONLY_OFFICERS)
    # The attendance is about the meeting, whichever item is open.
    return MeetingPage(page.row, page.standing, page.item_relations, has_item=False, is_barred=page.is_barred)


def _show(page: MeetingPage, drawn: _Room, *, status: int | None = None) -> Any:
    row = page.row
    answer = pages.form_page(
        "panels/attendance.html",
        drawn.form,
        row=row,
        lines=drawn.lines,
        quorum=drawn.quorum,
        is_open=row.state is MeetingState.OPEN,
        is_over=row.state in (MeetingState.CLOSED, MeetingState.CANCELLED),
        at={"slug": row.slug, "ref": row.ref},
    )
    if status is not None:
        answer.status_code = status
    return answer


def _first(line: RoomLine) -> dict[str, Any]:
    """Return what a line of the form holds at first: what is recorded."""
    return {
        "agency": line.agency_ref,
        "line_id": str(line.attendance_id or ""),
        "version": str(line.version or ""),
        "status": line.status.value if line.status is not None else None,
        "who": line.user_ref,
        "name": None if line.user_ref else line.name,
        "deputy_for": line.deputy_for,
        "sent": line.information_sent,
    }


def _save_all(drawn: _Room, meeting: Meeting) -> int | None:
    """Record every line that differs from what stands; return how many, or None where one was refused."""
    saved, refused = 0, False
    for index, entry in enumerate(drawn.form.lines):
        row = entry.form
        line = drawn.by_id.get(_number(row.line_id.data) or 0)
        if row.status.data is None or (line is not None and _same(line, row)):
            continue
        try:
            _record(drawn, meeting, row, line)
        except RuleError as error:
            refused = True
            drawn.form.blame(index, "who" if error.field == "who" else "status", error.message)
        saved += 1
    added = _add_one_more(drawn, meeting)
    return None if refused or added is None else saved + added


def _record(drawn: _Room, meeting: Meeting, row: Any, line: RoomLine | None) -> None:
    agency_id = drawn.agency_ids.get(str(row.agency.data))
    if agency_id is None:
        raise NotFoundError
    named = row.who.data
    service.record_attendance(
        current_actor(),
        meeting,
        agency_id=agency_id,
        status=AttendanceStatus(row.status.data),
        user_id=drawn.user_ids[named] if named else None,
        name=None if named else row.name.data,
        deputy_for=row.deputy_for.data,
        information_sent=bool(row.sent.data),
        attendance=load_attendance(meeting, line.attendance_id) if line and line.attendance_id else None,
        read_version=_number(row.version.data) if line is not None else None,
    )


def _add_one_more(drawn: _Room, meeting: Meeting) -> int | None:
    form = drawn.form
    if not (form.more_agency.data or form.more_who.data):
        return 0
    if not (form.more_agency.data and form.more_who.data):
        lacking = form.more_who if form.more_agency.data else form.more_agency
        lacking.errors = [*lacking.errors, "Give both the agency and the name of the person."]
        return None
    try:
        service.record_attendance(
            current_actor(),
            meeting,
            agency_id=drawn.agency_ids[form.more_agency.data],
            status=AttendanceStatus.PRESENT,
            name=form.more_who.data,
            deputy_for=form.more_deputy_for.data,
        )
    except RuleError as error:
        form.more_who.errors = [*form.more_who.errors, error.message]
        return None
    return 1


def _same(line: RoomLine, row: Any) -> bool:
    stands = _first(line)
    typed = (row.status.data, row.who.data, row.name.data, row.deputy_for.data, bool(row.sent.data))
    kept = (stands["status"], stands["who"], stands["name"], stands["deputy_for"], stands["sent"])
    return typed == kept


def _mark(slug: str, ref: str, line_id: int, act: Any) -> Any:
    actor = current_actor()
    meeting = load_meeting(actor, slug, ref).meeting
    try:
        act(actor, meeting, load_attendance(meeting, line_id))
    except RuleError as error:
        transaction.rollback()
        flash(error.message, "notice")
    return pages.to("panels.attendance", slug=slug, ref=ref)


def _people(page: MeetingPage) -> dict[str, tuple[int | None, str]]:
    """Return whose conflict the actor may declare, by the value of the choice: (user id or None for oneself, name)."""
    people: dict[str, tuple[int | None, str]] = {"me": (None, "Mine")}
    if page.standing.may(Permission.ATTENDANCE_RECORD):
        for line in room(page.row.id, page.row.panel_id, page.row.item_id, clock.now()):
            if line.user_ref is not None and line.user_id != current_actor().user_id and not line.has_conflict:
                people[line.user_ref] = (line.user_id, f"{line.name}, {line.agency}")
    return people


def _number(typed: Any) -> int | None:
    plain = str(typed or "")
    return int(plain) if plain.isascii() and plain.isdigit() and len(plain) < 16 else None
