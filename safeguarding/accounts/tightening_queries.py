"""Reads of the rights that were taken away from roles."""

from typing import Any

from sqlalchemy import ColumnElement, Row, String, literal_column, select, type_coerce
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import aliased
from sqlalchemy.sql.functions import FunctionElement

from safeguarding.access.actor import Actor
from safeguarding.access.permissions import Permission
from safeguarding.access.tightening import Tightened, read
from safeguarding.accounts.models import User
from safeguarding.accounts.tightening_models import Tightening, TighteningState
from safeguarding.extensions import db
from safeguarding.relations.built import among

_TAKEN = (TighteningState.IN_FORCE, TighteningState.BACK_ASKED)


def taken_away() -> ColumnElement[str | None]:
    """Return a column of what is taken away now, for the statement that loads an actor: it costs none of its own."""
    right = type_coerce(Tightening.role, String()).concat(literal_column("' '")).concat(Tightening.permission)
    return select(_WithCommas(right)).where(among(Tightening.state, _TAKEN)).scalar_subquery()


class _WithCommas(FunctionElement[str]):
    """Texts of several rows with commas between; SQLAlchemy's own way writes its separator into each statement anew."""

    name = "with_commas"
    inherit_cache = True
    type = String()


@compiles(_WithCommas, "postgresql")
def _on_postgresql(element: Any, compiler: Any, **options: Any) -> str:
    return f"string_agg({compiler.process(element.clauses, **options)}, ',')"


@compiles(_WithCommas, "sqlite")
def _on_sqlite(element: Any, compiler: Any, **options: Any) -> str:
    return f"group_concat({compiler.process(element.clauses, **options)}, ',')"


def tightened_now() -> Tightened:
    """Return what is taken away now, for the printed matrix."""
    return read(db.session.scalar(select(taken_away())))


def list_tightenings(actor: Actor) -> list[Row[Any]]:
    """Return what waits, what is taken away and what was, in this order."""
    if not actor.holds(Permission.ADMIN_APPROVE):
        return []
    asked_by, decided_by, back_by = aliased(User), aliased(User), aliased(User)
    columns: list[Any] = [
        *Tightening.__table__.columns,
        asked_by.name.label("asked_by"),
        decided_by.name.label("decided_by"),
        back_by.name.label("back_asked_by"),
    ]
    statement = (
        select(*columns)
        .join(asked_by, asked_by.id == Tightening.asked_by_id)
        .outerjoin(decided_by, decided_by.id == Tightening.decided_by_id)
        .outerjoin(back_by, back_by.id == Tightening.back_asked_by_id)
        .order_by(
            Tightening.state.not_in((TighteningState.ASKED, TighteningState.BACK_ASKED)),
            Tightening.state != TighteningState.IN_FORCE,
            Tightening.id.desc(),
        )
        .limit(200)
    )
    return list(db.session.execute(statement))
