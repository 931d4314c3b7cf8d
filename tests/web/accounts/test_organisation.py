"""Single sign-on against a real OpenID provider, which the test starts: whom it opens the door to, and to whom not."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
import requests
from flask import Flask
from joserfc import jwt
from joserfc.jwk import RSAKey
from sqlalchemy import select

from config import Oidc, Settings
from safeguarding import create_app
from safeguarding.access.roles import Role
from safeguarding.accounts import organisation, service, told
from safeguarding.accounts.identity_models import ExternalIdentity
from safeguarding.accounts.models import Proof, UserSession
from safeguarding.accounts.organisation import ProviderError
from safeguarding.audit.models import AuditEvent
from safeguarding.core import clock
from safeguarding.extensions import db
from safeguarding.notices.models import Notice
from safeguarding.web.transaction import unit_of_work
from tests.factories.people import SYSTEM, Somebody, make_somebody
from tests.support.databases import dispose
from tests.support.pages import Page, PageClient

ROOT = Path(__file__).resolve().parents[3]
CLIENT, SECRET = "panels", "a secret of the test's own provider"
BACK = "/sign-in/organisation/back"
URL = "https://localhost"


@dataclass(frozen=True)
class Provider:
    """A provider that is running."""

    issuer: str

    @property
    def oidc(self) -> Oidc:
        return Oidc(self.issuer, CLIENT, SECRET, frozenset({"mfa", "two-factors"}))


@pytest.fixture(scope="module")
def provider(request: pytest.FixtureRequest) -> Iterator[Provider]:
    """npm's oidc-provider on a local port; it tells e-mail addresses at userinfo unless a test wants them in the token."""
    node = shutil.which("node")
    if node is None or not (ROOT / "node_modules" / "oidc-provider").is_dir():
        pytest.skip("Node, or the package oidc-provider that ./test fetches, is missing")
    script = ROOT / "tests" / "support" / "oidc_provider.mjs"
    environment = {"PATH": os.environ["PATH"], "CLAIMS_IN_TOKEN": "yes" if hasattr(request, "param") else "no"}
    with subprocess.Popen(
        [node, str(script), CLIENT, SECRET, URL + BACK],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as running:
        try:
            assert running.stdout is not None
            yield Provider(next(line.strip() for line in running.stdout if line.startswith("http")))
        finally:
            running.terminate()


@pytest.fixture
def app(settings: Settings, provider: Provider) -> Iterator[Flask]:
    """An application with single sign-on, in which a second factor is asked for."""
    made = create_app(
        replace(settings, oidc=provider.oidc, service_url=URL, second_factor_optional=False, passkey_required=True)
    )
    yield made
    dispose(made)


def make(app: Flask, role: Role = Role.ANALYST) -> Somebody:
    with app.app_context(), unit_of_work():
        return make_somebody(role)


def vouched(who: Somebody, **said: Any) -> dict[str, Any]:
    """Return what the provider says of somebody."""
    return {"sub": f"subject-{who.ref}", "email": who.email, "verified": True, "amr": ["pwd", "mfa"], **said}


def at_provider(address: str, person: dict[str, Any]) -> str:
    """Sign somebody in at the provider, as their browser would, and return the address it leads back to."""
    browser = requests.Session()
    address += "&" + urlencode({"login_hint": json.dumps(person)})
    for _ in range(6):
        answer = browser.get(address, allow_redirects=False, timeout=20)
        assert answer.status_code in (302, 303), answer.text[:500]
        address = requests.compat.urljoin(address, answer.headers["Location"])
        if address.startswith(URL + BACK):
            return address.removeprefix(URL)
    raise AssertionError(f"the provider leads nowhere: {address}")


def came_back(client: PageClient, person: dict[str, Any], path: str = "/sign-in/organisation") -> Page:
    """Go to the provider and come back to the page with the one button."""
    return client.get(at_provider(client.get(path).location, person))


def gone_on(client: PageClient, page: Page) -> Page:
    return client.post(BACK, page.form())


def proofs(app: Flask, who: Somebody) -> list[Proof | None]:
    with app.app_context():
        return list(db.session.scalars(select(UserSession.proof).where(UserSession.user_id == who.id)))


def refusals(app: Flask) -> list[str]:
    with app.app_context():
        found = db.session.scalars(select(AuditEvent.detail).where(AuditEvent.event == "accounts:organisation:refused"))
        return [json.loads(detail)["reason"] for detail in found]


@pytest.mark.parametrize("provider", ["claims in the token"], indirect=True)
def test_a_provider_that_tells_everything_in_the_token_will_do(app: Flask) -> None:
    who, client = make(app), PageClient(app.test_client())
    gone_on(client, came_back(client, vouched(who)))
    assert proofs(app, who) == [Proof.PROVIDER]


def test_somebody_who_used_two_factors_there_is_in(app: Flask) -> None:
    who, client = make(app), PageClient(app.test_client())
    assert "Sign in with your organisation" in client.get("/sign-in").words
    page = came_back(client, vouched(who), "/sign-in/organisation?next=/reports")
    assert proofs(app, who) == [], "an address that is merely opened changes nothing"
    done = gone_on(client, page)
    assert done.location == "/reports"
    assert client.get("/my-work").status == 200
    assert proofs(app, who) == [Proof.PROVIDER]
    with app.app_context():
        assert db.session.scalar(select(Notice.kind).where(Notice.recipient_id == who.id)) == told.FACTORS_CHANGED


@pytest.mark.parametrize("said", [{"amr": ["pwd"]}, {"amr": None}, {"amr": ["pwd"], "acr": "one-factor"}])
def test_where_the_provider_asked_for_one_factor_ours_is_asked_for(app: Flask, said: dict[str, Any]) -> None:
    who, client = make(app), PageClient(app.test_client())
    done = gone_on(client, came_back(client, vouched(who, **said)))
    assert done.location.startswith("/sign-in/set-up")
    assert client.get("/my-work").location.startswith("/sign-in?")
    assert proofs(app, who) == [None]


def test_an_acr_that_is_configured_counts_as_two_factors(app: Flask) -> None:
    who, client = make(app), PageClient(app.test_client())
    gone_on(client, came_back(client, vouched(who, amr=["pwd"], acr="two-factors")))
    assert proofs(app, who) == [Proof.PROVIDER]


def test_who_needs_a_passkey_of_ours_is_asked_for_it_all_the_same(app: Flask) -> None:
    who, client = make(app, Role.ADMIN), PageClient(app.test_client())
    assert gone_on(client, came_back(client, vouched(who))).location.startswith("/sign-in/set-up")
    assert proofs(app, who) == [None]


def test_nobody_gets_in_without_an_account_that_is_active_and_verified(app: Flask) -> None:
    who, suspended = make(app, Role.SOCIAL_WORKER), make(app)
    with app.app_context(), unit_of_work():
        service.suspend_user(SYSTEM, suspended.ref, read_version=1)
    for person in (
        {**vouched(who), "sub": "stranger", "email": "stranger@marlbridge.example"},
        {**vouched(who), "sub": "unverified", "verified": False},
        {**vouched(who), "sub": "without", "email": None},
        {
            **vouched(who),
            "sub": "look-alike",
            "email": who.email.replace("k", "\u212a"),
        },  # a Kelvin sign, a k once lowered
        vouched(suspended),
    ):
        client = PageClient(app.test_client())
        refused = gone_on(client, came_back(client, person))
        assert refused.status == 403
        assert "there is no account here for you" in refused.words
        assert client.get("/my-work").location.startswith("/sign-in")
    assert refusals(app) == ["no_account"] * 5
    assert proofs(app, who) == proofs(app, suspended) == []


def test_an_account_follows_its_subject_and_not_the_address(app: Flask) -> None:
    who = make(app)
    client = PageClient(app.test_client())
    gone_on(client, came_back(client, vouched(who)))
    # The address is now somebody else's there, and our person's address is another one.
    newcomer = PageClient(app.test_client())
    assert gone_on(newcomer, came_back(newcomer, {**vouched(who), "sub": "newcomer"})).status == 403
    moved = PageClient(app.test_client())
    assert gone_on(moved, came_back(moved, vouched(who, email="moved@marlbridge.example"))).location == "/my-work"
    with app.app_context():
        assert list(db.session.scalars(select(ExternalIdentity.user_id))) == [who.id]
        with unit_of_work():
            service.suspend_user(SYSTEM, who.ref, read_version=1)
    gone = PageClient(app.test_client())
    assert gone_on(gone, came_back(gone, vouched(who))).status == 403


def test_what_came_back_is_good_in_the_browser_that_went_and_once(app: Flask) -> None:
    who, client, other = make(app), PageClient(app.test_client()), PageClient(app.test_client())
    path = at_provider(client.get("/sign-in/organisation").location, vouched(who))
    assert other.get(path).status == 400
    other.get("/sign-in/organisation")  # a victim who is led back with somebody else's code
    assert other.get(path).status == 400
    page = client.get(path)
    stolen = {"code": page.form()["code"]}
    assert other.post(BACK, stolen).status == 400
    done = gone_on(client, page)
    assert (done.status, proofs(app, who)) in ((303, [Proof.PROVIDER]), (400, []))
    client.get("/sign-in/organisation")
    assert client.post(BACK, stolen).status == 400
    assert len(proofs(app, who)) <= 1


def test_an_answer_of_another_issuer_or_without_a_code_is_refused(app: Flask) -> None:
    who, client = make(app), PageClient(app.test_client())
    path = at_provider(client.get("/sign-in/organisation").location, vouched(who))
    state = parse_qs(urlsplit(path).query)["state"][0]
    for query in (
        {"state": state, "code": "x", "iss": "https://elsewhere.example"},
        {"state": state, "error": "access_denied"},
        {"state": "x" * 43, "code": "x"},
        {},
    ):
        assert client.get(f"{BACK}?{urlencode(query)}").status == 400
    assert client.post(BACK, {"code": "made up"}).status == 400
    assert proofs(app, who) == []


def test_the_way_there_carries_state_nonce_and_a_challenge_that_no_other_sign_in_has(app: Flask) -> None:
    client = PageClient(app.test_client())
    asked = [parse_qs(urlsplit(client.get("/sign-in/organisation").location).query) for _ in range(2)]
    for query in asked:
        assert query["code_challenge_method"] == ["S256"]
        assert query["redirect_uri"] == [URL + BACK]
        assert query["response_type"] == ["code"]
        assert all(len(query[name][0]) >= 43 for name in ("state", "nonce", "code_challenge"))
    assert all(asked[0][name] != asked[1][name] for name in ("state", "nonce", "code_challenge"))


@pytest.mark.parametrize("target", ["https://evil.example", "/\t/evil.example"])
def test_where_it_leads_in_the_end_stays_on_this_site(app: Flask, target: str) -> None:
    who, client = make(app), PageClient(app.test_client())
    page = came_back(client, vouched(who), "/sign-in/organisation?" + urlencode({"next": target}))
    assert gone_on(client, page).location == "/my-work"


KEY = RSAKey.generate_key(2048, {"kid": "one", "use": "sig"})
OTHER = RSAKey.generate_key(2048, {"kid": "one", "use": "sig"})


def token(key: RSAKey = KEY, **changes: Any) -> str:
    now = int(clock.now().timestamp())
    claims = {"iss": "https://idp.example", "aud": CLIENT, "sub": "s", "iat": now, "exp": now + 60, "nonce": "n"}
    kept = {name: value for name, value in (claims | changes).items() if value is not None}
    return jwt.encode({"alg": "RS256", "kid": "one"}, kept, key)


def check(text: str) -> dict[str, Any]:
    described = {"keys": {"keys": [KEY.as_dict(private=False)]}}
    return organisation._checked(Oidc("https://idp.example", CLIENT, SECRET, frozenset()), described, text, "n")


def test_a_token_that_is_right_is_taken() -> None:
    assert check(token())["sub"] == "s"
    assert check(token(aud=[CLIENT, "other"], azp=CLIENT))["sub"] == "s"


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "https://elsewhere.example"},
        {"aud": "other"},
        {"aud": [CLIENT, "other"]},
        {"aud": [CLIENT, "other"], "azp": "other"},
        {"nonce": "another"},
        {"nonce": None},
        {"exp": 1},
        {"exp": None},
        {"sub": None},
        {"sub": ""},
        {"sub": "x" * 256},
    ],
)
def test_a_token_with_a_wrong_claim_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ProviderError):
        check(token(**changes))


def test_a_token_of_another_key_or_of_none_is_refused() -> None:
    head, body, _signature = token().split(".")
    unsigned = "eyJhbGciOiJub25lIn0." + body + "."
    for text in (token(OTHER), unsigned, f"{head}.{body}.", "", "x.y.z", "\N{SNOWMAN}"):
        with pytest.raises(ProviderError):
            check(text)


def test_without_the_setting_there_is_nothing(settings: Settings) -> None:
    plain = create_app(settings)
    try:
        client = PageClient(plain.test_client())
        assert "organisation" not in client.get("/sign-in").words
        for path in ("/sign-in/organisation", BACK):
            assert client.get(path).status == 404
    finally:
        dispose(plain)
