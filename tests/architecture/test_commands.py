"""Every command authorises and records: it reaches a question of the actor's rights and an event of the audit.

A command is a public function of a service whose first argument is the actor. The paths are read from the source: from
function to function, through what each module imports.
"""

import ast
from functools import cache
from pathlib import Path

import pytest

from tests.architecture.sources import calls, functions, module, modules, name_of

Function = tuple[str, str]  # module, name
RECORDS = {("safeguarding.audit.service", name) for name in ("record", "record_read", "record_refusal")}
# The door lets anybody out, and an import that may begin may also clear away what one before it left.
ASK_NOBODY = {("safeguarding.accounts.signing_in", "end_session"), ("safeguarding.contexts.importing", "withdraw")}
# Checks and locks that commands share: they change nothing.
CHECKS = ("need_", "hold_", "lock_")
# Commands with a module of their own beside the service.
ALSO_SERVICES = {
    "safeguarding.accounts.approvals",
    "safeguarding.oversight.exports",
    "safeguarding.accounts.factors",
    "safeguarding.accounts.invitations",
    "safeguarding.accounts.members",
    "safeguarding.accounts.passkeys",
    "safeguarding.accounts.signing_in",
    "safeguarding.accounts.tightening",
    "safeguarding.accounts.unused",
    "safeguarding.cases.conflicts",
    "safeguarding.cases.decided",
    "safeguarding.cases.restricted",
    "safeguarding.contexts.importing",
    "safeguarding.people.groups",
    "safeguarding.people.possible",
}
# What changes without an actor: signing in, the clock of a session, and parts of commands in a module of their own.
WITHOUT_ACTOR = {
    "safeguarding.accounts.invitations.make_link",
    "safeguarding.accounts.invitations.use_phrase_link",
    "safeguarding.accounts.organisation.recognise",
    "safeguarding.accounts.signing_in.begin_session",
    "safeguarding.accounts.signing_in.renew_hash",
    "safeguarding.accounts.signing_in.touch_session",
    "safeguarding.accounts.throttle.remember_origin",
    "safeguarding.accounts.throttle.succeed",
    "safeguarding.audit.service.append",
    "safeguarding.contexts.risk.store",
    "safeguarding.notices.service.queue",
    "safeguarding.oversight.noticing.notice_questions",
    "safeguarding.notices.service.withdraw_all",
    "safeguarding.panels.service.meetings.record_heard",
}
PARTS = ("safeguarding.relations.service", "safeguarding.relations.closing", "safeguarding.panels.service.papers")
BELOW = ("safeguarding.web.", "safeguarding.cli.")  # the edge keeps its own rows, the command line seeds and stamps
_WRITES = {"db.session.add", "db.session.add_all", "db.session.delete", "insert", "update", "delete"}


def is_service(path: Path) -> bool:
    """Return whether a file holds commands."""
    return path.stem == "service" or path.parent.name == "service" or name_of(path) in ALSO_SERVICES


def imported(tree: ast.Module) -> dict[str, str]:
    """Return what each name of a module stands for elsewhere in the product."""
    known = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("safeguarding"):
            for each in node.names:
                known[each.asname or each.name] = f"{node.module}.{each.name}"
    return known


@cache
def graph() -> dict[Function, set[str]]:
    """Return, for every function of the product, the full names of what it calls."""
    found: dict[Function, set[str]] = {}
    for path in modules():
        tree, here = module(path), name_of(path)
        # To make an object is to reach everything that its class does.
        parts = [each for each in tree.body if isinstance(each, ast.FunctionDef | ast.ClassDef)]
        known, own = imported(tree), {each.name for each in parts}
        for function in parts:
            found[(here, function.name)] = {_full(call, here, known, own) for call in calls(function)}
    return found


def _full(call: str, here: str, known: dict[str, str], own: set[str]) -> str:
    first, dot, rest = call.partition(".")
    if not dot and first in own:
        return f"{here}.{first}"
    return f"{known[first]}{dot}{rest}" if first in known else call


def reached(start: Function) -> set[str]:
    """Return everything that a function calls, by whatever way."""
    seen: set[str] = set()
    waiting = [f"{start[0]}.{start[1]}"]
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            before, _, last = name.rpartition(".")
            waiting += graph().get((before, last), set())
    return seen


def asks(command: Function) -> bool:
    """Return whether a command asks the actor, or somebody else's actor, what they may do."""
    return any(
        call.endswith((".may", ".holds")) and not call.startswith("safeguarding.core.") for call in reached(command)
    )


@cache
def commands() -> tuple[Function, ...]:
    """Return the commands of the product."""
    return tuple(
        (name_of(path), function.name)
        for path in modules()
        if is_service(path) and name_of(path) != "safeguarding.audit.service"
        for function in functions(module(path))
        if not function.name.startswith(("_", *CHECKS)) and function.args.args and function.args.args[0].arg == "actor"
    )


def test_there_are_commands_to_look_at() -> None:
    assert len(commands()) > 50
    assert ("safeguarding.panels.service.decisions", "record_decision") in commands()


@pytest.mark.parametrize("command", commands(), ids=lambda each: ".".join(each))
def test_a_command_records_what_it_did(command: Function) -> None:
    assert not reached(command).isdisjoint(f"{where}.{name}" for where, name in RECORDS)


@pytest.mark.parametrize(
    "command", [each for each in commands() if each not in ASK_NOBODY], ids=lambda each: ".".join(each)
)
def test_a_command_asks_whether_the_actor_may(command: Function) -> None:
    assert asks(command)


def test_nothing_is_changed_outside_a_command() -> None:
    wrong = [
        f"{name_of(path)}.{function.name}"
        for path in modules()
        if not name_of(path).startswith(BELOW) and name_of(path) not in PARTS
        for function in functions(module(path))
        if not function.name.startswith("_") and (name_of(path), function.name) not in commands()
        if calls(function) & _WRITES
    ]
    assert set(wrong) <= WITHOUT_ACTOR


def test_views_and_reads_change_nothing() -> None:
    rooms = ("views", "queries", "forms", "policy", "workflow")
    wrong = [
        f"{name_of(path)}.{function.name}"
        for path in modules()
        if (path.stem in rooms or path.parent.name in rooms or path.stem.endswith("_views"))
        for function in functions(module(path))
        if calls(function) & (_WRITES | {"db.session.commit", "db.session.flush"})
    ]
    assert wrong == []


def test_nobody_commits_but_the_edge_and_the_command_line() -> None:
    allowed = ("safeguarding.web.transaction", "safeguarding.cli.", "safeguarding.contexts.import")
    wrong = [
        f"{name_of(path)}.{function.name}"
        for path in modules()
        for function in functions(module(path))
        if "db.session.commit" in calls(function) and not name_of(path).startswith(allowed)
    ]
    assert wrong == []


def test_a_command_that_forgets_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    planted = ("safeguarding.cases.service", "forget_everything")
    monkeypatch.setitem(graph(), planted, {"db.session.add", "safeguarding.core.workflow.require"})
    assert reached(planted).isdisjoint(f"{where}.{name}" for where, name in RECORDS)
    assert not asks(planted)
