"""A QR code as SVG that stands in a page: paths alone, no style, so that the content security policy lets it be."""

import segno
from markupsafe import Markup


def qr_code(text: str) -> Markup:
    """Return the QR code of a text as an SVG element, which says in words what it is."""
    drawn = segno.make(text, error="m", micro=False).svg_inline(
        border=3,
        omitsize=True,
        svgclass="app-qr",
        lineclass=None,
        light="#ffffff",
        title="QR code for your authenticator app",
    )
    return Markup(drawn)  # noqa: S704 - drawn by a library from numbers; the title is ours
