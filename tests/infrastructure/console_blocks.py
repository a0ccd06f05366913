"""What a document shows of a terminal: commands with what they print, typed into a shell as they stand."""

from __future__ import annotations

import re
import subprocess
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

_BLOCK = re.compile(r"```console\n(.*?)```", re.DOTALL)
_UUID = re.compile(r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b")
_TIME = re.compile(r"\b\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|\+00:00)?")
_DURATION = re.compile(r"\b\d+\.\d+ ?s\b|\b(?:\d+ days?, )?\d+:\d\d:\d\d(?:\.\d+)?\b")
_DIGEST = re.compile(r"\b[0-9a-f]{16,64}\b")
_END = "--- that was all ---"


@dataclass(frozen=True, slots=True)
class Shown:
    """A command of a document and what it shows as printed; `line` is where it stands."""

    typed: str
    printed: str
    line: int

    def is_what(self, printed: str) -> bool:
        """Tell whether this was printed: ids, times and blanks count for nothing, `...` stands for anything."""
        parts = [re.escape(part) for part in _plain(self.printed).split("...")]
        return re.fullmatch(r".*".join(parts), _plain(printed), re.DOTALL) is not None


def commands_shown(document: str) -> Iterator[Shown]:
    """Return the commands of a document's `console` blocks in their order; what goes on in a line ends with `\\`."""
    for block in _BLOCK.finditer(document):
        line = document.count("\n", 0, block.start(1)) + 1
        for part in re.split(r"^(?=\$ )", block[1], flags=re.MULTILINE):
            if part.startswith("$ "):
                found = re.match(r"\$ ((?:.*\\\n)*.*)\n?", part)
                assert found is not None
                yield Shown(found[1], part[found.end() :].strip("\n"), line)
            line += part.count("\n")


def _plain(text: str) -> str:
    for what, pattern in (("<id>", _UUID), ("<time>", _TIME), ("<duration>", _DURATION), ("<digest>", _DIGEST)):
        text = pattern.sub(what, text)
    return " ".join(re.sub("─+", "─", text).split())


class Shell:
    """One bash that keeps its variables and functions from command to command, as a terminal does."""

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        self._process = subprocess.Popen(
            ["bash", "--noprofile", "--norc"],
            cwd=folder,
            env=dict(environment),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def enter(self, command: str) -> str:
        """Run a command to its end; return all that it printed."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        # What reads from the terminal must not read the commands that follow.
        self._process.stdin.write(f"{{ {command}\n}} < /dev/null\necho; echo '{_END}'\n")
        self._process.stdin.flush()
        lines: list[str] = []
        for line in self._process.stdout:
            if line == f"{_END}\n":
                return "".join(lines)
            lines.append(line)
        raise AssertionError(f"the shell ended at: {command}\n{''.join(lines)}")

    def shows(self, shown: Shown, *, again: bool, seconds: float = 30.0) -> None:
        """Run a command, which must print what the document shows; `again`: until it does, as it only looks."""
        deadline = time.monotonic() + seconds
        while not shown.is_what(printed := self.enter(shown.typed)):
            assert again, _difference(shown, printed)
            assert time.monotonic() < deadline, _difference(shown, printed)
            time.sleep(0.2)

    def __enter__(self) -> Shell:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.communicate()


def _difference(shown: Shown, printed: str) -> str:
    return f"line {shown.line}: $ {shown.typed}\nshown:\n{_plain(shown.printed)}\nprinted:\n{_plain(printed)}"
