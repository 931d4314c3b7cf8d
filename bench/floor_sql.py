"""The statements of the floor, as both drivers take them (`?` becomes `%s` for PostgreSQL)."""

SESSION = """
SELECT s.user_id, u.ref AS user_ref, u.name AS user_name, m.role, m.agency_id, a.short_name AS agency_name
FROM user_session s JOIN user_account u ON u.id = s.user_id JOIN membership m ON m.user_id = u.id
JOIN agency a ON a.id = m.agency_id
WHERE s.token_digest = ? AND s.ended_at IS NULL AND s.expires_at > ? AND u.status = 'active'
"""

HEAD = "SELECT seq, hash FROM audit_head WHERE id = 1 FOR UPDATE"
EVENT_COLUMNS = ("seq", "at", "event", "actor", "agency", "subject", "request_id", "detail", "previous", "hash")
EVENT = f"INSERT INTO audit_event ({', '.join(EVENT_COLUMNS)}) VALUES ({', '.join('?' * len(EVENT_COLUMNS))})"  # noqa: S608

MY_ACTIONS = """
SELECT a.ref, a.title, a.due_on, a.priority, a.state, p.ref AS subject_ref,
       p.given_name || ' ' || p.family_name AS subject_name, g.short_name AS agency
FROM action a JOIN agency g ON g.id = a.owner_agency_id LEFT JOIN person p ON p.id = a.subject_id
WHERE a.owner_user_id = ? AND a.state IN ('open', 'in_progress') AND a.subject_kind = 'person'
ORDER BY a.due_on, a.id LIMIT 50
"""

MY_REFERRALS = """
SELECT r.ref, r.state, r.submitted_at, r.screening_outcome, p.given_name, p.family_name, p.ref AS person_ref
FROM referral r JOIN person p ON p.id = r.person_id
WHERE r.referrer_id = ? ORDER BY r.created_at DESC, r.id DESC LIMIT 50
"""

MY_CASES = """
SELECT c.ref, c.risk, c.state, c.next_review_on, r.last_activity_at, p.given_name, p.family_name, p.born_on
FROM relation r JOIN safeguarding_case c ON c.id = r.subject_id JOIN person p ON p.id = c.person_id
WHERE r.principal = ? AND r.subject_kind = 'case' AND r.kind = 'lead_worker' AND r.valid_to IS NULL
ORDER BY r.last_activity_at DESC, r.subject_id DESC LIMIT 10
"""
