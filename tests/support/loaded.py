"""Processes of the service that need not load it: forks of one that did, a few hundredths of a second old when they begin.

Loading the service takes seconds of a processor, which a test that starts it with two workers would pay twice. What starts
here is otherwise as `python -m` starts it: its own session, environment and output, settings read anew, an application of
its own. That the service also starts in a python that has loaded nothing is what the tests of `./run` show.
"""

import atexit
import os
import runpy
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cache
from multiprocessing import get_context
from multiprocessing.context import ForkServerProcess
from pathlib import Path

from gunicorn.app import wsgiapp
from gunicorn.workers import gthread
from jinja2 import FileSystemBytecodeCache
from jinja2.bccache import Bucket
from sqlalchemy.dialects import postgresql, sqlite

from safeguarding import registration
from safeguarding.web.application import Application

ROOT = Path(__file__).resolve().parent.parent.parent
_LOADED = (gthread, postgresql, registration, sqlite, wsgiapp)  # what each fork finds loaded
_forking = get_context("forkserver")
_forking.set_forkserver_preload([__name__])


def start(words: Sequence[str], environment: Mapping[str, str], said: Path, errors: Path) -> ForkServerProcess:
    """Start `python -m WORDS` in the repository; its output and its errors are written to files."""
    given = (list(words), dict(environment), said, errors, _compiled())
    started = _forking.Process(target=_become, args=given, daemon=True)
    started.start()
    return started


def run(words: Sequence[str], environment: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """Run `python -m WORDS` to its end, and return what came of it."""
    with tempfile.TemporaryDirectory() as folder:
        said, errors = Path(folder) / "said", Path(folder) / "errors"
        process = start(words, environment, said, errors)
        process.join()
        assert process.exitcode is not None
        return subprocess.CompletedProcess(list(words), process.exitcode, said.read_text(), errors.read_text())


class _Compiled(FileSystemBytecodeCache):
    """Keeps what can be kept: a test may have taken the room away."""

    def dump_bytecode(self, bucket: Bucket) -> None:
        with suppress(OSError):
            super().dump_bytecode(bucket)


@cache
def _compiled() -> str:
    """Return a folder in which the processes that this one starts keep the code of templates, for each other."""
    folder = tempfile.mkdtemp(prefix="panels-templates-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def _become(words: list[str], environment: dict[str, str], said: Path, errors: Path, compiled: str) -> None:
    os.setsid()
    os.chdir(ROOT)
    os.environ.clear()
    os.environ.update(environment)
    for number, path in ((1, said), (2, errors)):
        opened = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND, 0o600)
        os.dup2(opened, number)
        os.close(opened)
    Application.jinja_options = {**Application.jinja_options, "bytecode_cache": _Compiled(compiled)}
    sys.argv = words
    runpy.run_module(words[0], run_name="__main__", alter_sys=True)
