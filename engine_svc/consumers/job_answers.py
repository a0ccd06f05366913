"""The answers of workers that got their jobs over the bus."""

from __future__ import annotations

from flowmesh.events.v1 import worker_pb2
from flowmesh.events.v1.event_pb2 import EventEnvelope
from google.protobuf.duration_pb2 import Duration
from google.protobuf.empty_pb2 import Empty

from engine_svc.commands import jobs
from engine_svc.commands.executor import InstanceExecutor
from engine_svc.commands.idempotency import request_record
from engine_svc.commands.lease_tokens import LeaseTokens
from engine_svc.commands.variables import read_variables
from engine_svc.runtime.behaviors.bpmn_error import BpmnError
from engine_svc.runtime.job_commands import NO_RESULT
from engine_svc.storage.commit import RequestRecord
from engine_svc.storage.jobs import fetch_job
from mesh.errors import WrongState
from mesh.ids import split_member_id

Answer = worker_pb2.WorkerJobCompleted | worker_pb2.WorkerJobFailed | worker_pb2.WorkerJobErrorThrown


class JobAnswers:
    """Moves instances on by what workers answer. The event's id is the request id, so that it counts once."""

    def __init__(self, executor: InstanceExecutor, tokens: LeaseTokens, max_variable_bytes: int) -> None:
        self._executor = executor
        self._tokens = tokens
        self._max_variable_bytes = max_variable_bytes

    async def completed(self, envelope: EventEnvelope) -> None:
        """Complete a job. Raises `DomainError`; ANSWER_FORGED where the token was not made for the job."""
        answer = envelope.worker_job_completed
        await self._check_token(answer)
        result: object = NO_RESULT
        if answer.HasField("result"):
            result = read_variables({"result": answer.result}, "result", self._max_variable_bytes)["result"]
        await jobs.complete(
            self._executor,
            answer.job_id,
            answer.lease_token,
            read_variables(answer.variables, "variables", self._max_variable_bytes),
            result,
            _request(envelope, answer),
            lambda _: Empty(),
        )

    async def failed(self, envelope: EventEnvelope) -> None:
        """Note a failed attempt. Raises `DomainError` as `completed` does."""
        answer = envelope.worker_job_failed
        await self._check_token(answer)
        failure = jobs.Failure(
            retries=answer.retries if answer.HasField("retries") else None,
            backoff_micros=_micros(answer.retry_backoff) if answer.HasField("retry_backoff") else None,
            message=answer.error_message,
            code=answer.error_code,
        )
        await jobs.fail_job(
            self._executor,
            answer.job_id,
            answer.lease_token,
            failure,
            _request(envelope, answer),
            lambda *_: Empty(),
            Empty,
        )

    async def error_thrown(self, envelope: EventEnvelope) -> None:
        """Throw a BPMN error at a job's element. Raises `DomainError` as `completed` does."""
        answer = envelope.worker_job_error_thrown
        await self._check_token(answer)
        variables = read_variables(answer.variables, "variables", self._max_variable_bytes)
        await jobs.throw_error(
            self._executor,
            answer.job_id,
            answer.lease_token,
            BpmnError(answer.error_code, answer.error_message, variables),
            _request(envelope, answer),
            lambda _: Empty(),
        )

    async def _check_token(self, answer: Answer) -> None:
        if await self._tokens.is_genuine(answer.job_id, answer.lease_token):
            return
        parts = split_member_id(answer.job_id)
        if parts is None or await self._executor.database.read(fetch_job(*parts)) is None:
            raise jobs.job_missing(answer.job_id)
        raise WrongState(
            "ANSWER_FORGED",
            f"the lease token was not given out for job {answer.job_id} over the bus",
            metadata={"id": answer.job_id},
        )


def _request(envelope: EventEnvelope, answer: Answer) -> RequestRecord | None:
    return request_record(envelope.event_type, envelope.event_id, answer)


def _micros(duration: Duration) -> int:
    return duration.seconds * 1_000_000 + duration.nanos // 1000
