"""What is easily written and rarely right: SQL put together from text, pages that escape nothing, views without a mark.

Each rule reads the source, is shown a planted hole, and lists the few places that were looked at.
"""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.architecture.sources import ROOT, dotted, module, modules, name_of

SQL = {"text", "exec_driver_sql", "literal_column", "executescript", "SQL", "DDL", "raw_sql", "TextClause"}
# Names of the catalog and of roles, constants put together when a module is read, and what SQLAlchemy compiled itself.
SQL_LOOKED_AT = {
    "safeguarding.cli.backups.manifest",
    "safeguarding.cli.backups.restoring",
    "safeguarding.core.database_roles",
    "safeguarding.core.prepared",
}
MARKUP = {"Markup", "render_template_string", "from_string", "safe_join"}
MARKUP_LOOKED_AT = {"safeguarding.accounts.qr"}  # drawn by a library from numbers
EXECUTES = {"eval", "exec", "compile", "__import__", "pickle.loads", "pickle.load", "marshal.loads", "os.system"}
SAFE = re.compile(r"\|\s*safe\b|autoescape\s+(false|False)|\|\s*tojson\b|Markup\(")
SAFE_LOOKED_AT = {"components/icons.html"}  # the drawings are the file's own


def constant_names(tree: ast.AST) -> set[str]:
    """Return the names of a module that stand for texts written in it: `_TABLES = "SELECT …"`."""
    found = set()
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Assign) and is_constant(node.value, found):
            found |= {target.id for target in node.targets if isinstance(target, ast.Name)}
    return found


def is_constant(node: ast.AST, known: set[str]) -> bool:
    """Return whether an expression is a text that stands in the source."""
    if isinstance(node, ast.Constant):
        return isinstance(node.value, str)
    if isinstance(node, ast.Name):
        return node.id in known
    if isinstance(node, ast.BinOp):
        return isinstance(node.op, ast.Add) and is_constant(node.left, known) and is_constant(node.right, known)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):  # _SET.replace("%s", "{}")
        return is_constant(node.func.value, known) and all(is_constant(each, known) for each in node.args)
    return isinstance(node, ast.IfExp) and is_constant(node.body, known) and is_constant(node.orelse, known)


def takes_text(call: ast.Call) -> bool:
    """Return whether a call is one that takes SQL as text, and not a form's field or a page's text."""
    name = dotted(call.func)
    return name.rpartition(".")[2] in SQL and not name.startswith("forms.") and not call.keywords


@cache
def nodes(tree: ast.Module) -> list[ast.AST]:
    """Return what stands in a module, calls and functions and imports alone."""
    return [each for each in ast.walk(tree) if isinstance(each, ast.Call | ast.FunctionDef | ast.ImportFrom)]


def built_sql(tree: ast.Module) -> Iterator[int]:
    """Yield the lines at which SQL is taken from anything but a text of the source."""
    known = constant_names(tree)
    imported = {
        each.asname or each.name
        for node in nodes(tree)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(("sqlalchemy", "psycopg"))
        for each in node.names
    }
    for node in nodes(tree):
        if not isinstance(node, ast.Call) or not node.args or not takes_text(node):
            continue
        if isinstance(node.func, ast.Name) and node.func.id not in imported:
            continue
        if not is_constant(node.args[0], known):
            yield node.lineno


def called(tree: ast.Module, names: set[str]) -> Iterator[int]:
    """Yield the lines at which something of a list is called with anything but a text of the source."""
    for node in nodes(tree):
        if isinstance(node, ast.Call) and (name := dotted(node.func)):
            listed = name in names or ("." in name and name.rpartition(".")[2] in names - {"compile"})
            if listed and not all(is_constant(each, set()) for each in node.args):
                yield node.lineno


def unmarked_views(tree: ast.Module) -> Iterator[int]:
    """Yield the lines of functions that a route leads to and that carry neither a permission nor the public mark."""
    for node in nodes(tree):
        if not isinstance(node, ast.FunctionDef):
            continue
        marks = [dotted(each.func if isinstance(each, ast.Call) else each) for each in node.decorator_list]
        routed = [mark for mark in marks if mark.rpartition(".")[2] in ("route", "get", "post") and "." in mark]
        if routed and not {"permission", "public"} & {mark.rpartition(".")[2] for mark in marks}:
            yield node.lineno


def found(rule: Iterator[int], path: Path) -> list[str]:
    return [f"{name_of(path)}:{line}" for line in rule]


def everywhere() -> list[Path]:
    return [path for path in modules() if path.is_relative_to(ROOT / "safeguarding")]


def test_sql_is_written_and_never_put_together() -> None:
    wrong = [each for path in everywhere() for each in found(built_sql(module(path)), path)]
    assert {each.partition(":")[0] for each in wrong} <= SQL_LOOKED_AT, wrong
    assert {each.partition(":")[0] for each in wrong} == SQL_LOOKED_AT, "a place that was looked at is there no more"


@pytest.mark.parametrize(
    "planted",
    [
        "db.session.execute(text(f'SELECT * FROM person WHERE ref = {ref}'))",
        "db.session.execute(text('SELECT * FROM person WHERE ref = %s' % ref))",
        "db.session.execute(text('SELECT * FROM person WHERE ref = ' + ref))",
        "db.session.execute(text('SELECT * FROM person WHERE ref = {}'.format(ref)))",
        "db.session.execute(text(ref))",
        "select(Person).order_by(text(order))",
        "select(Person).order_by(literal_column(order))",
        "connection.exec_driver_sql(f'SELECT {ref}')",
        "cursor.executescript(wanted)",
        "sql.SQL(wanted)",
    ],
)
def test_sql_put_together_is_noticed(planted: str) -> None:
    tree = ast.parse(f"from sqlalchemy import text, literal_column\ndef view(ref):\n    {planted}\n")
    assert list(built_sql(tree)) == [3]


def test_sql_that_is_written_is_left_in_peace() -> None:
    tree = ast.parse(
        "from sqlalchemy import text\n_A = 'SELECT 1'\n_B = _A + ' LIMIT 1'\n"
        "def f(x):\n    go(text(_B), {'x': x})\n    go(text('SELECT :x'), {'x': x})\n    field = forms.text(label)\n"
    )
    assert list(built_sql(tree)) == []


def test_pages_escape_what_they_show() -> None:
    wrong = [each for path in everywhere() for each in found(called(module(path), MARKUP), path)]
    assert {each.partition(":")[0] for each in wrong} == MARKUP_LOOKED_AT, wrong
    templates = ROOT / "templates"
    unescaped = {
        path.relative_to(templates).as_posix()
        for path in templates.rglob("*")
        if path.is_file() and SAFE.search(path.read_text())
    }
    assert unescaped == SAFE_LOOKED_AT


@pytest.mark.parametrize("planted", ["Markup(note)", "Markup(f'<b>{note}</b>')", "render_template_string(note)"])
def test_a_page_that_escapes_nothing_is_noticed(planted: str) -> None:
    assert list(called(ast.parse(f"x = {planted}"), MARKUP)) == [1]
    assert list(called(ast.parse("x = Markup('<br>')"), MARKUP)) == []
    for template in ("{{ note | safe }}", "{{ note|safe }}", "{% autoescape false %}", "{{ Markup(note) }}"):
        assert SAFE.search(template)
    assert not SAFE.search("{{ note }} safe")


def test_nothing_is_executed_that_is_not_written() -> None:
    wrong = [each for path in everywhere() for each in found(called(module(path), EXECUTES), path)]
    assert wrong == []
    for planted in ("eval(x)", "exec(x)", "pickle.loads(x)", "os.system(x)", "compile(x, '', 'exec')"):
        assert list(called(ast.parse(planted), EXECUTES)) == [1], planted


def test_every_view_is_marked_where_it_is_written() -> None:
    assert [each for path in everywhere() for each in found(unmarked_views(module(path)), path)] == []
    for route in ("@blueprint.get('/x')", "@blueprint.post('/x')", "@blueprint.route('/x', methods=['GET'])"):
        assert list(unmarked_views(ast.parse(f"{route}\ndef x():\n    pass\n"))) == [2]
        for mark in ("@permission(P.X)", "@public", "@guard.public"):
            assert list(unmarked_views(ast.parse(f"{route}\n{mark}\ndef x():\n    pass\n"))) == []
