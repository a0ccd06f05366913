from buf.validate import validate_pb2 as _validate_pb2
from flowmesh.auth.v1 import permission_pb2 as _permission_pb2
from flowmesh.form.v1 import form_pb2 as _form_pb2
from flowmesh.form.v1 import submission_pb2 as _submission_pb2
from google.api import annotations_pb2 as _annotations_pb2
from google.protobuf import struct_pb2 as _struct_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class GetStartFormRequest(_message.Message):
    __slots__ = ("process_definition_id",)
    PROCESS_DEFINITION_ID_FIELD_NUMBER: _ClassVar[int]
    process_definition_id: str
    def __init__(self, process_definition_id: _Optional[str] = ...) -> None: ...

class GetStartFormResponse(_message.Message):
    __slots__ = ("form",)
    FORM_FIELD_NUMBER: _ClassVar[int]
    form: _form_pb2.RenderedForm
    def __init__(self, form: _Optional[_Union[_form_pb2.RenderedForm, _Mapping]] = ...) -> None: ...

class SubmitStartFormRequest(_message.Message):
    __slots__ = ("request_id", "process_definition_id", "data", "business_key", "files", "language")
    class DataEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: _struct_pb2.Value
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[_struct_pb2.Value, _Mapping]] = ...) -> None: ...
    class FilesEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: _form_pb2.FormFileIds
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[_form_pb2.FormFileIds, _Mapping]] = ...) -> None: ...
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    PROCESS_DEFINITION_ID_FIELD_NUMBER: _ClassVar[int]
    DATA_FIELD_NUMBER: _ClassVar[int]
    BUSINESS_KEY_FIELD_NUMBER: _ClassVar[int]
    FILES_FIELD_NUMBER: _ClassVar[int]
    LANGUAGE_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    process_definition_id: str
    data: _containers.MessageMap[str, _struct_pb2.Value]
    business_key: str
    files: _containers.MessageMap[str, _form_pb2.FormFileIds]
    language: str
    def __init__(self, request_id: _Optional[str] = ..., process_definition_id: _Optional[str] = ..., data: _Optional[_Mapping[str, _struct_pb2.Value]] = ..., business_key: _Optional[str] = ..., files: _Optional[_Mapping[str, _form_pb2.FormFileIds]] = ..., language: _Optional[str] = ...) -> None: ...

class SubmitStartFormResponse(_message.Message):
    __slots__ = ("submission", "commit_token")
    SUBMISSION_FIELD_NUMBER: _ClassVar[int]
    COMMIT_TOKEN_FIELD_NUMBER: _ClassVar[int]
    submission: _submission_pb2.Submission
    commit_token: str
    def __init__(self, submission: _Optional[_Union[_submission_pb2.Submission, _Mapping]] = ..., commit_token: _Optional[str] = ...) -> None: ...
