"""Which way imports run. The layers themselves stand in pyproject.toml and are checked by import-linter."""

import ast
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.sources import PACKAGE, ROOT, module, modules, name_of

LINTER = [str(Path(sys.executable).parent / "lint-imports"), "--no-cache"]


def test_every_layer_imports_only_what_stands_below_it() -> None:
    done = subprocess.run(LINTER, cwd=ROOT, capture_output=True, text=True, check=False, timeout=100)
    assert done.returncode == 0, done.stdout
    assert "0 broken" in done.stdout


def test_an_import_against_the_layers_is_noticed(tmp_path: Path) -> None:
    shutil.copytree(PACKAGE, tmp_path / "safeguarding", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    with (tmp_path / "safeguarding" / "core" / "clock.py").open("a") as planted:
        planted.write("import safeguarding.web.pages\n")
    done = subprocess.run(
        LINTER,
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )
    assert done.returncode != 0
    assert "safeguarding.core is not allowed to import safeguarding.web" in done.stdout


def _local_imports(tree: ast.Module) -> list[int]:
    return [
        inner.lineno
        for outer in ast.walk(tree)
        if isinstance(outer, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        for inner in ast.walk(outer)
        if isinstance(inner, ast.Import | ast.ImportFrom)
    ]


def test_nothing_is_imported_inside_a_function() -> None:
    assert {name_of(path): _local_imports(module(path)) for path in modules() if _local_imports(module(path))} == {}
    assert _local_imports(ast.parse("def late():\n    import json\n")) == [2]


def test_a_package_s_own_module_is_never_imported_through_the_package() -> None:
    # `from safeguarding.panels import views` runs the package's first file again and makes circles. A folder of modules
    # that holds no code of its own (`queries`, `service`) is named by its modules.
    wrong = []
    for path in modules():
        for node in ast.walk(module(path)):
            if isinstance(node, ast.ImportFrom) and node.module == "safeguarding" and PACKAGE in path.parent.parents:
                wrong.append(f"{name_of(path)}:{node.lineno}")
    assert wrong == []


@pytest.mark.parametrize("name", ["Flask", "request", "g", "flash"])
def test_commands_and_models_know_no_request(name: str) -> None:
    wrong = [
        f"{name_of(path)}:{node.lineno}"
        for path in modules()
        if path.stem in ("models", "workflow", "policy") or "models" in path.parts
        for node in ast.walk(module(path))
        if isinstance(node, ast.ImportFrom) and node.module == "flask" and name in [each.name for each in node.names]
    ]
    assert wrong == []
