"""Setting panels up: the panel, which agencies sit on it and who holds its offices, with the relations that follow.

It plans no meeting and knows no agenda.
"""

import re
from datetime import datetime

from sqlalchemy import or_, select

from safeguarding.access.actor import Actor, agency_principal, user_principal
from safeguarding.access.permissions import Permission
from safeguarding.access.roles import Relation
from safeguarding.accounts.models import User
from safeguarding.agencies.models import Agency, QuorumGroup
from safeguarding.audit import service as audit
from safeguarding.core import clock
from safeguarding.core.errors import ForbiddenError, RuleError
from safeguarding.extensions import db
from safeguarding.panels.models.panels import Office, Panel, PanelKind, PanelOfficer, PanelSeat
from safeguarding.relations import service as relations

RESERVED_SLUGS = frozenset({"returns", "new"})  # addresses of our own under /panels
DEFAULT_QUORUM = (QuorumGroup.LOCAL_AUTHORITY, QuorumGroup.POLICE, QuorumGroup.HEALTH)
_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_RELATION = {
    Office.CHAIR: Relation.CHAIR,
    Office.VICE_CHAIR: Relation.VICE_CHAIR,
    Office.COORDINATOR: Relation.COORDINATOR,
}


def set_up_panel(
    actor: Actor,
    *,
    slug: str,
    name: str,
    kind: PanelKind = PanelKind.MAVE,
    cadence_days: int = 14,
    quorum_groups: tuple[QuorumGroup, ...] = DEFAULT_QUORUM,
    cut_off_days: int = 1,
    minutes_days: int = 10,
    access_days_after_signing: int = 10,
    usual_place: str | None = None,
    meeting_minutes: int = 120,
) -> Panel:
    """Set a panel up. Days are working days, but for the cadence. Raises RuleError for a slug that cannot be had."""
    _need_settings(actor)
    if not _SLUG.fullmatch(slug) or len(slug) > 40 or slug in RESERVED_SLUGS:
        raise RuleError("The short name must be small letters, figures and hyphens, like mave.", "slug")
    if db.session.scalar(select(Panel.id).where(Panel.slug == slug)) is not None:
        raise RuleError("Another panel has this short name.", "slug")
    panel = Panel(
        slug=slug,
        name=name,
        kind=kind,
        cadence_days=cadence_days,
        quorum_groups=",".join(quorum_groups),
        cut_off_days=cut_off_days,
        minutes_days=minutes_days,
        access_days_after_signing=access_days_after_signing,
        usual_place=usual_place,
        meeting_minutes=meeting_minutes,
        version=1,
    )
    db.session.add(panel)
    db.session.flush()
    audit.record("panels:panel:set_up", actor, slug, kind=kind)
    return panel


def seat_agency(
    actor: Actor, panel: Panel, agency_id: int, *, is_required: bool = False, since: datetime | None = None
) -> PanelSeat:
    """Give an agency a seat. Its people see what a seat sees from then on. Raises RuleError when it has one."""
    _need_settings(actor)
    if _live_seat(panel, agency_id) is not None:
        raise RuleError("This agency has a seat already.", "agency")
    start = since or clock.now()
    seat = PanelSeat(panel_id=panel.id, agency_id=agency_id, is_required=is_required, valid_from=start)
    db.session.add(seat)
    db.session.flush()
    relations.grant(
        agency_principal(agency_id), [("panel", panel.id)], Relation.SEAT, ("panel_seat", seat.id), valid_from=start
    )
    audit.record("panels:seat:given", actor, panel.slug, agency=_agency_ref(agency_id), required=is_required)
    return seat


def end_seat(actor: Actor, panel: Panel, agency_id: int) -> None:
    """End an agency's seat: at the next request nothing of the seat works. Raises RuleError when it has none."""
    _need_settings(actor)
    seat = _live_seat(panel, agency_id)
    if seat is None:
        raise RuleError("This agency has no seat.", "agency")
    seat.valid_to = clock.now()
    relations.end(("panel_seat", seat.id), at=seat.valid_to)
    db.session.flush()
    audit.record("panels:seat:ended", actor, panel.slug, agency=_agency_ref(agency_id))


def appoint_officer(
    actor: Actor, panel: Panel, user_id: int, office: Office, *, since: datetime | None = None
) -> PanelOfficer:
    """Give somebody an office of the panel. Raises RuleError when they hold it, ForbiddenError for oneself."""
    _need_settings(actor)
    if actor.user_id == user_id:
        raise ForbiddenError("Nobody changes their own rights. Ask another administrator.")
    if _live_officer(panel, user_id, office) is not None:
        raise RuleError("This person holds the office already.", "user")
    start = since or clock.now()
    officer = PanelOfficer(panel_id=panel.id, user_id=user_id, office=office, valid_from=start)
    db.session.add(officer)
    db.session.flush()
    relations.grant(
        user_principal(user_id),
        [("panel", panel.id)],
        _RELATION[office],
        ("panel_officer", officer.id),
        valid_from=start,
    )
    audit.record("panels:officer:appointed", actor, panel.slug, office=office, user=_user_ref(user_id))
    return officer


def end_office(actor: Actor, panel: Panel, user_id: int, office: Office) -> None:
    """End somebody's office. Raises RuleError when they do not hold it."""
    _need_settings(actor)
    officer = _live_officer(panel, user_id, office)
    if officer is None:
        raise RuleError("This person does not hold the office.", "user")
    officer.valid_to = clock.now()
    relations.end(("panel_officer", officer.id), at=officer.valid_to)
    db.session.flush()
    audit.record("panels:officer:ended", actor, panel.slug, office=office, user=_user_ref(user_id))


def _need_settings(actor: Actor) -> None:
    if not actor.may(Permission.ADMIN_SETTINGS):
        raise ForbiddenError()


def _live_seat(panel: Panel, agency_id: int) -> PanelSeat | None:
    return db.session.scalars(
        select(PanelSeat).where(
            PanelSeat.panel_id == panel.id,
            PanelSeat.agency_id == agency_id,
            or_(PanelSeat.valid_to.is_(None), PanelSeat.valid_to > clock.now()),
        )
    ).one_or_none()


def _live_officer(panel: Panel, user_id: int, office: Office) -> PanelOfficer | None:
    return db.session.scalars(
        select(PanelOfficer).where(
            PanelOfficer.panel_id == panel.id,
            PanelOfficer.user_id == user_id,
            PanelOfficer.office == office,
            or_(PanelOfficer.valid_to.is_(None), PanelOfficer.valid_to > clock.now()),
        )
    ).one_or_none()


def _agency_ref(agency_id: int) -> str | None:
    return db.session.scalar(select(Agency.ref).where(Agency.id == agency_id))


def _user_ref(user_id: int) -> str | None:
    return db.session.scalar(select(User.ref).where(User.id == user_id))
