"""The tour of the vacation request: everything that the page lets people type is typed, and prints what the page shows."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.infrastructure.console_blocks import Shell, Shown, commands_shown
from tests.integration.notification.mail_catcher import mail_catcher
from tests.launcher.running import ROOT, Up, environment

PAGE = ROOT / "docs" / "tour-vacation-request.md"
LOOKING = re.compile(r"\b(inbox|deliveries|history|history:search|statistics|audit list)\b")
"""Commands that show what becomes known a moment later."""


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_the_page_is_typed(start_up: Callable[..., Up], tmp_path: Path) -> None:
    with mail_catcher() as mails:
        mails.answer = "250 OK"
        settings = {f"FLOWMESH_NOTIFICATION_{name.upper()}": str(value) for name, value in mails.settings().items()}
        assert {name for name in settings if name in PAGE.read_text()} == set(settings)
        up = start_up("--clock", "controlled", **settings).ready()
        programs = tmp_path / "bin"
        programs.mkdir()
        command = programs / "flowmesh"
        command.write_text(f'#!/bin/sh\nexec {sys.executable} -m launcher "$@" --url {up.url}\n')
        command.chmod(0o755)
        variables = environment(TMPDIR=str(tmp_path))
        variables["PATH"] = f"{programs}:{variables['PATH']}"
        shown = list(commands_shown(PAGE.read_text()))
        assert len(shown) > 30
        with Shell(ROOT, variables) as shell:
            for one in shown:
                here = [text.replace("localhost:8080", up.url).replace("http://127.0.0.1:8080", up.url) for text in (one.typed, one.printed)]  # fmt: skip
                shell.shows(Shown(here[0], here[1], one.line), again=bool(LOOKING.search(one.typed)))
        assert sorted(str(mail["To"]).rpartition("<")[2] for mail in mails.mails) == [
            *["ada@example.com>"] * 2,
            "chen@example.com>",
            *["wang@example.com>"] * 3,
        ]
