from buf.validate import validate_pb2 as _validate_pb2
from flowmesh.auth.v1 import permission_pb2 as _permission_pb2
from flowmesh.engine.v1 import process_definition_pb2 as _process_definition_pb2
from google.api import annotations_pb2 as _annotations_pb2
from google.api import httpbody_pb2 as _httpbody_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class DocumentFormat(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    DOCUMENT_FORMAT_UNSPECIFIED: _ClassVar[DocumentFormat]
    DOCUMENT_FORMAT_JSON: _ClassVar[DocumentFormat]
    DOCUMENT_FORMAT_YAML: _ClassVar[DocumentFormat]
DOCUMENT_FORMAT_UNSPECIFIED: DocumentFormat
DOCUMENT_FORMAT_JSON: DocumentFormat
DOCUMENT_FORMAT_YAML: DocumentFormat

class GetProcessDefinitionRequest(_message.Message):
    __slots__ = ("id",)
    ID_FIELD_NUMBER: _ClassVar[int]
    id: str
    def __init__(self, id: _Optional[str] = ...) -> None: ...

class GetProcessDefinitionResponse(_message.Message):
    __slots__ = ("process_definition",)
    PROCESS_DEFINITION_FIELD_NUMBER: _ClassVar[int]
    process_definition: _process_definition_pb2.ProcessDefinition
    def __init__(self, process_definition: _Optional[_Union[_process_definition_pb2.ProcessDefinition, _Mapping]] = ...) -> None: ...

class ListProcessDefinitionsRequest(_message.Message):
    __slots__ = ("page_size", "page_token", "key", "latest_only", "tenant_id", "version", "version_tag", "deployment_id", "resource_name", "name", "name_contains", "key_contains", "suspended", "order_by")
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    KEY_FIELD_NUMBER: _ClassVar[int]
    LATEST_ONLY_FIELD_NUMBER: _ClassVar[int]
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    VERSION_TAG_FIELD_NUMBER: _ClassVar[int]
    DEPLOYMENT_ID_FIELD_NUMBER: _ClassVar[int]
    RESOURCE_NAME_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    NAME_CONTAINS_FIELD_NUMBER: _ClassVar[int]
    KEY_CONTAINS_FIELD_NUMBER: _ClassVar[int]
    SUSPENDED_FIELD_NUMBER: _ClassVar[int]
    ORDER_BY_FIELD_NUMBER: _ClassVar[int]
    page_size: int
    page_token: str
    key: str
    latest_only: bool
    tenant_id: str
    version: int
    version_tag: str
    deployment_id: str
    resource_name: str
    name: str
    name_contains: str
    key_contains: str
    suspended: bool
    order_by: str
    def __init__(self, page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., key: _Optional[str] = ..., latest_only: _Optional[bool] = ..., tenant_id: _Optional[str] = ..., version: _Optional[int] = ..., version_tag: _Optional[str] = ..., deployment_id: _Optional[str] = ..., resource_name: _Optional[str] = ..., name: _Optional[str] = ..., name_contains: _Optional[str] = ..., key_contains: _Optional[str] = ..., suspended: _Optional[bool] = ..., order_by: _Optional[str] = ...) -> None: ...

class ListProcessDefinitionsResponse(_message.Message):
    __slots__ = ("process_definitions", "next_page_token")
    PROCESS_DEFINITIONS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    process_definitions: _containers.RepeatedCompositeFieldContainer[_process_definition_pb2.ProcessDefinition]
    next_page_token: str
    def __init__(self, process_definitions: _Optional[_Iterable[_Union[_process_definition_pb2.ProcessDefinition, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class GetProcessDefinitionXmlRequest(_message.Message):
    __slots__ = ("id",)
    ID_FIELD_NUMBER: _ClassVar[int]
    id: str
    def __init__(self, id: _Optional[str] = ...) -> None: ...

class GetProcessDefinitionDocumentRequest(_message.Message):
    __slots__ = ("id", "format")
    ID_FIELD_NUMBER: _ClassVar[int]
    FORMAT_FIELD_NUMBER: _ClassVar[int]
    id: str
    format: DocumentFormat
    def __init__(self, id: _Optional[str] = ..., format: _Optional[_Union[DocumentFormat, str]] = ...) -> None: ...

class GetProcessDefinitionDiagramRequest(_message.Message):
    __slots__ = ("id", "highlight")
    ID_FIELD_NUMBER: _ClassVar[int]
    HIGHLIGHT_FIELD_NUMBER: _ClassVar[int]
    id: str
    highlight: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, id: _Optional[str] = ..., highlight: _Optional[_Iterable[str]] = ...) -> None: ...

class GetProcessDefinitionStartFormRequest(_message.Message):
    __slots__ = ("id",)
    ID_FIELD_NUMBER: _ClassVar[int]
    id: str
    def __init__(self, id: _Optional[str] = ...) -> None: ...

class GetProcessDefinitionStartFormResponse(_message.Message):
    __slots__ = ("form_key", "fields")
    FORM_KEY_FIELD_NUMBER: _ClassVar[int]
    FIELDS_FIELD_NUMBER: _ClassVar[int]
    form_key: str
    fields: _containers.RepeatedCompositeFieldContainer[FormField]
    def __init__(self, form_key: _Optional[str] = ..., fields: _Optional[_Iterable[_Union[FormField, _Mapping]]] = ...) -> None: ...

class FormField(_message.Message):
    __slots__ = ("id", "name", "type", "required", "default_value")
    ID_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    TYPE_FIELD_NUMBER: _ClassVar[int]
    REQUIRED_FIELD_NUMBER: _ClassVar[int]
    DEFAULT_VALUE_FIELD_NUMBER: _ClassVar[int]
    id: str
    name: str
    type: str
    required: bool
    default_value: str
    def __init__(self, id: _Optional[str] = ..., name: _Optional[str] = ..., type: _Optional[str] = ..., required: _Optional[bool] = ..., default_value: _Optional[str] = ...) -> None: ...

class SuspendProcessDefinitionRequest(_message.Message):
    __slots__ = ("request_id", "id", "include_instances")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    ID_FIELD_NUMBER: _ClassVar[int]
    INCLUDE_INSTANCES_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    id: str
    include_instances: bool
    def __init__(self, request_id: _Optional[str] = ..., id: _Optional[str] = ..., include_instances: _Optional[bool] = ...) -> None: ...

class SuspendProcessDefinitionResponse(_message.Message):
    __slots__ = ("process_definition", "instance_count")
    PROCESS_DEFINITION_FIELD_NUMBER: _ClassVar[int]
    INSTANCE_COUNT_FIELD_NUMBER: _ClassVar[int]
    process_definition: _process_definition_pb2.ProcessDefinition
    instance_count: int
    def __init__(self, process_definition: _Optional[_Union[_process_definition_pb2.ProcessDefinition, _Mapping]] = ..., instance_count: _Optional[int] = ...) -> None: ...

class ResumeProcessDefinitionRequest(_message.Message):
    __slots__ = ("request_id", "id", "include_instances")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    ID_FIELD_NUMBER: _ClassVar[int]
    INCLUDE_INSTANCES_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    id: str
    include_instances: bool
    def __init__(self, request_id: _Optional[str] = ..., id: _Optional[str] = ..., include_instances: _Optional[bool] = ...) -> None: ...

class ResumeProcessDefinitionResponse(_message.Message):
    __slots__ = ("process_definition", "instance_count")
    PROCESS_DEFINITION_FIELD_NUMBER: _ClassVar[int]
    INSTANCE_COUNT_FIELD_NUMBER: _ClassVar[int]
    process_definition: _process_definition_pb2.ProcessDefinition
    instance_count: int
    def __init__(self, process_definition: _Optional[_Union[_process_definition_pb2.ProcessDefinition, _Mapping]] = ..., instance_count: _Optional[int] = ...) -> None: ...
