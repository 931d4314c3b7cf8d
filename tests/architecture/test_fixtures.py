"""What every test may ask for is called as nothing else is: a file's own fixture of that name would be taken instead."""

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.architecture.sources import ROOT, functions, module

TESTS = ROOT / "tests"


def fixtures_of(path: Path) -> Iterator[tuple[str, bool]]:
    """Yield the name of each fixture of a file, and whether it lives as long as the run."""
    for function in functions(module(path)):
        for each in function.decorator_list:
            if ast.unparse(each).startswith("pytest.fixture"):
                yield function.name, "scope='session'" in ast.unparse(each)


def taken_over(general: Path, others: list[Path]) -> dict[str, str]:
    """Return the fixtures of a run that another file has of the same name, which those of the run would find instead."""
    of_the_run = {name for name, is_long in fixtures_of(general) if is_long}
    return {path.name: name for path in others for name, _is_long in fixtures_of(path) if name in of_the_run}


def test_no_fixture_of_the_run_is_taken_over() -> None:
    general = TESTS / "conftest.py"
    assert "run_folder" in {name for name, is_long in fixtures_of(general) if is_long}
    assert taken_over(general, [path for path in sorted(TESTS.rglob("*.py")) if path != general]) == {}


def test_one_that_is_taken_over_is_noticed(tmp_path: Path) -> None:
    other = tmp_path / "test_other.py"
    other.write_text("@pytest.fixture\ndef run_folder(): ...\n")
    assert taken_over(TESTS / "conftest.py", [other]) == {"test_other.py": "run_folder"}
