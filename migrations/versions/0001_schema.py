"""Every table, as first drawn."""

import sqlalchemy as sa
from alembic import op

from safeguarding.core.types import UTCDateTime

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "agency",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("ref", sa.String(length=16), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("short_name", sa.String(length=40), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "childrens_social_care",
                "hub",
                "early_help",
                "youth_justice",
                "police",
                "health",
                "mental_health",
                "education",
                "housing",
                "community_safety",
                "adult_social_care",
                "probation",
                "substance_misuse",
                "voluntary",
                "council",
                name="agency_kind",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column(
            "quorum_group",
            sa.Enum(
                "local_authority",
                "police",
                "health",
                "education",
                "other",
                name="quorum_group",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("active_from", sa.Date(), nullable=False),
        sa.Column("active_to", sa.Date(), nullable=True),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agency")),
        sa.UniqueConstraint("name", name=op.f("uq_agency_name")),
        sa.UniqueConstraint("ref", name=op.f("uq_agency_ref")),
    )
    op.create_table(
        "audit_event",
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.Column("event", sa.String(length=80), nullable=False),
        sa.Column("actor", sa.String(length=80), nullable=False),
        sa.Column("agency", sa.String(length=120), nullable=True),
        sa.Column("subject", sa.String(length=80), nullable=True),
        sa.Column("request_id", sa.String(length=40), nullable=True),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("previous", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_audit_event")),
    )
    with op.batch_alter_table("audit_event", schema=None) as batch_op:
        batch_op.create_index("ix_audit_event_actor", ["actor", "seq"], unique=False)
        batch_op.create_index("ix_audit_event_subject", ["subject", "seq"], unique=False)

    op.create_table(
        "audit_head",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_head")),
    )
    op.create_table(
        "code",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("list", sa.String(length=40), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("label", sa.String(length=200), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=True),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.CheckConstraint("valid_to IS NULL OR valid_to > valid_from", name=op.f("ck_code_ends_after_it_begins")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_code")),
        sa.UniqueConstraint("list", "code", "valid_from", name=op.f("uq_code_list_code_valid_from")),
    )
    op.create_table(
        "import_run",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("ref", sa.String(length=16), nullable=False),
        sa.Column(
            "what",
            sa.Enum(
                "contexts", "incidents", name="imported_thing", native_enum=False, create_constraint=True, length=40
            ),
            nullable=False,
        ),
        sa.Column("format", sa.String(length=40), nullable=False),
        sa.Column("file_name", sa.String(length=255), nullable=False),
        sa.Column("file_digest", sa.String(length=64), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "running",
                "complete",
                "withdrawn",
                "cut_off",
                name="import_state",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("row_count", sa.Integer(), nullable=False),
        sa.Column("created_count", sa.Integer(), nullable=False),
        sa.Column("updated_count", sa.Integer(), nullable=False),
        sa.Column("unchanged_count", sa.Integer(), nullable=False),
        sa.Column("refused_count", sa.Integer(), nullable=False),
        sa.Column("matched_count", sa.Integer(), nullable=False),
        sa.Column("ignored_columns_count", sa.Integer(), nullable=False),
        sa.Column("ignored_cells_count", sa.Integer(), nullable=False),
        sa.Column("last_row", sa.Integer(), nullable=False),
        sa.Column("started_at", UTCDateTime(), nullable=False),
        sa.Column("finished_at", UTCDateTime(), nullable=True),
        sa.Column("actor", sa.String(length=80), nullable=False),
        sa.CheckConstraint(
            "state <> 'complete' OR finished_at IS NOT NULL", name=op.f("ck_import_run_complete_is_finished")
        ),
        sa.CheckConstraint(
            "state <> 'running' OR finished_at IS NULL", name=op.f("ck_import_run_running_is_unfinished")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_run")),
        sa.UniqueConstraint("ref", name=op.f("uq_import_run_ref")),
    )
    with op.batch_alter_table("import_run", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_import_run_file_digest"), ["file_digest"], unique=False)

    op.create_table(
        "installation",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "mode",
            sa.Enum("live", "demonstration", "test", name="mode", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("partnership", sa.String(length=200), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_installation_one_row")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_installation")),
    )
    op.create_table(
        "once_key",
        sa.Column("key", sa.String(length=120), nullable=False),
        sa.Column("payload_digest", sa.String(length=64), nullable=False),
        sa.Column("location", sa.Text(), nullable=True),
        sa.Column("used_at", UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_once_key")),
    )
    op.create_table(
        "panel",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("slug", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column(
            "kind",
            sa.Enum("mave", "nrm", "other", name="panel_kind", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("cadence_days", sa.Integer(), nullable=False),
        sa.Column("quorum_groups", sa.String(length=200), nullable=False),
        sa.Column("cut_off_days", sa.Integer(), nullable=False),
        sa.Column("minutes_days", sa.Integer(), nullable=False),
        sa.Column("access_days_after_signing", sa.Integer(), nullable=False),
        sa.Column("usual_place", sa.String(length=200), nullable=True),
        sa.Column("meeting_minutes", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("cadence_days > 0 AND meeting_minutes > 0", name=op.f("ck_panel_meets_for_some_time")),
        sa.CheckConstraint(
            "cut_off_days >= 0 AND minutes_days >= 0 AND access_days_after_signing >= 0",
            name=op.f("ck_panel_days_not_negative"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_panel")),
        sa.UniqueConstraint("slug", name=op.f("uq_panel_slug")),
    )
    op.create_table(
        "relation",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("principal", sa.String(length=40), nullable=False),
        sa.Column("subject_kind", sa.String(length=20), nullable=False),
        sa.Column("subject_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "lead_worker",
                "allocated",
                "referrer",
                "added",
                "action_owner",
                "agenda",
                "return_request",
                "panel_office",
                "presenter",
                "hub",
                "barred",
                "seat",
                "chair",
                "vice_chair",
                "coordinator",
                name="relation_kind",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("valid_from", UTCDateTime(), nullable=False),
        sa.Column("valid_to", UTCDateTime(), nullable=True),
        sa.Column("source_kind", sa.String(length=20), nullable=False),
        sa.Column("source_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("last_activity_at", UTCDateTime(), nullable=False),
        sa.CheckConstraint("valid_to IS NULL OR valid_to >= valid_from", name=op.f("ck_relation_ends_after_start")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_relation")),
    )
    with op.batch_alter_table("relation", schema=None) as batch_op:
        batch_op.create_index("ix_relation_source", ["source_kind", "source_id"], unique=False)
        batch_op.create_index("ix_relation_subject", ["subject_kind", "subject_id", "principal"], unique=False)

    op.create_table(
        "rubric",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("in_force_from", sa.Date(), nullable=False),
        sa.Column("adopted_by", sa.String(length=200), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("numbers", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rubric")),
        sa.UniqueConstraint("version", name=op.f("uq_rubric_version")),
    )
    op.create_table(
        "user_account",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("ref", sa.String(length=16), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("job_title", sa.String(length=120), nullable=True),
        sa.Column("password_hash", sa.String(length=200), nullable=False),
        sa.Column(
            "status",
            sa.Enum("active", "suspended", name="account_status", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("email = lower(email)", name=op.f("ck_user_account_email_lower")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_user_account")),
        sa.UniqueConstraint("email", name=op.f("uq_user_account_email")),
        sa.UniqueConstraint("ref", name=op.f("uq_user_account_ref")),
    )
    op.create_table(
        "ward",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("code", sa.String(length=9), nullable=True),
        sa.Column("polygon", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ward")),
        sa.UniqueConstraint("name", name=op.f("uq_ward_name")),
    )
    op.create_table(
        "action",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("ref", sa.String(length=16), nullable=False),
        sa.Column(
            "subject_kind",
            sa.Enum(
                "person",
                "context",
                "peer_group",
                "meeting",
                name="action_subject",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("subject_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("detail", sa.Text(), nullable=True),
        sa.Column("owner_agency_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("owner_user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("first_due_on", sa.Date(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column(
            "priority",
            sa.Enum("normal", "high", name="action_priority", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column(
            "state",
            sa.Enum(
                "open",
                "in_progress",
                "done",
                "not_possible_circumstances_changed",
                "not_done",
                "superseded",
                name="action_state",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("evidence", sa.Text(), nullable=True),
        sa.Column("outcome_note", sa.Text(), nullable=True),
        sa.Column("completed_on", sa.Date(), nullable=True),
        sa.Column("completed_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column(
            "origin_kind",
            sa.Enum(
                "decision", "goal", "case", name="action_origin", native_enum=False, create_constraint=True, length=40
            ),
            nullable=False,
        ),
        sa.Column("origin_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("created_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "state <> 'done' OR (evidence IS NOT NULL AND completed_on IS NOT NULL AND completed_by_id IS NOT NULL)",
            name=op.f("ck_action_done_with_evidence"),
        ),
        sa.CheckConstraint(
            "state NOT IN ('not_possible_circumstances_changed', 'not_done') OR outcome_note IS NOT NULL",
            name=op.f("ck_action_not_done_with_reason"),
        ),
        sa.CheckConstraint(
            "state NOT IN ('open', 'in_progress') OR completed_on IS NULL", name=op.f("ck_action_unfinished_has_no_end")
        ),
        sa.ForeignKeyConstraint(
            ["completed_by_id"], ["user_account.id"], name=op.f("fk_action_completed_by_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["created_by_id"], ["user_account.id"], name=op.f("fk_action_created_by_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["owner_agency_id"], ["agency.id"], name=op.f("fk_action_owner_agency_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["owner_user_id"], ["user_account.id"], name=op.f("fk_action_owner_user_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_action")),
        sa.UniqueConstraint("ref", name=op.f("uq_action_ref")),
    )
    with op.batch_alter_table("action", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_action_origin_kind_origin_id"), ["origin_kind", "origin_id"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_action_owner_agency_id_state_due_on_id"),
            ["owner_agency_id", "state", "due_on", "id"],
            unique=False,
        )
        batch_op.create_index(
            batch_op.f("ix_action_owner_user_id_state_due_on_id"),
            ["owner_user_id", "state", "due_on", "id"],
            unique=False,
        )
        batch_op.create_index(
            batch_op.f("ix_action_subject_kind_subject_id"), ["subject_kind", "subject_id"], unique=False
        )

    op.create_table(
        "context",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("ref", sa.String(length=16), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "estate",
                "street",
                "park",
                "school",
                "station",
                "transport_route",
                "shop",
                "shopping_centre",
                "high_street",
                "hotel",
                "licensed_premises",
                "youth_club",
                "hostel",
                "private_address",
                "online",
                "other",
                name="context_kind",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("ward", sa.String(length=100), nullable=True),
        sa.Column("latitude", sa.Float(), nullable=True),
        sa.Column("longitude", sa.Float(), nullable=True),
        sa.Column("polygon", sa.Text(), nullable=True),
        sa.Column("postcode", sa.String(length=8), nullable=True),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("what_is_strong", sa.Text(), nullable=True),
        sa.Column(
            "step",
            sa.Enum(
                "concern",
                "screening",
                "assessment",
                "context_conference",
                "plan_active",
                "review",
                "closed_safer",
                "closed_no_evidence",
                "transferred",
                name="context_step",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column(
            "grade",
            sa.Enum(
                "universal",
                "universal_plus",
                "complex_high",
                name="context_grade",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=True,
        ),
        sa.Column("lead_user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("owner_agency_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("is_restricted", sa.Boolean(), nullable=False),
        sa.Column("source", sa.String(length=40), nullable=True),
        sa.Column("source_key", sa.String(length=80), nullable=True),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.Column("next_review_on", sa.Date(), nullable=True),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("(latitude IS NULL) = (longitude IS NULL)", name=op.f("ck_context_point_whole")),
        sa.CheckConstraint("(source IS NULL) = (source_key IS NULL)", name=op.f("ck_context_source_with_its_key")),
        sa.CheckConstraint(
            "latitude BETWEEN -90 AND 90 AND longitude BETWEEN -180 AND 180", name=op.f("ck_context_point_on_earth")
        ),
        sa.ForeignKeyConstraint(
            ["lead_user_id"], ["user_account.id"], name=op.f("fk_context_lead_user_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["owner_agency_id"], ["agency.id"], name=op.f("fk_context_owner_agency_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_context")),
        sa.UniqueConstraint("ref", name=op.f("uq_context_ref")),
        sa.UniqueConstraint("source", "source_key", name=op.f("uq_context_source_source_key")),
    )
    with op.batch_alter_table("context", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_context_lead_user_id"), ["lead_user_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_context_name_id"), ["name", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_context_next_review_on"), ["next_review_on"], unique=False)

    op.create_table(
        "import_refusal",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("run_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("row", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["run_id"], ["import_run.id"], name=op.f("fk_import_refusal_run_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_refusal")),
        sa.UniqueConstraint("run_id", "row", name=op.f("uq_import_refusal_run_id_row")),
    )
    op.create_table(
        "meeting",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("ref", sa.String(length=16), nullable=False),
        sa.Column("panel_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("starts_at", UTCDateTime(), nullable=False),
        sa.Column("ends_at", UTCDateTime(), nullable=False),
        sa.Column("place", sa.String(length=200), nullable=True),
        sa.Column(
            "state",
            sa.Enum(
                "planned",
                "open",
                "adjourned",
                "closed",
                "cancelled",
                name="meeting_state",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column(
            "agenda_state",
            sa.Enum(
                "draft",
                "published",
                "locked",
                name="agenda_state",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("agenda_version", sa.Integer(), nullable=False),
        sa.Column("published_at", UTCDateTime(), nullable=True),
        sa.Column("returns_due_at", UTCDateTime(), nullable=True),
        sa.Column("cut_off_at", UTCDateTime(), nullable=False),
        sa.Column("locked_at", UTCDateTime(), nullable=True),
        sa.Column("opened_at", UTCDateTime(), nullable=True),
        sa.Column("opened_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("confidentiality_read_at", UTCDateTime(), nullable=True),
        sa.Column("chaired_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("closed_at", UTCDateTime(), nullable=True),
        sa.Column("current_item_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("(state = 'closed') = (closed_at IS NOT NULL)", name=op.f("ck_meeting_closed_when")),
        sa.CheckConstraint("agenda_state <> 'locked' OR locked_at IS NOT NULL", name=op.f("ck_meeting_locked_when")),
        sa.CheckConstraint(
            "agenda_state = 'draft' OR published_at IS NOT NULL", name=op.f("ck_meeting_published_when")
        ),
        sa.CheckConstraint(
            "state NOT IN ('open', 'adjourned', 'closed') OR opened_at IS NOT NULL",
            name=op.f("ck_meeting_held_once_opened"),
        ),
        sa.CheckConstraint("(opened_at IS NULL) = (opened_by_id IS NULL)", name=op.f("ck_meeting_opened_by_somebody")),
        sa.CheckConstraint("ends_at > starts_at", name=op.f("ck_meeting_ends_after_it_starts")),
        sa.ForeignKeyConstraint(
            ["chaired_by_id"], ["user_account.id"], name=op.f("fk_meeting_chaired_by_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["opened_by_id"], ["user_account.id"], name=op.f("fk_meeting_opened_by_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(["panel_id"], ["panel.id"], name=op.f("fk_meeting_panel_id"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_meeting")),
        sa.UniqueConstraint("ref", name=op.f("uq_meeting_ref")),
    )
    with op.batch_alter_table("meeting", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_meeting_panel_id_starts_at"), ["panel_id", "starts_at"], unique=False)

    op.create_table(
        "membership",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("agency_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "role",
            sa.Enum(
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
                name="role",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("valid_from", UTCDateTime(), nullable=False),
        sa.Column("valid_to", UTCDateTime(), nullable=True),
        sa.CheckConstraint("valid_to IS NULL OR valid_to >= valid_from", name=op.f("ck_membership_ends_after_start")),
        sa.ForeignKeyConstraint(
            ["agency_id"], ["agency.id"], name=op.f("fk_membership_agency_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("fk_membership_user_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_membership")),
    )
    with op.batch_alter_table("membership", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_membership_agency_id"), ["agency_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_membership_user_id"), ["user_id"], unique=False)

    op.create_table(
        "panel_officer",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("panel_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "office",
            sa.Enum(
                "chair",
                "vice_chair",
                "coordinator",
                name="office",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("valid_from", UTCDateTime(), nullable=False),
        sa.Column("valid_to", UTCDateTime(), nullable=True),
        sa.CheckConstraint("valid_to >= valid_from", name=op.f("ck_panel_officer_ends_after_it_begins")),
        sa.ForeignKeyConstraint(
            ["panel_id"], ["panel.id"], name=op.f("fk_panel_officer_panel_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("fk_panel_officer_user_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_panel_officer")),
    )
    with op.batch_alter_table("panel_officer", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_panel_officer_panel_id"), ["panel_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_panel_officer_user_id"), ["user_id"], unique=False)

    op.create_table(
        "panel_seat",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("panel_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("agency_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("is_required", sa.Boolean(), nullable=False),
        sa.Column("valid_from", UTCDateTime(), nullable=False),
        sa.Column("valid_to", UTCDateTime(), nullable=True),
        sa.CheckConstraint("valid_to >= valid_from", name=op.f("ck_panel_seat_ends_after_it_begins")),
        sa.ForeignKeyConstraint(
            ["agency_id"], ["agency.id"], name=op.f("fk_panel_seat_agency_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(["panel_id"], ["panel.id"], name=op.f("fk_panel_seat_panel_id"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_panel_seat")),
    )
    with op.batch_alter_table("panel_seat", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_panel_seat_agency_id"), ["agency_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_panel_seat_panel_id"), ["panel_id"], unique=False)

    op.create_table(
        "peer_group",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("ref", sa.String(length=16), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("what_keeps_safe", sa.Text(), nullable=True),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("created_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["created_by_id"], ["user_account.id"], name=op.f("fk_peer_group_created_by_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_peer_group")),
        sa.UniqueConstraint("ref", name=op.f("uq_peer_group_ref")),
    )
    op.create_table(
        "person",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("ref", sa.String(length=16), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "young_person",
                "possible_perpetrator",
                name="person_kind",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("given_name", sa.String(length=100), nullable=False),
        sa.Column("family_name", sa.String(length=100), nullable=False),
        sa.Column("known_as", sa.String(length=100), nullable=True),
        sa.Column(
            "sort_key",
            sa.String(length=200).with_variant(sa.String(length=200, collation="C"), "postgresql"),
            nullable=False,
        ),
        sa.Column("born_on", sa.Date(), nullable=True),
        sa.Column("born_estimated", sa.Boolean(), nullable=False),
        sa.Column(
            "sex",
            sa.Enum("female", "male", "unknown", name="sex", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("gender", sa.String(length=40), nullable=True),
        sa.Column("pronouns", sa.String(length=40), nullable=True),
        sa.Column("ethnicity_code", sa.String(length=40), nullable=True),
        sa.Column(
            "ethnicity_scheme",
            sa.Enum(
                "dfe", "police_18_1", name="ethnicity_scheme", native_enum=False, create_constraint=True, length=40
            ),
            nullable=True,
        ),
        sa.Column("address", sa.Text(), nullable=True),
        sa.Column("postcode", sa.String(length=8), nullable=True),
        sa.Column("ward", sa.String(length=100), nullable=True),
        sa.Column("school_name", sa.String(length=200), nullable=True),
        sa.Column("language", sa.String(length=100), nullable=True),
        sa.Column("nhs_number", sa.String(length=10), nullable=True),
        sa.Column("upn", sa.String(length=13), nullable=True),
        sa.Column("safe_address", sa.Text(), nullable=True),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("created_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "(ethnicity_code IS NULL) = (ethnicity_scheme IS NULL)", name=op.f("ck_person_ethnicity_with_its_scheme")
        ),
        sa.CheckConstraint("NOT born_estimated OR born_on IS NOT NULL", name=op.f("ck_person_estimate_of_a_date")),
        sa.ForeignKeyConstraint(
            ["created_by_id"], ["user_account.id"], name=op.f("fk_person_created_by_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person")),
        sa.UniqueConstraint("ref", name=op.f("uq_person_ref")),
    )
    with op.batch_alter_table("person", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_person_born_on"), ["born_on"], unique=False)
        batch_op.create_index(batch_op.f("ix_person_nhs_number"), ["nhs_number"], unique=False)
        batch_op.create_index(batch_op.f("ix_person_sort_key_id"), ["sort_key", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_person_upn"), ["upn"], unique=False)

    op.create_table(
        "sharing_agreement",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("agency_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("title", sa.String(length=160), nullable=False),
        sa.Column("purposes", sa.Text(), nullable=False),
        sa.Column("signed_by", sa.String(length=120), nullable=False),
        sa.Column("signed_on", sa.Date(), nullable=False),
        sa.Column("review_on", sa.Date(), nullable=False),
        sa.CheckConstraint("review_on > signed_on", name=op.f("ck_sharing_agreement_reviewed_after_signature")),
        sa.ForeignKeyConstraint(
            ["agency_id"], ["agency.id"], name=op.f("fk_sharing_agreement_agency_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sharing_agreement")),
    )
    with op.batch_alter_table("sharing_agreement", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_sharing_agreement_agency_id"), ["agency_id"], unique=False)

    op.create_table(
        "user_session",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("token_digest", sa.String(length=64), nullable=False),
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("last_seen_at", UTCDateTime(), nullable=False),
        sa.Column("expires_at", UTCDateTime(), nullable=False),
        sa.Column("ended_at", UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("fk_user_session_user_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_user_session")),
        sa.UniqueConstraint("token_digest", name=op.f("uq_user_session_token_digest")),
    )
    with op.batch_alter_table("user_session", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_user_session_user_id"), ["user_id"], unique=False)

    op.create_table(
        "action_due_change",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("action_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("old_on", sa.Date(), nullable=False),
        sa.Column("new_on", sa.Date(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("changed_at", UTCDateTime(), nullable=False),
        sa.Column("changed_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.CheckConstraint("new_on <> old_on", name=op.f("ck_action_due_change_moves_the_date")),
        sa.ForeignKeyConstraint(
            ["action_id"], ["action.id"], name=op.f("fk_action_due_change_action_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["changed_by_id"], ["user_account.id"], name=op.f("fk_action_due_change_changed_by_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_action_due_change")),
    )
    with op.batch_alter_table("action_due_change", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_action_due_change_action_id"), ["action_id"], unique=False)

    op.create_table(
        "attendance",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("meeting_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("agency_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "present",
                "apologies",
                "absent",
                name="attendance_status",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("name", sa.String(length=200), nullable=True),
        sa.Column("deputy_for", sa.String(length=200), nullable=True),
        sa.Column("information_sent", sa.Boolean(), nullable=False),
        sa.Column("arrived_at", UTCDateTime(), nullable=True),
        sa.Column("left_at", UTCDateTime(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "status <> 'present' OR user_id IS NOT NULL OR name IS NOT NULL",
            name=op.f("ck_attendance_somebody_is_present"),
        ),
        sa.CheckConstraint("left_at >= arrived_at", name=op.f("ck_attendance_leaves_after_arriving")),
        sa.ForeignKeyConstraint(
            ["agency_id"], ["agency.id"], name=op.f("fk_attendance_agency_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["meeting_id"], ["meeting.id"], name=op.f("fk_attendance_meeting_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("fk_attendance_user_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attendance")),
        sa.UniqueConstraint("meeting_id", "agency_id", "name", name=op.f("uq_attendance_meeting_id_agency_id_name")),
        sa.UniqueConstraint(
            "meeting_id", "agency_id", "user_id", name=op.f("uq_attendance_meeting_id_agency_id_user_id")
        ),
    )
    op.create_table(
        "context_alias",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("context_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(
            ["context_id"], ["context.id"], name=op.f("fk_context_alias_context_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_context_alias")),
        sa.UniqueConstraint("context_id", "name", name=op.f("uq_context_alias_context_id_name")),
    )
    op.create_table(
        "context_factor",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("context_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "finding",
                "concern",
                "guardian",
                name="factor_kind",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("source", sa.String(length=200), nullable=False),
        sa.Column("happened_on", sa.Date(), nullable=False),
        sa.Column("recorded_at", UTCDateTime(), nullable=False),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.Column("ended_recorded_at", UTCDateTime(), nullable=True),
        sa.Column("recorded_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.CheckConstraint(
            "(ended_on IS NULL) = (ended_recorded_at IS NULL)", name=op.f("ck_context_factor_end_with_its_record")
        ),
        sa.CheckConstraint("ended_on >= happened_on", name=op.f("ck_context_factor_ends_after_it_begins")),
        sa.ForeignKeyConstraint(
            ["context_id"], ["context.id"], name=op.f("fk_context_factor_context_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["recorded_by_id"], ["user_account.id"], name=op.f("fk_context_factor_recorded_by_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_context_factor")),
    )
    with op.batch_alter_table("context_factor", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_context_factor_context_id"), ["context_id"], unique=False)

    op.create_table(
        "context_review",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("ref", sa.String(length=16), nullable=False),
        sa.Column("context_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("reviewed_on", sa.Date(), nullable=False),
        sa.Column("score", sa.Integer(), nullable=False),
        sa.Column("range_low", sa.Integer(), nullable=False),
        sa.Column("range_high", sa.Integer(), nullable=False),
        sa.Column("band", sa.String(length=40), nullable=False),
        sa.Column("rubric_version", sa.Integer(), nullable=False),
        sa.Column("explanation", sa.Text(), nullable=False),
        sa.Column("what_changed", sa.Text(), nullable=False),
        sa.Column(
            "grade",
            sa.Enum(
                "universal",
                "universal_plus",
                "complex_high",
                name="context_grade",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("rationale", sa.Text(), nullable=False),
        sa.Column("differs_reason", sa.Text(), nullable=True),
        sa.Column("next_review_on", sa.Date(), nullable=False),
        sa.Column("reviewer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("recorded_at", UTCDateTime(), nullable=False),
        sa.Column("once", sa.String(length=64), nullable=True),
        sa.CheckConstraint("next_review_on > reviewed_on", name=op.f("ck_context_review_next_after_this")),
        sa.CheckConstraint("range_low <= range_high", name=op.f("ck_context_review_range_in_order")),
        sa.ForeignKeyConstraint(
            ["context_id"], ["context.id"], name=op.f("fk_context_review_context_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["reviewer_id"], ["user_account.id"], name=op.f("fk_context_review_reviewer_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_context_review")),
        sa.UniqueConstraint("once", name=op.f("uq_context_review_once")),
        sa.UniqueConstraint("ref", name=op.f("uq_context_review_ref")),
    )
    with op.batch_alter_table("context_review", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_context_review_context_id_reviewed_on"), ["context_id", "reviewed_on"], unique=False
        )

    op.create_table(
        "context_risk",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("context_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("score", sa.Integer(), nullable=False),
        sa.Column("range_low", sa.Integer(), nullable=False),
        sa.Column("range_high", sa.Integer(), nullable=False),
        sa.Column("band", sa.String(length=40), nullable=False),
        sa.Column("band_low", sa.String(length=40), nullable=False),
        sa.Column("band_high", sa.String(length=40), nullable=False),
        sa.Column("counted", sa.Integer(), nullable=False),
        sa.Column("too_few", sa.Boolean(), nullable=False),
        sa.Column("contributions", sa.Integer(), nullable=False),
        sa.Column("computed_at", UTCDateTime(), nullable=False),
        sa.Column("rubric_version", sa.Integer(), nullable=False),
        sa.CheckConstraint("range_low <= range_high", name=op.f("ck_context_risk_range_in_order")),
        sa.ForeignKeyConstraint(
            ["context_id"], ["context.id"], name=op.f("fk_context_risk_context_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_context_risk")),
        sa.UniqueConstraint("context_id", name=op.f("uq_context_risk_context_id")),
    )
    with op.batch_alter_table("context_risk", schema=None) as batch_op:
        batch_op.create_index(
            "ix_context_risk_score_context_id", [sa.literal_column("score DESC"), "context_id"], unique=False
        )

    op.create_table(
        "context_version",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("context_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("replaced_at", UTCDateTime(), nullable=False),
        sa.Column("run_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("content", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["context_id"], ["context.id"], name=op.f("fk_context_version_context_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["run_id"], ["import_run.id"], name=op.f("fk_context_version_run_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_context_version")),
    )
    with op.batch_alter_table("context_version", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_context_version_context_id"), ["context_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_context_version_run_id"), ["run_id"], unique=False)

    op.create_table(
        "incident",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "source",
            sa.Enum(
                "police_street",
                "police_stop_and_search",
                "istv",
                "csv",
                "partner",
                name="incident_source",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("identity", sa.String(length=64), nullable=False),
        sa.Column("version_no", sa.Integer(), nullable=False),
        sa.Column("ref", sa.String(length=16), nullable=True),
        sa.Column("run_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("superseded_run_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("recorded_at", UTCDateTime(), nullable=False),
        sa.Column("superseded_at", UTCDateTime(), nullable=True),
        sa.Column("force", sa.String(length=80), nullable=True),
        sa.Column("happened_on", sa.Date(), nullable=False),
        sa.Column("happened_at", UTCDateTime(), nullable=True),
        sa.Column(
            "precision",
            sa.Enum("month", "day", "instant", name="precision", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("category", sa.String(length=120), nullable=False),
        sa.Column(
            "harm",
            sa.Enum(
                "threat_to_life",
                "weapon_violence_with_injury",
                "sexual",
                "violence_with_injury",
                "exploitation",
                "weapon",
                "robbery",
                "violence_without_injury",
                "drugs_supply",
                "found_missing",
                "other",
                name="incident_harm",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=True,
        ),
        sa.Column(
            "grade",
            sa.Enum(
                "a",
                "b",
                "c",
                "d",
                "e",
                "ungraded",
                name="information_grade",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column(
            "source_grade",
            sa.Enum(
                "reliable",
                "untested",
                "not_reliable",
                name="source_grade",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=True,
        ),
        sa.Column(
            "handling",
            sa.Enum("permitted", "conditions", name="handling", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("handling_conditions", sa.Text(), nullable=True),
        sa.Column("involves_young_person", sa.Boolean(), nullable=False),
        sa.Column("counts", sa.Boolean(), nullable=False),
        sa.Column("latitude", sa.Float(), nullable=True),
        sa.Column("longitude", sa.Float(), nullable=True),
        sa.Column("place_text", sa.Text(), nullable=True),
        sa.Column("lsoa", sa.String(length=9), nullable=True),
        sa.Column("lsoa_vintage", sa.String(length=10), nullable=True),
        sa.Column("context_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("match_distance_m", sa.Integer(), nullable=True),
        sa.Column("match_rule", sa.String(length=80), nullable=True),
        sa.Column("place_certain", sa.Boolean(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("event_key", sa.String(length=64), nullable=True),
        sa.Column("told_by_agency_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("told_by", sa.String(length=120), nullable=True),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("content_digest", sa.String(length=64), nullable=False),
        sa.Column("content", sa.Text(), nullable=True),
        sa.Column("recorded_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.CheckConstraint(
            "(precision = 'instant') = (happened_at IS NOT NULL)", name=op.f("ck_incident_instant_when_known")
        ),
        sa.CheckConstraint(
            "handling <> 'conditions' OR handling_conditions IS NOT NULL", name=op.f("ck_incident_conditions_said")
        ),
        sa.CheckConstraint(
            "source NOT IN ('police_street', 'police_stop_and_search') OR NOT counts",
            name=op.f("ck_incident_police_never_counts"),
        ),
        sa.CheckConstraint("(latitude IS NULL) = (longitude IS NULL)", name=op.f("ck_incident_point_whole")),
        sa.CheckConstraint("(lsoa IS NULL) = (lsoa_vintage IS NULL)", name=op.f("ck_incident_lsoa_with_its_vintage")),
        sa.CheckConstraint(
            "context_id IS NOT NULL OR (match_distance_m IS NULL AND match_rule IS NULL)",
            name=op.f("ck_incident_match_has_context"),
        ),
        sa.CheckConstraint(
            "latitude BETWEEN -90 AND 90 AND longitude BETWEEN -180 AND 180", name=op.f("ck_incident_point_on_earth")
        ),
        sa.CheckConstraint("version_no >= 1", name=op.f("ck_incident_version_from_one")),
        sa.ForeignKeyConstraint(
            ["context_id"], ["context.id"], name=op.f("fk_incident_context_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["recorded_by_id"], ["user_account.id"], name=op.f("fk_incident_recorded_by_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(["run_id"], ["import_run.id"], name=op.f("fk_incident_run_id"), ondelete="RESTRICT"),
        sa.ForeignKeyConstraint(
            ["superseded_run_id"], ["import_run.id"], name=op.f("fk_incident_superseded_run_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["told_by_agency_id"], ["agency.id"], name=op.f("fk_incident_told_by_agency_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_incident")),
        sa.UniqueConstraint("ref", name=op.f("uq_incident_ref")),
        sa.UniqueConstraint("source", "identity", "version_no", name=op.f("uq_incident_source_identity_version_no")),
    )
    with op.batch_alter_table("incident", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_incident_context_id_happened_on"), ["context_id", "happened_on"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_incident_event_key"), ["event_key"], unique=False)
        batch_op.create_index(batch_op.f("ix_incident_run_id"), ["run_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_incident_superseded_run_id"), ["superseded_run_id"], unique=False)

    op.create_table(
        "minutes",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("ref", sa.String(length=16), nullable=False),
        sa.Column("meeting_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "draft",
                "circulated",
                "signed",
                name="minutes_state",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("content_digest", sa.String(length=64), nullable=False),
        sa.Column("generated_at", UTCDateTime(), nullable=False),
        sa.Column("circulated_at", UTCDateTime(), nullable=True),
        sa.Column("signed_at", UTCDateTime(), nullable=True),
        sa.Column("signed_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "(state = 'signed') = (signed_at IS NOT NULL) AND (signed_at IS NULL) = (signed_by_id IS NULL)",
            name=op.f("ck_minutes_signed_when_and_by_whom"),
        ),
        sa.CheckConstraint("state = 'draft' OR circulated_at IS NOT NULL", name=op.f("ck_minutes_circulated_when")),
        sa.ForeignKeyConstraint(
            ["meeting_id"], ["meeting.id"], name=op.f("fk_minutes_meeting_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["signed_by_id"], ["user_account.id"], name=op.f("fk_minutes_signed_by_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_minutes")),
        sa.UniqueConstraint("meeting_id", name=op.f("uq_minutes_meeting_id")),
        sa.UniqueConstraint("ref", name=op.f("uq_minutes_ref")),
    )
    op.create_table(
        "peer_group_member",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("group_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("since_on", sa.Date(), nullable=True),
        sa.Column("until_on", sa.Date(), nullable=True),
        sa.Column("source", sa.String(length=200), nullable=False),
        sa.Column(
            "confidence",
            sa.Enum("confirmed", "reported", name="confidence", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("expires_on", sa.Date(), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("created_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.CheckConstraint("until_on >= since_on", name=op.f("ck_peer_group_member_ends_after_it_begins")),
        sa.ForeignKeyConstraint(
            ["created_by_id"], ["user_account.id"], name=op.f("fk_peer_group_member_created_by_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["group_id"], ["peer_group.id"], name=op.f("fk_peer_group_member_group_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_peer_group_member_person_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_peer_group_member")),
    )
    with op.batch_alter_table("peer_group_member", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_peer_group_member_group_id"), ["group_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_peer_group_member_person_id"), ["person_id"], unique=False)

    op.create_table(
        "person_alias",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "alias",
                "previous_name",
                "nickname",
                name="alias_kind",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_person_alias_person_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person_alias")),
    )
    with op.batch_alter_table("person_alias", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_person_alias_person_id"), ["person_id"], unique=False)

    op.create_table(
        "person_context",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("context_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "role",
            sa.Enum(
                "safe_here",
                "at_risk_here",
                "harmed_here",
                "attends",
                "lives_near",
                "may_pose_risk_here",
                name="context_role",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("since_on", sa.Date(), nullable=True),
        sa.Column("until_on", sa.Date(), nullable=True),
        sa.Column("source", sa.String(length=200), nullable=False),
        sa.Column(
            "confidence",
            sa.Enum("confirmed", "reported", name="confidence", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("expires_on", sa.Date(), nullable=True),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("created_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.CheckConstraint("until_on >= since_on", name=op.f("ck_person_context_ends_after_it_begins")),
        sa.ForeignKeyConstraint(
            ["context_id"], ["context.id"], name=op.f("fk_person_context_context_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["created_by_id"], ["user_account.id"], name=op.f("fk_person_context_created_by_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_person_context_person_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person_context")),
    )
    with op.batch_alter_table("person_context", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_person_context_context_id"), ["context_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_person_context_person_id"), ["person_id"], unique=False)

    op.create_table(
        "person_term",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "term",
            sa.String(length=100).with_variant(sa.String(length=100, collation="C"), "postgresql"),
            nullable=False,
        ),
        sa.Column(
            "kind",
            sa.Enum("name", "alias", name="term_kind", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_person_term_person_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person_term")),
        sa.UniqueConstraint("person_id", "kind", "term", name=op.f("uq_person_term_person_id_kind_term")),
    )
    with op.batch_alter_table("person_term", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_person_term_term_person_id"), ["term", "person_id"], unique=False)

    op.create_table(
        "safeguarding_case",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("ref", sa.String(length=16), nullable=False),
        sa.Column(
            "subject_kind",
            sa.Enum(
                "young_person",
                "peer_group",
                "context",
                "possible_perpetrator",
                name="subject_kind",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("peer_group_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("context_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column(
            "state",
            sa.Enum(
                "open",
                "under_review",
                "stepped_down",
                "closed",
                "transferred",
                name="case_state",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("going_on", sa.Text(), nullable=False),
        sa.Column("keeps_safe", sa.Text(), nullable=True),
        sa.Column(
            "social_care_status",
            sa.Enum(
                "none",
                "early_help",
                "cin",
                "cp",
                "cla",
                "care_leaver",
                name="social_care_status",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column(
            "risk",
            sa.Enum(
                "none_known",
                "emerging",
                "moderate",
                "significant",
                name="risk",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("risk_set_on", sa.Date(), nullable=False),
        sa.Column("is_restricted", sa.Boolean(), nullable=False),
        sa.Column("lead_agency_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("opened_on", sa.Date(), nullable=False),
        sa.Column("opened_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("closed_on", sa.Date(), nullable=True),
        sa.Column("next_review_on", sa.Date(), nullable=True),
        sa.Column("last_activity_at", UTCDateTime(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "(context_id IS NOT NULL) = (subject_kind = 'context')",
            name=op.f("ck_safeguarding_case_context_when_about_one"),
        ),
        sa.CheckConstraint(
            "(peer_group_id IS NOT NULL) = (subject_kind = 'peer_group')",
            name=op.f("ck_safeguarding_case_group_when_about_one"),
        ),
        sa.CheckConstraint(
            "(person_id IS NOT NULL) = (subject_kind IN ('young_person', 'possible_perpetrator'))",
            name=op.f("ck_safeguarding_case_person_when_about_one"),
        ),
        sa.CheckConstraint(
            "state <> 'closed' OR closed_on IS NOT NULL", name=op.f("ck_safeguarding_case_closed_with_date")
        ),
        sa.CheckConstraint(
            "state NOT IN ('open', 'under_review') OR closed_on IS NULL",
            name=op.f("ck_safeguarding_case_open_without_end"),
        ),
        sa.CheckConstraint("closed_on >= opened_on", name=op.f("ck_safeguarding_case_closes_after_it_opens")),
        sa.ForeignKeyConstraint(
            ["context_id"], ["context.id"], name=op.f("fk_safeguarding_case_context_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["lead_agency_id"], ["agency.id"], name=op.f("fk_safeguarding_case_lead_agency_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["opened_by_id"], ["user_account.id"], name=op.f("fk_safeguarding_case_opened_by_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["peer_group_id"], ["peer_group.id"], name=op.f("fk_safeguarding_case_peer_group_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_safeguarding_case_person_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_safeguarding_case")),
        sa.UniqueConstraint("ref", name=op.f("uq_safeguarding_case_ref")),
    )
    with op.batch_alter_table("safeguarding_case", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_safeguarding_case_context_id"), ["context_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_safeguarding_case_lead_agency_id"), ["lead_agency_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_safeguarding_case_next_review_on"), ["next_review_on"], unique=False)
        batch_op.create_index(batch_op.f("ix_safeguarding_case_peer_group_id"), ["peer_group_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_safeguarding_case_person_id"), ["person_id"], unique=False)

    op.create_table(
        "safety_goal",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("ref", sa.String(length=16), nullable=False),
        sa.Column("context_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("statement", sa.Text(), nullable=False),
        sa.Column("hoped_change", sa.Text(), nullable=False),
        sa.Column("measure", sa.Text(), nullable=False),
        sa.Column("baseline", sa.Text(), nullable=True),
        sa.Column(
            "state",
            sa.Enum(
                "open",
                "evidenced",
                "not_reached",
                "withdrawn",
                name="goal_state",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("set_on", sa.Date(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("evidenced_on", sa.Date(), nullable=True),
        sa.Column("evidence", sa.Text(), nullable=True),
        sa.Column("created_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("recorded_at", UTCDateTime(), nullable=False),
        sa.Column("evidenced_recorded_at", UTCDateTime(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "state <> 'evidenced' OR (evidence IS NOT NULL AND evidenced_on IS NOT NULL)",
            name=op.f("ck_safety_goal_evidenced_with_evidence"),
        ),
        sa.CheckConstraint(
            "(evidenced_on IS NULL) = (evidenced_recorded_at IS NULL)",
            name=op.f("ck_safety_goal_evidence_with_its_record"),
        ),
        sa.ForeignKeyConstraint(
            ["context_id"], ["context.id"], name=op.f("fk_safety_goal_context_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["created_by_id"], ["user_account.id"], name=op.f("fk_safety_goal_created_by_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_safety_goal")),
        sa.UniqueConstraint("ref", name=op.f("uq_safety_goal_ref")),
    )
    with op.batch_alter_table("safety_goal", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_safety_goal_context_id"), ["context_id"], unique=False)

    op.create_table(
        "allocation",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("case_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "kind",
            sa.Enum("lead", "allocated", name="allocation_kind", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("valid_from", UTCDateTime(), nullable=False),
        sa.Column("valid_to", UTCDateTime(), nullable=True),
        sa.CheckConstraint("valid_to >= valid_from", name=op.f("ck_allocation_ends_after_it_begins")),
        sa.ForeignKeyConstraint(
            ["case_id"], ["safeguarding_case.id"], name=op.f("fk_allocation_case_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("fk_allocation_user_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_allocation")),
    )
    with op.batch_alter_table("allocation", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_allocation_case_id"), ["case_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_allocation_user_id"), ["user_id"], unique=False)

    op.create_table(
        "case_risk",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("case_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "risk",
            sa.Enum(
                "none_known",
                "emerging",
                "moderate",
                "significant",
                name="risk",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("set_at", UTCDateTime(), nullable=False),
        sa.Column("set_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column(
            "source",
            sa.Enum(
                "update",
                "decision",
                "opening",
                name="risk_source",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["case_id"], ["safeguarding_case.id"], name=op.f("fk_case_risk_case_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["set_by_id"], ["user_account.id"], name=op.f("fk_case_risk_set_by_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_risk")),
    )
    with op.batch_alter_table("case_risk", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_case_risk_case_id_set_at_id"), ["case_id", "set_at", "id"], unique=False)

    op.create_table(
        "case_update",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("ref", sa.String(length=16), nullable=False),
        sa.Column("case_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "visit",
                "call",
                "meeting",
                "missing",
                "incident",
                "other",
                name="update_kind",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("happened_at", UTCDateTime(), nullable=False),
        sa.Column("recorded_at", UTCDateTime(), nullable=False),
        sa.Column("author_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("author_agency_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("what_happened", sa.Text(), nullable=False),
        sa.Column("own_words", sa.Text(), nullable=True),
        sa.Column("own_words_absent_reason", sa.String(length=200), nullable=True),
        sa.Column("opinion", sa.Text(), nullable=True),
        sa.Column(
            "seen_alone",
            sa.Enum("yes", "no", "not_seen", name="seen_alone", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column(
            "risk",
            sa.Enum(
                "none_known",
                "emerging",
                "moderate",
                "significant",
                name="risk",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("risk_reason", sa.Text(), nullable=True),
        sa.Column("next_step", sa.Text(), nullable=True),
        sa.Column("next_step_on", sa.Date(), nullable=True),
        sa.Column(
            "shared_with",
            sa.Enum("team", "panel", name="shared_with", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("corrects_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.CheckConstraint("next_step_on IS NULL OR next_step IS NOT NULL", name=op.f("ck_case_update_date_of_a_step")),
        sa.CheckConstraint(
            "own_words IS NULL OR own_words_absent_reason IS NULL", name=op.f("ck_case_update_own_words_or_why_not")
        ),
        sa.ForeignKeyConstraint(
            ["author_agency_id"], ["agency.id"], name=op.f("fk_case_update_author_agency_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["author_id"], ["user_account.id"], name=op.f("fk_case_update_author_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["case_id"], ["safeguarding_case.id"], name=op.f("fk_case_update_case_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["corrects_id"], ["case_update.id"], name=op.f("fk_case_update_corrects_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_update")),
        sa.UniqueConstraint("ref", name=op.f("uq_case_update_ref")),
    )
    with op.batch_alter_table("case_update", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_case_update_case_id_happened_at_id"), ["case_id", "happened_at", "id"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_case_update_corrects_id"), ["corrects_id"], unique=False)

    op.create_table(
        "minutes_addendum",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("minutes_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("added_at", UTCDateTime(), nullable=False),
        sa.Column("added_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(
            ["added_by_id"], ["user_account.id"], name=op.f("fk_minutes_addendum_added_by_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["minutes_id"], ["minutes.id"], name=op.f("fk_minutes_addendum_minutes_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_minutes_addendum")),
    )
    with op.batch_alter_table("minutes_addendum", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_minutes_addendum_minutes_id"), ["minutes_id"], unique=False)

    op.create_table(
        "nrm_referral",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("ref", sa.String(length=16), nullable=False),
        sa.Column("person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("case_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("earlier_referral_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column(
            "state",
            sa.Enum(
                "identified",
                "drafting",
                "consent_pending",
                "rg_pending",
                "rg_positive",
                "rg_negative",
                "rg_reconsideration",
                "cg_pending",
                "cg_positive",
                "cg_negative",
                "cg_reconsideration",
                "dtn_only",
                "withdrawn",
                "suspended",
                "not_referred",
                name="nrm_state",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column(
            "route",
            sa.Enum("sca", "ieca", "panel", name="nrm_route", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("referred_on", sa.Date(), nullable=True),
        sa.Column("first_responder_code", sa.String(length=40), nullable=True),
        sa.Column("first_responder_name", sa.String(length=200), nullable=True),
        sa.Column("exploitation_types", sa.String(length=200), nullable=False),
        sa.Column("county_lines", sa.Boolean(), nullable=False),
        sa.Column("age_on_referral", sa.Integer(), nullable=True),
        sa.Column("nrm_number", sa.String(length=40), nullable=True),
        sa.Column(
            "rg_outcome",
            sa.Enum("positive", "negative", name="rg_outcome", native_enum=False, create_constraint=True, length=40),
            nullable=True,
        ),
        sa.Column("rg_decided_on", sa.Date(), nullable=True),
        sa.Column(
            "cg_outcome",
            sa.Enum("positive", "negative", name="cg_outcome", native_enum=False, create_constraint=True, length=40),
            nullable=True,
        ),
        sa.Column("cg_decided_on", sa.Date(), nullable=True),
        sa.Column("decision_maker", sa.String(length=200), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("created_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "(state NOT IN ('rg_positive', 'cg_pending', 'cg_positive', 'cg_negative', 'cg_reconsideration') OR coalesce(rg_outcome, '') = 'positive') AND (state NOT IN ('rg_negative', 'rg_reconsideration') OR coalesce(rg_outcome, '') = 'negative') AND (state <> 'cg_positive' OR coalesce(cg_outcome, '') = 'positive') AND (state NOT IN ('cg_negative', 'cg_reconsideration') OR coalesce(cg_outcome, '') = 'negative')",
            name=op.f("ck_nrm_referral_state_as_decided"),
        ),
        sa.CheckConstraint(
            "cg_decided_on IS NULL OR (rg_decided_on IS NOT NULL AND cg_decided_on >= rg_decided_on AND rg_outcome = 'positive')",
            name=op.f("ck_nrm_referral_cg_after_positive_rg"),
        ),
        sa.CheckConstraint(
            "state IN ('identified', 'drafting', 'consent_pending', 'dtn_only', 'not_referred') OR (referred_on IS NOT NULL AND first_responder_code IS NOT NULL)",
            name=op.f("ck_nrm_referral_sent_when_and_by_whom"),
        ),
        sa.CheckConstraint(
            "(cg_outcome IS NULL) = (cg_decided_on IS NULL)", name=op.f("ck_nrm_referral_cg_with_its_date")
        ),
        sa.CheckConstraint(
            "(rg_outcome IS NULL) = (rg_decided_on IS NULL)", name=op.f("ck_nrm_referral_rg_with_its_date")
        ),
        sa.CheckConstraint(
            "rg_decided_on IS NULL OR (referred_on IS NOT NULL AND rg_decided_on >= referred_on)",
            name=op.f("ck_nrm_referral_rg_after_referral"),
        ),
        sa.ForeignKeyConstraint(
            ["case_id"], ["safeguarding_case.id"], name=op.f("fk_nrm_referral_case_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["created_by_id"], ["user_account.id"], name=op.f("fk_nrm_referral_created_by_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["earlier_referral_id"],
            ["nrm_referral.id"],
            name=op.f("fk_nrm_referral_earlier_referral_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_nrm_referral_person_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_nrm_referral")),
        sa.UniqueConstraint("ref", name=op.f("uq_nrm_referral_ref")),
    )
    with op.batch_alter_table("nrm_referral", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_nrm_referral_case_id"), ["case_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_nrm_referral_person_id"), ["person_id"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_nrm_referral_state_referred_on_id"), ["state", "referred_on", "id"], unique=False
        )

    op.create_table(
        "person_incident",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("incident_identity_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "part",
            sa.Enum(
                "harmed",
                "at_risk",
                "witness",
                "may_pose_risk",
                "associate",
                name="incident_part",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("source", sa.String(length=200), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("created_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(
            ["created_by_id"], ["user_account.id"], name=op.f("fk_person_incident_created_by_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["incident_identity_id"],
            ["incident.id"],
            name=op.f("fk_person_incident_incident_identity_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_person_incident_person_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person_incident")),
        sa.UniqueConstraint(
            "incident_identity_id",
            "person_id",
            "part",
            name=op.f("uq_person_incident_incident_identity_id_person_id_part"),
        ),
    )
    with op.batch_alter_table("person_incident", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_person_incident_person_id"), ["person_id"], unique=False)

    op.create_table(
        "referral",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("ref", sa.String(length=16), nullable=False),
        sa.Column(
            "subject_kind",
            sa.Enum(
                "individual",
                "group",
                "location",
                "possible_perpetrator",
                name="referral_subject",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("context_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("peer_group_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("panel_slug", sa.String(length=40), nullable=False),
        sa.Column("case_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column(
            "state",
            sa.Enum(
                "draft",
                "submitted",
                "more_information",
                "accepted",
                "redirected",
                "single_agency",
                "no_further_action",
                "withdrawn",
                name="referral_state",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("urgent", sa.Boolean(), nullable=False),
        sa.Column("reasons", sa.Text(), nullable=False),
        sa.Column("panel_question", sa.Text(), nullable=True),
        sa.Column("own_view", sa.Text(), nullable=True),
        sa.Column("own_view_absent_reason", sa.Text(), nullable=True),
        sa.Column("front_door_ref", sa.String(length=40), nullable=True),
        sa.Column("front_door_on", sa.Date(), nullable=True),
        sa.Column("front_door_override", sa.Text(), nullable=True),
        sa.Column("lawful_basis_code", sa.String(length=40), nullable=True),
        sa.Column("sharing_reason", sa.Text(), nullable=True),
        sa.Column(
            "told_young_person",
            sa.Enum("yes", "no", name="told_young_person", native_enum=False, create_constraint=True, length=40),
            nullable=True,
        ),
        sa.Column("told_young_person_note", sa.Text(), nullable=True),
        sa.Column(
            "told_parents",
            sa.Enum(
                "yes", "no", "not_applicable", name="told_parents", native_enum=False, create_constraint=True, length=40
            ),
            nullable=True,
        ),
        sa.Column("told_parents_note", sa.Text(), nullable=True),
        sa.Column("strengths", sa.Text(), nullable=True),
        sa.Column(
            "risk",
            sa.Enum(
                "none_known",
                "emerging",
                "moderate",
                "significant",
                name="risk",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=True,
        ),
        sa.Column("referrer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("agency_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("submitted_at", UTCDateTime(), nullable=True),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("screened_at", UTCDateTime(), nullable=True),
        sa.Column("screened_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column(
            "screening_outcome",
            sa.Enum(
                "accept",
                "accept_urgent",
                "more_information",
                "redirect_front_door",
                "redirect_early_help",
                "single_agency",
                "no_further_action",
                name="screening_outcome",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=True,
        ),
        sa.Column("screening_reason", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "(person_id IS NULL OR subject_kind IN ('individual', 'possible_perpetrator')) AND (peer_group_id IS NULL OR subject_kind = 'group') AND (context_id IS NULL OR subject_kind = 'location')",
            name=op.f("ck_referral_subject_of_its_kind"),
        ),
        sa.CheckConstraint(
            "screening_outcome IS NULL OR screening_outcome IN ('accept', 'accept_urgent') OR screening_reason IS NOT NULL",
            name=op.f("ck_referral_not_accepted_with_reason"),
        ),
        sa.CheckConstraint("state <> 'draft' OR submitted_at IS NULL", name=op.f("ck_referral_draft_is_not_submitted")),
        sa.CheckConstraint(
            "state IN ('draft', 'withdrawn') OR submitted_at IS NOT NULL",
            name=op.f("ck_referral_submitted_with_instant"),
        ),
        sa.CheckConstraint(
            "submitted_at IS NULL OR (reasons <> '' AND lawful_basis_code IS NOT NULL AND risk IS NOT NULL)",
            name=op.f("ck_referral_submitted_complete"),
        ),
        sa.CheckConstraint(
            "submitted_at IS NULL OR subject_kind <> 'individual' OR (told_young_person IS NOT NULL AND told_parents IS NOT NULL)",
            name=op.f("ck_referral_submitted_says_who_knows"),
        ),
        sa.CheckConstraint(
            "(front_door_ref IS NULL) = (front_door_on IS NULL)", name=op.f("ck_referral_front_door_with_its_date")
        ),
        sa.CheckConstraint(
            "(screening_outcome IS NULL) = (screened_at IS NULL) AND (screening_outcome IS NULL) = (screened_by_id IS NULL)",
            name=op.f("ck_referral_screened_when_and_by_whom"),
        ),
        sa.CheckConstraint(
            "own_view IS NULL OR own_view_absent_reason IS NULL", name=op.f("ck_referral_own_view_or_why_not")
        ),
        sa.CheckConstraint(
            "submitted_at IS NULL OR person_id IS NOT NULL OR peer_group_id IS NOT NULL OR context_id IS NOT NULL",
            name=op.f("ck_referral_submitted_about_something"),
        ),
        sa.ForeignKeyConstraint(["agency_id"], ["agency.id"], name=op.f("fk_referral_agency_id"), ondelete="RESTRICT"),
        sa.ForeignKeyConstraint(
            ["case_id"], ["safeguarding_case.id"], name=op.f("fk_referral_case_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["context_id"], ["context.id"], name=op.f("fk_referral_context_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["peer_group_id"], ["peer_group.id"], name=op.f("fk_referral_peer_group_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_referral_person_id"), ondelete="RESTRICT"),
        sa.ForeignKeyConstraint(
            ["referrer_id"], ["user_account.id"], name=op.f("fk_referral_referrer_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["screened_by_id"], ["user_account.id"], name=op.f("fk_referral_screened_by_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_referral")),
        sa.UniqueConstraint("ref", name=op.f("uq_referral_ref")),
    )
    with op.batch_alter_table("referral", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_referral_agency_id"), ["agency_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_referral_case_id"), ["case_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_referral_context_id"), ["context_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_referral_peer_group_id"), ["peer_group_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_referral_person_id"), ["person_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_referral_referrer_id"), ["referrer_id"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_referral_state_submitted_at_id"), ["state", "submitted_at", "id"], unique=False
        )

    op.create_table(
        "agenda_item",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("ref", sa.String(length=16), nullable=False),
        sa.Column("meeting_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "young_person",
                "peer_group",
                "context",
                "possible_perpetrator",
                "theme",
                name="item_kind",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("referral_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("case_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("context_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("peer_group_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("question", sa.Text(), nullable=True),
        sa.Column("presenter_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("is_review", sa.Boolean(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "waiting",
                "open",
                "decided",
                "deferred",
                "withdrawn",
                name="item_state",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("opened_at", UTCDateTime(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "(context_id IS NOT NULL) = (kind = 'context')", name=op.f("ck_agenda_item_context_when_about_one")
        ),
        sa.CheckConstraint(
            "(peer_group_id IS NOT NULL) = (kind = 'peer_group')", name=op.f("ck_agenda_item_group_when_about_one")
        ),
        sa.CheckConstraint(
            "(person_id IS NOT NULL) = (kind IN ('young_person', 'possible_perpetrator'))",
            name=op.f("ck_agenda_item_person_when_about_one"),
        ),
        sa.CheckConstraint("state <> 'open' OR opened_at IS NOT NULL", name=op.f("ck_agenda_item_opened_when")),
        sa.CheckConstraint("position > 0 AND minutes > 0", name=op.f("ck_agenda_item_has_a_slot")),
        sa.ForeignKeyConstraint(
            ["case_id"], ["safeguarding_case.id"], name=op.f("fk_agenda_item_case_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["context_id"], ["context.id"], name=op.f("fk_agenda_item_context_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["meeting_id"], ["meeting.id"], name=op.f("fk_agenda_item_meeting_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["peer_group_id"], ["peer_group.id"], name=op.f("fk_agenda_item_peer_group_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_agenda_item_person_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["presenter_id"], ["user_account.id"], name=op.f("fk_agenda_item_presenter_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["referral_id"], ["referral.id"], name=op.f("fk_agenda_item_referral_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agenda_item")),
        sa.UniqueConstraint("ref", name=op.f("uq_agenda_item_ref")),
    )
    with op.batch_alter_table("agenda_item", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_agenda_item_case_id"), ["case_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_agenda_item_context_id"), ["context_id"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_agenda_item_meeting_id_position"), ["meeting_id", "position"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_agenda_item_peer_group_id"), ["peer_group_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_agenda_item_person_id"), ["person_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_agenda_item_referral_id"), ["referral_id"], unique=False)

    op.create_table(
        "nrm_event",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("nrm_referral_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("event", sa.String(length=40), nullable=False),
        sa.Column("happened_on", sa.Date(), nullable=False),
        sa.Column("recorded_at", UTCDateTime(), nullable=False),
        sa.Column("recorded_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("corrects_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.ForeignKeyConstraint(
            ["corrects_id"], ["nrm_event.id"], name=op.f("fk_nrm_event_corrects_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["nrm_referral_id"], ["nrm_referral.id"], name=op.f("fk_nrm_event_nrm_referral_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["recorded_by_id"], ["user_account.id"], name=op.f("fk_nrm_event_recorded_by_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_nrm_event")),
    )
    with op.batch_alter_table("nrm_event", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_nrm_event_corrects_id"), ["corrects_id"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_nrm_event_nrm_referral_id_happened_on_id"),
            ["nrm_referral_id", "happened_on", "id"],
            unique=False,
        )

    op.create_table(
        "referral_context",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("referral_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("context_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(
            ["context_id"], ["context.id"], name=op.f("fk_referral_context_context_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["referral_id"], ["referral.id"], name=op.f("fk_referral_context_referral_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_referral_context")),
        sa.UniqueConstraint("referral_id", "context_id", name=op.f("uq_referral_context_referral_id_context_id")),
    )
    with op.batch_alter_table("referral_context", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_referral_context_context_id"), ["context_id"], unique=False)

    op.create_table(
        "referral_harm",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("referral_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.ForeignKeyConstraint(
            ["referral_id"], ["referral.id"], name=op.f("fk_referral_harm_referral_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_referral_harm")),
        sa.UniqueConstraint("referral_id", "code", name=op.f("uq_referral_harm_referral_id_code")),
    )
    op.create_table(
        "referral_message",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("referral_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "kind",
            sa.Enum("question", "answer", name="message_kind", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("author_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("sent_at", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["author_id"], ["user_account.id"], name=op.f("fk_referral_message_author_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["referral_id"], ["referral.id"], name=op.f("fk_referral_message_referral_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_referral_message")),
    )
    with op.batch_alter_table("referral_message", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_referral_message_referral_id_sent_at_id"), ["referral_id", "sent_at", "id"], unique=False
        )

    op.create_table(
        "conflict",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("meeting_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("item_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("agency_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("declared_at", UTCDateTime(), nullable=False),
        sa.Column("withdrawn_at", UTCDateTime(), nullable=True),
        sa.CheckConstraint("withdrawn_at >= declared_at", name=op.f("ck_conflict_withdrawn_after_declared")),
        sa.ForeignKeyConstraint(["agency_id"], ["agency.id"], name=op.f("fk_conflict_agency_id"), ondelete="RESTRICT"),
        sa.ForeignKeyConstraint(["item_id"], ["agenda_item.id"], name=op.f("fk_conflict_item_id"), ondelete="RESTRICT"),
        sa.ForeignKeyConstraint(
            ["meeting_id"], ["meeting.id"], name=op.f("fk_conflict_meeting_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("fk_conflict_user_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_conflict")),
        sa.UniqueConstraint("item_id", "user_id", name=op.f("uq_conflict_item_id_user_id")),
    )
    with op.batch_alter_table("conflict", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_conflict_meeting_id"), ["meeting_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_conflict_user_id"), ["user_id"], unique=False)

    op.create_table(
        "decision",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("ref", sa.String(length=16), nullable=False),
        sa.Column("item_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "adopt",
                "adopt_and_link_to_context",
                "maintain",
                "increase_risk",
                "reduce_risk",
                "escalate",
                "refer_nrm",
                "open_record",
                "context_conference",
                "step_down",
                "close",
                "defer",
                name="decision_kind",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("rationale", sa.Text(), nullable=False),
        sa.Column("options_considered", sa.Text(), nullable=True),
        sa.Column(
            "risk_before",
            sa.Enum(
                "none_known",
                "emerging",
                "moderate",
                "significant",
                name="risk_before",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=True,
        ),
        sa.Column(
            "risk_after",
            sa.Enum(
                "none_known",
                "emerging",
                "moderate",
                "significant",
                name="risk_after",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=True,
        ),
        sa.Column("next_review_on", sa.Date(), nullable=True),
        sa.Column("deferred_to_on", sa.Date(), nullable=True),
        sa.Column("lawful_basis_code", sa.String(length=40), nullable=False),
        sa.Column("told_how", sa.Text(), nullable=True),
        sa.Column("linked_context_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("quorum", sa.Text(), nullable=False),
        sa.Column("papers_digest", sa.String(length=64), nullable=False),
        sa.Column("recorded_at", UTCDateTime(), nullable=False),
        sa.Column("recorded_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("chaired_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.CheckConstraint(
            "(kind = 'defer') = (deferred_to_on IS NOT NULL)", name=op.f("ck_decision_deferred_to_a_day")
        ),
        sa.CheckConstraint(
            "kind <> 'adopt_and_link_to_context' OR linked_context_id IS NOT NULL",
            name=op.f("ck_decision_linked_to_a_context"),
        ),
        sa.CheckConstraint(
            "kind NOT IN ('increase_risk', 'reduce_risk') OR (risk_before IS NOT NULL AND risk_after IS NOT NULL AND risk_before <> risk_after)",
            name=op.f("ck_decision_risk_changes"),
        ),
        sa.ForeignKeyConstraint(
            ["chaired_by_id"], ["user_account.id"], name=op.f("fk_decision_chaired_by_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(["item_id"], ["agenda_item.id"], name=op.f("fk_decision_item_id"), ondelete="RESTRICT"),
        sa.ForeignKeyConstraint(
            ["linked_context_id"], ["context.id"], name=op.f("fk_decision_linked_context_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["recorded_by_id"], ["user_account.id"], name=op.f("fk_decision_recorded_by_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_decision")),
        sa.UniqueConstraint("item_id", name=op.f("uq_decision_item_id")),
        sa.UniqueConstraint("ref", name=op.f("uq_decision_ref")),
    )
    with op.batch_alter_table("decision", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_decision_linked_context_id"), ["linked_context_id"], unique=False)

    op.create_table(
        "discussion_note",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("item_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("speaker_name", sa.String(length=200), nullable=False),
        sa.Column("speaker_agency_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("author_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("recorded_at", UTCDateTime(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["author_id"], ["user_account.id"], name=op.f("fk_discussion_note_author_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["item_id"], ["agenda_item.id"], name=op.f("fk_discussion_note_item_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["speaker_agency_id"], ["agency.id"], name=op.f("fk_discussion_note_speaker_agency_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_discussion_note")),
    )
    with op.batch_alter_table("discussion_note", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_discussion_note_item_id_position"), ["item_id", "position"], unique=False)

    op.create_table(
        "return_request",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("ref", sa.String(length=16), nullable=False),
        sa.Column("item_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("agency_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "waiting",
                "answered",
                "nothing_known",
                "will_not_share",
                name="return_state",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("text", sa.Text(), nullable=True),
        sa.Column(
            "handling",
            sa.Enum(
                "all_members",
                "named_agencies",
                "chair_only",
                name="return_handling",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("reason_not_shared", sa.Text(), nullable=True),
        sa.Column("requested_at", UTCDateTime(), nullable=False),
        sa.Column("due_at", UTCDateTime(), nullable=False),
        sa.Column("answered_at", UTCDateTime(), nullable=True),
        sa.Column("answered_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "(state = 'waiting') = (answered_at IS NULL) AND (answered_at IS NULL) = (answered_by_id IS NULL)",
            name=op.f("ck_return_request_answered_when_and_by_whom"),
        ),
        sa.CheckConstraint(
            "state <> 'answered' OR text IS NOT NULL", name=op.f("ck_return_request_answered_with_text")
        ),
        sa.CheckConstraint(
            "state <> 'will_not_share' OR reason_not_shared IS NOT NULL",
            name=op.f("ck_return_request_not_shared_with_reason"),
        ),
        sa.ForeignKeyConstraint(
            ["agency_id"], ["agency.id"], name=op.f("fk_return_request_agency_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["answered_by_id"], ["user_account.id"], name=op.f("fk_return_request_answered_by_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["item_id"], ["agenda_item.id"], name=op.f("fk_return_request_item_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_return_request")),
        sa.UniqueConstraint("item_id", "agency_id", name=op.f("uq_return_request_item_id_agency_id")),
        sa.UniqueConstraint("ref", name=op.f("uq_return_request_ref")),
    )
    with op.batch_alter_table("return_request", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_return_request_agency_id_state_due_at_id"),
            ["agency_id", "state", "due_at", "id"],
            unique=False,
        )

    op.create_table(
        "agency_view",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("decision_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("agency_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "view",
            sa.Enum(
                "agrees", "disagrees", "no_view", name="view", native_enum=False, create_constraint=True, length=40
            ),
            nullable=False,
        ),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("chair_answer", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "view <> 'disagrees' OR reason IS NOT NULL", name=op.f("ck_agency_view_dissent_with_reason")
        ),
        sa.ForeignKeyConstraint(
            ["agency_id"], ["agency.id"], name=op.f("fk_agency_view_agency_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["decision_id"], ["decision.id"], name=op.f("fk_agency_view_decision_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agency_view")),
        sa.UniqueConstraint("decision_id", "agency_id", name=op.f("uq_agency_view_decision_id_agency_id")),
    )
    op.create_table(
        "decision_addendum",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("decision_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("added_at", UTCDateTime(), nullable=False),
        sa.Column("added_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(
            ["added_by_id"], ["user_account.id"], name=op.f("fk_decision_addendum_added_by_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["decision_id"], ["decision.id"], name=op.f("fk_decision_addendum_decision_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_decision_addendum")),
    )
    with op.batch_alter_table("decision_addendum", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_decision_addendum_decision_id"), ["decision_id"], unique=False)

    op.create_table(
        "return_reader",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("request_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("agency_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(
            ["agency_id"], ["agency.id"], name=op.f("fk_return_reader_agency_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["request_id"], ["return_request.id"], name=op.f("fk_return_reader_request_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_return_reader")),
        sa.UniqueConstraint("request_id", "agency_id", name=op.f("uq_return_reader_request_id_agency_id")),
    )


def downgrade() -> None:
    op.drop_table("return_reader")
    with op.batch_alter_table("decision_addendum", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_decision_addendum_decision_id"))

    op.drop_table("decision_addendum")
    op.drop_table("agency_view")
    with op.batch_alter_table("return_request", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_return_request_agency_id_state_due_at_id"))

    op.drop_table("return_request")
    with op.batch_alter_table("discussion_note", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_discussion_note_item_id_position"))

    op.drop_table("discussion_note")
    with op.batch_alter_table("decision", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_decision_linked_context_id"))

    op.drop_table("decision")
    with op.batch_alter_table("conflict", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_conflict_user_id"))
        batch_op.drop_index(batch_op.f("ix_conflict_meeting_id"))

    op.drop_table("conflict")
    with op.batch_alter_table("referral_message", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_referral_message_referral_id_sent_at_id"))

    op.drop_table("referral_message")
    op.drop_table("referral_harm")
    with op.batch_alter_table("referral_context", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_referral_context_context_id"))

    op.drop_table("referral_context")
    with op.batch_alter_table("nrm_event", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_nrm_event_nrm_referral_id_happened_on_id"))
        batch_op.drop_index(batch_op.f("ix_nrm_event_corrects_id"))

    op.drop_table("nrm_event")
    with op.batch_alter_table("agenda_item", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_agenda_item_referral_id"))
        batch_op.drop_index(batch_op.f("ix_agenda_item_person_id"))
        batch_op.drop_index(batch_op.f("ix_agenda_item_peer_group_id"))
        batch_op.drop_index(batch_op.f("ix_agenda_item_meeting_id_position"))
        batch_op.drop_index(batch_op.f("ix_agenda_item_context_id"))
        batch_op.drop_index(batch_op.f("ix_agenda_item_case_id"))

    op.drop_table("agenda_item")
    with op.batch_alter_table("referral", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_referral_state_submitted_at_id"))
        batch_op.drop_index(batch_op.f("ix_referral_referrer_id"))
        batch_op.drop_index(batch_op.f("ix_referral_person_id"))
        batch_op.drop_index(batch_op.f("ix_referral_peer_group_id"))
        batch_op.drop_index(batch_op.f("ix_referral_context_id"))
        batch_op.drop_index(batch_op.f("ix_referral_case_id"))
        batch_op.drop_index(batch_op.f("ix_referral_agency_id"))

    op.drop_table("referral")
    with op.batch_alter_table("person_incident", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_person_incident_person_id"))

    op.drop_table("person_incident")
    with op.batch_alter_table("nrm_referral", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_nrm_referral_state_referred_on_id"))
        batch_op.drop_index(batch_op.f("ix_nrm_referral_person_id"))
        batch_op.drop_index(batch_op.f("ix_nrm_referral_case_id"))

    op.drop_table("nrm_referral")
    with op.batch_alter_table("minutes_addendum", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_minutes_addendum_minutes_id"))

    op.drop_table("minutes_addendum")
    with op.batch_alter_table("case_update", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_case_update_corrects_id"))
        batch_op.drop_index(batch_op.f("ix_case_update_case_id_happened_at_id"))

    op.drop_table("case_update")
    with op.batch_alter_table("case_risk", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_case_risk_case_id_set_at_id"))

    op.drop_table("case_risk")
    with op.batch_alter_table("allocation", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_allocation_user_id"))
        batch_op.drop_index(batch_op.f("ix_allocation_case_id"))

    op.drop_table("allocation")
    with op.batch_alter_table("safety_goal", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_safety_goal_context_id"))

    op.drop_table("safety_goal")
    with op.batch_alter_table("safeguarding_case", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_safeguarding_case_person_id"))
        batch_op.drop_index(batch_op.f("ix_safeguarding_case_peer_group_id"))
        batch_op.drop_index(batch_op.f("ix_safeguarding_case_next_review_on"))
        batch_op.drop_index(batch_op.f("ix_safeguarding_case_lead_agency_id"))
        batch_op.drop_index(batch_op.f("ix_safeguarding_case_context_id"))

    op.drop_table("safeguarding_case")
    with op.batch_alter_table("person_term", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_person_term_term_person_id"))

    op.drop_table("person_term")
    with op.batch_alter_table("person_context", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_person_context_person_id"))
        batch_op.drop_index(batch_op.f("ix_person_context_context_id"))

    op.drop_table("person_context")
    with op.batch_alter_table("person_alias", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_person_alias_person_id"))

    op.drop_table("person_alias")
    with op.batch_alter_table("peer_group_member", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_peer_group_member_person_id"))
        batch_op.drop_index(batch_op.f("ix_peer_group_member_group_id"))

    op.drop_table("peer_group_member")
    op.drop_table("minutes")
    with op.batch_alter_table("incident", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_incident_superseded_run_id"))
        batch_op.drop_index(batch_op.f("ix_incident_run_id"))
        batch_op.drop_index(batch_op.f("ix_incident_event_key"))
        batch_op.drop_index(batch_op.f("ix_incident_context_id_happened_on"))

    op.drop_table("incident")
    with op.batch_alter_table("context_version", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_context_version_run_id"))
        batch_op.drop_index(batch_op.f("ix_context_version_context_id"))

    op.drop_table("context_version")
    with op.batch_alter_table("context_risk", schema=None) as batch_op:
        batch_op.drop_index("ix_context_risk_score_context_id")

    op.drop_table("context_risk")
    with op.batch_alter_table("context_review", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_context_review_context_id_reviewed_on"))

    op.drop_table("context_review")
    with op.batch_alter_table("context_factor", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_context_factor_context_id"))

    op.drop_table("context_factor")
    op.drop_table("context_alias")
    op.drop_table("attendance")
    with op.batch_alter_table("action_due_change", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_action_due_change_action_id"))

    op.drop_table("action_due_change")
    with op.batch_alter_table("user_session", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_user_session_user_id"))

    op.drop_table("user_session")
    with op.batch_alter_table("sharing_agreement", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_sharing_agreement_agency_id"))

    op.drop_table("sharing_agreement")
    with op.batch_alter_table("person", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_person_upn"))
        batch_op.drop_index(batch_op.f("ix_person_sort_key_id"))
        batch_op.drop_index(batch_op.f("ix_person_nhs_number"))
        batch_op.drop_index(batch_op.f("ix_person_born_on"))

    op.drop_table("person")
    op.drop_table("peer_group")
    with op.batch_alter_table("panel_seat", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_panel_seat_panel_id"))
        batch_op.drop_index(batch_op.f("ix_panel_seat_agency_id"))

    op.drop_table("panel_seat")
    with op.batch_alter_table("panel_officer", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_panel_officer_user_id"))
        batch_op.drop_index(batch_op.f("ix_panel_officer_panel_id"))

    op.drop_table("panel_officer")
    with op.batch_alter_table("membership", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_membership_user_id"))
        batch_op.drop_index(batch_op.f("ix_membership_agency_id"))

    op.drop_table("membership")
    with op.batch_alter_table("meeting", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_meeting_panel_id_starts_at"))

    op.drop_table("meeting")
    op.drop_table("import_refusal")
    with op.batch_alter_table("context", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_context_next_review_on"))
        batch_op.drop_index(batch_op.f("ix_context_name_id"))
        batch_op.drop_index(batch_op.f("ix_context_lead_user_id"))

    op.drop_table("context")
    with op.batch_alter_table("action", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_action_subject_kind_subject_id"))
        batch_op.drop_index(batch_op.f("ix_action_owner_user_id_state_due_on_id"))
        batch_op.drop_index(batch_op.f("ix_action_owner_agency_id_state_due_on_id"))
        batch_op.drop_index(batch_op.f("ix_action_origin_kind_origin_id"))

    op.drop_table("action")
    op.drop_table("ward")
    op.drop_table("user_account")
    op.drop_table("rubric")
    with op.batch_alter_table("relation", schema=None) as batch_op:
        batch_op.drop_index("ix_relation_subject")
        batch_op.drop_index("ix_relation_source")

    op.drop_table("relation")
    op.drop_table("panel")
    op.drop_table("once_key")
    op.drop_table("installation")
    with op.batch_alter_table("import_run", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_import_run_file_digest"))

    op.drop_table("import_run")
    op.drop_table("code")
    op.drop_table("audit_head")
    with op.batch_alter_table("audit_event", schema=None) as batch_op:
        batch_op.drop_index("ix_audit_event_subject")
        batch_op.drop_index("ix_audit_event_actor")

    op.drop_table("audit_event")
    op.drop_table("agency")
