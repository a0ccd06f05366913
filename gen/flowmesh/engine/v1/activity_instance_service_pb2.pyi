import datetime

from buf.validate import validate_pb2 as _validate_pb2
from flowmesh.auth.v1 import permission_pb2 as _permission_pb2
from flowmesh.engine.v1 import process_instance_pb2 as _process_instance_pb2
from google.api import annotations_pb2 as _annotations_pb2
from google.protobuf import struct_pb2 as _struct_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ActivityInstance(_message.Message):
    __slots__ = ("id", "element_id", "element_name", "element_type", "start_time", "parent_activity_id", "attached_activity_id", "called_process_instance_id", "waits_for", "due_time", "process_instance_id")
    class WaitsFor(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        WAITS_FOR_UNSPECIFIED: _ClassVar[ActivityInstance.WaitsFor]
        WAITS_FOR_CONTENT: _ClassVar[ActivityInstance.WaitsFor]
        WAITS_FOR_USER_TASK: _ClassVar[ActivityInstance.WaitsFor]
        WAITS_FOR_EXTERNAL_JOB: _ClassVar[ActivityInstance.WaitsFor]
        WAITS_FOR_TIMER: _ClassVar[ActivityInstance.WaitsFor]
        WAITS_FOR_ASYNC_JOB: _ClassVar[ActivityInstance.WaitsFor]
        WAITS_FOR_MESSAGE: _ClassVar[ActivityInstance.WaitsFor]
        WAITS_FOR_SIGNAL: _ClassVar[ActivityInstance.WaitsFor]
        WAITS_FOR_CONDITION: _ClassVar[ActivityInstance.WaitsFor]
        WAITS_FOR_VARIABLE: _ClassVar[ActivityInstance.WaitsFor]
        WAITS_FOR_CALLED_INSTANCE: _ClassVar[ActivityInstance.WaitsFor]
        WAITS_FOR_TRIGGER: _ClassVar[ActivityInstance.WaitsFor]
    WAITS_FOR_UNSPECIFIED: ActivityInstance.WaitsFor
    WAITS_FOR_CONTENT: ActivityInstance.WaitsFor
    WAITS_FOR_USER_TASK: ActivityInstance.WaitsFor
    WAITS_FOR_EXTERNAL_JOB: ActivityInstance.WaitsFor
    WAITS_FOR_TIMER: ActivityInstance.WaitsFor
    WAITS_FOR_ASYNC_JOB: ActivityInstance.WaitsFor
    WAITS_FOR_MESSAGE: ActivityInstance.WaitsFor
    WAITS_FOR_SIGNAL: ActivityInstance.WaitsFor
    WAITS_FOR_CONDITION: ActivityInstance.WaitsFor
    WAITS_FOR_VARIABLE: ActivityInstance.WaitsFor
    WAITS_FOR_CALLED_INSTANCE: ActivityInstance.WaitsFor
    WAITS_FOR_TRIGGER: ActivityInstance.WaitsFor
    ID_FIELD_NUMBER: _ClassVar[int]
    ELEMENT_ID_FIELD_NUMBER: _ClassVar[int]
    ELEMENT_NAME_FIELD_NUMBER: _ClassVar[int]
    ELEMENT_TYPE_FIELD_NUMBER: _ClassVar[int]
    START_TIME_FIELD_NUMBER: _ClassVar[int]
    PARENT_ACTIVITY_ID_FIELD_NUMBER: _ClassVar[int]
    ATTACHED_ACTIVITY_ID_FIELD_NUMBER: _ClassVar[int]
    CALLED_PROCESS_INSTANCE_ID_FIELD_NUMBER: _ClassVar[int]
    WAITS_FOR_FIELD_NUMBER: _ClassVar[int]
    DUE_TIME_FIELD_NUMBER: _ClassVar[int]
    PROCESS_INSTANCE_ID_FIELD_NUMBER: _ClassVar[int]
    id: str
    element_id: str
    element_name: str
    element_type: str
    start_time: _timestamp_pb2.Timestamp
    parent_activity_id: str
    attached_activity_id: str
    called_process_instance_id: str
    waits_for: ActivityInstance.WaitsFor
    due_time: _timestamp_pb2.Timestamp
    process_instance_id: str
    def __init__(self, id: _Optional[str] = ..., element_id: _Optional[str] = ..., element_name: _Optional[str] = ..., element_type: _Optional[str] = ..., start_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., parent_activity_id: _Optional[str] = ..., attached_activity_id: _Optional[str] = ..., called_process_instance_id: _Optional[str] = ..., waits_for: _Optional[_Union[ActivityInstance.WaitsFor, str]] = ..., due_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., process_instance_id: _Optional[str] = ...) -> None: ...

class ListActivityInstancesRequest(_message.Message):
    __slots__ = ("page_size", "page_token", "process_instance_id", "element_id")
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    PROCESS_INSTANCE_ID_FIELD_NUMBER: _ClassVar[int]
    ELEMENT_ID_FIELD_NUMBER: _ClassVar[int]
    page_size: int
    page_token: str
    process_instance_id: str
    element_id: str
    def __init__(self, page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., process_instance_id: _Optional[str] = ..., element_id: _Optional[str] = ...) -> None: ...

class ListActivityInstancesResponse(_message.Message):
    __slots__ = ("activity_instances", "next_page_token")
    ACTIVITY_INSTANCES_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    activity_instances: _containers.RepeatedCompositeFieldContainer[ActivityInstance]
    next_page_token: str
    def __init__(self, activity_instances: _Optional[_Iterable[_Union[ActivityInstance, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class TriggerActivityInstanceRequest(_message.Message):
    __slots__ = ("request_id", "id", "variables", "transient_variables")
    class VariablesEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: _struct_pb2.Value
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[_struct_pb2.Value, _Mapping]] = ...) -> None: ...
    class TransientVariablesEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: _struct_pb2.Value
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[_struct_pb2.Value, _Mapping]] = ...) -> None: ...
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    ID_FIELD_NUMBER: _ClassVar[int]
    VARIABLES_FIELD_NUMBER: _ClassVar[int]
    TRANSIENT_VARIABLES_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    id: str
    variables: _containers.MessageMap[str, _struct_pb2.Value]
    transient_variables: _containers.MessageMap[str, _struct_pb2.Value]
    def __init__(self, request_id: _Optional[str] = ..., id: _Optional[str] = ..., variables: _Optional[_Mapping[str, _struct_pb2.Value]] = ..., transient_variables: _Optional[_Mapping[str, _struct_pb2.Value]] = ...) -> None: ...

class TriggerActivityInstanceResponse(_message.Message):
    __slots__ = ("process_instance", "commit_token")
    PROCESS_INSTANCE_FIELD_NUMBER: _ClassVar[int]
    COMMIT_TOKEN_FIELD_NUMBER: _ClassVar[int]
    process_instance: _process_instance_pb2.ProcessInstance
    commit_token: str
    def __init__(self, process_instance: _Optional[_Union[_process_instance_pb2.ProcessInstance, _Mapping]] = ..., commit_token: _Optional[str] = ...) -> None: ...
