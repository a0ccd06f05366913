import datetime

from buf.validate import validate_pb2 as _validate_pb2
from google.protobuf import struct_pb2 as _struct_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ProcessInstanceRef(_message.Message):
    __slots__ = ("id", "process_definition_id", "process_definition_key", "process_definition_version", "business_key", "tenant_id", "revision", "ordinal", "last_in_commit")
    ID_FIELD_NUMBER: _ClassVar[int]
    PROCESS_DEFINITION_ID_FIELD_NUMBER: _ClassVar[int]
    PROCESS_DEFINITION_KEY_FIELD_NUMBER: _ClassVar[int]
    PROCESS_DEFINITION_VERSION_FIELD_NUMBER: _ClassVar[int]
    BUSINESS_KEY_FIELD_NUMBER: _ClassVar[int]
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    ORDINAL_FIELD_NUMBER: _ClassVar[int]
    LAST_IN_COMMIT_FIELD_NUMBER: _ClassVar[int]
    id: str
    process_definition_id: str
    process_definition_key: str
    process_definition_version: int
    business_key: str
    tenant_id: str
    revision: int
    ordinal: int
    last_in_commit: bool
    def __init__(self, id: _Optional[str] = ..., process_definition_id: _Optional[str] = ..., process_definition_key: _Optional[str] = ..., process_definition_version: _Optional[int] = ..., business_key: _Optional[str] = ..., tenant_id: _Optional[str] = ..., revision: _Optional[int] = ..., ordinal: _Optional[int] = ..., last_in_commit: _Optional[bool] = ...) -> None: ...

class ActivityRef(_message.Message):
    __slots__ = ("id", "element_id", "element_name", "element_type", "parent_activity_id", "sequence", "flow_id")
    ID_FIELD_NUMBER: _ClassVar[int]
    ELEMENT_ID_FIELD_NUMBER: _ClassVar[int]
    ELEMENT_NAME_FIELD_NUMBER: _ClassVar[int]
    ELEMENT_TYPE_FIELD_NUMBER: _ClassVar[int]
    PARENT_ACTIVITY_ID_FIELD_NUMBER: _ClassVar[int]
    SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    FLOW_ID_FIELD_NUMBER: _ClassVar[int]
    id: str
    element_id: str
    element_name: str
    element_type: str
    parent_activity_id: str
    sequence: int
    flow_id: str
    def __init__(self, id: _Optional[str] = ..., element_id: _Optional[str] = ..., element_name: _Optional[str] = ..., element_type: _Optional[str] = ..., parent_activity_id: _Optional[str] = ..., sequence: _Optional[int] = ..., flow_id: _Optional[str] = ...) -> None: ...

class ProcessInstanceStarted(_message.Message):
    __slots__ = ("process_instance", "initiator", "variables", "parent_process_instance_id", "parent_activity_id", "root_process_instance_id", "process_definition_name")
    class VariablesEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: _struct_pb2.Value
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[_struct_pb2.Value, _Mapping]] = ...) -> None: ...
    PROCESS_INSTANCE_FIELD_NUMBER: _ClassVar[int]
    INITIATOR_FIELD_NUMBER: _ClassVar[int]
    VARIABLES_FIELD_NUMBER: _ClassVar[int]
    PARENT_PROCESS_INSTANCE_ID_FIELD_NUMBER: _ClassVar[int]
    PARENT_ACTIVITY_ID_FIELD_NUMBER: _ClassVar[int]
    ROOT_PROCESS_INSTANCE_ID_FIELD_NUMBER: _ClassVar[int]
    PROCESS_DEFINITION_NAME_FIELD_NUMBER: _ClassVar[int]
    process_instance: ProcessInstanceRef
    initiator: str
    variables: _containers.MessageMap[str, _struct_pb2.Value]
    parent_process_instance_id: str
    parent_activity_id: str
    root_process_instance_id: str
    process_definition_name: str
    def __init__(self, process_instance: _Optional[_Union[ProcessInstanceRef, _Mapping]] = ..., initiator: _Optional[str] = ..., variables: _Optional[_Mapping[str, _struct_pb2.Value]] = ..., parent_process_instance_id: _Optional[str] = ..., parent_activity_id: _Optional[str] = ..., root_process_instance_id: _Optional[str] = ..., process_definition_name: _Optional[str] = ...) -> None: ...

class ProcessInstanceCompleted(_message.Message):
    __slots__ = ("process_instance", "start_time", "saga_id")
    PROCESS_INSTANCE_FIELD_NUMBER: _ClassVar[int]
    START_TIME_FIELD_NUMBER: _ClassVar[int]
    SAGA_ID_FIELD_NUMBER: _ClassVar[int]
    process_instance: ProcessInstanceRef
    start_time: _timestamp_pb2.Timestamp
    saga_id: str
    def __init__(self, process_instance: _Optional[_Union[ProcessInstanceRef, _Mapping]] = ..., start_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., saga_id: _Optional[str] = ...) -> None: ...

class CompletionPending(_message.Message):
    __slots__ = ("process_instance", "saga_id", "attempt", "acknowledge_before")
    PROCESS_INSTANCE_FIELD_NUMBER: _ClassVar[int]
    SAGA_ID_FIELD_NUMBER: _ClassVar[int]
    ATTEMPT_FIELD_NUMBER: _ClassVar[int]
    ACKNOWLEDGE_BEFORE_FIELD_NUMBER: _ClassVar[int]
    process_instance: ProcessInstanceRef
    saga_id: str
    attempt: int
    acknowledge_before: _timestamp_pb2.Timestamp
    def __init__(self, process_instance: _Optional[_Union[ProcessInstanceRef, _Mapping]] = ..., saga_id: _Optional[str] = ..., attempt: _Optional[int] = ..., acknowledge_before: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class ProcessInstanceFailed(_message.Message):
    __slots__ = ("process_instance", "start_time", "reason", "saga_id")
    PROCESS_INSTANCE_FIELD_NUMBER: _ClassVar[int]
    START_TIME_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    SAGA_ID_FIELD_NUMBER: _ClassVar[int]
    process_instance: ProcessInstanceRef
    start_time: _timestamp_pb2.Timestamp
    reason: str
    saga_id: str
    def __init__(self, process_instance: _Optional[_Union[ProcessInstanceRef, _Mapping]] = ..., start_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., reason: _Optional[str] = ..., saga_id: _Optional[str] = ...) -> None: ...

class ProcessInstanceTerminated(_message.Message):
    __slots__ = ("process_instance", "start_time", "reason")
    PROCESS_INSTANCE_FIELD_NUMBER: _ClassVar[int]
    START_TIME_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    process_instance: ProcessInstanceRef
    start_time: _timestamp_pb2.Timestamp
    reason: str
    def __init__(self, process_instance: _Optional[_Union[ProcessInstanceRef, _Mapping]] = ..., start_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., reason: _Optional[str] = ...) -> None: ...

class ProcessInstanceSuspended(_message.Message):
    __slots__ = ("process_instance",)
    PROCESS_INSTANCE_FIELD_NUMBER: _ClassVar[int]
    process_instance: ProcessInstanceRef
    def __init__(self, process_instance: _Optional[_Union[ProcessInstanceRef, _Mapping]] = ...) -> None: ...

class ProcessInstanceResumed(_message.Message):
    __slots__ = ("process_instance",)
    PROCESS_INSTANCE_FIELD_NUMBER: _ClassVar[int]
    process_instance: ProcessInstanceRef
    def __init__(self, process_instance: _Optional[_Union[ProcessInstanceRef, _Mapping]] = ...) -> None: ...

class ProcessInstanceMigrated(_message.Message):
    __slots__ = ("process_instance", "source_process_definition_id", "source_process_definition_key", "source_process_definition_version", "activities")
    PROCESS_INSTANCE_FIELD_NUMBER: _ClassVar[int]
    SOURCE_PROCESS_DEFINITION_ID_FIELD_NUMBER: _ClassVar[int]
    SOURCE_PROCESS_DEFINITION_KEY_FIELD_NUMBER: _ClassVar[int]
    SOURCE_PROCESS_DEFINITION_VERSION_FIELD_NUMBER: _ClassVar[int]
    ACTIVITIES_FIELD_NUMBER: _ClassVar[int]
    process_instance: ProcessInstanceRef
    source_process_definition_id: str
    source_process_definition_key: str
    source_process_definition_version: int
    activities: _containers.RepeatedCompositeFieldContainer[ActivityRef]
    def __init__(self, process_instance: _Optional[_Union[ProcessInstanceRef, _Mapping]] = ..., source_process_definition_id: _Optional[str] = ..., source_process_definition_key: _Optional[str] = ..., source_process_definition_version: _Optional[int] = ..., activities: _Optional[_Iterable[_Union[ActivityRef, _Mapping]]] = ...) -> None: ...

class ActivityStarted(_message.Message):
    __slots__ = ("process_instance", "activity")
    PROCESS_INSTANCE_FIELD_NUMBER: _ClassVar[int]
    ACTIVITY_FIELD_NUMBER: _ClassVar[int]
    process_instance: ProcessInstanceRef
    activity: ActivityRef
    def __init__(self, process_instance: _Optional[_Union[ProcessInstanceRef, _Mapping]] = ..., activity: _Optional[_Union[ActivityRef, _Mapping]] = ...) -> None: ...

class ActivityCompleted(_message.Message):
    __slots__ = ("process_instance", "activity", "start_time")
    PROCESS_INSTANCE_FIELD_NUMBER: _ClassVar[int]
    ACTIVITY_FIELD_NUMBER: _ClassVar[int]
    START_TIME_FIELD_NUMBER: _ClassVar[int]
    process_instance: ProcessInstanceRef
    activity: ActivityRef
    start_time: _timestamp_pb2.Timestamp
    def __init__(self, process_instance: _Optional[_Union[ProcessInstanceRef, _Mapping]] = ..., activity: _Optional[_Union[ActivityRef, _Mapping]] = ..., start_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class ActivityTerminated(_message.Message):
    __slots__ = ("process_instance", "activity", "start_time", "reason")
    PROCESS_INSTANCE_FIELD_NUMBER: _ClassVar[int]
    ACTIVITY_FIELD_NUMBER: _ClassVar[int]
    START_TIME_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    process_instance: ProcessInstanceRef
    activity: ActivityRef
    start_time: _timestamp_pb2.Timestamp
    reason: str
    def __init__(self, process_instance: _Optional[_Union[ProcessInstanceRef, _Mapping]] = ..., activity: _Optional[_Union[ActivityRef, _Mapping]] = ..., start_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., reason: _Optional[str] = ...) -> None: ...

class UserTaskCreated(_message.Message):
    __slots__ = ("process_instance", "task_id", "element_id", "name", "description", "assignee", "candidate_users", "candidate_groups", "priority", "due_time", "form_key", "owner", "follow_up_time", "category", "parent_task_id")
    PROCESS_INSTANCE_FIELD_NUMBER: _ClassVar[int]
    TASK_ID_FIELD_NUMBER: _ClassVar[int]
    ELEMENT_ID_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    ASSIGNEE_FIELD_NUMBER: _ClassVar[int]
    CANDIDATE_USERS_FIELD_NUMBER: _ClassVar[int]
    CANDIDATE_GROUPS_FIELD_NUMBER: _ClassVar[int]
    PRIORITY_FIELD_NUMBER: _ClassVar[int]
    DUE_TIME_FIELD_NUMBER: _ClassVar[int]
    FORM_KEY_FIELD_NUMBER: _ClassVar[int]
    OWNER_FIELD_NUMBER: _ClassVar[int]
    FOLLOW_UP_TIME_FIELD_NUMBER: _ClassVar[int]
    CATEGORY_FIELD_NUMBER: _ClassVar[int]
    PARENT_TASK_ID_FIELD_NUMBER: _ClassVar[int]
    process_instance: ProcessInstanceRef
    task_id: str
    element_id: str
    name: str
    description: str
    assignee: str
    candidate_users: _containers.RepeatedScalarFieldContainer[str]
    candidate_groups: _containers.RepeatedScalarFieldContainer[str]
    priority: int
    due_time: _timestamp_pb2.Timestamp
    form_key: str
    owner: str
    follow_up_time: _timestamp_pb2.Timestamp
    category: str
    parent_task_id: str
    def __init__(self, process_instance: _Optional[_Union[ProcessInstanceRef, _Mapping]] = ..., task_id: _Optional[str] = ..., element_id: _Optional[str] = ..., name: _Optional[str] = ..., description: _Optional[str] = ..., assignee: _Optional[str] = ..., candidate_users: _Optional[_Iterable[str]] = ..., candidate_groups: _Optional[_Iterable[str]] = ..., priority: _Optional[int] = ..., due_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., form_key: _Optional[str] = ..., owner: _Optional[str] = ..., follow_up_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., category: _Optional[str] = ..., parent_task_id: _Optional[str] = ...) -> None: ...

class UserTaskUpdated(_message.Message):
    __slots__ = ("process_instance", "task_id", "changed", "name", "description", "owner", "priority", "due_time", "follow_up_time", "category", "form_key", "delegation_state", "candidate_users", "candidate_groups", "previous_due_time", "previous_follow_up_time", "previous_priority", "previous_owner", "previous_name", "assignee")
    PROCESS_INSTANCE_FIELD_NUMBER: _ClassVar[int]
    TASK_ID_FIELD_NUMBER: _ClassVar[int]
    CHANGED_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    OWNER_FIELD_NUMBER: _ClassVar[int]
    PRIORITY_FIELD_NUMBER: _ClassVar[int]
    DUE_TIME_FIELD_NUMBER: _ClassVar[int]
    FOLLOW_UP_TIME_FIELD_NUMBER: _ClassVar[int]
    CATEGORY_FIELD_NUMBER: _ClassVar[int]
    FORM_KEY_FIELD_NUMBER: _ClassVar[int]
    DELEGATION_STATE_FIELD_NUMBER: _ClassVar[int]
    CANDIDATE_USERS_FIELD_NUMBER: _ClassVar[int]
    CANDIDATE_GROUPS_FIELD_NUMBER: _ClassVar[int]
    PREVIOUS_DUE_TIME_FIELD_NUMBER: _ClassVar[int]
    PREVIOUS_FOLLOW_UP_TIME_FIELD_NUMBER: _ClassVar[int]
    PREVIOUS_PRIORITY_FIELD_NUMBER: _ClassVar[int]
    PREVIOUS_OWNER_FIELD_NUMBER: _ClassVar[int]
    PREVIOUS_NAME_FIELD_NUMBER: _ClassVar[int]
    ASSIGNEE_FIELD_NUMBER: _ClassVar[int]
    process_instance: ProcessInstanceRef
    task_id: str
    changed: _containers.RepeatedScalarFieldContainer[str]
    name: str
    description: str
    owner: str
    priority: int
    due_time: _timestamp_pb2.Timestamp
    follow_up_time: _timestamp_pb2.Timestamp
    category: str
    form_key: str
    delegation_state: str
    candidate_users: _containers.RepeatedScalarFieldContainer[str]
    candidate_groups: _containers.RepeatedScalarFieldContainer[str]
    previous_due_time: _timestamp_pb2.Timestamp
    previous_follow_up_time: _timestamp_pb2.Timestamp
    previous_priority: int
    previous_owner: str
    previous_name: str
    assignee: str
    def __init__(self, process_instance: _Optional[_Union[ProcessInstanceRef, _Mapping]] = ..., task_id: _Optional[str] = ..., changed: _Optional[_Iterable[str]] = ..., name: _Optional[str] = ..., description: _Optional[str] = ..., owner: _Optional[str] = ..., priority: _Optional[int] = ..., due_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., follow_up_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., category: _Optional[str] = ..., form_key: _Optional[str] = ..., delegation_state: _Optional[str] = ..., candidate_users: _Optional[_Iterable[str]] = ..., candidate_groups: _Optional[_Iterable[str]] = ..., previous_due_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., previous_follow_up_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., previous_priority: _Optional[int] = ..., previous_owner: _Optional[str] = ..., previous_name: _Optional[str] = ..., assignee: _Optional[str] = ...) -> None: ...

class UserTaskAssigned(_message.Message):
    __slots__ = ("process_instance", "task_id", "assignee", "previous_assignee")
    PROCESS_INSTANCE_FIELD_NUMBER: _ClassVar[int]
    TASK_ID_FIELD_NUMBER: _ClassVar[int]
    ASSIGNEE_FIELD_NUMBER: _ClassVar[int]
    PREVIOUS_ASSIGNEE_FIELD_NUMBER: _ClassVar[int]
    process_instance: ProcessInstanceRef
    task_id: str
    assignee: str
    previous_assignee: str
    def __init__(self, process_instance: _Optional[_Union[ProcessInstanceRef, _Mapping]] = ..., task_id: _Optional[str] = ..., assignee: _Optional[str] = ..., previous_assignee: _Optional[str] = ...) -> None: ...

class UserTaskCompleted(_message.Message):
    __slots__ = ("process_instance", "task_id", "element_id", "assignee", "outcome", "completed_by")
    PROCESS_INSTANCE_FIELD_NUMBER: _ClassVar[int]
    TASK_ID_FIELD_NUMBER: _ClassVar[int]
    ELEMENT_ID_FIELD_NUMBER: _ClassVar[int]
    ASSIGNEE_FIELD_NUMBER: _ClassVar[int]
    OUTCOME_FIELD_NUMBER: _ClassVar[int]
    COMPLETED_BY_FIELD_NUMBER: _ClassVar[int]
    process_instance: ProcessInstanceRef
    task_id: str
    element_id: str
    assignee: str
    outcome: str
    completed_by: str
    def __init__(self, process_instance: _Optional[_Union[ProcessInstanceRef, _Mapping]] = ..., task_id: _Optional[str] = ..., element_id: _Optional[str] = ..., assignee: _Optional[str] = ..., outcome: _Optional[str] = ..., completed_by: _Optional[str] = ...) -> None: ...

class UserTaskTerminated(_message.Message):
    __slots__ = ("process_instance", "task_id", "reason")
    PROCESS_INSTANCE_FIELD_NUMBER: _ClassVar[int]
    TASK_ID_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    process_instance: ProcessInstanceRef
    task_id: str
    reason: str
    def __init__(self, process_instance: _Optional[_Union[ProcessInstanceRef, _Mapping]] = ..., task_id: _Optional[str] = ..., reason: _Optional[str] = ...) -> None: ...

class JobScheduled(_message.Message):
    __slots__ = ("process_instance", "job_id", "job_type", "element_id", "retries")
    PROCESS_INSTANCE_FIELD_NUMBER: _ClassVar[int]
    JOB_ID_FIELD_NUMBER: _ClassVar[int]
    JOB_TYPE_FIELD_NUMBER: _ClassVar[int]
    ELEMENT_ID_FIELD_NUMBER: _ClassVar[int]
    RETRIES_FIELD_NUMBER: _ClassVar[int]
    process_instance: ProcessInstanceRef
    job_id: str
    job_type: str
    element_id: str
    retries: int
    def __init__(self, process_instance: _Optional[_Union[ProcessInstanceRef, _Mapping]] = ..., job_id: _Optional[str] = ..., job_type: _Optional[str] = ..., element_id: _Optional[str] = ..., retries: _Optional[int] = ...) -> None: ...

class JobCompleted(_message.Message):
    __slots__ = ("process_instance", "job_id", "job_type", "element_id")
    PROCESS_INSTANCE_FIELD_NUMBER: _ClassVar[int]
    JOB_ID_FIELD_NUMBER: _ClassVar[int]
    JOB_TYPE_FIELD_NUMBER: _ClassVar[int]
    ELEMENT_ID_FIELD_NUMBER: _ClassVar[int]
    process_instance: ProcessInstanceRef
    job_id: str
    job_type: str
    element_id: str
    def __init__(self, process_instance: _Optional[_Union[ProcessInstanceRef, _Mapping]] = ..., job_id: _Optional[str] = ..., job_type: _Optional[str] = ..., element_id: _Optional[str] = ...) -> None: ...

class JobFailed(_message.Message):
    __slots__ = ("process_instance", "job_id", "job_type", "element_id", "retries", "error_message", "error_code")
    PROCESS_INSTANCE_FIELD_NUMBER: _ClassVar[int]
    JOB_ID_FIELD_NUMBER: _ClassVar[int]
    JOB_TYPE_FIELD_NUMBER: _ClassVar[int]
    ELEMENT_ID_FIELD_NUMBER: _ClassVar[int]
    RETRIES_FIELD_NUMBER: _ClassVar[int]
    ERROR_MESSAGE_FIELD_NUMBER: _ClassVar[int]
    ERROR_CODE_FIELD_NUMBER: _ClassVar[int]
    process_instance: ProcessInstanceRef
    job_id: str
    job_type: str
    element_id: str
    retries: int
    error_message: str
    error_code: str
    def __init__(self, process_instance: _Optional[_Union[ProcessInstanceRef, _Mapping]] = ..., job_id: _Optional[str] = ..., job_type: _Optional[str] = ..., element_id: _Optional[str] = ..., retries: _Optional[int] = ..., error_message: _Optional[str] = ..., error_code: _Optional[str] = ...) -> None: ...

class IncidentRaised(_message.Message):
    __slots__ = ("process_instance", "incident_id", "type", "element_id", "job_id", "message")
    PROCESS_INSTANCE_FIELD_NUMBER: _ClassVar[int]
    INCIDENT_ID_FIELD_NUMBER: _ClassVar[int]
    TYPE_FIELD_NUMBER: _ClassVar[int]
    ELEMENT_ID_FIELD_NUMBER: _ClassVar[int]
    JOB_ID_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    process_instance: ProcessInstanceRef
    incident_id: str
    type: str
    element_id: str
    job_id: str
    message: str
    def __init__(self, process_instance: _Optional[_Union[ProcessInstanceRef, _Mapping]] = ..., incident_id: _Optional[str] = ..., type: _Optional[str] = ..., element_id: _Optional[str] = ..., job_id: _Optional[str] = ..., message: _Optional[str] = ...) -> None: ...

class IncidentResolved(_message.Message):
    __slots__ = ("process_instance", "incident_id")
    PROCESS_INSTANCE_FIELD_NUMBER: _ClassVar[int]
    INCIDENT_ID_FIELD_NUMBER: _ClassVar[int]
    process_instance: ProcessInstanceRef
    incident_id: str
    def __init__(self, process_instance: _Optional[_Union[ProcessInstanceRef, _Mapping]] = ..., incident_id: _Optional[str] = ...) -> None: ...

class VariablesUpdated(_message.Message):
    __slots__ = ("process_instance", "scope_activity_id", "variables")
    class VariablesEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: _struct_pb2.Value
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[_struct_pb2.Value, _Mapping]] = ...) -> None: ...
    PROCESS_INSTANCE_FIELD_NUMBER: _ClassVar[int]
    SCOPE_ACTIVITY_ID_FIELD_NUMBER: _ClassVar[int]
    VARIABLES_FIELD_NUMBER: _ClassVar[int]
    process_instance: ProcessInstanceRef
    scope_activity_id: str
    variables: _containers.MessageMap[str, _struct_pb2.Value]
    def __init__(self, process_instance: _Optional[_Union[ProcessInstanceRef, _Mapping]] = ..., scope_activity_id: _Optional[str] = ..., variables: _Optional[_Mapping[str, _struct_pb2.Value]] = ...) -> None: ...

class VariablesDeleted(_message.Message):
    __slots__ = ("process_instance", "scope_activity_id", "names")
    PROCESS_INSTANCE_FIELD_NUMBER: _ClassVar[int]
    SCOPE_ACTIVITY_ID_FIELD_NUMBER: _ClassVar[int]
    NAMES_FIELD_NUMBER: _ClassVar[int]
    process_instance: ProcessInstanceRef
    scope_activity_id: str
    names: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, process_instance: _Optional[_Union[ProcessInstanceRef, _Mapping]] = ..., scope_activity_id: _Optional[str] = ..., names: _Optional[_Iterable[str]] = ...) -> None: ...

class CommentCreated(_message.Message):
    __slots__ = ("process_instance", "comment_id", "task_id", "user_id", "text", "mentioned_user_ids")
    PROCESS_INSTANCE_FIELD_NUMBER: _ClassVar[int]
    COMMENT_ID_FIELD_NUMBER: _ClassVar[int]
    TASK_ID_FIELD_NUMBER: _ClassVar[int]
    USER_ID_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    MENTIONED_USER_IDS_FIELD_NUMBER: _ClassVar[int]
    process_instance: ProcessInstanceRef
    comment_id: str
    task_id: str
    user_id: str
    text: str
    mentioned_user_ids: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, process_instance: _Optional[_Union[ProcessInstanceRef, _Mapping]] = ..., comment_id: _Optional[str] = ..., task_id: _Optional[str] = ..., user_id: _Optional[str] = ..., text: _Optional[str] = ..., mentioned_user_ids: _Optional[_Iterable[str]] = ...) -> None: ...

class CommentDeleted(_message.Message):
    __slots__ = ("process_instance", "comment_id", "task_id")
    PROCESS_INSTANCE_FIELD_NUMBER: _ClassVar[int]
    COMMENT_ID_FIELD_NUMBER: _ClassVar[int]
    TASK_ID_FIELD_NUMBER: _ClassVar[int]
    process_instance: ProcessInstanceRef
    comment_id: str
    task_id: str
    def __init__(self, process_instance: _Optional[_Union[ProcessInstanceRef, _Mapping]] = ..., comment_id: _Optional[str] = ..., task_id: _Optional[str] = ...) -> None: ...

class AttachmentCreated(_message.Message):
    __slots__ = ("process_instance", "attachment_id", "task_id", "user_id", "name", "content_type", "url", "size_bytes")
    PROCESS_INSTANCE_FIELD_NUMBER: _ClassVar[int]
    ATTACHMENT_ID_FIELD_NUMBER: _ClassVar[int]
    TASK_ID_FIELD_NUMBER: _ClassVar[int]
    USER_ID_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    CONTENT_TYPE_FIELD_NUMBER: _ClassVar[int]
    URL_FIELD_NUMBER: _ClassVar[int]
    SIZE_BYTES_FIELD_NUMBER: _ClassVar[int]
    process_instance: ProcessInstanceRef
    attachment_id: str
    task_id: str
    user_id: str
    name: str
    content_type: str
    url: str
    size_bytes: int
    def __init__(self, process_instance: _Optional[_Union[ProcessInstanceRef, _Mapping]] = ..., attachment_id: _Optional[str] = ..., task_id: _Optional[str] = ..., user_id: _Optional[str] = ..., name: _Optional[str] = ..., content_type: _Optional[str] = ..., url: _Optional[str] = ..., size_bytes: _Optional[int] = ...) -> None: ...

class AttachmentDeleted(_message.Message):
    __slots__ = ("process_instance", "attachment_id", "task_id")
    PROCESS_INSTANCE_FIELD_NUMBER: _ClassVar[int]
    ATTACHMENT_ID_FIELD_NUMBER: _ClassVar[int]
    TASK_ID_FIELD_NUMBER: _ClassVar[int]
    process_instance: ProcessInstanceRef
    attachment_id: str
    task_id: str
    def __init__(self, process_instance: _Optional[_Union[ProcessInstanceRef, _Mapping]] = ..., attachment_id: _Optional[str] = ..., task_id: _Optional[str] = ...) -> None: ...

class DeploymentRef(_message.Message):
    __slots__ = ("id", "name", "tenant_id")
    ID_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    id: str
    name: str
    tenant_id: str
    def __init__(self, id: _Optional[str] = ..., name: _Optional[str] = ..., tenant_id: _Optional[str] = ...) -> None: ...

class ProcessDefinitionRef(_message.Message):
    __slots__ = ("id", "key", "version", "name", "deployment_id", "resource_name", "tenant_id")
    ID_FIELD_NUMBER: _ClassVar[int]
    KEY_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    DEPLOYMENT_ID_FIELD_NUMBER: _ClassVar[int]
    RESOURCE_NAME_FIELD_NUMBER: _ClassVar[int]
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    id: str
    key: str
    version: int
    name: str
    deployment_id: str
    resource_name: str
    tenant_id: str
    def __init__(self, id: _Optional[str] = ..., key: _Optional[str] = ..., version: _Optional[int] = ..., name: _Optional[str] = ..., deployment_id: _Optional[str] = ..., resource_name: _Optional[str] = ..., tenant_id: _Optional[str] = ...) -> None: ...

class DeploymentCreated(_message.Message):
    __slots__ = ("deployment", "process_definitions", "resources")
    DEPLOYMENT_FIELD_NUMBER: _ClassVar[int]
    PROCESS_DEFINITIONS_FIELD_NUMBER: _ClassVar[int]
    RESOURCES_FIELD_NUMBER: _ClassVar[int]
    deployment: DeploymentRef
    process_definitions: _containers.RepeatedCompositeFieldContainer[ProcessDefinitionRef]
    resources: _containers.RepeatedCompositeFieldContainer[DeployedResource]
    def __init__(self, deployment: _Optional[_Union[DeploymentRef, _Mapping]] = ..., process_definitions: _Optional[_Iterable[_Union[ProcessDefinitionRef, _Mapping]]] = ..., resources: _Optional[_Iterable[_Union[DeployedResource, _Mapping]]] = ...) -> None: ...

class DeployedResource(_message.Message):
    __slots__ = ("name", "size_bytes", "sha256")
    NAME_FIELD_NUMBER: _ClassVar[int]
    SIZE_BYTES_FIELD_NUMBER: _ClassVar[int]
    SHA256_FIELD_NUMBER: _ClassVar[int]
    name: str
    size_bytes: int
    sha256: str
    def __init__(self, name: _Optional[str] = ..., size_bytes: _Optional[int] = ..., sha256: _Optional[str] = ...) -> None: ...

class DeploymentDeleted(_message.Message):
    __slots__ = ("deployment", "process_definitions", "resource_names")
    DEPLOYMENT_FIELD_NUMBER: _ClassVar[int]
    PROCESS_DEFINITIONS_FIELD_NUMBER: _ClassVar[int]
    RESOURCE_NAMES_FIELD_NUMBER: _ClassVar[int]
    deployment: DeploymentRef
    process_definitions: _containers.RepeatedCompositeFieldContainer[ProcessDefinitionRef]
    resource_names: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, deployment: _Optional[_Union[DeploymentRef, _Mapping]] = ..., process_definitions: _Optional[_Iterable[_Union[ProcessDefinitionRef, _Mapping]]] = ..., resource_names: _Optional[_Iterable[str]] = ...) -> None: ...

class ProcessDefinitionSuspended(_message.Message):
    __slots__ = ("process_definition",)
    PROCESS_DEFINITION_FIELD_NUMBER: _ClassVar[int]
    process_definition: ProcessDefinitionRef
    def __init__(self, process_definition: _Optional[_Union[ProcessDefinitionRef, _Mapping]] = ...) -> None: ...

class ProcessDefinitionResumed(_message.Message):
    __slots__ = ("process_definition",)
    PROCESS_DEFINITION_FIELD_NUMBER: _ClassVar[int]
    process_definition: ProcessDefinitionRef
    def __init__(self, process_definition: _Optional[_Union[ProcessDefinitionRef, _Mapping]] = ...) -> None: ...
