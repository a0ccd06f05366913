"""What `flowmesh up` says when the mesh is ready."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from launcher.embedded.addresses import reachable
from launcher.embedded.options import OFF
from launcher.embedded.supervisor import EmbeddedMesh
from launcher.files import example

DEFAULT_URL = "http://127.0.0.1:8080"


def print_welcome(mesh: EmbeddedMesh, seconds: float) -> None:
    """Print where everything listens, and the first commands to try."""
    sys.stdout.write(welcome(mesh, seconds))
    sys.stdout.flush()


def welcome(mesh: EmbeddedMesh, seconds: float) -> str:
    """Return the text."""
    options, host = mesh.options, reachable(mesh.options.host)
    url = "" if mesh.url == DEFAULT_URL else f" --url {mesh.url}"
    command = _command()
    places = (
        ("REST, gRPC, gRPC-Web", mesh.url),
        ("API documentation", f"{mesh.url}/api-docs"),
        ("engine (gRPC)", f"{host}:{options.engine_port}"),
        ("identity (gRPC)", f"{host}:{options.identity_port}"),
        ("forms (gRPC)", f"{host}:{options.form_port}"),
        ("notifications (gRPC)", f"{host}:{options.notification_port}"),
        ("history (gRPC)", f"{host}:{options.history_port}"),
        ("monitoring (gRPC)", f"{host}:{options.monitoring_port}"),
        ("metrics of the engine", f"http://{host}:{options.engine_metrics_port}/metrics"),
        ("metrics of the others", f"http://{host}:{options.history_metrics_port}/metrics"),
        ("data, logs", str(mesh.folder.path)),
    )
    tries = (
        f"{command} deploy{url} {_short(example())}",
        f"{command} start{url} order --business-key A-1 --var customer=Ada --var amount=120",
        f"{command} tasks{url}",
        f"curl {mesh.url}/v1/processInstances{_signed(mesh, command, url)}",
    )
    lines = [f"Flowmesh is ready ({seconds:.1f} s). Ctrl-C stops it.", ""]
    lines += [f"  {name:22} {place}" for name, place in places]
    lines += ["", *sign_in_lines(mesh.options.authentication, mesh.bootstrap_token, f"{command} bootstrap{url}")]
    lines += ["To try it, in another terminal:", ""]
    lines += [f"  {text}" for text in tries]
    return "\n".join([*lines, "", ""])


def sign_in_lines(authentication: str, bootstrap_token: str, bootstrap: str) -> list[str]:
    """Return what is to be said about signing in."""
    if authentication == OFF:
        return ["Nobody has to sign in: everybody on this machine may do everything.", ""]
    lines = ["Commands of your user on this machine are signed in by themselves, as the service account cli.", ""]
    if bootstrap_token:
        lines = [
            "There is no administrator yet. To become it:",
            "",
            f"  {bootstrap} {bootstrap_token} --user NAME",
            "",
            *lines,
        ]
    return lines


def _signed(mesh: EmbeddedMesh, command: str, url: str) -> str:
    if mesh.options.authentication == OFF:
        return ""
    return f' -H "Authorization: Bearer $({command} token{url})"'


def _command() -> str:
    installed = Path(sys.prefix) / "bin" / "flowmesh"
    return _short(installed) if installed.exists() else "flowmesh"


def _short(path: Path) -> str:
    """Return a path as one would type it here."""
    relative = os.path.relpath(path)
    return str(path) if relative.startswith("..") else relative
