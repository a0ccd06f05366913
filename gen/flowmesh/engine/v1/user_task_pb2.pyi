import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class UserTask(_message.Message):
    __slots__ = ("id", "element_id", "name", "description", "process_instance_id", "process_definition_id", "process_definition_key", "tenant_id", "assignee", "candidate_users", "candidate_groups", "priority", "create_time", "due_time", "claim_time", "form_key", "suspended", "owner", "delegation_state", "follow_up_time", "category", "parent_task_id", "business_key", "etag")
    class DelegationState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        DELEGATION_STATE_UNSPECIFIED: _ClassVar[UserTask.DelegationState]
        DELEGATION_STATE_PENDING: _ClassVar[UserTask.DelegationState]
        DELEGATION_STATE_RESOLVED: _ClassVar[UserTask.DelegationState]
    DELEGATION_STATE_UNSPECIFIED: UserTask.DelegationState
    DELEGATION_STATE_PENDING: UserTask.DelegationState
    DELEGATION_STATE_RESOLVED: UserTask.DelegationState
    ID_FIELD_NUMBER: _ClassVar[int]
    ELEMENT_ID_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    PROCESS_INSTANCE_ID_FIELD_NUMBER: _ClassVar[int]
    PROCESS_DEFINITION_ID_FIELD_NUMBER: _ClassVar[int]
    PROCESS_DEFINITION_KEY_FIELD_NUMBER: _ClassVar[int]
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    ASSIGNEE_FIELD_NUMBER: _ClassVar[int]
    CANDIDATE_USERS_FIELD_NUMBER: _ClassVar[int]
    CANDIDATE_GROUPS_FIELD_NUMBER: _ClassVar[int]
    PRIORITY_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    DUE_TIME_FIELD_NUMBER: _ClassVar[int]
    CLAIM_TIME_FIELD_NUMBER: _ClassVar[int]
    FORM_KEY_FIELD_NUMBER: _ClassVar[int]
    SUSPENDED_FIELD_NUMBER: _ClassVar[int]
    OWNER_FIELD_NUMBER: _ClassVar[int]
    DELEGATION_STATE_FIELD_NUMBER: _ClassVar[int]
    FOLLOW_UP_TIME_FIELD_NUMBER: _ClassVar[int]
    CATEGORY_FIELD_NUMBER: _ClassVar[int]
    PARENT_TASK_ID_FIELD_NUMBER: _ClassVar[int]
    BUSINESS_KEY_FIELD_NUMBER: _ClassVar[int]
    ETAG_FIELD_NUMBER: _ClassVar[int]
    id: str
    element_id: str
    name: str
    description: str
    process_instance_id: str
    process_definition_id: str
    process_definition_key: str
    tenant_id: str
    assignee: str
    candidate_users: _containers.RepeatedScalarFieldContainer[str]
    candidate_groups: _containers.RepeatedScalarFieldContainer[str]
    priority: int
    create_time: _timestamp_pb2.Timestamp
    due_time: _timestamp_pb2.Timestamp
    claim_time: _timestamp_pb2.Timestamp
    form_key: str
    suspended: bool
    owner: str
    delegation_state: UserTask.DelegationState
    follow_up_time: _timestamp_pb2.Timestamp
    category: str
    parent_task_id: str
    business_key: str
    etag: str
    def __init__(self, id: _Optional[str] = ..., element_id: _Optional[str] = ..., name: _Optional[str] = ..., description: _Optional[str] = ..., process_instance_id: _Optional[str] = ..., process_definition_id: _Optional[str] = ..., process_definition_key: _Optional[str] = ..., tenant_id: _Optional[str] = ..., assignee: _Optional[str] = ..., candidate_users: _Optional[_Iterable[str]] = ..., candidate_groups: _Optional[_Iterable[str]] = ..., priority: _Optional[int] = ..., create_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., due_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., claim_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., form_key: _Optional[str] = ..., suspended: _Optional[bool] = ..., owner: _Optional[str] = ..., delegation_state: _Optional[_Union[UserTask.DelegationState, str]] = ..., follow_up_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., category: _Optional[str] = ..., parent_task_id: _Optional[str] = ..., business_key: _Optional[str] = ..., etag: _Optional[str] = ...) -> None: ...
