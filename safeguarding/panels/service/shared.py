"""Commands about the version of an answer that may be shared: written on purpose, by its agency or with its agreement.

It stands beside the answer and links to it; who may read the answer itself does not change.
"""

from sqlalchemy import select

from safeguarding.access.actor import Actor
from safeguarding.access.permissions import Permission
from safeguarding.audit import service as audit
from safeguarding.core import clock
from safeguarding.core.errors import ForbiddenError, NotFoundError, RuleError
from safeguarding.extensions import db
from safeguarding.panels.models.items import AgendaItem, ReturnRequest, ReturnState, SharedVersion
from safeguarding.panels.models.meetings import Meeting
from safeguarding.panels.service.holding import need_item
from safeguarding.relations.queries import relations_to


def write_shared_version(actor: Actor, request: ReturnRequest, *, text: str) -> SharedVersion:
    """Write a version of an answer for everybody on the panel.

    Written by the agency's contact it holds at once; written by an officer of the panel it is read by nobody until the
    agency agrees. Raises NotFoundError, ForbiddenError, RuleError (field text).
    """
    if actor.user_id is None:
        raise ForbiddenError("A version to be shared is written by somebody who is signed in.")
    is_own = _is_contact(actor, request)
    if not is_own:
        item, meeting = _item_and_meeting(request)
        need_item(actor, item)
        if not actor.may(Permission.NOTES_TYPE, relations_to(actor, "panel", meeting.panel_id)):
            raise ForbiddenError("The agency's contact, or an officer of the panel, writes what may be shared.")
    held = _locked(request)
    if held.state is not ReturnState.ANSWERED:
        raise RuleError("There is no answer to make a version of.", "text")
    if len(text.strip()) < 3:
        raise RuleError("Enter what may be shared.", "text")
    now = clock.now()
    version = SharedVersion(
        request_id=held.id,
        text=text.strip(),
        written_by_id=actor.user_id,
        written_at=now,
        agreed_by_id=actor.user_id if is_own else None,
        agreed_at=now if is_own else None,
    )
    db.session.add(version)
    db.session.flush()
    audit.record("panels:shared_version:written", actor, held.ref, version=version.id, agreed=is_own)
    return version


def agree_shared_version(actor: Actor, request: ReturnRequest, *, version_id: int) -> SharedVersion:
    """Agree, as the agency's contact and by name, to what an officer of the panel wrote. Raises NotFoundError, RuleError."""
    if actor.user_id is None or not _is_contact(actor, request):
        raise ForbiddenError("The contact of the agency that answered agrees to this.")
    held = _locked(request)
    version = db.session.scalars(
        select(SharedVersion).where(SharedVersion.id == version_id, SharedVersion.request_id == held.id)
    ).one_or_none()
    if version is None:
        raise NotFoundError
    if version.agreed_at is not None:
        raise RuleError("This was agreed already.")
    version.agreed_by_id, version.agreed_at = actor.user_id, clock.now()
    db.session.flush()
    audit.record("panels:shared_version:agreed", actor, held.ref, version=version.id)
    return version


def _is_contact(actor: Actor, request: ReturnRequest) -> bool:
    return request.agency_id in actor.agency_ids and actor.may(
        Permission.RETURN_ANSWER, relations_to(actor, "item", request.item_id)
    )


def _item_and_meeting(request: ReturnRequest) -> tuple[AgendaItem, Meeting]:
    item = db.session.get_one(AgendaItem, request.item_id)
    return item, db.session.get_one(Meeting, item.meeting_id)


def _locked(request: ReturnRequest) -> ReturnRequest:
    statement = select(ReturnRequest).where(ReturnRequest.id == request.id).with_for_update()
    return db.session.scalars(statement, execution_options={"populate_existing": True}).one()
