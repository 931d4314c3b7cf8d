"""Commands about people: add, rename, change what is known, other names.

It keeps `person_term` and `sort_key` in step with every name. It must not say who may read what beyond the one
relation that it owns: whoever adds somebody sees them for a while, so that a referral or a case can follow.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from sqlalchemy import delete, insert, select

from safeguarding.access.actor import HUB_PRINCIPAL, Actor, user_principal
from safeguarding.access.permissions import Permission
from safeguarding.access.roles import Relation
from safeguarding.audit import service as audit
from safeguarding.core import clock
from safeguarding.core.errors import ForbiddenError, RuleError, StaleError
from safeguarding.core.references import new_reference
from safeguarding.extensions import db
from safeguarding.people import duplicates, identifiers, possible
from safeguarding.people.models import (
    AliasKind,
    EthnicityScheme,
    Person,
    PersonAlias,
    PersonKind,
    PersonTerm,
    Sex,
    TermKind,
)
from safeguarding.people.names import sort_key_of, words_of
from safeguarding.relations import service as relations
from safeguarding.relations.queries import relations_to

ADDED_FOR = timedelta(days=30)  # long enough for the referral or the case that the adding was for


@dataclass(frozen=True, kw_only=True)
class Details:
    """What is known of somebody besides their names. Every field may be left out."""

    born_on: date | None = None
    born_estimated: bool = False
    sex: Sex = Sex.UNKNOWN
    gender: str | None = None
    pronouns: str | None = None
    ethnicity_code: str | None = None
    ethnicity_scheme: EthnicityScheme | None = None
    address: str | None = None
    postcode: str | None = None
    ward: str | None = None
    school_name: str | None = None
    language: str | None = None
    nhs_number: str | None = None
    upn: str | None = None


def add_person(
    actor: Actor,
    *,
    given_name: str,
    family_name: str,
    known_as: str | None = None,
    kind: PersonKind = PersonKind.YOUNG_PERSON,
    details: Details | None = None,
    aliases: Sequence[tuple[AliasKind, str]] = (),
    considered: Collection[int] = (),
    at: datetime | None = None,
) -> Person:
    """Add somebody whom a search did not find, and return them.

    `considered` holds the ids of possible duplicates that the actor was shown and said are somebody else: a person
    whom the actor may see and who is very likely the same (same NHS number or UPN, or same names and date of birth)
    refuses the command otherwise. Who might be the same and may not be seen by the actor goes to a queue
    (`people.possible`). `at` dates records brought in from elsewhere; pages leave it out.
    The actor stands in ADDED to the person for 30 days, the hub in HUB until a restricted case ends that.
    Raises ForbiddenError, and RuleError naming the field for a bad name, date of birth, NHS number or UPN.
    """
    if not actor.may(Permission.PERSON_ADD):
        raise ForbiddenError("Your role does not add young people.")
    if actor.user_id is None:
        raise ForbiddenError("A young person is added by somebody who is signed in.")
    wanted = _checked(details or Details())
    _refuse_duplicate(actor, given_name, family_name, wanted, considered)
    now = at or clock.now()
    person = Person(ref=new_reference("YP"), kind=kind, version=1, created_at=now, created_by_id=actor.user_id)
    _write_details(person, wanted)
    _write_names(person, given_name, family_name, known_as)
    db.session.add(person)
    db.session.flush()
    for alias_kind, name in aliases:
        _add_alias(person, alias_kind, name, now)
    _rewrite_terms(person)
    _make_visible(actor.user_id, person, now)
    audit.record("people:person:added", actor, person.ref, kind=kind)
    possible.look_beyond(actor, person)
    return person


def set_names(
    actor: Actor, person: Person, *, given_name: str, family_name: str, known_as: str | None, read_version: int
) -> None:
    """Change somebody's names, and with them what they are found and sorted by.

    A family name that changes is kept as a previous name. Raises ForbiddenError, StaleError, RuleError.
    """
    locked = _may_edit(actor, person, read_version)
    before = f"{locked.given_name} {locked.family_name}"
    _write_names(locked, given_name, family_name, known_as)
    if words_of(before) != words_of(f"{locked.given_name} {locked.family_name}"):
        _add_alias(locked, AliasKind.PREVIOUS_NAME, before, clock.now())
    locked.version += 1
    db.session.flush()
    _rewrite_terms(locked)
    audit.record("people:person:renamed", actor, locked.ref)


def set_details(actor: Actor, person: Person, *, details: Details, read_version: int) -> None:
    """Change what is known of somebody: every field of `details` replaces what stands.

    Raises ForbiddenError, StaleError, and RuleError naming the field.
    """
    locked = _may_edit(actor, person, read_version)
    wanted = _checked(details)
    changed = [name for name, value in vars(wanted).items() if getattr(locked, name) != value]
    _write_details(locked, wanted)
    locked.version += 1
    db.session.flush()
    audit.record("people:person:changed", actor, locked.ref, fields=sorted(changed))


def add_alias(actor: Actor, person: Person, *, name: str, kind: AliasKind, read_version: int) -> None:
    """Record another name of somebody. Raises ForbiddenError, StaleError, RuleError (no letters, or known already)."""
    locked = _may_edit(actor, person, read_version)
    _add_alias(locked, kind, name, clock.now())
    locked.version += 1
    db.session.flush()
    _rewrite_terms(locked)
    audit.record("people:alias:added", actor, locked.ref, kind=kind)


def remove_alias(actor: Actor, person: Person, *, alias_id: int, read_version: int) -> None:
    """Take away a name that was never theirs. Raises ForbiddenError, StaleError, RuleError."""
    locked = _may_edit(actor, person, read_version)
    removed = db.session.execute(
        delete(PersonAlias).where(PersonAlias.id == alias_id, PersonAlias.person_id == locked.id)
    )
    if not removed.rowcount:  # type: ignore[attr-defined]  # a DELETE's result has one
        raise RuleError("This name is no longer there.")
    locked.version += 1
    db.session.flush()
    _rewrite_terms(locked)
    audit.record("people:alias:removed", actor, locked.ref)


def _may_edit(actor: Actor, person: Person, read_version: int) -> Person:
    if not actor.may(Permission.PERSON_EDIT, relations_to(actor, "person", person.id)):
        raise ForbiddenError("Only those who work with this young person change what is recorded here.")
    locked = lock_person(person.id)
    if locked.version != read_version:
        raise StaleError
    return locked


def keep_scheme(details: Details, standing: Person) -> Details:
    """Return the details with the ethnicity's own list kept where its code is the one that stands (`standing` may be a row
    with the columns of a person)."""
    if details.ethnicity_code is not None and details.ethnicity_code == standing.ethnicity_code:
        return replace(details, ethnicity_scheme=standing.ethnicity_scheme)
    return details


def lock_person(person_id: int) -> Person:
    """Return the person as it stands now, locked until the transaction ends (SQLite: the write lock does that)."""
    statement = select(Person).where(Person.id == person_id).with_for_update()
    return db.session.scalars(statement, execution_options={"populate_existing": True}).one()


def _refuse_duplicate(
    actor: Actor, given_name: str, family_name: str, details: Details, considered: Collection[int]
) -> None:
    asked = duplicates.Asked(
        given_name=given_name,
        family_name=family_name,
        born_on=details.born_on,
        nhs_number=details.nhs_number,
        upn=details.upn,
    )
    for found in duplicates.find(actor, asked):
        if found.is_very_likely and found.id not in considered:
            raise RuleError(f"{found.name} ({found.ref}) is very likely the same young person. Open that record first.")


def _checked(details: Details) -> Details:
    """Return the details with identifiers in their stored form, or raise RuleError naming the field."""
    if details.born_on is not None and details.born_on > clock.today():
        raise RuleError("The date of birth must be in the past.", "born_on")
    if details.born_estimated and details.born_on is None:
        raise RuleError("Give the estimated date of birth, or say that it is not known.", "born_on")
    if (details.ethnicity_code is None) != (details.ethnicity_scheme is None):
        raise RuleError("Give the ethnicity together with the list it comes from.", "ethnicity_code")
    values = dict(vars(details))
    if details.nhs_number:
        values["nhs_number"] = identifiers.normalise_nhs_number(details.nhs_number)
        if values["nhs_number"] is None:
            raise RuleError("This is not an NHS number: it has 10 digits, like 943 476 5870.", "nhs_number")
    if details.upn:
        values["upn"] = identifiers.normalise_upn(details.upn)
        if values["upn"] is None:
            raise RuleError("This is not a UPN: it has a letter, 11 digits and a digit or letter.", "upn")
    return Details(**values)


def _write_details(person: Person, details: Details) -> None:
    for name, value in vars(details).items():
        setattr(person, name, value)


def _write_names(person: Person, given_name: str, family_name: str, known_as: str | None) -> None:
    for value, field, label in ((given_name, "given_name", "first name"), (family_name, "family_name", "last name")):
        if not words_of(value):
            raise RuleError(f"Enter a {label} that has a letter in it.", field)
    person.given_name, person.family_name, person.known_as = given_name, family_name, known_as or None
    person.sort_key = sort_key_of(given_name, family_name)


def _add_alias(person: Person, kind: AliasKind, name: str, at: datetime) -> None:
    if not words_of(name):
        raise RuleError("Enter a name that has a letter in it.", "name")
    known = db.session.scalars(select(PersonAlias.name).where(PersonAlias.person_id == person.id))
    if words_of(name) in [words_of(each) for each in known]:
        raise RuleError("This name is recorded already.", "name")
    db.session.add(PersonAlias(person_id=person.id, kind=kind, name=name, created_at=at))
    db.session.flush()


def _rewrite_terms(person: Person) -> None:
    """Write the searchable words anew from the names as they stand; a word of the name itself is not one of an alias."""
    names = words_of(person.given_name, person.family_name, person.known_as)
    stored = db.session.scalars(select(PersonAlias.name).where(PersonAlias.person_id == person.id))
    others = [word for word in words_of(*stored) if word not in names]
    db.session.execute(delete(PersonTerm).where(PersonTerm.person_id == person.id))
    rows = [{"person_id": person.id, "term": word, "kind": TermKind.NAME} for word in names]
    rows += [{"person_id": person.id, "term": word, "kind": TermKind.ALIAS} for word in others]
    db.session.execute(insert(PersonTerm), rows)


def _make_visible(user_id: int, person: Person, now: datetime) -> None:
    subject = ("person", person.id)
    relations.grant(
        user_principal(user_id), [subject], Relation.ADDED, subject, valid_from=now, valid_to=now + ADDED_FOR
    )
    relations.grant(HUB_PRINCIPAL, [subject], Relation.HUB, subject, valid_from=now)
