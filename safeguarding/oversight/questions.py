"""The questions that the audit raises, worked out from the events of a span, and what was answered.

It reads events, relations and surnames, and hands them to the detectors, which decide what is a question.
"""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import or_, select

from safeguarding.access.actor import HUB_PRINCIPAL, Actor
from safeguarding.access.permissions import Permission
from safeguarding.access.roles import Relation
from safeguarding.accounts.models import User
from safeguarding.accounts.queries import everybody
from safeguarding.audit.models import AuditEvent
from safeguarding.cases.models import Case
from safeguarding.core import clock
from safeguarding.core.errors import ForbiddenError
from safeguarding.core.second_wall import Beyond, beyond
from safeguarding.extensions import db
from safeguarding.oversight import detectors
from safeguarding.oversight.detectors import Question, Seen
from safeguarding.oversight.models import QuestionAnswer
from safeguarding.people.models import Person
from safeguarding.relations.models import RelationRow

SPAN = timedelta(days=7)
MOST_EVENTS = 50_000


@dataclass(frozen=True)
class Asked:
    """A question with what was answered, if anything was."""

    question: Question
    answer: str | None


@dataclass(frozen=True)
class Raised:
    """The questions of the last days; `since` is where the events begin that were read, when they were too many for all."""

    asked: list[Asked]
    since: datetime | None


def list_questions(actor: Actor, span: timedelta = SPAN) -> Raised:
    """Return the questions of the last days, those without an answer first, the newest first. Five statements."""
    if not actor.may(Permission.AUDIT_READ):
        raise ForbiddenError
    events = _events(span)
    found = work_out(events)
    rows = db.session.execute(
        select(QuestionAnswer.key, QuestionAnswer.answer).where(
            QuestionAnswer.answered_at > clock.now() - span - timedelta(days=1)
        )
    )
    answers = {row.key: row.answer for row in rows}
    asked = [Asked(question, answers.get(question.key)) for question in found]
    asked.sort(key=lambda each: (each.answer is not None, -each.question.last, each.question.key))
    return Raised(asked, events[0].at if len(events) == MOST_EVENTS else None)


def work_out(events: list[Seen]) -> list[Question]:
    """Return the questions that these events raise. Four statements."""
    related, surnames = _related(events), _surnames(events)
    return [
        *detectors.fast_looking(events),
        *detectors.many_refusals(events),
        *detectors.out_of_hours(events),
        *detectors.without_relation(events, related),
        *detectors.same_name(events, surnames),
    ]


def find_question(actor: Actor, key: str) -> Question | None:
    """Return the question with this key, if the last days still raise it."""
    return next((each.question for each in list_questions(actor).asked if each.question.key == key), None)


def _events(span: timedelta) -> list[Seen]:
    rows = db.session.execute(
        select(AuditEvent.seq, AuditEvent.at, AuditEvent.event, AuditEvent.actor, AuditEvent.subject)
        .where(AuditEvent.at > clock.now() - span, AuditEvent.actor.startswith("user:"))
        .order_by(AuditEvent.seq.desc())
        .limit(MOST_EVENTS)
    )
    return [Seen(*row) for row in reversed(rows.all())]


def _related(events: list[Seen]) -> Any:
    """Return the function that says whether whoever looked had something to do with the record then.

    That the hub's lead may open everything, or an emergency opened it, is nothing to do with it; an emergency is reviewed.
    """
    looked = [each for each in events if each.is_look]
    subjects = _subjects({str(each.subject) for each in looked})
    principals = {actor.key: actor.principals - {HUB_PRINCIPAL} for actor in everybody()}
    spans: dict[tuple[str, int], list[Any]] = defaultdict(list)
    ids = sorted({key for _kind, key in subjects.values()})
    rows = db.session.execute(
        select(
            RelationRow.principal,
            RelationRow.subject_kind,
            RelationRow.subject_id,
            RelationRow.valid_from,
            RelationRow.valid_to,
        ).where(
            RelationRow.subject_id.in_(ids),
            RelationRow.subject_kind.in_(("person", "case")),
            RelationRow.kind.not_in((Relation.BARRED, Relation.HUB)),
            or_(RelationRow.valid_to.is_(None), RelationRow.valid_to > clock.now() - SPAN - timedelta(days=1)),
        )
    )
    for row in rows:
        spans[(row.subject_kind, row.subject_id)].append(row)

    def related(look: Seen) -> bool:
        subject = subjects.get(str(look.subject))
        mine = principals.get(look.actor)
        if subject is None or mine is None:
            return True
        return any(
            row.principal in mine and row.valid_from <= look.at and (row.valid_to is None or look.at <= row.valid_to)
            for row in spans[subject]
        )

    return related


def _subjects(refs: set[str]) -> dict[str, tuple[str, int]]:
    wanted = sorted(refs)
    with beyond(Beyond.OVERSIGHT):
        people = db.session.execute(select(Person.ref, Person.id).where(Person.ref.in_(wanted)))
        cases = db.session.execute(select(Case.ref, Case.id).where(Case.ref.in_(wanted)))
    found = {row.ref: ("person", row.id) for row in people}
    return found | {row.ref: ("case", row.id) for row in cases}


def _surnames(events: list[Seen]) -> Any:
    """Return the function that gives the surnames of whoever looked and of whom they looked at, casefolded."""
    refs = sorted({str(each.subject) for each in events if each.is_look})
    named = (
        select(Person.ref, Person.family_name)
        .where(Person.ref.in_(refs))
        .union_all(
            select(Case.ref, Person.family_name).join(Person, Person.id == Case.person_id).where(Case.ref.in_(refs))
        )
    )
    with beyond(Beyond.OVERSIGHT):
        people = {row.ref: row.family_name.casefold() for row in db.session.execute(named)}
    users = {
        f"user:{row.ref}": row.name.split()[-1].casefold()
        for row in db.session.execute(
            select(User.ref, User.name).where(
                User.ref.in_(sorted({each.actor.removeprefix("user:") for each in events}))
            )
        )
        if row.name.split()
    }

    def surnames(look: Seen) -> set[str]:
        return {users.get(look.actor, "?"), people.get(str(look.subject), "")}

    return surnames
