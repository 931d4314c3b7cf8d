"""Restricted records: what is closed, why a case is restricted, who is on its list.

Every case that is restricted already is closed with whom it is about; its own workers keep seeing it.
"""

import sqlalchemy as sa
from alembic import op

from safeguarding.core import clock
from safeguarding.core.references import new_reference
from safeguarding.core.types import UTCDateTime

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

key = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
STATES = ("in_force", "lifted")
ALWAYS = ("lead_worker", "allocated", "listed", "emergency", "barred")
CLOSED = """
SELECT 'case' AS subject_kind, id AS subject_id, id AS source_id FROM safeguarding_case WHERE is_restricted
UNION SELECT 'person', person_id, id FROM safeguarding_case WHERE is_restricted AND person_id IS NOT NULL
UNION SELECT 'case', other.id, c.id FROM safeguarding_case c
  JOIN safeguarding_case other ON other.person_id = c.person_id WHERE c.is_restricted
UNION SELECT 'referral', r.id, c.id FROM safeguarding_case c
  JOIN referral r ON r.case_id = c.id OR r.person_id = c.person_id WHERE c.is_restricted
UNION SELECT 'item', i.id, c.id FROM safeguarding_case c
  JOIN agenda_item i ON i.case_id = c.id OR i.person_id = c.person_id WHERE c.is_restricted
UNION SELECT 'action', a.id, c.id FROM safeguarding_case c
  JOIN action a ON (a.origin_kind = 'case' AND a.origin_id = c.id)
    OR (a.subject_kind = 'person' AND a.subject_id = c.person_id) WHERE c.is_restricted
"""


def upgrade() -> None:
    op.create_table(
        "closed_subject",
        sa.Column("id", key, nullable=False),
        sa.Column("subject_kind", sa.String(20), nullable=False),
        sa.Column("subject_id", key, nullable=False),
        sa.Column("source_kind", sa.String(20), nullable=False),
        sa.Column("source_id", key, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_closed_subject")),
        sa.UniqueConstraint(
            "subject_kind",
            "subject_id",
            "source_kind",
            "source_id",
            name=op.f("uq_closed_subject_subject_kind_subject_id_source_kind_source_id"),
        ),
    )
    op.create_index("ix_closed_subject_source_kind_source_id", "closed_subject", ["source_kind", "source_id"])
    _restriction()
    _listing()
    _close_what_is_restricted()


def downgrade() -> None:
    op.execute("DELETE FROM relation WHERE source_kind IN ('team', 'listing')")
    op.execute("UPDATE relation SET principal = substr(principal, 6) WHERE principal LIKE 'shut/%'")
    op.drop_table("case_listing")
    op.drop_table("case_restriction")
    op.drop_table("closed_subject")


def _user(name, table):
    return sa.ForeignKeyConstraint([name], ["user_account.id"], name=op.f(f"fk_{table}_{name}"), ondelete="RESTRICT")


def _case(table):
    return sa.ForeignKeyConstraint(
        ["case_id"], ["safeguarding_case.id"], name=op.f(f"fk_{table}_case_id"), ondelete="RESTRICT"
    )


def _restriction() -> None:
    table = "case_restriction"
    checks = {
        "agreed_by_somebody": "(agreed_at IS NULL) = (agreed_by_id IS NULL)",
        "agreed_by_another": "agreed_by_id <> set_by_id",
        "lift_asked_by_somebody": "(lift_asked_at IS NULL) = (lift_asked_by_id IS NULL)",
        "lift_asked_with_reason": "(lift_asked_at IS NULL) = (lift_reason IS NULL)",
        "lifted_by_somebody": "(lifted_at IS NULL) = (lifted_by_id IS NULL)",
        "lifted_when_it_is": "(state = 'lifted') = (lifted_at IS NOT NULL)",
        "lifted_by_another": "lifted_by_id <> lift_asked_by_id",
    }
    op.create_table(
        table,
        sa.Column("id", key, nullable=False),
        sa.Column("ref", sa.String(16), nullable=False),
        sa.Column("case_id", key, nullable=False),
        sa.Column(
            "state",
            sa.Enum(*STATES, name="restriction_state", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("review_on", sa.Date(), nullable=False),
        sa.Column("set_by_id", key, nullable=False),
        sa.Column("set_at", UTCDateTime(), nullable=False),
        sa.Column("agreed_by_id", key, nullable=True),
        sa.Column("agreed_at", UTCDateTime(), nullable=True),
        sa.Column("lift_reason", sa.Text(), nullable=True),
        sa.Column("lift_asked_by_id", key, nullable=True),
        sa.Column("lift_asked_at", UTCDateTime(), nullable=True),
        sa.Column("lifted_by_id", key, nullable=True),
        sa.Column("lifted_at", UTCDateTime(), nullable=True),
        *(sa.CheckConstraint(rule, name=op.f(f"ck_{table}_{name}")) for name, rule in checks.items()),
        _case(table),
        *(_user(name, table) for name in ("set_by_id", "agreed_by_id", "lift_asked_by_id", "lifted_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
        sa.UniqueConstraint("ref", name=op.f(f"uq_{table}_ref")),
    )
    op.create_index("ix_case_restriction_case_id", table, ["case_id"])
    op.create_index("ix_case_restriction_state_set_at_id", table, ["state", "set_at", "id"])


def _listing() -> None:
    table = "case_listing"
    op.create_table(
        table,
        sa.Column("id", key, nullable=False),
        sa.Column("case_id", key, nullable=False),
        sa.Column("user_id", key, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("added_by_id", key, nullable=False),
        sa.Column("valid_from", UTCDateTime(), nullable=False),
        sa.Column("valid_to", UTCDateTime(), nullable=False),
        sa.CheckConstraint("valid_to >= valid_from", name=op.f("ck_case_listing_ends_after_it_begins")),
        _case(table),
        _user("user_id", table),
        _user("added_by_id", table),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
    )
    op.create_index("ix_case_listing_case_id", table, ["case_id"])
    op.create_index("ix_case_listing_user_id", table, ["user_id"])


def _close_what_is_restricted() -> None:
    connection = op.get_bind()
    connection.exec_driver_sql(
        "INSERT INTO closed_subject (subject_kind, subject_id, source_kind, source_id) "
        f"SELECT subject_kind, subject_id, 'case', source_id FROM ({CLOSED}) AS found"
    )
    kinds = ", ".join(f"'{kind}'" for kind in ALWAYS)
    connection.exec_driver_sql(
        f"UPDATE relation SET principal = 'shut/' || principal WHERE kind NOT IN ({kinds}) AND EXISTS "
        "(SELECT 1 FROM closed_subject c WHERE c.subject_kind = relation.subject_kind "
        "AND c.subject_id = relation.subject_id)"
    )
    connection.exec_driver_sql(
        "INSERT INTO relation (principal, subject_kind, subject_id, kind, valid_from, source_kind, source_id, "
        "last_activity_at) SELECT 'user:' || a.user_id, c.subject_kind, c.subject_id, 'listed', a.valid_from, 'team', "
        "a.id, a.valid_from FROM allocation a JOIN closed_subject c ON c.source_kind = 'case' "
        "AND c.source_id = a.case_id WHERE a.valid_to IS NULL"
    )
    now = clock.now()
    case = sa.table("safeguarding_case", *map(sa.column, ("id", "opened_by_id", "is_restricted")))
    restriction = sa.table(
        "case_restriction",
        *map(sa.column, ("ref", "case_id", "state", "reason", "set_by_id")),
        sa.column("review_on", sa.Date()),
        sa.column("set_at", UTCDateTime()),
    )
    rows = connection.execute(sa.select(case.c.id, case.c.opened_by_id).where(case.c.is_restricted == sa.true())).all()
    for row in rows:
        connection.execute(
            restriction.insert().values(
                ref=new_reference("RT"),
                case_id=row.id,
                state="in_force",
                reason="Restricted as it was opened.",
                review_on=now.date(),
                set_by_id=row.opened_by_id,
                set_at=now,
            )
        )
