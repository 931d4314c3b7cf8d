"""Addresses compiled once a process: tests make many applications, and compiling was most of making one."""

from collections.abc import Callable
from typing import Any

from werkzeug.routing import Rule

Builder = Callable[..., tuple[str, str]]
_compiled: dict[tuple[object, ...], Builder] = {}
_compile: Callable[[Rule, bool], Builder] = Rule._compile_builder


def compile_once() -> None:
    """Give every rule that is made from now on what was compiled for one that says the same."""
    Rule._compile_builder = _once  # type: ignore[method-assign]


def _once(rule: Any, append_unknown: bool = True) -> Builder:
    if rule.defaults:  # whose values stand in what is compiled
        return _compile(rule, append_unknown)
    said = rule.rule, tuple(rule._trace), append_unknown
    if said not in _compiled:
        _compiled[said] = _compile(rule, append_unknown)
    return _compiled[said]
