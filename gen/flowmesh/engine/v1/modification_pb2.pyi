from buf.validate import validate_pb2 as _validate_pb2
from google.protobuf import struct_pb2 as _struct_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ModificationInstruction(_message.Message):
    __slots__ = ("cancel", "start_before", "start_after", "start_sequence_flow", "move", "add_multi_instance_child", "remove_multi_instance_child")
    CANCEL_FIELD_NUMBER: _ClassVar[int]
    START_BEFORE_FIELD_NUMBER: _ClassVar[int]
    START_AFTER_FIELD_NUMBER: _ClassVar[int]
    START_SEQUENCE_FLOW_FIELD_NUMBER: _ClassVar[int]
    MOVE_FIELD_NUMBER: _ClassVar[int]
    ADD_MULTI_INSTANCE_CHILD_FIELD_NUMBER: _ClassVar[int]
    REMOVE_MULTI_INSTANCE_CHILD_FIELD_NUMBER: _ClassVar[int]
    cancel: CancelActivities
    start_before: StartActivity
    start_after: StartActivity
    start_sequence_flow: StartSequenceFlow
    move: MoveActivities
    add_multi_instance_child: AddMultiInstanceChild
    remove_multi_instance_child: RemoveMultiInstanceChild
    def __init__(self, cancel: _Optional[_Union[CancelActivities, _Mapping]] = ..., start_before: _Optional[_Union[StartActivity, _Mapping]] = ..., start_after: _Optional[_Union[StartActivity, _Mapping]] = ..., start_sequence_flow: _Optional[_Union[StartSequenceFlow, _Mapping]] = ..., move: _Optional[_Union[MoveActivities, _Mapping]] = ..., add_multi_instance_child: _Optional[_Union[AddMultiInstanceChild, _Mapping]] = ..., remove_multi_instance_child: _Optional[_Union[RemoveMultiInstanceChild, _Mapping]] = ...) -> None: ...

class CancelActivities(_message.Message):
    __slots__ = ("activity_ids", "element_ids", "oldest_only")
    ACTIVITY_IDS_FIELD_NUMBER: _ClassVar[int]
    ELEMENT_IDS_FIELD_NUMBER: _ClassVar[int]
    OLDEST_ONLY_FIELD_NUMBER: _ClassVar[int]
    activity_ids: _containers.RepeatedScalarFieldContainer[str]
    element_ids: _containers.RepeatedScalarFieldContainer[str]
    oldest_only: bool
    def __init__(self, activity_ids: _Optional[_Iterable[str]] = ..., element_ids: _Optional[_Iterable[str]] = ..., oldest_only: _Optional[bool] = ...) -> None: ...

class StartActivity(_message.Message):
    __slots__ = ("element_id", "ancestor_activity_id", "variables", "local_variables")
    class VariablesEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: _struct_pb2.Value
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[_struct_pb2.Value, _Mapping]] = ...) -> None: ...
    class LocalVariablesEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: _struct_pb2.Value
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[_struct_pb2.Value, _Mapping]] = ...) -> None: ...
    ELEMENT_ID_FIELD_NUMBER: _ClassVar[int]
    ANCESTOR_ACTIVITY_ID_FIELD_NUMBER: _ClassVar[int]
    VARIABLES_FIELD_NUMBER: _ClassVar[int]
    LOCAL_VARIABLES_FIELD_NUMBER: _ClassVar[int]
    element_id: str
    ancestor_activity_id: str
    variables: _containers.MessageMap[str, _struct_pb2.Value]
    local_variables: _containers.MessageMap[str, _struct_pb2.Value]
    def __init__(self, element_id: _Optional[str] = ..., ancestor_activity_id: _Optional[str] = ..., variables: _Optional[_Mapping[str, _struct_pb2.Value]] = ..., local_variables: _Optional[_Mapping[str, _struct_pb2.Value]] = ...) -> None: ...

class StartSequenceFlow(_message.Message):
    __slots__ = ("sequence_flow_id", "ancestor_activity_id", "variables")
    class VariablesEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: _struct_pb2.Value
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[_struct_pb2.Value, _Mapping]] = ...) -> None: ...
    SEQUENCE_FLOW_ID_FIELD_NUMBER: _ClassVar[int]
    ANCESTOR_ACTIVITY_ID_FIELD_NUMBER: _ClassVar[int]
    VARIABLES_FIELD_NUMBER: _ClassVar[int]
    sequence_flow_id: str
    ancestor_activity_id: str
    variables: _containers.MessageMap[str, _struct_pb2.Value]
    def __init__(self, sequence_flow_id: _Optional[str] = ..., ancestor_activity_id: _Optional[str] = ..., variables: _Optional[_Mapping[str, _struct_pb2.Value]] = ...) -> None: ...

class MoveActivities(_message.Message):
    __slots__ = ("activity_ids", "element_ids", "target_element_ids", "direction", "call_activity_id", "ancestor_activity_id", "variables", "local_variables")
    class Direction(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        DIRECTION_UNSPECIFIED: _ClassVar[MoveActivities.Direction]
        DIRECTION_TO_PARENT: _ClassVar[MoveActivities.Direction]
        DIRECTION_TO_CALLED: _ClassVar[MoveActivities.Direction]
    DIRECTION_UNSPECIFIED: MoveActivities.Direction
    DIRECTION_TO_PARENT: MoveActivities.Direction
    DIRECTION_TO_CALLED: MoveActivities.Direction
    class VariablesEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: _struct_pb2.Value
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[_struct_pb2.Value, _Mapping]] = ...) -> None: ...
    class LocalVariablesEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: _struct_pb2.Struct
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[_struct_pb2.Struct, _Mapping]] = ...) -> None: ...
    ACTIVITY_IDS_FIELD_NUMBER: _ClassVar[int]
    ELEMENT_IDS_FIELD_NUMBER: _ClassVar[int]
    TARGET_ELEMENT_IDS_FIELD_NUMBER: _ClassVar[int]
    DIRECTION_FIELD_NUMBER: _ClassVar[int]
    CALL_ACTIVITY_ID_FIELD_NUMBER: _ClassVar[int]
    ANCESTOR_ACTIVITY_ID_FIELD_NUMBER: _ClassVar[int]
    VARIABLES_FIELD_NUMBER: _ClassVar[int]
    LOCAL_VARIABLES_FIELD_NUMBER: _ClassVar[int]
    activity_ids: _containers.RepeatedScalarFieldContainer[str]
    element_ids: _containers.RepeatedScalarFieldContainer[str]
    target_element_ids: _containers.RepeatedScalarFieldContainer[str]
    direction: MoveActivities.Direction
    call_activity_id: str
    ancestor_activity_id: str
    variables: _containers.MessageMap[str, _struct_pb2.Value]
    local_variables: _containers.MessageMap[str, _struct_pb2.Struct]
    def __init__(self, activity_ids: _Optional[_Iterable[str]] = ..., element_ids: _Optional[_Iterable[str]] = ..., target_element_ids: _Optional[_Iterable[str]] = ..., direction: _Optional[_Union[MoveActivities.Direction, str]] = ..., call_activity_id: _Optional[str] = ..., ancestor_activity_id: _Optional[str] = ..., variables: _Optional[_Mapping[str, _struct_pb2.Value]] = ..., local_variables: _Optional[_Mapping[str, _struct_pb2.Struct]] = ...) -> None: ...

class AddMultiInstanceChild(_message.Message):
    __slots__ = ("element_id", "ancestor_activity_id", "variables")
    class VariablesEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: _struct_pb2.Value
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[_struct_pb2.Value, _Mapping]] = ...) -> None: ...
    ELEMENT_ID_FIELD_NUMBER: _ClassVar[int]
    ANCESTOR_ACTIVITY_ID_FIELD_NUMBER: _ClassVar[int]
    VARIABLES_FIELD_NUMBER: _ClassVar[int]
    element_id: str
    ancestor_activity_id: str
    variables: _containers.MessageMap[str, _struct_pb2.Value]
    def __init__(self, element_id: _Optional[str] = ..., ancestor_activity_id: _Optional[str] = ..., variables: _Optional[_Mapping[str, _struct_pb2.Value]] = ...) -> None: ...

class RemoveMultiInstanceChild(_message.Message):
    __slots__ = ("activity_id", "completed")
    ACTIVITY_ID_FIELD_NUMBER: _ClassVar[int]
    COMPLETED_FIELD_NUMBER: _ClassVar[int]
    activity_id: str
    completed: bool
    def __init__(self, activity_id: _Optional[str] = ..., completed: _Optional[bool] = ...) -> None: ...
