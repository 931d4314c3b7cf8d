"""Copies the front-end packages' files from node_modules to static/vendor, under names made from the content.

Owns static/vendor and its manifest.json, which gives each asset's short name its path under static/vendor.
The crown, the royal arms and the GDS Transport typeface may be used on gov.uk addresses only: whatever draws
or loads them is taken out here, and the build fails if any of it is left. Nothing here fetches anything.
"""

import hashlib
import json
import re
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FONTS = "arial,helvetica,sans-serif"
RESERVED = re.compile(r"GDS Transport|crown|crest|royal", re.IGNORECASE)


class BuildError(Exception):
    """The packages are not what this build was written for; the message says what is wrong."""


@dataclass(frozen=True)
class Package:
    """One npm package: the folder its files come from, and short name -> path within that folder.

    `beside` are files that the style sheet refers to by relative address; they keep their paths.
    """

    name: str
    folder: str
    files: dict[str, str]
    beside: tuple[str, ...] = ()


PACKAGES = (
    Package(
        "govuk-frontend",
        "dist/govuk",
        {"govuk-frontend.css": "govuk-frontend.min.css", "govuk-frontend.js": "govuk-frontend.min.js"},
    ),
    Package(
        "@ministryofjustice/frontend",
        "moj",
        {"moj-frontend.css": "moj-frontend.min.css", "moj-frontend.js": "moj-frontend.min.js"},
        beside=("assets/images/icon-*.svg",),
    ),
    Package(
        "accessible-autocomplete",
        "dist",
        {
            "accessible-autocomplete.css": "accessible-autocomplete.min.css",
            "accessible-autocomplete.js": "accessible-autocomplete.min.js",
        },
    ),
    Package(
        "leaflet",
        "dist",
        {"leaflet.css": "leaflet.css", "leaflet.js": "leaflet.js"},
        beside=("images/*.png",),
    ),
)


def _statements(css: str) -> Iterator[tuple[str, str | None]]:
    """The statements of a style sheet in order, as (prelude, body); body is None for one without braces."""
    start = at = 0
    while at < len(css):
        if css.startswith("/*", at):
            at = css.index("*/", at) + 2
        elif css[at] in "\"'":
            at = css.index(css[at], at + 1) + 1
        elif css[at] == ";":
            yield css[start:at], None
            at += 1
            start = at
        elif css[at] == "{":
            end = _closing(css, at)
            yield css[start:at], css[at + 1 : end]
            at = end + 1
            start = at
        else:
            at += 1
    if css[start:].strip():
        raise BuildError("a style sheet ends in the middle of a statement")


def _closing(css: str, opening: int) -> int:
    """Where the brace at `opening` is closed, strings and comments aside."""
    depth, at = 0, opening
    while at < len(css):
        if css.startswith("/*", at):
            at = css.index("*/", at) + 1
        elif css[at] in "\"'":
            at = css.index(css[at], at + 1)
        elif css[at] == "{":
            depth += 1
        elif css[at] == "}":
            depth -= 1
            if depth == 0:
                return at
        at += 1
    raise BuildError("a style sheet has a brace that is never closed")


def without_reserved(css: str) -> str:
    """The style sheet in our own typeface, less every rule that loads or draws what only gov.uk may use."""
    css = re.sub(r"/\*.*?\*/", "", css, flags=re.DOTALL)
    css = re.sub(r"[\"']?GDS Transport[\"']?,\s*arial,\s*sans-serif", FONTS, css, flags=re.IGNORECASE)
    return _filtered(css)


def _filtered(css: str) -> str:
    kept = []
    for prelude, body in _statements(css):
        if body is None:
            kept.append(f"{prelude};")
        elif prelude.lstrip().startswith("@") and "{" in body:
            if inner := _filtered(body):
                kept.append(f"{prelude}{{{inner}}}")
        elif not (prelude.lstrip().startswith("@font-face") or RESERVED.search(prelude + body)):
            kept.append(f"{prelude}{{{body}}}")
    return "".join(kept)


def _prepared(name: str, content: bytes) -> bytes:
    """A file as it is served: without its source map's address; a style sheet without what is reserved."""
    if not name.endswith((".css", ".js")):
        return content
    text = re.sub(r"(?m)(?://|/\*)[#@] sourceMappingURL=\S+(?: ?\*/)?", "", content.decode("utf-8"))
    if name.endswith(".css"):
        text = without_reserved(text).replace("url(/assets/", "url(assets/")
        _check_style_sheet(name, text)
    return text.encode("utf-8")


def _check_style_sheet(name: str, css: str) -> None:
    if found := RESERVED.search(css):
        raise BuildError(f"{name} still mentions {found.group()!r}, which only gov.uk may use")
    if found := re.search(r"@import|url\([\"']?(?:https?:)?/", css):
        raise BuildError(f"{name} would ask for a file outside static/vendor: {found.group()!r}")


def _missing_references(files: dict[str, bytes]) -> list[str]:
    """Addresses in a package's style sheets that lead to none of its files (`#` ones, for old IE, aside)."""
    wanted = [
        address
        for name, content in files.items()
        if name.endswith(".css")
        for address in re.findall(r"url\([\"']?([^)\"']+)", content.decode("utf-8"))
    ]
    return [one for one in wanted if not one.startswith(("#", "data:")) and one not in files]


def _files_of(package: Package, modules: Path) -> dict[str, bytes]:
    """Path under the package's folder -> content as served."""
    source = modules / package.name / package.folder
    paths = [source / path for path in package.files.values()]
    for pattern in package.beside:
        paths.extend(sorted(source.glob(pattern)))
    files = {str(path.relative_to(source)): _prepared(path.name, path.read_bytes()) for path in paths}
    if missing := _missing_references(files):
        raise BuildError(f"{package.name} refers to files it does not bring: {', '.join(missing)}")
    return files


def _folder_name(package: Package, version: str, files: dict[str, bytes]) -> str:
    digest = hashlib.sha256()
    for path, content in sorted(files.items()):
        digest.update(f"{path}\0{len(content)}\0".encode())
        digest.update(content)
    return f"{package.name.removeprefix('@').replace('/', '-')}-{version}-{digest.hexdigest()[:8]}"


def _stamp(root: Path) -> str:
    """Changes when the packages or this build do."""
    digest = hashlib.sha256((root / "package-lock.json").read_bytes())
    digest.update(Path(__file__).read_bytes())
    return digest.hexdigest()


def is_current(root: Path = ROOT) -> bool:
    """Whether static/vendor already holds what `build` would put there."""
    vendor = root / "static" / "vendor"
    try:
        return (vendor / ".stamp").read_text() == _stamp(root) and (vendor / "manifest.json").is_file()
    except OSError:
        return False


def build(root: Path = ROOT) -> dict[str, str]:
    """Makes static/vendor anew and returns its manifest: short name -> path under static/vendor.

    Raises BuildError when node_modules lacks something or brings something reserved.
    """
    vendor, fresh = root / "static" / "vendor", root / "static" / ".vendor-new"
    shutil.rmtree(fresh, ignore_errors=True)
    manifest: dict[str, str] = {}
    for package in PACKAGES:
        try:
            described = json.loads((root / "node_modules" / package.name / "package.json").read_text())
            files = _files_of(package, root / "node_modules")
        except FileNotFoundError as missing:
            raise BuildError(f"{package.name} is not as expected: no {missing.filename}") from missing
        folder = _folder_name(package, described["version"], files)
        for path, content in files.items():
            target = fresh / folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
        manifest |= {short: f"{folder}/{path}" for short, path in package.files.items()}
    (fresh / "manifest.json").write_text(json.dumps(manifest, indent=2, sort_keys=True) + "\n")
    (fresh / ".stamp").write_text(_stamp(root))
    shutil.rmtree(vendor, ignore_errors=True)
    fresh.rename(vendor)
    return manifest


if __name__ == "__main__":
    try:
        sys.stdout.write(json.dumps(build(), indent=2, sort_keys=True) + "\n")
    except BuildError as wrong:
        sys.exit(f"assets: {wrong}")
