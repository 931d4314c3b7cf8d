"""Rights taken away from roles: by two people, never their own, never more than the matrix, from the next request on."""

import json

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from safeguarding.access.actor import Actor
from safeguarding.access.permissions import Permission
from safeguarding.access.roles import GRANTS, Relation, Role
from safeguarding.access.tightening import Tightened, choices, may_be_taken, read, written
from safeguarding.accounts import tightening
from safeguarding.accounts.service import suspend_user
from safeguarding.accounts.tightening_models import TighteningState
from safeguarding.core.errors import ForbiddenError, RuleError
from safeguarding.people.queries import search
from safeguarding.web.transaction import unit_of_work
from tests.conftest import SignIn
from tests.factories.cases import make_person
from tests.factories.people import Somebody, make_somebody
from tests.support.statements import counted

WHY = "Practitioners ask the hub to refer."
RIGHT = (Role.PRACTITIONER, Permission.REFERRAL_MAKE)


@given(st.sets(st.sampled_from(list(Role)), min_size=1), st.sets(st.sampled_from(choices())))
def test_it_takes_away_what_is_named_and_gives_nothing(roles: set[Role], taken: set[tuple[Role, Permission]]) -> None:
    whole, left = (
        Actor("x", "", roles=frozenset(roles)),
        Actor("x", "", roles=frozenset(roles), tightened=frozenset(taken)),
    )
    assert left.grants.keys() <= whole.grants.keys()
    for permission in Permission:
        giving = {role for role in roles if permission in GRANTS[role] and (role, permission) not in taken}
        assert left.holds(permission) is bool(giving)
        for relation in Relation:
            assert not left.may(permission, {relation}) or whole.may(permission, {relation})


@given(st.frozensets(st.sampled_from(choices())))
def test_what_is_loaded_is_what_was_written(taken: Tightened) -> None:
    assert read(",".join(written(*each) for each in taken)) == taken


def test_what_is_no_right_says_nothing() -> None:
    assert read(None) == read("") == read("chair gone:right:now,nobody cases:case:read,,") == frozenset()


def test_administration_and_ones_own_affairs_cannot_be_taken() -> None:
    assert not any(may_be_taken(role, Permission.WORK_OWN) for role in Role)
    assert not [each for each in choices() if each[1].value.startswith("admin:")]
    assert not may_be_taken(Role.ANALYST, Permission.CASE_READ)  # which the matrix does not give


class Scene:
    """An administrator, those who decide, and a practitioner."""

    def __init__(self) -> None:
        with unit_of_work():
            self.admin, self.lead = make_somebody(Role.ADMIN), make_somebody(Role.LEAD)
            self.keeper, self.worker = make_somebody(Role.INFORMATION_GOVERNANCE), make_somebody(Role.PRACTITIONER)

    def ask(self, by: Somebody | None = None, right: tuple[Role, Permission] = RIGHT, reason: str = WHY) -> str:
        with unit_of_work():
            role, permission = right
            return tightening.ask_to_tighten(
                (by or self.admin).actor, role=role, permission=permission, reason=reason
            ).ref

    def decide(self, by: Somebody, ref: str, version: int, *, agree: bool = True) -> TighteningState:
        with unit_of_work():
            return tightening.decide(by.actor, ref, agree=agree, read_version=version).state


@pytest.fixture
def scene(in_app: Flask) -> Scene:
    return Scene()


def test_a_second_person_agrees_and_it_can_be_given_back_likewise(scene: Scene) -> None:
    ref = scene.ask()
    assert scene.worker.actor.holds(Permission.REFERRAL_MAKE)
    with pytest.raises(ForbiddenError):
        scene.decide(scene.admin, ref, 1)
    assert scene.decide(scene.keeper, ref, 1) is TighteningState.IN_FORCE
    assert not scene.worker.actor.holds(Permission.REFERRAL_MAKE)
    assert scene.lead.actor.holds(Permission.REFERRAL_MAKE)
    with pytest.raises(RuleError):
        scene.ask()
    with unit_of_work():
        tightening.ask_to_give_back(scene.admin.actor, ref, reason="They refer again.", read_version=2)
    assert not scene.worker.actor.holds(Permission.REFERRAL_MAKE)
    assert scene.decide(scene.lead, ref, 3, agree=False) is TighteningState.IN_FORCE
    with unit_of_work():
        tightening.ask_to_give_back(scene.admin.actor, ref, reason="They refer again.", read_version=4)
    assert scene.decide(scene.lead, ref, 5) is TighteningState.GIVEN_BACK
    assert scene.worker.actor.holds(Permission.REFERRAL_MAKE)


@pytest.mark.parametrize(
    ("by", "right", "error"),
    [
        ("worker", RIGHT, ForbiddenError),
        ("lead", RIGHT, ForbiddenError),
        ("admin", (Role.ADMIN, Permission.ADMIN_USERS), ForbiddenError),
        ("admin", (Role.ANALYST, Permission.CASE_READ), RuleError),
        ("admin", (Role.PRACTITIONER, Permission.WORK_OWN), RuleError),
    ],
)
def test_what_is_refused(scene: Scene, by: str, right: tuple[Role, Permission], error: type[Exception]) -> None:
    with pytest.raises(error):
        scene.ask(getattr(scene, by), right)


def test_nobody_decides_about_their_own_role(scene: Scene) -> None:
    ref = scene.ask(right=(Role.LEAD, Permission.CASE_OPEN))
    with pytest.raises(ForbiddenError):
        scene.decide(scene.lead, ref, 1)
    assert scene.decide(scene.keeper, ref, 1, agree=False) is TighteningState.DECLINED
    assert scene.lead.actor.holds(Permission.CASE_OPEN)


def test_what_an_administrator_asked_who_is_one_no_longer_is_not_agreed_to(scene: Scene) -> None:
    ref = scene.ask()
    with unit_of_work():
        other = make_somebody(Role.ADMIN)
        suspend_user(other.actor, scene.admin.ref, read_version=1)
    with pytest.raises(RuleError, match="no longer an administrator"):
        scene.decide(scene.keeper, ref, 1)
    assert scene.worker.actor.holds(Permission.REFERRAL_MAKE)
    assert scene.decide(scene.keeper, ref, 1, agree=False) is TighteningState.DECLINED


def test_reads_follow_at_once_and_no_statement_is_kept_from_before(scene: Scene) -> None:
    with unit_of_work():
        make_person(scene.worker, given_name="Kieran", family_name="Marsh")
    assert len(search(scene.worker.actor, "kieran").people) == 1
    scene.decide(scene.keeper, scene.ask(right=(Role.PRACTITIONER, Permission.PERSON_READ)), 1)
    assert search(scene.worker.actor, "kieran").people == []


def test_the_next_page_the_printed_matrix_and_the_page_that_asks_for_it(app: Flask, sign_in: SignIn) -> None:
    with app.app_context():
        scene = Scene()
    worker, admin, keeper = (sign_in(who) for who in (scene.worker, scene.admin, scene.keeper))
    with counted(app) as before:
        assert worker.get("/referrals").status == 200
    page = admin.get("/admin/matrix")
    asked = {**page.form(having="right"), "right": written(*RIGHT), "reason": WHY}
    assert admin.post("/admin/matrix", asked).location == "/admin/matrix"
    assert admin.post("/admin/matrix", asked).status in (303, 422)  # a second time
    waiting = keeper.get("/admin/matrix")
    assert "Waits for a second person" in waiting.text
    form = next(each for each in waiting.html.select("form") if "/TG-" in str(each.get("action")))  # type: ignore[union-attr]
    sent = {field["name"]: field.get("value", "") for field in form.select("input")}
    assert keeper.post(str(form["action"]), {**sent, "decision": "agree"}).location == "/admin/matrix"
    assert worker.get("/referrals").status == 403
    with counted(app) as after:
        assert worker.get("/my-work").status == 200
    assert len([each for each in after if "tightening" in each]) == 1  # in the statement that says who is signed in
    assert len([each for each in before if "tightening" in each]) == 1
    rows = json.loads(app.test_cli_runner().invoke(args=["access", "matrix"]).stdout)
    making = {row["role"] for row in rows if row["route"] == "/referrals" and row["result"] == "allow"}
    assert "practitioner" not in making
    assert "lead" in making
