import datetime

from buf.validate import validate_pb2 as _validate_pb2
from flowmesh.auth.v1 import permission_pb2 as _permission_pb2
from google.api import annotations_pb2 as _annotations_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class NotificationClock(_message.Message):
    __slots__ = ("time", "controlled", "stopped")
    TIME_FIELD_NUMBER: _ClassVar[int]
    CONTROLLED_FIELD_NUMBER: _ClassVar[int]
    STOPPED_FIELD_NUMBER: _ClassVar[int]
    time: _timestamp_pb2.Timestamp
    controlled: bool
    stopped: bool
    def __init__(self, time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., controlled: _Optional[bool] = ..., stopped: _Optional[bool] = ...) -> None: ...

class GetNotificationClockRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class GetNotificationClockResponse(_message.Message):
    __slots__ = ("clock",)
    CLOCK_FIELD_NUMBER: _ClassVar[int]
    clock: NotificationClock
    def __init__(self, clock: _Optional[_Union[NotificationClock, _Mapping]] = ...) -> None: ...

class SetNotificationClockRequest(_message.Message):
    __slots__ = ("time",)
    TIME_FIELD_NUMBER: _ClassVar[int]
    time: _timestamp_pb2.Timestamp
    def __init__(self, time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class SetNotificationClockResponse(_message.Message):
    __slots__ = ("clock",)
    CLOCK_FIELD_NUMBER: _ClassVar[int]
    clock: NotificationClock
    def __init__(self, clock: _Optional[_Union[NotificationClock, _Mapping]] = ...) -> None: ...

class ResetNotificationClockRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class ResetNotificationClockResponse(_message.Message):
    __slots__ = ("clock",)
    CLOCK_FIELD_NUMBER: _ClassVar[int]
    clock: NotificationClock
    def __init__(self, clock: _Optional[_Union[NotificationClock, _Mapping]] = ...) -> None: ...
