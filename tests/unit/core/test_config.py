"""Settings: what is unsafe is refused by name."""

from pathlib import Path

import pytest

from config import ConfigError, Mode, read_settings

GOOD = {
    "SAFEGUARDING_MODE": "live",
    "SECRET_KEY": "f3Jq8vW1zL0pXn5sTb7yKc2mRd9gHh4uEa6",  # not-a-secret: for tests
    "AUDIT_KEY": "a6EuHh4gRd9mKc2yTb7sXn5pzL0W1vq8Jf3",  # not-a-secret: for tests
    "SEALED_KEYS": "k2:mRd9gHh4uEa6f3Jq8vW1zL0pXn5sTb7yKc2,k1:Xn5sTb7yKc2mRd9gHh4uEa6f3Jq8vW1zL0p",
    "TRUSTED_HOSTS": "panels.marlbridge.example",
    "PROXY_HOPS": "1",
}


def test_a_whole_live_configuration_is_taken(tmp_path: Path) -> None:
    settings = read_settings(GOOD | {"SAFEGUARDING_DATA": str(tmp_path)})
    assert settings.mode is Mode.LIVE
    assert settings.trusted_hosts == ("panels.marlbridge.example",)
    assert [key_id for key_id, _secret in settings.sealed_keys] == ["k2", "k1"]
    assert settings.sealed_keys_text == GOOD["SEALED_KEYS"]


def test_an_unset_mode_means_live() -> None:
    with pytest.raises(ConfigError, match="SECRET_KEY"):
        read_settings({})


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"SECRET_KEY": ""}, "SECRET_KEY"),
        ({"SECRET_KEY": "short"}, "SECRET_KEY"),
        ({"SECRET_KEY": "change-me-change-me-change-me-change-me-0123456789"}, "SECRET_KEY"),  # not-a-secret: for tests
        ({"AUDIT_KEY": "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"}, "AUDIT_KEY"),
        ({"SEALED_KEYS": ""}, "SEALED_KEYS"),
        ({"SEALED_KEYS": "mRd9gHh4uEa6f3Jq8vW1zL0pXn5sTb7yKc2"}, "SEALED_KEYS"),  # not-a-secret: for tests
        ({"SEALED_KEYS": "k1:short"}, "SEALED_KEYS"),
        (
            {"SEALED_KEYS": "k1:mRd9gHh4uEa6f3Jq8vW1zL0pXn5sTb7yKc2 k1:Xn5sTb7yKc2mRd9gHh4uEa6f3Jq8vW1zL0p"},
            "SEALED_KEYS",
        ),
        ({"SEALED_KEYS": "K.1:mRd9gHh4uEa6f3Jq8vW1zL0pXn5sTb7yKc2"}, "SEALED_KEYS"),
        ({"TRUSTED_HOSTS": ""}, "TRUSTED_HOSTS"),
        ({"TRUSTED_HOSTS": "*"}, "TRUSTED_HOSTS"),
        ({"PROXY_HOPS": "many"}, "PROXY_HOPS"),
        ({"FLASK_DEBUG": "1"}, "FLASK_DEBUG"),
        ({"SAFEGUARDING_MODE": "prod"}, "SAFEGUARDING_MODE"),
        ({"DATABASE_URL": "mysql://x"}, "DATABASE_URL"),
        ({"BRAND_COLOUR": "red"}, "BRAND_COLOUR"),
        ({"BRAND_COLOUR": "#ffff00"}, "BRAND_COLOUR"),
        ({"SERVICE_NAME": "x" * 61}, "SERVICE_NAME"),
        ({"HUB_NIGHT_NUMBER": "ring Ruth"}, "HUB_NIGHT_NUMBER"),
        ({"MAP_TILES_URL": "http://tiles"}, "MAP_TILES_URL"),
        ({"MATCH_RADIUS_SCHOOL": "0"}, "MATCH_RADIUS_SCHOOL"),
        ({"MATCH_RADIUS_OTHER": "far"}, "MATCH_RADIUS_OTHER"),
        ({"SERVICE_URL": "http://panels.marlbridge.example"}, "SERVICE_URL"),
        ({"SERVICE_URL": "https://elsewhere.example"}, "SERVICE_URL"),
        ({"SERVICE_URL": "https://panels.marlbridge.example/path"}, "SERVICE_URL"),
        ({"MAIL_HOST": "mail.example"}, "MAIL_FROM"),
        ({"MAIL_HOST": "mail.example", "MAIL_FROM": "a b@c.example"}, "MAIL_FROM"),
        ({"MAIL_HOST": "mail.example", "MAIL_FROM": "a@c.example", "MAIL_SECURITY": "none"}, "MAIL_SECURITY"),
        ({"MAIL_HOST": "mail.example", "MAIL_FROM": "a@c.example", "MAIL_SECURITY": "ssl"}, "MAIL_SECURITY"),
        ({"MAIL_HOST": "mail.example", "MAIL_FROM": "a@c.example", "MAIL_PORT": "0"}, "MAIL_PORT"),
        ({"MAIL_HOST": "mail.example", "MAIL_FROM": "a@c.example", "MAIL_USER": "us"}, "MAIL_USER"),
        ({"OIDC_ISSUER": "http://idp.example"}, "OIDC_ISSUER"),
        ({"OIDC_ISSUER": "http://localhost:4000", "OIDC_CLIENT_ID": "x", "OIDC_CLIENT_SECRET": "y"}, "OIDC_ISSUER"),
        ({"OIDC_ISSUER": "https://idp.example?x=1"}, "OIDC_ISSUER"),
        ({"OIDC_ISSUER": "https://idp.example"}, "OIDC_CLIENT_ID"),
        ({"OIDC_ISSUER": "https://idp.example", "OIDC_CLIENT_ID": "panels"}, "OIDC_CLIENT_ID"),
        ({"SECRET_KEY": "", "SECRET_KEY_FILE": "/nowhere/at/all"}, "SECRET_KEY_FILE"),
    ],
)
def test_what_is_wrong_is_named(change: dict[str, str], named: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=f"^{named}"):
        read_settings(GOOD | {"SAFEGUARDING_DATA": str(tmp_path)} | change)


def test_a_demonstration_makes_its_keys_once_and_keeps_them_to_itself(tmp_path: Path) -> None:
    environment = {"SAFEGUARDING_MODE": "demonstration", "SAFEGUARDING_DATA": str(tmp_path)}
    first, second = read_settings(environment), read_settings(environment)
    assert first.secret_key == second.secret_key
    assert first.secret_key != first.audit_key
    assert {path.stat().st_mode & 0o777 for path in (tmp_path / "keys").iterdir()} == {0o600}


def test_links_in_mails_begin_with_what_is_configured(tmp_path: Path) -> None:
    settings = read_settings(GOOD | {"SAFEGUARDING_DATA": str(tmp_path)})
    assert settings.service_url == "https://panels.marlbridge.example"
    assert settings.mail is None


def test_a_mail_server_is_taken_with_its_pass_word_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "mail").write_text("a pass word of the mail server\n")
    given = {
        "MAIL_HOST": "mail.marlbridge.example",
        "MAIL_FROM": "no-reply@marlbridge.example",
        "MAIL_USER": "panels",
        "MAIL_PASSWORD_FILE": str(tmp_path / "mail"),
    }
    mail = read_settings(GOOD | given | {"SAFEGUARDING_DATA": str(tmp_path)}).mail
    assert mail is not None
    assert (mail.port, mail.security, mail.password) == (587, "starttls", "a pass word of the mail server")


def test_an_organisation_s_own_sign_in_is_taken_whole(tmp_path: Path) -> None:
    given = {"OIDC_ISSUER": "https://idp.example", "OIDC_CLIENT_ID": "panels", "OIDC_CLIENT_SECRET": "s"}
    oidc = read_settings(GOOD | given | {"SAFEGUARDING_DATA": str(tmp_path)}).oidc
    assert oidc is not None
    assert (oidc.issuer, oidc.strong) == ("https://idp.example", {"mfa"})
