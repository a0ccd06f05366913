from __future__ import annotations

from typing import Any

import pytest
from flowmesh.engine.v1 import job_service_pb2 as jobs
from flowmesh.engine.v1 import process_instance_service_pb2 as pb
from google.protobuf.duration_pb2 import Duration
from google.protobuf.struct_pb2 import Value

from mesh.errors import InvalidField
from mesh.validation import prepare, validate


def faults(request: Any) -> dict[str, str]:
    with pytest.raises(InvalidField) as raised:
        validate(request)
    assert raised.value.reason == "FIELD_INVALID"
    return {fault.field: fault.description for fault in raised.value.violations}


def spec(**fields: Any) -> pb.ProcessInstanceSpec:
    return pb.ProcessInstanceSpec(**fields)


def test_a_request_that_keeps_the_rules() -> None:
    prepare([pb.CreateProcessInstanceRequest])
    validate(pb.CreateProcessInstanceRequest(process_definition_key="order"))


def test_paths_are_spelled_as_in_the_contract() -> None:
    instances = [spec(), spec(), spec(), spec(process_definition_key="k" * 300)]
    instances[1].variables[""].CopyFrom(Value(number_value=1))
    instances[2].variables['"' + "x" * 300].CopyFrom(Value(number_value=1))
    found = faults(pb.BatchCreateProcessInstancesRequest(instances=instances))
    assert set(found) == {
        "instances[3].process_definition_key",
        'instances[1].variables[""] (key)',
        'instances[2].variables["\\"' + "x" * 300 + '"] (key)',
    }
    assert found["instances[3].process_definition_key"] == "Must be at most 255 characters."


def test_message_rules_and_durations() -> None:
    request = jobs.StreamJobsRequest(type="a", worker="w", lease_duration=Duration(seconds=-1))
    (field,) = faults(request)
    assert field == "lease_duration"
    assert faults(pb.BatchCreateProcessInstancesRequest()) == {"instances": "Must contain at least 1 item(s)."}


def test_many_faults_are_counted_in_the_message() -> None:
    request = pb.BatchCreateProcessInstancesRequest(instances=[spec(process_definition_version=-1)] * 5)
    with pytest.raises(InvalidField) as raised:
        validate(request)
    assert len(raised.value.violations) == 5
    assert raised.value.message.endswith("(and 2 more)")
