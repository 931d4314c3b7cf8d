"""What agencies told under conditions and must not be copied further: later packages say what that is.

The commands of earlier packages ask here before they store a text about a young person that more people may read.
"""

from collections.abc import Callable, Iterable

from flask import Flask, current_app

from safeguarding.access.actor import Actor

Check = Callable[[Actor, int, Iterable[str | None]], None]


def register_check(app: Flask, check: Check) -> None:
    """Add a check of (actor, person id, texts); it raises RuleError for a text that repeats what is held back."""
    app.extensions.setdefault("held_back", []).append(check)


def refuse_copies(actor: Actor, person_id: int | None, texts: Iterable[str | None]) -> None:
    """Raise RuleError when a text about a young person repeats what an agency told fewer people, or under conditions."""
    if person_id is None:
        return
    given = [each for each in texts if each]
    checks: list[Check] = current_app.extensions.get("held_back", [])
    for check in checks:
        check(actor, person_id, given)
