import datetime

from buf.validate import validate_pb2 as _validate_pb2
from flowmesh.auth.v1 import permission_pb2 as _permission_pb2
from flowmesh.history.v1 import history_pb2 as _history_pb2
from google.api import annotations_pb2 as _annotations_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class GetHistoricProcessInstanceRequest(_message.Message):
    __slots__ = ("id", "after_commit_token")
    ID_FIELD_NUMBER: _ClassVar[int]
    AFTER_COMMIT_TOKEN_FIELD_NUMBER: _ClassVar[int]
    id: str
    after_commit_token: str
    def __init__(self, id: _Optional[str] = ..., after_commit_token: _Optional[str] = ...) -> None: ...

class GetHistoricProcessInstanceResponse(_message.Message):
    __slots__ = ("historic_process_instance",)
    HISTORIC_PROCESS_INSTANCE_FIELD_NUMBER: _ClassVar[int]
    historic_process_instance: _history_pb2.HistoricProcessInstance
    def __init__(self, historic_process_instance: _Optional[_Union[_history_pb2.HistoricProcessInstance, _Mapping]] = ...) -> None: ...

class ListHistoricProcessInstancesRequest(_message.Message):
    __slots__ = ("page_size", "page_token", "process_definition_key", "process_definition_id", "business_key", "status", "start_time_from", "start_time_to", "tenant_id", "finished", "end_time_from", "end_time_to", "parent_process_instance_id", "root_process_instance_id", "exclude_called", "initiator", "process_definition_version", "order_by", "after_commit_token")
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    PROCESS_DEFINITION_KEY_FIELD_NUMBER: _ClassVar[int]
    PROCESS_DEFINITION_ID_FIELD_NUMBER: _ClassVar[int]
    BUSINESS_KEY_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    START_TIME_FROM_FIELD_NUMBER: _ClassVar[int]
    START_TIME_TO_FIELD_NUMBER: _ClassVar[int]
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    FINISHED_FIELD_NUMBER: _ClassVar[int]
    END_TIME_FROM_FIELD_NUMBER: _ClassVar[int]
    END_TIME_TO_FIELD_NUMBER: _ClassVar[int]
    PARENT_PROCESS_INSTANCE_ID_FIELD_NUMBER: _ClassVar[int]
    ROOT_PROCESS_INSTANCE_ID_FIELD_NUMBER: _ClassVar[int]
    EXCLUDE_CALLED_FIELD_NUMBER: _ClassVar[int]
    INITIATOR_FIELD_NUMBER: _ClassVar[int]
    PROCESS_DEFINITION_VERSION_FIELD_NUMBER: _ClassVar[int]
    ORDER_BY_FIELD_NUMBER: _ClassVar[int]
    AFTER_COMMIT_TOKEN_FIELD_NUMBER: _ClassVar[int]
    page_size: int
    page_token: str
    process_definition_key: str
    process_definition_id: str
    business_key: str
    status: _history_pb2.HistoricProcessInstance.Status
    start_time_from: _timestamp_pb2.Timestamp
    start_time_to: _timestamp_pb2.Timestamp
    tenant_id: str
    finished: bool
    end_time_from: _timestamp_pb2.Timestamp
    end_time_to: _timestamp_pb2.Timestamp
    parent_process_instance_id: str
    root_process_instance_id: str
    exclude_called: bool
    initiator: str
    process_definition_version: int
    order_by: str
    after_commit_token: str
    def __init__(self, page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., process_definition_key: _Optional[str] = ..., process_definition_id: _Optional[str] = ..., business_key: _Optional[str] = ..., status: _Optional[_Union[_history_pb2.HistoricProcessInstance.Status, str]] = ..., start_time_from: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., start_time_to: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., tenant_id: _Optional[str] = ..., finished: _Optional[bool] = ..., end_time_from: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., end_time_to: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., parent_process_instance_id: _Optional[str] = ..., root_process_instance_id: _Optional[str] = ..., exclude_called: _Optional[bool] = ..., initiator: _Optional[str] = ..., process_definition_version: _Optional[int] = ..., order_by: _Optional[str] = ..., after_commit_token: _Optional[str] = ...) -> None: ...

class ListHistoricProcessInstancesResponse(_message.Message):
    __slots__ = ("historic_process_instances", "next_page_token")
    HISTORIC_PROCESS_INSTANCES_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    historic_process_instances: _containers.RepeatedCompositeFieldContainer[_history_pb2.HistoricProcessInstance]
    next_page_token: str
    def __init__(self, historic_process_instances: _Optional[_Iterable[_Union[_history_pb2.HistoricProcessInstance, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class GetHistoricActivityRequest(_message.Message):
    __slots__ = ("id", "after_commit_token")
    ID_FIELD_NUMBER: _ClassVar[int]
    AFTER_COMMIT_TOKEN_FIELD_NUMBER: _ClassVar[int]
    id: str
    after_commit_token: str
    def __init__(self, id: _Optional[str] = ..., after_commit_token: _Optional[str] = ...) -> None: ...

class GetHistoricActivityResponse(_message.Message):
    __slots__ = ("historic_activity",)
    HISTORIC_ACTIVITY_FIELD_NUMBER: _ClassVar[int]
    historic_activity: _history_pb2.HistoricActivity
    def __init__(self, historic_activity: _Optional[_Union[_history_pb2.HistoricActivity, _Mapping]] = ...) -> None: ...

class ListHistoricActivitiesRequest(_message.Message):
    __slots__ = ("page_size", "page_token", "process_instance_id", "element_id", "element_type", "state", "process_definition_key", "process_definition_id", "tenant_id", "finished", "start_time_from", "start_time_to", "end_time_from", "end_time_to", "parent_activity_id", "include_sequence_flows", "order_by", "after_commit_token")
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    PROCESS_INSTANCE_ID_FIELD_NUMBER: _ClassVar[int]
    ELEMENT_ID_FIELD_NUMBER: _ClassVar[int]
    ELEMENT_TYPE_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    PROCESS_DEFINITION_KEY_FIELD_NUMBER: _ClassVar[int]
    PROCESS_DEFINITION_ID_FIELD_NUMBER: _ClassVar[int]
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    FINISHED_FIELD_NUMBER: _ClassVar[int]
    START_TIME_FROM_FIELD_NUMBER: _ClassVar[int]
    START_TIME_TO_FIELD_NUMBER: _ClassVar[int]
    END_TIME_FROM_FIELD_NUMBER: _ClassVar[int]
    END_TIME_TO_FIELD_NUMBER: _ClassVar[int]
    PARENT_ACTIVITY_ID_FIELD_NUMBER: _ClassVar[int]
    INCLUDE_SEQUENCE_FLOWS_FIELD_NUMBER: _ClassVar[int]
    ORDER_BY_FIELD_NUMBER: _ClassVar[int]
    AFTER_COMMIT_TOKEN_FIELD_NUMBER: _ClassVar[int]
    page_size: int
    page_token: str
    process_instance_id: str
    element_id: str
    element_type: str
    state: _history_pb2.HistoricActivity.State
    process_definition_key: str
    process_definition_id: str
    tenant_id: str
    finished: bool
    start_time_from: _timestamp_pb2.Timestamp
    start_time_to: _timestamp_pb2.Timestamp
    end_time_from: _timestamp_pb2.Timestamp
    end_time_to: _timestamp_pb2.Timestamp
    parent_activity_id: str
    include_sequence_flows: bool
    order_by: str
    after_commit_token: str
    def __init__(self, page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., process_instance_id: _Optional[str] = ..., element_id: _Optional[str] = ..., element_type: _Optional[str] = ..., state: _Optional[_Union[_history_pb2.HistoricActivity.State, str]] = ..., process_definition_key: _Optional[str] = ..., process_definition_id: _Optional[str] = ..., tenant_id: _Optional[str] = ..., finished: _Optional[bool] = ..., start_time_from: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., start_time_to: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., end_time_from: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., end_time_to: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., parent_activity_id: _Optional[str] = ..., include_sequence_flows: _Optional[bool] = ..., order_by: _Optional[str] = ..., after_commit_token: _Optional[str] = ...) -> None: ...

class ListHistoricActivitiesResponse(_message.Message):
    __slots__ = ("historic_activities", "next_page_token")
    HISTORIC_ACTIVITIES_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    historic_activities: _containers.RepeatedCompositeFieldContainer[_history_pb2.HistoricActivity]
    next_page_token: str
    def __init__(self, historic_activities: _Optional[_Iterable[_Union[_history_pb2.HistoricActivity, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class GetHistoricTaskRequest(_message.Message):
    __slots__ = ("id", "after_commit_token")
    ID_FIELD_NUMBER: _ClassVar[int]
    AFTER_COMMIT_TOKEN_FIELD_NUMBER: _ClassVar[int]
    id: str
    after_commit_token: str
    def __init__(self, id: _Optional[str] = ..., after_commit_token: _Optional[str] = ...) -> None: ...

class GetHistoricTaskResponse(_message.Message):
    __slots__ = ("historic_task",)
    HISTORIC_TASK_FIELD_NUMBER: _ClassVar[int]
    historic_task: _history_pb2.HistoricTask
    def __init__(self, historic_task: _Optional[_Union[_history_pb2.HistoricTask, _Mapping]] = ...) -> None: ...

class ListHistoricTasksRequest(_message.Message):
    __slots__ = ("page_size", "page_token", "process_instance_id", "assignee", "state", "element_id", "process_definition_key", "tenant_id", "finished", "name", "owner", "end_reason", "process_definition_id", "parent_task_id", "completed_by", "create_time_from", "create_time_to", "end_time_from", "end_time_to", "due_time_from", "due_time_to", "order_by", "after_commit_token")
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    PROCESS_INSTANCE_ID_FIELD_NUMBER: _ClassVar[int]
    ASSIGNEE_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    ELEMENT_ID_FIELD_NUMBER: _ClassVar[int]
    PROCESS_DEFINITION_KEY_FIELD_NUMBER: _ClassVar[int]
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    FINISHED_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    OWNER_FIELD_NUMBER: _ClassVar[int]
    END_REASON_FIELD_NUMBER: _ClassVar[int]
    PROCESS_DEFINITION_ID_FIELD_NUMBER: _ClassVar[int]
    PARENT_TASK_ID_FIELD_NUMBER: _ClassVar[int]
    COMPLETED_BY_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FROM_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_TO_FIELD_NUMBER: _ClassVar[int]
    END_TIME_FROM_FIELD_NUMBER: _ClassVar[int]
    END_TIME_TO_FIELD_NUMBER: _ClassVar[int]
    DUE_TIME_FROM_FIELD_NUMBER: _ClassVar[int]
    DUE_TIME_TO_FIELD_NUMBER: _ClassVar[int]
    ORDER_BY_FIELD_NUMBER: _ClassVar[int]
    AFTER_COMMIT_TOKEN_FIELD_NUMBER: _ClassVar[int]
    page_size: int
    page_token: str
    process_instance_id: str
    assignee: str
    state: _history_pb2.HistoricTask.State
    element_id: str
    process_definition_key: str
    tenant_id: str
    finished: bool
    name: str
    owner: str
    end_reason: str
    process_definition_id: str
    parent_task_id: str
    completed_by: str
    create_time_from: _timestamp_pb2.Timestamp
    create_time_to: _timestamp_pb2.Timestamp
    end_time_from: _timestamp_pb2.Timestamp
    end_time_to: _timestamp_pb2.Timestamp
    due_time_from: _timestamp_pb2.Timestamp
    due_time_to: _timestamp_pb2.Timestamp
    order_by: str
    after_commit_token: str
    def __init__(self, page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., process_instance_id: _Optional[str] = ..., assignee: _Optional[str] = ..., state: _Optional[_Union[_history_pb2.HistoricTask.State, str]] = ..., element_id: _Optional[str] = ..., process_definition_key: _Optional[str] = ..., tenant_id: _Optional[str] = ..., finished: _Optional[bool] = ..., name: _Optional[str] = ..., owner: _Optional[str] = ..., end_reason: _Optional[str] = ..., process_definition_id: _Optional[str] = ..., parent_task_id: _Optional[str] = ..., completed_by: _Optional[str] = ..., create_time_from: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., create_time_to: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., end_time_from: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., end_time_to: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., due_time_from: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., due_time_to: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., order_by: _Optional[str] = ..., after_commit_token: _Optional[str] = ...) -> None: ...

class ListHistoricTasksResponse(_message.Message):
    __slots__ = ("historic_tasks", "next_page_token")
    HISTORIC_TASKS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    historic_tasks: _containers.RepeatedCompositeFieldContainer[_history_pb2.HistoricTask]
    next_page_token: str
    def __init__(self, historic_tasks: _Optional[_Iterable[_Union[_history_pb2.HistoricTask, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class GetHistoricVariableRequest(_message.Message):
    __slots__ = ("id", "after_commit_token")
    ID_FIELD_NUMBER: _ClassVar[int]
    AFTER_COMMIT_TOKEN_FIELD_NUMBER: _ClassVar[int]
    id: str
    after_commit_token: str
    def __init__(self, id: _Optional[str] = ..., after_commit_token: _Optional[str] = ...) -> None: ...

class GetHistoricVariableResponse(_message.Message):
    __slots__ = ("historic_variable",)
    HISTORIC_VARIABLE_FIELD_NUMBER: _ClassVar[int]
    historic_variable: _history_pb2.HistoricVariable
    def __init__(self, historic_variable: _Optional[_Union[_history_pb2.HistoricVariable, _Mapping]] = ...) -> None: ...

class ListHistoricVariablesRequest(_message.Message):
    __slots__ = ("page_size", "page_token", "process_instance_id", "name", "scope_activity_id", "local", "tenant_id", "after_commit_token")
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    PROCESS_INSTANCE_ID_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    SCOPE_ACTIVITY_ID_FIELD_NUMBER: _ClassVar[int]
    LOCAL_FIELD_NUMBER: _ClassVar[int]
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    AFTER_COMMIT_TOKEN_FIELD_NUMBER: _ClassVar[int]
    page_size: int
    page_token: str
    process_instance_id: str
    name: str
    scope_activity_id: str
    local: bool
    tenant_id: str
    after_commit_token: str
    def __init__(self, page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., process_instance_id: _Optional[str] = ..., name: _Optional[str] = ..., scope_activity_id: _Optional[str] = ..., local: _Optional[bool] = ..., tenant_id: _Optional[str] = ..., after_commit_token: _Optional[str] = ...) -> None: ...

class ListHistoricVariablesResponse(_message.Message):
    __slots__ = ("historic_variables", "next_page_token")
    HISTORIC_VARIABLES_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    historic_variables: _containers.RepeatedCompositeFieldContainer[_history_pb2.HistoricVariable]
    next_page_token: str
    def __init__(self, historic_variables: _Optional[_Iterable[_Union[_history_pb2.HistoricVariable, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...
