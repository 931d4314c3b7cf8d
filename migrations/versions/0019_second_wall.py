"""PostgreSQL's second wall: row-level security, also for the owner, on everything that is about a young person.

On SQLite nothing changes: there the application's rules stand alone.
"""

from alembic import op

from migrations.walls import about, being_made, drop_functions, guard, make_functions, open_up, through

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def _of(kind: str, key: str) -> tuple[str, ...]:
    return about((f"'{kind}'", key)), being_made(kind, key)


def _walls() -> dict[str, tuple[str, ...]]:
    person = {table: _of("person", f"{table}.person_id") for table in OF_A_PERSON}
    case = {
        table: (*_of("case", f"{table}.case_id"), through("safeguarding_case", f"{table}.case_id"))
        for table in ("allocation", "case_risk", "case_update")
    }
    referral = {
        table: _of("referral", f"{table}.referral_id")
        for table in ("referral_context", "referral_harm", "referral_message")
    }
    item = {
        # A declared conflict closes what is of the item, not that it stands on the agenda.
        table: (*_of("item", f"{table}.item_id"), through("agenda_item", f"{table}.item_id"))
        for table in ("decision", "discussion_note", "quorum_waiver", "return_request")
    }
    return {
        "person": _of("person", "person.id"),
        **person,
        # A restricted case is not seen by a relation to whom it is about.
        "safeguarding_case": (
            about(
                ("'case'", "safeguarding_case.id"),
                ("'person'", "CASE WHEN NOT safeguarding_case.is_restricted THEN safeguarding_case.person_id END"),
            ),
            being_made("case", "safeguarding_case.id"),
        ),
        **case,
        "referral": _of("referral", "referral.id"),
        **referral,
        "agenda_item": (
            about(("'item'", "agenda_item.id"), ("'case'", "agenda_item.case_id"), barred_too=True),
            being_made("item", "agenda_item.id"),
        ),
        **item,
        "agency_view": (through("decision", "agency_view.decision_id"),),
        "decision_addendum": (through("decision", "decision_addendum.decision_id"),),
        "return_reader": (through("return_request", "return_reader.request_id"),),
        "case_conflict": (
            "nullif(case_conflict.user_id = (SELECT wall_user()), false)",
            *_of("case", "case_conflict.case_id"),
            through("safeguarding_case", "case_conflict.case_id"),
        ),
        "conflict": (
            "nullif(conflict.user_id = (SELECT wall_user()), false)",
            through("agenda_item", "conflict.item_id"),
        ),
        "action": (
            about(
                ("'action'", "action.id"),
                ("action.subject_kind", "action.subject_id"),
                ("'case'", "CASE WHEN action.origin_kind = 'case' THEN action.origin_id END"),
            ),
            "(SELECT true FROM decision parent WHERE parent.id = action.origin_id AND action.origin_kind = 'decision')",
            being_made("action", "action.id"),
        ),
        "action_due_change": (through("action", "action_due_change.action_id"),),
        "nrm_referral": (
            about(
                ("'case'", "nrm_referral.case_id"),
                ("'person'", "CASE WHEN nrm_referral.case_id IS NULL THEN nrm_referral.person_id END"),
            ),
        ),
        "nrm_event": (through("nrm_referral", "nrm_event.nrm_referral_id"),),
    }


OF_A_PERSON = ("peer_group_member", "person_alias", "person_context", "person_incident", "person_term")


def upgrade() -> None:
    if op.get_bind().dialect.name != "postgresql":
        return
    make_functions()
    for table, ways in _walls().items():
        guard(table, *ways)
    # Who agrees, as a second person, that a case is restricted no longer stands in no relation to it.
    op.execute(
        "CREATE POLICY wall_second_person ON safeguarding_case FOR UPDATE "
        "USING ((SELECT current_setting('safeguarding.beyond', true)) = 'second_person')"
    )


def downgrade() -> None:
    if op.get_bind().dialect.name != "postgresql":
        return
    op.execute("DROP POLICY wall_second_person ON safeguarding_case")
    open_up(list(_walls()))
    drop_functions()
