"""What is built in: the inventory names all of it, a weakness or an unanswered question stops a release, no secret is kept."""

import json
import re
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from importlib.metadata import distributions
from pathlib import Path
from typing import Any

import pytest

from tools import advisories, inventory, secret_scan
from tools.assets import ROOT
from tools.check import _checks
from tools.pins import PinError, read_pins

HASH = "0" * 64
WEAK = {"name": "weakling", "version": "1.0.0"}
Answer = Callable[[list[dict[str, Any]]], Any]


def locks(root: Path, *, runtime: str = "") -> Path:
    """Write lock files that pin a little."""
    (root / "requirements").mkdir()
    for name in ("dev.txt", "node.txt", "runtime.txt"):
        (root / "requirements" / name).write_text(f"{name[:3]}==1.0 \\\n    --hash=sha256:{HASH}\n    # via -r x\n")
    with (root / "requirements" / "runtime.txt").open("a") as lock:
        lock.write(runtime)
    shutil.copy(ROOT / "package-lock.json", root / "package-lock.json")
    return root


def pinned(name: str, version: str) -> str:
    return f"{name}=={version} ; sys_platform == 'win32' \\\n    --hash=sha256:{HASH}\n"


# --- the inventory ----------------------------------------------------------------------------------------------------


def test_the_inventory_names_whatever_is_installed_and_whatever_the_locks_hold() -> None:
    made = inventory.inventory(read_pins(ROOT))
    named = {each["purl"] for each in made["components"]}
    locked = [(ROOT / "requirements" / lock).read_text() for lock in ("runtime.txt", "dev.txt", "node.txt")]
    written = {each for lock in locked for each in re.findall(r"(?m)^(\S+)==(\S+)", lock)}
    assert len([each for each in named if each.startswith("pkg:pypi/")]) == len(written)
    assert len(named) == len(made["components"]) > 100
    installed = {
        f"pkg:pypi/{re.sub(r'[-_.]+', '-', each.metadata['Name']).lower()}@{each.version}" for each in distributions()
    }
    assert installed - named <= {each for each in installed if re.match(r"pkg:pypi/(pip|setuptools|wheel|uv)@", each)}
    front = json.loads((ROOT / "package-lock.json").read_text())["packages"]
    assert len([each for each in named if each.startswith("pkg:npm/")]) == len([path for path in front if path])


def test_the_inventory_is_what_cyclonedx_reads_and_the_same_each_time() -> None:
    made = inventory.inventory(read_pins(ROOT))
    assert (made["bomFormat"], made["specVersion"], made["version"]) == ("CycloneDX", "1.6", 1)
    assert re.fullmatch(r"urn:uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", made["serialNumber"])
    for each in made["components"]:
        assert set(each) == {"type", "bom-ref", "name", "version", "purl", "scope", "hashes"}
        assert each["scope"] in ("required", "excluded")
        lengths = {"SHA-256": 64, "SHA-512": 128}
        assert each["hashes"]
        assert all(re.fullmatch(f"[0-9a-f]{{{lengths[one['alg']]}}}", one["content"]) for one in each["hashes"])
    scopes = {each["name"]: each["scope"] for each in made["components"]}
    assert (scopes["flask"], scopes["pytest"], scopes["leaflet"]) == ("required", "excluded", "required")
    refs = {each["bom-ref"] for each in made["components"]}
    assert {each["ref"] for each in made["dependencies"]} == refs | {"service"}
    assert made == inventory.inventory(read_pins(ROOT))


@pytest.mark.parametrize(
    "line",
    ["loose>=1.0\n", "git+https://example.org/x.git\n", "unhashed==1.0\n", "--index-url https://example.org\n", "x\n"],
)
def test_a_lock_that_leaves_something_open_is_refused(tmp_path: Path, line: str) -> None:
    with pytest.raises(PinError):
        read_pins(locks(tmp_path, runtime=line))


# --- advisories -------------------------------------------------------------------------------------------------------


@contextmanager
def answering(answer: Answer, status: int = 200) -> Iterator[str]:
    """Serve what speaks OSV's language, and give its address."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["queries"]
            said = answer(asked)
            self.send_response(status)
            self.end_headers()
            self.wfile.write(said if isinstance(said, bytes) else json.dumps(said).encode())

        def log_message(self, *_said: object) -> None:
            return

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


def knowing(asked: list[dict[str, Any]]) -> dict[str, Any]:
    """Answer as a service that knows of one weakness."""
    weak = {"package": {"ecosystem": "PyPI", "name": WEAK["name"]}, "version": WEAK["version"]}
    return {"results": [{"vulns": [{"id": "GHSA-test-0001"}]} if each == weak else {} for each in asked]}


def ask(root: Path, service: str, *options: str) -> int:
    return advisories.main(["--root", str(root), "--service", service, *options])


def test_a_planted_weakness_is_found_and_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = locks(tmp_path, runtime=pinned(**WEAK))
    with answering(knowing) as service:
        assert ask(root, service) == 1
        assert "weakling 1.0.0: GHSA-test-0001" in capsys.readouterr().out
        assert ask(root, service, "--accept", "GHSA-test-0001") == 0


def test_every_pin_of_ours_is_asked_about() -> None:
    asked: list[dict[str, Any]] = []

    def note(queries: list[dict[str, Any]]) -> dict[str, Any]:
        asked.extend(queries)
        return {"results": [{} for _each in queries]}

    with answering(note) as service:
        assert advisories.main(["--service", service]) == 0
    about = {(each["package"]["ecosystem"], each["package"]["name"], each["version"]) for each in asked}
    assert about == {(pin.ecosystem, pin.name, pin.version) for pin in read_pins(ROOT)}


UNREADABLE: dict[str, Answer] = {
    "nothing": lambda _asked: b"",
    "a page": lambda _asked: b"<html>Sign in to the wireless network</html>",
    "no results": lambda _asked: {},
    "a list": lambda _asked: [],
    "too few": lambda asked: {"results": [{} for _each in asked[1:]]},
    "an error in one": lambda asked: {"results": [{"error": "unknown"}, *({} for _each in asked[1:])]},
    "null in one": lambda asked: {"results": [None, *({} for _each in asked[1:])]},
    "more elsewhere": lambda asked: {"results": [{"next_page_token": "x"}, *({} for _each in asked[1:])]},
    "no name": lambda asked: {"results": [{"vulns": [{}]}, *({} for _each in asked[1:])]},
}


@pytest.mark.parametrize("what", UNREADABLE)
def test_an_answer_that_leaves_something_open_stops_it(
    tmp_path: Path, what: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with answering(UNREADABLE[what]) as service:
        assert ask(locks(tmp_path), service) == 2
    assert "Nothing is known" in capsys.readouterr().err


def test_a_service_that_fails_or_is_not_there_stops_it(tmp_path: Path) -> None:
    root = locks(tmp_path)
    with answering(knowing, status=503) as service:
        assert ask(root, service) == 2
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    assert ask(root, f"http://127.0.0.1:{port}") == 2
    assert ask(root, "http://advisories.example.org") == 2, "a service that is not asked by https"
    (root / "requirements" / "runtime.txt").write_text("")
    with answering(knowing) as service:
        assert ask(root, service) == 2, "nothing to ask about"


# --- secrets ----------------------------------------------------------------------------------------------------------

# Put together here, so that the scan of this very file finds none.
PLANTED = {
    "a private key": "-----BEGIN RSA " + "PRIVATE KEY-----",
    "Amazon": "aws = 'AKIA" + "IOSFODNN7EXAMPLE'",
    "GitHub": "ghp_" + "a1B2" * 9,
    "Slack": "xoxb-" + "123456789012-abcdefGHIJKL",
    "signed": "eyJhbGciOiJIUzI1NiJ9" + ".eyJzdWIiOiIxMjM0NTY3ODkwIn0" + ".dozjgNryP4J3jVmNHl0w5N_XgL0n3I9P",
    "address": "DATABASE_URL=postgresql://panels:" + "f3Jq8vW1zL0p" + "@db.internal/panels",
    "setting": "SECRET_KEY = '" + "f3Jq8vW1zL0pXn5sTb7yKc2mRd9gHh4uEa6" + "'",
    "yaml": "mail_password: " + "f3Jq8vW1zL0pXn5sTb7yKc2mRd9g",
}


@pytest.mark.parametrize("what", PLANTED)
def test_a_planted_secret_is_found_and_not_repeated(
    tmp_path: Path, what: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    subprocess.run(["git", "init", "--quiet", str(tmp_path)], check=True)
    (tmp_path / "settings.py").write_text(f"# settings\nquiet = True\n{PLANTED[what]}\n")
    monkeypatch.setattr(secret_scan, "ROOT", tmp_path)
    assert secret_scan.main() == 1
    said = capsys.readouterr().out
    assert said.startswith("settings.py:3: ")
    assert PLANTED[what][-12:].rstrip("'") not in said


@pytest.mark.parametrize(
    "line",
    [
        "token = secrets.token_urlsafe(48)",
        "secret_key: str = settings.secret_key_of_the_installation",
        "password = 'correct horse battery staple'",
        "SECRET_KEY_FILE=/etc/safeguarding/secret",
        "url = f'postgresql://{user}:{password}@host/name'",
        'integrity="sha384-f3Jq8vW1zL0pXn5sTb7yKc2mRd9gHh4uEa6"',
    ],
)
def test_what_is_no_secret_is_left_in_peace(line: str) -> None:
    assert list(secret_scan.secrets_in(line)) == []


def test_the_repository_holds_none_and_every_check_looks(tmp_path: Path) -> None:
    read, found = secret_scan.scan(ROOT)
    assert (found, read > 500) == ([], True)
    assert any("tools.secret_scan" in command for command in _checks().values())
    shutil.copytree(ROOT / "tools", tmp_path / "tools")  # where git knows nothing, everything is read
    assert secret_scan.scan(tmp_path)[0] >= len(list((ROOT / "tools").glob("*.py")))


def test_the_commands_run_by_name() -> None:
    made = subprocess.run(
        [sys.executable, "-m", "tools.inventory"], cwd=ROOT, capture_output=True, check=True, text=True
    )
    assert json.loads(made.stdout)["bomFormat"] == "CycloneDX"
