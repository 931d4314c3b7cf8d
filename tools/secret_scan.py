"""Looks for keys and pass phrases in what is, or would be, in the repository: python -m tools.secret_scan

Found are private keys, tokens of the usual makers, addresses with a pass phrase in them, and long texts that look random
where a secret is named. What it says never repeats what it found. A line with `not-a-secret: why` was looked at.
"""

import math
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from tools.assets import ROOT

LOOKED_AT = re.compile(r"not-a-secret: \S+")
# Locks are lists of hashes; data of others is theirs.
PASSED_BY = re.compile(r"^(requirements/[a-z]+\.txt|package-lock\.json|docs/img/.*|tests/data/.*)$")
MADE = {".git", ".venv", "node_modules", "vendor", "var", "__pycache__", ".mypy_cache", ".ruff_cache", ".hypothesis"}
LARGEST = 2_000_000  # bytes; no source is longer, and what is longer is said
SHAPES = {
    "a private key": r"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY(?: BLOCK)?-----",
    "a key of Amazon's": r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b",
    "a token of GitHub's": r"\b(?:gh[pousr]_[A-Za-z0-9]{36}|github_pat_[A-Za-z0-9_]{60,})\b",
    "a token of GitLab's": r"\bglpat-[A-Za-z0-9_-]{20,}",
    "a token of Slack's": r"\bxox[abprs]-[A-Za-z0-9-]{10,}|hooks\.slack\.com/services/T[A-Za-z0-9/]{20,}",
    "a key of Google's": r"\bAIza[0-9A-Za-z_-]{35}\b",
    "a key of Stripe's": r"\b[rs]k_live_[0-9A-Za-z]{20,}",
    "a token of npm's": r"\bnpm_[A-Za-z0-9]{36}\b",
    "a token of PyPI's": r"\bpypi-AgEIcHlwaS[A-Za-z0-9_-]{20,}",
    "a key of Azure's": r"\b(?:AccountKey|SharedAccessKey)=[A-Za-z0-9+/]{40,}={0,2}",
    "a signed token": r"\beyJ[A-Za-z0-9_-]{15,}\.eyJ[A-Za-z0-9_-]{15,}\.[A-Za-z0-9_-]{15,}",
    "an address with a pass phrase": r"\b[a-z][a-z0-9+.-]{2,}://[^\s:/@'\"{}<>$]+:(?P<value>[^\s/@'\"{}<>$]{6,})@",
}
SHAPE = {what: re.compile(shape) for what, shape in SHAPES.items()}
NAMED = re.compile(
    r"(?i)(?:secret|token|passw(?:or)?d|passphrase|api_?key|private_?key|access_?key|credential|sealed_?keys|audit_?key)"
    r"[a-z0-9_]{0,20}[\"']?\s{0,3}(?:[:=]|=>|:=)\s{0,3}[\"']?(?P<value>[A-Za-z0-9+/_=.~-]{20,200})"
)
RANDOM = 3.7  # bits for each character: words and names of code have fewer


def bits(value: str) -> float:
    """Return the entropy of a text, for each of its characters."""
    many = len(value)
    return -sum(each / many * math.log2(each / many) for each in Counter(value).values())


def looks_random(value: str) -> bool:
    """Return whether a text is no name and no sentence: mixed, and hardly a letter twice in the same place."""
    return bits(value) > RANDOM and any(each.isdigit() for each in value) and any(each.isalpha() for each in value)


def secrets_in(text: str) -> Iterator[tuple[int, str]]:
    """Yield (line, what) for what looks like a secret."""
    for number, line in enumerate(text.splitlines(), 1):
        if LOOKED_AT.search(line):
            continue
        for what, shape in SHAPE.items():
            if shape.search(line):
                yield number, what
        for named in NAMED.finditer(line):
            if looks_random(named["value"]):
                yield number, "a random text where a secret is named"


def files(root: Path) -> list[Path]:
    """Return what git keeps, or would with the next `git add`; where git cannot say, whatever is not made by our tools."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=root,
        capture_output=True,
        check=False,
    )
    if listed.returncode == 0:
        return [root / each.decode() for each in sorted(set(listed.stdout.split(b"\0"))) if each]
    return sorted(path for path in root.rglob("*") if MADE.isdisjoint(path.relative_to(root).parts))


def scan(root: Path) -> tuple[int, list[str]]:
    """Return how many files were read, and a line for whatever looks like a secret."""
    read, found = 0, []
    for path in files(root):
        name = path.relative_to(root).as_posix()
        if PASSED_BY.match(name) or path.is_symlink() or not path.is_file():
            continue
        content = path.read_bytes()
        read += 1
        if b"\0" in content[:8_000]:
            continue  # a picture
        if len(content) > LARGEST:
            found.append(f"{name}: is too long to be looked at")
            continue
        found += [f"{name}:{line}: {what}" for line, what in secrets_in(content.decode("utf-8", "replace"))]
    return read, found


def main() -> int:
    """Say what looks like a secret; 1 when something does, or when nothing could be looked at."""
    try:
        read, found = scan(ROOT)
    except OSError as wrong:
        sys.stderr.write(f"The files of the repository cannot be read: {wrong}\n")
        return 1
    sys.stdout.write("".join(f"{line}\n" for line in found))
    if not read:
        sys.stderr.write("No file was looked at.\n")
    return 1 if found or not read else 0


if __name__ == "__main__":
    sys.exit(main())
