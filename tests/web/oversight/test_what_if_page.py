"""`What if it changed?` on the page that says who can see a record."""

from flask import Flask

from safeguarding.access.roles import Role
from safeguarding.web.transaction import unit_of_work
from tests.conftest import SignIn
from tests.factories.cases import make_action, make_case, restrict
from tests.factories.people import make_somebody
from tests.factories.places import make_context


def test_it_is_asked_and_answered_and_nothing_is_changed(app: Flask, sign_in: SignIn) -> None:
    with app.app_context(), unit_of_work():
        lead, other = make_somebody(Role.SOCIAL_WORKER), make_somebody(Role.PRACTITIONER)
        ref, lead_id, other_id = make_case(lead).ref, lead.id, other.id
    browser = sign_in(lead)
    page = browser.get(f"/access/{ref}")
    assert "What if it changed?" in page.words and "The restriction is lifted" not in page.words
    page = browser.get(f"/access/{ref}?change=allocated&who={other_id}")
    assert f"If {other.name} were allocated" in page.words
    assert f"+ {other.name} gains: Read, Write" in page.words
    assert "= Nobody else gains or loses anything" in page.words
    page = browser.get(f"/access/{ref}?change=conflict&who={lead_id}")
    assert f"○ {lead.name} loses: Read, Write, Allocate" in page.words
    assert sign_in(other).get(f"/cases/{ref}").status == 404
    assert browser.get(f"/cases/{ref}").status == 200


def test_what_is_not_asked_properly_is_asked_again(app: Flask, sign_in: SignIn) -> None:
    with app.app_context(), unit_of_work():
        lead = make_somebody(Role.SOCIAL_WORKER)
        ref = make_case(lead).ref
    browser = sign_in(lead)
    for who in ("", "0", "x", "9" * 30, "-1"):
        page = browser.get(f"/access/{ref}?change=ended&who={who}")
        assert page.status == 200 and "Choose whom the change is about." in page.words
    for change in ("opened", "listed", "x", ""):
        page = browser.get(f"/access/{ref}?change={change}&who={lead.id}")
        assert page.status == 200 and "Nothing was changed" not in page.words


def test_a_restricted_case_is_thought_of_as_open(app: Flask, sign_in: SignIn) -> None:
    with app.app_context(), unit_of_work():
        worker = make_somebody(Role.SOCIAL_WORKER)
        case = make_case(worker)
        ref = case.ref
        kept_out = make_somebody(Role.LEAD)
        restrict(case)
    page = sign_in(worker).get(f"/access/{ref}?change=opened")
    assert "If the restriction were lifted" in page.words
    assert f"+ {kept_out.name} gains: Read" in page.words
    assert sign_in(kept_out).get(f"/access/{ref}?change=opened").status == 404


def test_a_place_is_opened_by_a_role_and_nothing_is_asked_about_it(app: Flask, sign_in: SignIn) -> None:
    with app.app_context(), unit_of_work():
        ref = make_context().ref
    page = sign_in(Role.LEAD).get(f"/access/{ref}?change=opened")
    assert page.status == 200 and "What if it changed?" not in page.words


def test_what_is_about_a_restricted_case_says_so_itself(app: Flask, sign_in: SignIn) -> None:
    with app.app_context(), unit_of_work():
        worker = make_somebody(Role.SOCIAL_WORKER)
        case, other = make_case(worker), make_case(worker)
        paths = [f"/actions/{make_action(worker, each, worker).ref}" for each in (case, other)]
        refs = [path.rpartition("/")[2] for path in paths]
        restrict(case)
    browser = sign_in(worker)
    bar = "Restricted record."
    assert [bar in browser.get(path).words for path in paths] == [True, False]
    assert [bar in browser.get(f"/access/{ref}").words for ref in refs] == [True, False]
