import datetime

from buf.validate import validate_pb2 as _validate_pb2
from google.protobuf import struct_pb2 as _struct_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class MigrationPlan(_message.Message):
    __slots__ = ("target_process_definition_id", "mappings", "explicit_only", "update_event_triggers", "variables")
    class VariablesEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: _struct_pb2.Value
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[_struct_pb2.Value, _Mapping]] = ...) -> None: ...
    TARGET_PROCESS_DEFINITION_ID_FIELD_NUMBER: _ClassVar[int]
    MAPPINGS_FIELD_NUMBER: _ClassVar[int]
    EXPLICIT_ONLY_FIELD_NUMBER: _ClassVar[int]
    UPDATE_EVENT_TRIGGERS_FIELD_NUMBER: _ClassVar[int]
    VARIABLES_FIELD_NUMBER: _ClassVar[int]
    target_process_definition_id: str
    mappings: _containers.RepeatedCompositeFieldContainer[ElementMapping]
    explicit_only: bool
    update_event_triggers: bool
    variables: _containers.MessageMap[str, _struct_pb2.Value]
    def __init__(self, target_process_definition_id: _Optional[str] = ..., mappings: _Optional[_Iterable[_Union[ElementMapping, _Mapping]]] = ..., explicit_only: _Optional[bool] = ..., update_event_triggers: _Optional[bool] = ..., variables: _Optional[_Mapping[str, _struct_pb2.Value]] = ...) -> None: ...

class ElementMapping(_message.Message):
    __slots__ = ("source_element_ids", "target_element_ids", "local_variables")
    class LocalVariablesEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: _struct_pb2.Value
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[_struct_pb2.Value, _Mapping]] = ...) -> None: ...
    SOURCE_ELEMENT_IDS_FIELD_NUMBER: _ClassVar[int]
    TARGET_ELEMENT_IDS_FIELD_NUMBER: _ClassVar[int]
    LOCAL_VARIABLES_FIELD_NUMBER: _ClassVar[int]
    source_element_ids: _containers.RepeatedScalarFieldContainer[str]
    target_element_ids: _containers.RepeatedScalarFieldContainer[str]
    local_variables: _containers.MessageMap[str, _struct_pb2.Value]
    def __init__(self, source_element_ids: _Optional[_Iterable[str]] = ..., target_element_ids: _Optional[_Iterable[str]] = ..., local_variables: _Optional[_Mapping[str, _struct_pb2.Value]] = ...) -> None: ...

class MigrationProblem(_message.Message):
    __slots__ = ("code", "element_id", "activity_id", "message")
    CODE_FIELD_NUMBER: _ClassVar[int]
    ELEMENT_ID_FIELD_NUMBER: _ClassVar[int]
    ACTIVITY_ID_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    code: str
    element_id: str
    activity_id: str
    message: str
    def __init__(self, code: _Optional[str] = ..., element_id: _Optional[str] = ..., activity_id: _Optional[str] = ..., message: _Optional[str] = ...) -> None: ...

class MigrationPreview(_message.Message):
    __slots__ = ("process_instance_id", "problems", "activities")
    PROCESS_INSTANCE_ID_FIELD_NUMBER: _ClassVar[int]
    PROBLEMS_FIELD_NUMBER: _ClassVar[int]
    ACTIVITIES_FIELD_NUMBER: _ClassVar[int]
    process_instance_id: str
    problems: _containers.RepeatedCompositeFieldContainer[MigrationProblem]
    activities: _containers.RepeatedCompositeFieldContainer[ActivityMigration]
    def __init__(self, process_instance_id: _Optional[str] = ..., problems: _Optional[_Iterable[_Union[MigrationProblem, _Mapping]]] = ..., activities: _Optional[_Iterable[_Union[ActivityMigration, _Mapping]]] = ...) -> None: ...

class ActivityMigration(_message.Message):
    __slots__ = ("activity_id", "element_id", "action", "target_element_ids")
    class Action(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        ACTION_UNSPECIFIED: _ClassVar[ActivityMigration.Action]
        ACTION_KEPT: _ClassVar[ActivityMigration.Action]
        ACTION_RESTARTED: _ClassVar[ActivityMigration.Action]
        ACTION_ENDED: _ClassVar[ActivityMigration.Action]
    ACTION_UNSPECIFIED: ActivityMigration.Action
    ACTION_KEPT: ActivityMigration.Action
    ACTION_RESTARTED: ActivityMigration.Action
    ACTION_ENDED: ActivityMigration.Action
    ACTIVITY_ID_FIELD_NUMBER: _ClassVar[int]
    ELEMENT_ID_FIELD_NUMBER: _ClassVar[int]
    ACTION_FIELD_NUMBER: _ClassVar[int]
    TARGET_ELEMENT_IDS_FIELD_NUMBER: _ClassVar[int]
    activity_id: str
    element_id: str
    action: ActivityMigration.Action
    target_element_ids: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, activity_id: _Optional[str] = ..., element_id: _Optional[str] = ..., action: _Optional[_Union[ActivityMigration.Action, str]] = ..., target_element_ids: _Optional[_Iterable[str]] = ...) -> None: ...

class Migration(_message.Message):
    __slots__ = ("id", "process_instance_id", "source_process_definition_id", "target_process_definition_id", "state", "create_time", "revert_time", "final")
    class State(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        STATE_UNSPECIFIED: _ClassVar[Migration.State]
        STATE_DONE: _ClassVar[Migration.State]
        STATE_REVERTED: _ClassVar[Migration.State]
    STATE_UNSPECIFIED: Migration.State
    STATE_DONE: Migration.State
    STATE_REVERTED: Migration.State
    ID_FIELD_NUMBER: _ClassVar[int]
    PROCESS_INSTANCE_ID_FIELD_NUMBER: _ClassVar[int]
    SOURCE_PROCESS_DEFINITION_ID_FIELD_NUMBER: _ClassVar[int]
    TARGET_PROCESS_DEFINITION_ID_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    REVERT_TIME_FIELD_NUMBER: _ClassVar[int]
    FINAL_FIELD_NUMBER: _ClassVar[int]
    id: str
    process_instance_id: str
    source_process_definition_id: str
    target_process_definition_id: str
    state: Migration.State
    create_time: _timestamp_pb2.Timestamp
    revert_time: _timestamp_pb2.Timestamp
    final: bool
    def __init__(self, id: _Optional[str] = ..., process_instance_id: _Optional[str] = ..., source_process_definition_id: _Optional[str] = ..., target_process_definition_id: _Optional[str] = ..., state: _Optional[_Union[Migration.State, str]] = ..., create_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., revert_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., final: _Optional[bool] = ...) -> None: ...
