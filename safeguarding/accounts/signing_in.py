"""Commands about sessions: begin one half way, open it, confirm, lock, unlock and end it.

A session is opened by its second factor; until then it opens no page. Every change of a session names it by its token
and asks that it has not ended, so that a request on its way brings none back.
"""

from datetime import timedelta

from sqlalchemy import ColumnElement, delete, func, select, update

from safeguarding.access.actor import Actor
from safeguarding.access.permissions import Permission
from safeguarding.accounts.models import Proof, User, UserSession
from safeguarding.accounts.sessions import HALF_WAY, LONGEST, stem_digest, token_digest
from safeguarding.accounts.told import PHRASE_CHANGED, tell
from safeguarding.audit import service as audit
from safeguarding.core import clock
from safeguarding.core.errors import ForbiddenError, NotFoundError
from safeguarding.extensions import db

KEPT = timedelta(days=7)  # a session that ran out is known for so long, for the form that comes late


def begin_session(user_id: int, token: str, device: str) -> None:
    """Begin a session for somebody whose pass phrase was right. It opens no page before `open_session`."""
    now = clock.now()
    db.session.execute(delete(UserSession).where(UserSession.user_id == user_id, UserSession.expires_at < now - KEPT))
    db.session.add(
        UserSession(
            token_digest=token_digest(token),
            stem_digest=stem_digest(token),
            user_id=user_id,
            created_at=now,
            last_seen_at=now,
            expires_at=now + HALF_WAY,
            device=device[:80] or None,
        )
    )
    db.session.flush()


def open_session(user_id: int, user_ref: str, old: str, new: str, proof: Proof) -> None:
    """Open the half-way session that holds the old token, by what was shown, under a new one.

    Raises NotFoundError when it ended, ran out or was opened meanwhile.
    """
    now = clock.now()
    values = {
        "token_digest": token_digest(new),
        "stem_digest": stem_digest(new),
        "opened_at": now,
        "proof": proof,
        "confirmed_at": now,
        "last_seen_at": now,
        "expires_at": now + LONGEST,
    }
    _change(old, values, UserSession.user_id == user_id, UserSession.opened_at.is_(None), UserSession.expires_at > now)
    audit.record("accounts:session:started", Actor(key=f"user:{user_ref}", display_name=""), user_ref, proof=proof)


def note_factor(token: str) -> None:
    """Note in a half-way session that a second factor was shown: a passkey may be set up now, nothing opens yet."""
    _change(token, {"confirmed_at": clock.now()}, UserSession.opened_at.is_(None))


def renew_hash(user_id: int, old: str, new: str) -> None:
    """Keep a pass phrase's hash at today's cost, unless the phrase was changed meanwhile."""
    db.session.execute(update(User).where(User.id == user_id, User.password_hash == old).values(password_hash=new))


def touch_session(session_id: int) -> None:
    """Note that a session is in use; called at most once a minute. One that ended stays as it was."""
    db.session.execute(
        update(UserSession)
        .where(UserSession.id == session_id, UserSession.ended_at.is_(None))
        .values(last_seen_at=clock.now())
    )


def confirm_session(actor: Actor, old: str, new: str, proof: Proof) -> None:
    """Note that it is still the same person, by what they showed; the session goes on under a new token."""
    need_own(actor)
    now = clock.now()
    _change(
        old,
        {"token_digest": token_digest(new), "confirmed_at": now, "last_seen_at": now, "locked_at": None},
        UserSession.user_id == actor.user_id,
        UserSession.opened_at.is_not(None),
    )
    audit.record("accounts:session:confirmed", actor, None, proof=proof)


def lock_session(actor: Actor, token: str) -> None:
    """Lock the screen: nothing opens until `unlock_session`."""
    need_own(actor)
    _change(
        token,
        {"locked_at": func.coalesce(UserSession.locked_at, clock.now())},
        UserSession.user_id == actor.user_id,
    )
    audit.record("accounts:session:locked", actor)


def unlock_session(actor: Actor, old: str, new: str) -> None:
    """Unlock the screen for somebody who showed that it is them; the session goes on under a new token."""
    need_own(actor)
    _change(
        old,
        {"token_digest": token_digest(new), "locked_at": None, "last_seen_at": clock.now()},
        UserSession.user_id == actor.user_id,
        UserSession.opened_at.is_not(None),
    )
    audit.record("accounts:session:unlocked", actor)


def change_phrase(actor: Actor, hashed: str, old: str, new: str) -> None:
    """Store the hash of the actor's new pass phrase; every other session of theirs ends, this one goes on anew."""
    owner = need_own(actor)
    user = db.session.execute(select(User).where(User.id == owner).with_for_update()).scalar_one()
    user.password_hash = hashed
    user.version += 1
    _change(old, {"token_digest": token_digest(new)}, UserSession.user_id == owner, UserSession.opened_at.is_not(None))
    _end(UserSession.user_id == owner, UserSession.token_digest != token_digest(new))
    audit.record("accounts:phrase:changed", actor)
    tell(PHRASE_CHANGED, owner)


def end_session(actor: Actor, token: str) -> None:
    """End the session that holds this token, wherever its cookie is."""
    db.session.execute(
        update(UserSession)
        .where(UserSession.token_digest == token_digest(token), UserSession.ended_at.is_(None))
        .values(ended_at=clock.now())
    )
    audit.record("accounts:session:ended", actor)


def end_one(actor: Actor, session_id: int) -> None:
    """End one of the actor's own sessions. Raises NotFoundError when it is not theirs, or has ended."""
    need_own(actor)
    if not _end(UserSession.id == session_id, UserSession.user_id == actor.user_id):
        raise NotFoundError
    audit.record("accounts:session:ended", actor, None, elsewhere=True)


def end_others(actor: Actor, kept_token: str) -> int:
    """End all of the actor's sessions but the one that holds this token; return how many."""
    need_own(actor)
    ended = _end(UserSession.user_id == actor.user_id, UserSession.token_digest != token_digest(kept_token))
    audit.record("accounts:session:others_ended", actor, None, count=ended)
    return ended


def end_all(user_id: int) -> int:
    """End every session of a user, half-way ones too, as part of a command that records why; return how many."""
    return _end(UserSession.user_id == user_id)


def expired_owner(token: str) -> tuple[int, str] | None:
    """Return whose session ran out under this token (id, reference), or None: not for one that was ended, or never was."""
    now = clock.now()
    row = db.session.execute(
        select(User.id, User.ref)
        .join(UserSession, UserSession.user_id == User.id)
        .where(
            UserSession.token_digest == token_digest(token),
            UserSession.opened_at.is_not(None),
            UserSession.ended_at.is_(None),
            UserSession.last_seen_at > now - KEPT,
        )
    ).one_or_none()
    return (row.id, row.ref) if row else None


def owner_of_stem(digest: str) -> int | None:
    """Return whose session had this stem within a week, however it ended; None when nobody's did."""
    return db.session.scalar(
        select(UserSession.user_id)
        .where(
            UserSession.stem_digest == digest,
            UserSession.opened_at.is_not(None),
            UserSession.last_seen_at > clock.now() - KEPT,
        )
        .limit(1)
    )


def _end(*which: ColumnElement[bool]) -> int:
    ended = db.session.execute(
        update(UserSession)
        .where(*which, UserSession.ended_at.is_(None))
        .values(ended_at=clock.now())
        .returning(UserSession.id),
        execution_options={"synchronize_session": False},
    ).all()
    db.session.flush()
    return len(ended)


def _change(token: str, values: dict[str, object], *which: ColumnElement[bool]) -> None:
    changed = db.session.execute(
        update(UserSession)
        .where(UserSession.token_digest == token_digest(token), UserSession.ended_at.is_(None), *which)
        .values(**values)
        .returning(UserSession.id),
        execution_options={"synchronize_session": False},
    ).all()
    if len(changed) != 1:
        raise NotFoundError


def need_own(actor: Actor) -> int:
    """Return the id of the person who acts on what is their own; raise ForbiddenError for the command line.

    Half way through a sign-in an actor has no role yet, and with an agreement that ran out has none left: their own
    session and factors stay theirs.
    """
    if actor.user_id is None or (actor.roles and not actor.may(Permission.WORK_OWN)):
        raise ForbiddenError
    return actor.user_id
