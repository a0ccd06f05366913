from buf.validate import validate_pb2 as _validate_pb2
from flowmesh.auth.v1 import permission_pb2 as _permission_pb2
from flowmesh.engine.v1 import message_service_pb2 as _message_service_pb2
from flowmesh.engine.v1 import process_instance_pb2 as _process_instance_pb2
from google.api import annotations_pb2 as _annotations_pb2
from google.protobuf import struct_pb2 as _struct_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class EvaluateInstanceConditionsRequest(_message.Message):
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

class EvaluateInstanceConditionsResponse(_message.Message):
    __slots__ = ("process_instance", "fired", "commit_token")
    PROCESS_INSTANCE_FIELD_NUMBER: _ClassVar[int]
    FIRED_FIELD_NUMBER: _ClassVar[int]
    COMMIT_TOKEN_FIELD_NUMBER: _ClassVar[int]
    process_instance: _process_instance_pb2.ProcessInstance
    fired: int
    commit_token: str
    def __init__(self, process_instance: _Optional[_Union[_process_instance_pb2.ProcessInstance, _Mapping]] = ..., fired: _Optional[int] = ..., commit_token: _Optional[str] = ...) -> None: ...

class EvaluateStartConditionsRequest(_message.Message):
    __slots__ = ("request_id", "variables", "tenant_id", "process_definition_key", "business_key")
    class VariablesEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: _struct_pb2.Value
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[_struct_pb2.Value, _Mapping]] = ...) -> None: ...
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    VARIABLES_FIELD_NUMBER: _ClassVar[int]
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    PROCESS_DEFINITION_KEY_FIELD_NUMBER: _ClassVar[int]
    BUSINESS_KEY_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    variables: _containers.MessageMap[str, _struct_pb2.Value]
    tenant_id: str
    process_definition_key: str
    business_key: str
    def __init__(self, request_id: _Optional[str] = ..., variables: _Optional[_Mapping[str, _struct_pb2.Value]] = ..., tenant_id: _Optional[str] = ..., process_definition_key: _Optional[str] = ..., business_key: _Optional[str] = ...) -> None: ...

class EvaluateStartConditionsResponse(_message.Message):
    __slots__ = ("process_instances", "failures", "commit_tokens")
    PROCESS_INSTANCES_FIELD_NUMBER: _ClassVar[int]
    FAILURES_FIELD_NUMBER: _ClassVar[int]
    COMMIT_TOKENS_FIELD_NUMBER: _ClassVar[int]
    process_instances: _containers.RepeatedCompositeFieldContainer[_process_instance_pb2.ProcessInstance]
    failures: _containers.RepeatedCompositeFieldContainer[_message_service_pb2.DeliveryFailure]
    commit_tokens: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, process_instances: _Optional[_Iterable[_Union[_process_instance_pb2.ProcessInstance, _Mapping]]] = ..., failures: _Optional[_Iterable[_Union[_message_service_pb2.DeliveryFailure, _Mapping]]] = ..., commit_tokens: _Optional[_Iterable[str]] = ...) -> None: ...
