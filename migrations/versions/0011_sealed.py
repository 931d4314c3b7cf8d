"""Sealed values: the columns of a person and of an incident, the grants to see them, each reveal.

A safe address that stands in plain is sealed; going down opens it again.
"""

import sqlalchemy as sa
from alembic import op

from safeguarding.core import sealing
from safeguarding.core.types import UTCDateTime

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

key = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
ON = ("person", "incident")
STATES = ("asked", "granted", "refused", "ended")
person = sa.table("person", sa.column("id"), sa.column("ref"), sa.column("safe_address"))


def upgrade() -> None:
    for name in ("placement", "phone", "email"):
        op.add_column("person", sa.Column(name, sa.Text(), nullable=True))
    op.add_column("incident", sa.Column("informant", sa.Text(), nullable=True))
    _rewrite_addresses(lambda ref, text: sealing.ring().seal(_place(ref), text))
    _grants()
    _reveals()


def downgrade() -> None:
    op.drop_table("sealed_reveal")
    op.drop_table("sealed_grant")
    _rewrite_addresses(lambda ref, text: sealing.ring().unseal(_place(ref), text))
    op.drop_column("incident", "informant")
    for name in ("email", "phone", "placement"):
        op.drop_column("person", name)


def _place(ref):
    return "\x00".join(("person", "safe_address", ref))


def _rewrite_addresses(written) -> None:
    connection = op.get_bind()
    rows = connection.execute(
        sa.select(person.c.id, person.c.ref, person.c.safe_address).where(person.c.safe_address.is_not(None))
    ).all()
    for row in rows:
        connection.execute(
            sa.update(person).where(person.c.id == row.id).values(safe_address=written(row.ref, row.safe_address))
        )


def _grants() -> None:
    op.create_table(
        "sealed_grant",
        sa.Column("id", key, nullable=False),
        sa.Column("ref", sa.String(16), nullable=False),
        sa.Column(
            "subject_kind",
            sa.Enum(*ON, name="sealed_on", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("subject_id", key, nullable=False),
        sa.Column("subject_ref", sa.String(16), nullable=False),
        sa.Column("fields", sa.String(200), nullable=False),
        sa.Column("user_id", key, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("asked_at", UTCDateTime(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(*STATES, name="grant_state", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("decided_by_id", key, nullable=True),
        sa.Column("decided_at", UTCDateTime(), nullable=True),
        sa.Column("decision_reason", sa.Text(), nullable=True),
        sa.Column("until_on", sa.Date(), nullable=True),
        sa.Column("ended_at", UTCDateTime(), nullable=True),
        sa.CheckConstraint(
            "(state = 'asked') = (decided_at IS NULL)", name=op.f("ck_sealed_grant_decided_unless_asked")
        ),
        sa.CheckConstraint(
            "(decided_at IS NULL) = (decided_by_id IS NULL)", name=op.f("ck_sealed_grant_decided_by_somebody")
        ),
        sa.CheckConstraint(
            "state NOT IN ('granted', 'ended') OR until_on IS NOT NULL", name=op.f("ck_sealed_grant_granted_until")
        ),
        sa.CheckConstraint("decided_by_id <> user_id", name=op.f("ck_sealed_grant_decided_by_another")),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("fk_sealed_grant_user_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["decided_by_id"], ["user_account.id"], name=op.f("fk_sealed_grant_decided_by_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sealed_grant")),
        sa.UniqueConstraint("ref", name=op.f("uq_sealed_grant_ref")),
    )
    op.create_index(
        "ix_sealed_grant_subject_kind_subject_id_state", "sealed_grant", ["subject_kind", "subject_id", "state"]
    )
    op.create_index("ix_sealed_grant_state_asked_at_id", "sealed_grant", ["state", "asked_at", "id"])
    op.create_index("ix_sealed_grant_user_id", "sealed_grant", ["user_id"])


def _reveals() -> None:
    op.create_table(
        "sealed_reveal",
        sa.Column("id", key, nullable=False),
        sa.Column("grant_id", key, nullable=False),
        sa.Column("user_id", key, nullable=False),
        sa.Column("field", sa.String(40), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("shown_at", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["grant_id"], ["sealed_grant.id"], name=op.f("fk_sealed_reveal_grant_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("fk_sealed_reveal_user_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sealed_reveal")),
    )
    op.create_index("ix_sealed_reveal_grant_id", "sealed_reveal", ["grant_id"])
    op.create_index("ix_sealed_reveal_user_id", "sealed_reveal", ["user_id"])
