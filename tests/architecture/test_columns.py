"""Every stored column says what it holds: how secret, kept how long, whether it may be exported or logged (DP-1)."""

import pytest
from sqlalchemy import Column, MetaData, String, Table

from safeguarding import tables
from safeguarding.core.labels import KEY, SEALED, Label, Level
from safeguarding.extensions import db

# What a person typed or what says who they are is never in a log.
NEVER_LOGGED = frozenset({Level.OFFICIAL_SENSITIVE, Level.SECRET})


def unlabelled(metadata: MetaData) -> list[str]:
    """Return the columns that carry no label."""
    return sorted(
        f"{table.name}.{column.name}"
        for table in metadata.tables.values()
        for column in table.columns
        if not isinstance(column.info.get("label"), Label)
    )


def labels() -> dict[str, Label]:
    assert tables  # it is what fills the metadata
    return {
        f"{table.name}.{column.name}": column.info["label"]
        for table in db.metadata.tables.values()
        for column in table.columns
    }


def test_every_column_is_labelled() -> None:
    assert unlabelled(db.metadata) == []
    assert len(labels()) > 300


def test_a_column_without_a_label_is_noticed() -> None:
    planted = MetaData()
    Table("planted", planted, Column("said", String), Column("known", String, info={"label": KEY}))
    assert unlabelled(planted) == ["planted.said"]


def test_what_is_sensitive_is_never_logged() -> None:
    wrong = [name for name, label in labels().items() if label.level in NEVER_LOGGED and label.loggable]
    assert wrong == []


def test_what_is_sealed_or_secret_is_never_exported() -> None:
    for name, label in labels().items():
        if label.sealed or label.level is Level.SECRET:
            assert not label.exportable, name


@pytest.mark.parametrize(
    "column", ["person.safe_address", "person.placement", "person.phone", "person.email", "incident.informant"]
)
def test_what_must_be_sealed_is(column: str) -> None:
    assert labels()[column] == SEALED


@pytest.mark.parametrize("column", ["user_account.password_hash", "user_session.token_digest"])
def test_what_opens_the_door_never_leaves_the_database(column: str) -> None:
    assert labels()[column].level is Level.SECRET
