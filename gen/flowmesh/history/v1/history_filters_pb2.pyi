import datetime

from buf.validate import validate_pb2 as _validate_pb2
from flowmesh.history.v1 import history_pb2 as _history_pb2
from google.protobuf import duration_pb2 as _duration_pb2
from google.protobuf import struct_pb2 as _struct_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class VariableCondition(_message.Message):
    __slots__ = ("name", "operator", "value", "any_scope")
    class Operator(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        OPERATOR_UNSPECIFIED: _ClassVar[VariableCondition.Operator]
        OPERATOR_EQUAL: _ClassVar[VariableCondition.Operator]
        OPERATOR_NOT_EQUAL: _ClassVar[VariableCondition.Operator]
        OPERATOR_LESS: _ClassVar[VariableCondition.Operator]
        OPERATOR_LESS_OR_EQUAL: _ClassVar[VariableCondition.Operator]
        OPERATOR_GREATER: _ClassVar[VariableCondition.Operator]
        OPERATOR_GREATER_OR_EQUAL: _ClassVar[VariableCondition.Operator]
        OPERATOR_LIKE: _ClassVar[VariableCondition.Operator]
        OPERATOR_NOT_LIKE: _ClassVar[VariableCondition.Operator]
        OPERATOR_EXISTS: _ClassVar[VariableCondition.Operator]
        OPERATOR_NOT_EXISTS: _ClassVar[VariableCondition.Operator]
    OPERATOR_UNSPECIFIED: VariableCondition.Operator
    OPERATOR_EQUAL: VariableCondition.Operator
    OPERATOR_NOT_EQUAL: VariableCondition.Operator
    OPERATOR_LESS: VariableCondition.Operator
    OPERATOR_LESS_OR_EQUAL: VariableCondition.Operator
    OPERATOR_GREATER: VariableCondition.Operator
    OPERATOR_GREATER_OR_EQUAL: VariableCondition.Operator
    OPERATOR_LIKE: VariableCondition.Operator
    OPERATOR_NOT_LIKE: VariableCondition.Operator
    OPERATOR_EXISTS: VariableCondition.Operator
    OPERATOR_NOT_EXISTS: VariableCondition.Operator
    NAME_FIELD_NUMBER: _ClassVar[int]
    OPERATOR_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    ANY_SCOPE_FIELD_NUMBER: _ClassVar[int]
    name: str
    operator: VariableCondition.Operator
    value: _struct_pb2.Value
    any_scope: bool
    def __init__(self, name: _Optional[str] = ..., operator: _Optional[_Union[VariableCondition.Operator, str]] = ..., value: _Optional[_Union[_struct_pb2.Value, _Mapping]] = ..., any_scope: _Optional[bool] = ...) -> None: ...

class HistoricProcessInstanceFilter(_message.Message):
    __slots__ = ("ids", "process_definition_ids", "process_definition_keys", "excluded_process_definition_keys", "process_definition_key_like", "process_definition_versions", "business_keys", "business_key_like", "tenant_ids", "tenant_id_like", "statuses", "finished", "start_time_from", "start_time_to", "end_time_from", "end_time_to", "duration_from", "duration_to", "initiators", "involved_user", "end_reasons", "end_reason_like", "parent_process_instance_ids", "root_process_instance_ids", "called", "active_element_ids", "completed_element_ids", "with_open_incidents", "incident_type", "incident_message_like", "variables")
    IDS_FIELD_NUMBER: _ClassVar[int]
    PROCESS_DEFINITION_IDS_FIELD_NUMBER: _ClassVar[int]
    PROCESS_DEFINITION_KEYS_FIELD_NUMBER: _ClassVar[int]
    EXCLUDED_PROCESS_DEFINITION_KEYS_FIELD_NUMBER: _ClassVar[int]
    PROCESS_DEFINITION_KEY_LIKE_FIELD_NUMBER: _ClassVar[int]
    PROCESS_DEFINITION_VERSIONS_FIELD_NUMBER: _ClassVar[int]
    BUSINESS_KEYS_FIELD_NUMBER: _ClassVar[int]
    BUSINESS_KEY_LIKE_FIELD_NUMBER: _ClassVar[int]
    TENANT_IDS_FIELD_NUMBER: _ClassVar[int]
    TENANT_ID_LIKE_FIELD_NUMBER: _ClassVar[int]
    STATUSES_FIELD_NUMBER: _ClassVar[int]
    FINISHED_FIELD_NUMBER: _ClassVar[int]
    START_TIME_FROM_FIELD_NUMBER: _ClassVar[int]
    START_TIME_TO_FIELD_NUMBER: _ClassVar[int]
    END_TIME_FROM_FIELD_NUMBER: _ClassVar[int]
    END_TIME_TO_FIELD_NUMBER: _ClassVar[int]
    DURATION_FROM_FIELD_NUMBER: _ClassVar[int]
    DURATION_TO_FIELD_NUMBER: _ClassVar[int]
    INITIATORS_FIELD_NUMBER: _ClassVar[int]
    INVOLVED_USER_FIELD_NUMBER: _ClassVar[int]
    END_REASONS_FIELD_NUMBER: _ClassVar[int]
    END_REASON_LIKE_FIELD_NUMBER: _ClassVar[int]
    PARENT_PROCESS_INSTANCE_IDS_FIELD_NUMBER: _ClassVar[int]
    ROOT_PROCESS_INSTANCE_IDS_FIELD_NUMBER: _ClassVar[int]
    CALLED_FIELD_NUMBER: _ClassVar[int]
    ACTIVE_ELEMENT_IDS_FIELD_NUMBER: _ClassVar[int]
    COMPLETED_ELEMENT_IDS_FIELD_NUMBER: _ClassVar[int]
    WITH_OPEN_INCIDENTS_FIELD_NUMBER: _ClassVar[int]
    INCIDENT_TYPE_FIELD_NUMBER: _ClassVar[int]
    INCIDENT_MESSAGE_LIKE_FIELD_NUMBER: _ClassVar[int]
    VARIABLES_FIELD_NUMBER: _ClassVar[int]
    ids: _containers.RepeatedScalarFieldContainer[str]
    process_definition_ids: _containers.RepeatedScalarFieldContainer[str]
    process_definition_keys: _containers.RepeatedScalarFieldContainer[str]
    excluded_process_definition_keys: _containers.RepeatedScalarFieldContainer[str]
    process_definition_key_like: str
    process_definition_versions: _containers.RepeatedScalarFieldContainer[int]
    business_keys: _containers.RepeatedScalarFieldContainer[str]
    business_key_like: str
    tenant_ids: _containers.RepeatedScalarFieldContainer[str]
    tenant_id_like: str
    statuses: _containers.RepeatedScalarFieldContainer[_history_pb2.HistoricProcessInstance.Status]
    finished: bool
    start_time_from: _timestamp_pb2.Timestamp
    start_time_to: _timestamp_pb2.Timestamp
    end_time_from: _timestamp_pb2.Timestamp
    end_time_to: _timestamp_pb2.Timestamp
    duration_from: _duration_pb2.Duration
    duration_to: _duration_pb2.Duration
    initiators: _containers.RepeatedScalarFieldContainer[str]
    involved_user: str
    end_reasons: _containers.RepeatedScalarFieldContainer[str]
    end_reason_like: str
    parent_process_instance_ids: _containers.RepeatedScalarFieldContainer[str]
    root_process_instance_ids: _containers.RepeatedScalarFieldContainer[str]
    called: bool
    active_element_ids: _containers.RepeatedScalarFieldContainer[str]
    completed_element_ids: _containers.RepeatedScalarFieldContainer[str]
    with_open_incidents: bool
    incident_type: str
    incident_message_like: str
    variables: _containers.RepeatedCompositeFieldContainer[VariableCondition]
    def __init__(self, ids: _Optional[_Iterable[str]] = ..., process_definition_ids: _Optional[_Iterable[str]] = ..., process_definition_keys: _Optional[_Iterable[str]] = ..., excluded_process_definition_keys: _Optional[_Iterable[str]] = ..., process_definition_key_like: _Optional[str] = ..., process_definition_versions: _Optional[_Iterable[int]] = ..., business_keys: _Optional[_Iterable[str]] = ..., business_key_like: _Optional[str] = ..., tenant_ids: _Optional[_Iterable[str]] = ..., tenant_id_like: _Optional[str] = ..., statuses: _Optional[_Iterable[_Union[_history_pb2.HistoricProcessInstance.Status, str]]] = ..., finished: _Optional[bool] = ..., start_time_from: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., start_time_to: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., end_time_from: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., end_time_to: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., duration_from: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., duration_to: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., initiators: _Optional[_Iterable[str]] = ..., involved_user: _Optional[str] = ..., end_reasons: _Optional[_Iterable[str]] = ..., end_reason_like: _Optional[str] = ..., parent_process_instance_ids: _Optional[_Iterable[str]] = ..., root_process_instance_ids: _Optional[_Iterable[str]] = ..., called: _Optional[bool] = ..., active_element_ids: _Optional[_Iterable[str]] = ..., completed_element_ids: _Optional[_Iterable[str]] = ..., with_open_incidents: _Optional[bool] = ..., incident_type: _Optional[str] = ..., incident_message_like: _Optional[str] = ..., variables: _Optional[_Iterable[_Union[VariableCondition, _Mapping]]] = ...) -> None: ...

class HistoricActivityFilter(_message.Message):
    __slots__ = ("ids", "process_instance_ids", "process_definition_ids", "process_definition_keys", "element_ids", "element_names", "element_name_like", "element_types", "states", "finished", "start_time_from", "start_time_to", "end_time_from", "end_time_to", "duration_from", "duration_to", "tenant_ids", "parent_activity_ids", "assignees", "called_process_instance_ids", "end_reason_like")
    IDS_FIELD_NUMBER: _ClassVar[int]
    PROCESS_INSTANCE_IDS_FIELD_NUMBER: _ClassVar[int]
    PROCESS_DEFINITION_IDS_FIELD_NUMBER: _ClassVar[int]
    PROCESS_DEFINITION_KEYS_FIELD_NUMBER: _ClassVar[int]
    ELEMENT_IDS_FIELD_NUMBER: _ClassVar[int]
    ELEMENT_NAMES_FIELD_NUMBER: _ClassVar[int]
    ELEMENT_NAME_LIKE_FIELD_NUMBER: _ClassVar[int]
    ELEMENT_TYPES_FIELD_NUMBER: _ClassVar[int]
    STATES_FIELD_NUMBER: _ClassVar[int]
    FINISHED_FIELD_NUMBER: _ClassVar[int]
    START_TIME_FROM_FIELD_NUMBER: _ClassVar[int]
    START_TIME_TO_FIELD_NUMBER: _ClassVar[int]
    END_TIME_FROM_FIELD_NUMBER: _ClassVar[int]
    END_TIME_TO_FIELD_NUMBER: _ClassVar[int]
    DURATION_FROM_FIELD_NUMBER: _ClassVar[int]
    DURATION_TO_FIELD_NUMBER: _ClassVar[int]
    TENANT_IDS_FIELD_NUMBER: _ClassVar[int]
    PARENT_ACTIVITY_IDS_FIELD_NUMBER: _ClassVar[int]
    ASSIGNEES_FIELD_NUMBER: _ClassVar[int]
    CALLED_PROCESS_INSTANCE_IDS_FIELD_NUMBER: _ClassVar[int]
    END_REASON_LIKE_FIELD_NUMBER: _ClassVar[int]
    ids: _containers.RepeatedScalarFieldContainer[str]
    process_instance_ids: _containers.RepeatedScalarFieldContainer[str]
    process_definition_ids: _containers.RepeatedScalarFieldContainer[str]
    process_definition_keys: _containers.RepeatedScalarFieldContainer[str]
    element_ids: _containers.RepeatedScalarFieldContainer[str]
    element_names: _containers.RepeatedScalarFieldContainer[str]
    element_name_like: str
    element_types: _containers.RepeatedScalarFieldContainer[str]
    states: _containers.RepeatedScalarFieldContainer[_history_pb2.HistoricActivity.State]
    finished: bool
    start_time_from: _timestamp_pb2.Timestamp
    start_time_to: _timestamp_pb2.Timestamp
    end_time_from: _timestamp_pb2.Timestamp
    end_time_to: _timestamp_pb2.Timestamp
    duration_from: _duration_pb2.Duration
    duration_to: _duration_pb2.Duration
    tenant_ids: _containers.RepeatedScalarFieldContainer[str]
    parent_activity_ids: _containers.RepeatedScalarFieldContainer[str]
    assignees: _containers.RepeatedScalarFieldContainer[str]
    called_process_instance_ids: _containers.RepeatedScalarFieldContainer[str]
    end_reason_like: str
    def __init__(self, ids: _Optional[_Iterable[str]] = ..., process_instance_ids: _Optional[_Iterable[str]] = ..., process_definition_ids: _Optional[_Iterable[str]] = ..., process_definition_keys: _Optional[_Iterable[str]] = ..., element_ids: _Optional[_Iterable[str]] = ..., element_names: _Optional[_Iterable[str]] = ..., element_name_like: _Optional[str] = ..., element_types: _Optional[_Iterable[str]] = ..., states: _Optional[_Iterable[_Union[_history_pb2.HistoricActivity.State, str]]] = ..., finished: _Optional[bool] = ..., start_time_from: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., start_time_to: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., end_time_from: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., end_time_to: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., duration_from: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., duration_to: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., tenant_ids: _Optional[_Iterable[str]] = ..., parent_activity_ids: _Optional[_Iterable[str]] = ..., assignees: _Optional[_Iterable[str]] = ..., called_process_instance_ids: _Optional[_Iterable[str]] = ..., end_reason_like: _Optional[str] = ...) -> None: ...

class HistoricTaskFilter(_message.Message):
    __slots__ = ("ids", "process_instance_ids", "process_definition_ids", "process_definition_keys", "process_definition_key_like", "business_keys", "business_key_like", "element_ids", "element_id_like", "names", "name_like", "descriptions", "description_like", "assignees", "assignee_like", "assigned", "owners", "owner_like", "completed_by", "involved_user", "candidate_users", "candidate_groups", "priorities", "priority_from", "priority_to", "states", "finished", "create_time_from", "create_time_to", "end_time_from", "end_time_to", "due_time_from", "due_time_to", "due", "follow_up_time_from", "follow_up_time_to", "duration_from", "duration_to", "end_reasons", "end_reason_like", "parent_task_ids", "categories", "form_keys", "outcomes", "tenant_ids", "tenant_id_like", "stand_alone", "process_finished", "task_variables", "process_variables")
    IDS_FIELD_NUMBER: _ClassVar[int]
    PROCESS_INSTANCE_IDS_FIELD_NUMBER: _ClassVar[int]
    PROCESS_DEFINITION_IDS_FIELD_NUMBER: _ClassVar[int]
    PROCESS_DEFINITION_KEYS_FIELD_NUMBER: _ClassVar[int]
    PROCESS_DEFINITION_KEY_LIKE_FIELD_NUMBER: _ClassVar[int]
    BUSINESS_KEYS_FIELD_NUMBER: _ClassVar[int]
    BUSINESS_KEY_LIKE_FIELD_NUMBER: _ClassVar[int]
    ELEMENT_IDS_FIELD_NUMBER: _ClassVar[int]
    ELEMENT_ID_LIKE_FIELD_NUMBER: _ClassVar[int]
    NAMES_FIELD_NUMBER: _ClassVar[int]
    NAME_LIKE_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTIONS_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_LIKE_FIELD_NUMBER: _ClassVar[int]
    ASSIGNEES_FIELD_NUMBER: _ClassVar[int]
    ASSIGNEE_LIKE_FIELD_NUMBER: _ClassVar[int]
    ASSIGNED_FIELD_NUMBER: _ClassVar[int]
    OWNERS_FIELD_NUMBER: _ClassVar[int]
    OWNER_LIKE_FIELD_NUMBER: _ClassVar[int]
    COMPLETED_BY_FIELD_NUMBER: _ClassVar[int]
    INVOLVED_USER_FIELD_NUMBER: _ClassVar[int]
    CANDIDATE_USERS_FIELD_NUMBER: _ClassVar[int]
    CANDIDATE_GROUPS_FIELD_NUMBER: _ClassVar[int]
    PRIORITIES_FIELD_NUMBER: _ClassVar[int]
    PRIORITY_FROM_FIELD_NUMBER: _ClassVar[int]
    PRIORITY_TO_FIELD_NUMBER: _ClassVar[int]
    STATES_FIELD_NUMBER: _ClassVar[int]
    FINISHED_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FROM_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_TO_FIELD_NUMBER: _ClassVar[int]
    END_TIME_FROM_FIELD_NUMBER: _ClassVar[int]
    END_TIME_TO_FIELD_NUMBER: _ClassVar[int]
    DUE_TIME_FROM_FIELD_NUMBER: _ClassVar[int]
    DUE_TIME_TO_FIELD_NUMBER: _ClassVar[int]
    DUE_FIELD_NUMBER: _ClassVar[int]
    FOLLOW_UP_TIME_FROM_FIELD_NUMBER: _ClassVar[int]
    FOLLOW_UP_TIME_TO_FIELD_NUMBER: _ClassVar[int]
    DURATION_FROM_FIELD_NUMBER: _ClassVar[int]
    DURATION_TO_FIELD_NUMBER: _ClassVar[int]
    END_REASONS_FIELD_NUMBER: _ClassVar[int]
    END_REASON_LIKE_FIELD_NUMBER: _ClassVar[int]
    PARENT_TASK_IDS_FIELD_NUMBER: _ClassVar[int]
    CATEGORIES_FIELD_NUMBER: _ClassVar[int]
    FORM_KEYS_FIELD_NUMBER: _ClassVar[int]
    OUTCOMES_FIELD_NUMBER: _ClassVar[int]
    TENANT_IDS_FIELD_NUMBER: _ClassVar[int]
    TENANT_ID_LIKE_FIELD_NUMBER: _ClassVar[int]
    STAND_ALONE_FIELD_NUMBER: _ClassVar[int]
    PROCESS_FINISHED_FIELD_NUMBER: _ClassVar[int]
    TASK_VARIABLES_FIELD_NUMBER: _ClassVar[int]
    PROCESS_VARIABLES_FIELD_NUMBER: _ClassVar[int]
    ids: _containers.RepeatedScalarFieldContainer[str]
    process_instance_ids: _containers.RepeatedScalarFieldContainer[str]
    process_definition_ids: _containers.RepeatedScalarFieldContainer[str]
    process_definition_keys: _containers.RepeatedScalarFieldContainer[str]
    process_definition_key_like: str
    business_keys: _containers.RepeatedScalarFieldContainer[str]
    business_key_like: str
    element_ids: _containers.RepeatedScalarFieldContainer[str]
    element_id_like: str
    names: _containers.RepeatedScalarFieldContainer[str]
    name_like: str
    descriptions: _containers.RepeatedScalarFieldContainer[str]
    description_like: str
    assignees: _containers.RepeatedScalarFieldContainer[str]
    assignee_like: str
    assigned: bool
    owners: _containers.RepeatedScalarFieldContainer[str]
    owner_like: str
    completed_by: _containers.RepeatedScalarFieldContainer[str]
    involved_user: str
    candidate_users: _containers.RepeatedScalarFieldContainer[str]
    candidate_groups: _containers.RepeatedScalarFieldContainer[str]
    priorities: _containers.RepeatedScalarFieldContainer[int]
    priority_from: int
    priority_to: int
    states: _containers.RepeatedScalarFieldContainer[_history_pb2.HistoricTask.State]
    finished: bool
    create_time_from: _timestamp_pb2.Timestamp
    create_time_to: _timestamp_pb2.Timestamp
    end_time_from: _timestamp_pb2.Timestamp
    end_time_to: _timestamp_pb2.Timestamp
    due_time_from: _timestamp_pb2.Timestamp
    due_time_to: _timestamp_pb2.Timestamp
    due: bool
    follow_up_time_from: _timestamp_pb2.Timestamp
    follow_up_time_to: _timestamp_pb2.Timestamp
    duration_from: _duration_pb2.Duration
    duration_to: _duration_pb2.Duration
    end_reasons: _containers.RepeatedScalarFieldContainer[str]
    end_reason_like: str
    parent_task_ids: _containers.RepeatedScalarFieldContainer[str]
    categories: _containers.RepeatedScalarFieldContainer[str]
    form_keys: _containers.RepeatedScalarFieldContainer[str]
    outcomes: _containers.RepeatedScalarFieldContainer[str]
    tenant_ids: _containers.RepeatedScalarFieldContainer[str]
    tenant_id_like: str
    stand_alone: bool
    process_finished: bool
    task_variables: _containers.RepeatedCompositeFieldContainer[VariableCondition]
    process_variables: _containers.RepeatedCompositeFieldContainer[VariableCondition]
    def __init__(self, ids: _Optional[_Iterable[str]] = ..., process_instance_ids: _Optional[_Iterable[str]] = ..., process_definition_ids: _Optional[_Iterable[str]] = ..., process_definition_keys: _Optional[_Iterable[str]] = ..., process_definition_key_like: _Optional[str] = ..., business_keys: _Optional[_Iterable[str]] = ..., business_key_like: _Optional[str] = ..., element_ids: _Optional[_Iterable[str]] = ..., element_id_like: _Optional[str] = ..., names: _Optional[_Iterable[str]] = ..., name_like: _Optional[str] = ..., descriptions: _Optional[_Iterable[str]] = ..., description_like: _Optional[str] = ..., assignees: _Optional[_Iterable[str]] = ..., assignee_like: _Optional[str] = ..., assigned: _Optional[bool] = ..., owners: _Optional[_Iterable[str]] = ..., owner_like: _Optional[str] = ..., completed_by: _Optional[_Iterable[str]] = ..., involved_user: _Optional[str] = ..., candidate_users: _Optional[_Iterable[str]] = ..., candidate_groups: _Optional[_Iterable[str]] = ..., priorities: _Optional[_Iterable[int]] = ..., priority_from: _Optional[int] = ..., priority_to: _Optional[int] = ..., states: _Optional[_Iterable[_Union[_history_pb2.HistoricTask.State, str]]] = ..., finished: _Optional[bool] = ..., create_time_from: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., create_time_to: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., end_time_from: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., end_time_to: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., due_time_from: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., due_time_to: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., due: _Optional[bool] = ..., follow_up_time_from: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., follow_up_time_to: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., duration_from: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., duration_to: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., end_reasons: _Optional[_Iterable[str]] = ..., end_reason_like: _Optional[str] = ..., parent_task_ids: _Optional[_Iterable[str]] = ..., categories: _Optional[_Iterable[str]] = ..., form_keys: _Optional[_Iterable[str]] = ..., outcomes: _Optional[_Iterable[str]] = ..., tenant_ids: _Optional[_Iterable[str]] = ..., tenant_id_like: _Optional[str] = ..., stand_alone: _Optional[bool] = ..., process_finished: _Optional[bool] = ..., task_variables: _Optional[_Iterable[_Union[VariableCondition, _Mapping]]] = ..., process_variables: _Optional[_Iterable[_Union[VariableCondition, _Mapping]]] = ...) -> None: ...

class HistoricVariableFilter(_message.Message):
    __slots__ = ("ids", "process_instance_ids", "process_definition_keys", "names", "name_like", "scope_activity_ids", "local", "tenant_ids", "types", "update_time_from", "update_time_to", "include_deleted", "values")
    IDS_FIELD_NUMBER: _ClassVar[int]
    PROCESS_INSTANCE_IDS_FIELD_NUMBER: _ClassVar[int]
    PROCESS_DEFINITION_KEYS_FIELD_NUMBER: _ClassVar[int]
    NAMES_FIELD_NUMBER: _ClassVar[int]
    NAME_LIKE_FIELD_NUMBER: _ClassVar[int]
    SCOPE_ACTIVITY_IDS_FIELD_NUMBER: _ClassVar[int]
    LOCAL_FIELD_NUMBER: _ClassVar[int]
    TENANT_IDS_FIELD_NUMBER: _ClassVar[int]
    TYPES_FIELD_NUMBER: _ClassVar[int]
    UPDATE_TIME_FROM_FIELD_NUMBER: _ClassVar[int]
    UPDATE_TIME_TO_FIELD_NUMBER: _ClassVar[int]
    INCLUDE_DELETED_FIELD_NUMBER: _ClassVar[int]
    VALUES_FIELD_NUMBER: _ClassVar[int]
    ids: _containers.RepeatedScalarFieldContainer[str]
    process_instance_ids: _containers.RepeatedScalarFieldContainer[str]
    process_definition_keys: _containers.RepeatedScalarFieldContainer[str]
    names: _containers.RepeatedScalarFieldContainer[str]
    name_like: str
    scope_activity_ids: _containers.RepeatedScalarFieldContainer[str]
    local: bool
    tenant_ids: _containers.RepeatedScalarFieldContainer[str]
    types: _containers.RepeatedScalarFieldContainer[_history_pb2.VariableType]
    update_time_from: _timestamp_pb2.Timestamp
    update_time_to: _timestamp_pb2.Timestamp
    include_deleted: bool
    values: _containers.RepeatedCompositeFieldContainer[VariableCondition]
    def __init__(self, ids: _Optional[_Iterable[str]] = ..., process_instance_ids: _Optional[_Iterable[str]] = ..., process_definition_keys: _Optional[_Iterable[str]] = ..., names: _Optional[_Iterable[str]] = ..., name_like: _Optional[str] = ..., scope_activity_ids: _Optional[_Iterable[str]] = ..., local: _Optional[bool] = ..., tenant_ids: _Optional[_Iterable[str]] = ..., types: _Optional[_Iterable[_Union[_history_pb2.VariableType, str]]] = ..., update_time_from: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., update_time_to: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., include_deleted: _Optional[bool] = ..., values: _Optional[_Iterable[_Union[VariableCondition, _Mapping]]] = ...) -> None: ...

class HistoricVariableChangeFilter(_message.Message):
    __slots__ = ("process_instance_ids", "process_definition_keys", "variable_ids", "names", "name_like", "scope_activity_ids", "local", "tenant_ids", "user_ids", "change_time_from", "change_time_to", "deleted", "types")
    PROCESS_INSTANCE_IDS_FIELD_NUMBER: _ClassVar[int]
    PROCESS_DEFINITION_KEYS_FIELD_NUMBER: _ClassVar[int]
    VARIABLE_IDS_FIELD_NUMBER: _ClassVar[int]
    NAMES_FIELD_NUMBER: _ClassVar[int]
    NAME_LIKE_FIELD_NUMBER: _ClassVar[int]
    SCOPE_ACTIVITY_IDS_FIELD_NUMBER: _ClassVar[int]
    LOCAL_FIELD_NUMBER: _ClassVar[int]
    TENANT_IDS_FIELD_NUMBER: _ClassVar[int]
    USER_IDS_FIELD_NUMBER: _ClassVar[int]
    CHANGE_TIME_FROM_FIELD_NUMBER: _ClassVar[int]
    CHANGE_TIME_TO_FIELD_NUMBER: _ClassVar[int]
    DELETED_FIELD_NUMBER: _ClassVar[int]
    TYPES_FIELD_NUMBER: _ClassVar[int]
    process_instance_ids: _containers.RepeatedScalarFieldContainer[str]
    process_definition_keys: _containers.RepeatedScalarFieldContainer[str]
    variable_ids: _containers.RepeatedScalarFieldContainer[str]
    names: _containers.RepeatedScalarFieldContainer[str]
    name_like: str
    scope_activity_ids: _containers.RepeatedScalarFieldContainer[str]
    local: bool
    tenant_ids: _containers.RepeatedScalarFieldContainer[str]
    user_ids: _containers.RepeatedScalarFieldContainer[str]
    change_time_from: _timestamp_pb2.Timestamp
    change_time_to: _timestamp_pb2.Timestamp
    deleted: bool
    types: _containers.RepeatedScalarFieldContainer[_history_pb2.VariableType]
    def __init__(self, process_instance_ids: _Optional[_Iterable[str]] = ..., process_definition_keys: _Optional[_Iterable[str]] = ..., variable_ids: _Optional[_Iterable[str]] = ..., names: _Optional[_Iterable[str]] = ..., name_like: _Optional[str] = ..., scope_activity_ids: _Optional[_Iterable[str]] = ..., local: _Optional[bool] = ..., tenant_ids: _Optional[_Iterable[str]] = ..., user_ids: _Optional[_Iterable[str]] = ..., change_time_from: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., change_time_to: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., deleted: _Optional[bool] = ..., types: _Optional[_Iterable[_Union[_history_pb2.VariableType, str]]] = ...) -> None: ...

class HistoricIncidentFilter(_message.Message):
    __slots__ = ("ids", "process_instance_ids", "process_definition_ids", "process_definition_keys", "types", "element_ids", "job_ids", "message_like", "states", "tenant_ids", "create_time_from", "create_time_to", "end_time_from", "end_time_to")
    IDS_FIELD_NUMBER: _ClassVar[int]
    PROCESS_INSTANCE_IDS_FIELD_NUMBER: _ClassVar[int]
    PROCESS_DEFINITION_IDS_FIELD_NUMBER: _ClassVar[int]
    PROCESS_DEFINITION_KEYS_FIELD_NUMBER: _ClassVar[int]
    TYPES_FIELD_NUMBER: _ClassVar[int]
    ELEMENT_IDS_FIELD_NUMBER: _ClassVar[int]
    JOB_IDS_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_LIKE_FIELD_NUMBER: _ClassVar[int]
    STATES_FIELD_NUMBER: _ClassVar[int]
    TENANT_IDS_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FROM_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_TO_FIELD_NUMBER: _ClassVar[int]
    END_TIME_FROM_FIELD_NUMBER: _ClassVar[int]
    END_TIME_TO_FIELD_NUMBER: _ClassVar[int]
    ids: _containers.RepeatedScalarFieldContainer[str]
    process_instance_ids: _containers.RepeatedScalarFieldContainer[str]
    process_definition_ids: _containers.RepeatedScalarFieldContainer[str]
    process_definition_keys: _containers.RepeatedScalarFieldContainer[str]
    types: _containers.RepeatedScalarFieldContainer[str]
    element_ids: _containers.RepeatedScalarFieldContainer[str]
    job_ids: _containers.RepeatedScalarFieldContainer[str]
    message_like: str
    states: _containers.RepeatedScalarFieldContainer[_history_pb2.HistoricIncident.State]
    tenant_ids: _containers.RepeatedScalarFieldContainer[str]
    create_time_from: _timestamp_pb2.Timestamp
    create_time_to: _timestamp_pb2.Timestamp
    end_time_from: _timestamp_pb2.Timestamp
    end_time_to: _timestamp_pb2.Timestamp
    def __init__(self, ids: _Optional[_Iterable[str]] = ..., process_instance_ids: _Optional[_Iterable[str]] = ..., process_definition_ids: _Optional[_Iterable[str]] = ..., process_definition_keys: _Optional[_Iterable[str]] = ..., types: _Optional[_Iterable[str]] = ..., element_ids: _Optional[_Iterable[str]] = ..., job_ids: _Optional[_Iterable[str]] = ..., message_like: _Optional[str] = ..., states: _Optional[_Iterable[_Union[_history_pb2.HistoricIncident.State, str]]] = ..., tenant_ids: _Optional[_Iterable[str]] = ..., create_time_from: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., create_time_to: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., end_time_from: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., end_time_to: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class HistoricJobEventFilter(_message.Message):
    __slots__ = ("process_instance_ids", "process_definition_ids", "process_definition_keys", "job_ids", "job_types", "element_ids", "events", "error_message_like", "error_codes", "tenant_ids", "event_time_from", "event_time_to")
    PROCESS_INSTANCE_IDS_FIELD_NUMBER: _ClassVar[int]
    PROCESS_DEFINITION_IDS_FIELD_NUMBER: _ClassVar[int]
    PROCESS_DEFINITION_KEYS_FIELD_NUMBER: _ClassVar[int]
    JOB_IDS_FIELD_NUMBER: _ClassVar[int]
    JOB_TYPES_FIELD_NUMBER: _ClassVar[int]
    ELEMENT_IDS_FIELD_NUMBER: _ClassVar[int]
    EVENTS_FIELD_NUMBER: _ClassVar[int]
    ERROR_MESSAGE_LIKE_FIELD_NUMBER: _ClassVar[int]
    ERROR_CODES_FIELD_NUMBER: _ClassVar[int]
    TENANT_IDS_FIELD_NUMBER: _ClassVar[int]
    EVENT_TIME_FROM_FIELD_NUMBER: _ClassVar[int]
    EVENT_TIME_TO_FIELD_NUMBER: _ClassVar[int]
    process_instance_ids: _containers.RepeatedScalarFieldContainer[str]
    process_definition_ids: _containers.RepeatedScalarFieldContainer[str]
    process_definition_keys: _containers.RepeatedScalarFieldContainer[str]
    job_ids: _containers.RepeatedScalarFieldContainer[str]
    job_types: _containers.RepeatedScalarFieldContainer[str]
    element_ids: _containers.RepeatedScalarFieldContainer[str]
    events: _containers.RepeatedScalarFieldContainer[_history_pb2.HistoricJobEvent.Event]
    error_message_like: str
    error_codes: _containers.RepeatedScalarFieldContainer[str]
    tenant_ids: _containers.RepeatedScalarFieldContainer[str]
    event_time_from: _timestamp_pb2.Timestamp
    event_time_to: _timestamp_pb2.Timestamp
    def __init__(self, process_instance_ids: _Optional[_Iterable[str]] = ..., process_definition_ids: _Optional[_Iterable[str]] = ..., process_definition_keys: _Optional[_Iterable[str]] = ..., job_ids: _Optional[_Iterable[str]] = ..., job_types: _Optional[_Iterable[str]] = ..., element_ids: _Optional[_Iterable[str]] = ..., events: _Optional[_Iterable[_Union[_history_pb2.HistoricJobEvent.Event, str]]] = ..., error_message_like: _Optional[str] = ..., error_codes: _Optional[_Iterable[str]] = ..., tenant_ids: _Optional[_Iterable[str]] = ..., event_time_from: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., event_time_to: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...
