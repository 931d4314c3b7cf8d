"""Which items may still be decided in the measured database."""

from sqlalchemy import create_engine, select

from bench.pages import first_write_item
from config import Settings
from safeguarding.panels.models.items import AgendaItem, ItemState


def undecided_items(settings: Settings) -> list[int]:
    """Return the ids of the open items of the second panel, one of each meeting in turn: clients meet in none."""
    engine = create_engine(settings.database_url)
    with engine.connect() as connection:
        statement = (
            select(AgendaItem.id)
            .where(AgendaItem.id >= first_write_item(), AgendaItem.state == ItemState.OPEN)
            .order_by(AgendaItem.position, AgendaItem.id)
        )
        found = list(connection.scalars(statement))
    engine.dispose()
    return found
