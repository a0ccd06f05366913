"""Generates everything in `gen/` from the `.proto` files beside this script.

    python proto/generate.py [--out DIR]      writes the Python code, its stubs, the descriptor set, OpenAPI and
                                              the JSON Schema of process definitions, and beside DIR the page
                                              docs/events.md
    python proto/generate.py --third-party    only resolves the imported third-party protos

Third-party protos come out of their published packages into `third_party/proto`, which git ignores:
`google/` from googleapis-common-protos, `buf/validate` from the source package of protovalidate.
"""

from __future__ import annotations

import argparse
import importlib.resources
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PROTO = ROOT / "proto"
THIRD_PARTY = ROOT / "third_party" / "proto"
GOOGLE_FILES = (
    "google/api/annotations.proto",
    "google/api/http.proto",
    "google/api/httpbody.proto",
    "google/rpc/status.proto",
    "google/rpc/error_details.proto",
)
DEFINITION_SCHEMA = "process-definition.schema.json"
EVENTS_PAGE = "docs/events.md"
PROTOVALIDATE_SOURCE = "protovalidate==1.2.0"
"""The last release whose source package holds validate.proto; the schema is the one of 2.x."""


def resolve_third_party() -> None:
    """Fill `third_party/proto` where it is not filled yet."""
    for name in GOOGLE_FILES:
        target = THIRD_PARTY / name
        if not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            package, _, file = name.rpartition("/")
            source = importlib.resources.files(package.replace("/", ".")).joinpath(file)
            target.write_bytes(source.read_bytes())
    validate = THIRD_PARTY / "buf" / "validate" / "validate.proto"
    if not validate.exists():
        validate.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory() as folder:
            _download_source(PROTOVALIDATE_SOURCE, folder)
            archive = next(Path(folder).glob("*.tar.gz"))
            with tarfile.open(archive) as tar:
                member = next(
                    m for m in tar.getmembers() if m.name.endswith("upstream/proto/buf/validate/validate.proto")
                )
                content = tar.extractfile(member)
                assert content is not None
                validate.write_bytes(content.read())


def _download_source(requirement: str, folder: str) -> None:
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
    subprocess.run([*command, "--no-binary", ":all:", requirement, "-d", folder], check=True)


def generate(out: Path) -> None:
    """Write the generated tree to `out`, which is replaced."""
    resolve_third_party()
    if out.exists():
        shutil.rmtree(out)
    out.mkdir(parents=True)
    own = sorted(str(path.relative_to(PROTO)) for path in PROTO.rglob("*.proto"))
    includes = [f"-I{PROTO}", f"-I{THIRD_PARTY}"]
    outputs = [f"--python_out={out}", f"--pyi_out={out}"]
    _protoc([*includes, *outputs, "buf/validate/validate.proto", *own])
    services = [name for name in own if name.endswith("_service.proto")]
    grpc = [f"--grpc_python_out={out}", f"--mypy_grpc_out=quiet:{out}"]
    _protoc([*includes, *grpc, *services])
    _protoc(
        [
            *includes,
            "--include_imports",
            f"--descriptor_set_out={out / 'descriptors.binpb'}",
            *own,
            # Envoy reads google.rpc details out of errors only where it knows their types.
            "google/rpc/error_details.proto",
            "google/rpc/status.proto",
        ]
    )
    _write_from_comments(out, [*includes, *own])
    subprocess.run(
        [sys.executable, "-m", "engine_svc.model.documents.schema", str(out.resolve() / DEFINITION_SCHEMA)],
        check=True,
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT)},
    )


def _write_from_comments(out: Path, arguments: list[str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        commented = f"{folder}/commented.binpb"
        _protoc([*arguments, "--include_imports", "--include_source_info", f"--descriptor_set_out={commented}"])
        # The generator reads the options by the code that was just generated.
        subprocess.run(
            [sys.executable, "-m", "gateway_envoy.openapi", commented, str(out / "openapi.json")],
            check=True,
            cwd=ROOT,
            env={"PYTHONPATH": f"{ROOT}:{out.resolve()}"},
        )
        # Beside gen/ lies docs/, also where both are made afresh to be compared.
        page = out.resolve().parent / EVENTS_PAGE
        page.parent.mkdir(exist_ok=True)
        subprocess.run(
            [
                *(sys.executable, "-m", "proto.event_catalogue", commented),
                *(str(out.resolve() / "flowmesh" / "events" / "v1" / "event_types.py"), str(page)),
            ],
            check=True,
            cwd=ROOT,
            env={"PYTHONPATH": f"{ROOT}:{out.resolve()}"},
        )
        subprocess.run(
            [
                *(sys.executable, "-m", "proto.permission_catalogue", commented),
                str(out.resolve() / "flowmesh" / "auth" / "v1" / "permissions.py"),
            ],
            check=True,
            cwd=ROOT,
            env={"PYTHONPATH": f"{ROOT}:{out.resolve()}"},
        )


def _protoc(arguments: list[str]) -> None:
    environment_bin = Path(sys.executable).parent
    subprocess.run(
        [sys.executable, "-m", "grpc_tools.protoc", *arguments],
        check=True,
        env={"PATH": f"{environment_bin}:/usr/bin:/bin"},
    )


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=ROOT / "gen")
    parser.add_argument("--third-party", action="store_true")
    arguments = parser.parse_args()
    if arguments.third_party:
        resolve_third_party()
    else:
        generate(arguments.out)


if __name__ == "__main__":
    main()
