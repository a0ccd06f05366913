import datetime

from buf.validate import validate_pb2 as _validate_pb2
from flowmesh.auth.v1 import permission_pb2 as _permission_pb2
from flowmesh.engine.v1 import process_instance_pb2 as _process_instance_pb2
from google.api import annotations_pb2 as _annotations_pb2
from google.protobuf import duration_pb2 as _duration_pb2
from google.protobuf import struct_pb2 as _struct_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Message(_message.Message):
    __slots__ = ("id", "name", "correlation_key", "message_id", "tenant_id", "state", "create_time", "expire_time", "process_instance_id", "started", "explanation")
    class State(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        STATE_UNSPECIFIED: _ClassVar[Message.State]
        STATE_BUFFERED: _ClassVar[Message.State]
        STATE_CORRELATED: _ClassVar[Message.State]
        STATE_EXPIRED: _ClassVar[Message.State]
        STATE_UNMATCHED: _ClassVar[Message.State]
    STATE_UNSPECIFIED: Message.State
    STATE_BUFFERED: Message.State
    STATE_CORRELATED: Message.State
    STATE_EXPIRED: Message.State
    STATE_UNMATCHED: Message.State
    ID_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    CORRELATION_KEY_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_ID_FIELD_NUMBER: _ClassVar[int]
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    EXPIRE_TIME_FIELD_NUMBER: _ClassVar[int]
    PROCESS_INSTANCE_ID_FIELD_NUMBER: _ClassVar[int]
    STARTED_FIELD_NUMBER: _ClassVar[int]
    EXPLANATION_FIELD_NUMBER: _ClassVar[int]
    id: str
    name: str
    correlation_key: str
    message_id: str
    tenant_id: str
    state: Message.State
    create_time: _timestamp_pb2.Timestamp
    expire_time: _timestamp_pb2.Timestamp
    process_instance_id: str
    started: bool
    explanation: str
    def __init__(self, id: _Optional[str] = ..., name: _Optional[str] = ..., correlation_key: _Optional[str] = ..., message_id: _Optional[str] = ..., tenant_id: _Optional[str] = ..., state: _Optional[_Union[Message.State, str]] = ..., create_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., expire_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., process_instance_id: _Optional[str] = ..., started: _Optional[bool] = ..., explanation: _Optional[str] = ...) -> None: ...

class MessageCorrelation(_message.Message):
    __slots__ = ("process_instance", "activity_id", "element_id", "started")
    PROCESS_INSTANCE_FIELD_NUMBER: _ClassVar[int]
    ACTIVITY_ID_FIELD_NUMBER: _ClassVar[int]
    ELEMENT_ID_FIELD_NUMBER: _ClassVar[int]
    STARTED_FIELD_NUMBER: _ClassVar[int]
    process_instance: _process_instance_pb2.ProcessInstance
    activity_id: str
    element_id: str
    started: bool
    def __init__(self, process_instance: _Optional[_Union[_process_instance_pb2.ProcessInstance, _Mapping]] = ..., activity_id: _Optional[str] = ..., element_id: _Optional[str] = ..., started: _Optional[bool] = ...) -> None: ...

class DeliveryFailure(_message.Message):
    __slots__ = ("process_instance_id", "process_definition_id", "reason", "message")
    PROCESS_INSTANCE_ID_FIELD_NUMBER: _ClassVar[int]
    PROCESS_DEFINITION_ID_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    process_instance_id: str
    process_definition_id: str
    reason: str
    message: str
    def __init__(self, process_instance_id: _Optional[str] = ..., process_definition_id: _Optional[str] = ..., reason: _Optional[str] = ..., message: _Optional[str] = ...) -> None: ...

class CorrelateMessageRequest(_message.Message):
    __slots__ = ("request_id", "name", "process_instance_id", "business_key", "correlation_key", "correlation_variables", "tenant_id", "activity_id", "all", "variables", "local_variables")
    class CorrelationVariablesEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: _struct_pb2.Value
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[_struct_pb2.Value, _Mapping]] = ...) -> None: ...
    class VariablesEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: _struct_pb2.Value
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[_struct_pb2.Value, _Mapping]] = ...) -> None: ...
    class LocalVariablesEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: _struct_pb2.Value
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[_struct_pb2.Value, _Mapping]] = ...) -> None: ...
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    PROCESS_INSTANCE_ID_FIELD_NUMBER: _ClassVar[int]
    BUSINESS_KEY_FIELD_NUMBER: _ClassVar[int]
    CORRELATION_KEY_FIELD_NUMBER: _ClassVar[int]
    CORRELATION_VARIABLES_FIELD_NUMBER: _ClassVar[int]
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    ACTIVITY_ID_FIELD_NUMBER: _ClassVar[int]
    ALL_FIELD_NUMBER: _ClassVar[int]
    VARIABLES_FIELD_NUMBER: _ClassVar[int]
    LOCAL_VARIABLES_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    name: str
    process_instance_id: str
    business_key: str
    correlation_key: str
    correlation_variables: _containers.MessageMap[str, _struct_pb2.Value]
    tenant_id: str
    activity_id: str
    all: bool
    variables: _containers.MessageMap[str, _struct_pb2.Value]
    local_variables: _containers.MessageMap[str, _struct_pb2.Value]
    def __init__(self, request_id: _Optional[str] = ..., name: _Optional[str] = ..., process_instance_id: _Optional[str] = ..., business_key: _Optional[str] = ..., correlation_key: _Optional[str] = ..., correlation_variables: _Optional[_Mapping[str, _struct_pb2.Value]] = ..., tenant_id: _Optional[str] = ..., activity_id: _Optional[str] = ..., all: _Optional[bool] = ..., variables: _Optional[_Mapping[str, _struct_pb2.Value]] = ..., local_variables: _Optional[_Mapping[str, _struct_pb2.Value]] = ...) -> None: ...

class CorrelateMessageResponse(_message.Message):
    __slots__ = ("correlations", "failures", "commit_tokens")
    CORRELATIONS_FIELD_NUMBER: _ClassVar[int]
    FAILURES_FIELD_NUMBER: _ClassVar[int]
    COMMIT_TOKENS_FIELD_NUMBER: _ClassVar[int]
    correlations: _containers.RepeatedCompositeFieldContainer[MessageCorrelation]
    failures: _containers.RepeatedCompositeFieldContainer[DeliveryFailure]
    commit_tokens: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, correlations: _Optional[_Iterable[_Union[MessageCorrelation, _Mapping]]] = ..., failures: _Optional[_Iterable[_Union[DeliveryFailure, _Mapping]]] = ..., commit_tokens: _Optional[_Iterable[str]] = ...) -> None: ...

class PublishMessageRequest(_message.Message):
    __slots__ = ("request_id", "name", "correlation_key", "ttl", "message_id", "tenant_id", "variables")
    class VariablesEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: _struct_pb2.Value
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[_struct_pb2.Value, _Mapping]] = ...) -> None: ...
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    CORRELATION_KEY_FIELD_NUMBER: _ClassVar[int]
    TTL_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_ID_FIELD_NUMBER: _ClassVar[int]
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    VARIABLES_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    name: str
    correlation_key: str
    ttl: _duration_pb2.Duration
    message_id: str
    tenant_id: str
    variables: _containers.MessageMap[str, _struct_pb2.Value]
    def __init__(self, request_id: _Optional[str] = ..., name: _Optional[str] = ..., correlation_key: _Optional[str] = ..., ttl: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., message_id: _Optional[str] = ..., tenant_id: _Optional[str] = ..., variables: _Optional[_Mapping[str, _struct_pb2.Value]] = ...) -> None: ...

class PublishMessageResponse(_message.Message):
    __slots__ = ("message",)
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    message: Message
    def __init__(self, message: _Optional[_Union[Message, _Mapping]] = ...) -> None: ...

class ListMessagesRequest(_message.Message):
    __slots__ = ("page_size", "page_token", "name", "correlation_key", "state", "tenant_id")
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    CORRELATION_KEY_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    page_size: int
    page_token: str
    name: str
    correlation_key: str
    state: Message.State
    tenant_id: str
    def __init__(self, page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., name: _Optional[str] = ..., correlation_key: _Optional[str] = ..., state: _Optional[_Union[Message.State, str]] = ..., tenant_id: _Optional[str] = ...) -> None: ...

class ListMessagesResponse(_message.Message):
    __slots__ = ("messages", "next_page_token")
    MESSAGES_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    messages: _containers.RepeatedCompositeFieldContainer[Message]
    next_page_token: str
    def __init__(self, messages: _Optional[_Iterable[_Union[Message, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...
