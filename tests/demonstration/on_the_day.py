"""What the seed leaves to people: the next meeting begins, and somebody is half-way through a referral."""

from flask import Flask
from sqlalchemy import select

from safeguarding.access.actor import Actor
from safeguarding.access.permissions import Permission
from safeguarding.accounts.models import User
from safeguarding.accounts.queries import actor_for_user
from safeguarding.agencies.models import Agency
from safeguarding.extensions import db
from safeguarding.panels.models.items import AgendaItem
from safeguarding.panels.models.meetings import AgendaState, AttendanceStatus, Meeting, MeetingState
from safeguarding.panels.service.agenda import publish_agenda
from safeguarding.panels.service.attendance import declare_conflict, record_attendance
from safeguarding.panels.service.meetings import open_item, open_meeting
from safeguarding.people.models import Person
from safeguarding.referrals.service import start_referral
from safeguarding.relations.queries import subjects
from safeguarding.web.transaction import unit_of_work


def begin(app: Flask) -> None:
    """Let the chair open the next meeting and its first item, and the practitioner begin a referral."""
    with app.app_context(), unit_of_work():
        chair, coordinator = _actor("chair"), _actor("coordinator")
        meeting = db.session.scalars(
            select(Meeting).where(Meeting.state == MeetingState.PLANNED).order_by(Meeting.starts_at).limit(1)
        ).one()
        if meeting.agenda_state is AgendaState.DRAFT:
            publish_agenda(coordinator, meeting, read_version=meeting.version)
        open_meeting(chair, meeting, statement_read=True)
        for account in ("police", "health"):
            came = _actor(account)
            record_attendance(
                coordinator,
                meeting,
                agency_id=db.session.scalars(select(Agency.id).where(Agency.id.in_(came.agency_ids))).one(),
                status=AttendanceStatus.PRESENT,
                user_id=came.user_id,
            )
        items = db.session.scalars(
            select(AgendaItem).where(AgendaItem.meeting_id == meeting.id).order_by(AgendaItem.position)
        ).all()
        declare_conflict(_actor("education"), meeting, items[1], reason="A neighbour of the family")
        open_item(chair, meeting, items[0])
        _begin_referral(_actor("practitioner"))


def _begin_referral(worker: Actor) -> None:
    known = subjects(worker, "person", Permission.PERSON_READ)
    person = db.session.scalars(select(Person).where(Person.id.in_(known)).order_by(Person.id).limit(1)).one()
    start_referral(worker, person=person, panel_slug="mave")


def _actor(account: str) -> Actor:
    email = f"{account}@marlbridge.example"
    return actor_for_user(db.session.scalars(select(User.id).where(User.email == email)).one())
