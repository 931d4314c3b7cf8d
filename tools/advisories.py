"""Asks a service that speaks OSV's language whether a pinned package has a known weakness: python -m tools.advisories

It fails closed. 0: every package was looked up, and none has one. 1: some have, and are named. 2: not every package could
be looked up, whatever the reason; nothing is then known. Names and versions of public packages are all that is sent.
"""

import argparse
import json
import sys
import urllib.error
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tools.assets import ROOT
from tools.pins import Pin, PinError, read_pins

SERVICE = "https://api.osv.dev"
AT_ONCE = 200  # packages in one request
PATIENCE = 30  # seconds


class UnknownError(Exception):
    """What the service said, or did not say, leaves it open whether a package has a known weakness."""


def look_up(pins: Sequence[Pin], service: str) -> dict[Pin, list[str]]:
    """Return the advisories about each package, those without any among them. Raises UnknownError."""
    found: dict[Pin, list[str]] = {}
    for start in range(0, len(pins), AT_ONCE):
        some = pins[start : start + AT_ONCE]
        results = _ask(service, some)
        if not isinstance(results, list) or len(results) != len(some):
            raise UnknownError(f"{len(some)} packages were asked about, and the answer is about another number")
        for pin, result in zip(some, results, strict=True):
            found[pin] = _advisories(pin, result)
    return found


def _advisories(pin: Pin, result: Any) -> list[str]:
    if not isinstance(result, dict) or set(result) - {"vulns", "next_page_token"}:
        raise UnknownError(f"what is said of {pin.name} {pin.version} cannot be read")
    names = [each.get("id") if isinstance(each, dict) else None for each in result.get("vulns", [])]
    if result.get("next_page_token") and not names:
        raise UnknownError(f"what is said of {pin.name} {pin.version} goes on elsewhere")
    if not all(isinstance(name, str) and name for name in names):
        raise UnknownError(f"an advisory about {pin.name} {pin.version} has no name")
    return [str(name) for name in names]


def _ask(service: str, pins: Sequence[Pin]) -> Any:
    queries = [{"package": {"ecosystem": pin.ecosystem, "name": pin.name}, "version": pin.version} for pin in pins]
    request = urllib.request.Request(  # noqa: S310 - main looks at the address
        f"{service.rstrip('/')}/v1/querybatch",
        json.dumps({"queries": queries}).encode(),
        {"Content-Type": "application/json"},
    )
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:  # noqa: S310 - the same
            said = json.load(answer)
    except (OSError, ValueError) as wrong:
        raise UnknownError(f"{service} does not answer: {wrong}") from wrong
    return said.get("results") if isinstance(said, dict) else None


def main(arguments: Sequence[str] | None = None) -> int:
    """Say what is known of the pinned packages; see above for what is returned."""
    parser = argparse.ArgumentParser(prog="python -m tools.advisories", description=__doc__, allow_abbrev=False)
    parser.add_argument("--service", default=SERVICE, help=f"where to ask ({SERVICE}, or a mirror of your own)")
    parser.add_argument("--root", type=Path, default=ROOT, help="the folder with the lock files")
    parser.add_argument(
        "--accept", action="append", default=[], metavar="ID", help="an advisory that was read and does not apply"
    )
    options = parser.parse_args(arguments)
    try:
        if not options.service.startswith(("https://", "http://localhost:", "http://127.0.0.1:")):
            raise UnknownError(f"{options.service} is not asked by https")
        found = look_up(read_pins(options.root), options.service)
    except (PinError, UnknownError, OSError, ValueError, KeyError) as wrong:
        sys.stderr.write(f"Nothing is known about the packages that are built in: {wrong}\n")
        return 2
    bad = {pin: [each for each in names if each not in options.accept] for pin, names in found.items()}
    for pin, names in bad.items():
        if names:
            sys.stdout.write(f"{pin.name} {pin.version}: {', '.join(names)}\n")
    sys.stdout.write(f"{len(found)} packages looked up, {sum(map(bool, bad.values()))} with a known weakness\n")
    return 1 if any(bad.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
