"""The second wall round minutes, places, incidents, the lists of restricted cases, and requests for sealed values.

Most places are read by most roles: a place that is not restricted is let through to whoever asks, without a look-up, and
what the police publish with no look at its place.
"""

from alembic import op

from migrations.walls import about, guard, open_up, through

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None

_BEYOND = "(SELECT current_setting('safeguarding.beyond', true))"
_ASKS = "(SELECT wall_principals()) IS NOT NULL"
_HUB = "'hub' = ANY ((SELECT wall_principals())::text[])"
# What a restricted place is named in is behind the wall itself: whoever sees that reads which place it is.
_NAMED = (
    "(SELECT true FROM safeguarding_case c WHERE c.context_id = context.id LIMIT 1)",
    "(SELECT true FROM action a WHERE a.subject_kind = 'context' AND a.subject_id = context.id LIMIT 1)",
    "(SELECT true FROM agenda_item i WHERE i.context_id = context.id LIMIT 1)",
    "(SELECT true FROM referral r WHERE r.context_id = context.id LIMIT 1)",
)
_OF_A_PLACE = ("context_alias", "context_version", "context_factor", "context_review", "safety_goal")


def _mine(table: str) -> str:
    return f"nullif({table}.user_id = (SELECT wall_user()), false)"


def _walls() -> dict[str, tuple[str, ...]]:
    return {
        "minutes": (
            about(
                ("'panel'", "(SELECT m.panel_id FROM meeting m WHERE m.id = minutes.meeting_id)"),
                ("'meeting'", "minutes.meeting_id"),
            ),
        ),
        "minutes_addendum": (through("minutes", "minutes_addendum.minutes_id"),),
        "context": (f"nullif({_ASKS} AND (NOT context.is_restricted OR {_HUB}), false)", *_NAMED),
        **{table: (through("context", f"{table}.context_id"),) for table in _OF_A_PLACE},
        "incident": (
            f"nullif({_ASKS} AND (incident.source IN ('police_street', 'police_stop_and_search') "
            "OR incident.context_id IS NULL), false)",
            through("context", "incident.context_id"),
        ),
        "case_restriction": (about(("'case'", "case_restriction.case_id")),),
        "case_listing": (_mine("case_listing"), about(("'case'", "case_listing.case_id"))),
        "sealed_grant": (
            _mine("sealed_grant"),
            about(("'person'", "CASE WHEN sealed_grant.subject_kind = 'person' THEN sealed_grant.subject_id END")),
            "(SELECT true FROM incident parent WHERE parent.id = sealed_grant.subject_id "
            "AND sealed_grant.subject_kind = 'incident')",
        ),
        "sealed_reveal": (through("sealed_grant", "sealed_reveal.grant_id"),),
    }


# Who decides, as a second person or of information governance, stands in no relation to what is decided about.
_DECIDED = (("case_restriction", "second_person"), ("case_listing", "second_person"), ("sealed_grant", "sealed"))


def upgrade() -> None:
    if op.get_bind().dialect.name != "postgresql":
        return
    for table, ways in _walls().items():
        guard(table, *ways)
    for table, reason in _DECIDED:
        op.execute(f"CREATE POLICY wall_decided ON {table} FOR UPDATE USING ({_BEYOND} = '{reason}')")
    # Whoever opens a case restricted, for somebody else to work, sees no more of it from there on.
    op.execute(f"CREATE POLICY wall_closing ON case_restriction FOR INSERT WITH CHECK ({_BEYOND} = 'closing')")


def downgrade() -> None:
    if op.get_bind().dialect.name != "postgresql":
        return
    op.execute("DROP POLICY wall_closing ON case_restriction")
    for table, _reason in _DECIDED:
        op.execute(f"DROP POLICY wall_decided ON {table}")
    open_up(list(_walls()))
