import datetime

from buf.validate import validate_pb2 as _validate_pb2
from flowmesh.auth.v1 import permission_pb2 as _permission_pb2
from google.api import annotations_pb2 as _annotations_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class CheckPermissionRequest(_message.Message):
    __slots__ = ("subject_id", "permission", "resource")
    class Resource(_message.Message):
        __slots__ = ("tenant_id", "process_definition_key", "involved")
        TENANT_ID_FIELD_NUMBER: _ClassVar[int]
        PROCESS_DEFINITION_KEY_FIELD_NUMBER: _ClassVar[int]
        INVOLVED_FIELD_NUMBER: _ClassVar[int]
        tenant_id: str
        process_definition_key: str
        involved: bool
        def __init__(self, tenant_id: _Optional[str] = ..., process_definition_key: _Optional[str] = ..., involved: _Optional[bool] = ...) -> None: ...
    SUBJECT_ID_FIELD_NUMBER: _ClassVar[int]
    PERMISSION_FIELD_NUMBER: _ClassVar[int]
    RESOURCE_FIELD_NUMBER: _ClassVar[int]
    subject_id: str
    permission: str
    resource: CheckPermissionRequest.Resource
    def __init__(self, subject_id: _Optional[str] = ..., permission: _Optional[str] = ..., resource: _Optional[_Union[CheckPermissionRequest.Resource, _Mapping]] = ...) -> None: ...

class CheckPermissionResponse(_message.Message):
    __slots__ = ("allowed",)
    ALLOWED_FIELD_NUMBER: _ClassVar[int]
    allowed: bool
    def __init__(self, allowed: _Optional[bool] = ...) -> None: ...

class GetOwnAccessRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class GetOwnAccessResponse(_message.Message):
    __slots__ = ("access",)
    ACCESS_FIELD_NUMBER: _ClassVar[int]
    access: Access
    def __init__(self, access: _Optional[_Union[Access, _Mapping]] = ...) -> None: ...

class GetAccessRequest(_message.Message):
    __slots__ = ("subject_id",)
    SUBJECT_ID_FIELD_NUMBER: _ClassVar[int]
    subject_id: str
    def __init__(self, subject_id: _Optional[str] = ...) -> None: ...

class GetAccessResponse(_message.Message):
    __slots__ = ("access",)
    ACCESS_FIELD_NUMBER: _ClassVar[int]
    access: Access
    def __init__(self, access: _Optional[_Union[Access, _Mapping]] = ...) -> None: ...

class Access(_message.Message):
    __slots__ = ("subject_id", "active", "group_ids", "tenant_ids", "all_tenants", "grants", "version")
    SUBJECT_ID_FIELD_NUMBER: _ClassVar[int]
    ACTIVE_FIELD_NUMBER: _ClassVar[int]
    GROUP_IDS_FIELD_NUMBER: _ClassVar[int]
    TENANT_IDS_FIELD_NUMBER: _ClassVar[int]
    ALL_TENANTS_FIELD_NUMBER: _ClassVar[int]
    GRANTS_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    subject_id: str
    active: bool
    group_ids: _containers.RepeatedScalarFieldContainer[str]
    tenant_ids: _containers.RepeatedScalarFieldContainer[str]
    all_tenants: bool
    grants: _containers.RepeatedCompositeFieldContainer[Grant]
    version: int
    def __init__(self, subject_id: _Optional[str] = ..., active: _Optional[bool] = ..., group_ids: _Optional[_Iterable[str]] = ..., tenant_ids: _Optional[_Iterable[str]] = ..., all_tenants: _Optional[bool] = ..., grants: _Optional[_Iterable[_Union[Grant, _Mapping]]] = ..., version: _Optional[int] = ...) -> None: ...

class Grant(_message.Message):
    __slots__ = ("permissions", "tenant_ids", "process_definition_keys", "involved_only")
    PERMISSIONS_FIELD_NUMBER: _ClassVar[int]
    TENANT_IDS_FIELD_NUMBER: _ClassVar[int]
    PROCESS_DEFINITION_KEYS_FIELD_NUMBER: _ClassVar[int]
    INVOLVED_ONLY_FIELD_NUMBER: _ClassVar[int]
    permissions: _containers.RepeatedScalarFieldContainer[str]
    tenant_ids: _containers.RepeatedScalarFieldContainer[str]
    process_definition_keys: _containers.RepeatedScalarFieldContainer[str]
    involved_only: bool
    def __init__(self, permissions: _Optional[_Iterable[str]] = ..., tenant_ids: _Optional[_Iterable[str]] = ..., process_definition_keys: _Optional[_Iterable[str]] = ..., involved_only: _Optional[bool] = ...) -> None: ...

class WatchSecurityChangesRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class WatchSecurityChangesResponse(_message.Message):
    __slots__ = ("session_revoked", "subjects_changed", "keys_changed", "complete", "access_version")
    SESSION_REVOKED_FIELD_NUMBER: _ClassVar[int]
    SUBJECTS_CHANGED_FIELD_NUMBER: _ClassVar[int]
    KEYS_CHANGED_FIELD_NUMBER: _ClassVar[int]
    COMPLETE_FIELD_NUMBER: _ClassVar[int]
    ACCESS_VERSION_FIELD_NUMBER: _ClassVar[int]
    session_revoked: SessionRevoked
    subjects_changed: SubjectsChanged
    keys_changed: KeysChanged
    complete: bool
    access_version: int
    def __init__(self, session_revoked: _Optional[_Union[SessionRevoked, _Mapping]] = ..., subjects_changed: _Optional[_Union[SubjectsChanged, _Mapping]] = ..., keys_changed: _Optional[_Union[KeysChanged, _Mapping]] = ..., complete: _Optional[bool] = ..., access_version: _Optional[int] = ...) -> None: ...

class SessionRevoked(_message.Message):
    __slots__ = ("session_id", "forget_time")
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    FORGET_TIME_FIELD_NUMBER: _ClassVar[int]
    session_id: str
    forget_time: _timestamp_pb2.Timestamp
    def __init__(self, session_id: _Optional[str] = ..., forget_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class SubjectsChanged(_message.Message):
    __slots__ = ("subject_ids", "all")
    SUBJECT_IDS_FIELD_NUMBER: _ClassVar[int]
    ALL_FIELD_NUMBER: _ClassVar[int]
    subject_ids: _containers.RepeatedScalarFieldContainer[str]
    all: bool
    def __init__(self, subject_ids: _Optional[_Iterable[str]] = ..., all: _Optional[bool] = ...) -> None: ...

class KeysChanged(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...
