"""What is built in: every package of the lock files, with its version and hashes. A line that is not understood stops it."""

import base64
import json
import re
from dataclasses import dataclass
from pathlib import Path

PYTHON_LOCKS = ("runtime.txt", "dev.txt", "node.txt")
_PIN = re.compile(r"(?P<name>[a-z0-9][a-z0-9.-]*)==(?P<version>[^ ;\\]+)(?: ; [^\\]+)?(?: \\)?")
_HASH = re.compile(r"    --hash=sha256:([0-9a-f]{64})(?: \\)?")
_REMARK = re.compile(r"\s*#.*|\s*")


class PinError(Exception):
    """A lock file holds a line, or a package, that this cannot read."""


@dataclass(frozen=True)
class Pin:
    """One package at one version."""

    ecosystem: str  # as OSV names it: PyPI, npm
    name: str
    version: str
    hashes: tuple[tuple[str, str], ...]  # (algorithm as CycloneDX names it, hexadecimal)
    is_served: bool  # part of the service, and not of its checks alone

    @property
    def purl(self) -> str:
        """Return its package address."""
        kind = {"PyPI": "pypi", "npm": "npm"}[self.ecosystem]
        return f"pkg:{kind}/{self.name.replace('@', '%40')}@{self.version}"


def read_pins(root: Path) -> list[Pin]:
    """Return every pinned package, each once, those of the service as such. Raises PinError."""
    found: dict[tuple[str, str, str], Pin] = {}
    for lock in PYTHON_LOCKS:
        for pin in _python_pins(root / "requirements" / lock, is_served=lock == "runtime.txt"):
            found.setdefault((pin.ecosystem, pin.name, pin.version), pin)
    for pin in _npm_pins(root / "package-lock.json"):
        found.setdefault((pin.ecosystem, pin.name, pin.version), pin)
    return [found[key] for key in sorted(found)]


def _python_pins(lock: Path, *, is_served: bool) -> list[Pin]:
    read: list[tuple[str, str, list[tuple[str, str]]]] = []
    for number, line in enumerate(lock.read_text().splitlines(), 1):
        if pin := _PIN.fullmatch(line):
            read.append((pin["name"], pin["version"], []))
        elif (digest := _HASH.fullmatch(line)) and read:
            read[-1][2].append(("SHA-256", digest[1]))
        elif not _REMARK.fullmatch(line):
            raise PinError(f"{lock.name}, line {number}: is no pin and no hash: {line[:80]}")
    if loose := [name for name, _version, hashes in read if not hashes]:
        raise PinError(f"{lock.name}: without a hash: {', '.join(loose)}")
    if not read:
        raise PinError(f"{lock.name}: pins nothing")
    return [Pin("PyPI", name, version, tuple(hashes), is_served) for name, version, hashes in read]


def _npm_pins(lock: Path) -> list[Pin]:
    pins = []
    for path, package in json.loads(lock.read_text())["packages"].items():
        if not path:
            continue  # the project itself
        name = package.get("name") or path.rpartition("node_modules/")[2]
        algorithm, _, digest = str(package.get("integrity", "")).partition("-")
        if algorithm != "sha512" or "version" not in package:
            raise PinError(f"{lock.name}: {name} has no version, or no hash of sha512")
        hexadecimal = base64.b64decode(digest).hex()
        pins.append(Pin("npm", name, package["version"], (("SHA-512", hexadecimal),), not package.get("dev")))
    if not pins:
        raise PinError(f"{lock.name}: pins nothing")
    return pins
