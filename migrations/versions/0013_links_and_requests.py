"""One-time links, invitations, and requests for the roles that need a second person."""

import sqlalchemy as sa
from alembic import op

from safeguarding.core.types import UTCDateTime

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

key = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
PURPOSES = ("invitation", "reset", "factors")
STATES = ("waiting", "approved", "declined", "withdrawn")
ROLES = (
    "chair",
    "vice_chair",
    "coordinator",
    "practitioner",
    "social_worker",
    "spoc",
    "lead",
    "analyst",
    "information_governance",
    "auditor",
    "admin",
)


def _words(words: tuple[str, ...], name: str) -> sa.Enum:
    return sa.Enum(*words, name=name, native_enum=False, create_constraint=True, length=40)


def _user(table: str, column: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        [column], ["user_account.id"], name=op.f(f"fk_{table}_{column}"), ondelete="RESTRICT"
    )


def upgrade() -> None:
    op.create_table(
        "account_link",
        sa.Column("id", key, nullable=False),
        sa.Column("user_id", key, nullable=False),
        sa.Column("purpose", _words(PURPOSES, "link_purpose"), nullable=False),
        sa.Column("token_digest", sa.String(64), nullable=False),
        sa.Column("bound_to", sa.String(64), nullable=False),
        sa.Column("made_at", UTCDateTime(), nullable=False),
        sa.Column("expires_at", UTCDateTime(), nullable=False),
        sa.Column("used_at", UTCDateTime(), nullable=True),
        sa.CheckConstraint("expires_at > made_at", name=op.f("ck_account_link_expires_after_made")),
        _user("account_link", "user_id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account_link")),
        sa.UniqueConstraint("token_digest", name=op.f("uq_account_link_token_digest")),
    )
    op.create_index("ix_account_link_user_id", "account_link", ["user_id", "purpose"])
    op.create_table(
        "account_invitation",
        sa.Column("id", key, nullable=False),
        sa.Column("user_id", key, nullable=False),
        sa.Column("invited_at", UTCDateTime(), nullable=False),
        sa.Column("taken_up_at", UTCDateTime(), nullable=True),
        _user("account_invitation", "user_id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account_invitation")),
        sa.UniqueConstraint("user_id", name=op.f("uq_account_invitation_user_id")),
    )
    op.create_table(
        "role_request",
        sa.Column("id", key, nullable=False),
        sa.Column("ref", sa.String(16), nullable=False),
        sa.Column("user_id", key, nullable=False),
        sa.Column("agency_id", key, nullable=False),
        sa.Column("role", _words(ROLES, "role"), nullable=False),
        sa.Column("until", UTCDateTime(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("requested_by_id", key, nullable=False),
        sa.Column("requested_at", UTCDateTime(), nullable=False),
        sa.Column("expires_at", UTCDateTime(), nullable=False),
        sa.Column("state", _words(STATES, "request_state"), nullable=False),
        sa.Column("decided_by_id", key, nullable=True),
        sa.Column("decided_at", UTCDateTime(), nullable=True),
        sa.Column("decision_reason", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("requested_by_id <> user_id", name=op.f("ck_role_request_not_for_oneself")),
        sa.CheckConstraint("decided_by_id <> user_id", name=op.f("ck_role_request_not_decided_by_whom_it_is_about")),
        sa.CheckConstraint(
            "decided_by_id <> requested_by_id OR state = 'withdrawn'", name=op.f("ck_role_request_decided_by_another")
        ),
        sa.CheckConstraint("(state = 'waiting') = (decided_at IS NULL)", name=op.f("ck_role_request_decided_once")),
        _user("role_request", "user_id"),
        sa.ForeignKeyConstraint(
            ["agency_id"], ["agency.id"], name=op.f("fk_role_request_agency_id"), ondelete="RESTRICT"
        ),
        _user("role_request", "requested_by_id"),
        _user("role_request", "decided_by_id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_role_request")),
        sa.UniqueConstraint("ref", name=op.f("uq_role_request_ref")),
    )
    for name, columns in (
        ("ix_role_request_user_id", ["user_id", "state"]),
        ("ix_role_request_state", ["state", "expires_at", "id"]),
        ("ix_role_request_agency_id", ["agency_id"]),
        ("ix_role_request_requested_by_id", ["requested_by_id"]),
        ("ix_role_request_decided_by_id", ["decided_by_id"]),
    ):
        op.create_index(name, "role_request", columns)


def downgrade() -> None:
    op.drop_table("role_request")
    op.drop_table("account_invitation")
    op.drop_table("account_link")
