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

class SearchIndex(_message.Message):
    __slots__ = ("id", "name", "state", "user_id", "start_time", "end_time", "records")
    class State(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        STATE_UNSPECIFIED: _ClassVar[SearchIndex.State]
        STATE_BUILDING: _ClassVar[SearchIndex.State]
        STATE_SERVING: _ClassVar[SearchIndex.State]
        STATE_REMOVING: _ClassVar[SearchIndex.State]
        STATE_REMOVED: _ClassVar[SearchIndex.State]
    STATE_UNSPECIFIED: SearchIndex.State
    STATE_BUILDING: SearchIndex.State
    STATE_SERVING: SearchIndex.State
    STATE_REMOVING: SearchIndex.State
    STATE_REMOVED: SearchIndex.State
    ID_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    USER_ID_FIELD_NUMBER: _ClassVar[int]
    START_TIME_FIELD_NUMBER: _ClassVar[int]
    END_TIME_FIELD_NUMBER: _ClassVar[int]
    RECORDS_FIELD_NUMBER: _ClassVar[int]
    id: str
    name: str
    state: SearchIndex.State
    user_id: str
    start_time: _timestamp_pb2.Timestamp
    end_time: _timestamp_pb2.Timestamp
    records: int
    def __init__(self, id: _Optional[str] = ..., name: _Optional[str] = ..., state: _Optional[_Union[SearchIndex.State, str]] = ..., user_id: _Optional[str] = ..., start_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., end_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., records: _Optional[int] = ...) -> None: ...

class CreateSearchIndexRequest(_message.Message):
    __slots__ = ("request_id",)
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    def __init__(self, request_id: _Optional[str] = ...) -> None: ...

class CreateSearchIndexResponse(_message.Message):
    __slots__ = ("search_index",)
    SEARCH_INDEX_FIELD_NUMBER: _ClassVar[int]
    search_index: SearchIndex
    def __init__(self, search_index: _Optional[_Union[SearchIndex, _Mapping]] = ...) -> None: ...

class GetSearchIndexRequest(_message.Message):
    __slots__ = ("id",)
    ID_FIELD_NUMBER: _ClassVar[int]
    id: str
    def __init__(self, id: _Optional[str] = ...) -> None: ...

class GetSearchIndexResponse(_message.Message):
    __slots__ = ("search_index",)
    SEARCH_INDEX_FIELD_NUMBER: _ClassVar[int]
    search_index: SearchIndex
    def __init__(self, search_index: _Optional[_Union[SearchIndex, _Mapping]] = ...) -> None: ...

class ListSearchIndexesRequest(_message.Message):
    __slots__ = ("page_size", "page_token")
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    page_size: int
    page_token: str
    def __init__(self, page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListSearchIndexesResponse(_message.Message):
    __slots__ = ("search_indexes", "next_page_token")
    SEARCH_INDEXES_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    search_indexes: _containers.RepeatedCompositeFieldContainer[SearchIndex]
    next_page_token: str
    def __init__(self, search_indexes: _Optional[_Iterable[_Union[SearchIndex, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...
