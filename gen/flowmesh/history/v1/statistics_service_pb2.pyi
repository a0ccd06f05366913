import datetime

from buf.validate import validate_pb2 as _validate_pb2
from flowmesh.auth.v1 import permission_pb2 as _permission_pb2
from flowmesh.history.v1 import history_pb2 as _history_pb2
from google.api import annotations_pb2 as _annotations_pb2
from google.protobuf import duration_pb2 as _duration_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class DurationStatistics(_message.Message):
    __slots__ = ("count", "total", "mean", "p50", "p90", "p99")
    COUNT_FIELD_NUMBER: _ClassVar[int]
    TOTAL_FIELD_NUMBER: _ClassVar[int]
    MEAN_FIELD_NUMBER: _ClassVar[int]
    P50_FIELD_NUMBER: _ClassVar[int]
    P90_FIELD_NUMBER: _ClassVar[int]
    P99_FIELD_NUMBER: _ClassVar[int]
    count: int
    total: _duration_pb2.Duration
    mean: _duration_pb2.Duration
    p50: _duration_pb2.Duration
    p90: _duration_pb2.Duration
    p99: _duration_pb2.Duration
    def __init__(self, count: _Optional[int] = ..., total: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., mean: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., p50: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., p90: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., p99: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ...) -> None: ...

class ProcessStatistics(_message.Message):
    __slots__ = ("process_definition_id", "process_definition_key", "process_definition_version", "tenant_id", "running", "paused", "completed", "failed", "terminated", "durations")
    PROCESS_DEFINITION_ID_FIELD_NUMBER: _ClassVar[int]
    PROCESS_DEFINITION_KEY_FIELD_NUMBER: _ClassVar[int]
    PROCESS_DEFINITION_VERSION_FIELD_NUMBER: _ClassVar[int]
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    RUNNING_FIELD_NUMBER: _ClassVar[int]
    PAUSED_FIELD_NUMBER: _ClassVar[int]
    COMPLETED_FIELD_NUMBER: _ClassVar[int]
    FAILED_FIELD_NUMBER: _ClassVar[int]
    TERMINATED_FIELD_NUMBER: _ClassVar[int]
    DURATIONS_FIELD_NUMBER: _ClassVar[int]
    process_definition_id: str
    process_definition_key: str
    process_definition_version: int
    tenant_id: str
    running: int
    paused: int
    completed: int
    failed: int
    terminated: int
    durations: DurationStatistics
    def __init__(self, process_definition_id: _Optional[str] = ..., process_definition_key: _Optional[str] = ..., process_definition_version: _Optional[int] = ..., tenant_id: _Optional[str] = ..., running: _Optional[int] = ..., paused: _Optional[int] = ..., completed: _Optional[int] = ..., failed: _Optional[int] = ..., terminated: _Optional[int] = ..., durations: _Optional[_Union[DurationStatistics, _Mapping]] = ...) -> None: ...

class ThroughputPeriod(_message.Message):
    __slots__ = ("start_time", "end_time", "started", "completed", "failed", "terminated")
    START_TIME_FIELD_NUMBER: _ClassVar[int]
    END_TIME_FIELD_NUMBER: _ClassVar[int]
    STARTED_FIELD_NUMBER: _ClassVar[int]
    COMPLETED_FIELD_NUMBER: _ClassVar[int]
    FAILED_FIELD_NUMBER: _ClassVar[int]
    TERMINATED_FIELD_NUMBER: _ClassVar[int]
    start_time: _timestamp_pb2.Timestamp
    end_time: _timestamp_pb2.Timestamp
    started: int
    completed: int
    failed: int
    terminated: int
    def __init__(self, start_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., end_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., started: _Optional[int] = ..., completed: _Optional[int] = ..., failed: _Optional[int] = ..., terminated: _Optional[int] = ...) -> None: ...

class DailyDurations(_message.Message):
    __slots__ = ("start_time", "durations")
    START_TIME_FIELD_NUMBER: _ClassVar[int]
    DURATIONS_FIELD_NUMBER: _ClassVar[int]
    start_time: _timestamp_pb2.Timestamp
    durations: DurationStatistics
    def __init__(self, start_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., durations: _Optional[_Union[DurationStatistics, _Mapping]] = ...) -> None: ...

class ActivityStatistics(_message.Message):
    __slots__ = ("element_id", "element_name", "element_type", "entered", "completed", "terminated", "running", "running_age", "incidents", "open_incidents", "durations", "time_share")
    ELEMENT_ID_FIELD_NUMBER: _ClassVar[int]
    ELEMENT_NAME_FIELD_NUMBER: _ClassVar[int]
    ELEMENT_TYPE_FIELD_NUMBER: _ClassVar[int]
    ENTERED_FIELD_NUMBER: _ClassVar[int]
    COMPLETED_FIELD_NUMBER: _ClassVar[int]
    TERMINATED_FIELD_NUMBER: _ClassVar[int]
    RUNNING_FIELD_NUMBER: _ClassVar[int]
    RUNNING_AGE_FIELD_NUMBER: _ClassVar[int]
    INCIDENTS_FIELD_NUMBER: _ClassVar[int]
    OPEN_INCIDENTS_FIELD_NUMBER: _ClassVar[int]
    DURATIONS_FIELD_NUMBER: _ClassVar[int]
    TIME_SHARE_FIELD_NUMBER: _ClassVar[int]
    element_id: str
    element_name: str
    element_type: str
    entered: int
    completed: int
    terminated: int
    running: int
    running_age: _duration_pb2.Duration
    incidents: int
    open_incidents: int
    durations: DurationStatistics
    time_share: float
    def __init__(self, element_id: _Optional[str] = ..., element_name: _Optional[str] = ..., element_type: _Optional[str] = ..., entered: _Optional[int] = ..., completed: _Optional[int] = ..., terminated: _Optional[int] = ..., running: _Optional[int] = ..., running_age: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., incidents: _Optional[int] = ..., open_incidents: _Optional[int] = ..., durations: _Optional[_Union[DurationStatistics, _Mapping]] = ..., time_share: _Optional[float] = ...) -> None: ...

class ActivityComparison(_message.Message):
    __slots__ = ("element_id", "base", "other")
    ELEMENT_ID_FIELD_NUMBER: _ClassVar[int]
    BASE_FIELD_NUMBER: _ClassVar[int]
    OTHER_FIELD_NUMBER: _ClassVar[int]
    element_id: str
    base: ActivityStatistics
    other: ActivityStatistics
    def __init__(self, element_id: _Optional[str] = ..., base: _Optional[_Union[ActivityStatistics, _Mapping]] = ..., other: _Optional[_Union[ActivityStatistics, _Mapping]] = ...) -> None: ...

class VersionStatistics(_message.Message):
    __slots__ = ("process_definition_version", "started", "completed", "failed", "terminated", "durations")
    PROCESS_DEFINITION_VERSION_FIELD_NUMBER: _ClassVar[int]
    STARTED_FIELD_NUMBER: _ClassVar[int]
    COMPLETED_FIELD_NUMBER: _ClassVar[int]
    FAILED_FIELD_NUMBER: _ClassVar[int]
    TERMINATED_FIELD_NUMBER: _ClassVar[int]
    DURATIONS_FIELD_NUMBER: _ClassVar[int]
    process_definition_version: int
    started: int
    completed: int
    failed: int
    terminated: int
    durations: DurationStatistics
    def __init__(self, process_definition_version: _Optional[int] = ..., started: _Optional[int] = ..., completed: _Optional[int] = ..., failed: _Optional[int] = ..., terminated: _Optional[int] = ..., durations: _Optional[_Union[DurationStatistics, _Mapping]] = ...) -> None: ...

class ListProcessStatisticsRequest(_message.Message):
    __slots__ = ("page_size", "page_token", "process_definition_key", "process_definition_id", "tenant_id", "after_commit_token")
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    PROCESS_DEFINITION_KEY_FIELD_NUMBER: _ClassVar[int]
    PROCESS_DEFINITION_ID_FIELD_NUMBER: _ClassVar[int]
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    AFTER_COMMIT_TOKEN_FIELD_NUMBER: _ClassVar[int]
    page_size: int
    page_token: str
    process_definition_key: str
    process_definition_id: str
    tenant_id: str
    after_commit_token: str
    def __init__(self, page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., process_definition_key: _Optional[str] = ..., process_definition_id: _Optional[str] = ..., tenant_id: _Optional[str] = ..., after_commit_token: _Optional[str] = ...) -> None: ...

class ListProcessStatisticsResponse(_message.Message):
    __slots__ = ("process_statistics", "next_page_token")
    PROCESS_STATISTICS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    process_statistics: _containers.RepeatedCompositeFieldContainer[ProcessStatistics]
    next_page_token: str
    def __init__(self, process_statistics: _Optional[_Iterable[_Union[ProcessStatistics, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class GetThroughputRequest(_message.Message):
    __slots__ = ("start_time", "end_time", "period", "time_zone", "process_definition_key", "process_definition_id", "tenant_id", "after_commit_token")
    class Period(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        PERIOD_UNSPECIFIED: _ClassVar[GetThroughputRequest.Period]
        PERIOD_HOUR: _ClassVar[GetThroughputRequest.Period]
        PERIOD_DAY: _ClassVar[GetThroughputRequest.Period]
    PERIOD_UNSPECIFIED: GetThroughputRequest.Period
    PERIOD_HOUR: GetThroughputRequest.Period
    PERIOD_DAY: GetThroughputRequest.Period
    START_TIME_FIELD_NUMBER: _ClassVar[int]
    END_TIME_FIELD_NUMBER: _ClassVar[int]
    PERIOD_FIELD_NUMBER: _ClassVar[int]
    TIME_ZONE_FIELD_NUMBER: _ClassVar[int]
    PROCESS_DEFINITION_KEY_FIELD_NUMBER: _ClassVar[int]
    PROCESS_DEFINITION_ID_FIELD_NUMBER: _ClassVar[int]
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    AFTER_COMMIT_TOKEN_FIELD_NUMBER: _ClassVar[int]
    start_time: _timestamp_pb2.Timestamp
    end_time: _timestamp_pb2.Timestamp
    period: GetThroughputRequest.Period
    time_zone: str
    process_definition_key: str
    process_definition_id: str
    tenant_id: str
    after_commit_token: str
    def __init__(self, start_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., end_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., period: _Optional[_Union[GetThroughputRequest.Period, str]] = ..., time_zone: _Optional[str] = ..., process_definition_key: _Optional[str] = ..., process_definition_id: _Optional[str] = ..., tenant_id: _Optional[str] = ..., after_commit_token: _Optional[str] = ...) -> None: ...

class GetThroughputResponse(_message.Message):
    __slots__ = ("periods",)
    PERIODS_FIELD_NUMBER: _ClassVar[int]
    periods: _containers.RepeatedCompositeFieldContainer[ThroughputPeriod]
    def __init__(self, periods: _Optional[_Iterable[_Union[ThroughputPeriod, _Mapping]]] = ...) -> None: ...

class GetDurationsRequest(_message.Message):
    __slots__ = ("start_time", "end_time", "process_definition_key", "process_definition_id", "tenant_id", "after_commit_token")
    START_TIME_FIELD_NUMBER: _ClassVar[int]
    END_TIME_FIELD_NUMBER: _ClassVar[int]
    PROCESS_DEFINITION_KEY_FIELD_NUMBER: _ClassVar[int]
    PROCESS_DEFINITION_ID_FIELD_NUMBER: _ClassVar[int]
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    AFTER_COMMIT_TOKEN_FIELD_NUMBER: _ClassVar[int]
    start_time: _timestamp_pb2.Timestamp
    end_time: _timestamp_pb2.Timestamp
    process_definition_key: str
    process_definition_id: str
    tenant_id: str
    after_commit_token: str
    def __init__(self, start_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., end_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., process_definition_key: _Optional[str] = ..., process_definition_id: _Optional[str] = ..., tenant_id: _Optional[str] = ..., after_commit_token: _Optional[str] = ...) -> None: ...

class GetDurationsResponse(_message.Message):
    __slots__ = ("durations", "days")
    DURATIONS_FIELD_NUMBER: _ClassVar[int]
    DAYS_FIELD_NUMBER: _ClassVar[int]
    durations: DurationStatistics
    days: _containers.RepeatedCompositeFieldContainer[DailyDurations]
    def __init__(self, durations: _Optional[_Union[DurationStatistics, _Mapping]] = ..., days: _Optional[_Iterable[_Union[DailyDurations, _Mapping]]] = ...) -> None: ...

class GetActivityStatisticsRequest(_message.Message):
    __slots__ = ("process_definition_key", "process_definition_id", "tenant_id", "start_time", "end_time", "after_commit_token")
    PROCESS_DEFINITION_KEY_FIELD_NUMBER: _ClassVar[int]
    PROCESS_DEFINITION_ID_FIELD_NUMBER: _ClassVar[int]
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    START_TIME_FIELD_NUMBER: _ClassVar[int]
    END_TIME_FIELD_NUMBER: _ClassVar[int]
    AFTER_COMMIT_TOKEN_FIELD_NUMBER: _ClassVar[int]
    process_definition_key: str
    process_definition_id: str
    tenant_id: str
    start_time: _timestamp_pb2.Timestamp
    end_time: _timestamp_pb2.Timestamp
    after_commit_token: str
    def __init__(self, process_definition_key: _Optional[str] = ..., process_definition_id: _Optional[str] = ..., tenant_id: _Optional[str] = ..., start_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., end_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., after_commit_token: _Optional[str] = ...) -> None: ...

class GetActivityStatisticsResponse(_message.Message):
    __slots__ = ("activities",)
    ACTIVITIES_FIELD_NUMBER: _ClassVar[int]
    activities: _containers.RepeatedCompositeFieldContainer[ActivityStatistics]
    def __init__(self, activities: _Optional[_Iterable[_Union[ActivityStatistics, _Mapping]]] = ...) -> None: ...

class ListBottlenecksRequest(_message.Message):
    __slots__ = ("process_definition_key", "process_definition_id", "tenant_id", "start_time", "end_time", "page_size", "after_commit_token")
    PROCESS_DEFINITION_KEY_FIELD_NUMBER: _ClassVar[int]
    PROCESS_DEFINITION_ID_FIELD_NUMBER: _ClassVar[int]
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    START_TIME_FIELD_NUMBER: _ClassVar[int]
    END_TIME_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    AFTER_COMMIT_TOKEN_FIELD_NUMBER: _ClassVar[int]
    process_definition_key: str
    process_definition_id: str
    tenant_id: str
    start_time: _timestamp_pb2.Timestamp
    end_time: _timestamp_pb2.Timestamp
    page_size: int
    after_commit_token: str
    def __init__(self, process_definition_key: _Optional[str] = ..., process_definition_id: _Optional[str] = ..., tenant_id: _Optional[str] = ..., start_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., end_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., page_size: _Optional[int] = ..., after_commit_token: _Optional[str] = ...) -> None: ...

class ListBottlenecksResponse(_message.Message):
    __slots__ = ("activities",)
    ACTIVITIES_FIELD_NUMBER: _ClassVar[int]
    activities: _containers.RepeatedCompositeFieldContainer[ActivityStatistics]
    def __init__(self, activities: _Optional[_Iterable[_Union[ActivityStatistics, _Mapping]]] = ...) -> None: ...

class ListOverdueTasksRequest(_message.Message):
    __slots__ = ("page_size", "page_token", "process_definition_key", "tenant_id", "due_before", "after_commit_token")
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    PROCESS_DEFINITION_KEY_FIELD_NUMBER: _ClassVar[int]
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    DUE_BEFORE_FIELD_NUMBER: _ClassVar[int]
    AFTER_COMMIT_TOKEN_FIELD_NUMBER: _ClassVar[int]
    page_size: int
    page_token: str
    process_definition_key: str
    tenant_id: str
    due_before: _timestamp_pb2.Timestamp
    after_commit_token: str
    def __init__(self, page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., process_definition_key: _Optional[str] = ..., tenant_id: _Optional[str] = ..., due_before: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., after_commit_token: _Optional[str] = ...) -> None: ...

class ListOverdueTasksResponse(_message.Message):
    __slots__ = ("historic_tasks", "next_page_token", "total_size", "total_exceeded")
    HISTORIC_TASKS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    TOTAL_SIZE_FIELD_NUMBER: _ClassVar[int]
    TOTAL_EXCEEDED_FIELD_NUMBER: _ClassVar[int]
    historic_tasks: _containers.RepeatedCompositeFieldContainer[_history_pb2.HistoricTask]
    next_page_token: str
    total_size: int
    total_exceeded: bool
    def __init__(self, historic_tasks: _Optional[_Iterable[_Union[_history_pb2.HistoricTask, _Mapping]]] = ..., next_page_token: _Optional[str] = ..., total_size: _Optional[int] = ..., total_exceeded: _Optional[bool] = ...) -> None: ...

class CompareVersionsRequest(_message.Message):
    __slots__ = ("process_definition_key", "tenant_id", "base_version", "other_version", "start_time", "end_time", "after_commit_token")
    PROCESS_DEFINITION_KEY_FIELD_NUMBER: _ClassVar[int]
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    BASE_VERSION_FIELD_NUMBER: _ClassVar[int]
    OTHER_VERSION_FIELD_NUMBER: _ClassVar[int]
    START_TIME_FIELD_NUMBER: _ClassVar[int]
    END_TIME_FIELD_NUMBER: _ClassVar[int]
    AFTER_COMMIT_TOKEN_FIELD_NUMBER: _ClassVar[int]
    process_definition_key: str
    tenant_id: str
    base_version: int
    other_version: int
    start_time: _timestamp_pb2.Timestamp
    end_time: _timestamp_pb2.Timestamp
    after_commit_token: str
    def __init__(self, process_definition_key: _Optional[str] = ..., tenant_id: _Optional[str] = ..., base_version: _Optional[int] = ..., other_version: _Optional[int] = ..., start_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., end_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., after_commit_token: _Optional[str] = ...) -> None: ...

class CompareVersionsResponse(_message.Message):
    __slots__ = ("base", "other", "activities")
    BASE_FIELD_NUMBER: _ClassVar[int]
    OTHER_FIELD_NUMBER: _ClassVar[int]
    ACTIVITIES_FIELD_NUMBER: _ClassVar[int]
    base: VersionStatistics
    other: VersionStatistics
    activities: _containers.RepeatedCompositeFieldContainer[ActivityComparison]
    def __init__(self, base: _Optional[_Union[VersionStatistics, _Mapping]] = ..., other: _Optional[_Union[VersionStatistics, _Mapping]] = ..., activities: _Optional[_Iterable[_Union[ActivityComparison, _Mapping]]] = ...) -> None: ...
