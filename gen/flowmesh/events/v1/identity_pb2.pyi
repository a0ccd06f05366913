from buf.validate import validate_pb2 as _validate_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class UserRef(_message.Message):
    __slots__ = ("id", "tenant_ids", "all_tenants", "service_account")
    ID_FIELD_NUMBER: _ClassVar[int]
    TENANT_IDS_FIELD_NUMBER: _ClassVar[int]
    ALL_TENANTS_FIELD_NUMBER: _ClassVar[int]
    SERVICE_ACCOUNT_FIELD_NUMBER: _ClassVar[int]
    id: str
    tenant_ids: _containers.RepeatedScalarFieldContainer[str]
    all_tenants: bool
    service_account: bool
    def __init__(self, id: _Optional[str] = ..., tenant_ids: _Optional[_Iterable[str]] = ..., all_tenants: _Optional[bool] = ..., service_account: _Optional[bool] = ...) -> None: ...

class UserProfile(_message.Message):
    __slots__ = ("email", "given_name", "family_name", "locale", "attributes")
    class AttributesEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    EMAIL_FIELD_NUMBER: _ClassVar[int]
    GIVEN_NAME_FIELD_NUMBER: _ClassVar[int]
    FAMILY_NAME_FIELD_NUMBER: _ClassVar[int]
    LOCALE_FIELD_NUMBER: _ClassVar[int]
    ATTRIBUTES_FIELD_NUMBER: _ClassVar[int]
    email: str
    given_name: str
    family_name: str
    locale: str
    attributes: _containers.ScalarMap[str, str]
    def __init__(self, email: _Optional[str] = ..., given_name: _Optional[str] = ..., family_name: _Optional[str] = ..., locale: _Optional[str] = ..., attributes: _Optional[_Mapping[str, str]] = ...) -> None: ...

class UserCreated(_message.Message):
    __slots__ = ("user", "display_name", "profile")
    USER_FIELD_NUMBER: _ClassVar[int]
    DISPLAY_NAME_FIELD_NUMBER: _ClassVar[int]
    PROFILE_FIELD_NUMBER: _ClassVar[int]
    user: UserRef
    display_name: str
    profile: UserProfile
    def __init__(self, user: _Optional[_Union[UserRef, _Mapping]] = ..., display_name: _Optional[str] = ..., profile: _Optional[_Union[UserProfile, _Mapping]] = ...) -> None: ...

class UserUpdated(_message.Message):
    __slots__ = ("user", "display_name", "fields", "profile")
    USER_FIELD_NUMBER: _ClassVar[int]
    DISPLAY_NAME_FIELD_NUMBER: _ClassVar[int]
    FIELDS_FIELD_NUMBER: _ClassVar[int]
    PROFILE_FIELD_NUMBER: _ClassVar[int]
    user: UserRef
    display_name: str
    fields: _containers.RepeatedScalarFieldContainer[str]
    profile: UserProfile
    def __init__(self, user: _Optional[_Union[UserRef, _Mapping]] = ..., display_name: _Optional[str] = ..., fields: _Optional[_Iterable[str]] = ..., profile: _Optional[_Union[UserProfile, _Mapping]] = ...) -> None: ...

class UserDisabled(_message.Message):
    __slots__ = ("user",)
    USER_FIELD_NUMBER: _ClassVar[int]
    user: UserRef
    def __init__(self, user: _Optional[_Union[UserRef, _Mapping]] = ...) -> None: ...

class UserEnabled(_message.Message):
    __slots__ = ("user",)
    USER_FIELD_NUMBER: _ClassVar[int]
    user: UserRef
    def __init__(self, user: _Optional[_Union[UserRef, _Mapping]] = ...) -> None: ...

class UserDeleted(_message.Message):
    __slots__ = ("user",)
    USER_FIELD_NUMBER: _ClassVar[int]
    user: UserRef
    def __init__(self, user: _Optional[_Union[UserRef, _Mapping]] = ...) -> None: ...

class GroupMemberAdded(_message.Message):
    __slots__ = ("subject_id", "group_id")
    SUBJECT_ID_FIELD_NUMBER: _ClassVar[int]
    GROUP_ID_FIELD_NUMBER: _ClassVar[int]
    subject_id: str
    group_id: str
    def __init__(self, subject_id: _Optional[str] = ..., group_id: _Optional[str] = ...) -> None: ...

class GroupMemberRemoved(_message.Message):
    __slots__ = ("subject_id", "group_id")
    SUBJECT_ID_FIELD_NUMBER: _ClassVar[int]
    GROUP_ID_FIELD_NUMBER: _ClassVar[int]
    subject_id: str
    group_id: str
    def __init__(self, subject_id: _Optional[str] = ..., group_id: _Optional[str] = ...) -> None: ...

class GroupDeleted(_message.Message):
    __slots__ = ("group_id",)
    GROUP_ID_FIELD_NUMBER: _ClassVar[int]
    group_id: str
    def __init__(self, group_id: _Optional[str] = ...) -> None: ...

class RoleAssigned(_message.Message):
    __slots__ = ("role_assignment_id", "role_id", "subject_id", "group_id", "narrowing")
    ROLE_ASSIGNMENT_ID_FIELD_NUMBER: _ClassVar[int]
    ROLE_ID_FIELD_NUMBER: _ClassVar[int]
    SUBJECT_ID_FIELD_NUMBER: _ClassVar[int]
    GROUP_ID_FIELD_NUMBER: _ClassVar[int]
    NARROWING_FIELD_NUMBER: _ClassVar[int]
    role_assignment_id: str
    role_id: str
    subject_id: str
    group_id: str
    narrowing: GrantedPermissions
    def __init__(self, role_assignment_id: _Optional[str] = ..., role_id: _Optional[str] = ..., subject_id: _Optional[str] = ..., group_id: _Optional[str] = ..., narrowing: _Optional[_Union[GrantedPermissions, _Mapping]] = ...) -> None: ...

class RoleUnassigned(_message.Message):
    __slots__ = ("role_assignment_id", "role_id", "subject_id", "group_id")
    ROLE_ASSIGNMENT_ID_FIELD_NUMBER: _ClassVar[int]
    ROLE_ID_FIELD_NUMBER: _ClassVar[int]
    SUBJECT_ID_FIELD_NUMBER: _ClassVar[int]
    GROUP_ID_FIELD_NUMBER: _ClassVar[int]
    role_assignment_id: str
    role_id: str
    subject_id: str
    group_id: str
    def __init__(self, role_assignment_id: _Optional[str] = ..., role_id: _Optional[str] = ..., subject_id: _Optional[str] = ..., group_id: _Optional[str] = ...) -> None: ...

class PermissionGranted(_message.Message):
    __slots__ = ("subject_id", "group_id", "role_id", "grants")
    SUBJECT_ID_FIELD_NUMBER: _ClassVar[int]
    GROUP_ID_FIELD_NUMBER: _ClassVar[int]
    ROLE_ID_FIELD_NUMBER: _ClassVar[int]
    GRANTS_FIELD_NUMBER: _ClassVar[int]
    subject_id: str
    group_id: str
    role_id: str
    grants: _containers.RepeatedCompositeFieldContainer[GrantedPermissions]
    def __init__(self, subject_id: _Optional[str] = ..., group_id: _Optional[str] = ..., role_id: _Optional[str] = ..., grants: _Optional[_Iterable[_Union[GrantedPermissions, _Mapping]]] = ...) -> None: ...

class PermissionRevoked(_message.Message):
    __slots__ = ("subject_id", "group_id", "role_id", "grants")
    SUBJECT_ID_FIELD_NUMBER: _ClassVar[int]
    GROUP_ID_FIELD_NUMBER: _ClassVar[int]
    ROLE_ID_FIELD_NUMBER: _ClassVar[int]
    GRANTS_FIELD_NUMBER: _ClassVar[int]
    subject_id: str
    group_id: str
    role_id: str
    grants: _containers.RepeatedCompositeFieldContainer[GrantedPermissions]
    def __init__(self, subject_id: _Optional[str] = ..., group_id: _Optional[str] = ..., role_id: _Optional[str] = ..., grants: _Optional[_Iterable[_Union[GrantedPermissions, _Mapping]]] = ...) -> None: ...

class GrantedPermissions(_message.Message):
    __slots__ = ("permissions", "tenant_ids", "process_definition_keys", "involved_only")
    PERMISSIONS_FIELD_NUMBER: _ClassVar[int]
    TENANT_IDS_FIELD_NUMBER: _ClassVar[int]
    PROCESS_DEFINITION_KEYS_FIELD_NUMBER: _ClassVar[int]
    INVOLVED_ONLY_FIELD_NUMBER: _ClassVar[int]
    permissions: _containers.RepeatedScalarFieldContainer[str]
    tenant_ids: _containers.RepeatedScalarFieldContainer[str]
    process_definition_keys: _containers.RepeatedScalarFieldContainer[str]
    involved_only: bool
    def __init__(self, permissions: _Optional[_Iterable[str]] = ..., tenant_ids: _Optional[_Iterable[str]] = ..., process_definition_keys: _Optional[_Iterable[str]] = ..., involved_only: _Optional[bool] = ...) -> None: ...
