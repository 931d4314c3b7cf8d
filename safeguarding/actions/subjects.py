"""What actions are about, in words: each later package says how its own kind of subject is named and linked.

An action knows a kind and a number. When the application is built, the package that owns the kind registers the
columns of a name and a reference here, so that a list of actions names all its subjects in its one statement.
"""

from dataclasses import dataclass
from typing import Any

from flask import Flask, current_app
from sqlalchemy import and_, false
from sqlalchemy.sql.elements import ColumnElement

from safeguarding.access.permissions import Permission
from safeguarding.actions.models import Action, ActionSubject
from safeguarding.relations.queries import Asks, related


@dataclass(frozen=True)
class SubjectNames:
    """How one kind of subject is named: columns of a table (or alias) of the package's own.

    `permission` is what opens the subject's page; where it needs no relation, holding it is enough. `endpoint` takes the
    reference as `ref`.
    """

    kind: ActionSubject
    table: Any
    id: Any
    name: Any
    ref: Any
    permission: Permission
    endpoint: str

    def joins(self, actor: Asks) -> ColumnElement[bool]:
        """Return the condition under which an action's row meets its subject's, for this actor."""
        return and_(Action.subject_kind == self.kind, Action.subject_id == self.id, self._seen(actor))

    def _seen(self, actor: Asks) -> ColumnElement[bool]:
        if not actor.holds(self.permission):
            return false()
        return related(actor, self.kind.value, self.id, self.permission)


def register_subject(app: Flask, names: SubjectNames) -> None:
    """Say how a kind of subject is named and linked."""
    app.extensions.setdefault("actions.subjects", []).append(names)


def registered() -> list[SubjectNames]:
    """Return the kinds registered, in the order of the house."""
    names: list[SubjectNames] = current_app.extensions.get("actions.subjects", [])
    return names
