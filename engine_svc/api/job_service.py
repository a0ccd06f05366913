"""`flowmesh.engine.v1.JobService`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

from flowmesh.engine.v1 import job_pb2
from flowmesh.engine.v1 import job_service_pb2 as pb
from google.protobuf.duration_pb2 import Duration

from engine_svc.api import messages
from engine_svc.api.times import micros_of
from engine_svc.commands import job_operations, jobs
from engine_svc.commands.due_jobs import DueJobs
from engine_svc.commands.executor import InstanceExecutor
from engine_svc.commands.idempotency import request_record
from engine_svc.commands.variables import read_variables
from engine_svc.runtime.behaviors.bpmn_error import BpmnError
from engine_svc.runtime.job_commands import NO_RESULT
from engine_svc.state.instance import Instance
from engine_svc.storage.commit import FINISHED_JOB_COLUMNS, JOB_COLUMNS
from engine_svc.storage.finished_jobs import FinishedJobFilter, list_finished_jobs
from engine_svc.storage.jobs import DETAILED_COLUMNS, ORDER, JobFilter, JobState, fetch_job_details, list_jobs
from mesh.call import current_call, open_rows
from mesh.db.database import Database
from mesh.db.statements import Row
from mesh.errors import DomainError, InvalidField, Violation
from mesh.ids import member_id, split_member_id
from mesh.paging import decode_page_token, encode_page_token, page_size_of
from mesh.status import status_from

DEFAULT_MAX_JOBS = 32
DEFAULT_LEASE_MICROS = 60_000_000
DEFAULT_RETRIES = 3
MAX_BATCH = 1_000
SIDE_BY_SIDE = 32
"""Jobs of one batch that are changed at one time."""
HEARTBEAT_SECONDS = 10.0
HELD_POLL_SECONDS = 0.05
DOMAIN = "flowmesh.engine"
FINISHED_ID = FINISHED_JOB_COLUMNS.index("id")
TENANT_ID, DEFINITION_KEY = map(DETAILED_COLUMNS.index, ("tenant_id", "definition_key"))
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
    due_jobs: DueJobs

    async def GetJob(self, request: pb.GetJobRequest) -> pb.GetJobResponse:
        """See the contract."""
        parts = split_member_id(request.id)
        row = await self.database.read(fetch_job_details(*parts)) if parts else None
        if row is None or not open_rows().allow(row[TENANT_ID], row[DEFINITION_KEY]):
            raise jobs.job_missing(request.id)
        return pb.GetJobResponse(job=messages.detailed_job(row))

    async def ListJobs(self, request: pb.ListJobsRequest) -> pb.ListJobsResponse:
        """See the contract."""
        size = page_size_of(request)
        wanted = JobFilter(
            request.type,
            request.state,
            request.process_instance_id,
            request.tenant_id,
            request.kind,
            micros_of(request.due_before) if request.HasField("due_before") else 0,
            request.element_id,
            request.process_definition_key,
            request.worker,
            request.with_error,
            request.min_priority if request.HasField("min_priority") else None,
            request.max_priority if request.HasField("max_priority") else None,
        )
        after = decode_page_token(request, int, str, int)
        rows = await self.database.read(list_jobs(wanted, open_rows(), after, size + 1))
        page = rows[:size]
        last = [page[-1][position] for position in ORDER_POSITIONS] if len(rows) > size else None
        return pb.ListJobsResponse(
            jobs=[messages.listed_job(row) for row in page],
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
        # Before anything leaves; below they are asked for again, as they may change while the stream lives.
        open_rows()
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
            self._result_of(request),
            request_record("CompleteJob", request.request_id, request),
            lambda instance: pb.CompleteJobResponse(
                process_instance_id=instance.id, process_instance_ended=instance.ended
            ),
        )

    def _result_of(self, request: pb.CompleteJobRequest) -> object:
        if not request.HasField("result"):
            return NO_RESULT
        return read_variables({"result": request.result}, "result", self.max_variable_bytes)["result"]

    async def BatchCompleteJobs(self, request: pb.BatchCompleteJobsRequest) -> pb.BatchCompleteJobsResponse:
        """See the contract."""
        # Of jobs that never were, nobody asks below.
        open_rows()
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
            code=request.error_code,
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
            lambda: pb.FailJobResponse(caught=True),
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

    async def RunJob(self, request: pb.RunJobRequest) -> bytes:
        """See the contract."""

        def respond(instance: Instance) -> pb.RunJobResponse:
            return pb.RunJobResponse(process_instance_id=instance.id, process_instance_ended=instance.ended)

        record = request_record("RunJob", request.request_id, request)
        return await job_operations.run_now(self.due_jobs, request.id, record, respond)

    async def SetJobRetries(self, request: pb.SetJobRetriesRequest) -> bytes:
        """See the contract."""
        return await job_operations.set_retries(
            self.executor,
            request.id,
            request.retries,
            request_record("SetJobRetries", request.request_id, request),
            lambda row: pb.SetJobRetriesResponse(job=messages.detailed_job(row)),
        )

    async def BatchSetJobRetries(self, request: pb.BatchSetJobRetriesRequest) -> pb.BatchSetJobRetriesResponse:
        """See the contract."""
        if bool(request.ids) == request.HasField("filter"):
            raise InvalidField(
                "FIELD_INVALID",
                "Either ids or a filter must be given.",
                violations=[Violation("ids", "Give the jobs' ids, or a filter that finds them, not both.")],
            )
        # Of jobs that never were, nobody asks below.
        open_rows()
        ids = list(request.ids) or await self._ids_of(request.filter)
        places = asyncio.Semaphore(SIDE_BY_SIDE)

        async def change(job_id: str) -> pb.BatchSetJobRetriesResponse.Result:
            async with places:
                try:
                    await job_operations.set_retries(
                        self.executor, job_id, request.retries, None, lambda _: pb.SetJobRetriesResponse()
                    )
                except DomainError as error:
                    return pb.BatchSetJobRetriesResponse.Result(id=job_id, status=status_from(error, DOMAIN))
            return pb.BatchSetJobRetriesResponse.Result(id=job_id, status={})

        return pb.BatchSetJobRetriesResponse(results=await asyncio.gather(*[change(job_id) for job_id in ids]))

    async def _ids_of(self, wanted: pb.BatchSetJobRetriesRequest.Filter) -> list[str]:
        found = JobFilter(
            wanted.type,
            wanted.state,
            wanted.process_instance_id,
            wanted.tenant_id,
            wanted.kind,
            element_id=wanted.element_id,
            definition_key=wanted.process_definition_key,
            with_error=wanted.with_error,
        )
        return [member_id(*row[:2]) for row in await self.database.read(list_jobs(found, open_rows(), None, MAX_BATCH))]

    async def MoveJobToDeadLetter(self, request: pb.MoveJobToDeadLetterRequest) -> bytes:
        """See the contract."""
        return await job_operations.give_up(
            self.executor,
            request.id,
            request.reason,
            request_record("MoveJobToDeadLetter", request.request_id, request),
            lambda row: pb.MoveJobToDeadLetterResponse(job=messages.detailed_job(row)),
        )

    async def MoveJobFromDeadLetter(self, request: pb.MoveJobFromDeadLetterRequest) -> bytes:
        """See the contract."""
        return await job_operations.revive(
            self.executor,
            request.id,
            request.retries or DEFAULT_RETRIES,
            request_record("MoveJobFromDeadLetter", request.request_id, request),
            lambda row: pb.MoveJobFromDeadLetterResponse(job=messages.detailed_job(row)),
        )

    async def RescheduleJob(self, request: pb.RescheduleJobRequest) -> bytes:
        """See the contract."""

        def respond(row: Row) -> pb.RescheduleJobResponse:
            return pb.RescheduleJobResponse(job=messages.detailed_job(row))

        return await job_operations.reschedule(
            self.executor,
            request.id,
            micros_of(request.due_time),
            request_record("RescheduleJob", request.request_id, request),
            respond,
        )

    async def ListFinishedJobs(self, request: pb.ListFinishedJobsRequest) -> pb.ListFinishedJobsResponse:
        """See the contract."""
        size = page_size_of(request)
        wanted = FinishedJobFilter(
            request.process_definition_key, request.process_instance_id, request.outcome, request.tenant_id
        )
        after = decode_page_token(request, str)
        rows = await self.database.read(list_finished_jobs(wanted, open_rows(), after, size + 1))
        page = rows[:size]
        last = [page[-1][FINISHED_ID]] if len(rows) > size else None
        return pb.ListFinishedJobsResponse(
            finished_jobs=[messages.finished_job_of_row(row) for row in page],
            next_page_token=encode_page_token(request, last) if last else "",
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
