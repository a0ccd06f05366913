"""`flowmesh.engine.v1.JobService`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

from flowmesh.engine.v1 import job_pb2
from flowmesh.engine.v1 import job_service_pb2 as pb
from google.protobuf.duration_pb2 import Duration

from engine_svc.api import messages
from engine_svc.commands import jobs
from engine_svc.commands.executor import InstanceExecutor
from engine_svc.commands.idempotency import request_record
from engine_svc.commands.variables import read_variables
from engine_svc.runtime.behaviors.errors import BpmnError
from engine_svc.storage.commit import JOB_COLUMNS
from engine_svc.storage.jobs import ORDER, JobFilter, JobState, fetch_job, list_jobs
from mesh.call import current_call
from mesh.db.database import Database
from mesh.errors import DomainError
from mesh.ids import split_member_id
from mesh.paging import decode_page_token, encode_page_token, page_size_of
from mesh.status import status_from

DEFAULT_MAX_JOBS = 32
DEFAULT_LEASE_MICROS = 60_000_000
HEARTBEAT_SECONDS = 10.0
HELD_POLL_SECONDS = 0.05
DOMAIN = "flowmesh.engine"
ORDER_POSITIONS = tuple(JOB_COLUMNS.index(column) for column in ORDER)

STATES = {
    JobState.READY: job_pb2.Job.STATE_READY,
    JobState.BACKOFF: job_pb2.Job.STATE_BACKOFF,
    JobState.FAILED: job_pb2.Job.STATE_FAILED,
}


def _micros(duration: Duration) -> int:
    return duration.seconds * 1_000_000 + duration.nanos // 1000


@dataclass(slots=True)
class JobServicer:
    """Serves JobService. `max_variable_bytes`: size of one value as JSON."""

    executor: InstanceExecutor
    database: Database
    max_variable_bytes: int

    async def GetJob(self, request: pb.GetJobRequest) -> pb.GetJobResponse:
        """See the contract."""
        parts = split_member_id(request.id)
        row = await self.database.read(fetch_job(*parts)) if parts else None
        if row is None:
            raise jobs.job_missing(request.id)
        return pb.GetJobResponse(job=messages.job_of_row(row))

    async def ListJobs(self, request: pb.ListJobsRequest) -> pb.ListJobsResponse:
        """See the contract."""
        size = page_size_of(request)
        wanted = JobFilter(request.type, request.state, request.process_instance_id, request.tenant_id)
        rows = await self.database.read(list_jobs(wanted, decode_page_token(request, int, str, int), size + 1))
        page = rows[:size]
        last = [page[-1][position] for position in ORDER_POSITIONS] if len(rows) > size else None
        return pb.ListJobsResponse(
            jobs=[messages.job_of_row(row) for row in page],
            next_page_token=encode_page_token(request, last) if last else "",
        )

    async def ActivateJobs(self, request: pb.ActivateJobsRequest) -> pb.ActivateJobsResponse:
        """See the contract."""
        activation = jobs.Activation(
            request.type,
            request.worker,
            request.max_jobs or DEFAULT_MAX_JOBS,
            _micros(request.lease_duration) or DEFAULT_LEASE_MICROS,
            tuple(request.fetch_variables),
            request.tenant_id,
        )
        timeout = _micros(request.request_timeout) / 1e6
        call = current_call()
        left = call.seconds_left()
        if left is not None:
            # Better an empty answer in time than a deadline that hides jobs the worker never got.
            timeout = min(timeout, left * 0.9)
        with call.idle():
            leased = await jobs.wait_and_activate(self.executor, activation, timeout, call.draining)
        return pb.ActivateJobsResponse(jobs=[messages.leased_job(job, request.worker) for job in leased])

    async def StreamJobs(self, request: pb.StreamJobsRequest) -> AsyncIterator[pb.StreamJobsResponse]:
        """See the contract."""
        draining = current_call().draining
        limit = request.max_active_jobs or DEFAULT_MAX_JOBS
        lease = _micros(request.lease_duration) or DEFAULT_LEASE_MICROS
        names = tuple(request.fetch_variables)
        # Tells a caller at once that the stream is open.
        yield pb.StreamJobsResponse(heartbeat=pb.StreamJobsResponse.Heartbeat())
        undelivered: list[jobs.LeasedJob] = []
        loop = asyncio.get_running_loop()
        silent_since = loop.time()
        try:
            while not draining.is_set():
                room = limit - await jobs.held_by(self.executor, request.type, request.worker)
                if room <= 0:
                    # Completions may come in through any process: only the database knows of them.
                    await asyncio.sleep(HELD_POLL_SECONDS)
                else:
                    activation = jobs.Activation(request.type, request.worker, room, lease, names, request.tenant_id)
                    left = max(0.0, HEARTBEAT_SECONDS - (loop.time() - silent_since))
                    undelivered = await jobs.wait_and_activate(self.executor, activation, left, draining)
                while undelivered:
                    yield pb.StreamJobsResponse(job=messages.leased_job(undelivered[0], request.worker))
                    undelivered.pop(0)
                    silent_since = loop.time()
                if loop.time() - silent_since >= HEARTBEAT_SECONDS:
                    yield pb.StreamJobsResponse(heartbeat=pb.StreamJobsResponse.Heartbeat())
                    silent_since = loop.time()
        except DomainError as error:
            yield pb.StreamJobsResponse(error=status_from(error, DOMAIN))
        finally:
            if undelivered:
                await asyncio.shield(jobs.give_back(self.executor, undelivered))

    async def CompleteJob(self, request: pb.CompleteJobRequest) -> bytes:
        """See the contract."""
        return await jobs.complete(
            self.executor,
            request.id,
            request.lease_token,
            read_variables(request.variables, "variables", self.max_variable_bytes),
            request_record("CompleteJob", request.request_id, request),
            lambda instance: pb.CompleteJobResponse(
                process_instance_id=instance.id, process_instance_ended=instance.ended
            ),
        )

    async def BatchCompleteJobs(self, request: pb.BatchCompleteJobsRequest) -> pb.BatchCompleteJobsResponse:
        """See the contract."""
        results = await asyncio.gather(
            *[self.CompleteJob(completion) for completion in request.completions], return_exceptions=True
        )
        return pb.BatchCompleteJobsResponse(results=[_result(result) for result in results])

    async def FailJob(self, request: pb.FailJobRequest) -> bytes:
        """See the contract."""
        failure = jobs.Failure(
            retries=request.retries if request.HasField("retries") else None,
            backoff_micros=_micros(request.retry_backoff) if request.HasField("retry_backoff") else None,
            message=request.error_message,
        )

        def respond(row: tuple[object, ...], state: JobState, retries: int, available_at: int) -> pb.FailJobResponse:
            job = messages.job_of_row(row)
            job.state = STATES[state]
            job.retries = retries
            job.worker = ""
            job.error_message = request.error_message
            job.ClearField("lease_expire_time")
            job.ClearField("retry_time")
            if (retry_time := messages.timestamp(available_at)) is not None:
                job.retry_time.CopyFrom(retry_time)
            return pb.FailJobResponse(job=job)

        return await jobs.fail_job(
            self.executor,
            request.id,
            request.lease_token,
            failure,
            request_record("FailJob", request.request_id, request),
            respond,
        )

    async def ThrowJobError(self, request: pb.ThrowJobErrorRequest) -> bytes:
        """See the contract."""
        variables = read_variables(request.variables, "variables", self.max_variable_bytes)
        return await jobs.throw_error(
            self.executor,
            request.id,
            request.lease_token,
            BpmnError(request.error_code, request.error_message, variables),
            request_record("ThrowJobError", request.request_id, request),
            lambda caught: pb.ThrowJobErrorResponse(caught=caught),
        )

    async def ExtendJobLease(self, request: pb.ExtendJobLeaseRequest) -> bytes:
        """See the contract."""

        def respond(row: tuple[object, ...], lease_until: int) -> pb.ExtendJobLeaseResponse:
            job = messages.job_of_row(row)
            job.state = job_pb2.Job.STATE_LEASED
            if (expire_time := messages.timestamp(lease_until)) is not None:
                job.lease_expire_time.CopyFrom(expire_time)
            return pb.ExtendJobLeaseResponse(job=job)

        return await jobs.extend(
            self.executor,
            request.id,
            request.lease_token,
            _micros(request.lease_duration) or DEFAULT_LEASE_MICROS,
            request_record("ExtendJobLease", request.request_id, request),
            respond,
        )


def _result(result: bytes | BaseException) -> pb.BatchCompleteJobsResponse.Result:
    if isinstance(result, bytes):
        completed = pb.CompleteJobResponse.FromString(result)
        return pb.BatchCompleteJobsResponse.Result(
            status={},
            process_instance_ended=completed.process_instance_ended,
            commit_token=completed.commit_token,
        )
    if isinstance(result, DomainError):
        return pb.BatchCompleteJobsResponse.Result(status=status_from(result, DOMAIN))
    raise result
