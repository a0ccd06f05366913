import datetime

from buf.validate import validate_pb2 as _validate_pb2
from flowmesh.auth.v1 import permission_pb2 as _permission_pb2
from flowmesh.engine.v1 import job_pb2 as _job_pb2
from google.api import annotations_pb2 as _annotations_pb2
from google.protobuf import duration_pb2 as _duration_pb2
from google.protobuf import struct_pb2 as _struct_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.rpc import status_pb2 as _status_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class GetJobRequest(_message.Message):
    __slots__ = ("id",)
    ID_FIELD_NUMBER: _ClassVar[int]
    id: str
    def __init__(self, id: _Optional[str] = ...) -> None: ...

class GetJobResponse(_message.Message):
    __slots__ = ("job",)
    JOB_FIELD_NUMBER: _ClassVar[int]
    job: _job_pb2.Job
    def __init__(self, job: _Optional[_Union[_job_pb2.Job, _Mapping]] = ...) -> None: ...

class ListJobsRequest(_message.Message):
    __slots__ = ("page_size", "page_token", "type", "state", "process_instance_id", "tenant_id", "kind", "due_before", "element_id", "process_definition_key", "worker", "with_error", "min_priority", "max_priority")
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    TYPE_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    PROCESS_INSTANCE_ID_FIELD_NUMBER: _ClassVar[int]
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    DUE_BEFORE_FIELD_NUMBER: _ClassVar[int]
    ELEMENT_ID_FIELD_NUMBER: _ClassVar[int]
    PROCESS_DEFINITION_KEY_FIELD_NUMBER: _ClassVar[int]
    WORKER_FIELD_NUMBER: _ClassVar[int]
    WITH_ERROR_FIELD_NUMBER: _ClassVar[int]
    MIN_PRIORITY_FIELD_NUMBER: _ClassVar[int]
    MAX_PRIORITY_FIELD_NUMBER: _ClassVar[int]
    page_size: int
    page_token: str
    type: str
    state: _job_pb2.Job.State
    process_instance_id: str
    tenant_id: str
    kind: _job_pb2.Job.Kind
    due_before: _timestamp_pb2.Timestamp
    element_id: str
    process_definition_key: str
    worker: str
    with_error: bool
    min_priority: int
    max_priority: int
    def __init__(self, page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., type: _Optional[str] = ..., state: _Optional[_Union[_job_pb2.Job.State, str]] = ..., process_instance_id: _Optional[str] = ..., tenant_id: _Optional[str] = ..., kind: _Optional[_Union[_job_pb2.Job.Kind, str]] = ..., due_before: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., element_id: _Optional[str] = ..., process_definition_key: _Optional[str] = ..., worker: _Optional[str] = ..., with_error: _Optional[bool] = ..., min_priority: _Optional[int] = ..., max_priority: _Optional[int] = ...) -> None: ...

class ListJobsResponse(_message.Message):
    __slots__ = ("jobs", "next_page_token")
    JOBS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    jobs: _containers.RepeatedCompositeFieldContainer[_job_pb2.Job]
    next_page_token: str
    def __init__(self, jobs: _Optional[_Iterable[_Union[_job_pb2.Job, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class ActivateJobsRequest(_message.Message):
    __slots__ = ("type", "worker", "max_jobs", "lease_duration", "request_timeout", "fetch_variables", "tenant_id")
    TYPE_FIELD_NUMBER: _ClassVar[int]
    WORKER_FIELD_NUMBER: _ClassVar[int]
    MAX_JOBS_FIELD_NUMBER: _ClassVar[int]
    LEASE_DURATION_FIELD_NUMBER: _ClassVar[int]
    REQUEST_TIMEOUT_FIELD_NUMBER: _ClassVar[int]
    FETCH_VARIABLES_FIELD_NUMBER: _ClassVar[int]
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    type: str
    worker: str
    max_jobs: int
    lease_duration: _duration_pb2.Duration
    request_timeout: _duration_pb2.Duration
    fetch_variables: _containers.RepeatedScalarFieldContainer[str]
    tenant_id: str
    def __init__(self, type: _Optional[str] = ..., worker: _Optional[str] = ..., max_jobs: _Optional[int] = ..., lease_duration: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., request_timeout: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., fetch_variables: _Optional[_Iterable[str]] = ..., tenant_id: _Optional[str] = ...) -> None: ...

class ActivateJobsResponse(_message.Message):
    __slots__ = ("jobs",)
    JOBS_FIELD_NUMBER: _ClassVar[int]
    jobs: _containers.RepeatedCompositeFieldContainer[_job_pb2.Job]
    def __init__(self, jobs: _Optional[_Iterable[_Union[_job_pb2.Job, _Mapping]]] = ...) -> None: ...

class StreamJobsRequest(_message.Message):
    __slots__ = ("type", "worker", "max_active_jobs", "lease_duration", "fetch_variables", "tenant_id")
    TYPE_FIELD_NUMBER: _ClassVar[int]
    WORKER_FIELD_NUMBER: _ClassVar[int]
    MAX_ACTIVE_JOBS_FIELD_NUMBER: _ClassVar[int]
    LEASE_DURATION_FIELD_NUMBER: _ClassVar[int]
    FETCH_VARIABLES_FIELD_NUMBER: _ClassVar[int]
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    type: str
    worker: str
    max_active_jobs: int
    lease_duration: _duration_pb2.Duration
    fetch_variables: _containers.RepeatedScalarFieldContainer[str]
    tenant_id: str
    def __init__(self, type: _Optional[str] = ..., worker: _Optional[str] = ..., max_active_jobs: _Optional[int] = ..., lease_duration: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., fetch_variables: _Optional[_Iterable[str]] = ..., tenant_id: _Optional[str] = ...) -> None: ...

class StreamJobsResponse(_message.Message):
    __slots__ = ("job", "heartbeat", "error")
    class Heartbeat(_message.Message):
        __slots__ = ()
        def __init__(self) -> None: ...
    JOB_FIELD_NUMBER: _ClassVar[int]
    HEARTBEAT_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    job: _job_pb2.Job
    heartbeat: StreamJobsResponse.Heartbeat
    error: _status_pb2.Status
    def __init__(self, job: _Optional[_Union[_job_pb2.Job, _Mapping]] = ..., heartbeat: _Optional[_Union[StreamJobsResponse.Heartbeat, _Mapping]] = ..., error: _Optional[_Union[_status_pb2.Status, _Mapping]] = ...) -> None: ...

class CompleteJobRequest(_message.Message):
    __slots__ = ("request_id", "id", "lease_token", "variables", "result")
    class VariablesEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: _struct_pb2.Value
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[_struct_pb2.Value, _Mapping]] = ...) -> None: ...
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    ID_FIELD_NUMBER: _ClassVar[int]
    LEASE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    VARIABLES_FIELD_NUMBER: _ClassVar[int]
    RESULT_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    id: str
    lease_token: str
    variables: _containers.MessageMap[str, _struct_pb2.Value]
    result: _struct_pb2.Value
    def __init__(self, request_id: _Optional[str] = ..., id: _Optional[str] = ..., lease_token: _Optional[str] = ..., variables: _Optional[_Mapping[str, _struct_pb2.Value]] = ..., result: _Optional[_Union[_struct_pb2.Value, _Mapping]] = ...) -> None: ...

class CompleteJobResponse(_message.Message):
    __slots__ = ("process_instance_id", "process_instance_ended", "commit_token")
    PROCESS_INSTANCE_ID_FIELD_NUMBER: _ClassVar[int]
    PROCESS_INSTANCE_ENDED_FIELD_NUMBER: _ClassVar[int]
    COMMIT_TOKEN_FIELD_NUMBER: _ClassVar[int]
    process_instance_id: str
    process_instance_ended: bool
    commit_token: str
    def __init__(self, process_instance_id: _Optional[str] = ..., process_instance_ended: _Optional[bool] = ..., commit_token: _Optional[str] = ...) -> None: ...

class BatchCompleteJobsRequest(_message.Message):
    __slots__ = ("completions",)
    COMPLETIONS_FIELD_NUMBER: _ClassVar[int]
    completions: _containers.RepeatedCompositeFieldContainer[CompleteJobRequest]
    def __init__(self, completions: _Optional[_Iterable[_Union[CompleteJobRequest, _Mapping]]] = ...) -> None: ...

class BatchCompleteJobsResponse(_message.Message):
    __slots__ = ("results",)
    class Result(_message.Message):
        __slots__ = ("status", "process_instance_ended", "commit_token")
        STATUS_FIELD_NUMBER: _ClassVar[int]
        PROCESS_INSTANCE_ENDED_FIELD_NUMBER: _ClassVar[int]
        COMMIT_TOKEN_FIELD_NUMBER: _ClassVar[int]
        status: _status_pb2.Status
        process_instance_ended: bool
        commit_token: str
        def __init__(self, status: _Optional[_Union[_status_pb2.Status, _Mapping]] = ..., process_instance_ended: _Optional[bool] = ..., commit_token: _Optional[str] = ...) -> None: ...
    RESULTS_FIELD_NUMBER: _ClassVar[int]
    results: _containers.RepeatedCompositeFieldContainer[BatchCompleteJobsResponse.Result]
    def __init__(self, results: _Optional[_Iterable[_Union[BatchCompleteJobsResponse.Result, _Mapping]]] = ...) -> None: ...

class FailJobRequest(_message.Message):
    __slots__ = ("request_id", "id", "lease_token", "retries", "retry_backoff", "error_message", "error_code")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    ID_FIELD_NUMBER: _ClassVar[int]
    LEASE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    RETRIES_FIELD_NUMBER: _ClassVar[int]
    RETRY_BACKOFF_FIELD_NUMBER: _ClassVar[int]
    ERROR_MESSAGE_FIELD_NUMBER: _ClassVar[int]
    ERROR_CODE_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    id: str
    lease_token: str
    retries: int
    retry_backoff: _duration_pb2.Duration
    error_message: str
    error_code: str
    def __init__(self, request_id: _Optional[str] = ..., id: _Optional[str] = ..., lease_token: _Optional[str] = ..., retries: _Optional[int] = ..., retry_backoff: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., error_message: _Optional[str] = ..., error_code: _Optional[str] = ...) -> None: ...

class FailJobResponse(_message.Message):
    __slots__ = ("job", "caught", "commit_token")
    JOB_FIELD_NUMBER: _ClassVar[int]
    CAUGHT_FIELD_NUMBER: _ClassVar[int]
    COMMIT_TOKEN_FIELD_NUMBER: _ClassVar[int]
    job: _job_pb2.Job
    caught: bool
    commit_token: str
    def __init__(self, job: _Optional[_Union[_job_pb2.Job, _Mapping]] = ..., caught: _Optional[bool] = ..., commit_token: _Optional[str] = ...) -> None: ...

class ThrowJobErrorRequest(_message.Message):
    __slots__ = ("request_id", "id", "lease_token", "error_code", "error_message", "variables")
    class VariablesEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: _struct_pb2.Value
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[_struct_pb2.Value, _Mapping]] = ...) -> None: ...
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    ID_FIELD_NUMBER: _ClassVar[int]
    LEASE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    ERROR_CODE_FIELD_NUMBER: _ClassVar[int]
    ERROR_MESSAGE_FIELD_NUMBER: _ClassVar[int]
    VARIABLES_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    id: str
    lease_token: str
    error_code: str
    error_message: str
    variables: _containers.MessageMap[str, _struct_pb2.Value]
    def __init__(self, request_id: _Optional[str] = ..., id: _Optional[str] = ..., lease_token: _Optional[str] = ..., error_code: _Optional[str] = ..., error_message: _Optional[str] = ..., variables: _Optional[_Mapping[str, _struct_pb2.Value]] = ...) -> None: ...

class ThrowJobErrorResponse(_message.Message):
    __slots__ = ("caught", "commit_token")
    CAUGHT_FIELD_NUMBER: _ClassVar[int]
    COMMIT_TOKEN_FIELD_NUMBER: _ClassVar[int]
    caught: bool
    commit_token: str
    def __init__(self, caught: _Optional[bool] = ..., commit_token: _Optional[str] = ...) -> None: ...

class ExtendJobLeaseRequest(_message.Message):
    __slots__ = ("request_id", "id", "lease_token", "lease_duration")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    ID_FIELD_NUMBER: _ClassVar[int]
    LEASE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    LEASE_DURATION_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    id: str
    lease_token: str
    lease_duration: _duration_pb2.Duration
    def __init__(self, request_id: _Optional[str] = ..., id: _Optional[str] = ..., lease_token: _Optional[str] = ..., lease_duration: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ...) -> None: ...

class ExtendJobLeaseResponse(_message.Message):
    __slots__ = ("job", "commit_token")
    JOB_FIELD_NUMBER: _ClassVar[int]
    COMMIT_TOKEN_FIELD_NUMBER: _ClassVar[int]
    job: _job_pb2.Job
    commit_token: str
    def __init__(self, job: _Optional[_Union[_job_pb2.Job, _Mapping]] = ..., commit_token: _Optional[str] = ...) -> None: ...

class RunJobRequest(_message.Message):
    __slots__ = ("request_id", "id")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    ID_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    id: str
    def __init__(self, request_id: _Optional[str] = ..., id: _Optional[str] = ...) -> None: ...

class RunJobResponse(_message.Message):
    __slots__ = ("process_instance_id", "process_instance_ended", "commit_token")
    PROCESS_INSTANCE_ID_FIELD_NUMBER: _ClassVar[int]
    PROCESS_INSTANCE_ENDED_FIELD_NUMBER: _ClassVar[int]
    COMMIT_TOKEN_FIELD_NUMBER: _ClassVar[int]
    process_instance_id: str
    process_instance_ended: bool
    commit_token: str
    def __init__(self, process_instance_id: _Optional[str] = ..., process_instance_ended: _Optional[bool] = ..., commit_token: _Optional[str] = ...) -> None: ...

class SetJobRetriesRequest(_message.Message):
    __slots__ = ("request_id", "id", "retries")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    ID_FIELD_NUMBER: _ClassVar[int]
    RETRIES_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    id: str
    retries: int
    def __init__(self, request_id: _Optional[str] = ..., id: _Optional[str] = ..., retries: _Optional[int] = ...) -> None: ...

class SetJobRetriesResponse(_message.Message):
    __slots__ = ("job", "commit_token")
    JOB_FIELD_NUMBER: _ClassVar[int]
    COMMIT_TOKEN_FIELD_NUMBER: _ClassVar[int]
    job: _job_pb2.Job
    commit_token: str
    def __init__(self, job: _Optional[_Union[_job_pb2.Job, _Mapping]] = ..., commit_token: _Optional[str] = ...) -> None: ...

class BatchSetJobRetriesRequest(_message.Message):
    __slots__ = ("ids", "filter", "retries")
    class Filter(_message.Message):
        __slots__ = ("type", "state", "kind", "process_instance_id", "process_definition_key", "element_id", "tenant_id", "with_error")
        TYPE_FIELD_NUMBER: _ClassVar[int]
        STATE_FIELD_NUMBER: _ClassVar[int]
        KIND_FIELD_NUMBER: _ClassVar[int]
        PROCESS_INSTANCE_ID_FIELD_NUMBER: _ClassVar[int]
        PROCESS_DEFINITION_KEY_FIELD_NUMBER: _ClassVar[int]
        ELEMENT_ID_FIELD_NUMBER: _ClassVar[int]
        TENANT_ID_FIELD_NUMBER: _ClassVar[int]
        WITH_ERROR_FIELD_NUMBER: _ClassVar[int]
        type: str
        state: _job_pb2.Job.State
        kind: _job_pb2.Job.Kind
        process_instance_id: str
        process_definition_key: str
        element_id: str
        tenant_id: str
        with_error: bool
        def __init__(self, type: _Optional[str] = ..., state: _Optional[_Union[_job_pb2.Job.State, str]] = ..., kind: _Optional[_Union[_job_pb2.Job.Kind, str]] = ..., process_instance_id: _Optional[str] = ..., process_definition_key: _Optional[str] = ..., element_id: _Optional[str] = ..., tenant_id: _Optional[str] = ..., with_error: _Optional[bool] = ...) -> None: ...
    IDS_FIELD_NUMBER: _ClassVar[int]
    FILTER_FIELD_NUMBER: _ClassVar[int]
    RETRIES_FIELD_NUMBER: _ClassVar[int]
    ids: _containers.RepeatedScalarFieldContainer[str]
    filter: BatchSetJobRetriesRequest.Filter
    retries: int
    def __init__(self, ids: _Optional[_Iterable[str]] = ..., filter: _Optional[_Union[BatchSetJobRetriesRequest.Filter, _Mapping]] = ..., retries: _Optional[int] = ...) -> None: ...

class BatchSetJobRetriesResponse(_message.Message):
    __slots__ = ("results",)
    class Result(_message.Message):
        __slots__ = ("id", "status")
        ID_FIELD_NUMBER: _ClassVar[int]
        STATUS_FIELD_NUMBER: _ClassVar[int]
        id: str
        status: _status_pb2.Status
        def __init__(self, id: _Optional[str] = ..., status: _Optional[_Union[_status_pb2.Status, _Mapping]] = ...) -> None: ...
    RESULTS_FIELD_NUMBER: _ClassVar[int]
    results: _containers.RepeatedCompositeFieldContainer[BatchSetJobRetriesResponse.Result]
    def __init__(self, results: _Optional[_Iterable[_Union[BatchSetJobRetriesResponse.Result, _Mapping]]] = ...) -> None: ...

class MoveJobToDeadLetterRequest(_message.Message):
    __slots__ = ("request_id", "id", "reason")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    ID_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    id: str
    reason: str
    def __init__(self, request_id: _Optional[str] = ..., id: _Optional[str] = ..., reason: _Optional[str] = ...) -> None: ...

class MoveJobToDeadLetterResponse(_message.Message):
    __slots__ = ("job", "commit_token")
    JOB_FIELD_NUMBER: _ClassVar[int]
    COMMIT_TOKEN_FIELD_NUMBER: _ClassVar[int]
    job: _job_pb2.Job
    commit_token: str
    def __init__(self, job: _Optional[_Union[_job_pb2.Job, _Mapping]] = ..., commit_token: _Optional[str] = ...) -> None: ...

class MoveJobFromDeadLetterRequest(_message.Message):
    __slots__ = ("request_id", "id", "retries")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    ID_FIELD_NUMBER: _ClassVar[int]
    RETRIES_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    id: str
    retries: int
    def __init__(self, request_id: _Optional[str] = ..., id: _Optional[str] = ..., retries: _Optional[int] = ...) -> None: ...

class MoveJobFromDeadLetterResponse(_message.Message):
    __slots__ = ("job", "commit_token")
    JOB_FIELD_NUMBER: _ClassVar[int]
    COMMIT_TOKEN_FIELD_NUMBER: _ClassVar[int]
    job: _job_pb2.Job
    commit_token: str
    def __init__(self, job: _Optional[_Union[_job_pb2.Job, _Mapping]] = ..., commit_token: _Optional[str] = ...) -> None: ...

class RescheduleJobRequest(_message.Message):
    __slots__ = ("request_id", "id", "due_time")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    ID_FIELD_NUMBER: _ClassVar[int]
    DUE_TIME_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    id: str
    due_time: _timestamp_pb2.Timestamp
    def __init__(self, request_id: _Optional[str] = ..., id: _Optional[str] = ..., due_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class RescheduleJobResponse(_message.Message):
    __slots__ = ("job", "commit_token")
    JOB_FIELD_NUMBER: _ClassVar[int]
    COMMIT_TOKEN_FIELD_NUMBER: _ClassVar[int]
    job: _job_pb2.Job
    commit_token: str
    def __init__(self, job: _Optional[_Union[_job_pb2.Job, _Mapping]] = ..., commit_token: _Optional[str] = ...) -> None: ...

class ListFinishedJobsRequest(_message.Message):
    __slots__ = ("page_size", "page_token", "process_definition_key", "process_instance_id", "outcome", "tenant_id")
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    PROCESS_DEFINITION_KEY_FIELD_NUMBER: _ClassVar[int]
    PROCESS_INSTANCE_ID_FIELD_NUMBER: _ClassVar[int]
    OUTCOME_FIELD_NUMBER: _ClassVar[int]
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    page_size: int
    page_token: str
    process_definition_key: str
    process_instance_id: str
    outcome: _job_pb2.FinishedJob.Outcome
    tenant_id: str
    def __init__(self, page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., process_definition_key: _Optional[str] = ..., process_instance_id: _Optional[str] = ..., outcome: _Optional[_Union[_job_pb2.FinishedJob.Outcome, str]] = ..., tenant_id: _Optional[str] = ...) -> None: ...

class ListFinishedJobsResponse(_message.Message):
    __slots__ = ("finished_jobs", "next_page_token")
    FINISHED_JOBS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    finished_jobs: _containers.RepeatedCompositeFieldContainer[_job_pb2.FinishedJob]
    next_page_token: str
    def __init__(self, finished_jobs: _Optional[_Iterable[_Union[_job_pb2.FinishedJob, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...
