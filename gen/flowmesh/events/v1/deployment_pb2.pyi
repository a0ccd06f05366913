from buf.validate import validate_pb2 as _validate_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable
from typing import ClassVar as _ClassVar, Optional as _Optional

DESCRIPTOR: _descriptor.FileDescriptor

class FormsDeployed(_message.Message):
    __slots__ = ("deployment_id", "deployment_name", "tenant_id", "resource_names")
    DEPLOYMENT_ID_FIELD_NUMBER: _ClassVar[int]
    DEPLOYMENT_NAME_FIELD_NUMBER: _ClassVar[int]
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    RESOURCE_NAMES_FIELD_NUMBER: _ClassVar[int]
    deployment_id: str
    deployment_name: str
    tenant_id: str
    resource_names: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, deployment_id: _Optional[str] = ..., deployment_name: _Optional[str] = ..., tenant_id: _Optional[str] = ..., resource_names: _Optional[_Iterable[str]] = ...) -> None: ...

class FormsDeleted(_message.Message):
    __slots__ = ("deployment_id", "tenant_id")
    DEPLOYMENT_ID_FIELD_NUMBER: _ClassVar[int]
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    deployment_id: str
    tenant_id: str
    def __init__(self, deployment_id: _Optional[str] = ..., tenant_id: _Optional[str] = ...) -> None: ...
