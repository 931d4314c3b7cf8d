"""What of a PostgreSQL's settings would lose what was acknowledged."""

import pytest

from safeguarding.core.durability import standbys, why_not


@pytest.mark.parametrize(
    ("waits", "names", "is_there", "standby", "said"),
    [
        ("on", "", False, "", None),
        ("local", "", False, "", None),
        ("off", "", False, "", "synchronous_commit is off"),
        ("off", "one", True, "one", "synchronous_commit is off"),
        ("on", "one", True, "one", None),
        ("remote_apply", "FIRST 1 (one, two)", True, "two", None),
        ("on", "*", True, "one", None),
        ("local", "one", True, "one", "no commit waits"),
        ("remote_write", "one", True, "one", "no commit waits"),
        ("on", "", True, "one", "does not name one"),
        ("on", "ANY 2 (two, three)", True, "one", "does not name one"),
        ("on", "one", False, "one", "does not follow"),
    ],
)
def test_what_is_refused(waits: str, names: str, is_there: bool, standby: str, said: str | None) -> None:
    found = why_not(waits, names, is_there, standby)
    assert found is None if said is None else said in (found or "")


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ("", []),
        ("one", ["one"]),
        ("one, two", ["one", "two"]),
        ("2 (one, two)", ["one", "two"]),
        ('FIRST 1 ("Second Site", two)', ["Second Site", "two"]),
        ("any 1 (one,two)", ["one", "two"]),
        ("*", ["*"]),
    ],
)
def test_the_standbys_that_are_named(names: str, expected: list[str]) -> None:
    assert standbys(names) == expected
