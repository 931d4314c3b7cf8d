"""One clock: instants and days come from `core.clock`, in the product and in what tells the database what is now."""

import ast

import pytest

from tests.architecture.sources import PACKAGE, calls, module, modules, name_of

CLOCK = PACKAGE / "core" / "clock.py"
BANNED = (
    "datetime.now",
    "datetime.utcnow",
    "datetime.today",
    "date.today",
    "datetime.datetime.now",
    "datetime.date.today",
    "time.time",
    "func.now",
    "func.current_timestamp",
    "func.current_date",
)


def banned(tree: ast.AST) -> set[str]:
    """Return which other clocks a module asks."""
    return calls(tree).intersection(BANNED)


def test_no_module_asks_another_clock() -> None:
    assert {name_of(path): banned(module(path)) for path in modules() if path != CLOCK and banned(module(path))} == {}


@pytest.mark.parametrize("text", ["datetime.now(UTC)", "x = [date.today()]", "select(func.now())"])
def test_another_clock_is_noticed(text: str) -> None:
    assert banned(ast.parse(text))


def test_no_column_is_filled_by_the_database_s_clock() -> None:
    wrong = [
        f"{name_of(path)}:{node.lineno}"
        for path in modules()
        for node in ast.walk(module(path))
        if isinstance(node, ast.keyword) and node.arg in ("server_default", "server_onupdate")
    ]
    assert wrong == []
