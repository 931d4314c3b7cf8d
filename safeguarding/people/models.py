"""People and peer groups as they are stored.

A person is a young person or somebody who may pose a risk to one; membership of a peer group has a source, a
confidence and a day on which it lapses, and never implies that anybody did wrong.
"""

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped

from safeguarding.core.base import Base, Keyed, Versioned
from safeguarding.core.columns import link, reference
from safeguarding.core.labels import CASE, KEY, PERSONAL, col
from safeguarding.core.sealing import sealed_text
from safeguarding.core.types import enum_of, sorted_text


class PersonKind(StrEnum):
    """Why the partnership knows somebody. Kept apart, so that no list ever mixes the two."""

    YOUNG_PERSON = "young_person"
    POSSIBLE_PERPETRATOR = "possible_perpetrator"


class Sex(StrEnum):
    """Sex as the children's services data standards code it; gender is a text of its own."""

    FEMALE = "female"
    MALE = "male"
    UNKNOWN = "unknown"


class EthnicityScheme(StrEnum):
    """The list a code comes from: mapping between the two loses detail, so the code is kept as given."""

    DFE = "dfe"
    POLICE_18_1 = "police_18_1"


class TermKind(StrEnum):
    """What a searchable word was part of."""

    NAME = "name"
    ALIAS = "alias"


class AliasKind(StrEnum):
    """What another name is."""

    ALIAS = "alias"
    PREVIOUS_NAME = "previous_name"
    NICKNAME = "nickname"


class Confidence(StrEnum):
    """How sure a link is."""

    CONFIRMED = "confirmed"
    REPORTED = "reported"


class Person(Keyed, Versioned, Base):
    """Somebody the partnership works with, or somebody who may pose a risk to them."""

    __tablename__ = "person"
    __table_args__ = (
        Index(None, "sort_key", "id"),
        CheckConstraint("(ethnicity_code IS NULL) = (ethnicity_scheme IS NULL)", name="ethnicity_with_its_scheme"),
        CheckConstraint("NOT born_estimated OR born_on IS NOT NULL", name="estimate_of_a_date"),
    )

    ref: Mapped[str] = reference()
    kind: Mapped[PersonKind] = col(PERSONAL, enum_of(PersonKind))
    given_name: Mapped[str] = col(PERSONAL, String(100))
    family_name: Mapped[str] = col(PERSONAL, String(100))
    known_as: Mapped[str | None] = col(PERSONAL, String(100))
    sort_key: Mapped[str] = col(PERSONAL, sorted_text(200))  # "family given", casefolded, without accents
    born_on: Mapped[date | None] = col(PERSONAL, index=True)
    born_estimated: Mapped[bool] = col(PERSONAL, default=False)
    sex: Mapped[Sex] = col(PERSONAL, enum_of(Sex), default=Sex.UNKNOWN)
    gender: Mapped[str | None] = col(PERSONAL, String(40))
    pronouns: Mapped[str | None] = col(PERSONAL, String(40))
    ethnicity_code: Mapped[str | None] = col(PERSONAL, String(40))
    ethnicity_scheme: Mapped[EthnicityScheme | None] = col(PERSONAL, enum_of(EthnicityScheme))
    address: Mapped[str | None] = col(PERSONAL, Text)
    postcode: Mapped[str | None] = col(PERSONAL, String(8))
    ward: Mapped[str | None] = col(PERSONAL, String(100))
    school_name: Mapped[str | None] = col(PERSONAL, String(200))
    language: Mapped[str | None] = col(PERSONAL, String(100))
    nhs_number: Mapped[str | None] = col(PERSONAL, String(10), index=True)  # duplicates share it until merged
    upn: Mapped[str | None] = col(PERSONAL, String(13), index=True)
    # Cipher text, bound to the reference: whoever may read one is decided in `people.sealed`.
    safe_address: Mapped[str | None] = sealed_text("ref")
    placement: Mapped[str | None] = sealed_text("ref")
    phone: Mapped[str | None] = sealed_text("ref")
    email: Mapped[str | None] = sealed_text("ref")
    created_at: Mapped[datetime] = col(KEY)
    created_by_id: Mapped[int] = link("user_account")


class PersonTerm(Keyed, Base):
    """One searchable word of a name or alias, casefolded and without accents; rewritten with the name."""

    __tablename__ = "person_term"
    __table_args__ = (Index(None, "term", "person_id"), UniqueConstraint("person_id", "kind", "term"))

    person_id: Mapped[int] = link("person")
    term: Mapped[str] = col(PERSONAL, sorted_text(100))
    kind: Mapped[TermKind] = col(KEY, enum_of(TermKind))


class PersonAlias(Keyed, Base):
    """Another name of a person."""

    __tablename__ = "person_alias"

    person_id: Mapped[int] = link("person", index=True)
    name: Mapped[str] = col(PERSONAL, String(200))
    kind: Mapped[AliasKind] = col(KEY, enum_of(AliasKind))
    created_at: Mapped[datetime] = col(KEY)


class PeerGroup(Keyed, Versioned, Base):
    """Young people who spend time together, as they would name themselves."""

    __tablename__ = "peer_group"

    ref: Mapped[str] = reference()
    name: Mapped[str] = col(CASE, String(200))
    description: Mapped[str] = col(CASE, Text)
    what_keeps_safe: Mapped[str | None] = col(CASE, Text)
    created_at: Mapped[datetime] = col(KEY)
    created_by_id: Mapped[int] = link("user_account")


class PeerGroupMember(Keyed, Base):
    """That somebody is, or was, part of a group: said by whom, how surely, and until when it holds."""

    __tablename__ = "peer_group_member"
    __table_args__ = (CheckConstraint("until_on >= since_on", name="ends_after_it_begins"),)

    group_id: Mapped[int] = link("peer_group", index=True)
    person_id: Mapped[int] = link("person", index=True)
    since_on: Mapped[date | None] = col(CASE)
    until_on: Mapped[date | None] = col(CASE)
    source: Mapped[str] = col(CASE, String(200))
    confidence: Mapped[Confidence] = col(CASE, enum_of(Confidence))
    expires_on: Mapped[date] = col(KEY)
    created_at: Mapped[datetime] = col(KEY)
    created_by_id: Mapped[int] = link("user_account")
