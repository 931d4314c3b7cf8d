"""The front-end build: nothing reserved for gov.uk, no request that fails, names that follow content."""

import json
import re
from pathlib import Path

import pytest

from tools import assets

FONT_FACE = "@font-face{font-family:GDS Transport;src:url(/assets/fonts/light.woff2) format('woff2')}"
CREST = ".govuk-footer__copyright-logo:before{background-image:url(/assets/images/govuk-crest.svg)}"
BODY = ".govuk-body{font-family:GDS Transport,arial,sans-serif;color:#000}"


def packages(root: Path, *, govuk_css: str = BODY, lock: str = "{}") -> Path:
    """Write a front-end as npm would install it, with the files this build expects and little in them."""
    (root / "package-lock.json").write_text(lock)
    for package in assets.PACKAGES:
        folder = root / "node_modules" / package.name
        for path in package.files.values():
            target = folder / package.folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            content = govuk_css if path == "govuk-frontend.min.css" else ""
            target.write_text(f"{content}\n")
        (folder / "package.json").write_text(json.dumps({"version": "1.2.3"}))
    return root


def built_css(root: Path) -> str:
    manifest = assets.build(root)
    return (root / "static" / "vendor" / manifest["govuk-frontend.css"]).read_text()


def test_the_typeface_the_crown_and_the_crest_are_left_out_and_the_rest_is_kept(tmp_path: Path) -> None:
    nested = f"@supports (mask-position:initial){{{CREST}@media print{{{CREST}.kept{{top:0}}}}}}"
    css = built_css(packages(tmp_path, govuk_css=f"@charset 'UTF-8';{FONT_FACE}{CREST}{BODY}{nested}"))
    assert not re.search("transport|crown|crest|@font-face", css, re.IGNORECASE)
    assert ".govuk-body{font-family:arial,helvetica,sans-serif;color:#000}" in css
    assert css.rstrip().endswith("@supports (mask-position:initial){@media print{.kept{top:0}}}")


def test_a_brace_or_semicolon_in_a_string_does_not_end_a_rule(tmp_path: Path) -> None:
    rule = ".quote:before{content:'};{'}.after{top:0}"
    assert rule in built_css(packages(tmp_path, govuk_css=rule))


@pytest.mark.parametrize(
    "css",
    ["@import url(https://example.org/a.css);", ".a{background:url(https://example.org/a.png)}"],
)
def test_a_style_sheet_that_would_ask_another_host_is_refused(tmp_path: Path, css: str) -> None:
    with pytest.raises(assets.BuildError, match="outside static/vendor"):
        assets.build(packages(tmp_path, govuk_css=css))


def test_a_style_sheet_that_refers_to_a_file_it_does_not_bring_is_refused(tmp_path: Path) -> None:
    with pytest.raises(assets.BuildError, match=r"images/absent\.png"):
        assets.build(packages(tmp_path, govuk_css=".a{background:url(images/absent.png)}"))


def test_a_package_that_is_not_installed_is_named(tmp_path: Path) -> None:
    root = packages(tmp_path)
    (root / "node_modules" / "leaflet" / "dist" / "leaflet.js").unlink()
    with pytest.raises(assets.BuildError, match=r"leaflet is not as expected.*leaflet\.js"):
        assets.build(root)


def test_a_files_address_changes_with_its_content_and_only_then(tmp_path: Path) -> None:
    root = packages(tmp_path)
    first = assets.build(root)
    assert assets.build(root) == first
    packages(root, govuk_css=BODY + ".more{top:0}")
    second = assets.build(root)
    changed = {name for name in first if first[name] != second[name]}
    assert changed == {"govuk-frontend.css", "govuk-frontend.js"}


def test_it_is_current_until_the_lock_file_changes(tmp_path: Path) -> None:
    root = packages(tmp_path)
    assert not assets.is_current(root)
    assets.build(root)
    assert assets.is_current(root)
    (root / "package-lock.json").write_text('{"changed": true}')
    assert not assets.is_current(root)


def test_what_is_served_here_holds_every_file_and_nothing_reserved() -> None:
    vendor = assets.ROOT / "static" / "vendor"
    manifest = json.loads((vendor / "manifest.json").read_text())
    assert all((vendor / path).is_file() for path in manifest.values())
    sheets = {path: path.read_text() for path in vendor.rglob("*.css")}
    assert len(sheets) == 4
    for path, css in sheets.items():
        assert not re.search("GDS Transport|crown|crest", css, re.IGNORECASE)
        addresses = [one for one in re.findall(r"url\([\"']?([^)\"'#]+)", css) if not one.startswith("data:")]
        assert [one for one in addresses if not (path.parent / one).is_file()] == []
