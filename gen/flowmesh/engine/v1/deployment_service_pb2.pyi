from buf.validate import validate_pb2 as _validate_pb2
from flowmesh.auth.v1 import permission_pb2 as _permission_pb2
from flowmesh.engine.v1 import deployment_pb2 as _deployment_pb2
from google.api import annotations_pb2 as _annotations_pb2
from google.api import httpbody_pb2 as _httpbody_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class CreateDeploymentRequest(_message.Message):
    __slots__ = ("request_id", "name", "tenant_id", "resources", "force")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    RESOURCES_FIELD_NUMBER: _ClassVar[int]
    FORCE_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    name: str
    tenant_id: str
    resources: _containers.RepeatedCompositeFieldContainer[_deployment_pb2.Resource]
    force: bool
    def __init__(self, request_id: _Optional[str] = ..., name: _Optional[str] = ..., tenant_id: _Optional[str] = ..., resources: _Optional[_Iterable[_Union[_deployment_pb2.Resource, _Mapping]]] = ..., force: _Optional[bool] = ...) -> None: ...

class CreateDeploymentResponse(_message.Message):
    __slots__ = ("deployment", "warnings", "duplicate")
    DEPLOYMENT_FIELD_NUMBER: _ClassVar[int]
    WARNINGS_FIELD_NUMBER: _ClassVar[int]
    DUPLICATE_FIELD_NUMBER: _ClassVar[int]
    deployment: _deployment_pb2.Deployment
    warnings: _containers.RepeatedCompositeFieldContainer[_deployment_pb2.Problem]
    duplicate: bool
    def __init__(self, deployment: _Optional[_Union[_deployment_pb2.Deployment, _Mapping]] = ..., warnings: _Optional[_Iterable[_Union[_deployment_pb2.Problem, _Mapping]]] = ..., duplicate: _Optional[bool] = ...) -> None: ...

class UploadDeploymentRequest(_message.Message):
    __slots__ = ("request_id", "resource_name", "name", "tenant_id", "file")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    RESOURCE_NAME_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    FILE_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    resource_name: str
    name: str
    tenant_id: str
    file: _httpbody_pb2.HttpBody
    def __init__(self, request_id: _Optional[str] = ..., resource_name: _Optional[str] = ..., name: _Optional[str] = ..., tenant_id: _Optional[str] = ..., file: _Optional[_Union[_httpbody_pb2.HttpBody, _Mapping]] = ...) -> None: ...

class UploadDeploymentResponse(_message.Message):
    __slots__ = ("deployment", "warnings", "duplicate")
    DEPLOYMENT_FIELD_NUMBER: _ClassVar[int]
    WARNINGS_FIELD_NUMBER: _ClassVar[int]
    DUPLICATE_FIELD_NUMBER: _ClassVar[int]
    deployment: _deployment_pb2.Deployment
    warnings: _containers.RepeatedCompositeFieldContainer[_deployment_pb2.Problem]
    duplicate: bool
    def __init__(self, deployment: _Optional[_Union[_deployment_pb2.Deployment, _Mapping]] = ..., warnings: _Optional[_Iterable[_Union[_deployment_pb2.Problem, _Mapping]]] = ..., duplicate: _Optional[bool] = ...) -> None: ...

class ValidateDeploymentRequest(_message.Message):
    __slots__ = ("resources",)
    RESOURCES_FIELD_NUMBER: _ClassVar[int]
    resources: _containers.RepeatedCompositeFieldContainer[_deployment_pb2.Resource]
    def __init__(self, resources: _Optional[_Iterable[_Union[_deployment_pb2.Resource, _Mapping]]] = ...) -> None: ...

class ValidateDeploymentResponse(_message.Message):
    __slots__ = ("deployable", "problems")
    DEPLOYABLE_FIELD_NUMBER: _ClassVar[int]
    PROBLEMS_FIELD_NUMBER: _ClassVar[int]
    deployable: bool
    problems: _containers.RepeatedCompositeFieldContainer[_deployment_pb2.Problem]
    def __init__(self, deployable: _Optional[bool] = ..., problems: _Optional[_Iterable[_Union[_deployment_pb2.Problem, _Mapping]]] = ...) -> None: ...

class DeleteDeploymentRequest(_message.Message):
    __slots__ = ("request_id", "id", "cascade", "reason")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    ID_FIELD_NUMBER: _ClassVar[int]
    CASCADE_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    id: str
    cascade: bool
    reason: str
    def __init__(self, request_id: _Optional[str] = ..., id: _Optional[str] = ..., cascade: _Optional[bool] = ..., reason: _Optional[str] = ...) -> None: ...

class DeleteDeploymentResponse(_message.Message):
    __slots__ = ("terminated_instance_count",)
    TERMINATED_INSTANCE_COUNT_FIELD_NUMBER: _ClassVar[int]
    terminated_instance_count: int
    def __init__(self, terminated_instance_count: _Optional[int] = ...) -> None: ...

class GetDeploymentRequest(_message.Message):
    __slots__ = ("id",)
    ID_FIELD_NUMBER: _ClassVar[int]
    id: str
    def __init__(self, id: _Optional[str] = ...) -> None: ...

class GetDeploymentResponse(_message.Message):
    __slots__ = ("deployment",)
    DEPLOYMENT_FIELD_NUMBER: _ClassVar[int]
    deployment: _deployment_pb2.Deployment
    def __init__(self, deployment: _Optional[_Union[_deployment_pb2.Deployment, _Mapping]] = ...) -> None: ...

class ListDeploymentsRequest(_message.Message):
    __slots__ = ("page_size", "page_token", "tenant_id", "name")
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    page_size: int
    page_token: str
    tenant_id: str
    name: str
    def __init__(self, page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., tenant_id: _Optional[str] = ..., name: _Optional[str] = ...) -> None: ...

class ListDeploymentsResponse(_message.Message):
    __slots__ = ("deployments", "next_page_token")
    DEPLOYMENTS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    deployments: _containers.RepeatedCompositeFieldContainer[_deployment_pb2.Deployment]
    next_page_token: str
    def __init__(self, deployments: _Optional[_Iterable[_Union[_deployment_pb2.Deployment, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class GetDeploymentResourceRequest(_message.Message):
    __slots__ = ("id", "resource_name")
    ID_FIELD_NUMBER: _ClassVar[int]
    RESOURCE_NAME_FIELD_NUMBER: _ClassVar[int]
    id: str
    resource_name: str
    def __init__(self, id: _Optional[str] = ..., resource_name: _Optional[str] = ...) -> None: ...
