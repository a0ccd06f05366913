import datetime

from buf.validate import validate_pb2 as _validate_pb2
from flowmesh.auth.v1 import permission_pb2 as _permission_pb2
from flowmesh.engine.v1 import user_task_pb2 as _user_task_pb2
from google.api import annotations_pb2 as _annotations_pb2
from google.protobuf import field_mask_pb2 as _field_mask_pb2
from google.protobuf import struct_pb2 as _struct_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class GetUserTaskRequest(_message.Message):
    __slots__ = ("id",)
    ID_FIELD_NUMBER: _ClassVar[int]
    id: str
    def __init__(self, id: _Optional[str] = ...) -> None: ...

class GetUserTaskResponse(_message.Message):
    __slots__ = ("user_task",)
    USER_TASK_FIELD_NUMBER: _ClassVar[int]
    user_task: _user_task_pb2.UserTask
    def __init__(self, user_task: _Optional[_Union[_user_task_pb2.UserTask, _Mapping]] = ...) -> None: ...

class ListUserTasksRequest(_message.Message):
    __slots__ = ("page_size", "page_token", "assignee", "candidate_user", "candidate_groups", "process_instance_id", "process_definition_key", "element_id", "tenant_id", "assignee_or_candidate", "involved_user", "unassigned", "owner", "name", "name_contains", "process_definition_id", "business_key", "parent_task_id", "category", "delegation_state", "due_before", "due_after", "follow_up_before", "follow_up_after", "created_before", "created_after", "priority_min", "priority_max", "order_by", "include_total_size")
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    ASSIGNEE_FIELD_NUMBER: _ClassVar[int]
    CANDIDATE_USER_FIELD_NUMBER: _ClassVar[int]
    CANDIDATE_GROUPS_FIELD_NUMBER: _ClassVar[int]
    PROCESS_INSTANCE_ID_FIELD_NUMBER: _ClassVar[int]
    PROCESS_DEFINITION_KEY_FIELD_NUMBER: _ClassVar[int]
    ELEMENT_ID_FIELD_NUMBER: _ClassVar[int]
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    ASSIGNEE_OR_CANDIDATE_FIELD_NUMBER: _ClassVar[int]
    INVOLVED_USER_FIELD_NUMBER: _ClassVar[int]
    UNASSIGNED_FIELD_NUMBER: _ClassVar[int]
    OWNER_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    NAME_CONTAINS_FIELD_NUMBER: _ClassVar[int]
    PROCESS_DEFINITION_ID_FIELD_NUMBER: _ClassVar[int]
    BUSINESS_KEY_FIELD_NUMBER: _ClassVar[int]
    PARENT_TASK_ID_FIELD_NUMBER: _ClassVar[int]
    CATEGORY_FIELD_NUMBER: _ClassVar[int]
    DELEGATION_STATE_FIELD_NUMBER: _ClassVar[int]
    DUE_BEFORE_FIELD_NUMBER: _ClassVar[int]
    DUE_AFTER_FIELD_NUMBER: _ClassVar[int]
    FOLLOW_UP_BEFORE_FIELD_NUMBER: _ClassVar[int]
    FOLLOW_UP_AFTER_FIELD_NUMBER: _ClassVar[int]
    CREATED_BEFORE_FIELD_NUMBER: _ClassVar[int]
    CREATED_AFTER_FIELD_NUMBER: _ClassVar[int]
    PRIORITY_MIN_FIELD_NUMBER: _ClassVar[int]
    PRIORITY_MAX_FIELD_NUMBER: _ClassVar[int]
    ORDER_BY_FIELD_NUMBER: _ClassVar[int]
    INCLUDE_TOTAL_SIZE_FIELD_NUMBER: _ClassVar[int]
    page_size: int
    page_token: str
    assignee: str
    candidate_user: str
    candidate_groups: _containers.RepeatedScalarFieldContainer[str]
    process_instance_id: str
    process_definition_key: str
    element_id: str
    tenant_id: str
    assignee_or_candidate: str
    involved_user: str
    unassigned: bool
    owner: str
    name: str
    name_contains: str
    process_definition_id: str
    business_key: str
    parent_task_id: str
    category: str
    delegation_state: _user_task_pb2.UserTask.DelegationState
    due_before: _timestamp_pb2.Timestamp
    due_after: _timestamp_pb2.Timestamp
    follow_up_before: _timestamp_pb2.Timestamp
    follow_up_after: _timestamp_pb2.Timestamp
    created_before: _timestamp_pb2.Timestamp
    created_after: _timestamp_pb2.Timestamp
    priority_min: int
    priority_max: int
    order_by: str
    include_total_size: bool
    def __init__(self, page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., assignee: _Optional[str] = ..., candidate_user: _Optional[str] = ..., candidate_groups: _Optional[_Iterable[str]] = ..., process_instance_id: _Optional[str] = ..., process_definition_key: _Optional[str] = ..., element_id: _Optional[str] = ..., tenant_id: _Optional[str] = ..., assignee_or_candidate: _Optional[str] = ..., involved_user: _Optional[str] = ..., unassigned: _Optional[bool] = ..., owner: _Optional[str] = ..., name: _Optional[str] = ..., name_contains: _Optional[str] = ..., process_definition_id: _Optional[str] = ..., business_key: _Optional[str] = ..., parent_task_id: _Optional[str] = ..., category: _Optional[str] = ..., delegation_state: _Optional[_Union[_user_task_pb2.UserTask.DelegationState, str]] = ..., due_before: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., due_after: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., follow_up_before: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., follow_up_after: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., created_before: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., created_after: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., priority_min: _Optional[int] = ..., priority_max: _Optional[int] = ..., order_by: _Optional[str] = ..., include_total_size: _Optional[bool] = ...) -> None: ...

class ListUserTasksResponse(_message.Message):
    __slots__ = ("user_tasks", "next_page_token", "total_size")
    USER_TASKS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    TOTAL_SIZE_FIELD_NUMBER: _ClassVar[int]
    user_tasks: _containers.RepeatedCompositeFieldContainer[_user_task_pb2.UserTask]
    next_page_token: str
    total_size: int
    def __init__(self, user_tasks: _Optional[_Iterable[_Union[_user_task_pb2.UserTask, _Mapping]]] = ..., next_page_token: _Optional[str] = ..., total_size: _Optional[int] = ...) -> None: ...

class ClaimUserTaskRequest(_message.Message):
    __slots__ = ("request_id", "id", "user_id")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    ID_FIELD_NUMBER: _ClassVar[int]
    USER_ID_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    id: str
    user_id: str
    def __init__(self, request_id: _Optional[str] = ..., id: _Optional[str] = ..., user_id: _Optional[str] = ...) -> None: ...

class ClaimUserTaskResponse(_message.Message):
    __slots__ = ("user_task", "commit_token")
    USER_TASK_FIELD_NUMBER: _ClassVar[int]
    COMMIT_TOKEN_FIELD_NUMBER: _ClassVar[int]
    user_task: _user_task_pb2.UserTask
    commit_token: str
    def __init__(self, user_task: _Optional[_Union[_user_task_pb2.UserTask, _Mapping]] = ..., commit_token: _Optional[str] = ...) -> None: ...

class UnclaimUserTaskRequest(_message.Message):
    __slots__ = ("request_id", "id")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    ID_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    id: str
    def __init__(self, request_id: _Optional[str] = ..., id: _Optional[str] = ...) -> None: ...

class UnclaimUserTaskResponse(_message.Message):
    __slots__ = ("user_task", "commit_token")
    USER_TASK_FIELD_NUMBER: _ClassVar[int]
    COMMIT_TOKEN_FIELD_NUMBER: _ClassVar[int]
    user_task: _user_task_pb2.UserTask
    commit_token: str
    def __init__(self, user_task: _Optional[_Union[_user_task_pb2.UserTask, _Mapping]] = ..., commit_token: _Optional[str] = ...) -> None: ...

class CompleteUserTaskRequest(_message.Message):
    __slots__ = ("request_id", "id", "variables", "outcome", "outcome_variable", "completed_by", "transient_variables")
    class VariablesEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: _struct_pb2.Value
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[_struct_pb2.Value, _Mapping]] = ...) -> None: ...
    class TransientVariablesEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: _struct_pb2.Value
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[_struct_pb2.Value, _Mapping]] = ...) -> None: ...
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    ID_FIELD_NUMBER: _ClassVar[int]
    VARIABLES_FIELD_NUMBER: _ClassVar[int]
    OUTCOME_FIELD_NUMBER: _ClassVar[int]
    OUTCOME_VARIABLE_FIELD_NUMBER: _ClassVar[int]
    COMPLETED_BY_FIELD_NUMBER: _ClassVar[int]
    TRANSIENT_VARIABLES_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    id: str
    variables: _containers.MessageMap[str, _struct_pb2.Value]
    outcome: str
    outcome_variable: str
    completed_by: str
    transient_variables: _containers.MessageMap[str, _struct_pb2.Value]
    def __init__(self, request_id: _Optional[str] = ..., id: _Optional[str] = ..., variables: _Optional[_Mapping[str, _struct_pb2.Value]] = ..., outcome: _Optional[str] = ..., outcome_variable: _Optional[str] = ..., completed_by: _Optional[str] = ..., transient_variables: _Optional[_Mapping[str, _struct_pb2.Value]] = ...) -> None: ...

class CompleteUserTaskResponse(_message.Message):
    __slots__ = ("process_instance_id", "process_instance_ended", "commit_token")
    PROCESS_INSTANCE_ID_FIELD_NUMBER: _ClassVar[int]
    PROCESS_INSTANCE_ENDED_FIELD_NUMBER: _ClassVar[int]
    COMMIT_TOKEN_FIELD_NUMBER: _ClassVar[int]
    process_instance_id: str
    process_instance_ended: bool
    commit_token: str
    def __init__(self, process_instance_id: _Optional[str] = ..., process_instance_ended: _Optional[bool] = ..., commit_token: _Optional[str] = ...) -> None: ...

class UserTaskDetails(_message.Message):
    __slots__ = ("name", "description", "assignee", "owner", "priority", "due_time", "follow_up_time", "category", "form_key")
    NAME_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    ASSIGNEE_FIELD_NUMBER: _ClassVar[int]
    OWNER_FIELD_NUMBER: _ClassVar[int]
    PRIORITY_FIELD_NUMBER: _ClassVar[int]
    DUE_TIME_FIELD_NUMBER: _ClassVar[int]
    FOLLOW_UP_TIME_FIELD_NUMBER: _ClassVar[int]
    CATEGORY_FIELD_NUMBER: _ClassVar[int]
    FORM_KEY_FIELD_NUMBER: _ClassVar[int]
    name: str
    description: str
    assignee: str
    owner: str
    priority: int
    due_time: _timestamp_pb2.Timestamp
    follow_up_time: _timestamp_pb2.Timestamp
    category: str
    form_key: str
    def __init__(self, name: _Optional[str] = ..., description: _Optional[str] = ..., assignee: _Optional[str] = ..., owner: _Optional[str] = ..., priority: _Optional[int] = ..., due_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., follow_up_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., category: _Optional[str] = ..., form_key: _Optional[str] = ...) -> None: ...

class CreateUserTaskRequest(_message.Message):
    __slots__ = ("request_id", "details", "parent_task_id", "candidate_users", "candidate_groups", "tenant_id")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    DETAILS_FIELD_NUMBER: _ClassVar[int]
    PARENT_TASK_ID_FIELD_NUMBER: _ClassVar[int]
    CANDIDATE_USERS_FIELD_NUMBER: _ClassVar[int]
    CANDIDATE_GROUPS_FIELD_NUMBER: _ClassVar[int]
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    details: UserTaskDetails
    parent_task_id: str
    candidate_users: _containers.RepeatedScalarFieldContainer[str]
    candidate_groups: _containers.RepeatedScalarFieldContainer[str]
    tenant_id: str
    def __init__(self, request_id: _Optional[str] = ..., details: _Optional[_Union[UserTaskDetails, _Mapping]] = ..., parent_task_id: _Optional[str] = ..., candidate_users: _Optional[_Iterable[str]] = ..., candidate_groups: _Optional[_Iterable[str]] = ..., tenant_id: _Optional[str] = ...) -> None: ...

class CreateUserTaskResponse(_message.Message):
    __slots__ = ("user_task", "commit_token")
    USER_TASK_FIELD_NUMBER: _ClassVar[int]
    COMMIT_TOKEN_FIELD_NUMBER: _ClassVar[int]
    user_task: _user_task_pb2.UserTask
    commit_token: str
    def __init__(self, user_task: _Optional[_Union[_user_task_pb2.UserTask, _Mapping]] = ..., commit_token: _Optional[str] = ...) -> None: ...

class UpdateUserTaskRequest(_message.Message):
    __slots__ = ("request_id", "id", "details", "update_mask", "etag")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    ID_FIELD_NUMBER: _ClassVar[int]
    DETAILS_FIELD_NUMBER: _ClassVar[int]
    UPDATE_MASK_FIELD_NUMBER: _ClassVar[int]
    ETAG_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    id: str
    details: UserTaskDetails
    update_mask: _field_mask_pb2.FieldMask
    etag: str
    def __init__(self, request_id: _Optional[str] = ..., id: _Optional[str] = ..., details: _Optional[_Union[UserTaskDetails, _Mapping]] = ..., update_mask: _Optional[_Union[_field_mask_pb2.FieldMask, _Mapping]] = ..., etag: _Optional[str] = ...) -> None: ...

class UpdateUserTaskResponse(_message.Message):
    __slots__ = ("user_task", "commit_token")
    USER_TASK_FIELD_NUMBER: _ClassVar[int]
    COMMIT_TOKEN_FIELD_NUMBER: _ClassVar[int]
    user_task: _user_task_pb2.UserTask
    commit_token: str
    def __init__(self, user_task: _Optional[_Union[_user_task_pb2.UserTask, _Mapping]] = ..., commit_token: _Optional[str] = ...) -> None: ...

class DeleteUserTaskRequest(_message.Message):
    __slots__ = ("request_id", "id", "reason")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    ID_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    id: str
    reason: str
    def __init__(self, request_id: _Optional[str] = ..., id: _Optional[str] = ..., reason: _Optional[str] = ...) -> None: ...

class DeleteUserTaskResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class AssignUserTaskRequest(_message.Message):
    __slots__ = ("request_id", "id", "user_id")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    ID_FIELD_NUMBER: _ClassVar[int]
    USER_ID_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    id: str
    user_id: str
    def __init__(self, request_id: _Optional[str] = ..., id: _Optional[str] = ..., user_id: _Optional[str] = ...) -> None: ...

class AssignUserTaskResponse(_message.Message):
    __slots__ = ("user_task", "commit_token")
    USER_TASK_FIELD_NUMBER: _ClassVar[int]
    COMMIT_TOKEN_FIELD_NUMBER: _ClassVar[int]
    user_task: _user_task_pb2.UserTask
    commit_token: str
    def __init__(self, user_task: _Optional[_Union[_user_task_pb2.UserTask, _Mapping]] = ..., commit_token: _Optional[str] = ...) -> None: ...

class DelegateUserTaskRequest(_message.Message):
    __slots__ = ("request_id", "id", "user_id")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    ID_FIELD_NUMBER: _ClassVar[int]
    USER_ID_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    id: str
    user_id: str
    def __init__(self, request_id: _Optional[str] = ..., id: _Optional[str] = ..., user_id: _Optional[str] = ...) -> None: ...

class DelegateUserTaskResponse(_message.Message):
    __slots__ = ("user_task", "commit_token")
    USER_TASK_FIELD_NUMBER: _ClassVar[int]
    COMMIT_TOKEN_FIELD_NUMBER: _ClassVar[int]
    user_task: _user_task_pb2.UserTask
    commit_token: str
    def __init__(self, user_task: _Optional[_Union[_user_task_pb2.UserTask, _Mapping]] = ..., commit_token: _Optional[str] = ...) -> None: ...

class ResolveUserTaskRequest(_message.Message):
    __slots__ = ("request_id", "id", "variables")
    class VariablesEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: _struct_pb2.Value
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[_struct_pb2.Value, _Mapping]] = ...) -> None: ...
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    ID_FIELD_NUMBER: _ClassVar[int]
    VARIABLES_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    id: str
    variables: _containers.MessageMap[str, _struct_pb2.Value]
    def __init__(self, request_id: _Optional[str] = ..., id: _Optional[str] = ..., variables: _Optional[_Mapping[str, _struct_pb2.Value]] = ...) -> None: ...

class ResolveUserTaskResponse(_message.Message):
    __slots__ = ("user_task", "commit_token")
    USER_TASK_FIELD_NUMBER: _ClassVar[int]
    COMMIT_TOKEN_FIELD_NUMBER: _ClassVar[int]
    user_task: _user_task_pb2.UserTask
    commit_token: str
    def __init__(self, user_task: _Optional[_Union[_user_task_pb2.UserTask, _Mapping]] = ..., commit_token: _Optional[str] = ...) -> None: ...

class AddUserTaskCandidatesRequest(_message.Message):
    __slots__ = ("request_id", "id", "users", "groups")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    ID_FIELD_NUMBER: _ClassVar[int]
    USERS_FIELD_NUMBER: _ClassVar[int]
    GROUPS_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    id: str
    users: _containers.RepeatedScalarFieldContainer[str]
    groups: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, request_id: _Optional[str] = ..., id: _Optional[str] = ..., users: _Optional[_Iterable[str]] = ..., groups: _Optional[_Iterable[str]] = ...) -> None: ...

class AddUserTaskCandidatesResponse(_message.Message):
    __slots__ = ("user_task", "commit_token")
    USER_TASK_FIELD_NUMBER: _ClassVar[int]
    COMMIT_TOKEN_FIELD_NUMBER: _ClassVar[int]
    user_task: _user_task_pb2.UserTask
    commit_token: str
    def __init__(self, user_task: _Optional[_Union[_user_task_pb2.UserTask, _Mapping]] = ..., commit_token: _Optional[str] = ...) -> None: ...

class RemoveUserTaskCandidatesRequest(_message.Message):
    __slots__ = ("request_id", "id", "users", "groups")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    ID_FIELD_NUMBER: _ClassVar[int]
    USERS_FIELD_NUMBER: _ClassVar[int]
    GROUPS_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    id: str
    users: _containers.RepeatedScalarFieldContainer[str]
    groups: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, request_id: _Optional[str] = ..., id: _Optional[str] = ..., users: _Optional[_Iterable[str]] = ..., groups: _Optional[_Iterable[str]] = ...) -> None: ...

class RemoveUserTaskCandidatesResponse(_message.Message):
    __slots__ = ("user_task", "commit_token")
    USER_TASK_FIELD_NUMBER: _ClassVar[int]
    COMMIT_TOKEN_FIELD_NUMBER: _ClassVar[int]
    user_task: _user_task_pb2.UserTask
    commit_token: str
    def __init__(self, user_task: _Optional[_Union[_user_task_pb2.UserTask, _Mapping]] = ..., commit_token: _Optional[str] = ...) -> None: ...

class GetUserTaskVariablesRequest(_message.Message):
    __slots__ = ("id", "local", "names")
    ID_FIELD_NUMBER: _ClassVar[int]
    LOCAL_FIELD_NUMBER: _ClassVar[int]
    NAMES_FIELD_NUMBER: _ClassVar[int]
    id: str
    local: bool
    names: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, id: _Optional[str] = ..., local: _Optional[bool] = ..., names: _Optional[_Iterable[str]] = ...) -> None: ...

class GetUserTaskVariablesResponse(_message.Message):
    __slots__ = ("variables",)
    class VariablesEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: _struct_pb2.Value
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[_struct_pb2.Value, _Mapping]] = ...) -> None: ...
    VARIABLES_FIELD_NUMBER: _ClassVar[int]
    variables: _containers.MessageMap[str, _struct_pb2.Value]
    def __init__(self, variables: _Optional[_Mapping[str, _struct_pb2.Value]] = ...) -> None: ...

class UpdateUserTaskVariablesRequest(_message.Message):
    __slots__ = ("request_id", "id", "variables", "local")
    class VariablesEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: _struct_pb2.Value
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[_struct_pb2.Value, _Mapping]] = ...) -> None: ...
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    ID_FIELD_NUMBER: _ClassVar[int]
    VARIABLES_FIELD_NUMBER: _ClassVar[int]
    LOCAL_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    id: str
    variables: _containers.MessageMap[str, _struct_pb2.Value]
    local: bool
    def __init__(self, request_id: _Optional[str] = ..., id: _Optional[str] = ..., variables: _Optional[_Mapping[str, _struct_pb2.Value]] = ..., local: _Optional[bool] = ...) -> None: ...

class UpdateUserTaskVariablesResponse(_message.Message):
    __slots__ = ("variables", "commit_token")
    class VariablesEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: _struct_pb2.Value
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[_struct_pb2.Value, _Mapping]] = ...) -> None: ...
    VARIABLES_FIELD_NUMBER: _ClassVar[int]
    COMMIT_TOKEN_FIELD_NUMBER: _ClassVar[int]
    variables: _containers.MessageMap[str, _struct_pb2.Value]
    commit_token: str
    def __init__(self, variables: _Optional[_Mapping[str, _struct_pb2.Value]] = ..., commit_token: _Optional[str] = ...) -> None: ...

class DeleteUserTaskVariablesRequest(_message.Message):
    __slots__ = ("request_id", "id", "names", "local")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    ID_FIELD_NUMBER: _ClassVar[int]
    NAMES_FIELD_NUMBER: _ClassVar[int]
    LOCAL_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    id: str
    names: _containers.RepeatedScalarFieldContainer[str]
    local: bool
    def __init__(self, request_id: _Optional[str] = ..., id: _Optional[str] = ..., names: _Optional[_Iterable[str]] = ..., local: _Optional[bool] = ...) -> None: ...

class DeleteUserTaskVariablesResponse(_message.Message):
    __slots__ = ("variables", "commit_token")
    class VariablesEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: _struct_pb2.Value
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[_struct_pb2.Value, _Mapping]] = ...) -> None: ...
    VARIABLES_FIELD_NUMBER: _ClassVar[int]
    COMMIT_TOKEN_FIELD_NUMBER: _ClassVar[int]
    variables: _containers.MessageMap[str, _struct_pb2.Value]
    commit_token: str
    def __init__(self, variables: _Optional[_Mapping[str, _struct_pb2.Value]] = ..., commit_token: _Optional[str] = ...) -> None: ...
