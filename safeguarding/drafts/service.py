"""Commands about forms that were not lost: keep one for its sender, give it back, forget it.

What is kept is sealed and bound to its row; only its sender reads it, and every reading and sending is recorded without
a word of it.
"""

import json
from datetime import timedelta

from sqlalchemy import delete, select

from safeguarding.access.actor import Actor
from safeguarding.accounts.signing_in import need_own
from safeguarding.audit import service as audit
from safeguarding.core import clock, sealing
from safeguarding.core.errors import NotFoundError
from safeguarding.drafts.models import KeptForm, KeptWhy
from safeguarding.extensions import db

LASTS = timedelta(days=7)
MOST = 10  # forms of one person: the oldest one goes
LARGEST = 1_000_000  # characters of all fields together
Fields = list[tuple[str, str]]


def keep_form(actor: Actor, ref: str, path: str, fields: Fields, why: KeptWhy) -> None:
    """Keep the fields of a form that its sender's session could not take. The actor may hold no role any more."""
    owner, now = need_own(actor), clock.now()
    _make_room(owner)
    db.session.add(
        KeptForm(
            ref=ref,
            user_id=owner,
            path=sealing.seal(KeptForm.path, ref, path),
            fields=sealing.seal(KeptForm.fields, ref, json.dumps(fields)),
            why=why,
            kept_at=now,
            expires_at=now + LASTS,
        )
    )
    db.session.flush()
    audit.record("drafts:form:kept", actor, ref, why=why)


def forget_form(actor: Actor, ref: str) -> None:
    """Forget one of the actor's own forms, because it was sent or is not wanted. Raises NotFoundError."""
    gone = db.session.execute(
        delete(KeptForm).where(KeptForm.ref == ref, KeptForm.user_id == need_own(actor)).returning(KeptForm.id),
        execution_options={"synchronize_session": False},
    ).all()
    if not gone:
        raise NotFoundError
    audit.record("drafts:form:forgotten", actor, ref)


def _make_room(owner: int) -> None:
    """Forget what ran out, whoever's it was, and the oldest of this person's beyond MOST."""
    db.session.execute(
        delete(KeptForm).where(KeptForm.expires_at < clock.now()), execution_options={"synchronize_session": False}
    )
    kept = select(KeptForm.id).where(KeptForm.user_id == owner).order_by(KeptForm.id.desc()).limit(MOST - 1)
    db.session.execute(
        delete(KeptForm).where(KeptForm.user_id == owner, KeptForm.id.not_in(kept.scalar_subquery())),
        execution_options={"synchronize_session": False},
    )
