"""Runs the steps of a Dockerfile without Docker: each stage has a folder that stands for its root.

Absolute paths of the image (`/opt/flowmesh`, `/app`, `/build`) become paths in that folder; what else a step says is run
as it is written. `python` and `pip` of the base image are this machine's, without any package of its own. Instructions
and forms that the file does not use are refused, so that nothing is passed over in silence.
"""

from __future__ import annotations

import fnmatch
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

IMAGE_PATHS = ("/opt/flowmesh", "/app", "/build", "/var/lib/flowmesh")
OWNER = re.compile(r"(?<=^install -d) -o \d+ -g \d+")
"""Only root may give a folder to another user; here it is that of who runs the steps."""
STEP_SECONDS = 400


@dataclass
class Stage:
    """What is known of a stage when its steps have been run."""

    root: Path
    workdir: str = "/"
    user: str = ""
    environment: dict[str, str] = field(default_factory=dict)
    command: list[str] = field(default_factory=list)
    healthcheck: list[str] = field(default_factory=list)
    exposed: list[int] = field(default_factory=list)

    def inside(self, text: str) -> str:
        """Return a text with the image's paths as they are in this stage's folder."""
        pattern = "|".join(re.escape(path) for path in IMAGE_PATHS)
        return re.sub(rf"(?<![\w./])({pattern})(?![\w-])", lambda match: f"{self.root}{match[0]}", text)

    def path(self, name: str) -> Path:
        """Return the place of a path of the image, which may be relative to its working folder."""
        return self.root / (Path(self.workdir) / name).relative_to("/")

    def variables(self, tools: Path, **more: str) -> dict[str, str]:
        """Return the environment of a process in the image."""
        # The addresses of package indexes are the machine's own.
        kept = {name: value for name, value in os.environ.items() if name.startswith(("PIP_", "SSL_", "HOME"))}
        own = {name: self.inside(value) for name, value in self.environment.items()}
        return {**kept, "PATH": f"{tools}:/usr/bin:/bin", **own, **more}


class DockerfileError(Exception):
    """The file says something that cannot be run here."""


def build(dockerfile: Path, context: Path, folder: Path) -> tuple[dict[str, Stage], Path]:
    """Run all stages below `folder`; return them by name, and the folder with `python` and `pip`."""
    tools = _tools(folder / "tools")
    ignored = _ignore_rules(context / ".dockerignore")
    arguments: dict[str, str] = {}
    stages: dict[str, Stage] = {}
    stage: Stage | None = None
    for instruction, rest in _instructions(dockerfile.read_text()):
        if instruction == "ARG" and stage is None:
            name, _, value = rest.partition("=")
            arguments[name] = value
        elif instruction == "FROM":
            stage = _begin(rest, arguments, stages, folder)
        elif stage is None:
            raise DockerfileError(f"{instruction} before FROM")
        else:
            _run(instruction, rest, stage, stages, context, ignored, tools)
    return stages, tools


def _begin(rest: str, arguments: dict[str, str], stages: dict[str, Stage], folder: Path) -> Stage:
    match = re.fullmatch(r"(\S+) AS (\S+)", rest)
    if match is None:
        raise DockerfileError(f"FROM {rest}: every stage needs a name")
    base, name = match.groups()
    root = folder / "stages" / name
    if base in stages:
        parent = stages[base]
        shutil.copytree(parent.root, root, symlinks=True)
        stage = Stage(root, parent.workdir, parent.user, dict(parent.environment))
    else:
        for argument, value in arguments.items():
            base = base.replace(f"${{{argument}}}", value)
        if re.fullmatch(r"python:3\.\d+\.\d+-slim-[a-z]+", base) is None:
            raise DockerfileError(f"{base} is not a pinned Python image")
        root.mkdir(parents=True)
        stage = Stage(root)
    stages[name] = stage
    return stage


def _run(
    instruction: str,
    rest: str,
    stage: Stage,
    stages: dict[str, Stage],
    context: Path,
    ignored: list[str],
    tools: Path,
) -> None:
    match instruction:
        case "WORKDIR":
            stage.workdir = rest
            stage.path(".").mkdir(parents=True, exist_ok=True)
        case "ENV":
            for name, _, value in (pair.partition("=") for pair in shlex.split(rest)):
                stage.environment[name] = value
        case "COPY":
            _copy(rest, stage, stages, context, ignored)
        case "RUN":
            subprocess.run(
                ["/bin/sh", "-ec", OWNER.sub("", stage.inside(rest))],
                cwd=stage.path("."),
                env=stage.variables(tools),
                check=True,
                timeout=STEP_SECONDS,
            )
        case "USER":
            stage.user = rest
        case "EXPOSE":
            stage.exposed = [int(port) for port in rest.split()]
        case "HEALTHCHECK":
            stage.healthcheck = json.loads(rest.partition("CMD ")[2])
        case "CMD":
            stage.command = json.loads(rest)
        case "STOPSIGNAL":
            assert rest == "SIGTERM"
        case _:
            raise DockerfileError(f"{instruction} is not known here")


def _copy(rest: str, stage: Stage, stages: dict[str, Stage], context: Path, ignored: list[str]) -> None:
    words = rest.split()
    origin = words.pop(0).removeprefix("--from=") if words[0].startswith("--from=") else None
    if len(words) != 2:
        raise DockerfileError(f"COPY {rest}: one source and one target")
    source_name, target_name = words
    target = stage.path(target_name)
    if origin is not None:
        shutil.copytree(stages[origin].path(source_name), target, symlinks=True, dirs_exist_ok=True)
        return
    source = context / source_name
    if not _is_sent(source_name, ignored) or not source.exists():
        raise DockerfileError(f"COPY {rest}: .dockerignore keeps it out of the context, or it is not there")
    if source.is_dir():
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"), dirs_exist_ok=True)
    else:
        shutil.copy(source, target / source.name if target_name.endswith("/") else target)


def _ignore_rules(file: Path) -> list[str]:
    return [line.strip() for line in file.read_text().splitlines() if line.strip() and not line.startswith("#")]


def _is_sent(name: str, rules: list[str]) -> bool:
    sent = True
    for rule in rules:
        if fnmatch.fnmatch(name, rule.removeprefix("!")):
            sent = rule.startswith("!")
    return sent


def _instructions(text: str) -> list[tuple[str, str]]:
    lines = re.sub(r"\\\n\s*", "", text).splitlines()
    words = [line.partition(" ") for line in lines if line.strip() and not line.startswith("#")]
    return [(instruction, rest.strip()) for instruction, _, rest in words]


def _tools(folder: Path) -> Path:
    """Write `python` and `pip` of the base image: an interpreter that sees no package but those of PYTHONPATH."""
    folder.mkdir(parents=True)
    bare = Path(getattr(sys, "_base_executable", sys.executable)).resolve()
    for name, command in (("python", f"{bare} -S"), ("pip", f"{sys.executable} -m pip")):
        script = folder / name
        script.write_text(f'#!/bin/sh\nexec {command} "$@"\n')
        script.chmod(0o755)
    return folder
