"""Answers of commands carry tokens of the commits whose events history will hear of."""

from __future__ import annotations

from flowmesh.engine.v1 import job_service_pb2, process_instance_service_pb2, user_task_service_pb2

from mesh.commit_token import decode_commit_token
from mesh.json_values import to_values
from tests.integration.engine.serving import ENDS, Engine, external, model, user_task

CALLING = ENDS + '<callActivity id="c" calledElement="review"/>'


async def test_a_commit_without_events_points_to_the_last_one_that_had_some(engine: Engine) -> None:
    await engine.deploy(user_task())
    started = await engine.instances.CreateProcessInstance(
        process_instance_service_pb2.CreateProcessInstanceRequest(process_definition_key="review")
    )
    instance = started.process_instance.id
    assert decode_commit_token(started.commit_token) == {instance: 1}
    claim = user_task_service_pb2.ClaimUserTaskRequest(id=f"{instance}.2", user_id="ann")
    first = await engine.tasks.ClaimUserTask(claim)
    assert decode_commit_token(first.commit_token) == {instance: 2}
    # Claimed again by the same user it commits, and tells nothing.
    for _ in range(2):
        again = await engine.tasks.ClaimUserTask(claim)
        assert decode_commit_token(again.commit_token) == {instance: 2}
    read = process_instance_service_pb2.GetProcessInstanceRequest(id=instance)
    found = await engine.instances.GetProcessInstance(read)
    assert found.process_instance.etag == "4"
    assert decode_commit_token(found.commit_token) == {instance: 2}
    done = await engine.tasks.CompleteUserTask(user_task_service_pb2.CompleteUserTaskRequest(id=f"{instance}.2"))
    assert decode_commit_token(done.commit_token) == {instance: 5}


async def test_a_repeated_request_gets_its_first_token(engine: Engine) -> None:
    await engine.deploy(user_task())
    request = process_instance_service_pb2.CreateProcessInstanceRequest(process_definition_key="review", request_id="r")
    first = await engine.instances.CreateProcessInstance(request)
    instance = first.process_instance.id
    variables = to_values({"a": 1})
    await engine.instances.UpdateProcessInstanceVariables(
        process_instance_service_pb2.UpdateProcessInstanceVariablesRequest(id=instance, variables=variables)
    )
    again = await engine.instances.CreateProcessInstance(request)
    assert again.commit_token == first.commit_token


async def test_callers_and_called_are_in_one_token(engine: Engine) -> None:
    await engine.deploy(user_task())
    await engine.deploy(model("calling", CALLING, "s>c", "c>e"))
    batch = process_instance_service_pb2.BatchCreateProcessInstancesRequest(
        instances=[
            process_instance_service_pb2.ProcessInstanceSpec(process_definition_key=key)
            for key in ("calling", "review", "calling")
        ]
    )
    answer = await engine.instances.BatchCreateProcessInstances(batch)
    tokens = [decode_commit_token(token) for token in answer.commit_tokens]
    assert [len(commits) for commits in tokens] == [2, 1, 2]
    for instance, commits in zip(answer.process_instances, tokens, strict=True):
        assert commits[instance.id] == 1
    assert len({name for commits in tokens for name in commits}) == 5
    (called,) = tokens[0].keys() - {answer.process_instances[0].id}
    done = await engine.tasks.CompleteUserTask(user_task_service_pb2.CompleteUserTaskRequest(id=f"{called}.2"))
    assert decode_commit_token(done.commit_token) == {called: 2, answer.process_instances[0].id: 2}


async def test_jobs(engine: Engine) -> None:
    await engine.deploy(external(count=2))
    started = await engine.start("ship")
    activate = job_service_pb2.ActivateJobsRequest(type="work", worker="w", max_jobs=1)
    (job,) = (await engine.jobs.ActivateJobs(activate)).jobs
    completion = job_service_pb2.CompleteJobRequest(id=job.id, lease_token=job.lease_token)
    batch = await engine.jobs.BatchCompleteJobs(job_service_pb2.BatchCompleteJobsRequest(completions=[completion]))
    assert decode_commit_token(batch.results[0].commit_token) == {started.id: 2}
    (job,) = (await engine.jobs.ActivateJobs(activate)).jobs
    fail = job_service_pb2.FailJobRequest(id=job.id, lease_token=job.lease_token, error_message="no")
    assert decode_commit_token((await engine.jobs.FailJob(fail)).commit_token)[started.id] >= 2
