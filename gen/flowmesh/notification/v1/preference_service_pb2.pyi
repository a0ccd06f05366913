from buf.validate import validate_pb2 as _validate_pb2
from flowmesh.auth.v1 import permission_pb2 as _permission_pb2
from flowmesh.notification.v1 import notification_pb2 as _notification_pb2
from google.api import annotations_pb2 as _annotations_pb2
from google.protobuf import field_mask_pb2 as _field_mask_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Digest(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    DIGEST_UNSPECIFIED: _ClassVar[Digest]
    DIGEST_HOURLY: _ClassVar[Digest]
    DIGEST_DAILY: _ClassVar[Digest]
DIGEST_UNSPECIFIED: Digest
DIGEST_HOURLY: Digest
DIGEST_DAILY: Digest

class Preferences(_message.Message):
    __slots__ = ("user_id", "language", "time_zone", "quiet_hours", "digest", "digest_time", "event_channels", "addresses", "etag")
    class QuietHours(_message.Message):
        __slots__ = ("start", "end")
        START_FIELD_NUMBER: _ClassVar[int]
        END_FIELD_NUMBER: _ClassVar[int]
        start: str
        end: str
        def __init__(self, start: _Optional[str] = ..., end: _Optional[str] = ...) -> None: ...
    class EventChannels(_message.Message):
        __slots__ = ("event_type", "channels")
        EVENT_TYPE_FIELD_NUMBER: _ClassVar[int]
        CHANNELS_FIELD_NUMBER: _ClassVar[int]
        event_type: _notification_pb2.EventType
        channels: _containers.RepeatedScalarFieldContainer[_notification_pb2.ChannelType]
        def __init__(self, event_type: _Optional[_Union[_notification_pb2.EventType, str]] = ..., channels: _Optional[_Iterable[_Union[_notification_pb2.ChannelType, str]]] = ...) -> None: ...
    class Address(_message.Message):
        __slots__ = ("id", "channel", "url", "label")
        ID_FIELD_NUMBER: _ClassVar[int]
        CHANNEL_FIELD_NUMBER: _ClassVar[int]
        URL_FIELD_NUMBER: _ClassVar[int]
        LABEL_FIELD_NUMBER: _ClassVar[int]
        id: str
        channel: _notification_pb2.ChannelType
        url: str
        label: str
        def __init__(self, id: _Optional[str] = ..., channel: _Optional[_Union[_notification_pb2.ChannelType, str]] = ..., url: _Optional[str] = ..., label: _Optional[str] = ...) -> None: ...
    USER_ID_FIELD_NUMBER: _ClassVar[int]
    LANGUAGE_FIELD_NUMBER: _ClassVar[int]
    TIME_ZONE_FIELD_NUMBER: _ClassVar[int]
    QUIET_HOURS_FIELD_NUMBER: _ClassVar[int]
    DIGEST_FIELD_NUMBER: _ClassVar[int]
    DIGEST_TIME_FIELD_NUMBER: _ClassVar[int]
    EVENT_CHANNELS_FIELD_NUMBER: _ClassVar[int]
    ADDRESSES_FIELD_NUMBER: _ClassVar[int]
    ETAG_FIELD_NUMBER: _ClassVar[int]
    user_id: str
    language: str
    time_zone: str
    quiet_hours: Preferences.QuietHours
    digest: Digest
    digest_time: str
    event_channels: _containers.RepeatedCompositeFieldContainer[Preferences.EventChannels]
    addresses: _containers.RepeatedCompositeFieldContainer[Preferences.Address]
    etag: str
    def __init__(self, user_id: _Optional[str] = ..., language: _Optional[str] = ..., time_zone: _Optional[str] = ..., quiet_hours: _Optional[_Union[Preferences.QuietHours, _Mapping]] = ..., digest: _Optional[_Union[Digest, str]] = ..., digest_time: _Optional[str] = ..., event_channels: _Optional[_Iterable[_Union[Preferences.EventChannels, _Mapping]]] = ..., addresses: _Optional[_Iterable[_Union[Preferences.Address, _Mapping]]] = ..., etag: _Optional[str] = ...) -> None: ...

class GetOwnPreferencesRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class GetOwnPreferencesResponse(_message.Message):
    __slots__ = ("preferences",)
    PREFERENCES_FIELD_NUMBER: _ClassVar[int]
    preferences: Preferences
    def __init__(self, preferences: _Optional[_Union[Preferences, _Mapping]] = ...) -> None: ...

class UpdateOwnPreferencesRequest(_message.Message):
    __slots__ = ("request_id", "preferences", "update_mask", "etag")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    PREFERENCES_FIELD_NUMBER: _ClassVar[int]
    UPDATE_MASK_FIELD_NUMBER: _ClassVar[int]
    ETAG_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    preferences: Preferences
    update_mask: _field_mask_pb2.FieldMask
    etag: str
    def __init__(self, request_id: _Optional[str] = ..., preferences: _Optional[_Union[Preferences, _Mapping]] = ..., update_mask: _Optional[_Union[_field_mask_pb2.FieldMask, _Mapping]] = ..., etag: _Optional[str] = ...) -> None: ...

class UpdateOwnPreferencesResponse(_message.Message):
    __slots__ = ("preferences",)
    PREFERENCES_FIELD_NUMBER: _ClassVar[int]
    preferences: Preferences
    def __init__(self, preferences: _Optional[_Union[Preferences, _Mapping]] = ...) -> None: ...

class GetPreferencesRequest(_message.Message):
    __slots__ = ("user_id",)
    USER_ID_FIELD_NUMBER: _ClassVar[int]
    user_id: str
    def __init__(self, user_id: _Optional[str] = ...) -> None: ...

class GetPreferencesResponse(_message.Message):
    __slots__ = ("preferences",)
    PREFERENCES_FIELD_NUMBER: _ClassVar[int]
    preferences: Preferences
    def __init__(self, preferences: _Optional[_Union[Preferences, _Mapping]] = ...) -> None: ...

class UpdatePreferencesRequest(_message.Message):
    __slots__ = ("request_id", "user_id", "preferences", "update_mask", "etag")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    USER_ID_FIELD_NUMBER: _ClassVar[int]
    PREFERENCES_FIELD_NUMBER: _ClassVar[int]
    UPDATE_MASK_FIELD_NUMBER: _ClassVar[int]
    ETAG_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    user_id: str
    preferences: Preferences
    update_mask: _field_mask_pb2.FieldMask
    etag: str
    def __init__(self, request_id: _Optional[str] = ..., user_id: _Optional[str] = ..., preferences: _Optional[_Union[Preferences, _Mapping]] = ..., update_mask: _Optional[_Union[_field_mask_pb2.FieldMask, _Mapping]] = ..., etag: _Optional[str] = ...) -> None: ...

class UpdatePreferencesResponse(_message.Message):
    __slots__ = ("preferences",)
    PREFERENCES_FIELD_NUMBER: _ClassVar[int]
    preferences: Preferences
    def __init__(self, preferences: _Optional[_Union[Preferences, _Mapping]] = ...) -> None: ...
