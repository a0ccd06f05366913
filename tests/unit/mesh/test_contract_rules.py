"""What is found surely valid keeps the rules; events are found so."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import protovalidate
import pytest
from flowmesh.engine.v1 import process_instance_service_pb2
from flowmesh.events.v1 import event_pb2, workflow_pb2
from google.protobuf.message import Message

from mesh.contract_rules import surely_valid

TEXTS = ("", "a", "a" * 129, "workflow.task.completed.v1", "workflow.task.completed.v1\n", "1.0", "x.y", "é" * 128)
UUID = "01890a5d-ac96-774b-bcce-b302099a8057"


def scramble(message: Any, chance: random.Random, depth: int = 0) -> None:
    """Fill a message with values on both sides of its rules."""
    for field in message.DESCRIPTOR.fields:
        name = field.name
        if chance.random() < 0.3 or (field.containing_oneof is not None and chance.random() < 0.8):
            continue
        if field.message_type is not None:
            if field.message_type.GetOptions().map_entry or depth > 4:
                continue
            parts = [getattr(message, name).add() for _ in range(2)] if field.is_repeated else [getattr(message, name)]
            for part in parts:
                if not field.is_repeated:
                    part.SetInParent()
                if not field.message_type.full_name.startswith("google.protobuf."):
                    scramble(part, chance, depth + 1)
        elif field.is_repeated:
            continue
        elif field.type == field.TYPE_STRING:
            setattr(message, name, chance.choice((*TEXTS, UUID, UUID.upper(), f"{UUID}\n")))
        elif field.type in (field.TYPE_INT32, field.TYPE_INT64):
            setattr(message, name, chance.choice((-1, 0, 1, 2)))


def envelopes(seed: int) -> Iterator[Message]:
    chance = random.Random(seed)
    payloads = [field for field in event_pb2.EventEnvelope.DESCRIPTOR.fields if field.number >= 100]
    for field in payloads:
        envelope = event_pb2.EventEnvelope(
            event_id=UUID, event_type="workflow.task.completed.v1", event_version="1.0", source_service="s", biz_id="b"
        )
        envelope.timestamp.SetInParent()
        getattr(envelope, field.name).SetInParent()
        scramble(getattr(envelope, field.name), chance)
        yield envelope
        scramble(envelope, chance)
        yield envelope


@pytest.mark.parametrize("seed", range(60))
def test_whatever_is_surely_valid_is_valid(seed: int) -> None:
    for envelope in envelopes(seed):
        payload = envelope.WhichOneof("payload")  # type: ignore[attr-defined]
        for message in [envelope, *([getattr(envelope, payload)] if payload else [])]:
            if surely_valid(message):
                protovalidate.validate(message)


@pytest.mark.parametrize("seed", range(60))
def test_what_is_surely_valid_apart_from_a_field_is_valid_with_a_right_one(seed: int) -> None:
    for envelope in envelopes(seed):
        payload = envelope.WhichOneof("payload")  # type: ignore[attr-defined]
        message: Any = getattr(envelope, payload) if payload else envelope
        if "process_instance" not in message.DESCRIPTOR.fields_by_name:
            continue
        message.process_instance.CopyFrom(workflow_pb2.ProcessInstanceRef(id="1", revision=1))
        expected = surely_valid(message)
        message.ClearField("process_instance")
        assert surely_valid(message, apart_from="process_instance") == expected
        assert not surely_valid(message)


def test_valid_and_invalid_ones_are_among_them() -> None:
    found = [surely_valid(message) for seed in range(60) for message in envelopes(seed)]
    assert 20 < sum(found) < len(found) - 20


def test_rules_of_other_kinds_are_left_to_protovalidate() -> None:
    request = process_instance_service_pb2.CreateProcessInstanceRequest(process_definition_key="order")
    protovalidate.validate(request)
    assert not surely_valid(request)
