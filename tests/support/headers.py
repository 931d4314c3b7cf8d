"""What every response carries, whatever its status and whoever asks."""

import re

from werkzeug.datastructures import Headers
from werkzeug.test import TestResponse

EXPECTED = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Robots-Tag": "noindex, nofollow",
}
MUST_HAVE = ("default-src 'none'", "script-src 'self'", "style-src 'self'", "object-src 'none'", "base-uri 'none'",
             "frame-ancestors 'none'", "form-action 'self'")  # fmt: skip
YEAR = 31_536_000  # seconds


def check_every_response(headers: Headers, *, kept: bool = False) -> None:
    """Hold headers to what every response carries; `kept` for the assets that a cache may keep."""
    for name, value in EXPECTED.items():
        assert headers.getlist(name) == [value], name
    [policy] = headers.getlist("Content-Security-Policy")
    assert set(MUST_HAVE) <= {part.strip() for part in policy.split(";")}
    assert "unsafe" not in policy
    assert "*" not in policy
    assert {"camera=()", "microphone=()", "geolocation=()"} <= set(headers["Permissions-Policy"].split(", "))
    assert headers["X-Request-ID"]
    assert not {"Server", "X-Powered-By", "X-AspNet-Version"} & set(headers.keys())
    assert headers["Cache-Control"] == ("public, max-age=31536000, immutable" if kept else "no-store")
    assert kept or headers.getlist("Vary") == ["Cookie"]


def check_headers(answer: TestResponse, *, kept: bool = False) -> None:
    """Hold a response of a live service to the same, and to saying that it is reached by https alone."""
    check_every_response(answer.headers, kept=kept)
    assert all(cookie.startswith("__Host-") for cookie in answer.headers.getlist("Set-Cookie"))
    assert int(re.findall(r"max-age=(\d+)", answer.headers["Strict-Transport-Security"])[0]) >= YEAR
