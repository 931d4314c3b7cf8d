"""The one vocabulary of permissions, `area:thing:act`."""

from enum import StrEnum


class Permission(StrEnum):
    """What can be permitted. A view, a command or a read names exactly one."""

    WORK_OWN = "home:work:read"
    PERSON_SEARCH = "people:person:search"
    PERSON_READ = "people:person:read"
    PERSON_ADD = "people:person:add"
    PERSON_EDIT = "people:person:edit"
    SEALED_SEE = "people:sealed:see"  # by grant of information governance, with a reason
    SEALED_GRANT = "people:sealed:grant"
    PERSON_LINK = "people:person:link"  # name them in something else: a referral, an incident, a peer group
    PERSON_MATCH = "people:person:match"  # say whether two records are about the same young person
    CASE_READ = "cases:case:read"
    CASE_OPEN = "cases:case:open"
    CASE_UPDATE = "cases:case:update"
    CASE_ALLOCATE = "cases:case:allocate"
    CASE_RESTRICT = "cases:case:restrict"
    RESTRICTION_AGREE = "cases:restriction:agree"  # as a second person, without seeing the case
    REFERRAL_READ = "referrals:referral:read"
    REFERRAL_MAKE = "referrals:referral:make"
    REFERRAL_SCREEN = "referrals:referral:screen"
    MEETING_READ = "panels:meeting:read"
    AGENDA_BUILD = "panels:agenda:build"
    RETURN_ANSWER = "panels:return:answer"
    ITEM_READ = "panels:item:read"
    MEETING_RUN = "panels:meeting:run"
    ATTENDANCE_RECORD = "panels:attendance:record"
    CONFLICT_DECLARE = "panels:conflict:declare"
    NOTES_TYPE = "panels:notes:type"
    DECISION_RECORD = "panels:decision:record"
    DISSENT_RECORD = "panels:dissent:record"
    MINUTES_READ = "panels:minutes:read"
    MINUTES_PREPARE = "panels:minutes:prepare"
    MINUTES_SIGN = "panels:minutes:sign"
    ACTION_READ = "actions:action:read"
    ACTION_ADD = "actions:action:add"
    ACTION_ACT = "actions:action:act"
    CONTEXT_READ = "contexts:context:read"
    CONTEXT_COUNTS = "contexts:context:count"
    CONTEXT_PEOPLE = "contexts:people:read"
    CONTEXT_REVIEW = "contexts:context:review"
    INCIDENT_RECORD = "contexts:incident:record"
    NRM_READ = "nrm:referral:read"
    NRM_RECORD = "nrm:referral:record"
    REPORT_COUNTS = "reports:counts:read"
    AUDIT_READ = "oversight:audit:read"
    ACCESS_EXPLAIN = "oversight:access:explain"
    LOOKS_READ = "oversight:looks:read"  # who looked at a record of one's own
    LOOKS_OF_AGENCY = "oversight:looks:agency"  # what the people of one's own agency opened
    EMERGENCY_ASK = "oversight:emergency:ask"
    EMERGENCY_READ = "oversight:emergency:read"  # the parts that were asked for, while the hour lasts
    EMERGENCY_REVIEW = "oversight:emergency:review"
    ADMIN_USERS = "admin:users:manage"
    ADMIN_APPROVE = "admin:users:approve"  # as the second person, never alone
    SUBSTITUTE_NOMINATE = "admin:substitutes:nominate"  # for one's own agency, while one is away
    MEMBERS_CONFIRM = "admin:members:confirm"  # once a quarter, that each of an agency's people is still one
    ADMIN_AGREEMENTS = "admin:agreements:manage"
    ADMIN_SETTINGS = "admin:settings:manage"
