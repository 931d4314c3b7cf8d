"""The statements of the floor, as both drivers take them (`?` becomes `%s` for PostgreSQL)."""

SESSION = """
SELECT s.user_id, u.ref AS user_ref, u.name AS user_name, m.role, m.agency_id, a.short_name AS agency_name
FROM user_session s JOIN user_account u ON u.id = s.user_id JOIN membership m ON m.user_id = u.id
JOIN agency a ON a.id = m.agency_id
WHERE s.token_digest = ? AND s.ended_at IS NULL AND s.expires_at > ? AND u.status = 'active'
"""

HEAD = "SELECT seq, hash FROM audit_head WHERE id = 1 FOR UPDATE"
EVENT_COLUMNS = ("seq", "at", "event", "actor", "agency", "subject", "request_id", "detail", "previous", "hash")


def insert(table: str, columns: tuple[str, ...], returning: str = "") -> str:
    """Return an INSERT of one row."""
    marks = ", ".join("?" * len(columns))
    return f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks}){returning}"  # noqa: S608 - our own names


EVENT = insert("audit_event", EVENT_COLUMNS)

MY_ACTIONS = """
SELECT a.ref, a.title, a.due_on, a.priority, a.state, p.ref AS subject_ref,
       p.given_name || ' ' || p.family_name AS subject_name, g.short_name AS agency
FROM action a JOIN agency g ON g.id = a.owner_agency_id LEFT JOIN person p ON p.id = a.subject_id
WHERE a.owner_user_id = ? AND a.state IN ('open', 'in_progress') AND a.subject_kind = 'person'
ORDER BY a.due_on, a.id LIMIT 11
"""

MY_CASES = """
SELECT c.ref, c.risk, c.state, c.next_review_on, r.last_activity_at, p.given_name, p.family_name, p.born_on
FROM relation r JOIN safeguarding_case c ON c.id = r.subject_id JOIN person p ON p.id = c.person_id
WHERE r.principal = ? AND r.subject_kind = 'case' AND r.kind = 'lead_worker' AND r.valid_to IS NULL
ORDER BY r.last_activity_at, r.subject_id LIMIT 11
"""

MY_NRM = """
SELECT n.ref, n.state, n.referred_on, p.given_name, p.family_name
FROM relation r JOIN nrm_referral n ON n.case_id = r.subject_id JOIN person p ON p.id = n.person_id
WHERE r.principal = ? AND r.subject_kind = 'case' AND r.kind = 'lead_worker' AND r.valid_to IS NULL
ORDER BY n.referred_on, n.id LIMIT 10
"""

MY_REFERRALS = """
SELECT r.ref, r.state, r.submitted_at, r.screening_outcome, p.given_name, p.family_name, p.ref AS person_ref
FROM referral r JOIN person p ON p.id = r.person_id
WHERE r.referrer_id = ? ORDER BY r.created_at DESC, r.id DESC LIMIT 11
"""

CASES = """
SELECT c.ref, c.state, c.risk, c.next_review_on, c.is_restricted, p.given_name, p.family_name, p.born_on,
       g.short_name AS agency, u.name AS lead, r.last_activity_at
FROM (SELECT subject_id, last_activity_at FROM relation
      WHERE principal = ? AND subject_kind = 'case' AND valid_to IS NULL
      ORDER BY last_activity_at DESC, subject_id DESC LIMIT 51) r
JOIN safeguarding_case c ON c.id = r.subject_id JOIN person p ON p.id = c.person_id
JOIN agency g ON g.id = c.lead_agency_id
LEFT JOIN allocation l ON l.case_id = c.id AND l.kind = 'lead' AND l.valid_to IS NULL
LEFT JOIN user_account u ON u.id = l.user_id
ORDER BY r.last_activity_at DESC, r.subject_id DESC
"""

# Everybody, by the order of names; and somebody's own, by what they are related to.
FIND = """
SELECT p.ref, p.given_name, p.family_name, p.known_as, p.born_on FROM person p
WHERE p.sort_key >= ? AND p.sort_key < ? ORDER BY p.sort_key, p.id LIMIT 51
"""
FIND_MINE = """
SELECT p.ref, p.given_name, p.family_name, p.known_as, p.born_on FROM person p
WHERE p.sort_key >= ? AND p.sort_key < ? AND p.id IN
  (SELECT subject_id FROM relation WHERE principal = ? AND subject_kind = 'person' AND valid_to IS NULL)
ORDER BY p.sort_key, p.id LIMIT 51
"""

CASE = """
SELECT c.id, c.ref, c.person_id, c.state, c.going_on, c.keeps_safe, c.social_care_status, c.risk, c.risk_set_on,
       c.opened_on, c.next_review_on, p.ref AS person_ref, p.given_name, p.family_name, p.born_on, g.name AS agency
FROM safeguarding_case c JOIN person p ON p.id = c.person_id JOIN agency g ON g.id = c.lead_agency_id
WHERE c.ref = ?
"""
UPDATES = """
SELECT u.ref, u.kind, u.happened_at, u.recorded_at, u.what_happened, u.own_words, u.own_words_absent_reason, u.opinion,
       u.seen_alone, u.risk, u.next_step, u.shared_with, a.name AS author, g.short_name AS agency
FROM case_update u JOIN user_account a ON a.id = u.author_id JOIN agency g ON g.id = u.author_agency_id
WHERE u.case_id = ? ORDER BY u.happened_at DESC, u.id DESC LIMIT 61
"""
RISKS = """
SELECT r.risk, r.set_at, r.reason, r.source, u.name AS by_whom FROM case_risk r JOIN user_account u ON u.id = r.set_by_id
WHERE r.case_id = ? ORDER BY r.set_at DESC, r.id DESC LIMIT 40
"""
ACTIONS_ABOUT = """
SELECT a.ref, a.title, a.state, a.due_on, a.completed_on, g.short_name AS agency, u.name AS owner
FROM action a JOIN agency g ON g.id = a.owner_agency_id LEFT JOIN user_account u ON u.id = a.owner_user_id
WHERE a.subject_kind = 'person' AND a.subject_id = ? ORDER BY a.due_on, a.id LIMIT 21
"""
DECISIONS_ABOUT = """
SELECT d.ref, d.kind, d.rationale, d.next_review_on, d.told_how, i.ref AS item_ref, m.ref AS meeting_ref, m.starts_at,
       p.slug, p.name AS panel
FROM agenda_item i JOIN decision d ON d.item_id = i.id JOIN meeting m ON m.id = i.meeting_id JOIN panel p ON p.id = m.panel_id
WHERE i.case_id = ? ORDER BY d.recorded_at DESC LIMIT 5
"""
NRM_ABOUT = (
    "SELECT ref, state, route, referred_on FROM nrm_referral WHERE case_id = ? ORDER BY referred_on DESC LIMIT 10"
)
AUDIENCE = "SELECT kind, principal, valid_to FROM relation WHERE subject_kind = 'case' AND subject_id = ? LIMIT 100"

CONTEXTS = """
SELECT c.id, c.ref, c.name, c.kind, c.ward, c.next_review_on, r.score, r.range_low, r.range_high, r.band, r.too_few,
       (SELECT count(*) FROM safety_goal g WHERE g.context_id = c.id AND g.state = 'open') AS goals,
       (SELECT min(due_on) FROM safety_goal g WHERE g.context_id = c.id AND g.state = 'open') AS due_on,
       (SELECT max(reviewed_on) FROM context_review v WHERE v.context_id = c.id) AS reviewed_on
FROM (SELECT context_id, score, range_low, range_high, band, too_few FROM context_risk
      ORDER BY score DESC, context_id LIMIT 51) r
JOIN context c ON c.id = r.context_id ORDER BY r.score DESC, r.context_id
"""
WARDS = "SELECT DISTINCT ward FROM context WHERE ward IS NOT NULL ORDER BY ward"

MEETING = """
SELECT m.id, m.ref, m.starts_at, m.ends_at, m.place, m.state, m.agenda_state, m.published_at, m.returns_due_at, m.locked_at,
       m.opened_at, m.current_item_id, p.slug, p.name AS panel, p.quorum_groups, u.name AS chair
FROM meeting m JOIN panel p ON p.id = m.panel_id LEFT JOIN user_account u ON u.id = m.chaired_by_id
WHERE m.ref = ?
"""
ITEMS = """
SELECT i.id, i.ref, i.position, i.minutes, i.kind, i.title, i.question, i.is_review, i.state, i.opened_at,
       u.name AS presenter, p.given_name, p.family_name, p.born_on, r.urgent
FROM agenda_item i LEFT JOIN user_account u ON u.id = i.presenter_id LEFT JOIN person p ON p.id = i.person_id
LEFT JOIN referral r ON r.id = i.referral_id
WHERE i.meeting_id = ? AND i.state <> 'withdrawn' ORDER BY i.position, i.id
"""
RETURNS = """
SELECT q.ref, q.item_id, q.state, q.due_at, q.answered_at, a.short_name FROM agenda_item i
JOIN return_request q ON q.item_id = i.id JOIN agency a ON a.id = q.agency_id
WHERE i.meeting_id = ? ORDER BY q.item_id, a.short_name
"""
ITEM = """
SELECT i.id, i.ref, i.position, i.minutes, i.question, i.is_review, i.state, i.opened_at, i.referral_id, u.name AS presenter,
       p.ref AS person_ref, p.given_name, p.family_name, p.born_on, p.school_name, c.ref AS case_ref, c.risk, c.risk_set_on,
       c.social_care_status, c.next_review_on, c.going_on, c.keeps_safe
FROM agenda_item i LEFT JOIN user_account u ON u.id = i.presenter_id LEFT JOIN person p ON p.id = i.person_id
LEFT JOIN safeguarding_case c ON c.id = i.case_id
WHERE i.id = ?
"""
ROOM = """
SELECT t.agency_id, a.short_name, a.quorum_group, t.status, t.user_id, t.name, t.arrived_at, t.left_at
FROM attendance t JOIN agency a ON a.id = t.agency_id WHERE t.meeting_id = ? ORDER BY a.short_name
"""
ANSWERS = """
SELECT q.ref, q.state, q.text, q.handling, q.answered_at, a.short_name AS agency, u.name AS who
FROM return_request q JOIN agency a ON a.id = q.agency_id LEFT JOIN user_account u ON u.id = q.answered_by_id
WHERE q.item_id = ? ORDER BY a.short_name
"""
NOTES = """
SELECT n.id, n.speaker_name, n.text, n.recorded_at, n.version, a.short_name AS agency, u.name AS author
FROM discussion_note n LEFT JOIN agency a ON a.id = n.speaker_agency_id JOIN user_account u ON u.id = n.author_id
WHERE n.item_id = ? ORDER BY n.position, n.id
"""

DECIDED = """
SELECT i.id, i.case_id, i.person_id, i.version, i.state, m.id AS meeting_id, m.state AS meeting_state, p.quorum_groups
FROM agenda_item i JOIN meeting m ON m.id = i.meeting_id JOIN panel p ON p.id = m.panel_id
WHERE i.ref = ? AND m.ref = ? FOR UPDATE OF i, m
"""
DECISION = insert(
    "decision",
    (
        "ref",
        "item_id",
        "kind",
        "rationale",
        "risk_before",
        "risk_after",
        "next_review_on",
        "lawful_basis_code",
        "told_how",
        "quorum",
        "papers_digest",
        "recorded_at",
        "recorded_by_id",
        "chaired_by_id",
    ),
    " RETURNING id",
)
VIEW = insert("agency_view", ("decision_id", "agency_id", "view"))
DECIDE_ITEM = "UPDATE agenda_item SET state = 'decided', version = version + 1 WHERE id = ? AND version = ?"
LEAVE_ITEM = "UPDATE meeting SET version = version + 1 WHERE id = ?"
CASE_DECIDED = """
UPDATE safeguarding_case SET next_review_on = ?, risk = ?, risk_set_on = ?, last_activity_at = ?, version = version + 1
WHERE id = ?
"""
CASE_RISK = insert("case_risk", ("case_id", "risk", "set_at", "set_by_id", "reason", "source"))
TOUCH = """
UPDATE relation SET last_activity_at = ? WHERE valid_to IS NULL AND
  ((subject_kind = 'case' AND subject_id = ?) OR (subject_kind = 'person' AND subject_id = ?)
   OR (subject_kind = 'item' AND subject_id = ?))
"""
ONCE = insert("once_key", ("key", "payload_digest", "location", "used_at"))
