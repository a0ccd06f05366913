from buf.validate import validate_pb2 as _validate_pb2
from flowmesh.auth.v1 import permission_pb2 as _permission_pb2
from flowmesh.engine.v1 import modification_pb2 as _modification_pb2
from flowmesh.engine.v1 import process_instance_pb2 as _process_instance_pb2
from google.api import annotations_pb2 as _annotations_pb2
from google.protobuf import struct_pb2 as _struct_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ProcessInstanceSpec(_message.Message):
    __slots__ = ("process_definition_key", "process_definition_version", "process_definition_id", "tenant_id", "business_key", "variables", "initiator")
    class VariablesEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: _struct_pb2.Value
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[_struct_pb2.Value, _Mapping]] = ...) -> None: ...
    PROCESS_DEFINITION_KEY_FIELD_NUMBER: _ClassVar[int]
    PROCESS_DEFINITION_VERSION_FIELD_NUMBER: _ClassVar[int]
    PROCESS_DEFINITION_ID_FIELD_NUMBER: _ClassVar[int]
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    BUSINESS_KEY_FIELD_NUMBER: _ClassVar[int]
    VARIABLES_FIELD_NUMBER: _ClassVar[int]
    INITIATOR_FIELD_NUMBER: _ClassVar[int]
    process_definition_key: str
    process_definition_version: int
    process_definition_id: str
    tenant_id: str
    business_key: str
    variables: _containers.MessageMap[str, _struct_pb2.Value]
    initiator: str
    def __init__(self, process_definition_key: _Optional[str] = ..., process_definition_version: _Optional[int] = ..., process_definition_id: _Optional[str] = ..., tenant_id: _Optional[str] = ..., business_key: _Optional[str] = ..., variables: _Optional[_Mapping[str, _struct_pb2.Value]] = ..., initiator: _Optional[str] = ...) -> None: ...

class CreateProcessInstanceRequest(_message.Message):
    __slots__ = ("request_id", "process_definition_key", "process_definition_version", "process_definition_id", "tenant_id", "business_key", "variables", "initiator", "message_name")
    class VariablesEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: _struct_pb2.Value
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[_struct_pb2.Value, _Mapping]] = ...) -> None: ...
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    PROCESS_DEFINITION_KEY_FIELD_NUMBER: _ClassVar[int]
    PROCESS_DEFINITION_VERSION_FIELD_NUMBER: _ClassVar[int]
    PROCESS_DEFINITION_ID_FIELD_NUMBER: _ClassVar[int]
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    BUSINESS_KEY_FIELD_NUMBER: _ClassVar[int]
    VARIABLES_FIELD_NUMBER: _ClassVar[int]
    INITIATOR_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_NAME_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    process_definition_key: str
    process_definition_version: int
    process_definition_id: str
    tenant_id: str
    business_key: str
    variables: _containers.MessageMap[str, _struct_pb2.Value]
    initiator: str
    message_name: str
    def __init__(self, request_id: _Optional[str] = ..., process_definition_key: _Optional[str] = ..., process_definition_version: _Optional[int] = ..., process_definition_id: _Optional[str] = ..., tenant_id: _Optional[str] = ..., business_key: _Optional[str] = ..., variables: _Optional[_Mapping[str, _struct_pb2.Value]] = ..., initiator: _Optional[str] = ..., message_name: _Optional[str] = ...) -> None: ...

class CreateProcessInstanceResponse(_message.Message):
    __slots__ = ("process_instance", "commit_token")
    PROCESS_INSTANCE_FIELD_NUMBER: _ClassVar[int]
    COMMIT_TOKEN_FIELD_NUMBER: _ClassVar[int]
    process_instance: _process_instance_pb2.ProcessInstance
    commit_token: str
    def __init__(self, process_instance: _Optional[_Union[_process_instance_pb2.ProcessInstance, _Mapping]] = ..., commit_token: _Optional[str] = ...) -> None: ...

class BatchCreateProcessInstancesRequest(_message.Message):
    __slots__ = ("request_id", "instances")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    INSTANCES_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    instances: _containers.RepeatedCompositeFieldContainer[ProcessInstanceSpec]
    def __init__(self, request_id: _Optional[str] = ..., instances: _Optional[_Iterable[_Union[ProcessInstanceSpec, _Mapping]]] = ...) -> None: ...

class BatchCreateProcessInstancesResponse(_message.Message):
    __slots__ = ("process_instances", "commit_tokens")
    PROCESS_INSTANCES_FIELD_NUMBER: _ClassVar[int]
    COMMIT_TOKENS_FIELD_NUMBER: _ClassVar[int]
    process_instances: _containers.RepeatedCompositeFieldContainer[_process_instance_pb2.ProcessInstance]
    commit_tokens: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, process_instances: _Optional[_Iterable[_Union[_process_instance_pb2.ProcessInstance, _Mapping]]] = ..., commit_tokens: _Optional[_Iterable[str]] = ...) -> None: ...

class GetProcessInstanceRequest(_message.Message):
    __slots__ = ("id",)
    ID_FIELD_NUMBER: _ClassVar[int]
    id: str
    def __init__(self, id: _Optional[str] = ...) -> None: ...

class GetProcessInstanceResponse(_message.Message):
    __slots__ = ("process_instance", "commit_token")
    PROCESS_INSTANCE_FIELD_NUMBER: _ClassVar[int]
    COMMIT_TOKEN_FIELD_NUMBER: _ClassVar[int]
    process_instance: _process_instance_pb2.ProcessInstance
    commit_token: str
    def __init__(self, process_instance: _Optional[_Union[_process_instance_pb2.ProcessInstance, _Mapping]] = ..., commit_token: _Optional[str] = ...) -> None: ...

class ListProcessInstancesRequest(_message.Message):
    __slots__ = ("page_size", "page_token", "process_definition_key", "process_definition_id", "business_key", "status", "tenant_id")
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    PROCESS_DEFINITION_KEY_FIELD_NUMBER: _ClassVar[int]
    PROCESS_DEFINITION_ID_FIELD_NUMBER: _ClassVar[int]
    BUSINESS_KEY_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    page_size: int
    page_token: str
    process_definition_key: str
    process_definition_id: str
    business_key: str
    status: _process_instance_pb2.ProcessInstance.Status
    tenant_id: str
    def __init__(self, page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., process_definition_key: _Optional[str] = ..., process_definition_id: _Optional[str] = ..., business_key: _Optional[str] = ..., status: _Optional[_Union[_process_instance_pb2.ProcessInstance.Status, str]] = ..., tenant_id: _Optional[str] = ...) -> None: ...

class ListProcessInstancesResponse(_message.Message):
    __slots__ = ("process_instances", "next_page_token")
    PROCESS_INSTANCES_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    process_instances: _containers.RepeatedCompositeFieldContainer[_process_instance_pb2.ProcessInstance]
    next_page_token: str
    def __init__(self, process_instances: _Optional[_Iterable[_Union[_process_instance_pb2.ProcessInstance, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class CancelProcessInstanceRequest(_message.Message):
    __slots__ = ("request_id", "id", "reason")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    ID_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    id: str
    reason: str
    def __init__(self, request_id: _Optional[str] = ..., id: _Optional[str] = ..., reason: _Optional[str] = ...) -> None: ...

class CancelProcessInstanceResponse(_message.Message):
    __slots__ = ("process_instance", "commit_token")
    PROCESS_INSTANCE_FIELD_NUMBER: _ClassVar[int]
    COMMIT_TOKEN_FIELD_NUMBER: _ClassVar[int]
    process_instance: _process_instance_pb2.ProcessInstance
    commit_token: str
    def __init__(self, process_instance: _Optional[_Union[_process_instance_pb2.ProcessInstance, _Mapping]] = ..., commit_token: _Optional[str] = ...) -> None: ...

class DeleteProcessInstanceRequest(_message.Message):
    __slots__ = ("request_id", "id", "reason")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    ID_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    id: str
    reason: str
    def __init__(self, request_id: _Optional[str] = ..., id: _Optional[str] = ..., reason: _Optional[str] = ...) -> None: ...

class DeleteProcessInstanceResponse(_message.Message):
    __slots__ = ("process_instance", "commit_token")
    PROCESS_INSTANCE_FIELD_NUMBER: _ClassVar[int]
    COMMIT_TOKEN_FIELD_NUMBER: _ClassVar[int]
    process_instance: _process_instance_pb2.ProcessInstance
    commit_token: str
    def __init__(self, process_instance: _Optional[_Union[_process_instance_pb2.ProcessInstance, _Mapping]] = ..., commit_token: _Optional[str] = ...) -> None: ...

class SuspendProcessInstanceRequest(_message.Message):
    __slots__ = ("request_id", "id")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    ID_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    id: str
    def __init__(self, request_id: _Optional[str] = ..., id: _Optional[str] = ...) -> None: ...

class SuspendProcessInstanceResponse(_message.Message):
    __slots__ = ("process_instance", "commit_token")
    PROCESS_INSTANCE_FIELD_NUMBER: _ClassVar[int]
    COMMIT_TOKEN_FIELD_NUMBER: _ClassVar[int]
    process_instance: _process_instance_pb2.ProcessInstance
    commit_token: str
    def __init__(self, process_instance: _Optional[_Union[_process_instance_pb2.ProcessInstance, _Mapping]] = ..., commit_token: _Optional[str] = ...) -> None: ...

class ResumeProcessInstanceRequest(_message.Message):
    __slots__ = ("request_id", "id")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    ID_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    id: str
    def __init__(self, request_id: _Optional[str] = ..., id: _Optional[str] = ...) -> None: ...

class ResumeProcessInstanceResponse(_message.Message):
    __slots__ = ("process_instance", "commit_token")
    PROCESS_INSTANCE_FIELD_NUMBER: _ClassVar[int]
    COMMIT_TOKEN_FIELD_NUMBER: _ClassVar[int]
    process_instance: _process_instance_pb2.ProcessInstance
    commit_token: str
    def __init__(self, process_instance: _Optional[_Union[_process_instance_pb2.ProcessInstance, _Mapping]] = ..., commit_token: _Optional[str] = ...) -> None: ...

class GetProcessInstanceVariablesRequest(_message.Message):
    __slots__ = ("id", "names")
    ID_FIELD_NUMBER: _ClassVar[int]
    NAMES_FIELD_NUMBER: _ClassVar[int]
    id: str
    names: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, id: _Optional[str] = ..., names: _Optional[_Iterable[str]] = ...) -> None: ...

class GetProcessInstanceVariablesResponse(_message.Message):
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

class UpdateProcessInstanceVariablesRequest(_message.Message):
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

class UpdateProcessInstanceVariablesResponse(_message.Message):
    __slots__ = ("process_instance", "commit_token")
    PROCESS_INSTANCE_FIELD_NUMBER: _ClassVar[int]
    COMMIT_TOKEN_FIELD_NUMBER: _ClassVar[int]
    process_instance: _process_instance_pb2.ProcessInstance
    commit_token: str
    def __init__(self, process_instance: _Optional[_Union[_process_instance_pb2.ProcessInstance, _Mapping]] = ..., commit_token: _Optional[str] = ...) -> None: ...

class ModifyProcessInstanceRequest(_message.Message):
    __slots__ = ("request_id", "id", "instructions", "reason", "skip_listeners", "skip_mappings", "validate_only")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    ID_FIELD_NUMBER: _ClassVar[int]
    INSTRUCTIONS_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    SKIP_LISTENERS_FIELD_NUMBER: _ClassVar[int]
    SKIP_MAPPINGS_FIELD_NUMBER: _ClassVar[int]
    VALIDATE_ONLY_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    id: str
    instructions: _containers.RepeatedCompositeFieldContainer[_modification_pb2.ModificationInstruction]
    reason: str
    skip_listeners: bool
    skip_mappings: bool
    validate_only: bool
    def __init__(self, request_id: _Optional[str] = ..., id: _Optional[str] = ..., instructions: _Optional[_Iterable[_Union[_modification_pb2.ModificationInstruction, _Mapping]]] = ..., reason: _Optional[str] = ..., skip_listeners: _Optional[bool] = ..., skip_mappings: _Optional[bool] = ..., validate_only: _Optional[bool] = ...) -> None: ...

class ModifyProcessInstanceResponse(_message.Message):
    __slots__ = ("process_instance", "commit_token")
    PROCESS_INSTANCE_FIELD_NUMBER: _ClassVar[int]
    COMMIT_TOKEN_FIELD_NUMBER: _ClassVar[int]
    process_instance: _process_instance_pb2.ProcessInstance
    commit_token: str
    def __init__(self, process_instance: _Optional[_Union[_process_instance_pb2.ProcessInstance, _Mapping]] = ..., commit_token: _Optional[str] = ...) -> None: ...

class RestartProcessInstanceRequest(_message.Message):
    __slots__ = ("request_id", "id", "start_element_ids", "variables", "without_last_variables")
    class VariablesEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: _struct_pb2.Value
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[_struct_pb2.Value, _Mapping]] = ...) -> None: ...
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    ID_FIELD_NUMBER: _ClassVar[int]
    START_ELEMENT_IDS_FIELD_NUMBER: _ClassVar[int]
    VARIABLES_FIELD_NUMBER: _ClassVar[int]
    WITHOUT_LAST_VARIABLES_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    id: str
    start_element_ids: _containers.RepeatedScalarFieldContainer[str]
    variables: _containers.MessageMap[str, _struct_pb2.Value]
    without_last_variables: bool
    def __init__(self, request_id: _Optional[str] = ..., id: _Optional[str] = ..., start_element_ids: _Optional[_Iterable[str]] = ..., variables: _Optional[_Mapping[str, _struct_pb2.Value]] = ..., without_last_variables: _Optional[bool] = ...) -> None: ...

class RestartProcessInstanceResponse(_message.Message):
    __slots__ = ("process_instance", "commit_token")
    PROCESS_INSTANCE_FIELD_NUMBER: _ClassVar[int]
    COMMIT_TOKEN_FIELD_NUMBER: _ClassVar[int]
    process_instance: _process_instance_pb2.ProcessInstance
    commit_token: str
    def __init__(self, process_instance: _Optional[_Union[_process_instance_pb2.ProcessInstance, _Mapping]] = ..., commit_token: _Optional[str] = ...) -> None: ...

class DeleteProcessInstanceVariablesRequest(_message.Message):
    __slots__ = ("request_id", "id", "names")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    ID_FIELD_NUMBER: _ClassVar[int]
    NAMES_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    id: str
    names: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, request_id: _Optional[str] = ..., id: _Optional[str] = ..., names: _Optional[_Iterable[str]] = ...) -> None: ...

class DeleteProcessInstanceVariablesResponse(_message.Message):
    __slots__ = ("process_instance",)
    PROCESS_INSTANCE_FIELD_NUMBER: _ClassVar[int]
    process_instance: _process_instance_pb2.ProcessInstance
    def __init__(self, process_instance: _Optional[_Union[_process_instance_pb2.ProcessInstance, _Mapping]] = ...) -> None: ...
