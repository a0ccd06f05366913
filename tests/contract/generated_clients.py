"""Builds the Go and the TypeScript client with their ordinary tools, from the contract alone."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).resolve().parent
PROTO = ROOT / "proto"
THIRD_PARTY = ROOT / "third_party" / "proto"
GO_MODULE = "flowmesh.dev/client"
GO_PLUGINS = (
    "google.golang.org/protobuf/cmd/protoc-gen-go@v1.36.12",
    "google.golang.org/grpc/cmd/protoc-gen-go-grpc@v1.6.2",
)
GOOGLE = (
    "google/api/annotations.proto",
    "google/api/http.proto",
    "google/api/httpbody.proto",
    "google/rpc/status.proto",
)


def build_go_client(folder: Path) -> list[str]:
    """Build the Go client in an empty folder; return the command that runs it."""
    tools = Path.home() / ".cache" / "flowmesh" / "go-plugins"
    for plugin in GO_PLUGINS:
        name = plugin.rpartition("@")[0].rpartition("/")[2]
        if not (tools / name).exists():
            _run(["go", "install", plugin], folder, {"GOBIN": str(tools)})
    for name in ("main.go", "go.mod", "go.sum"):
        shutil.copy(HERE / "go" / name, folder)
    files = _own_protos()
    mapping = [f"M{name}={GO_MODULE}/{Path(name).parent}" for name in [*files, "buf/validate/validate.proto"]]
    options = [
        f"--{plugin}_opt={option}" for plugin in ("go", "go-grpc") for option in (f"module={GO_MODULE}", *mapping)
    ]
    _protoc([*options, f"--go_out={folder}", f"--go-grpc_out={folder}", *files, "buf/validate/validate.proto"], tools)
    _run(["go", "build", "-mod=readonly", "-o", "client", "."], folder)
    return [str(folder / "client")]


def build_typescript_client(folder: Path) -> list[str]:
    """Build the TypeScript client in an empty folder; return the command that runs it."""
    for name in ("client.ts", "package.json", "package-lock.json", "tsconfig.json"):
        shutil.copy(HERE / "typescript" / name, folder)
    _run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"], folder)
    (folder / "gen").mkdir()
    options = [f"--es_out={folder / 'gen'}", "--es_opt=target=ts,import_extension=js"]
    tools = folder / "node_modules" / ".bin"
    _protoc([*options, *_own_protos(), "buf/validate/validate.proto", *GOOGLE], tools)
    _run([str(tools / "tsc"), "-p", "."], folder)
    return ["node", str(folder / "build" / "client.js")]


def _own_protos() -> list[str]:
    return sorted(str(path.relative_to(PROTO)) for path in PROTO.rglob("*.proto"))


def _protoc(arguments: list[str], plugins: Path) -> None:
    command = [sys.executable, "-m", "grpc_tools.protoc", f"-I{PROTO}", f"-I{THIRD_PARTY}", *arguments]
    _run(command, ROOT, {"PATH": f"{plugins}:{os.environ['PATH']}"})


def _run(command: list[str], folder: Path, more: dict[str, str] | None = None) -> None:
    done = subprocess.run(
        command, cwd=folder, env={**os.environ, **(more or {})}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{' '.join(command[:4])} failed:\n{done.stdout}\n{done.stderr}"
