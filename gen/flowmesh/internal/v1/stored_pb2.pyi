from flowmesh.events.v1 import worker_pb2 as _worker_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class InstanceSnapshot(_message.Message):
    __slots__ = ("format", "next_key", "scopes", "tokens", "incident_keys", "incident_job_keys", "delegated_task_keys", "added_tasks", "run_length", "parent_key", "depth", "pages", "last_variables_json", "silent_commits")
    FORMAT_FIELD_NUMBER: _ClassVar[int]
    NEXT_KEY_FIELD_NUMBER: _ClassVar[int]
    SCOPES_FIELD_NUMBER: _ClassVar[int]
    TOKENS_FIELD_NUMBER: _ClassVar[int]
    INCIDENT_KEYS_FIELD_NUMBER: _ClassVar[int]
    INCIDENT_JOB_KEYS_FIELD_NUMBER: _ClassVar[int]
    DELEGATED_TASK_KEYS_FIELD_NUMBER: _ClassVar[int]
    ADDED_TASKS_FIELD_NUMBER: _ClassVar[int]
    RUN_LENGTH_FIELD_NUMBER: _ClassVar[int]
    PARENT_KEY_FIELD_NUMBER: _ClassVar[int]
    DEPTH_FIELD_NUMBER: _ClassVar[int]
    PAGES_FIELD_NUMBER: _ClassVar[int]
    LAST_VARIABLES_JSON_FIELD_NUMBER: _ClassVar[int]
    SILENT_COMMITS_FIELD_NUMBER: _ClassVar[int]
    format: int
    next_key: int
    scopes: _containers.RepeatedCompositeFieldContainer[StoredScope]
    tokens: _containers.RepeatedCompositeFieldContainer[StoredToken]
    incident_keys: _containers.RepeatedScalarFieldContainer[int]
    incident_job_keys: _containers.RepeatedScalarFieldContainer[int]
    delegated_task_keys: _containers.RepeatedScalarFieldContainer[int]
    added_tasks: _containers.RepeatedCompositeFieldContainer[StoredAddedTask]
    run_length: int
    parent_key: int
    depth: int
    pages: _containers.RepeatedCompositeFieldContainer[StoredPage]
    last_variables_json: bytes
    silent_commits: int
    def __init__(self, format: _Optional[int] = ..., next_key: _Optional[int] = ..., scopes: _Optional[_Iterable[_Union[StoredScope, _Mapping]]] = ..., tokens: _Optional[_Iterable[_Union[StoredToken, _Mapping]]] = ..., incident_keys: _Optional[_Iterable[int]] = ..., incident_job_keys: _Optional[_Iterable[int]] = ..., delegated_task_keys: _Optional[_Iterable[int]] = ..., added_tasks: _Optional[_Iterable[_Union[StoredAddedTask, _Mapping]]] = ..., run_length: _Optional[int] = ..., parent_key: _Optional[int] = ..., depth: _Optional[int] = ..., pages: _Optional[_Iterable[_Union[StoredPage, _Mapping]]] = ..., last_variables_json: _Optional[bytes] = ..., silent_commits: _Optional[int] = ...) -> None: ...

class StoredPage(_message.Message):
    __slots__ = ("key", "entries_json")
    KEY_FIELD_NUMBER: _ClassVar[int]
    ENTRIES_JSON_FIELD_NUMBER: _ClassVar[int]
    key: int
    entries_json: bytes
    def __init__(self, key: _Optional[int] = ..., entries_json: _Optional[bytes] = ...) -> None: ...

class StoredScope(_message.Message):
    __slots__ = ("key", "parent_key", "variables_json", "compensations", "large_values")
    class LargeValuesEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    KEY_FIELD_NUMBER: _ClassVar[int]
    PARENT_KEY_FIELD_NUMBER: _ClassVar[int]
    VARIABLES_JSON_FIELD_NUMBER: _ClassVar[int]
    COMPENSATIONS_FIELD_NUMBER: _ClassVar[int]
    LARGE_VALUES_FIELD_NUMBER: _ClassVar[int]
    key: int
    parent_key: int
    variables_json: bytes
    compensations: _containers.RepeatedCompositeFieldContainer[StoredCompensable]
    large_values: _containers.ScalarMap[str, str]
    def __init__(self, key: _Optional[int] = ..., parent_key: _Optional[int] = ..., variables_json: _Optional[bytes] = ..., compensations: _Optional[_Iterable[_Union[StoredCompensable, _Mapping]]] = ..., large_values: _Optional[_Mapping[str, str]] = ...) -> None: ...

class StoredCompensable(_message.Message):
    __slots__ = ("key", "element_id", "variables_json", "inner")
    KEY_FIELD_NUMBER: _ClassVar[int]
    ELEMENT_ID_FIELD_NUMBER: _ClassVar[int]
    VARIABLES_JSON_FIELD_NUMBER: _ClassVar[int]
    INNER_FIELD_NUMBER: _ClassVar[int]
    key: int
    element_id: str
    variables_json: bytes
    inner: _containers.RepeatedCompositeFieldContainer[StoredCompensable]
    def __init__(self, key: _Optional[int] = ..., element_id: _Optional[str] = ..., variables_json: _Optional[bytes] = ..., inner: _Optional[_Iterable[_Union[StoredCompensable, _Mapping]]] = ...) -> None: ...

class StoredToken(_message.Message):
    __slots__ = ("key", "scope_key", "element_id", "start_micros", "flow_id", "assignee", "job_type", "detail_json", "host", "stage", "waits_for")
    KEY_FIELD_NUMBER: _ClassVar[int]
    SCOPE_KEY_FIELD_NUMBER: _ClassVar[int]
    ELEMENT_ID_FIELD_NUMBER: _ClassVar[int]
    START_MICROS_FIELD_NUMBER: _ClassVar[int]
    FLOW_ID_FIELD_NUMBER: _ClassVar[int]
    ASSIGNEE_FIELD_NUMBER: _ClassVar[int]
    JOB_TYPE_FIELD_NUMBER: _ClassVar[int]
    DETAIL_JSON_FIELD_NUMBER: _ClassVar[int]
    HOST_FIELD_NUMBER: _ClassVar[int]
    STAGE_FIELD_NUMBER: _ClassVar[int]
    WAITS_FOR_FIELD_NUMBER: _ClassVar[int]
    key: int
    scope_key: int
    element_id: str
    start_micros: int
    flow_id: str
    assignee: str
    job_type: str
    detail_json: bytes
    host: int
    stage: int
    waits_for: int
    def __init__(self, key: _Optional[int] = ..., scope_key: _Optional[int] = ..., element_id: _Optional[str] = ..., start_micros: _Optional[int] = ..., flow_id: _Optional[str] = ..., assignee: _Optional[str] = ..., job_type: _Optional[str] = ..., detail_json: _Optional[bytes] = ..., host: _Optional[int] = ..., stage: _Optional[int] = ..., waits_for: _Optional[int] = ...) -> None: ...

class StoredAddedTask(_message.Message):
    __slots__ = ("key", "parent_key", "assignee")
    KEY_FIELD_NUMBER: _ClassVar[int]
    PARENT_KEY_FIELD_NUMBER: _ClassVar[int]
    ASSIGNEE_FIELD_NUMBER: _ClassVar[int]
    key: int
    parent_key: int
    assignee: str
    def __init__(self, key: _Optional[int] = ..., parent_key: _Optional[int] = ..., assignee: _Optional[str] = ...) -> None: ...

class CommitRecord(_message.Message):
    __slots__ = ("format", "process_instance_id", "process_definition_id", "process_definition_key", "process_definition_version", "business_key", "tenant_id", "revision", "time_micros", "correlation_id", "traceparent", "user_id", "events_json", "operation")
    FORMAT_FIELD_NUMBER: _ClassVar[int]
    PROCESS_INSTANCE_ID_FIELD_NUMBER: _ClassVar[int]
    PROCESS_DEFINITION_ID_FIELD_NUMBER: _ClassVar[int]
    PROCESS_DEFINITION_KEY_FIELD_NUMBER: _ClassVar[int]
    PROCESS_DEFINITION_VERSION_FIELD_NUMBER: _ClassVar[int]
    BUSINESS_KEY_FIELD_NUMBER: _ClassVar[int]
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    TIME_MICROS_FIELD_NUMBER: _ClassVar[int]
    CORRELATION_ID_FIELD_NUMBER: _ClassVar[int]
    TRACEPARENT_FIELD_NUMBER: _ClassVar[int]
    USER_ID_FIELD_NUMBER: _ClassVar[int]
    EVENTS_JSON_FIELD_NUMBER: _ClassVar[int]
    OPERATION_FIELD_NUMBER: _ClassVar[int]
    format: int
    process_instance_id: str
    process_definition_id: str
    process_definition_key: str
    process_definition_version: int
    business_key: str
    tenant_id: str
    revision: int
    time_micros: int
    correlation_id: str
    traceparent: str
    user_id: str
    events_json: bytes
    operation: StoredOperation
    def __init__(self, format: _Optional[int] = ..., process_instance_id: _Optional[str] = ..., process_definition_id: _Optional[str] = ..., process_definition_key: _Optional[str] = ..., process_definition_version: _Optional[int] = ..., business_key: _Optional[str] = ..., tenant_id: _Optional[str] = ..., revision: _Optional[int] = ..., time_micros: _Optional[int] = ..., correlation_id: _Optional[str] = ..., traceparent: _Optional[str] = ..., user_id: _Optional[str] = ..., events_json: _Optional[bytes] = ..., operation: _Optional[_Union[StoredOperation, _Mapping]] = ...) -> None: ...

class StoredOperation(_message.Message):
    __slots__ = ("method", "session_id", "acting_for", "client_address", "resource_type", "resource_id")
    METHOD_FIELD_NUMBER: _ClassVar[int]
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    ACTING_FOR_FIELD_NUMBER: _ClassVar[int]
    CLIENT_ADDRESS_FIELD_NUMBER: _ClassVar[int]
    RESOURCE_TYPE_FIELD_NUMBER: _ClassVar[int]
    RESOURCE_ID_FIELD_NUMBER: _ClassVar[int]
    method: str
    session_id: str
    acting_for: str
    client_address: str
    resource_type: str
    resource_id: str
    def __init__(self, method: _Optional[str] = ..., session_id: _Optional[str] = ..., acting_for: _Optional[str] = ..., client_address: _Optional[str] = ..., resource_type: _Optional[str] = ..., resource_id: _Optional[str] = ...) -> None: ...

class JobActivationRecord(_message.Message):
    __slots__ = ("format", "time_micros", "job_activated")
    FORMAT_FIELD_NUMBER: _ClassVar[int]
    TIME_MICROS_FIELD_NUMBER: _ClassVar[int]
    JOB_ACTIVATED_FIELD_NUMBER: _ClassVar[int]
    format: int
    time_micros: int
    job_activated: _worker_pb2.JobActivated
    def __init__(self, format: _Optional[int] = ..., time_micros: _Optional[int] = ..., job_activated: _Optional[_Union[_worker_pb2.JobActivated, _Mapping]] = ...) -> None: ...

class DeliveredPart(_message.Message):
    __slots__ = ("started_process_instance_id", "commit_token")
    STARTED_PROCESS_INSTANCE_ID_FIELD_NUMBER: _ClassVar[int]
    COMMIT_TOKEN_FIELD_NUMBER: _ClassVar[int]
    started_process_instance_id: str
    commit_token: str
    def __init__(self, started_process_instance_id: _Optional[str] = ..., commit_token: _Optional[str] = ...) -> None: ...
