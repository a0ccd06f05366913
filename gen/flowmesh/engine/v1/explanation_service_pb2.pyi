import datetime

from buf.validate import validate_pb2 as _validate_pb2
from flowmesh.auth.v1 import permission_pb2 as _permission_pb2
from flowmesh.engine.v1 import incident_service_pb2 as _incident_service_pb2
from flowmesh.engine.v1 import job_pb2 as _job_pb2
from flowmesh.engine.v1 import process_instance_pb2 as _process_instance_pb2
from google.api import annotations_pb2 as _annotations_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ExplainProcessInstanceRequest(_message.Message):
    __slots__ = ("id", "max_waits")
    ID_FIELD_NUMBER: _ClassVar[int]
    MAX_WAITS_FIELD_NUMBER: _ClassVar[int]
    id: str
    max_waits: int
    def __init__(self, id: _Optional[str] = ..., max_waits: _Optional[int] = ...) -> None: ...

class ExplainProcessInstanceResponse(_message.Message):
    __slots__ = ("process_instance", "summary", "waits", "wait_count")
    PROCESS_INSTANCE_FIELD_NUMBER: _ClassVar[int]
    SUMMARY_FIELD_NUMBER: _ClassVar[int]
    WAITS_FIELD_NUMBER: _ClassVar[int]
    WAIT_COUNT_FIELD_NUMBER: _ClassVar[int]
    process_instance: _process_instance_pb2.ProcessInstance
    summary: str
    waits: _containers.RepeatedCompositeFieldContainer[InstanceWait]
    wait_count: int
    def __init__(self, process_instance: _Optional[_Union[_process_instance_pb2.ProcessInstance, _Mapping]] = ..., summary: _Optional[str] = ..., waits: _Optional[_Iterable[_Union[InstanceWait, _Mapping]]] = ..., wait_count: _Optional[int] = ...) -> None: ...

class InstanceWait(_message.Message):
    __slots__ = ("kind", "description", "activity_id", "element_id", "element_name", "element_type", "start_time", "host_activity_id", "assignee", "candidate_users", "candidate_groups", "job", "name", "correlation_key", "called_process_instance_id", "missing_flow_ids", "incidents", "near_misses")
    class Kind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        KIND_UNSPECIFIED: _ClassVar[InstanceWait.Kind]
        KIND_USER_TASK: _ClassVar[InstanceWait.Kind]
        KIND_EXTERNAL_JOB: _ClassVar[InstanceWait.Kind]
        KIND_TIMER: _ClassVar[InstanceWait.Kind]
        KIND_ASYNC_JOB: _ClassVar[InstanceWait.Kind]
        KIND_MESSAGE: _ClassVar[InstanceWait.Kind]
        KIND_SIGNAL: _ClassVar[InstanceWait.Kind]
        KIND_CONDITION: _ClassVar[InstanceWait.Kind]
        KIND_VARIABLE: _ClassVar[InstanceWait.Kind]
        KIND_CALLED_INSTANCE: _ClassVar[InstanceWait.Kind]
        KIND_TRIGGER: _ClassVar[InstanceWait.Kind]
        KIND_JOIN: _ClassVar[InstanceWait.Kind]
    KIND_UNSPECIFIED: InstanceWait.Kind
    KIND_USER_TASK: InstanceWait.Kind
    KIND_EXTERNAL_JOB: InstanceWait.Kind
    KIND_TIMER: InstanceWait.Kind
    KIND_ASYNC_JOB: InstanceWait.Kind
    KIND_MESSAGE: InstanceWait.Kind
    KIND_SIGNAL: InstanceWait.Kind
    KIND_CONDITION: InstanceWait.Kind
    KIND_VARIABLE: InstanceWait.Kind
    KIND_CALLED_INSTANCE: InstanceWait.Kind
    KIND_TRIGGER: InstanceWait.Kind
    KIND_JOIN: InstanceWait.Kind
    KIND_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    ACTIVITY_ID_FIELD_NUMBER: _ClassVar[int]
    ELEMENT_ID_FIELD_NUMBER: _ClassVar[int]
    ELEMENT_NAME_FIELD_NUMBER: _ClassVar[int]
    ELEMENT_TYPE_FIELD_NUMBER: _ClassVar[int]
    START_TIME_FIELD_NUMBER: _ClassVar[int]
    HOST_ACTIVITY_ID_FIELD_NUMBER: _ClassVar[int]
    ASSIGNEE_FIELD_NUMBER: _ClassVar[int]
    CANDIDATE_USERS_FIELD_NUMBER: _ClassVar[int]
    CANDIDATE_GROUPS_FIELD_NUMBER: _ClassVar[int]
    JOB_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    CORRELATION_KEY_FIELD_NUMBER: _ClassVar[int]
    CALLED_PROCESS_INSTANCE_ID_FIELD_NUMBER: _ClassVar[int]
    MISSING_FLOW_IDS_FIELD_NUMBER: _ClassVar[int]
    INCIDENTS_FIELD_NUMBER: _ClassVar[int]
    NEAR_MISSES_FIELD_NUMBER: _ClassVar[int]
    kind: InstanceWait.Kind
    description: str
    activity_id: str
    element_id: str
    element_name: str
    element_type: str
    start_time: _timestamp_pb2.Timestamp
    host_activity_id: str
    assignee: str
    candidate_users: _containers.RepeatedScalarFieldContainer[str]
    candidate_groups: _containers.RepeatedScalarFieldContainer[str]
    job: _job_pb2.Job
    name: str
    correlation_key: str
    called_process_instance_id: str
    missing_flow_ids: _containers.RepeatedScalarFieldContainer[str]
    incidents: _containers.RepeatedCompositeFieldContainer[_incident_service_pb2.Incident]
    near_misses: _containers.RepeatedCompositeFieldContainer[NearMiss]
    def __init__(self, kind: _Optional[_Union[InstanceWait.Kind, str]] = ..., description: _Optional[str] = ..., activity_id: _Optional[str] = ..., element_id: _Optional[str] = ..., element_name: _Optional[str] = ..., element_type: _Optional[str] = ..., start_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., host_activity_id: _Optional[str] = ..., assignee: _Optional[str] = ..., candidate_users: _Optional[_Iterable[str]] = ..., candidate_groups: _Optional[_Iterable[str]] = ..., job: _Optional[_Union[_job_pb2.Job, _Mapping]] = ..., name: _Optional[str] = ..., correlation_key: _Optional[str] = ..., called_process_instance_id: _Optional[str] = ..., missing_flow_ids: _Optional[_Iterable[str]] = ..., incidents: _Optional[_Iterable[_Union[_incident_service_pb2.Incident, _Mapping]]] = ..., near_misses: _Optional[_Iterable[_Union[NearMiss, _Mapping]]] = ...) -> None: ...

class NearMiss(_message.Message):
    __slots__ = ("message_id", "correlation_key", "receive_time", "reason")
    MESSAGE_ID_FIELD_NUMBER: _ClassVar[int]
    CORRELATION_KEY_FIELD_NUMBER: _ClassVar[int]
    RECEIVE_TIME_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    message_id: str
    correlation_key: str
    receive_time: _timestamp_pb2.Timestamp
    reason: str
    def __init__(self, message_id: _Optional[str] = ..., correlation_key: _Optional[str] = ..., receive_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., reason: _Optional[str] = ...) -> None: ...
