"""The function that decides, against the rule said again in other words."""

from hypothesis import given
from hypothesis import strategies as st

from safeguarding.access.actor import Actor
from safeguarding.access.decisions import Reason, decide
from safeguarding.access.names import RIGHT_NAMES
from safeguarding.access.permissions import Permission
from safeguarding.access.roles import GRANTS, Relation, Role
from safeguarding.access.tightening import choices

relations = st.frozensets(st.sampled_from(Relation))


@given(st.frozensets(st.sampled_from(Role)), st.sampled_from(Permission), relations)
def test_somebody_may_do_what_one_of_their_roles_gives_by_a_relation_they_have(
    roles: frozenset[Role], permission: Permission, held: frozenset[Relation]
) -> None:
    given_by = [GRANTS[role][permission] for role in roles if permission in GRANTS[role]]
    allowed = any(not kinds or kinds & held for kinds in given_by) and Relation.BARRED not in held
    actor = Actor(key="user:US-0000-0000", display_name="", user_id=1, roles=roles)
    decision = actor.decide(permission, held)
    assert (decision.allowed, actor.may(permission, held)) == (allowed, allowed)
    if decision.reason is Reason.BY_RELATION:
        assert decision.through
        assert decision.through <= held


@given(st.sampled_from(Permission), relations)
def test_a_declared_conflict_beats_every_allow(permission: Permission, held: frozenset[Relation]) -> None:
    everything = dict.fromkeys(Permission, None)
    decision = decide(everything, permission, held | {Relation.BARRED, Relation.EMERGENCY})
    assert (decision.allowed, decision.reason) == (False, Reason.BARRED)


def test_emergency_access_reads_and_nothing_else() -> None:
    opened = {
        (role, permission)
        for role, grants in GRANTS.items()
        for permission, kinds in grants.items()
        if Relation.EMERGENCY in kinds
    }
    assert {permission for _role, permission in opened} == {Permission.EMERGENCY_READ}
    assert not {role for role, _permission in opened} & {Role.ADMIN, Role.AUDITOR, Role.ANALYST}


def test_every_right_that_can_be_taken_away_has_words_of_its_own() -> None:
    named = {right: RIGHT_NAMES[right] for _role, right in choices()}
    assert len(set(named.values())) == len(named)
