"""Addresses in templates are Flask's own, however they are put together."""

import pytest
from flask import Flask, url_for

from safeguarding.web.addresses import address


@pytest.mark.parametrize(
    ("endpoint", "values"),
    [
        ("home.my_work", {}),
        ("cases.case", {"ref": "CA-94EW-861R"}),
        ("cases.index", {"show": "all", "before": "7_1"}),
        ("cases.index", {"show": None}),
        ("cases.index", {"show": ""}),
        ("web.brand_css", {"v": "0d4a52"}),
        ("panels.meeting", {"slug": "mave", "ref": "MT-94EW-861R"}),
        ("panels.meeting", {"ref": "MT-94EW-861R", "slug": "mave"}),
        ("panels.meeting", {"slug": "mave", "ref": "MT-94EW-861R", "_anchor": "agenda"}),
        ("cases.case", {"ref": "z0z1z0z"}),
        ("cases.case", {"ref": "a b/\u00fc?#&"}),
        ("cases.case", {"ref": "CA-94EW-861R", "page": 2}),
        ("actions.answer", {"ref": "AC-94EW-861R", "what": "done"}),
        ("cases.end_allocation", {"ref": "CA-94EW-861R", "allocation_id": 7}),
        ("static", {"filename": "css/app.css"}),
    ],
)
@pytest.mark.parametrize("root", ["", "/panels-and-places"])
def test_an_address_is_what_flask_says_the_first_time_and_from_then_on(
    app: Flask, endpoint: str, values: dict[str, object], root: str
) -> None:
    with app.test_request_context("/", environ_overrides={"SCRIPT_NAME": root}):
        expected = url_for(endpoint, **values)  # type: ignore[arg-type]
        assert [address(endpoint, **values) for _ in range(3)] == [expected] * 3


def test_one_address_leaves_nothing_in_the_next(app: Flask) -> None:
    with app.test_request_context("/"):
        assert address("cases.case", ref="CA-1") == "/cases/CA-1"
        assert address("cases.case", ref="CA-2") == "/cases/CA-2"
    with app.test_request_context("/", environ_overrides={"SCRIPT_NAME": "/below"}):
        assert address("cases.case", ref="CA-2") == "/below/cases/CA-2"


def test_a_template_uses_it(app: Flask) -> None:
    assert app.jinja_env.globals["url_for"] is address
