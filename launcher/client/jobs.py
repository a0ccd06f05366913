"""Commands about jobs: `jobs`, `run-job`, `retry`, `work`."""

from __future__ import annotations

import os
import socket
import time
from argparse import Namespace

from flowmesh.engine.v1 import job_pb2, job_service_pb2
from google.protobuf.duration_pb2 import Duration
from google.protobuf.struct_pb2 import Value

from launcher.client.connection import Connection, new_request_id
from launcher.client.failure import Unreachable
from launcher.client.output import Output, moment, to_json
from launcher.client.variables import parse_variables

POLL_SECONDS = 20
"""How long the mesh waits for a job before it answers that there is none."""
LEASE_SECONDS = 60
FIRST_PAUSE_SECONDS = 0.25
LONGEST_PAUSE_SECONDS = 5.0


def list_jobs(connection: Connection, output: Output, arguments: Namespace) -> None:
    """List open jobs."""
    state = job_pb2.Job.State
    request = job_service_pb2.ListJobsRequest(
        type=arguments.type,
        state=f"STATE_{arguments.state.upper()}" if arguments.state else None,
        kind=f"KIND_{arguments.kind.upper()}" if arguments.kind else None,
        process_instance_id=arguments.instance,
        tenant_id=arguments.tenant,
    )
    columns = {
        "id": lambda job: job.id,
        "kind": lambda job: job_pb2.Job.Kind.Name(job.kind).removeprefix("KIND_").lower(),
        "type": lambda job: job.type,
        "state": lambda job: state.Name(job.state).removeprefix("STATE_").lower(),
        "instance": lambda job: job.process_instance_id,
        "element": lambda job: job.element_id,
        "retries": lambda job: job.retries,
        "worker": lambda job: job.worker,
        "created": lambda job: moment(job.create_time),
        "due": lambda job: moment(job.due_time),
        "error": lambda job: job.error_message,
    }
    found = connection.pages(connection.jobs.ListJobs, request, lambda page: page.jobs, arguments.limit)
    output.messages(found, columns, "There are no jobs.")


def run_job(connection: Connection, output: Output, arguments: Namespace) -> None:
    """Run a timer or asynchronous job now."""
    request = job_service_pb2.RunJobRequest(request_id=new_request_id(), id=arguments.job_id)
    response = connection.call(connection.jobs.RunJob, request)
    after = ", which has ended" if response.process_instance_ended else ""
    output.message(response, f"Job {arguments.job_id} of instance {response.process_instance_id} is done{after}.")


def retry(connection: Connection, output: Output, arguments: Namespace) -> None:
    """Give a job attempts."""
    request = job_service_pb2.SetJobRetriesRequest(
        request_id=new_request_id(), id=arguments.job_id, retries=arguments.retries
    )
    job = connection.call(connection.jobs.SetJobRetries, request).job
    output.message(job, f"Job {job.id} ({job.element_id}) has {job.retries} attempts.")


def work(connection: Connection, output: Output, arguments: Namespace) -> None:
    """Complete every job of a type with the given variables, until Ctrl-C or the number asked for.

    A mesh that goes away is waited for once it has answered; raises `Unreachable` where it never did.
    """
    variables = parse_variables(arguments.set)
    worker = arguments.worker or f"flowmesh-{socket.gethostname()}-{os.getpid()}"
    done = 0
    reached = False
    pause = FIRST_PAUSE_SECONDS
    output.say(f"Waiting for jobs of type {arguments.type} (Ctrl-C ends) ...")
    while arguments.count is None or done < arguments.count:
        wanted = 32 if arguments.count is None else min(32, arguments.count - done)
        request = job_service_pb2.ActivateJobsRequest(
            type=arguments.type,
            worker=worker,
            max_jobs=wanted,
            lease_duration=Duration(seconds=LEASE_SECONDS),
            request_timeout=Duration(seconds=POLL_SECONDS),
            tenant_id=arguments.tenant,
        )
        try:
            jobs = connection.call(connection.jobs.ActivateJobs, request, POLL_SECONDS + 15).jobs
            for job in jobs:
                _complete(connection, output, job, variables)
                done += 1
        except Unreachable:
            if not reached:
                raise
            output.say("The mesh does not answer; trying again ...")
            time.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE_SECONDS)
        else:
            reached, pause = True, FIRST_PAUSE_SECONDS
    output.say(f"{done} jobs are completed.")


def _complete(connection: Connection, output: Output, job: job_pb2.Job, variables: dict[str, Value]) -> None:
    request = job_service_pb2.CompleteJobRequest(
        request_id=new_request_id(), id=job.id, lease_token=job.lease_token, variables=variables
    )
    response = connection.call(connection.jobs.CompleteJob, request)
    after = ", which has ended" if response.process_instance_ended else ""
    if output.as_json:
        output.json(to_json(job))
    else:
        output.say(f"Job {job.id} ({job.element_id}) of instance {job.process_instance_id} is completed{after}.")
