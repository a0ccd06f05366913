from buf.validate import validate_pb2 as _validate_pb2
from flowmesh.auth.v1 import permission_pb2 as _permission_pb2
from flowmesh.form.v1 import form_definition_pb2 as _form_definition_pb2
from google.api import annotations_pb2 as _annotations_pb2
from google.api import httpbody_pb2 as _httpbody_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class CreateFormDefinitionRequest(_message.Message):
    __slots__ = ("request_id", "tenant_id", "resource_name", "schema", "force")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    RESOURCE_NAME_FIELD_NUMBER: _ClassVar[int]
    SCHEMA_FIELD_NUMBER: _ClassVar[int]
    FORCE_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    tenant_id: str
    resource_name: str
    schema: _httpbody_pb2.HttpBody
    force: bool
    def __init__(self, request_id: _Optional[str] = ..., tenant_id: _Optional[str] = ..., resource_name: _Optional[str] = ..., schema: _Optional[_Union[_httpbody_pb2.HttpBody, _Mapping]] = ..., force: _Optional[bool] = ...) -> None: ...

class CreateFormDefinitionResponse(_message.Message):
    __slots__ = ("form_definition", "duplicate")
    FORM_DEFINITION_FIELD_NUMBER: _ClassVar[int]
    DUPLICATE_FIELD_NUMBER: _ClassVar[int]
    form_definition: _form_definition_pb2.FormDefinition
    duplicate: bool
    def __init__(self, form_definition: _Optional[_Union[_form_definition_pb2.FormDefinition, _Mapping]] = ..., duplicate: _Optional[bool] = ...) -> None: ...

class ValidateFormDefinitionRequest(_message.Message):
    __slots__ = ("schema",)
    SCHEMA_FIELD_NUMBER: _ClassVar[int]
    schema: _httpbody_pb2.HttpBody
    def __init__(self, schema: _Optional[_Union[_httpbody_pb2.HttpBody, _Mapping]] = ...) -> None: ...

class ValidateFormDefinitionResponse(_message.Message):
    __slots__ = ("deployable", "problems")
    DEPLOYABLE_FIELD_NUMBER: _ClassVar[int]
    PROBLEMS_FIELD_NUMBER: _ClassVar[int]
    deployable: bool
    problems: _containers.RepeatedCompositeFieldContainer[FormProblem]
    def __init__(self, deployable: _Optional[bool] = ..., problems: _Optional[_Iterable[_Union[FormProblem, _Mapping]]] = ...) -> None: ...

class FormProblem(_message.Message):
    __slots__ = ("path", "message", "resource_name")
    PATH_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    RESOURCE_NAME_FIELD_NUMBER: _ClassVar[int]
    path: str
    message: str
    resource_name: str
    def __init__(self, path: _Optional[str] = ..., message: _Optional[str] = ..., resource_name: _Optional[str] = ...) -> None: ...

class GetFormDefinitionRequest(_message.Message):
    __slots__ = ("id",)
    ID_FIELD_NUMBER: _ClassVar[int]
    id: str
    def __init__(self, id: _Optional[str] = ...) -> None: ...

class GetFormDefinitionResponse(_message.Message):
    __slots__ = ("form_definition",)
    FORM_DEFINITION_FIELD_NUMBER: _ClassVar[int]
    form_definition: _form_definition_pb2.FormDefinition
    def __init__(self, form_definition: _Optional[_Union[_form_definition_pb2.FormDefinition, _Mapping]] = ...) -> None: ...

class GetFormDefinitionSchemaRequest(_message.Message):
    __slots__ = ("id",)
    ID_FIELD_NUMBER: _ClassVar[int]
    id: str
    def __init__(self, id: _Optional[str] = ...) -> None: ...

class ListFormDefinitionsRequest(_message.Message):
    __slots__ = ("page_size", "page_token", "tenant_id", "key", "deployment_id", "latest_only")
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    KEY_FIELD_NUMBER: _ClassVar[int]
    DEPLOYMENT_ID_FIELD_NUMBER: _ClassVar[int]
    LATEST_ONLY_FIELD_NUMBER: _ClassVar[int]
    page_size: int
    page_token: str
    tenant_id: str
    key: str
    deployment_id: str
    latest_only: bool
    def __init__(self, page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., tenant_id: _Optional[str] = ..., key: _Optional[str] = ..., deployment_id: _Optional[str] = ..., latest_only: _Optional[bool] = ...) -> None: ...

class ListFormDefinitionsResponse(_message.Message):
    __slots__ = ("form_definitions", "next_page_token")
    FORM_DEFINITIONS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    form_definitions: _containers.RepeatedCompositeFieldContainer[_form_definition_pb2.FormDefinition]
    next_page_token: str
    def __init__(self, form_definitions: _Optional[_Iterable[_Union[_form_definition_pb2.FormDefinition, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class DeleteFormDefinitionRequest(_message.Message):
    __slots__ = ("request_id", "id")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    ID_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    id: str
    def __init__(self, request_id: _Optional[str] = ..., id: _Optional[str] = ...) -> None: ...

class DeleteFormDefinitionResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class CheckFormsRequest(_message.Message):
    __slots__ = ("forms",)
    FORMS_FIELD_NUMBER: _ClassVar[int]
    forms: _containers.RepeatedCompositeFieldContainer[FormFileContent]
    def __init__(self, forms: _Optional[_Iterable[_Union[FormFileContent, _Mapping]]] = ...) -> None: ...

class FormFileContent(_message.Message):
    __slots__ = ("resource_name", "content")
    RESOURCE_NAME_FIELD_NUMBER: _ClassVar[int]
    CONTENT_FIELD_NUMBER: _ClassVar[int]
    resource_name: str
    content: bytes
    def __init__(self, resource_name: _Optional[str] = ..., content: _Optional[bytes] = ...) -> None: ...

class CheckFormsResponse(_message.Message):
    __slots__ = ("problems",)
    PROBLEMS_FIELD_NUMBER: _ClassVar[int]
    problems: _containers.RepeatedCompositeFieldContainer[FormProblem]
    def __init__(self, problems: _Optional[_Iterable[_Union[FormProblem, _Mapping]]] = ...) -> None: ...
