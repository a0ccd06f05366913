import datetime

from buf.validate import validate_pb2 as _validate_pb2
from flowmesh.auth.v1 import permission_pb2 as _permission_pb2
from google.api import annotations_pb2 as _annotations_pb2
from google.api import httpbody_pb2 as _httpbody_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class FormFile(_message.Message):
    __slots__ = ("id", "name", "content_type", "size_bytes", "sha256", "tenant_id", "field_key", "process_definition_key", "process_instance_id", "user_task_id", "submission_id", "uploaded_by", "create_time", "expire_time")
    ID_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    CONTENT_TYPE_FIELD_NUMBER: _ClassVar[int]
    SIZE_BYTES_FIELD_NUMBER: _ClassVar[int]
    SHA256_FIELD_NUMBER: _ClassVar[int]
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    FIELD_KEY_FIELD_NUMBER: _ClassVar[int]
    PROCESS_DEFINITION_KEY_FIELD_NUMBER: _ClassVar[int]
    PROCESS_INSTANCE_ID_FIELD_NUMBER: _ClassVar[int]
    USER_TASK_ID_FIELD_NUMBER: _ClassVar[int]
    SUBMISSION_ID_FIELD_NUMBER: _ClassVar[int]
    UPLOADED_BY_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    EXPIRE_TIME_FIELD_NUMBER: _ClassVar[int]
    id: str
    name: str
    content_type: str
    size_bytes: int
    sha256: str
    tenant_id: str
    field_key: str
    process_definition_key: str
    process_instance_id: str
    user_task_id: str
    submission_id: str
    uploaded_by: str
    create_time: _timestamp_pb2.Timestamp
    expire_time: _timestamp_pb2.Timestamp
    def __init__(self, id: _Optional[str] = ..., name: _Optional[str] = ..., content_type: _Optional[str] = ..., size_bytes: _Optional[int] = ..., sha256: _Optional[str] = ..., tenant_id: _Optional[str] = ..., field_key: _Optional[str] = ..., process_definition_key: _Optional[str] = ..., process_instance_id: _Optional[str] = ..., user_task_id: _Optional[str] = ..., submission_id: _Optional[str] = ..., uploaded_by: _Optional[str] = ..., create_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., expire_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class UploadTaskFormFileRequest(_message.Message):
    __slots__ = ("request_id", "user_task_id", "field_key", "file_name", "sha256", "content")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    USER_TASK_ID_FIELD_NUMBER: _ClassVar[int]
    FIELD_KEY_FIELD_NUMBER: _ClassVar[int]
    FILE_NAME_FIELD_NUMBER: _ClassVar[int]
    SHA256_FIELD_NUMBER: _ClassVar[int]
    CONTENT_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    user_task_id: str
    field_key: str
    file_name: str
    sha256: str
    content: _httpbody_pb2.HttpBody
    def __init__(self, request_id: _Optional[str] = ..., user_task_id: _Optional[str] = ..., field_key: _Optional[str] = ..., file_name: _Optional[str] = ..., sha256: _Optional[str] = ..., content: _Optional[_Union[_httpbody_pb2.HttpBody, _Mapping]] = ...) -> None: ...

class UploadTaskFormFileResponse(_message.Message):
    __slots__ = ("file",)
    FILE_FIELD_NUMBER: _ClassVar[int]
    file: FormFile
    def __init__(self, file: _Optional[_Union[FormFile, _Mapping]] = ...) -> None: ...

class UploadStartFormFileRequest(_message.Message):
    __slots__ = ("request_id", "process_definition_id", "field_key", "file_name", "sha256", "content")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    PROCESS_DEFINITION_ID_FIELD_NUMBER: _ClassVar[int]
    FIELD_KEY_FIELD_NUMBER: _ClassVar[int]
    FILE_NAME_FIELD_NUMBER: _ClassVar[int]
    SHA256_FIELD_NUMBER: _ClassVar[int]
    CONTENT_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    process_definition_id: str
    field_key: str
    file_name: str
    sha256: str
    content: _httpbody_pb2.HttpBody
    def __init__(self, request_id: _Optional[str] = ..., process_definition_id: _Optional[str] = ..., field_key: _Optional[str] = ..., file_name: _Optional[str] = ..., sha256: _Optional[str] = ..., content: _Optional[_Union[_httpbody_pb2.HttpBody, _Mapping]] = ...) -> None: ...

class UploadStartFormFileResponse(_message.Message):
    __slots__ = ("file",)
    FILE_FIELD_NUMBER: _ClassVar[int]
    file: FormFile
    def __init__(self, file: _Optional[_Union[FormFile, _Mapping]] = ...) -> None: ...

class GetFormFileRequest(_message.Message):
    __slots__ = ("id",)
    ID_FIELD_NUMBER: _ClassVar[int]
    id: str
    def __init__(self, id: _Optional[str] = ...) -> None: ...

class GetFormFileResponse(_message.Message):
    __slots__ = ("file",)
    FILE_FIELD_NUMBER: _ClassVar[int]
    file: FormFile
    def __init__(self, file: _Optional[_Union[FormFile, _Mapping]] = ...) -> None: ...

class DownloadFormFileRequest(_message.Message):
    __slots__ = ("id",)
    ID_FIELD_NUMBER: _ClassVar[int]
    id: str
    def __init__(self, id: _Optional[str] = ...) -> None: ...

class DownloadTaskFormFileRequest(_message.Message):
    __slots__ = ("user_task_id", "id")
    USER_TASK_ID_FIELD_NUMBER: _ClassVar[int]
    ID_FIELD_NUMBER: _ClassVar[int]
    user_task_id: str
    id: str
    def __init__(self, user_task_id: _Optional[str] = ..., id: _Optional[str] = ...) -> None: ...

class DeleteFormFileRequest(_message.Message):
    __slots__ = ("request_id", "id")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    ID_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    id: str
    def __init__(self, request_id: _Optional[str] = ..., id: _Optional[str] = ...) -> None: ...

class DeleteFormFileResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...
