"""Who may open what, written down by hand: every address with its method, the permission it needs, and who holds that.

Two tables, kept apart from the product on purpose: what the application says of itself is compared with them. A new
address or a wider grant stands here first, where somebody reads it.
"""

from safeguarding.access.permissions import Permission as P
from safeguarding.access.roles import Role as R

PUBLIC = "public"


def _rows(*, get: str = "", post: str = "", both: str = "") -> frozenset[str]:
    """Return "METHOD endpoint" for endpoints that are read, that are posted to, and that are both."""
    read, written = f"{get} {both}".split(), f"{post} {both}".split()
    return frozenset({f"GET {each}" for each in read} | {f"POST {each}" for each in written})


# What each permission opens. Which case, item or referral it opens is asked of each one by its read.
OPENS: dict[P | str, frozenset[str]] = {
    PUBLIC: _rows(
        get="static metrics.metrics web.accessibility web.brand_css web.cookies web.health web.privacy web.ready "
        "doors.forgotten_sent organisation.go organisation.back accounts.set_up",
        # Half way through a sign-in, and 404 for everybody else.
        post="accounts.pass_by accounts.passkey_options accounts.use_passkey accounts.set_up_app accounts.set_up_passkey "
        "organisation.enter metrics.policy_report",
        both="doors.forgotten doors.link accounts.sign_in accounts.second_factor accounts.set_up_app_code",
    ),
    P.WORK_OWN: _rows(
        get="home.my_work emergency.use notices.index accounts.account accounts.add_factor accounts.session_state "
        "drafts.index drafts.kept",
        post="accounts.sign_out notices.mark_seen accounts.lock accounts.in_use accounts.confirm_pass_by "
        "accounts.confirm_passkey accounts.confirm_passkey_options accounts.end_session accounts.end_other_sessions "
        "accounts.add_app accounts.add_passkey accounts.add_passkey_options accounts.remove_factor drafts.discard",
        both="accounts.confirm accounts.locked accounts.change_phrase accounts.add_app_code accounts.recovery_codes",
    ),
    P.PERSON_SEARCH: _rows(both="people.search"),
    P.PERSON_READ: _rows(get="people.person people.identifiers_of"),
    P.PERSON_ADD: _rows(both="people.add", post="people.create"),
    P.PERSON_EDIT: _rows(
        both="people.names people.details people.aliases people.record_sealed", post="people.remove_alias"
    ),
    P.PERSON_MATCH: _rows(get="people.possible_duplicates", both="people.possible_duplicate"),
    P.SEALED_SEE: _rows(both="people.ask_sealed people.reveal_sealed contexts.ask_informant contexts.reveal_informant"),
    P.SEALED_GRANT: _rows(get="sealed.index sealed.request_page", post="sealed.grant sealed.refuse sealed.end"),
    P.CASE_READ: _rows(get="cases.index cases.case", both="cases.list_page cases.conflict", post="cases.take_off"),
    P.CASE_OPEN: _rows(both="cases.open_case"),
    P.CASE_UPDATE: _rows(both="cases.update cases.correct cases.revise cases.move"),
    P.CASE_ALLOCATE: _rows(both="cases.team", post="cases.end_allocation cases.withdraw_conflict"),
    P.CASE_RESTRICT: _rows(both="cases.restrict cases.ask_to_lift", post="cases.second"),
    P.RESTRICTION_AGREE: _rows(get="cases.restrictions", post="cases.decide_restriction"),
    # Everybody who reads referrals may make one, and has drafts of their own among them.
    P.REFERRAL_MAKE: _rows(
        get="referrals.index referrals.referral",
        both="referrals.make referrals.make_for_place referrals.make_for_group referrals.happening "
        "referrals.own_view referrals.sharing referrals.asked referrals.check referrals.withdraw",
        post="referrals.answer referrals.discard",
    ),
    P.REFERRAL_SCREEN: _rows(post="referrals.screen"),
    P.MEETING_READ: _rows(get="panels.index panels.panel panels.meeting panels.live panels.live_state"),
    P.AGENDA_BUILD: _rows(
        both="panels.plan panels.add_items panels.edit_item",
        post="panels.add_theme panels.arrange panels.remove_item panels.publish panels.lock "
        "panels.ask_agency panels.chase",
    ),
    P.RETURN_ANSWER: _rows(get="panels.returns", post="panels.agree_version"),
    # The officers read an answer where the agency gives it; giving one is asked of the return itself.
    P.ITEM_READ: _rows(
        get="panels.live_item panels.decision", both="panels.answer_return", post="panels.write_version"
    ),
    P.MEETING_RUN: _rows(
        both="panels.put_off",
        post="panels.open_meeting panels.adjourn_meeting panels.resume_meeting panels.close_meeting panels.take_chair "
        "panels.open_item panels.move_on panels.come_back_later panels.withdraw_conflict "
        "panels.waive_quorum",
    ),
    P.ATTENDANCE_RECORD: _rows(
        get="panels.attendance", post="panels.save_attendance panels.mark_arrived panels.mark_left"
    ),
    P.CONFLICT_DECLARE: _rows(both="panels.declare_conflict"),
    P.NOTES_TYPE: _rows(post="panels.live_form panels.save_note panels.look_at"),
    P.DECISION_RECORD: _rows(post="panels.record_decision panels.add_addendum"),
    P.DISSENT_RECORD: _rows(post="panels.add_dissent"),
    P.MINUTES_READ: _rows(get="panels.minutes"),
    P.MINUTES_PREPARE: _rows(post="panels.generate_minutes panels.circulate_minutes"),
    P.MINUTES_SIGN: _rows(post="panels.sign_minutes panels.add_minutes_addendum"),
    P.ACTION_READ: _rows(get="actions.index actions.action"),
    P.ACTION_ADD: _rows(both="cases.add_action"),
    P.ACTION_ACT: _rows(both="actions.answer", post="actions.start"),
    P.CONTEXT_READ: _rows(both="contexts.index", get="contexts.context contexts.incidents contexts.incident"),
    P.CONTEXT_COUNTS: _rows(get="contexts.counts"),
    P.CONTEXT_PEOPLE: _rows(get="contexts.people"),
    P.CONTEXT_REVIEW: _rows(
        both="contexts.add contexts.review contexts.add_factor contexts.end_factor contexts.set_goal contexts.end_goal "
        "contexts.correct_incident",
    ),
    P.INCIDENT_RECORD: _rows(both="contexts.record_incident"),
    P.NRM_READ: _rows(get="nrm.index nrm.referral"),
    P.NRM_RECORD: _rows(both="nrm.record nrm.decision nrm.number nrm.correct"),
    P.REPORT_COUNTS: _rows(get="reports.index"),
    P.AUDIT_READ: _rows(
        get="oversight.audit oversight.looks oversight.questions exports.index",
        both="exports.ask",
        post="oversight.search exports.decide exports.take",
    ),
    P.ACCESS_EXPLAIN: _rows(get="access.record"),
    P.LOOKS_READ: _rows(get="access.looks"),
    P.LOOKS_OF_AGENCY: _rows(get="agency_looks.index"),
    P.EMERGENCY_ASK: _rows(both="emergency.ask", post="emergency.close"),
    P.EMERGENCY_READ: _rows(get="emergency.record"),
    P.EMERGENCY_REVIEW: _rows(get="emergency.reviews", both="oversight.question", post="emergency.review"),
    P.ADMIN_USERS: _rows(
        get="admin.people admin.person",
        both="admin.add agencies.add agencies.change",
        post="admin.find admin.give_role admin.end_role admin.suspend admin.reinstate admin.send_link "
        "admin.send_factors_link",
    ),
    P.SUBSTITUTE_NOMINATE: _rows(both="approvals.substitute"),
    P.ADMIN_APPROVE: _rows(
        get="approvals.index approvals.request_page matrix.index",
        post="approvals.decide approvals.withdraw matrix.decide",
    ),
    P.MEMBERS_CONFIRM: _rows(get="members.index", post="members.keep members.end"),
    P.ADMIN_AGREEMENTS: _rows(
        get="agencies.index agencies.agency", post="agencies.add_agreement agencies.decide_agreement"
    ),
    P.ADMIN_SETTINGS: _rows(get="admin.settings", post="matrix.tighten matrix.give_back"),
}

_EVERYBODY = frozenset(R)
_WORKERS = frozenset({R.PRACTITIONER, R.SOCIAL_WORKER})
_CHAIRS = frozenset({R.CHAIR, R.VICE_CHAIR})
_OFFICERS = _CHAIRS | {R.COORDINATOR}
_TABLE = _OFFICERS | {R.SPOC, R.LEAD}
_FIELD = _TABLE | _WORKERS

# Which roles hold each permission, for some subject at least.
HOLDERS: dict[P, frozenset[R]] = {
    P.WORK_OWN: _EVERYBODY,
    P.PERSON_SEARCH: _FIELD,
    P.PERSON_READ: _FIELD,
    P.PERSON_LINK: _FIELD,
    P.PERSON_ADD: _FIELD,
    P.PERSON_EDIT: _FIELD,  # whoever added somebody puts a slip right, for as long as they see them
    P.PERSON_MATCH: _OFFICERS | _WORKERS | {R.LEAD},  # of two records that they may both see
    P.SEALED_SEE: _WORKERS | {R.LEAD},
    P.SEALED_GRANT: frozenset({R.INFORMATION_GOVERNANCE}),
    P.CASE_READ: _FIELD,
    P.CASE_OPEN: _WORKERS | {R.LEAD},
    P.CASE_UPDATE: _WORKERS | {R.LEAD},
    P.CASE_ALLOCATE: _WORKERS | {R.LEAD},
    P.CASE_RESTRICT: frozenset({R.LEAD}),
    P.RESTRICTION_AGREE: frozenset({R.INFORMATION_GOVERNANCE}),
    P.REFERRAL_READ: _FIELD,
    P.REFERRAL_MAKE: _FIELD,
    P.REFERRAL_SCREEN: _OFFICERS | {R.LEAD},
    P.MEETING_READ: _FIELD,
    P.AGENDA_BUILD: _OFFICERS,
    P.RETURN_ANSWER: frozenset({R.SPOC, R.LEAD}),
    P.ITEM_READ: _FIELD,
    P.MEETING_RUN: _CHAIRS,
    P.ATTENDANCE_RECORD: _OFFICERS,
    P.CONFLICT_DECLARE: _TABLE,
    P.NOTES_TYPE: _OFFICERS,
    P.DECISION_RECORD: _CHAIRS,
    P.DISSENT_RECORD: _CHAIRS | {R.SPOC, R.LEAD},
    P.MINUTES_READ: _TABLE,
    P.MINUTES_PREPARE: _OFFICERS,
    P.MINUTES_SIGN: _CHAIRS,
    P.ACTION_READ: _FIELD,
    P.ACTION_ADD: _OFFICERS | _WORKERS | {R.LEAD},
    P.ACTION_ACT: _FIELD,
    P.CONTEXT_READ: _FIELD,
    P.CONTEXT_COUNTS: frozenset({R.ANALYST}),
    P.CONTEXT_PEOPLE: _CHAIRS | _WORKERS | {R.SPOC, R.LEAD},
    P.CONTEXT_REVIEW: frozenset({R.LEAD}),
    P.INCIDENT_RECORD: _WORKERS | {R.SPOC, R.LEAD},
    P.NRM_READ: _FIELD,
    P.NRM_RECORD: _WORKERS | {R.LEAD},
    P.REPORT_COUNTS: frozenset({R.ANALYST, R.LEAD}),
    P.AUDIT_READ: frozenset({R.INFORMATION_GOVERNANCE, R.AUDITOR}),
    P.ACCESS_EXPLAIN: _FIELD | {R.INFORMATION_GOVERNANCE},
    P.LOOKS_READ: _WORKERS | {R.LEAD},
    P.LOOKS_OF_AGENCY: frozenset({R.SPOC}),
    P.EMERGENCY_ASK: _FIELD | {R.INFORMATION_GOVERNANCE},
    P.EMERGENCY_READ: _FIELD | {R.INFORMATION_GOVERNANCE},
    P.EMERGENCY_REVIEW: frozenset({R.INFORMATION_GOVERNANCE}),
    P.ADMIN_USERS: frozenset({R.ADMIN}),
    P.SUBSTITUTE_NOMINATE: frozenset({R.SPOC}),
    P.ADMIN_APPROVE: frozenset({R.LEAD, R.INFORMATION_GOVERNANCE, R.ADMIN}),
    P.MEMBERS_CONFIRM: frozenset({R.SPOC, R.ADMIN}),
    P.ADMIN_AGREEMENTS: frozenset({R.ADMIN, R.INFORMATION_GOVERNANCE}),
    P.ADMIN_SETTINGS: frozenset({R.ADMIN}),
}
