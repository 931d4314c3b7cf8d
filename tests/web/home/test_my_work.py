"""The first page: blocks in their columns, and something to do when there is nothing to do."""

import pytest
from flask import Flask

from safeguarding.access.roles import Role
from safeguarding.home.views import in_columns
from safeguarding.web.sections import Shown
from tests.conftest import SignIn


@pytest.mark.parametrize(
    ("role", "link"),
    [(Role.AUDITOR, "/audit"), (Role.ADMIN, "/admin/agencies"), (Role.INFORMATION_GOVERNANCE, "/audit")],
)
def test_with_nothing_waiting_there_is_a_sentence_and_one_link(sign_in: SignIn, role: Role, link: str) -> None:
    page = sign_in(role).get("/")
    assert page.html is not None
    empty = page.html.select_one("main .app-empty")
    assert empty is not None
    assert empty.get_text().startswith("Nothing is waiting for you.")
    assert [each["href"] for each in empty.find_all("a")] == [link]


def test_blocks_keep_their_order_within_their_column() -> None:
    blocks = [
        Shown(str(n), "t", {"column": c} if c else {}) for n, c in enumerate(["aside", None, "above", "main", "roof"])
    ]
    found = {column: [block.name for block in names] for column, names in in_columns(blocks).items()}
    assert found == {"above": ["2"], "main": ["1", "3", "4"], "aside": ["0"]}


def test_the_page_is_my_work_at_both_addresses(app: Flask, sign_in: SignIn) -> None:
    client = sign_in(Role.AUDITOR)
    for path in ("/", "/my-work"):
        page = client.get(path)
        assert page.html is not None
        current = page.html.select('nav [aria-current="page"]')
        assert [each.get_text(strip=True) for each in current] == ["My work"]
