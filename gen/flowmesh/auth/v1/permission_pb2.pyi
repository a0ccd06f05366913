from google.protobuf import descriptor_pb2 as _descriptor_pb2
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Optional as _Optional

DESCRIPTOR: _descriptor.FileDescriptor
METHOD_PERMISSION_FIELD_NUMBER: _ClassVar[int]
method_permission: _descriptor.FieldDescriptor

class MethodPermission(_message.Message):
    __slots__ = ("permission", "public")
    PERMISSION_FIELD_NUMBER: _ClassVar[int]
    PUBLIC_FIELD_NUMBER: _ClassVar[int]
    permission: str
    public: bool
    def __init__(self, permission: _Optional[str] = ..., public: _Optional[bool] = ...) -> None: ...
