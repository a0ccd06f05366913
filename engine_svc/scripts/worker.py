"""The process that runs scripts: reads calls from standard input, writes answers to standard output.

Started as a file by `engine_svc.scripts.sandbox` with the limits as arguments. It imports nothing of the project and as
little else as it can: it is there in 20 ms and takes 9 MB. A frame is its length in four bytes, then JSON.
"""

from __future__ import annotations

import json
import re
import resource
import signal
import struct
import sys
from typing import Any, BinaryIO

# The package `quickjs` around it imports concurrent.futures and starts a thread: 17 ms and 3 MB for nothing used here.
import _quickjs

_LENGTH = struct.Struct(">I")
_CALL = struct.Struct(">?I")
"""Before a call: whether there is a task, and the length of the script; what follows the script is JSON."""

_JAVA_NAMES = re.compile(
    r"\b(?:java|javax|org|com|Java|Packages|JavaImporter|importPackage|importClass|load|size|isEmpty|get|put|add|addAll"
    r"|contains|containsKey|keySet|equals|equalsIgnoreCase|intValue|longValue|doubleValue|booleanValue)\b"
)
"""Scripts in which none of these stands are spared the 0.4 ms that it takes to prepare for Java's names."""


class Interpreter:
    """Runs one script after another, each in a context of its own."""

    def __init__(self, *, texts: list[str], seconds: float, memory: int, stack: int) -> None:
        self._prelude, self._java, self._task = texts
        self._first_line = max(text.count("\n") + 1 for text in texts)
        self._seconds = seconds
        self._memory = memory
        self._stack = stack
        self._run: Any = None

    def prepare(self) -> None:
        """Make the next script's context, which is not to cost its caller time."""
        context = _quickjs.Context()
        context.set_memory_limit(self._memory)
        context.set_max_stack_size(self._stack)
        context.set_time_limit(self._seconds)
        self._run = context.eval(self._prelude)

    def run(self, source: str, given: str, *, has_task: bool) -> str:
        """Return the answer to a call as JSON."""
        run, self._run = self._run, None
        java = self._java if _JAVA_NAMES.search(source) else None
        task = self._task if has_task else None
        try:
            answer = run(source, given, self._first_line, java, task)
        except _quickjs.JSException as error:
            return json.dumps({"error": self._explained(str(error)), "line": 0, "column": 0})
        if not isinstance(answer, str):
            return json.dumps({"error": "the script broke the answer's encoding", "line": 0, "column": 0})
        return answer

    def _explained(self, message: str) -> str:
        first = message.partition("\n")[0]
        if "interrupted" in first:
            return f"the script used more than {self._seconds:g} s of computing time"
        if "out of memory" in first or first == "null":
            return f"the script used more than {self._memory // 1024} KiB of memory"
        return first or "the script failed without a message"


def read_frame(stream: BinaryIO) -> bytes | None:
    """Return the next frame, None at the end."""
    head = stream.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        return None
    (length,) = _LENGTH.unpack(head)
    body = stream.read(length)
    return body if len(body) == length else None


def write_frame(stream: BinaryIO, body: bytes) -> None:
    """Write a frame at once."""
    stream.write(_LENGTH.pack(len(body)) + body)
    stream.flush()


def confine(address_space: int) -> None:
    """Take from this process what a script that broke out of the interpreter could use."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for limit, value in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NPROC, 0),
        (resource.RLIMIT_NOFILE, 3),
        (resource.RLIMIT_AS, address_space),
    ):
        resource.setrlimit(limit, (value, value))


def main(arguments: list[str]) -> None:
    """Answer calls until standard input ends."""
    seconds, memory, stack, output, *paths = arguments
    texts = []
    for path in paths:
        with open(path, encoding="utf-8") as file:
            texts.append(file.read())
    limit = int(output)
    interpreter = Interpreter(texts=texts, seconds=float(seconds), memory=int(memory), stack=int(stack))
    # The interpreter's limit covers the script's values; texts cross up to four times as wide, in a few copies.
    confine(address_space=int(memory) * 16 + 256 * 1024 * 1024)
    calls, answers = sys.stdin.buffer, sys.stdout.buffer
    interpreter.prepare()
    write_frame(answers, b"{}")
    while (call := read_frame(calls)) is not None:
        has_task, source_length = _CALL.unpack_from(call)
        end = _CALL.size + source_length
        answer = interpreter.run(call[_CALL.size : end].decode(), call[end:].decode(), has_task=has_task).encode()
        if len(answer) > limit:
            answer = json.dumps({"too_large": len(answer)}).encode()
        write_frame(answers, answer)
        interpreter.prepare()


if __name__ == "__main__":
    main(sys.argv[1:])
