"""One run: generated requests through the gateway, and every answer looked at."""

from __future__ import annotations

import json
import random
import statistics
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

import hypothesis
import requests
import schemathesis
from hypothesis import strategies
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi import checks as documented

from tests.fuzz import answers
from tests.fuzz.content import make
from tests.fuzz.kept_out import ENDLESS, NO_FAULTS, OWN_SESSION, PROTECTED, spared
from tests.fuzz.known import KnownValues
from tests.infrastructure.mesh import ROOT, Mesh
from tests.infrastructure.signing import MeshAuth, key_in

DOCUMENT = ROOT / "gen" / "openapi.json"
LONGEST_SECONDS = 20.0
"""Longer than the gateway lets any call take that does not ask for it."""
STREAM_BYTES = 4096
STREAM_SECONDS = 0.3
_REFUSALS = [400, 401, 403, 404, 405, 409, 413, 415, 429, 431]
_CHECKS = [
    documented.status_code_conformance,
    documented.content_type_conformance,
    documented.response_headers_conformance,
    documented.response_schema_conformance,
]
_CONFIG = schemathesis.Config.from_dict(
    {
        # Requests carry a good token: those without are refused before anything else of them is looked at.
        "generation": {"with-security-parameters": False},
        "output": {"sanitization": {"enabled": False}},
        "checks": {"negative_data_rejection": {"expected-statuses": _REFUSALS}},
    }
)
_ROUNDS = 8
"""So often the operations come round, so that late ones find what early ones made and early ones what late ones did."""


@dataclass(slots=True)
class Defect:
    """What is wrong with an answer, the request that got it, and how many others got the like."""

    fault: str
    curl: str
    answer: str
    operations: Counter[str] = field(default_factory=Counter)


@dataclass(slots=True)
class Report:
    """What a run found and saw."""

    requests: int = 0
    statuses: Counter[int] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    succeeded: Counter[str] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)
    slowest: tuple[float, str] = (0.0, "")
    defects: dict[str, Defect] = field(default_factory=dict)
    refused_good: Counter[str] = field(default_factory=Counter)
    """Requests that the document allows and that were refused for what is in a field."""
    never_succeeded: list[str] = field(default_factory=list)

    def add(self, operation: str, fault: str, curl: Callable[[], str], answer: str) -> None:
        """Add a defect; of those that are alike a short request is kept."""
        known = self.defects.get(fault)
        if known is None:
            known = self.defects[fault] = Defect(fault, curl(), answer)
        elif known.operations.total() < 50 and len(shorter := curl()) < len(known.curl):
            known.curl, known.answer = shorter, answer
        known.operations[operation] += 1

    def lines(self) -> Iterator[str]:
        """Yield the report."""
        yield f"{self.requests} requests; answers by status: {dict(sorted(self.statuses.items()))}"
        yield f"errors by reason: {dict(self.reasons.most_common(30))}"
        median, slow = statistics.median(self.seconds), self.slowest
        yield f"median {median * 1000:.1f} ms, slowest {slow[0]:.2f} s by {slow[1][:300]}"
        yield f"refused although the document allows it: {dict(self.refused_good.most_common(40))}"
        yield f"operations that no request succeeded at: {', '.join(self.never_succeeded) or 'none'}"
        for defect in self.defects.values():
            operations = ", ".join(f"{name} {times}" for name, times in defect.operations.most_common(8))
            yield f"\n{defect.fault}\n  {defect.operations.total()} times: {operations}\n  {defect.curl}\n  {defect.answer}"


class Run:
    """Sends requests to a mesh."""

    def __init__(self, mesh: Mesh, seed: int) -> None:
        self._mesh = mesh
        self._seed = seed
        self._session = requests.Session()
        self._report = Report()
        self._known = KnownValues({*PROTECTED})
        self._schema = schemathesis.openapi.from_dict(json.loads(DOCUMENT.read_text("utf-8")), config=_CONFIG)

    def go(self, count: int, only: str = "") -> Report:
        """Send at least so many requests; `only`: to operations whose id holds this."""
        with self._mesh.sync_rest() as rest:
            self._protect(rest)
        made: list[Any] = list(self._schema.get_all_operations())
        operations = [operation for found in made if only in _id(operation := found.ok())]
        share = max(1, -(-count // (len(operations) * 2 * _ROUNDS)))
        round_number = 0
        while self._report.requests < count:
            chance = random.Random(f"{self._seed} {round_number}")
            chance.shuffle(operations)
            before = self._report.requests
            with self._mesh.sync_rest() as rest:
                make(rest, self._known, round_number)
            for operation in operations:
                for mode in (schemathesis.GenerationMode.POSITIVE, schemathesis.GenerationMode.NEGATIVE):
                    self._send_some(operation, mode, share, f"{self._seed} {round_number} {_id(operation)} {mode}")
            round_number += 1
            if self._report.requests == before:
                break
        ids = {_id(operation) for operation in operations}
        self._report.never_succeeded = sorted(ids - self._report.succeeded.keys())
        return self._report

    def _protect(self, rest: Any) -> None:
        assignments = rest.get("/v1/roleAssignments").json()["roleAssignments"]
        keys = rest.get("/v1/serviceAccounts/cli/apiKeys").json()["apiKeys"]
        self._known.protected.update(entry["id"] for entry in (*assignments, *keys))

    def _send_some(self, operation: Any, mode: Any, count: int, seed: str) -> None:
        if mode is schemathesis.GenerationMode.NEGATIVE and not (list(operation.iter_parameters()) or operation.body):
            return
        made = operation.as_strategy(generation_mode=mode)

        @hypothesis.seed(seed)
        @hypothesis.settings(
            max_examples=count,
            database=None,
            deadline=None,
            phases=[hypothesis.Phase.generate],
            suppress_health_check=list(hypothesis.HealthCheck),
        )
        @hypothesis.given(made, strategies.integers(0, 2**32))
        def send(case: Any, chance: int) -> None:
            if mode is schemathesis.GenerationMode.POSITIVE:
                self._fill(case, random.Random(chance))
            body = spared(case.body)
            if body != case.body:
                case.body = body
            self._send(case)

        try:
            send()
        except hypothesis.errors.Unsatisfiable:
            # There is nothing that could be wrong with such a request.
            if mode is schemathesis.GenerationMode.POSITIVE:
                raise

    def _fill(self, case: Any, chance: random.Random) -> None:
        for name in case.path_parameters or {}:
            known = self._known.value(chance, name, case.path.split("{" + name + "}")[0])
            if known is not None:
                case.path_parameters[name] = quote(known, safe="")
        for name, value in (case.query or {}).items():
            if isinstance(value, str) and (known := self._known.value(chance, name, case.path)) is not None:
                case.query[name] = known
        case.body = self._known.put_in(chance, case.body)

    def _send(self, case: Any) -> None:
        name = _id(case.operation)
        auth = self._mesh.auth
        if name in OWN_SESSION:
            auth = MeshAuth(self._mesh.url, lambda: key_in(self._mesh.folder / "data"))
        headers = dict(auth.headers)
        begun = time.monotonic()
        try:
            if name in ENDLESS:
                response = self._read_stream(case, headers)
            else:
                response = case.call(
                    base_url=self._mesh.url,
                    session=self._session,
                    headers=headers,
                    timeout=LONGEST_SECONDS,
                    allow_redirects=False,
                )
        except requests.RequestException as error:
            kind = type(error).__name__
            self._report.add(name, f"no answer: {kind}", lambda: self._curl(case), str(error)[:300])
            return
        seconds = time.monotonic() - begun
        self._note(name, case, response, seconds)
        self._check(name, case, response)

    def _read_stream(self, case: Any, headers: dict[str, str]) -> Any:
        """Read the beginning of a stream that does not end by itself."""
        sent = case.as_transport_kwargs(base_url=self._mesh.url, headers=headers)
        sent["timeout"] = (LONGEST_SECONDS, LONGEST_SECONDS)
        with self._session.request(**sent, stream=True, allow_redirects=False) as response:
            if response.status_code != 200:
                response.content  # noqa: B018 - reads it
            else:
                response._content = b""
            response.raw.close()
        return schemathesis.Response.from_requests(response, True)

    def _note(self, name: str, case: Any, response: Any, seconds: float) -> None:
        report = self._report
        report.requests += 1
        report.seconds.append(seconds)
        report.statuses[response.status_code] += 1
        if seconds > report.slowest[0]:
            report.slowest = (seconds, self._curl(case))
        if response.status_code == 200:
            report.succeeded[name] += 1
            if "json" in _header(response, "content-type"):
                self._known.learn(json.loads(response.content or b"{}"))
        else:
            report.reasons[answers.reason_of(response.content)] += 1

    def _check(self, name: str, case: Any, response: Any) -> None:
        text = f"{response.status_code} {response.content[:600].decode(errors='replace')}"
        headers = {header: values[0] for header, values in response.headers.items()}
        for fault in answers.faults(response.status_code, headers, response.content):
            self._report.add(name, fault, lambda: self._curl(case), text)
        if name in ENDLESS and response.status_code == 200:
            return
        negative = case.meta is not None and case.meta.generation.mode is schemathesis.GenerationMode.NEGATIVE
        if not negative and answers.reason_of(response.content) in ("FIELD_INVALID", "REQUEST_MALFORMED"):
            self._report.refused_good[f"{name}: {answers.blamed(response.content)}"] += 1
        try:
            case.validate_response(
                response, checks=[*_CHECKS, documented.negative_data_rejection] if negative else _CHECKS
            )
        except FailureGroup as group:
            for failure in group.exceptions:
                if negative and any(no_fault in failure.message for no_fault in NO_FAULTS):
                    continue
                fault = f"{failure.title}: {failure.message}"[:500]
                self._report.add(name, fault, lambda: self._curl(case), text)

    def _curl(self, case: Any) -> str:
        line = case.as_curl_command(base_url=self._mesh.url)
        return f"{line} -H 'authorization: Bearer '$TOKEN"


def _id(operation: Any) -> str:
    return str(operation.definition.raw["operationId"])


def _header(response: Any, name: str) -> str:
    return str((response.headers.get(name) or [""])[0])


def log_lines(folder: Path) -> list[str]:
    """Return what the mesh's processes logged that no request may bring about."""
    found = []
    for log in sorted((folder / "data").rglob("*.log")) + sorted(folder.glob("up-*.log")):
        for line in log.read_text(errors="replace").splitlines():
            if "failed by a bug" in line or "Traceback" in line or "script log" in line:
                found.append(f"{log.name}: {line[:600]}")
    return found
