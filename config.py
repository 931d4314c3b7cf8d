"""Settings, read once from the environment. An unsafe or misspelt value is refused by name, with what to do."""

import os
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import ip_network
from pathlib import Path
from urllib.parse import urlsplit


class ConfigError(Exception):
    """A setting is missing, unsafe or misspelt; the text names it and says what to do."""


class Mode(StrEnum):
    """What an installation is for. The database carries the same word."""

    LIVE = "live"
    DEMONSTRATION = "demonstration"
    TEST = "test"


@dataclass(frozen=True)
class Mail:
    """The mail server that notices go through."""

    host: str
    port: int
    security: str  # starttls, tls or none
    user: str | None
    password: str
    sender: str
    timeout: float = 15.0  # seconds


@dataclass(frozen=True)
class Oidc:
    """The organisation's own sign-in, by OpenID Connect."""

    issuer: str
    client_id: str
    client_secret: str
    strong: frozenset[str]  # values of acr or amr that say that it asked for a second factor


@dataclass(frozen=True)
class Settings:
    """Everything that the environment decides."""

    mode: Mode
    data: Path
    database_url: str
    database_owner_url: str | None  # PostgreSQL: who runs migrations, where it is not who serves
    database_backup_url: str | None  # PostgreSQL: who copies the whole database
    secret_key: str
    audit_key: str
    sealed_keys: tuple[tuple[str, str], ...]  # (id, secret): the first is used for writing
    trusted_hosts: tuple[str, ...]
    proxy_hops: int
    service_name: str
    partnership: str
    brand_colour: str
    map_tiles_url: str | None
    service_url: str = "http://localhost:8000"  # what links in mails begin with; never taken from a request
    hub_night_number: str | None = None  # telephone numbers for whoever might not need emergency access
    duty_team_number: str | None = None
    mail: Mail | None = None
    oidc: Oidc | None = None
    second_factor_optional: bool = False  # never in live mode
    metrics_from: tuple[str, ...] = ()  # networks that may read /metrics
    metrics_token: str = ""  # what else lets somebody read it
    passkey_required: bool = True  # of chairs, leads, administrators, auditors and information governance
    synchronous_standby: str = ""  # PostgreSQL: the standby that every commit waits for
    account_unused_days: int = 90  # after so long without signing in, an account is suspended
    match_radius_station: int = 150  # metres within which an incident belongs to the nearest station
    match_radius_school: int = 100
    match_radius_other: int = 50  # of every other kind of place

    @property
    def is_live(self) -> bool:
        """Whether real people use it."""
        return self.mode is Mode.LIVE

    @property
    def sealed_keys_text(self) -> str:
        """The keys of sealed values as the environment gives them."""
        return ",".join(f"{key_id}:{secret}" for key_id, secret in self.sealed_keys)

    @property
    def is_sqlite(self) -> bool:
        """Whether the database is the embedded one."""
        return self.database_url.startswith("sqlite")


_RINGS_NOWHERE = {"HUB_NIGHT_NUMBER": "01632 960 111, ext 4", "DUTY_TEAM_NUMBER": "01632 960 140"}
_OWN_MACHINE = ("localhost", "127.0.0.1", "::1")
_GENERATED_KEYS = ("SECRET_KEY", "AUDIT_KEY")
_WEAK = re.compile(r"(change.?me|secret|password|default|example|dev)", re.IGNORECASE)


def read_settings(environ: Mapping[str, str] | None = None) -> Settings:
    """Return the settings of the environment, or raise ConfigError naming the setting that is wrong."""
    env = os.environ if environ is None else environ
    mode = _mode(env)
    data = Path(env.get("SAFEGUARDING_DATA") or "var").resolve()
    live = mode is Mode.LIVE
    if live and env.get("FLASK_DEBUG", "0") not in ("", "0", "false"):
        raise ConfigError("FLASK_DEBUG: must be off in live mode; unset it.")
    keys = {name: _key(env, name, data, live) for name in _GENERATED_KEYS}
    hosts = _trusted_hosts(env, live)
    return Settings(
        mode=mode,
        data=data,
        database_url=_database_url(env, data),
        database_owner_url=_other_role(env, "DATABASE_OWNER_URL"),
        database_backup_url=_other_role(env, "DATABASE_BACKUP_URL"),
        secret_key=keys["SECRET_KEY"],
        audit_key=keys["AUDIT_KEY"],
        sealed_keys=_sealed_keys(env, data, live),
        trusted_hosts=hosts,
        proxy_hops=_proxy_hops(env, live),
        service_name=_short_text(env, "SERVICE_NAME", "Panels and places"),
        partnership=_short_text(env, "PARTNERSHIP_NAME", "Marlbridge Safeguarding Partnership"),
        brand_colour=_colour(env),
        map_tiles_url=_tiles(env),
        service_url=_service_url(env, live, hosts),
        hub_night_number=_telephone(env, "HUB_NIGHT_NUMBER", mode),
        duty_team_number=_telephone(env, "DUTY_TEAM_NUMBER", mode),
        mail=_mail(env, live),
        oidc=_oidc(env, live),
        second_factor_optional=_second_factor_optional(env, live),
        metrics_from=_networks(env, "METRICS_FROM"),
        metrics_token=_metrics_token(env),
        passkey_required=_yes_or_no(env, "PASSKEY_REQUIRED", True),
        synchronous_standby=_standby(env),
        account_unused_days=_number(env, "ACCOUNT_UNUSED_DAYS", 90, 30, 730, "days"),
        match_radius_station=_metres(env, "MATCH_RADIUS_STATION", 150),
        match_radius_school=_metres(env, "MATCH_RADIUS_SCHOOL", 100),
        match_radius_other=_metres(env, "MATCH_RADIUS_OTHER", 50),
    )


def _mode(env: Mapping[str, str]) -> Mode:
    given = env.get("SAFEGUARDING_MODE", Mode.LIVE)
    try:
        return Mode(given)
    except ValueError:
        raise ConfigError("SAFEGUARDING_MODE: use live, demonstration or test.") from None


def _database_url(env: Mapping[str, str], data: Path) -> str:
    url = env.get("DATABASE_URL")
    if not url:
        return f"sqlite:///{data / 'safeguarding.db'}"
    found = _postgresql_url(url)
    if found or url.startswith("sqlite:///"):
        return found or url
    raise ConfigError("DATABASE_URL: use postgresql://USER@HOST/NAME, or leave it unset for SQLite.")


def _networks(env: Mapping[str, str], name: str) -> tuple[str, ...]:
    given = tuple(each.strip() for each in env.get(name, "").split(",") if each.strip())
    for each in given:
        try:
            ip_network(each)
        except ValueError:
            raise ConfigError(f"{name}: use addresses or networks with commas, as in 127.0.0.1, 10.0.0.0/24.") from None
    return given


def _metrics_token(env: Mapping[str, str]) -> str:
    token = _secret(env, "METRICS_TOKEN")
    if token and len(token) < 32:
        raise ConfigError("METRICS_TOKEN: is short; use 32 or more random characters, or unset it.")
    return token


def _other_role(env: Mapping[str, str], name: str) -> str | None:
    url = env.get(name)
    if not url:
        return None
    if not (env.get("DATABASE_URL") or "").startswith("postgres"):
        raise ConfigError(f"{name}: is for PostgreSQL; set DATABASE_URL as well, or unset it.")
    found = _postgresql_url(url)
    if found is None:
        raise ConfigError(f"{name}: use postgresql://USER@HOST/NAME.")
    return found


def _standby(env: Mapping[str, str]) -> str:
    name = env.get("SYNCHRONOUS_STANDBY", "").strip()
    if name and not re.fullmatch(r"[A-Za-z0-9_-]{1,63}", name):
        raise ConfigError("SYNCHRONOUS_STANDBY: use the standby's application_name: letters, digits, _ and -.")
    if name and not (env.get("DATABASE_URL") or "").startswith("postgres"):
        raise ConfigError("SYNCHRONOUS_STANDBY: is for PostgreSQL; set DATABASE_URL as well, or unset it.")
    return name


def _postgresql_url(url: str) -> str | None:
    for plain in ("postgresql+psycopg://", "postgresql://", "postgres://"):
        if url.startswith(plain):
            return "postgresql+psycopg://" + url.removeprefix(plain)
    return None


def _key(env: Mapping[str, str], name: str, data: Path, live: bool) -> str:
    given = _secret(env, name)
    if not given:
        if live:
            raise ConfigError(
                f"{name}: must be given in live mode; set {name} or {name}_FILE to 32 or more random characters."
            )
        given = _kept_key(data / "keys" / name.lower())
    _refuse_weak(name, given, live)
    return given


def _refuse_weak(name: str, key: str, live: bool) -> None:
    if len(key) < 32 or len(set(key)) < 10 or (live and _WEAK.search(key)):
        raise ConfigError(f"{name}: is short or a default; use 32 or more random characters.")


def _sealed_keys(env: Mapping[str, str], data: Path, live: bool) -> tuple[tuple[str, str], ...]:
    """Return the keys of sealed values, written as ID:SECRET with commas or new lines between them."""
    given = _secret(env, "SEALED_KEYS")
    if not given:
        if live:
            raise ConfigError(
                "SEALED_KEYS: must be given in live mode; use ID:SECRET with 32 or more random characters."
            )
        given = _kept_key(data / "keys" / "sealed_keys", beginning="k1:")
    found = []
    for each in re.split(r"[,\s]+", given.strip()):
        key_id, _, secret = each.partition(":")
        if not re.fullmatch(r"[a-z0-9-]{1,20}", key_id) or not secret:
            raise ConfigError("SEALED_KEYS: write each key as ID:SECRET; an ID has small letters, digits and hyphens.")
        _refuse_weak("SEALED_KEYS", secret, live)
        found.append((key_id, secret))
    if len(dict(found)) != len(found):
        raise ConfigError("SEALED_KEYS: two keys have the same ID; a new key needs an ID of its own.")
    return tuple(found)


def _kept_key(path: Path, beginning: str = "") -> str:
    """Return the key kept for a demonstration or test installation, made at first use and readable by its owner alone."""
    try:
        return path.read_text()
    except FileNotFoundError:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text()
    with os.fdopen(handle, "w") as out:
        out.write(beginning + secrets.token_urlsafe(48))
    return path.read_text()


def _trusted_hosts(env: Mapping[str, str], live: bool) -> tuple[str, ...]:
    hosts = tuple(host.strip() for host in env.get("TRUSTED_HOSTS", "").split(",") if host.strip())
    if live and not hosts:
        raise ConfigError("TRUSTED_HOSTS: must be given in live mode; list the host names people use, with commas.")
    if "*" in hosts:
        raise ConfigError("TRUSTED_HOSTS: must name hosts; * trusts everyone.")
    return hosts or ("localhost", "127.0.0.1", "[::1]")


def _proxy_hops(env: Mapping[str, str], live: bool) -> int:
    given = env.get("PROXY_HOPS")
    if given is None:
        if live:
            raise ConfigError("PROXY_HOPS: must be given in live mode; 1 behind one reverse proxy, 0 without any.")
        return 0
    if not given.isascii() or not given.isdigit() or int(given) > 5:
        raise ConfigError("PROXY_HOPS: use a number from 0 to 5.")
    return int(given)


def _metres(env: Mapping[str, str], name: str, default: int) -> int:
    return _number(env, name, default, 1, 1000, "metres")


def _number(env: Mapping[str, str], name: str, default: int, least: int, most: int, unit: str) -> int:
    given = env.get(name) or str(default)
    if not given.isascii() or not given.isdigit() or not least <= int(given) <= most:
        raise ConfigError(f"{name}: use whole {unit} from {least} to {most}.")
    return int(given)


def _short_text(env: Mapping[str, str], name: str, default: str) -> str:
    text = env.get(name, default).strip()
    if not 1 <= len(text) <= 60:
        raise ConfigError(f"{name}: use 1 to 60 characters.")
    return text


def _telephone(env: Mapping[str, str], name: str, mode: Mode) -> str | None:
    """Return a telephone number as people write it, with an extension; in the demonstration one that rings nowhere."""
    number = env.get(name, _RINGS_NOWHERE[name] if mode is Mode.DEMONSTRATION else "").strip()
    if number and not re.fullmatch(r"\+?[0-9][0-9 ()-]{4,30}(,? ?ext\.? ?[0-9]{1,6})?", number):
        raise ConfigError(f"{name}: use a telephone number, as in 01632 960 111, ext 4.")
    return number or None


def _colour(env: Mapping[str, str]) -> str:
    colour = env.get("BRAND_COLOUR", "#0d4a52")
    if not re.fullmatch(r"#[0-9a-fA-F]{6}", colour):
        raise ConfigError("BRAND_COLOUR: use six hexadecimal digits after #, as in #0d4a52.")
    if _contrast_with_white(colour) < 4.5:
        raise ConfigError("BRAND_COLOUR: white words on it could not be read; use a darker colour (contrast 4.5 to 1).")
    return colour


def _contrast_with_white(colour: str) -> float:
    """Return the WCAG 2.2 contrast ratio of a colour against white."""
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 1.05 / (0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2] + 0.05)


def _tiles(env: Mapping[str, str]) -> str | None:
    url = env.get("MAP_TILES_URL")
    if url and not url.startswith("https://"):
        raise ConfigError("MAP_TILES_URL: use an https:// address with {z}, {x} and {y}.")
    return url or None


def _service_url(env: Mapping[str, str], live: bool, hosts: tuple[str, ...]) -> str:
    """Return what links in mails begin with: the address given, or the first trusted host."""
    given = env.get("SERVICE_URL", "").rstrip("/")
    if not given:
        return f"https://{hosts[0]}" if live else "http://localhost:8000"
    parts = urlsplit(given)
    schemes = ("https",) if live else ("https", "http")
    if parts.scheme not in schemes or not parts.hostname or parts.path or parts.query or parts.fragment:
        raise ConfigError("SERVICE_URL: use https://HOST, the address at which people open the service.")
    if parts.hostname not in hosts:
        raise ConfigError("SERVICE_URL: its host must be one of TRUSTED_HOSTS.")
    return given


def _second_factor_optional(env: Mapping[str, str], live: bool) -> bool:
    given = env.get("SECOND_FACTOR") or ("required" if live else "optional")
    if given not in ("required", "optional"):
        raise ConfigError("SECOND_FACTOR: use required or optional.")
    if live and given == "optional":
        raise ConfigError("SECOND_FACTOR: must be required in live mode; unset it.")
    return given == "optional"


def _yes_or_no(env: Mapping[str, str], name: str, default: bool) -> bool:
    given = env.get(name) or ("yes" if default else "no")
    if given not in ("yes", "no"):
        raise ConfigError(f"{name}: use yes or no.")
    return given == "yes"


def _mail(env: Mapping[str, str], live: bool) -> Mail | None:
    host = env.get("MAIL_HOST", "").strip()
    if not host:
        return None
    security = env.get("MAIL_SECURITY", "starttls")
    if security not in ("starttls", "tls", "none"):
        raise ConfigError("MAIL_SECURITY: use starttls, tls or none.")
    if security == "none" and live and host not in _OWN_MACHINE:
        raise ConfigError("MAIL_SECURITY: none is only for a mail server on this machine; use starttls or tls.")
    port = env.get("MAIL_PORT", "465" if security == "tls" else "587")
    if not port.isascii() or not port.isdigit() or not 1 <= int(port) <= 65535:
        raise ConfigError("MAIL_PORT: use a number from 1 to 65535.")
    sender = env.get("MAIL_FROM", "").strip()
    if not re.fullmatch(r"[!-?A-~]{1,64}@[A-Za-z0-9.-]{1,190}", sender):
        raise ConfigError("MAIL_FROM: use the address that notices come from, like no-reply@council.example.")
    user = env.get("MAIL_USER") or None
    password = _secret(env, "MAIL_PASSWORD")
    if bool(user) != bool(password):
        raise ConfigError("MAIL_USER, MAIL_PASSWORD: give both, or neither.")
    return Mail(host=host, port=int(port), security=security, user=user, password=password, sender=sender)


def _secret(env: Mapping[str, str], name: str) -> str:
    """Return a secret given as it is or by the file that holds it; nothing when it is given by neither."""
    given, file_given = env.get(name), env.get(f"{name}_FILE")
    if given or not file_given:
        return given or ""
    try:
        return Path(file_given).read_text().strip()
    except OSError:
        raise ConfigError(f"{name}_FILE: the file cannot be read; check its path and owner.") from None


def _oidc(env: Mapping[str, str], live: bool) -> Oidc | None:
    issuer = env.get("OIDC_ISSUER", "").strip()
    if not issuer:
        return None
    parts = urlsplit(issuer)
    if not (parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _OWN_MACHINE and not live)):
        raise ConfigError("OIDC_ISSUER: use the https:// address of your organisation's sign-in.")
    if not parts.hostname or parts.query or parts.fragment or len(issuer) > 300:
        raise ConfigError("OIDC_ISSUER: use the address alone, as the provider itself writes it.")
    client_id, secret = env.get("OIDC_CLIENT_ID", "").strip(), _secret(env, "OIDC_CLIENT_SECRET")
    if not client_id or not secret:
        raise ConfigError("OIDC_CLIENT_ID, OIDC_CLIENT_SECRET: give both with OIDC_ISSUER.")
    strong = frozenset(each.strip() for each in env.get("OIDC_STRONG", "mfa").split(",") if each.strip())
    return Oidc(issuer=issuer, client_id=client_id, client_secret=secret, strong=strong)
