import datetime

from buf.validate import validate_pb2 as _validate_pb2
from flowmesh.auth.v1 import permission_pb2 as _permission_pb2
from google.api import annotations_pb2 as _annotations_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Rebuild(_message.Message):
    __slots__ = ("id", "state", "keep_older", "user_id", "start_time", "end_time", "events_total", "events_read", "events_applied", "events_skipped", "rows_kept", "problem")
    class State(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        STATE_UNSPECIFIED: _ClassVar[Rebuild.State]
        STATE_PREPARING: _ClassVar[Rebuild.State]
        STATE_KEEPING: _ClassVar[Rebuild.State]
        STATE_REPLAYING: _ClassVar[Rebuild.State]
        STATE_WAITING: _ClassVar[Rebuild.State]
        STATE_SWITCHING: _ClassVar[Rebuild.State]
        STATE_CLEANING: _ClassVar[Rebuild.State]
        STATE_SUCCEEDED: _ClassVar[Rebuild.State]
        STATE_CANCELLED: _ClassVar[Rebuild.State]
        STATE_FAILED: _ClassVar[Rebuild.State]
    STATE_UNSPECIFIED: Rebuild.State
    STATE_PREPARING: Rebuild.State
    STATE_KEEPING: Rebuild.State
    STATE_REPLAYING: Rebuild.State
    STATE_WAITING: Rebuild.State
    STATE_SWITCHING: Rebuild.State
    STATE_CLEANING: Rebuild.State
    STATE_SUCCEEDED: Rebuild.State
    STATE_CANCELLED: Rebuild.State
    STATE_FAILED: Rebuild.State
    ID_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    KEEP_OLDER_FIELD_NUMBER: _ClassVar[int]
    USER_ID_FIELD_NUMBER: _ClassVar[int]
    START_TIME_FIELD_NUMBER: _ClassVar[int]
    END_TIME_FIELD_NUMBER: _ClassVar[int]
    EVENTS_TOTAL_FIELD_NUMBER: _ClassVar[int]
    EVENTS_READ_FIELD_NUMBER: _ClassVar[int]
    EVENTS_APPLIED_FIELD_NUMBER: _ClassVar[int]
    EVENTS_SKIPPED_FIELD_NUMBER: _ClassVar[int]
    ROWS_KEPT_FIELD_NUMBER: _ClassVar[int]
    PROBLEM_FIELD_NUMBER: _ClassVar[int]
    id: str
    state: Rebuild.State
    keep_older: bool
    user_id: str
    start_time: _timestamp_pb2.Timestamp
    end_time: _timestamp_pb2.Timestamp
    events_total: int
    events_read: int
    events_applied: int
    events_skipped: int
    rows_kept: int
    problem: str
    def __init__(self, id: _Optional[str] = ..., state: _Optional[_Union[Rebuild.State, str]] = ..., keep_older: _Optional[bool] = ..., user_id: _Optional[str] = ..., start_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., end_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., events_total: _Optional[int] = ..., events_read: _Optional[int] = ..., events_applied: _Optional[int] = ..., events_skipped: _Optional[int] = ..., rows_kept: _Optional[int] = ..., problem: _Optional[str] = ...) -> None: ...

class StartRebuildRequest(_message.Message):
    __slots__ = ("request_id", "keep_older")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    KEEP_OLDER_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    keep_older: bool
    def __init__(self, request_id: _Optional[str] = ..., keep_older: _Optional[bool] = ...) -> None: ...

class StartRebuildResponse(_message.Message):
    __slots__ = ("rebuild",)
    REBUILD_FIELD_NUMBER: _ClassVar[int]
    rebuild: Rebuild
    def __init__(self, rebuild: _Optional[_Union[Rebuild, _Mapping]] = ...) -> None: ...

class GetRebuildRequest(_message.Message):
    __slots__ = ("id",)
    ID_FIELD_NUMBER: _ClassVar[int]
    id: str
    def __init__(self, id: _Optional[str] = ...) -> None: ...

class GetRebuildResponse(_message.Message):
    __slots__ = ("rebuild",)
    REBUILD_FIELD_NUMBER: _ClassVar[int]
    rebuild: Rebuild
    def __init__(self, rebuild: _Optional[_Union[Rebuild, _Mapping]] = ...) -> None: ...

class ListRebuildsRequest(_message.Message):
    __slots__ = ("page_size", "page_token")
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    page_size: int
    page_token: str
    def __init__(self, page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListRebuildsResponse(_message.Message):
    __slots__ = ("rebuilds", "next_page_token")
    REBUILDS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    rebuilds: _containers.RepeatedCompositeFieldContainer[Rebuild]
    next_page_token: str
    def __init__(self, rebuilds: _Optional[_Iterable[_Union[Rebuild, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class CancelRebuildRequest(_message.Message):
    __slots__ = ("id", "request_id")
    ID_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    id: str
    request_id: str
    def __init__(self, id: _Optional[str] = ..., request_id: _Optional[str] = ...) -> None: ...

class CancelRebuildResponse(_message.Message):
    __slots__ = ("rebuild",)
    REBUILD_FIELD_NUMBER: _ClassVar[int]
    rebuild: Rebuild
    def __init__(self, rebuild: _Optional[_Union[Rebuild, _Mapping]] = ...) -> None: ...
