from buf.validate import validate_pb2 as _validate_pb2
from flowmesh.auth.v1 import permission_pb2 as _permission_pb2
from flowmesh.engine.v1 import user_task_pb2 as _user_task_pb2
from google.api import annotations_pb2 as _annotations_pb2
from google.protobuf import struct_pb2 as _struct_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class GetUserTaskRequest(_message.Message):
    __slots__ = ("id",)
    ID_FIELD_NUMBER: _ClassVar[int]
    id: str
    def __init__(self, id: _Optional[str] = ...) -> None: ...

class GetUserTaskResponse(_message.Message):
    __slots__ = ("user_task",)
    USER_TASK_FIELD_NUMBER: _ClassVar[int]
    user_task: _user_task_pb2.UserTask
    def __init__(self, user_task: _Optional[_Union[_user_task_pb2.UserTask, _Mapping]] = ...) -> None: ...

class ListUserTasksRequest(_message.Message):
    __slots__ = ("page_size", "page_token", "assignee", "candidate_user", "candidate_groups", "process_instance_id", "process_definition_key", "element_id", "tenant_id")
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    ASSIGNEE_FIELD_NUMBER: _ClassVar[int]
    CANDIDATE_USER_FIELD_NUMBER: _ClassVar[int]
    CANDIDATE_GROUPS_FIELD_NUMBER: _ClassVar[int]
    PROCESS_INSTANCE_ID_FIELD_NUMBER: _ClassVar[int]
    PROCESS_DEFINITION_KEY_FIELD_NUMBER: _ClassVar[int]
    ELEMENT_ID_FIELD_NUMBER: _ClassVar[int]
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    page_size: int
    page_token: str
    assignee: str
    candidate_user: str
    candidate_groups: _containers.RepeatedScalarFieldContainer[str]
    process_instance_id: str
    process_definition_key: str
    element_id: str
    tenant_id: str
    def __init__(self, page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., assignee: _Optional[str] = ..., candidate_user: _Optional[str] = ..., candidate_groups: _Optional[_Iterable[str]] = ..., process_instance_id: _Optional[str] = ..., process_definition_key: _Optional[str] = ..., element_id: _Optional[str] = ..., tenant_id: _Optional[str] = ...) -> None: ...

class ListUserTasksResponse(_message.Message):
    __slots__ = ("user_tasks", "next_page_token")
    USER_TASKS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    user_tasks: _containers.RepeatedCompositeFieldContainer[_user_task_pb2.UserTask]
    next_page_token: str
    def __init__(self, user_tasks: _Optional[_Iterable[_Union[_user_task_pb2.UserTask, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class ClaimUserTaskRequest(_message.Message):
    __slots__ = ("request_id", "id", "user_id")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    ID_FIELD_NUMBER: _ClassVar[int]
    USER_ID_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    id: str
    user_id: str
    def __init__(self, request_id: _Optional[str] = ..., id: _Optional[str] = ..., user_id: _Optional[str] = ...) -> None: ...

class ClaimUserTaskResponse(_message.Message):
    __slots__ = ("user_task",)
    USER_TASK_FIELD_NUMBER: _ClassVar[int]
    user_task: _user_task_pb2.UserTask
    def __init__(self, user_task: _Optional[_Union[_user_task_pb2.UserTask, _Mapping]] = ...) -> None: ...

class UnclaimUserTaskRequest(_message.Message):
    __slots__ = ("request_id", "id")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    ID_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    id: str
    def __init__(self, request_id: _Optional[str] = ..., id: _Optional[str] = ...) -> None: ...

class UnclaimUserTaskResponse(_message.Message):
    __slots__ = ("user_task",)
    USER_TASK_FIELD_NUMBER: _ClassVar[int]
    user_task: _user_task_pb2.UserTask
    def __init__(self, user_task: _Optional[_Union[_user_task_pb2.UserTask, _Mapping]] = ...) -> None: ...

class CompleteUserTaskRequest(_message.Message):
    __slots__ = ("request_id", "id", "variables")
    class VariablesEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: _struct_pb2.Value
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[_struct_pb2.Value, _Mapping]] = ...) -> None: ...
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    ID_FIELD_NUMBER: _ClassVar[int]
    VARIABLES_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    id: str
    variables: _containers.MessageMap[str, _struct_pb2.Value]
    def __init__(self, request_id: _Optional[str] = ..., id: _Optional[str] = ..., variables: _Optional[_Mapping[str, _struct_pb2.Value]] = ...) -> None: ...

class CompleteUserTaskResponse(_message.Message):
    __slots__ = ("process_instance_id", "process_instance_ended")
    PROCESS_INSTANCE_ID_FIELD_NUMBER: _ClassVar[int]
    PROCESS_INSTANCE_ENDED_FIELD_NUMBER: _ClassVar[int]
    process_instance_id: str
    process_instance_ended: bool
    def __init__(self, process_instance_id: _Optional[str] = ..., process_instance_ended: _Optional[bool] = ...) -> None: ...
