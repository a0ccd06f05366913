from buf.validate import validate_pb2 as _validate_pb2
from flowmesh.auth.v1 import permission_pb2 as _permission_pb2
from flowmesh.engine.v1 import user_task_pb2 as _user_task_pb2
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

class GetTaskFormRequest(_message.Message):
    __slots__ = ("user_task_id",)
    USER_TASK_ID_FIELD_NUMBER: _ClassVar[int]
    user_task_id: str
    def __init__(self, user_task_id: _Optional[str] = ...) -> None: ...

class GetTaskFormResponse(_message.Message):
    __slots__ = ("form", "user_task", "data", "draft")
    class DataEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: _struct_pb2.Value
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[_struct_pb2.Value, _Mapping]] = ...) -> None: ...
    FORM_FIELD_NUMBER: _ClassVar[int]
    USER_TASK_FIELD_NUMBER: _ClassVar[int]
    DATA_FIELD_NUMBER: _ClassVar[int]
    DRAFT_FIELD_NUMBER: _ClassVar[int]
    form: _form_pb2.RenderedForm
    user_task: _user_task_pb2.UserTask
    data: _containers.MessageMap[str, _struct_pb2.Value]
    draft: _form_pb2.FormDraft
    def __init__(self, form: _Optional[_Union[_form_pb2.RenderedForm, _Mapping]] = ..., user_task: _Optional[_Union[_user_task_pb2.UserTask, _Mapping]] = ..., data: _Optional[_Mapping[str, _struct_pb2.Value]] = ..., draft: _Optional[_Union[_form_pb2.FormDraft, _Mapping]] = ...) -> None: ...

class SaveTaskFormDraftRequest(_message.Message):
    __slots__ = ("user_task_id", "data", "etag")
    class DataEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: _struct_pb2.Value
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[_struct_pb2.Value, _Mapping]] = ...) -> None: ...
    USER_TASK_ID_FIELD_NUMBER: _ClassVar[int]
    DATA_FIELD_NUMBER: _ClassVar[int]
    ETAG_FIELD_NUMBER: _ClassVar[int]
    user_task_id: str
    data: _containers.MessageMap[str, _struct_pb2.Value]
    etag: str
    def __init__(self, user_task_id: _Optional[str] = ..., data: _Optional[_Mapping[str, _struct_pb2.Value]] = ..., etag: _Optional[str] = ...) -> None: ...

class SaveTaskFormDraftResponse(_message.Message):
    __slots__ = ("draft",)
    DRAFT_FIELD_NUMBER: _ClassVar[int]
    draft: _form_pb2.FormDraft
    def __init__(self, draft: _Optional[_Union[_form_pb2.FormDraft, _Mapping]] = ...) -> None: ...

class DeleteTaskFormDraftRequest(_message.Message):
    __slots__ = ("user_task_id",)
    USER_TASK_ID_FIELD_NUMBER: _ClassVar[int]
    user_task_id: str
    def __init__(self, user_task_id: _Optional[str] = ...) -> None: ...

class DeleteTaskFormDraftResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class SubmitTaskFormRequest(_message.Message):
    __slots__ = ("request_id", "user_task_id", "data", "outcome", "files", "language")
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
    USER_TASK_ID_FIELD_NUMBER: _ClassVar[int]
    DATA_FIELD_NUMBER: _ClassVar[int]
    OUTCOME_FIELD_NUMBER: _ClassVar[int]
    FILES_FIELD_NUMBER: _ClassVar[int]
    LANGUAGE_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    user_task_id: str
    data: _containers.MessageMap[str, _struct_pb2.Value]
    outcome: str
    files: _containers.MessageMap[str, _form_pb2.FormFileIds]
    language: str
    def __init__(self, request_id: _Optional[str] = ..., user_task_id: _Optional[str] = ..., data: _Optional[_Mapping[str, _struct_pb2.Value]] = ..., outcome: _Optional[str] = ..., files: _Optional[_Mapping[str, _form_pb2.FormFileIds]] = ..., language: _Optional[str] = ...) -> None: ...

class SubmitTaskFormResponse(_message.Message):
    __slots__ = ("submission", "process_instance_ended", "commit_token")
    SUBMISSION_FIELD_NUMBER: _ClassVar[int]
    PROCESS_INSTANCE_ENDED_FIELD_NUMBER: _ClassVar[int]
    COMMIT_TOKEN_FIELD_NUMBER: _ClassVar[int]
    submission: _submission_pb2.Submission
    process_instance_ended: bool
    commit_token: str
    def __init__(self, submission: _Optional[_Union[_submission_pb2.Submission, _Mapping]] = ..., process_instance_ended: _Optional[bool] = ..., commit_token: _Optional[str] = ...) -> None: ...
