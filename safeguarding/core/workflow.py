"""What it means that a state may follow another. Each package's `workflow.py` holds its own moves as data.

A move that is not listed is refused; who may make a listed one, and under which conditions, is for policy
and the commands. It knows no state of its own.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import TypeVar

from safeguarding.core.errors import RuleError

State = TypeVar("State", bound=StrEnum)


def may(moves: Mapping[State, frozenset[State]], before: State, after: State) -> bool:
    """Return whether `after` may follow `before`; staying put is a move only where it is listed."""
    return after in moves[before]


def require(moves: Mapping[State, frozenset[State]], before: State, after: State) -> None:
    """Raise RuleError, with words fit to be shown, unless `after` may follow `before`."""
    if not may(moves, before, after):
        raise RuleError(f"This is {_words(before)}, so it cannot become {_words(after)}.")


def is_final(moves: Mapping[State, frozenset[State]], state: State) -> bool:
    """Return whether nothing may follow the state."""
    return not moves[state]


def _words(state: StrEnum) -> str:
    return state.value.replace("_", " ")
