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

class EventSubscription(_message.Message):
    __slots__ = ("id", "type", "name", "correlation_key", "element_id", "process_instance_id", "activity_id", "process_definition_id", "process_definition_key", "business_key", "tenant_id", "create_time")
    class Type(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        TYPE_UNSPECIFIED: _ClassVar[EventSubscription.Type]
        TYPE_MESSAGE: _ClassVar[EventSubscription.Type]
        TYPE_SIGNAL: _ClassVar[EventSubscription.Type]
        TYPE_CONDITION: _ClassVar[EventSubscription.Type]
    TYPE_UNSPECIFIED: EventSubscription.Type
    TYPE_MESSAGE: EventSubscription.Type
    TYPE_SIGNAL: EventSubscription.Type
    TYPE_CONDITION: EventSubscription.Type
    ID_FIELD_NUMBER: _ClassVar[int]
    TYPE_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    CORRELATION_KEY_FIELD_NUMBER: _ClassVar[int]
    ELEMENT_ID_FIELD_NUMBER: _ClassVar[int]
    PROCESS_INSTANCE_ID_FIELD_NUMBER: _ClassVar[int]
    ACTIVITY_ID_FIELD_NUMBER: _ClassVar[int]
    PROCESS_DEFINITION_ID_FIELD_NUMBER: _ClassVar[int]
    PROCESS_DEFINITION_KEY_FIELD_NUMBER: _ClassVar[int]
    BUSINESS_KEY_FIELD_NUMBER: _ClassVar[int]
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    id: str
    type: EventSubscription.Type
    name: str
    correlation_key: str
    element_id: str
    process_instance_id: str
    activity_id: str
    process_definition_id: str
    process_definition_key: str
    business_key: str
    tenant_id: str
    create_time: _timestamp_pb2.Timestamp
    def __init__(self, id: _Optional[str] = ..., type: _Optional[_Union[EventSubscription.Type, str]] = ..., name: _Optional[str] = ..., correlation_key: _Optional[str] = ..., element_id: _Optional[str] = ..., process_instance_id: _Optional[str] = ..., activity_id: _Optional[str] = ..., process_definition_id: _Optional[str] = ..., process_definition_key: _Optional[str] = ..., business_key: _Optional[str] = ..., tenant_id: _Optional[str] = ..., create_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class ListEventSubscriptionsRequest(_message.Message):
    __slots__ = ("page_size", "page_token", "process_instance_id", "process_definition_key", "type", "name", "tenant_id")
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    PROCESS_INSTANCE_ID_FIELD_NUMBER: _ClassVar[int]
    PROCESS_DEFINITION_KEY_FIELD_NUMBER: _ClassVar[int]
    TYPE_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    page_size: int
    page_token: str
    process_instance_id: str
    process_definition_key: str
    type: EventSubscription.Type
    name: str
    tenant_id: str
    def __init__(self, page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., process_instance_id: _Optional[str] = ..., process_definition_key: _Optional[str] = ..., type: _Optional[_Union[EventSubscription.Type, str]] = ..., name: _Optional[str] = ..., tenant_id: _Optional[str] = ...) -> None: ...

class ListEventSubscriptionsResponse(_message.Message):
    __slots__ = ("event_subscriptions", "next_page_token")
    EVENT_SUBSCRIPTIONS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    event_subscriptions: _containers.RepeatedCompositeFieldContainer[EventSubscription]
    next_page_token: str
    def __init__(self, event_subscriptions: _Optional[_Iterable[_Union[EventSubscription, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...
