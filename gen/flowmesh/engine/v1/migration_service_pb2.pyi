from buf.validate import validate_pb2 as _validate_pb2
from flowmesh.auth.v1 import permission_pb2 as _permission_pb2
from flowmesh.engine.v1 import migration_pb2 as _migration_pb2
from flowmesh.engine.v1 import process_instance_pb2 as _process_instance_pb2
from google.api import annotations_pb2 as _annotations_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class MigrateProcessInstanceRequest(_message.Message):
    __slots__ = ("request_id", "id", "plan")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    ID_FIELD_NUMBER: _ClassVar[int]
    PLAN_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    id: str
    plan: _migration_pb2.MigrationPlan
    def __init__(self, request_id: _Optional[str] = ..., id: _Optional[str] = ..., plan: _Optional[_Union[_migration_pb2.MigrationPlan, _Mapping]] = ...) -> None: ...

class MigrateProcessInstanceResponse(_message.Message):
    __slots__ = ("process_instance", "migration", "commit_token")
    PROCESS_INSTANCE_FIELD_NUMBER: _ClassVar[int]
    MIGRATION_FIELD_NUMBER: _ClassVar[int]
    COMMIT_TOKEN_FIELD_NUMBER: _ClassVar[int]
    process_instance: _process_instance_pb2.ProcessInstance
    migration: _migration_pb2.Migration
    commit_token: str
    def __init__(self, process_instance: _Optional[_Union[_process_instance_pb2.ProcessInstance, _Mapping]] = ..., migration: _Optional[_Union[_migration_pb2.Migration, _Mapping]] = ..., commit_token: _Optional[str] = ...) -> None: ...

class PreviewMigrationRequest(_message.Message):
    __slots__ = ("process_instance_id", "source_process_definition_id", "plan", "page_size", "page_token")
    PROCESS_INSTANCE_ID_FIELD_NUMBER: _ClassVar[int]
    SOURCE_PROCESS_DEFINITION_ID_FIELD_NUMBER: _ClassVar[int]
    PLAN_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    process_instance_id: str
    source_process_definition_id: str
    plan: _migration_pb2.MigrationPlan
    page_size: int
    page_token: str
    def __init__(self, process_instance_id: _Optional[str] = ..., source_process_definition_id: _Optional[str] = ..., plan: _Optional[_Union[_migration_pb2.MigrationPlan, _Mapping]] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class PreviewMigrationResponse(_message.Message):
    __slots__ = ("problems", "previews", "next_page_token")
    PROBLEMS_FIELD_NUMBER: _ClassVar[int]
    PREVIEWS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    problems: _containers.RepeatedCompositeFieldContainer[_migration_pb2.MigrationProblem]
    previews: _containers.RepeatedCompositeFieldContainer[_migration_pb2.MigrationPreview]
    next_page_token: str
    def __init__(self, problems: _Optional[_Iterable[_Union[_migration_pb2.MigrationProblem, _Mapping]]] = ..., previews: _Optional[_Iterable[_Union[_migration_pb2.MigrationPreview, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class GetMigrationRequest(_message.Message):
    __slots__ = ("id",)
    ID_FIELD_NUMBER: _ClassVar[int]
    id: str
    def __init__(self, id: _Optional[str] = ...) -> None: ...

class GetMigrationResponse(_message.Message):
    __slots__ = ("migration",)
    MIGRATION_FIELD_NUMBER: _ClassVar[int]
    migration: _migration_pb2.Migration
    def __init__(self, migration: _Optional[_Union[_migration_pb2.Migration, _Mapping]] = ...) -> None: ...

class ListMigrationsRequest(_message.Message):
    __slots__ = ("page_size", "page_token", "process_instance_id")
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    PROCESS_INSTANCE_ID_FIELD_NUMBER: _ClassVar[int]
    page_size: int
    page_token: str
    process_instance_id: str
    def __init__(self, page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., process_instance_id: _Optional[str] = ...) -> None: ...

class ListMigrationsResponse(_message.Message):
    __slots__ = ("migrations", "next_page_token")
    MIGRATIONS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    migrations: _containers.RepeatedCompositeFieldContainer[_migration_pb2.Migration]
    next_page_token: str
    def __init__(self, migrations: _Optional[_Iterable[_Union[_migration_pb2.Migration, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class RevertMigrationRequest(_message.Message):
    __slots__ = ("request_id", "id")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    ID_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    id: str
    def __init__(self, request_id: _Optional[str] = ..., id: _Optional[str] = ...) -> None: ...

class RevertMigrationResponse(_message.Message):
    __slots__ = ("process_instance", "migration", "commit_token")
    PROCESS_INSTANCE_FIELD_NUMBER: _ClassVar[int]
    MIGRATION_FIELD_NUMBER: _ClassVar[int]
    COMMIT_TOKEN_FIELD_NUMBER: _ClassVar[int]
    process_instance: _process_instance_pb2.ProcessInstance
    migration: _migration_pb2.Migration
    commit_token: str
    def __init__(self, process_instance: _Optional[_Union[_process_instance_pb2.ProcessInstance, _Mapping]] = ..., migration: _Optional[_Union[_migration_pb2.Migration, _Mapping]] = ..., commit_token: _Optional[str] = ...) -> None: ...
