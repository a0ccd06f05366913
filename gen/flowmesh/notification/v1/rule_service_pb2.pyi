import datetime

from buf.validate import validate_pb2 as _validate_pb2
from flowmesh.auth.v1 import permission_pb2 as _permission_pb2
from flowmesh.notification.v1 import notification_pb2 as _notification_pb2
from google.api import annotations_pb2 as _annotations_pb2
from google.protobuf import duration_pb2 as _duration_pb2
from google.protobuf import field_mask_pb2 as _field_mask_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Recipient(_message.Message):
    __slots__ = ("user_id", "group_id", "role")
    class Role(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        ROLE_UNSPECIFIED: _ClassVar[Recipient.Role]
        ROLE_ASSIGNEE: _ClassVar[Recipient.Role]
        ROLE_CANDIDATES: _ClassVar[Recipient.Role]
        ROLE_OWNER: _ClassVar[Recipient.Role]
        ROLE_INITIATOR: _ClassVar[Recipient.Role]
        ROLE_ASSIGNEE_MANAGER: _ClassVar[Recipient.Role]
        ROLE_PARTICIPANTS: _ClassVar[Recipient.Role]
        ROLE_MENTIONED: _ClassVar[Recipient.Role]
    ROLE_UNSPECIFIED: Recipient.Role
    ROLE_ASSIGNEE: Recipient.Role
    ROLE_CANDIDATES: Recipient.Role
    ROLE_OWNER: Recipient.Role
    ROLE_INITIATOR: Recipient.Role
    ROLE_ASSIGNEE_MANAGER: Recipient.Role
    ROLE_PARTICIPANTS: Recipient.Role
    ROLE_MENTIONED: Recipient.Role
    USER_ID_FIELD_NUMBER: _ClassVar[int]
    GROUP_ID_FIELD_NUMBER: _ClassVar[int]
    ROLE_FIELD_NUMBER: _ClassVar[int]
    user_id: str
    group_id: str
    role: Recipient.Role
    def __init__(self, user_id: _Optional[str] = ..., group_id: _Optional[str] = ..., role: _Optional[_Union[Recipient.Role, str]] = ...) -> None: ...

class NotificationRuleDetails(_message.Message):
    __slots__ = ("event_type", "process_definition_key", "element_id", "recipients", "offset", "replaces_default", "disabled", "description")
    EVENT_TYPE_FIELD_NUMBER: _ClassVar[int]
    PROCESS_DEFINITION_KEY_FIELD_NUMBER: _ClassVar[int]
    ELEMENT_ID_FIELD_NUMBER: _ClassVar[int]
    RECIPIENTS_FIELD_NUMBER: _ClassVar[int]
    OFFSET_FIELD_NUMBER: _ClassVar[int]
    REPLACES_DEFAULT_FIELD_NUMBER: _ClassVar[int]
    DISABLED_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    event_type: _notification_pb2.EventType
    process_definition_key: str
    element_id: str
    recipients: _containers.RepeatedCompositeFieldContainer[Recipient]
    offset: _duration_pb2.Duration
    replaces_default: bool
    disabled: bool
    description: str
    def __init__(self, event_type: _Optional[_Union[_notification_pb2.EventType, str]] = ..., process_definition_key: _Optional[str] = ..., element_id: _Optional[str] = ..., recipients: _Optional[_Iterable[_Union[Recipient, _Mapping]]] = ..., offset: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., replaces_default: _Optional[bool] = ..., disabled: _Optional[bool] = ..., description: _Optional[str] = ...) -> None: ...

class NotificationRule(_message.Message):
    __slots__ = ("id", "tenant_id", "details", "create_time", "update_time", "etag")
    ID_FIELD_NUMBER: _ClassVar[int]
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    DETAILS_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    UPDATE_TIME_FIELD_NUMBER: _ClassVar[int]
    ETAG_FIELD_NUMBER: _ClassVar[int]
    id: str
    tenant_id: str
    details: NotificationRuleDetails
    create_time: _timestamp_pb2.Timestamp
    update_time: _timestamp_pb2.Timestamp
    etag: str
    def __init__(self, id: _Optional[str] = ..., tenant_id: _Optional[str] = ..., details: _Optional[_Union[NotificationRuleDetails, _Mapping]] = ..., create_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., update_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., etag: _Optional[str] = ...) -> None: ...

class CreateNotificationRuleRequest(_message.Message):
    __slots__ = ("request_id", "tenant_id", "details")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    DETAILS_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    tenant_id: str
    details: NotificationRuleDetails
    def __init__(self, request_id: _Optional[str] = ..., tenant_id: _Optional[str] = ..., details: _Optional[_Union[NotificationRuleDetails, _Mapping]] = ...) -> None: ...

class CreateNotificationRuleResponse(_message.Message):
    __slots__ = ("notification_rule",)
    NOTIFICATION_RULE_FIELD_NUMBER: _ClassVar[int]
    notification_rule: NotificationRule
    def __init__(self, notification_rule: _Optional[_Union[NotificationRule, _Mapping]] = ...) -> None: ...

class GetNotificationRuleRequest(_message.Message):
    __slots__ = ("id",)
    ID_FIELD_NUMBER: _ClassVar[int]
    id: str
    def __init__(self, id: _Optional[str] = ...) -> None: ...

class GetNotificationRuleResponse(_message.Message):
    __slots__ = ("notification_rule",)
    NOTIFICATION_RULE_FIELD_NUMBER: _ClassVar[int]
    notification_rule: NotificationRule
    def __init__(self, notification_rule: _Optional[_Union[NotificationRule, _Mapping]] = ...) -> None: ...

class ListNotificationRulesRequest(_message.Message):
    __slots__ = ("page_size", "page_token", "tenant_id", "event_type")
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    EVENT_TYPE_FIELD_NUMBER: _ClassVar[int]
    page_size: int
    page_token: str
    tenant_id: str
    event_type: _notification_pb2.EventType
    def __init__(self, page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., tenant_id: _Optional[str] = ..., event_type: _Optional[_Union[_notification_pb2.EventType, str]] = ...) -> None: ...

class ListNotificationRulesResponse(_message.Message):
    __slots__ = ("notification_rules", "next_page_token")
    NOTIFICATION_RULES_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    notification_rules: _containers.RepeatedCompositeFieldContainer[NotificationRule]
    next_page_token: str
    def __init__(self, notification_rules: _Optional[_Iterable[_Union[NotificationRule, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class UpdateNotificationRuleRequest(_message.Message):
    __slots__ = ("request_id", "id", "details", "update_mask", "etag")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    ID_FIELD_NUMBER: _ClassVar[int]
    DETAILS_FIELD_NUMBER: _ClassVar[int]
    UPDATE_MASK_FIELD_NUMBER: _ClassVar[int]
    ETAG_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    id: str
    details: NotificationRuleDetails
    update_mask: _field_mask_pb2.FieldMask
    etag: str
    def __init__(self, request_id: _Optional[str] = ..., id: _Optional[str] = ..., details: _Optional[_Union[NotificationRuleDetails, _Mapping]] = ..., update_mask: _Optional[_Union[_field_mask_pb2.FieldMask, _Mapping]] = ..., etag: _Optional[str] = ...) -> None: ...

class UpdateNotificationRuleResponse(_message.Message):
    __slots__ = ("notification_rule",)
    NOTIFICATION_RULE_FIELD_NUMBER: _ClassVar[int]
    notification_rule: NotificationRule
    def __init__(self, notification_rule: _Optional[_Union[NotificationRule, _Mapping]] = ...) -> None: ...

class DeleteNotificationRuleRequest(_message.Message):
    __slots__ = ("request_id", "id", "etag")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    ID_FIELD_NUMBER: _ClassVar[int]
    ETAG_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    id: str
    etag: str
    def __init__(self, request_id: _Optional[str] = ..., id: _Optional[str] = ..., etag: _Optional[str] = ...) -> None: ...

class DeleteNotificationRuleResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...
