"""The only writer of the audit. Callers say what happened; the edge appends it at the end of the transaction.

Events hold references, counts and digests, never names or text.
"""

import hmac
from datetime import datetime
from typing import Any

from flask import Flask, Response, current_app, g, has_request_context, request
from sqlalchemy import String, bindparam, column, func, insert, select

from safeguarding.access.actor import Actor
from safeguarding.access.permissions import Permission
from safeguarding.audit.models import AuditEvent, AuditHead
from safeguarding.core import clock
from safeguarding.core.base import BigKey
from safeguarding.core.canonical import canonical_json
from safeguarding.core.errors import UnavailableError
from safeguarding.core.prepared import Prepared
from safeguarding.core.references import normalise_reference
from safeguarding.extensions import db
from safeguarding.web import transaction
from safeguarding.web.errors import set_refusal_hook
from safeguarding.web.guard import is_polled, needs_of, subject_needs_of
from safeguarding.web.headers import request_id
from safeguarding.web.printing import is_printing
from safeguarding.web.site import register_readiness
from safeguarding.web.transaction import Keep

GENESIS = "0" * 64
ANONYMOUS = "anonymous"
_SHOWN = frozenset({200, 409, 422})  # answers with something of a record in them
_key: dict[str, bytes] = {}
_COLUMNS = ("seq", "at", "event", "actor", "agency", "subject", "request_id", "detail", "previous", "hash")
_TABLE: Any = AuditEvent.__table__
_HEAD = Prepared(select(AuditHead.seq, AuditHead.hash), frozenset())  # on SQLite the writer's turn is the lock
# The application's role of PostgreSQL may not change the head, so not lock it either: a function of the owner's does.
_LOCKED_HEAD = Prepared(
    select(column("seq", BigKey), column("hash", String)).select_from(func.audit_lock_head()), frozenset()
)
_EVENT = Prepared(
    insert(_TABLE).values({name: bindparam(f"new_{name}", type_=_TABLE.c[name].type) for name in _COLUMNS}),
    frozenset(f"new_{name}" for name in _COLUMNS),
)


def init_audit(app: Flask, key: str) -> None:
    """Bind the key and register the writer with the edge."""
    _key["key"] = key.encode()
    transaction.set_event_writer(append)
    transaction.set_shown_hook(_note_shown)
    set_refusal_hook(app, _refusal)
    register_readiness(app, has_head)


def has_head() -> bool:
    """Return whether the chain has its head, without which nothing can be recorded and so nothing shown."""
    return db.session.scalar(select(AuditHead.id)) == 1


def record(event: str, actor: Actor, subject: str | None = None, **detail: Any) -> None:
    """Record a change, to be committed with it. `event` is past tense, `area:thing:done`; `subject` is a reference."""
    transaction.add_event(Keep.CHANGE, _payload(event, actor.key, actor.agency_names, subject, detail))


def record_read(event: str, actor: Actor, subject: str | None = None, **detail: Any) -> None:
    """Record that something was shown, and what allowed it; stored before the first byte is sent."""
    if subject is not None:
        detail = _why(actor) | detail
        if event.endswith(":shown") and has_request_context() and is_printing():
            event = event.removesuffix("shown") + "printed"
    transaction.add_event(Keep.READ, _payload(event, actor.key, actor.agency_names, subject, detail))


def _why(actor: Actor) -> dict[str, Any]:
    """Return by which relations, or by which roles alone, the decision that opens this page said yes.

    It is what the page's door decided, not worked out again: relations end, and the event is read years later. Where the
    door asked another permission than the view names (a case, before an NRM referral of it), it is the first one asked.
    """
    view = current_app.view_functions.get(request.endpoint or "") if has_request_context() else None
    needed = None if view is None else subject_needs_of(view) or needs_of(view)
    allowed = actor.allowed_by
    if not allowed and isinstance(needed, Permission):
        actor.may(needed)  # nothing was decided about a record: the role alone opens the page, or it is not said
    asked = needed if isinstance(needed, Permission) and needed in allowed else next(iter(allowed), None)
    if view is None or asked is None:
        return {}
    why = sorted(kind.value for kind in allowed[asked].through) or [allowed[asked].reason.value]
    return {"why": why, "permission": asked.value, "roles": sorted(role.value for role in actor.roles)}


def record_refusal(event: str, actor_key: str, subject: str | None = None, **detail: Any) -> None:
    """Record that something was refused; it outlives the rollback."""
    transaction.add_event(Keep.REFUSAL, _payload(event, actor_key, (), subject, detail))


def append(payloads: list[dict[str, Any]]) -> None:
    """Append events to the chain, taking the head's lock; call it last in the transaction."""
    session = db.session()
    locked = _LOCKED_HEAD if session.get_bind().dialect.name == "postgresql" else _HEAD
    head = locked.rows(session, {})
    if not head:
        raise UnavailableError("the audit's head is missing")
    seq, previous = head[0].seq, head[0].hash
    for payload in payloads:
        seq += 1
        row = {**payload, "seq": seq, "previous": previous}
        previous = row["hash"] = chain_hash(row)
        _EVENT.run(session, {f"new_{name}": row[name] for name in _COLUMNS})


def chain_hash(row: dict[str, Any]) -> str:
    """Return the hash of a row: HMAC-SHA256 over the canonical JSON of its columns but the hash, as hexadecimal."""
    return sign(canonical_json({name: row[name] for name in _COLUMNS if name != "hash"}))


def sign(text: str) -> str:
    """Return the HMAC-SHA256 of a text under the audit's key, as hexadecimal."""
    return hmac.new(_key["key"], text.encode("utf-8", "surrogatepass"), "sha256").hexdigest()


def _payload(
    event: str, actor_key: str, agencies: tuple[str, ...], subject: str | None, detail: dict[str, Any]
) -> dict[str, Any]:
    at: datetime = clock.now()
    return {
        "at": at,
        "event": event,
        "actor": actor_key,
        "agency": ", ".join(agencies)[:120] or None,
        "subject": subject,
        "request_id": request_id() if has_request_context() else None,
        "detail": canonical_json(detail),
    }


def _refusal(status: int, reason: str) -> None:
    """Chain the refusal of a signed-in actor; an anonymous 404 is counted elsewhere, not chained.

    The subject is the reference in the address, so that who tried to look is found with those who looked.
    """
    actor = g.get("actor")
    if actor is not None:
        record_refusal(
            "access:request:refused",
            actor.key,
            _reference_in_address(),
            status=status,
            reason=reason,
            endpoint=request.endpoint or "none",
        )


def _note_shown(response: Response) -> None:
    """Record a page about a record whose view recorded nothing itself: a form with what stands now, a stale form's texts.

    So a page that somebody adds is recorded unless its view says more; what a script asks for again and again is not.
    """
    actor = g.get("actor")
    if actor is None or response.status_code not in _SHOWN or is_polled():
        return
    ref = _reference_in_address()
    if ref is None or any(event.keep is Keep.READ for event in transaction.pending_events()):
        return
    # The part of the service is the view's package, not its blueprint: by parts the audit is searched.
    area = current_app.view_functions[request.endpoint or ""].__module__.split(".")[1]
    record_read(f"{area}:{(request.endpoint or '').rpartition('.')[2]}:shown", actor, ref)


def _reference_in_address() -> str | None:
    """Return the reference that the address names: an agenda item's rather than its meeting's, a case's than its update's."""
    named = request.view_args or {}
    first = [named[name] for name in ("item_ref", "ref", "case_ref", "person_ref", "context_ref") if named.get(name)]
    typed = str(first[0]) if first else ""
    return normalise_reference(typed, typed[:2].upper())
