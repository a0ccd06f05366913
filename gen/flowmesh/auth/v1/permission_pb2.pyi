from google.protobuf import descriptor_pb2 as _descriptor_pb2
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor
METHOD_PERMISSION_FIELD_NUMBER: _ClassVar[int]
method_permission: _descriptor.FieldDescriptor

class MethodPermission(_message.Message):
    __slots__ = ("permission", "public", "signed_in", "mesh", "rows")
    class Rows(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        ROWS_UNSPECIFIED: _ClassVar[MethodPermission.Rows]
        ROWS_TENANT: _ClassVar[MethodPermission.Rows]
        ROWS_DEFINITION: _ClassVar[MethodPermission.Rows]
        ROWS_INVOLVEMENT: _ClassVar[MethodPermission.Rows]
    ROWS_UNSPECIFIED: MethodPermission.Rows
    ROWS_TENANT: MethodPermission.Rows
    ROWS_DEFINITION: MethodPermission.Rows
    ROWS_INVOLVEMENT: MethodPermission.Rows
    PERMISSION_FIELD_NUMBER: _ClassVar[int]
    PUBLIC_FIELD_NUMBER: _ClassVar[int]
    SIGNED_IN_FIELD_NUMBER: _ClassVar[int]
    MESH_FIELD_NUMBER: _ClassVar[int]
    ROWS_FIELD_NUMBER: _ClassVar[int]
    permission: str
    public: bool
    signed_in: bool
    mesh: bool
    rows: MethodPermission.Rows
    def __init__(self, permission: _Optional[str] = ..., public: _Optional[bool] = ..., signed_in: _Optional[bool] = ..., mesh: _Optional[bool] = ..., rows: _Optional[_Union[MethodPermission.Rows, str]] = ...) -> None: ...
