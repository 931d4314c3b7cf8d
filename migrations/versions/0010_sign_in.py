"""Sign-in: half-way and locked sessions, second factors, recovery codes, counted attempts, forms that were not lost."""

import sqlalchemy as sa
from alembic import op

from safeguarding.core.types import UTCDateTime

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

key = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
PROOFS = ("totp", "passkey", "recovery", "provider", "passed_by")


def _enum(name: str, *members: str) -> sa.Enum:
    return sa.Enum(*members, name=name, native_enum=False, create_constraint=True, length=40)


def _owner(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["user_id"], ["user_account.id"], name=op.f(f"fk_{table}_user_id"), ondelete="RESTRICT"
    )


def upgrade() -> None:
    _widen_sessions()
    _make_second_factor()
    _make_recovery_code()
    _make_throttle()
    _make_known_origin()
    _make_kept_form()


def _widen_sessions() -> None:
    with op.batch_alter_table("user_session") as batch:
        batch.add_column(sa.Column("stem_digest", sa.String(64), nullable=True))
        batch.add_column(sa.Column("opened_at", UTCDateTime(), nullable=True))
        batch.add_column(sa.Column("proof", sa.String(40), nullable=True))
        batch.add_column(sa.Column("confirmed_at", UTCDateTime(), nullable=True))
        batch.add_column(sa.Column("locked_at", UTCDateTime(), nullable=True))
        batch.add_column(sa.Column("challenge", sa.String(100), nullable=True))
        batch.add_column(sa.Column("challenged_at", UTCDateTime(), nullable=True))
        batch.add_column(sa.Column("device", sa.String(80), nullable=True))
    # Whoever was signed in with a pass phrase alone signs in anew.
    op.execute(
        sa.text(
            "UPDATE user_session SET opened_at = created_at, proof = 'passed_by', ended_at = coalesce(ended_at, last_seen_at)"
        )
    )
    listed = ", ".join(f"'{proof}'" for proof in PROOFS)
    with op.batch_alter_table("user_session") as batch:
        batch.create_check_constraint(op.f("ck_user_session_proof"), f"proof IN ({listed})")
        batch.create_check_constraint(
            op.f("ck_user_session_opened_by_a_proof"), "(opened_at IS NULL) = (proof IS NULL)"
        )
        batch.create_index(op.f("ix_user_session_stem_digest"), ["stem_digest"])


def _make_second_factor() -> None:
    op.create_table(
        "second_factor",
        sa.Column("id", key, nullable=False),
        sa.Column("ref", sa.String(16), nullable=False),
        sa.Column("user_id", key, nullable=False),
        sa.Column("kind", _enum("factor_kind", "totp", "passkey"), nullable=False),
        sa.Column("name", sa.String(60), nullable=False),
        sa.Column("totp_secret", sa.Text(), nullable=True),
        sa.Column("last_step", sa.BigInteger(), nullable=True),
        sa.Column("credential_id", sa.String(1400), nullable=True),
        sa.Column("public_key", sa.LargeBinary(), nullable=True),
        sa.Column("sign_count", sa.BigInteger(), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("confirmed_at", UTCDateTime(), nullable=True),
        sa.Column("last_used_at", UTCDateTime(), nullable=True),
        sa.CheckConstraint(
            "(kind = 'totp') = (totp_secret IS NOT NULL)", name=op.f("ck_second_factor_app_has_its_secret")
        ),
        sa.CheckConstraint(
            "(kind = 'passkey') = (credential_id IS NOT NULL)", name=op.f("ck_second_factor_passkey_has_its_id")
        ),
        sa.CheckConstraint(
            "(kind = 'passkey') = (public_key IS NOT NULL)", name=op.f("ck_second_factor_passkey_has_its_key")
        ),
        _owner("second_factor"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_second_factor")),
        sa.UniqueConstraint("ref", name=op.f("uq_second_factor_ref")),
        sa.UniqueConstraint("credential_id", name=op.f("uq_second_factor_credential_id")),
    )
    op.create_index(op.f("ix_second_factor_user_id"), "second_factor", ["user_id"])


def _make_recovery_code() -> None:
    op.create_table(
        "recovery_code",
        sa.Column("id", key, nullable=False),
        sa.Column("user_id", key, nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("used_at", UTCDateTime(), nullable=True),
        _owner("recovery_code"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recovery_code")),
        sa.UniqueConstraint("digest", name=op.f("uq_recovery_code_digest")),
    )
    op.create_index(op.f("ix_recovery_code_user_id"), "recovery_code", ["user_id"])


def _make_throttle() -> None:
    op.create_table(
        "throttle",
        sa.Column("key", sa.String(80), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("last_at", UTCDateTime(), nullable=False),
        sa.Column("next_at", UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_throttle")),
    )
    op.create_index(op.f("ix_throttle_last_at"), "throttle", ["last_at"])


def _make_known_origin() -> None:
    op.create_table(
        "known_origin",
        sa.Column("id", key, nullable=False),
        sa.Column("user_id", key, nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("last_used_at", UTCDateTime(), nullable=False),
        _owner("known_origin"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_known_origin")),
        sa.UniqueConstraint("user_id", "digest", name=op.f("uq_known_origin_user_id_digest")),
    )


def _make_kept_form() -> None:
    op.create_table(
        "kept_form",
        sa.Column("id", key, nullable=False),
        sa.Column("ref", sa.String(16), nullable=False),
        sa.Column("user_id", key, nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("fields", sa.Text(), nullable=False),
        sa.Column("why", _enum("kept_why", "expired", "locked", "confirm"), nullable=False),
        sa.Column("kept_at", UTCDateTime(), nullable=False),
        sa.Column("expires_at", UTCDateTime(), nullable=False),
        _owner("kept_form"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_kept_form")),
        sa.UniqueConstraint("ref", name=op.f("uq_kept_form_ref")),
    )
    op.create_index(op.f("ix_kept_form_user_id"), "kept_form", ["user_id"])
    op.create_index(op.f("ix_kept_form_expires_at"), "kept_form", ["expires_at"])


def downgrade() -> None:
    for table in ("kept_form", "known_origin", "throttle", "recovery_code", "second_factor"):
        op.drop_table(table)
    with op.batch_alter_table("user_session") as batch:
        batch.drop_index(op.f("ix_user_session_stem_digest"))
        batch.drop_constraint(op.f("ck_user_session_opened_by_a_proof"), type_="check")
        batch.drop_constraint(op.f("ck_user_session_proof"), type_="check")
        for column in (
            "device", "challenged_at", "challenge", "locked_at", "confirmed_at", "proof", "opened_at", "stem_digest"
        ):  # fmt: skip
            batch.drop_column(column)
