import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ProcessInstance(_message.Message):
    __slots__ = ("id", "status", "process_definition_id", "process_definition_key", "process_definition_version", "business_key", "tenant_id", "start_time", "end_time", "etag", "incident_count", "parent_process_instance_id", "root_process_instance_id", "restarted_from")
    class Status(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        STATUS_UNSPECIFIED: _ClassVar[ProcessInstance.Status]
        STATUS_RUNNING: _ClassVar[ProcessInstance.Status]
        STATUS_PAUSED: _ClassVar[ProcessInstance.Status]
        STATUS_COMPLETED: _ClassVar[ProcessInstance.Status]
        STATUS_FAILED: _ClassVar[ProcessInstance.Status]
        STATUS_TERMINATED: _ClassVar[ProcessInstance.Status]
    STATUS_UNSPECIFIED: ProcessInstance.Status
    STATUS_RUNNING: ProcessInstance.Status
    STATUS_PAUSED: ProcessInstance.Status
    STATUS_COMPLETED: ProcessInstance.Status
    STATUS_FAILED: ProcessInstance.Status
    STATUS_TERMINATED: ProcessInstance.Status
    ID_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    PROCESS_DEFINITION_ID_FIELD_NUMBER: _ClassVar[int]
    PROCESS_DEFINITION_KEY_FIELD_NUMBER: _ClassVar[int]
    PROCESS_DEFINITION_VERSION_FIELD_NUMBER: _ClassVar[int]
    BUSINESS_KEY_FIELD_NUMBER: _ClassVar[int]
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    START_TIME_FIELD_NUMBER: _ClassVar[int]
    END_TIME_FIELD_NUMBER: _ClassVar[int]
    ETAG_FIELD_NUMBER: _ClassVar[int]
    INCIDENT_COUNT_FIELD_NUMBER: _ClassVar[int]
    PARENT_PROCESS_INSTANCE_ID_FIELD_NUMBER: _ClassVar[int]
    ROOT_PROCESS_INSTANCE_ID_FIELD_NUMBER: _ClassVar[int]
    RESTARTED_FROM_FIELD_NUMBER: _ClassVar[int]
    id: str
    status: ProcessInstance.Status
    process_definition_id: str
    process_definition_key: str
    process_definition_version: int
    business_key: str
    tenant_id: str
    start_time: _timestamp_pb2.Timestamp
    end_time: _timestamp_pb2.Timestamp
    etag: str
    incident_count: int
    parent_process_instance_id: str
    root_process_instance_id: str
    restarted_from: str
    def __init__(self, id: _Optional[str] = ..., status: _Optional[_Union[ProcessInstance.Status, str]] = ..., process_definition_id: _Optional[str] = ..., process_definition_key: _Optional[str] = ..., process_definition_version: _Optional[int] = ..., business_key: _Optional[str] = ..., tenant_id: _Optional[str] = ..., start_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., end_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., etag: _Optional[str] = ..., incident_count: _Optional[int] = ..., parent_process_instance_id: _Optional[str] = ..., root_process_instance_id: _Optional[str] = ..., restarted_from: _Optional[str] = ...) -> None: ...
