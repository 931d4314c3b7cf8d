"""No pattern that is applied to what people type takes more than a time in proportion to its length.

The patterns are read from the source; each is tried, in a process of its own that may use so much of the processor and no
more, on long texts that are made from the pattern itself to lead it astray.
"""

import ast
import os
import re
import signal
from collections.abc import Iterator
from re import _constants, _parser  # type: ignore[attr-defined]
from typing import Any, NoReturn

import pytest

from tests.architecture.sources import ROOT, dotted, module, modules, name_of

LONG, MOST_SECONDS = 10_000, 1  # of the processor; what grows with the square of the length takes many times that
LONGER, MORE_SECONDS = 100_000, 20
USES = ("compile", "match", "search", "fullmatch", "sub", "subn", "split", "findall", "finditer")
# Patterns on what is known to be short, with the length that it has at most.
SHORT = {r"(.+?)\1+": 200}  # pass phrases, refused above 128 characters; each is folded and may grow a little


def flags_of(call: ast.Call) -> int:
    """Return the flags that a call gives by name."""
    found = 0
    for node in ast.walk(call):
        if isinstance(node, ast.Attribute) and dotted(node).startswith("re.") and node.attr.isupper():
            found |= int(getattr(re, node.attr))
    return found


def collected(tree: ast.AST) -> Iterator[tuple[str, int, int]]:
    """Yield (pattern, flags, line) for each pattern of a module; raises when one is not a text of the source."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and dotted(node.func).startswith("re.") and node.func.attr in USES:  # type: ignore[attr-defined]
            pattern = node.args[0]
            try:
                text = ast.literal_eval(pattern)
            except ValueError:
                text = _joined(pattern)
            yield text, flags_of(node), node.lineno


def _joined(pattern: ast.expr) -> str:
    """Return a pattern put together from texts; whatever is put in between stands for a word."""
    if isinstance(pattern, ast.JoinedStr):
        return "".join(each.value if isinstance(each, ast.Constant) else "word" for each in pattern.values)  # type: ignore[misc]
    raise AssertionError(f"line {pattern.lineno}: a pattern that is no text of the source")


def patterns() -> dict[tuple[str, int], str]:
    """Return every pattern of the product with its flags, and where it stands."""
    found: dict[tuple[str, int], str] = {}
    for path in [*modules(), ROOT / "connections.py"]:
        for text, flags, line in collected(module(path)):
            found.setdefault((text, flags), f"{name_of(path)}:{line}")
    return found


def sample(parsed: Any) -> str:
    """Return a text that a parsed pattern matches, or nearly."""
    made = ""
    for kind, value in parsed:
        if kind is _constants.LITERAL:
            made += chr(value)
        elif kind is _constants.NOT_LITERAL or kind is _constants.ANY:
            made += "a"
        elif kind is _constants.IN:
            made += _of_a_class(value)
        elif kind is _constants.BRANCH:
            made += max((sample(each) for each in value[1]), key=len)
        elif kind is _constants.SUBPATTERN:
            made += sample(value[3])
        elif kind in (_constants.MAX_REPEAT, _constants.MIN_REPEAT):
            made += sample(value[2]) * max(1, min(value[0], 10))
    return made


def _of_a_class(parts: Any) -> str:
    for kind, value in parts:
        if kind is _constants.LITERAL:
            return chr(value)
        if kind is _constants.RANGE:
            return chr(value[0])
        if kind is _constants.CATEGORY:
            return {"CATEGORY_DIGIT": "1", "CATEGORY_SPACE": " ", "CATEGORY_NOT_WORD": " "}.get(str(value), "a")
        if kind is _constants.NEGATE:
            return "a"
    return "a"


def adversaries(pattern: str, length: int) -> Iterator[str]:
    """Yield texts of a length that begin as the pattern wants, go on for ever and end otherwise."""
    whole = sample(_parser.parse(pattern)) or "a"
    alphabet = {*whole, " ", "a", "1", "-", "\n"}
    for each in sorted(alphabet):
        yield each * length
        yield whole + each * length + "\x00"
    for cut in range(1, min(len(whole), 12) + 1):
        yield (whole[:cut] * (length // cut + 1))[:length] + "\x00"
        yield (whole[-cut:] * (length // cut + 1))[:length] + "\x00"


Tried = tuple[str, int, int]  # pattern, flags, how long the texts are


def overrunning(tried: list[Tried], seconds: float) -> list[Tried]:
    """Return which patterns use more of the processor than they may, each of them tried in a process that is ended then."""
    found: list[Tried] = []
    begun = 0
    while begun < len(tried):
        told, tells = os.pipe()
        if (child := os.fork()) == 0:
            _try(tried[begun:], seconds, tells)
        os.close(tells)
        with open(told, "rb") as done:
            begun += len(done.read())
        _child, status = os.waitpid(child, 0)
        if os.WIFSIGNALED(status):
            assert os.WTERMSIG(status) == signal.SIGPROF
            found.append(tried[begun])
            begun += 1
    return found


def _try(tried: list[Tried], seconds: float, tells: int) -> NoReturn:
    """Try one pattern after the other, and tell of each that it is done; what takes too long ends this process."""
    try:
        signal.signal(signal.SIGPROF, signal.SIG_DFL)
        for pattern, flags, length in tried:
            signal.setitimer(signal.ITIMER_PROF, seconds)
            compiled = re.compile(pattern, flags)
            for text in adversaries(pattern, length):
                for _found in compiled.finditer(text):
                    continue
                compiled.fullmatch(text)
            signal.setitimer(signal.ITIMER_PROF, 0)
            os.write(tells, b".")
    finally:
        os._exit(0)


def slow_ones(length: int, seconds: float) -> list[str]:
    """Return the patterns that use more of the processor than they may, and where they stand."""
    found = patterns()
    assert len(found) > 40
    assert {text for text, _flags in found} >= set(SHORT)
    tried = [(text, flags, SHORT.get(text, length)) for text, flags in found]
    return [f"{found[text, flags]}: {text}" for text, flags, _length in overrunning(tried, seconds)]


def test_no_pattern_takes_for_ever() -> None:
    assert slow_ones(LONG, MOST_SECONDS) == []


@pytest.mark.slow
@pytest.mark.timeout(3_600)
def test_no_pattern_takes_for_ever_on_a_hundred_kilobytes() -> None:
    assert slow_ones(LONGER, MORE_SECONDS) == []


def test_a_pattern_that_does_is_noticed() -> None:
    slow = [(r"\s+$", 0, LONG), (r"(a+)+$", 0, LONG)]
    assert overrunning([("a", 0, LONG), slow[0], ("b", 0, LONG), slow[1], ("c", 0, LONG)], MOST_SECONDS / 4) == slow


def test_a_pattern_that_is_put_together_is_read_or_refused() -> None:
    tree = ast.parse("import re\nre.search(f'{word} and [a-z]+', text)\nre.sub('a', '', text, flags=re.IGNORECASE)")
    assert list(collected(tree)) == [("word and [a-z]+", 0, 2), ("a", re.IGNORECASE, 3)]
    with pytest.raises(AssertionError, match="no text of the source"):
        list(collected(ast.parse("import re\nre.search(typed, text)")))
