import datetime

from google.protobuf import struct_pb2 as _struct_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class EventType(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    EVENT_TYPE_UNSPECIFIED: _ClassVar[EventType]
    EVENT_TYPE_TASK_ASSIGNED: _ClassVar[EventType]
    EVENT_TYPE_TASK_OFFERED: _ClassVar[EventType]
    EVENT_TYPE_TASK_DUE_SOON: _ClassVar[EventType]
    EVENT_TYPE_TASK_OVERDUE: _ClassVar[EventType]
    EVENT_TYPE_TASK_ESCALATED: _ClassVar[EventType]
    EVENT_TYPE_TASK_COMPLETED: _ClassVar[EventType]
    EVENT_TYPE_PROCESS_STARTED: _ClassVar[EventType]
    EVENT_TYPE_PROCESS_COMPLETED: _ClassVar[EventType]
    EVENT_TYPE_PROCESS_FAILED: _ClassVar[EventType]
    EVENT_TYPE_PROCESS_TERMINATED: _ClassVar[EventType]
    EVENT_TYPE_INCIDENT_RAISED: _ClassVar[EventType]
    EVENT_TYPE_COMMENT_CREATED: _ClassVar[EventType]
    EVENT_TYPE_COMMENT_MENTIONED: _ClassVar[EventType]

class ChannelType(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    CHANNEL_TYPE_UNSPECIFIED: _ClassVar[ChannelType]
    CHANNEL_TYPE_INBOX: _ClassVar[ChannelType]
    CHANNEL_TYPE_EMAIL: _ClassVar[ChannelType]
    CHANNEL_TYPE_SMS: _ClassVar[ChannelType]
    CHANNEL_TYPE_PUSH: _ClassVar[ChannelType]
    CHANNEL_TYPE_CHAT: _ClassVar[ChannelType]
    CHANNEL_TYPE_WEBHOOK: _ClassVar[ChannelType]
EVENT_TYPE_UNSPECIFIED: EventType
EVENT_TYPE_TASK_ASSIGNED: EventType
EVENT_TYPE_TASK_OFFERED: EventType
EVENT_TYPE_TASK_DUE_SOON: EventType
EVENT_TYPE_TASK_OVERDUE: EventType
EVENT_TYPE_TASK_ESCALATED: EventType
EVENT_TYPE_TASK_COMPLETED: EventType
EVENT_TYPE_PROCESS_STARTED: EventType
EVENT_TYPE_PROCESS_COMPLETED: EventType
EVENT_TYPE_PROCESS_FAILED: EventType
EVENT_TYPE_PROCESS_TERMINATED: EventType
EVENT_TYPE_INCIDENT_RAISED: EventType
EVENT_TYPE_COMMENT_CREATED: EventType
EVENT_TYPE_COMMENT_MENTIONED: EventType
CHANNEL_TYPE_UNSPECIFIED: ChannelType
CHANNEL_TYPE_INBOX: ChannelType
CHANNEL_TYPE_EMAIL: ChannelType
CHANNEL_TYPE_SMS: ChannelType
CHANNEL_TYPE_PUSH: ChannelType
CHANNEL_TYPE_CHAT: ChannelType
CHANNEL_TYPE_WEBHOOK: ChannelType

class Notification(_message.Message):
    __slots__ = ("id", "event_type", "title", "text", "tenant_id", "process_instance_id", "process_definition_key", "business_key", "task_id", "event_time", "create_time", "read_time", "obsolete", "deleted", "data")
    ID_FIELD_NUMBER: _ClassVar[int]
    EVENT_TYPE_FIELD_NUMBER: _ClassVar[int]
    TITLE_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    PROCESS_INSTANCE_ID_FIELD_NUMBER: _ClassVar[int]
    PROCESS_DEFINITION_KEY_FIELD_NUMBER: _ClassVar[int]
    BUSINESS_KEY_FIELD_NUMBER: _ClassVar[int]
    TASK_ID_FIELD_NUMBER: _ClassVar[int]
    EVENT_TIME_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    READ_TIME_FIELD_NUMBER: _ClassVar[int]
    OBSOLETE_FIELD_NUMBER: _ClassVar[int]
    DELETED_FIELD_NUMBER: _ClassVar[int]
    DATA_FIELD_NUMBER: _ClassVar[int]
    id: str
    event_type: EventType
    title: str
    text: str
    tenant_id: str
    process_instance_id: str
    process_definition_key: str
    business_key: str
    task_id: str
    event_time: _timestamp_pb2.Timestamp
    create_time: _timestamp_pb2.Timestamp
    read_time: _timestamp_pb2.Timestamp
    obsolete: bool
    deleted: bool
    data: _struct_pb2.Struct
    def __init__(self, id: _Optional[str] = ..., event_type: _Optional[_Union[EventType, str]] = ..., title: _Optional[str] = ..., text: _Optional[str] = ..., tenant_id: _Optional[str] = ..., process_instance_id: _Optional[str] = ..., process_definition_key: _Optional[str] = ..., business_key: _Optional[str] = ..., task_id: _Optional[str] = ..., event_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., create_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., read_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., obsolete: _Optional[bool] = ..., deleted: _Optional[bool] = ..., data: _Optional[_Union[_struct_pb2.Struct, _Mapping]] = ...) -> None: ...
