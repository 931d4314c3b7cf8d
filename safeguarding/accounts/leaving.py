"""What later packages do when somebody's membership ends: they end what rested on it.

Accounts know of no case. A package that gives people something because of a role registers here what takes it back; it
is called in the change's own transaction, after the membership has ended.
"""

from collections.abc import Callable

from flask import Flask, current_app

from safeguarding.access.actor import Actor

Leaving = Callable[[Actor, int], None]


def register_leaving(app: Flask, *actions: Leaving) -> None:
    """Add what is done, in the order of the house. Each is given who changes it, and whose membership ended (the id)."""
    app.extensions.setdefault("membership_ended", []).extend(actions)


def take_back(actor: Actor, user_id: int) -> None:
    """Let every package end what no membership of a person bears out any more, whether ended or run out."""
    actions: list[Leaving] = current_app.extensions.get("membership_ended", [])
    for action in actions:
        action(actor, user_id)
