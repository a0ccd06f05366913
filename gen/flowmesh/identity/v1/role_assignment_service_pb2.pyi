import datetime

from buf.validate import validate_pb2 as _validate_pb2
from flowmesh.auth.v1 import permission_pb2 as _permission_pb2
from flowmesh.identity.v1 import access_service_pb2 as _access_service_pb2
from google.api import annotations_pb2 as _annotations_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class RoleAssignment(_message.Message):
    __slots__ = ("id", "role_id", "subject_id", "group_id", "narrowing", "create_time", "creator_id")
    ID_FIELD_NUMBER: _ClassVar[int]
    ROLE_ID_FIELD_NUMBER: _ClassVar[int]
    SUBJECT_ID_FIELD_NUMBER: _ClassVar[int]
    GROUP_ID_FIELD_NUMBER: _ClassVar[int]
    NARROWING_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    CREATOR_ID_FIELD_NUMBER: _ClassVar[int]
    id: str
    role_id: str
    subject_id: str
    group_id: str
    narrowing: _access_service_pb2.Grant
    create_time: _timestamp_pb2.Timestamp
    creator_id: str
    def __init__(self, id: _Optional[str] = ..., role_id: _Optional[str] = ..., subject_id: _Optional[str] = ..., group_id: _Optional[str] = ..., narrowing: _Optional[_Union[_access_service_pb2.Grant, _Mapping]] = ..., create_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., creator_id: _Optional[str] = ...) -> None: ...

class CreateRoleAssignmentRequest(_message.Message):
    __slots__ = ("request_id", "role_id", "subject_id", "group_id", "narrowing")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    ROLE_ID_FIELD_NUMBER: _ClassVar[int]
    SUBJECT_ID_FIELD_NUMBER: _ClassVar[int]
    GROUP_ID_FIELD_NUMBER: _ClassVar[int]
    NARROWING_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    role_id: str
    subject_id: str
    group_id: str
    narrowing: _access_service_pb2.Grant
    def __init__(self, request_id: _Optional[str] = ..., role_id: _Optional[str] = ..., subject_id: _Optional[str] = ..., group_id: _Optional[str] = ..., narrowing: _Optional[_Union[_access_service_pb2.Grant, _Mapping]] = ...) -> None: ...

class CreateRoleAssignmentResponse(_message.Message):
    __slots__ = ("role_assignment",)
    ROLE_ASSIGNMENT_FIELD_NUMBER: _ClassVar[int]
    role_assignment: RoleAssignment
    def __init__(self, role_assignment: _Optional[_Union[RoleAssignment, _Mapping]] = ...) -> None: ...

class GetRoleAssignmentRequest(_message.Message):
    __slots__ = ("id",)
    ID_FIELD_NUMBER: _ClassVar[int]
    id: str
    def __init__(self, id: _Optional[str] = ...) -> None: ...

class GetRoleAssignmentResponse(_message.Message):
    __slots__ = ("role_assignment",)
    ROLE_ASSIGNMENT_FIELD_NUMBER: _ClassVar[int]
    role_assignment: RoleAssignment
    def __init__(self, role_assignment: _Optional[_Union[RoleAssignment, _Mapping]] = ...) -> None: ...

class ListRoleAssignmentsRequest(_message.Message):
    __slots__ = ("page_size", "page_token", "role_id", "subject_id", "group_id")
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    ROLE_ID_FIELD_NUMBER: _ClassVar[int]
    SUBJECT_ID_FIELD_NUMBER: _ClassVar[int]
    GROUP_ID_FIELD_NUMBER: _ClassVar[int]
    page_size: int
    page_token: str
    role_id: str
    subject_id: str
    group_id: str
    def __init__(self, page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., role_id: _Optional[str] = ..., subject_id: _Optional[str] = ..., group_id: _Optional[str] = ...) -> None: ...

class ListRoleAssignmentsResponse(_message.Message):
    __slots__ = ("role_assignments", "next_page_token")
    ROLE_ASSIGNMENTS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    role_assignments: _containers.RepeatedCompositeFieldContainer[RoleAssignment]
    next_page_token: str
    def __init__(self, role_assignments: _Optional[_Iterable[_Union[RoleAssignment, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class DeleteRoleAssignmentRequest(_message.Message):
    __slots__ = ("request_id", "id")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    ID_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    id: str
    def __init__(self, request_id: _Optional[str] = ..., id: _Optional[str] = ...) -> None: ...

class DeleteRoleAssignmentResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...
