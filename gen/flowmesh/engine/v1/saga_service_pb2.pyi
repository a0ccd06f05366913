from buf.validate import validate_pb2 as _validate_pb2
from flowmesh.auth.v1 import permission_pb2 as _permission_pb2
from flowmesh.engine.v1 import saga_pb2 as _saga_pb2
from google.api import annotations_pb2 as _annotations_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class GetSagaRequest(_message.Message):
    __slots__ = ("id",)
    ID_FIELD_NUMBER: _ClassVar[int]
    id: str
    def __init__(self, id: _Optional[str] = ...) -> None: ...

class GetSagaResponse(_message.Message):
    __slots__ = ("saga",)
    SAGA_FIELD_NUMBER: _ClassVar[int]
    saga: _saga_pb2.Saga
    def __init__(self, saga: _Optional[_Union[_saga_pb2.Saga, _Mapping]] = ...) -> None: ...

class ListSagasRequest(_message.Message):
    __slots__ = ("page_size", "page_token", "state", "process_definition_key", "tenant_id")
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    PROCESS_DEFINITION_KEY_FIELD_NUMBER: _ClassVar[int]
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    page_size: int
    page_token: str
    state: _saga_pb2.Saga.State
    process_definition_key: str
    tenant_id: str
    def __init__(self, page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., state: _Optional[_Union[_saga_pb2.Saga.State, str]] = ..., process_definition_key: _Optional[str] = ..., tenant_id: _Optional[str] = ...) -> None: ...

class ListSagasResponse(_message.Message):
    __slots__ = ("sagas", "next_page_token")
    SAGAS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    sagas: _containers.RepeatedCompositeFieldContainer[_saga_pb2.Saga]
    next_page_token: str
    def __init__(self, sagas: _Optional[_Iterable[_Union[_saga_pb2.Saga, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class ListSagaStepsRequest(_message.Message):
    __slots__ = ("saga_id", "page_size", "page_token")
    SAGA_ID_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    saga_id: str
    page_size: int
    page_token: str
    def __init__(self, saga_id: _Optional[str] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListSagaStepsResponse(_message.Message):
    __slots__ = ("steps", "next_page_token")
    STEPS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    steps: _containers.RepeatedCompositeFieldContainer[_saga_pb2.SagaStep]
    next_page_token: str
    def __init__(self, steps: _Optional[_Iterable[_Union[_saga_pb2.SagaStep, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class AcknowledgeCompletionRequest(_message.Message):
    __slots__ = ("request_id", "saga_id")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    SAGA_ID_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    saga_id: str
    def __init__(self, request_id: _Optional[str] = ..., saga_id: _Optional[str] = ...) -> None: ...

class AcknowledgeCompletionResponse(_message.Message):
    __slots__ = ("saga", "commit_token")
    SAGA_FIELD_NUMBER: _ClassVar[int]
    COMMIT_TOKEN_FIELD_NUMBER: _ClassVar[int]
    saga: _saga_pb2.Saga
    commit_token: str
    def __init__(self, saga: _Optional[_Union[_saga_pb2.Saga, _Mapping]] = ..., commit_token: _Optional[str] = ...) -> None: ...

class RejectCompletionRequest(_message.Message):
    __slots__ = ("request_id", "saga_id", "reason")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    SAGA_ID_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    saga_id: str
    reason: str
    def __init__(self, request_id: _Optional[str] = ..., saga_id: _Optional[str] = ..., reason: _Optional[str] = ...) -> None: ...

class RejectCompletionResponse(_message.Message):
    __slots__ = ("saga", "commit_token")
    SAGA_FIELD_NUMBER: _ClassVar[int]
    COMMIT_TOKEN_FIELD_NUMBER: _ClassVar[int]
    saga: _saga_pb2.Saga
    commit_token: str
    def __init__(self, saga: _Optional[_Union[_saga_pb2.Saga, _Mapping]] = ..., commit_token: _Optional[str] = ...) -> None: ...
