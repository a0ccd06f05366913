import datetime

from buf.validate import validate_pb2 as _validate_pb2
from flowmesh.auth.v1 import permission_pb2 as _permission_pb2
from google.api import annotations_pb2 as _annotations_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Comment(_message.Message):
    __slots__ = ("id", "process_instance_id", "user_task_id", "user_id", "text", "create_time")
    ID_FIELD_NUMBER: _ClassVar[int]
    PROCESS_INSTANCE_ID_FIELD_NUMBER: _ClassVar[int]
    USER_TASK_ID_FIELD_NUMBER: _ClassVar[int]
    USER_ID_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    id: str
    process_instance_id: str
    user_task_id: str
    user_id: str
    text: str
    create_time: _timestamp_pb2.Timestamp
    def __init__(self, id: _Optional[str] = ..., process_instance_id: _Optional[str] = ..., user_task_id: _Optional[str] = ..., user_id: _Optional[str] = ..., text: _Optional[str] = ..., create_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class CreateUserTaskCommentRequest(_message.Message):
    __slots__ = ("request_id", "user_task_id", "text", "user_id")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    USER_TASK_ID_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    USER_ID_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    user_task_id: str
    text: str
    user_id: str
    def __init__(self, request_id: _Optional[str] = ..., user_task_id: _Optional[str] = ..., text: _Optional[str] = ..., user_id: _Optional[str] = ...) -> None: ...

class CreateUserTaskCommentResponse(_message.Message):
    __slots__ = ("comment", "commit_token")
    COMMENT_FIELD_NUMBER: _ClassVar[int]
    COMMIT_TOKEN_FIELD_NUMBER: _ClassVar[int]
    comment: Comment
    commit_token: str
    def __init__(self, comment: _Optional[_Union[Comment, _Mapping]] = ..., commit_token: _Optional[str] = ...) -> None: ...

class ListUserTaskCommentsRequest(_message.Message):
    __slots__ = ("user_task_id", "page_size", "page_token")
    USER_TASK_ID_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    user_task_id: str
    page_size: int
    page_token: str
    def __init__(self, user_task_id: _Optional[str] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListUserTaskCommentsResponse(_message.Message):
    __slots__ = ("comments", "next_page_token")
    COMMENTS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    comments: _containers.RepeatedCompositeFieldContainer[Comment]
    next_page_token: str
    def __init__(self, comments: _Optional[_Iterable[_Union[Comment, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class CreateProcessInstanceCommentRequest(_message.Message):
    __slots__ = ("request_id", "process_instance_id", "text", "user_id")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    PROCESS_INSTANCE_ID_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    USER_ID_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    process_instance_id: str
    text: str
    user_id: str
    def __init__(self, request_id: _Optional[str] = ..., process_instance_id: _Optional[str] = ..., text: _Optional[str] = ..., user_id: _Optional[str] = ...) -> None: ...

class CreateProcessInstanceCommentResponse(_message.Message):
    __slots__ = ("comment", "commit_token")
    COMMENT_FIELD_NUMBER: _ClassVar[int]
    COMMIT_TOKEN_FIELD_NUMBER: _ClassVar[int]
    comment: Comment
    commit_token: str
    def __init__(self, comment: _Optional[_Union[Comment, _Mapping]] = ..., commit_token: _Optional[str] = ...) -> None: ...

class ListProcessInstanceCommentsRequest(_message.Message):
    __slots__ = ("process_instance_id", "page_size", "page_token")
    PROCESS_INSTANCE_ID_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    process_instance_id: str
    page_size: int
    page_token: str
    def __init__(self, process_instance_id: _Optional[str] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListProcessInstanceCommentsResponse(_message.Message):
    __slots__ = ("comments", "next_page_token")
    COMMENTS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    comments: _containers.RepeatedCompositeFieldContainer[Comment]
    next_page_token: str
    def __init__(self, comments: _Optional[_Iterable[_Union[Comment, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class DeleteCommentRequest(_message.Message):
    __slots__ = ("request_id", "id")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    ID_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    id: str
    def __init__(self, request_id: _Optional[str] = ..., id: _Optional[str] = ...) -> None: ...

class DeleteCommentResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...
