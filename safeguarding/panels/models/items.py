"""Agenda items, what was said to them, what agencies return, and declared conflicts of interest.

Positions are kept in order by the commands: while items move, two may stand at one position.
"""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, Index, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped

from safeguarding.core.base import Base, Keyed, Versioned
from safeguarding.core.columns import link, reference
from safeguarding.core.labels import KEY, PANEL, col
from safeguarding.core.types import enum_of


class ItemKind(StrEnum):
    """What an item is about."""

    YOUNG_PERSON = "young_person"
    PEER_GROUP = "peer_group"
    CONTEXT = "context"
    POSSIBLE_PERPETRATOR = "possible_perpetrator"
    THEME = "theme"


class ItemState(StrEnum):
    """Where an item is."""

    WAITING = "waiting"
    OPEN = "open"
    DECIDED = "decided"
    DEFERRED = "deferred"
    WITHDRAWN = "withdrawn"


class ReturnState(StrEnum):
    """What an agency answered. Knowing nothing is an answer; not sharing is one with a reason."""

    WAITING = "waiting"
    ANSWERED = "answered"
    NOTHING_KNOWN = "nothing_known"
    WILL_NOT_SHARE = "will_not_share"


class PanelHandling(StrEnum):
    """Who of the panel may read a return, or a note of what was said."""

    ALL_MEMBERS = "all_members"
    NAMED_AGENCIES = "named_agencies"
    CHAIR_ONLY = "chair_only"


class AgendaItem(Keyed, Versioned, Base):
    """One subject on the agenda of one meeting."""

    __tablename__ = "agenda_item"
    __table_args__ = (
        Index(None, "meeting_id", "position"),
        CheckConstraint(
            "(person_id IS NOT NULL) = (kind IN ('young_person', 'possible_perpetrator'))", name="person_when_about_one"
        ),
        CheckConstraint("(peer_group_id IS NOT NULL) = (kind = 'peer_group')", name="group_when_about_one"),
        CheckConstraint("(context_id IS NOT NULL) = (kind = 'context')", name="context_when_about_one"),
        CheckConstraint("position > 0 AND minutes > 0", name="has_a_slot"),
        CheckConstraint("state <> 'open' OR opened_at IS NOT NULL", name="opened_when"),
    )

    ref: Mapped[str] = reference()
    meeting_id: Mapped[int] = link("meeting")
    position: Mapped[int] = col(KEY, Integer)
    minutes: Mapped[int] = col(KEY, Integer)  # the time set aside for it
    kind: Mapped[ItemKind] = col(KEY, enum_of(ItemKind))
    referral_id: Mapped[int | None] = link("referral", index=True)
    case_id: Mapped[int | None] = link("safeguarding_case", index=True)
    person_id: Mapped[int | None] = link("person", index=True)
    context_id: Mapped[int | None] = link("context", index=True)
    peer_group_id: Mapped[int | None] = link("peer_group", index=True)
    title: Mapped[str] = col(PANEL, String(200))
    question: Mapped[str | None] = col(PANEL, Text)
    presenter_id: Mapped[int | None] = link("user_account")
    is_review: Mapped[bool] = col(PANEL, default=False)
    state: Mapped[ItemState] = col(KEY, enum_of(ItemState), default=ItemState.WAITING)
    opened_at: Mapped[datetime | None] = col(KEY)


class DiscussionNote(Keyed, Versioned, Base):
    """What somebody said to an item, as the coordinator noted it."""

    __tablename__ = "discussion_note"
    __table_args__ = (Index(None, "item_id", "position"),)

    item_id: Mapped[int] = link("agenda_item")
    position: Mapped[int] = col(KEY, Integer)
    speaker_name: Mapped[str] = col(PANEL, String(200))
    speaker_agency_id: Mapped[int | None] = link("agency")
    text: Mapped[str] = col(PANEL, Text)
    handling: Mapped[PanelHandling] = col(PANEL, enum_of(PanelHandling), default=PanelHandling.ALL_MEMBERS)
    conditions: Mapped[str | None] = col(PANEL, Text)  # handling code C, as for a return
    author_id: Mapped[int] = link("user_account")
    recorded_at: Mapped[datetime] = col(KEY)


class NoteReader(Keyed, Base):
    """An agency named as one that may read a note whose handling names agencies."""

    __tablename__ = "note_reader"
    __table_args__ = (UniqueConstraint("note_id", "agency_id"),)

    note_id: Mapped[int] = link("discussion_note")
    agency_id: Mapped[int] = link("agency")


class ReturnRequest(Keyed, Versioned, Base):
    """The question to an agency what it knows, and its answer."""

    __tablename__ = "return_request"
    __table_args__ = (
        UniqueConstraint("item_id", "agency_id"),
        Index(None, "agency_id", "state", "due_at", "id"),
        CheckConstraint("state <> 'answered' OR text IS NOT NULL", name="answered_with_text"),
        CheckConstraint("state <> 'will_not_share' OR reason_not_shared IS NOT NULL", name="not_shared_with_reason"),
        CheckConstraint(
            "(state = 'waiting') = (answered_at IS NULL) AND (answered_at IS NULL) = (answered_by_id IS NULL)",
            name="answered_when_and_by_whom",
        ),
        CheckConstraint("(chased_at IS NULL) = (chased_by_id IS NULL)", name="chased_when_and_by_whom"),
    )

    ref: Mapped[str] = reference()
    item_id: Mapped[int] = link("agenda_item")
    agency_id: Mapped[int] = link("agency")
    state: Mapped[ReturnState] = col(KEY, enum_of(ReturnState), default=ReturnState.WAITING)
    text: Mapped[str | None] = col(PANEL, Text)
    handling: Mapped[PanelHandling] = col(
        PANEL, enum_of(PanelHandling, "return_handling"), default=PanelHandling.ALL_MEMBERS
    )
    conditions: Mapped[str | None] = col(PANEL, Text)  # handling code C of the 3x5x2 system: who may do what with it
    reason_not_shared: Mapped[str | None] = col(PANEL, Text)
    requested_at: Mapped[datetime] = col(KEY)
    due_at: Mapped[datetime] = col(KEY)
    answered_at: Mapped[datetime | None] = col(KEY)
    answered_by_id: Mapped[int | None] = link("user_account")
    chased_at: Mapped[datetime | None] = col(KEY)  # the last reminder
    chased_by_id: Mapped[int | None] = link("user_account")


class ReturnReader(Keyed, Base):
    """An agency named as one that may read a return whose handling names agencies."""

    __tablename__ = "return_reader"
    __table_args__ = (UniqueConstraint("request_id", "agency_id"),)

    request_id: Mapped[int] = link("return_request")
    agency_id: Mapped[int] = link("agency")


class SharedVersion(Keyed, Base):
    """A version of an answer that everybody on the panel may read, once the agency that answered has agreed to it."""

    __tablename__ = "return_shared_version"
    __table_args__ = (
        CheckConstraint("(agreed_at IS NULL) = (agreed_by_id IS NULL)", name="agreed_by_somebody"),
        CheckConstraint("agreed_at >= written_at", name="agreed_after_it_was_written"),
    )

    request_id: Mapped[int] = link("return_request", index=True)
    text: Mapped[str] = col(PANEL, Text)
    written_by_id: Mapped[int] = link("user_account")
    written_at: Mapped[datetime] = col(KEY)
    agreed_by_id: Mapped[int | None] = link("user_account")
    agreed_at: Mapped[datetime | None] = col(KEY)


class Conflict(Keyed, Base):
    """That somebody is too near to an item to see or decide it."""

    __tablename__ = "conflict"
    __table_args__ = (
        UniqueConstraint("item_id", "user_id"),
        CheckConstraint("withdrawn_at >= declared_at", name="withdrawn_after_declared"),
    )

    meeting_id: Mapped[int] = link("meeting", index=True)
    item_id: Mapped[int] = link("agenda_item")
    user_id: Mapped[int] = link("user_account", index=True)
    agency_id: Mapped[int | None] = link("agency")
    reason: Mapped[str] = col(PANEL, Text)
    declared_at: Mapped[datetime] = col(KEY)
    withdrawn_at: Mapped[datetime | None] = col(KEY)


class QuorumWaiver(Keyed, Base):
    """That whoever is in the chair lets an item be decided without a required group, and why. It is never edited."""

    __tablename__ = "quorum_waiver"

    item_id: Mapped[int] = link("agenda_item", unique=True)
    reason: Mapped[str] = col(PANEL, Text)
    missing: Mapped[str] = col(PANEL, String(200))  # the groups that were missing, in the words of the setting
    waived_at: Mapped[datetime] = col(KEY)
    waived_by_id: Mapped[int] = link("user_account")
