import datetime

from buf.validate import validate_pb2 as _validate_pb2
from flowmesh.events.v1 import audit_pb2 as _audit_pb2
from flowmesh.events.v1 import business_pb2 as _business_pb2
from flowmesh.events.v1 import deployment_pb2 as _deployment_pb2
from flowmesh.events.v1 import identity_pb2 as _identity_pb2
from flowmesh.events.v1 import worker_pb2 as _worker_pb2
from flowmesh.events.v1 import workflow_pb2 as _workflow_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class EventEnvelope(_message.Message):
    __slots__ = ("event_id", "event_type", "event_version", "timestamp", "source_service", "correlation_id", "biz_id", "metadata", "process_instance_started", "process_instance_completed", "process_instance_terminated", "process_instance_suspended", "process_instance_resumed", "process_instance_migrated", "process_instance_failed", "completion_pending", "activity_started", "activity_completed", "activity_terminated", "user_task_created", "user_task_assigned", "user_task_completed", "user_task_terminated", "user_task_updated", "job_scheduled", "job_completed", "job_failed", "job_activated", "incident_raised", "incident_resolved", "variables_updated", "variables_deleted", "comment_created", "comment_deleted", "attachment_created", "attachment_deleted", "deployment_created", "deployment_deleted", "process_definition_suspended", "process_definition_resumed", "worker_job_completed", "worker_job_failed", "worker_job_error_thrown", "completion_acknowledged", "completion_rejected", "user_created", "user_updated", "user_disabled", "user_enabled", "user_deleted", "group_member_added", "group_member_removed", "group_deleted", "role_assigned", "role_unassigned", "permission_granted", "permission_revoked", "forms_deployed", "forms_deleted", "operation_recorded", "operation_refused")
    EVENT_ID_FIELD_NUMBER: _ClassVar[int]
    EVENT_TYPE_FIELD_NUMBER: _ClassVar[int]
    EVENT_VERSION_FIELD_NUMBER: _ClassVar[int]
    TIMESTAMP_FIELD_NUMBER: _ClassVar[int]
    SOURCE_SERVICE_FIELD_NUMBER: _ClassVar[int]
    CORRELATION_ID_FIELD_NUMBER: _ClassVar[int]
    BIZ_ID_FIELD_NUMBER: _ClassVar[int]
    METADATA_FIELD_NUMBER: _ClassVar[int]
    PROCESS_INSTANCE_STARTED_FIELD_NUMBER: _ClassVar[int]
    PROCESS_INSTANCE_COMPLETED_FIELD_NUMBER: _ClassVar[int]
    PROCESS_INSTANCE_TERMINATED_FIELD_NUMBER: _ClassVar[int]
    PROCESS_INSTANCE_SUSPENDED_FIELD_NUMBER: _ClassVar[int]
    PROCESS_INSTANCE_RESUMED_FIELD_NUMBER: _ClassVar[int]
    PROCESS_INSTANCE_MIGRATED_FIELD_NUMBER: _ClassVar[int]
    PROCESS_INSTANCE_FAILED_FIELD_NUMBER: _ClassVar[int]
    COMPLETION_PENDING_FIELD_NUMBER: _ClassVar[int]
    ACTIVITY_STARTED_FIELD_NUMBER: _ClassVar[int]
    ACTIVITY_COMPLETED_FIELD_NUMBER: _ClassVar[int]
    ACTIVITY_TERMINATED_FIELD_NUMBER: _ClassVar[int]
    USER_TASK_CREATED_FIELD_NUMBER: _ClassVar[int]
    USER_TASK_ASSIGNED_FIELD_NUMBER: _ClassVar[int]
    USER_TASK_COMPLETED_FIELD_NUMBER: _ClassVar[int]
    USER_TASK_TERMINATED_FIELD_NUMBER: _ClassVar[int]
    USER_TASK_UPDATED_FIELD_NUMBER: _ClassVar[int]
    JOB_SCHEDULED_FIELD_NUMBER: _ClassVar[int]
    JOB_COMPLETED_FIELD_NUMBER: _ClassVar[int]
    JOB_FAILED_FIELD_NUMBER: _ClassVar[int]
    JOB_ACTIVATED_FIELD_NUMBER: _ClassVar[int]
    INCIDENT_RAISED_FIELD_NUMBER: _ClassVar[int]
    INCIDENT_RESOLVED_FIELD_NUMBER: _ClassVar[int]
    VARIABLES_UPDATED_FIELD_NUMBER: _ClassVar[int]
    VARIABLES_DELETED_FIELD_NUMBER: _ClassVar[int]
    COMMENT_CREATED_FIELD_NUMBER: _ClassVar[int]
    COMMENT_DELETED_FIELD_NUMBER: _ClassVar[int]
    ATTACHMENT_CREATED_FIELD_NUMBER: _ClassVar[int]
    ATTACHMENT_DELETED_FIELD_NUMBER: _ClassVar[int]
    DEPLOYMENT_CREATED_FIELD_NUMBER: _ClassVar[int]
    DEPLOYMENT_DELETED_FIELD_NUMBER: _ClassVar[int]
    PROCESS_DEFINITION_SUSPENDED_FIELD_NUMBER: _ClassVar[int]
    PROCESS_DEFINITION_RESUMED_FIELD_NUMBER: _ClassVar[int]
    WORKER_JOB_COMPLETED_FIELD_NUMBER: _ClassVar[int]
    WORKER_JOB_FAILED_FIELD_NUMBER: _ClassVar[int]
    WORKER_JOB_ERROR_THROWN_FIELD_NUMBER: _ClassVar[int]
    COMPLETION_ACKNOWLEDGED_FIELD_NUMBER: _ClassVar[int]
    COMPLETION_REJECTED_FIELD_NUMBER: _ClassVar[int]
    USER_CREATED_FIELD_NUMBER: _ClassVar[int]
    USER_UPDATED_FIELD_NUMBER: _ClassVar[int]
    USER_DISABLED_FIELD_NUMBER: _ClassVar[int]
    USER_ENABLED_FIELD_NUMBER: _ClassVar[int]
    USER_DELETED_FIELD_NUMBER: _ClassVar[int]
    GROUP_MEMBER_ADDED_FIELD_NUMBER: _ClassVar[int]
    GROUP_MEMBER_REMOVED_FIELD_NUMBER: _ClassVar[int]
    GROUP_DELETED_FIELD_NUMBER: _ClassVar[int]
    ROLE_ASSIGNED_FIELD_NUMBER: _ClassVar[int]
    ROLE_UNASSIGNED_FIELD_NUMBER: _ClassVar[int]
    PERMISSION_GRANTED_FIELD_NUMBER: _ClassVar[int]
    PERMISSION_REVOKED_FIELD_NUMBER: _ClassVar[int]
    FORMS_DEPLOYED_FIELD_NUMBER: _ClassVar[int]
    FORMS_DELETED_FIELD_NUMBER: _ClassVar[int]
    OPERATION_RECORDED_FIELD_NUMBER: _ClassVar[int]
    OPERATION_REFUSED_FIELD_NUMBER: _ClassVar[int]
    event_id: str
    event_type: str
    event_version: str
    timestamp: _timestamp_pb2.Timestamp
    source_service: str
    correlation_id: str
    biz_id: str
    metadata: EventMetadata
    process_instance_started: _workflow_pb2.ProcessInstanceStarted
    process_instance_completed: _workflow_pb2.ProcessInstanceCompleted
    process_instance_terminated: _workflow_pb2.ProcessInstanceTerminated
    process_instance_suspended: _workflow_pb2.ProcessInstanceSuspended
    process_instance_resumed: _workflow_pb2.ProcessInstanceResumed
    process_instance_migrated: _workflow_pb2.ProcessInstanceMigrated
    process_instance_failed: _workflow_pb2.ProcessInstanceFailed
    completion_pending: _workflow_pb2.CompletionPending
    activity_started: _workflow_pb2.ActivityStarted
    activity_completed: _workflow_pb2.ActivityCompleted
    activity_terminated: _workflow_pb2.ActivityTerminated
    user_task_created: _workflow_pb2.UserTaskCreated
    user_task_assigned: _workflow_pb2.UserTaskAssigned
    user_task_completed: _workflow_pb2.UserTaskCompleted
    user_task_terminated: _workflow_pb2.UserTaskTerminated
    user_task_updated: _workflow_pb2.UserTaskUpdated
    job_scheduled: _workflow_pb2.JobScheduled
    job_completed: _workflow_pb2.JobCompleted
    job_failed: _workflow_pb2.JobFailed
    job_activated: _worker_pb2.JobActivated
    incident_raised: _workflow_pb2.IncidentRaised
    incident_resolved: _workflow_pb2.IncidentResolved
    variables_updated: _workflow_pb2.VariablesUpdated
    variables_deleted: _workflow_pb2.VariablesDeleted
    comment_created: _workflow_pb2.CommentCreated
    comment_deleted: _workflow_pb2.CommentDeleted
    attachment_created: _workflow_pb2.AttachmentCreated
    attachment_deleted: _workflow_pb2.AttachmentDeleted
    deployment_created: _workflow_pb2.DeploymentCreated
    deployment_deleted: _workflow_pb2.DeploymentDeleted
    process_definition_suspended: _workflow_pb2.ProcessDefinitionSuspended
    process_definition_resumed: _workflow_pb2.ProcessDefinitionResumed
    worker_job_completed: _worker_pb2.WorkerJobCompleted
    worker_job_failed: _worker_pb2.WorkerJobFailed
    worker_job_error_thrown: _worker_pb2.WorkerJobErrorThrown
    completion_acknowledged: _business_pb2.CompletionAcknowledged
    completion_rejected: _business_pb2.CompletionRejected
    user_created: _identity_pb2.UserCreated
    user_updated: _identity_pb2.UserUpdated
    user_disabled: _identity_pb2.UserDisabled
    user_enabled: _identity_pb2.UserEnabled
    user_deleted: _identity_pb2.UserDeleted
    group_member_added: _identity_pb2.GroupMemberAdded
    group_member_removed: _identity_pb2.GroupMemberRemoved
    group_deleted: _identity_pb2.GroupDeleted
    role_assigned: _identity_pb2.RoleAssigned
    role_unassigned: _identity_pb2.RoleUnassigned
    permission_granted: _identity_pb2.PermissionGranted
    permission_revoked: _identity_pb2.PermissionRevoked
    forms_deployed: _deployment_pb2.FormsDeployed
    forms_deleted: _deployment_pb2.FormsDeleted
    operation_recorded: _audit_pb2.OperationRecorded
    operation_refused: _audit_pb2.OperationRefused
    def __init__(self, event_id: _Optional[str] = ..., event_type: _Optional[str] = ..., event_version: _Optional[str] = ..., timestamp: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., source_service: _Optional[str] = ..., correlation_id: _Optional[str] = ..., biz_id: _Optional[str] = ..., metadata: _Optional[_Union[EventMetadata, _Mapping]] = ..., process_instance_started: _Optional[_Union[_workflow_pb2.ProcessInstanceStarted, _Mapping]] = ..., process_instance_completed: _Optional[_Union[_workflow_pb2.ProcessInstanceCompleted, _Mapping]] = ..., process_instance_terminated: _Optional[_Union[_workflow_pb2.ProcessInstanceTerminated, _Mapping]] = ..., process_instance_suspended: _Optional[_Union[_workflow_pb2.ProcessInstanceSuspended, _Mapping]] = ..., process_instance_resumed: _Optional[_Union[_workflow_pb2.ProcessInstanceResumed, _Mapping]] = ..., process_instance_migrated: _Optional[_Union[_workflow_pb2.ProcessInstanceMigrated, _Mapping]] = ..., process_instance_failed: _Optional[_Union[_workflow_pb2.ProcessInstanceFailed, _Mapping]] = ..., completion_pending: _Optional[_Union[_workflow_pb2.CompletionPending, _Mapping]] = ..., activity_started: _Optional[_Union[_workflow_pb2.ActivityStarted, _Mapping]] = ..., activity_completed: _Optional[_Union[_workflow_pb2.ActivityCompleted, _Mapping]] = ..., activity_terminated: _Optional[_Union[_workflow_pb2.ActivityTerminated, _Mapping]] = ..., user_task_created: _Optional[_Union[_workflow_pb2.UserTaskCreated, _Mapping]] = ..., user_task_assigned: _Optional[_Union[_workflow_pb2.UserTaskAssigned, _Mapping]] = ..., user_task_completed: _Optional[_Union[_workflow_pb2.UserTaskCompleted, _Mapping]] = ..., user_task_terminated: _Optional[_Union[_workflow_pb2.UserTaskTerminated, _Mapping]] = ..., user_task_updated: _Optional[_Union[_workflow_pb2.UserTaskUpdated, _Mapping]] = ..., job_scheduled: _Optional[_Union[_workflow_pb2.JobScheduled, _Mapping]] = ..., job_completed: _Optional[_Union[_workflow_pb2.JobCompleted, _Mapping]] = ..., job_failed: _Optional[_Union[_workflow_pb2.JobFailed, _Mapping]] = ..., job_activated: _Optional[_Union[_worker_pb2.JobActivated, _Mapping]] = ..., incident_raised: _Optional[_Union[_workflow_pb2.IncidentRaised, _Mapping]] = ..., incident_resolved: _Optional[_Union[_workflow_pb2.IncidentResolved, _Mapping]] = ..., variables_updated: _Optional[_Union[_workflow_pb2.VariablesUpdated, _Mapping]] = ..., variables_deleted: _Optional[_Union[_workflow_pb2.VariablesDeleted, _Mapping]] = ..., comment_created: _Optional[_Union[_workflow_pb2.CommentCreated, _Mapping]] = ..., comment_deleted: _Optional[_Union[_workflow_pb2.CommentDeleted, _Mapping]] = ..., attachment_created: _Optional[_Union[_workflow_pb2.AttachmentCreated, _Mapping]] = ..., attachment_deleted: _Optional[_Union[_workflow_pb2.AttachmentDeleted, _Mapping]] = ..., deployment_created: _Optional[_Union[_workflow_pb2.DeploymentCreated, _Mapping]] = ..., deployment_deleted: _Optional[_Union[_workflow_pb2.DeploymentDeleted, _Mapping]] = ..., process_definition_suspended: _Optional[_Union[_workflow_pb2.ProcessDefinitionSuspended, _Mapping]] = ..., process_definition_resumed: _Optional[_Union[_workflow_pb2.ProcessDefinitionResumed, _Mapping]] = ..., worker_job_completed: _Optional[_Union[_worker_pb2.WorkerJobCompleted, _Mapping]] = ..., worker_job_failed: _Optional[_Union[_worker_pb2.WorkerJobFailed, _Mapping]] = ..., worker_job_error_thrown: _Optional[_Union[_worker_pb2.WorkerJobErrorThrown, _Mapping]] = ..., completion_acknowledged: _Optional[_Union[_business_pb2.CompletionAcknowledged, _Mapping]] = ..., completion_rejected: _Optional[_Union[_business_pb2.CompletionRejected, _Mapping]] = ..., user_created: _Optional[_Union[_identity_pb2.UserCreated, _Mapping]] = ..., user_updated: _Optional[_Union[_identity_pb2.UserUpdated, _Mapping]] = ..., user_disabled: _Optional[_Union[_identity_pb2.UserDisabled, _Mapping]] = ..., user_enabled: _Optional[_Union[_identity_pb2.UserEnabled, _Mapping]] = ..., user_deleted: _Optional[_Union[_identity_pb2.UserDeleted, _Mapping]] = ..., group_member_added: _Optional[_Union[_identity_pb2.GroupMemberAdded, _Mapping]] = ..., group_member_removed: _Optional[_Union[_identity_pb2.GroupMemberRemoved, _Mapping]] = ..., group_deleted: _Optional[_Union[_identity_pb2.GroupDeleted, _Mapping]] = ..., role_assigned: _Optional[_Union[_identity_pb2.RoleAssigned, _Mapping]] = ..., role_unassigned: _Optional[_Union[_identity_pb2.RoleUnassigned, _Mapping]] = ..., permission_granted: _Optional[_Union[_identity_pb2.PermissionGranted, _Mapping]] = ..., permission_revoked: _Optional[_Union[_identity_pb2.PermissionRevoked, _Mapping]] = ..., forms_deployed: _Optional[_Union[_deployment_pb2.FormsDeployed, _Mapping]] = ..., forms_deleted: _Optional[_Union[_deployment_pb2.FormsDeleted, _Mapping]] = ..., operation_recorded: _Optional[_Union[_audit_pb2.OperationRecorded, _Mapping]] = ..., operation_refused: _Optional[_Union[_audit_pb2.OperationRefused, _Mapping]] = ...) -> None: ...

class EventMetadata(_message.Message):
    __slots__ = ("user_id", "session_id", "trace_id")
    USER_ID_FIELD_NUMBER: _ClassVar[int]
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    TRACE_ID_FIELD_NUMBER: _ClassVar[int]
    user_id: str
    session_id: str
    trace_id: str
    def __init__(self, user_id: _Optional[str] = ..., session_id: _Optional[str] = ..., trace_id: _Optional[str] = ...) -> None: ...
