"""Templates compiled once a process: tests make many applications, and compiling was a third of their time."""

from types import CodeType

from jinja2 import BytecodeCache
from jinja2.bccache import Bucket

from safeguarding.web.application import Application


class Compiled(BytecodeCache):
    """Keeps the code of templates in this process; Jinja asks for it by name and by the text's checksum."""

    def __init__(self) -> None:
        self._code: dict[tuple[str, str], CodeType] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = self._code.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        if bucket.code is not None:
            self._code[bucket.key, bucket.checksum] = bucket.code


def compile_once() -> None:
    """Give every application that is made from now on the same code."""
    Application.jinja_options = {**Application.jinja_options, "bytecode_cache": Compiled()}
