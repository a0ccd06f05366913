from buf.validate import validate_pb2 as _validate_pb2
from flowmesh.auth.v1 import permission_pb2 as _permission_pb2
from flowmesh.engine.v1 import deployment_pb2 as _deployment_pb2
from flowmesh.engine.v1 import process_definition_pb2 as _process_definition_pb2
from flowmesh.engine.v1 import process_instance_service_pb2 as _process_instance_service_pb2
from flowmesh.engine.v1 import user_task_pb2 as _user_task_pb2
from flowmesh.engine.v1 import user_task_service_pb2 as _user_task_service_pb2
from google.protobuf import struct_pb2 as _struct_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class FormActor(_message.Message):
    __slots__ = ("user_id", "rows", "session_id", "client_address")
    USER_ID_FIELD_NUMBER: _ClassVar[int]
    ROWS_FIELD_NUMBER: _ClassVar[int]
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    CLIENT_ADDRESS_FIELD_NUMBER: _ClassVar[int]
    user_id: str
    rows: bytes
    session_id: str
    client_address: str
    def __init__(self, user_id: _Optional[str] = ..., rows: _Optional[bytes] = ..., session_id: _Optional[str] = ..., client_address: _Optional[str] = ...) -> None: ...

class FormReference(_message.Message):
    __slots__ = ("key", "binding", "version", "fields", "embedded_schema")
    class Binding(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        BINDING_UNSPECIFIED: _ClassVar[FormReference.Binding]
        BINDING_LATEST: _ClassVar[FormReference.Binding]
        BINDING_DEPLOYMENT: _ClassVar[FormReference.Binding]
        BINDING_VERSION: _ClassVar[FormReference.Binding]
        BINDING_VERSION_TAG: _ClassVar[FormReference.Binding]
    BINDING_UNSPECIFIED: FormReference.Binding
    BINDING_LATEST: FormReference.Binding
    BINDING_DEPLOYMENT: FormReference.Binding
    BINDING_VERSION: FormReference.Binding
    BINDING_VERSION_TAG: FormReference.Binding
    KEY_FIELD_NUMBER: _ClassVar[int]
    BINDING_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    FIELDS_FIELD_NUMBER: _ClassVar[int]
    EMBEDDED_SCHEMA_FIELD_NUMBER: _ClassVar[int]
    key: str
    binding: FormReference.Binding
    version: str
    fields: _containers.RepeatedCompositeFieldContainer[FormHostField]
    embedded_schema: bytes
    def __init__(self, key: _Optional[str] = ..., binding: _Optional[_Union[FormReference.Binding, str]] = ..., version: _Optional[str] = ..., fields: _Optional[_Iterable[_Union[FormHostField, _Mapping]]] = ..., embedded_schema: _Optional[bytes] = ...) -> None: ...

class FormHostField(_message.Message):
    __slots__ = ("id", "name", "type", "required", "default_value", "variable", "readable", "writable", "date_pattern", "values", "constraints")
    ID_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    TYPE_FIELD_NUMBER: _ClassVar[int]
    REQUIRED_FIELD_NUMBER: _ClassVar[int]
    DEFAULT_VALUE_FIELD_NUMBER: _ClassVar[int]
    VARIABLE_FIELD_NUMBER: _ClassVar[int]
    READABLE_FIELD_NUMBER: _ClassVar[int]
    WRITABLE_FIELD_NUMBER: _ClassVar[int]
    DATE_PATTERN_FIELD_NUMBER: _ClassVar[int]
    VALUES_FIELD_NUMBER: _ClassVar[int]
    CONSTRAINTS_FIELD_NUMBER: _ClassVar[int]
    id: str
    name: str
    type: str
    required: bool
    default_value: str
    variable: str
    readable: bool
    writable: bool
    date_pattern: str
    values: _containers.RepeatedCompositeFieldContainer[FormHostValue]
    constraints: _containers.RepeatedCompositeFieldContainer[FormHostConstraint]
    def __init__(self, id: _Optional[str] = ..., name: _Optional[str] = ..., type: _Optional[str] = ..., required: _Optional[bool] = ..., default_value: _Optional[str] = ..., variable: _Optional[str] = ..., readable: _Optional[bool] = ..., writable: _Optional[bool] = ..., date_pattern: _Optional[str] = ..., values: _Optional[_Iterable[_Union[FormHostValue, _Mapping]]] = ..., constraints: _Optional[_Iterable[_Union[FormHostConstraint, _Mapping]]] = ...) -> None: ...

class FormHostValue(_message.Message):
    __slots__ = ("id", "name")
    ID_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    id: str
    name: str
    def __init__(self, id: _Optional[str] = ..., name: _Optional[str] = ...) -> None: ...

class FormHostConstraint(_message.Message):
    __slots__ = ("name", "config")
    NAME_FIELD_NUMBER: _ClassVar[int]
    CONFIG_FIELD_NUMBER: _ClassVar[int]
    name: str
    config: str
    def __init__(self, name: _Optional[str] = ..., config: _Optional[str] = ...) -> None: ...

class GetTaskFormHostRequest(_message.Message):
    __slots__ = ("actor", "user_task_id", "with_variables")
    ACTOR_FIELD_NUMBER: _ClassVar[int]
    USER_TASK_ID_FIELD_NUMBER: _ClassVar[int]
    WITH_VARIABLES_FIELD_NUMBER: _ClassVar[int]
    actor: FormActor
    user_task_id: str
    with_variables: bool
    def __init__(self, actor: _Optional[_Union[FormActor, _Mapping]] = ..., user_task_id: _Optional[str] = ..., with_variables: _Optional[bool] = ...) -> None: ...

class GetTaskFormHostResponse(_message.Message):
    __slots__ = ("user_task", "deployment_id", "form", "variables", "root_process_instance_id")
    class VariablesEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: _struct_pb2.Value
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[_struct_pb2.Value, _Mapping]] = ...) -> None: ...
    USER_TASK_FIELD_NUMBER: _ClassVar[int]
    DEPLOYMENT_ID_FIELD_NUMBER: _ClassVar[int]
    FORM_FIELD_NUMBER: _ClassVar[int]
    VARIABLES_FIELD_NUMBER: _ClassVar[int]
    ROOT_PROCESS_INSTANCE_ID_FIELD_NUMBER: _ClassVar[int]
    user_task: _user_task_pb2.UserTask
    deployment_id: str
    form: FormReference
    variables: _containers.MessageMap[str, _struct_pb2.Value]
    root_process_instance_id: str
    def __init__(self, user_task: _Optional[_Union[_user_task_pb2.UserTask, _Mapping]] = ..., deployment_id: _Optional[str] = ..., form: _Optional[_Union[FormReference, _Mapping]] = ..., variables: _Optional[_Mapping[str, _struct_pb2.Value]] = ..., root_process_instance_id: _Optional[str] = ...) -> None: ...

class GetStartFormHostRequest(_message.Message):
    __slots__ = ("actor", "process_definition_id")
    ACTOR_FIELD_NUMBER: _ClassVar[int]
    PROCESS_DEFINITION_ID_FIELD_NUMBER: _ClassVar[int]
    actor: FormActor
    process_definition_id: str
    def __init__(self, actor: _Optional[_Union[FormActor, _Mapping]] = ..., process_definition_id: _Optional[str] = ...) -> None: ...

class GetStartFormHostResponse(_message.Message):
    __slots__ = ("process_definition", "form", "element_id")
    PROCESS_DEFINITION_FIELD_NUMBER: _ClassVar[int]
    FORM_FIELD_NUMBER: _ClassVar[int]
    ELEMENT_ID_FIELD_NUMBER: _ClassVar[int]
    process_definition: _process_definition_pb2.ProcessDefinition
    form: FormReference
    element_id: str
    def __init__(self, process_definition: _Optional[_Union[_process_definition_pb2.ProcessDefinition, _Mapping]] = ..., form: _Optional[_Union[FormReference, _Mapping]] = ..., element_id: _Optional[str] = ...) -> None: ...

class CompleteSubmittedTaskRequest(_message.Message):
    __slots__ = ("actor", "completion")
    ACTOR_FIELD_NUMBER: _ClassVar[int]
    COMPLETION_FIELD_NUMBER: _ClassVar[int]
    actor: FormActor
    completion: _user_task_service_pb2.CompleteUserTaskRequest
    def __init__(self, actor: _Optional[_Union[FormActor, _Mapping]] = ..., completion: _Optional[_Union[_user_task_service_pb2.CompleteUserTaskRequest, _Mapping]] = ...) -> None: ...

class CompleteSubmittedTaskResponse(_message.Message):
    __slots__ = ("completion",)
    COMPLETION_FIELD_NUMBER: _ClassVar[int]
    completion: _user_task_service_pb2.CompleteUserTaskResponse
    def __init__(self, completion: _Optional[_Union[_user_task_service_pb2.CompleteUserTaskResponse, _Mapping]] = ...) -> None: ...

class StartSubmittedInstanceRequest(_message.Message):
    __slots__ = ("actor", "start")
    ACTOR_FIELD_NUMBER: _ClassVar[int]
    START_FIELD_NUMBER: _ClassVar[int]
    actor: FormActor
    start: _process_instance_service_pb2.CreateProcessInstanceRequest
    def __init__(self, actor: _Optional[_Union[FormActor, _Mapping]] = ..., start: _Optional[_Union[_process_instance_service_pb2.CreateProcessInstanceRequest, _Mapping]] = ...) -> None: ...

class StartSubmittedInstanceResponse(_message.Message):
    __slots__ = ("start",)
    START_FIELD_NUMBER: _ClassVar[int]
    start: _process_instance_service_pb2.CreateProcessInstanceResponse
    def __init__(self, start: _Optional[_Union[_process_instance_service_pb2.CreateProcessInstanceResponse, _Mapping]] = ...) -> None: ...

class GetDeploymentFormsRequest(_message.Message):
    __slots__ = ("deployment_id",)
    DEPLOYMENT_ID_FIELD_NUMBER: _ClassVar[int]
    deployment_id: str
    def __init__(self, deployment_id: _Optional[str] = ...) -> None: ...

class GetDeploymentFormsResponse(_message.Message):
    __slots__ = ("deployment", "forms")
    DEPLOYMENT_FIELD_NUMBER: _ClassVar[int]
    FORMS_FIELD_NUMBER: _ClassVar[int]
    deployment: _deployment_pb2.Deployment
    forms: _containers.RepeatedCompositeFieldContainer[_deployment_pb2.Resource]
    def __init__(self, deployment: _Optional[_Union[_deployment_pb2.Deployment, _Mapping]] = ..., forms: _Optional[_Iterable[_Union[_deployment_pb2.Resource, _Mapping]]] = ...) -> None: ...
