"""The product's source as syntax trees, for the tests that read it."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "safeguarding"


@cache
def module(path: Path) -> ast.Module:
    """Return a file's syntax tree."""
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


@cache
def modules() -> tuple[Path, ...]:
    """Return every source file of the product."""
    return tuple(sorted([*PACKAGE.rglob("*.py"), ROOT / "config.py", ROOT / "wsgi.py"]))


@cache
def name_of(path: Path) -> str:
    """Return a file's module name: `safeguarding.panels.service.agenda`."""
    plain = path.relative_to(ROOT).with_suffix("").as_posix().replace("/", ".")
    return plain.removesuffix(".__init__")


def functions(tree: ast.AST) -> Iterator[ast.FunctionDef]:
    """Return the functions at the top of a module."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.FunctionDef):
            yield node


def dotted(node: ast.AST) -> str:
    """Return an expression like `db.session.add` as text, or nothing when it is no chain of names."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        before = dotted(node.value)
        return f"{before}.{node.attr}" if before else ""
    return ""


@cache
def calls(node: ast.AST) -> frozenset[str]:
    """Return the dotted names of everything that is called inside."""
    return frozenset({dotted(each.func) for each in ast.walk(node) if isinstance(each, ast.Call)} - {""})
