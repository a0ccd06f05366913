"""Each permission with the methods that ask for it, and their `MethodPermission.Rows`. Generated."""

PERMISSIONS: dict[str, tuple[tuple[str, int], ...]] = {
    "activityInstances.list": (
        ("flowmesh.engine.v1.ActivityInstanceService/ListActivityInstances", 0),
    ),
    "activityInstances.trigger": (
        ("flowmesh.engine.v1.ActivityInstanceService/TriggerActivityInstance", 0),
    ),
    "adHocSubProcesses.complete": (
        ("flowmesh.engine.v1.AdHocSubProcessService/CompleteAdHocSubProcess", 0),
    ),
    "adHocSubProcesses.list": (
        ("flowmesh.engine.v1.AdHocSubProcessService/ListEnabledActivities", 0),
    ),
    "adHocSubProcesses.start": (
        ("flowmesh.engine.v1.AdHocSubProcessService/StartAdHocActivity", 0),
    ),
    "apiKeys.create": (
        ("flowmesh.identity.v1.CredentialService/CreateApiKey", 1),
    ),
    "apiKeys.list": (
        ("flowmesh.identity.v1.CredentialService/ListApiKeys", 1),
    ),
    "apiKeys.revoke": (
        ("flowmesh.identity.v1.CredentialService/RevokeApiKey", 1),
    ),
    "attachments.create": (
        ("flowmesh.engine.v1.AttachmentService/CreateProcessInstanceAttachment", 0),
        ("flowmesh.engine.v1.AttachmentService/CreateUserTaskAttachment", 0),
    ),
    "attachments.delete": (
        ("flowmesh.engine.v1.AttachmentService/DeleteAttachment", 0),
    ),
    "attachments.get": (
        ("flowmesh.engine.v1.AttachmentService/GetAttachment", 0),
        ("flowmesh.engine.v1.AttachmentService/GetAttachmentContent", 0),
    ),
    "attachments.list": (
        ("flowmesh.engine.v1.AttachmentService/ListProcessInstanceAttachments", 0),
        ("flowmesh.engine.v1.AttachmentService/ListUserTaskAttachments", 0),
    ),
    "batches.create": (
        ("flowmesh.engine.v1.BatchService/CreateBatch", 0),
    ),
    "batches.get": (
        ("flowmesh.engine.v1.BatchService/GetBatch", 0),
        ("flowmesh.engine.v1.BatchService/ListBatchItems", 0),
    ),
    "batches.list": (
        ("flowmesh.engine.v1.BatchService/ListBatches", 0),
    ),
    "batches.update": (
        ("flowmesh.engine.v1.BatchService/CancelBatch", 0),
        ("flowmesh.engine.v1.BatchService/ResumeBatch", 0),
        ("flowmesh.engine.v1.BatchService/SuspendBatch", 0),
    ),
    "clock.control": (
        ("flowmesh.engine.v1.ClockService/AdvanceClock", 0),
        ("flowmesh.engine.v1.ClockService/Drain", 0),
        ("flowmesh.engine.v1.ClockService/ResetClock", 0),
        ("flowmesh.engine.v1.ClockService/SetClock", 0),
    ),
    "clock.get": (
        ("flowmesh.engine.v1.ClockService/GetClock", 0),
    ),
    "comments.create": (
        ("flowmesh.engine.v1.CommentService/CreateProcessInstanceComment", 0),
        ("flowmesh.engine.v1.CommentService/CreateUserTaskComment", 0),
    ),
    "comments.delete": (
        ("flowmesh.engine.v1.CommentService/DeleteComment", 0),
    ),
    "comments.list": (
        ("flowmesh.engine.v1.CommentService/ListProcessInstanceComments", 0),
        ("flowmesh.engine.v1.CommentService/ListUserTaskComments", 0),
    ),
    "conditions.evaluate": (
        ("flowmesh.engine.v1.ConditionService/EvaluateInstanceConditions", 0),
        ("flowmesh.engine.v1.ConditionService/EvaluateStartConditions", 0),
    ),
    "consumerGroups.get": (
        ("flowmesh.monitoring.v1.ConsumerGroupService/GetConsumerGroup", 0),
    ),
    "consumerGroups.list": (
        ("flowmesh.monitoring.v1.ConsumerGroupService/ListConsumerGroups", 0),
    ),
    "consumerGroups.rewind": (
        ("flowmesh.monitoring.v1.ConsumerGroupService/RewindConsumerGroup", 0),
    ),
    "deadLetters.discard": (
        ("flowmesh.monitoring.v1.DeadLetterService/DiscardDeadLetters", 0),
    ),
    "deadLetters.get": (
        ("flowmesh.monitoring.v1.DeadLetterService/GetDeadLetter", 0),
    ),
    "deadLetters.list": (
        ("flowmesh.monitoring.v1.DeadLetterService/ListDeadLetters", 0),
    ),
    "deadLetters.replay": (
        ("flowmesh.monitoring.v1.DeadLetterService/ReplayDeadLetters", 0),
    ),
    "deployments.create": (
        ("flowmesh.engine.v1.DeploymentService/CreateDeployment", 0),
        ("flowmesh.engine.v1.DeploymentService/UploadDeployment", 0),
    ),
    "deployments.delete": (
        ("flowmesh.engine.v1.DeploymentService/DeleteDeployment", 0),
    ),
    "deployments.get": (
        ("flowmesh.engine.v1.DeploymentService/GetDeployment", 0),
        ("flowmesh.engine.v1.DeploymentService/GetDeploymentResource", 0),
    ),
    "deployments.list": (
        ("flowmesh.engine.v1.DeploymentService/ListDeployments", 0),
    ),
    "deployments.validate": (
        ("flowmesh.engine.v1.DeploymentService/ValidateDeployment", 0),
    ),
    "eventSubscriptions.list": (
        ("flowmesh.engine.v1.EventSubscriptionService/ListEventSubscriptions", 0),
    ),
    "groups.create": (
        ("flowmesh.identity.v1.GroupService/CreateGroup", 1),
    ),
    "groups.delete": (
        ("flowmesh.identity.v1.GroupService/DeleteGroup", 1),
    ),
    "groups.get": (
        ("flowmesh.identity.v1.GroupService/GetGroup", 1),
        ("flowmesh.identity.v1.GroupService/ListGroupMembers", 1),
    ),
    "groups.list": (
        ("flowmesh.identity.v1.GroupService/ListGroups", 1),
    ),
    "groups.update": (
        ("flowmesh.identity.v1.GroupService/AddGroupMembers", 1),
        ("flowmesh.identity.v1.GroupService/RemoveGroupMembers", 1),
        ("flowmesh.identity.v1.GroupService/UpdateGroup", 1),
    ),
    "history.activities.get": (
        ("flowmesh.history.v1.HistoryService/GetHistoricActivity", 0),
    ),
    "history.activities.list": (
        ("flowmesh.history.v1.HistoryService/ListHistoricActivities", 0),
    ),
    "history.processInstances.get": (
        ("flowmesh.history.v1.HistoryService/GetHistoricProcessInstance", 0),
    ),
    "history.processInstances.list": (
        ("flowmesh.history.v1.HistoryService/ListHistoricProcessInstances", 0),
    ),
    "history.tasks.get": (
        ("flowmesh.history.v1.HistoryService/GetHistoricTask", 0),
    ),
    "history.tasks.list": (
        ("flowmesh.history.v1.HistoryService/ListHistoricTasks", 0),
    ),
    "history.variables.get": (
        ("flowmesh.history.v1.HistoryService/GetHistoricVariable", 0),
    ),
    "history.variables.list": (
        ("flowmesh.history.v1.HistoryService/ListHistoricVariables", 0),
    ),
    "identityAuditEntries.list": (
        ("flowmesh.identity.v1.AuditService/ListAuditEntries", 1),
    ),
    "incidents.list": (
        ("flowmesh.engine.v1.IncidentService/ListIncidents", 0),
    ),
    "incidents.resolve": (
        ("flowmesh.engine.v1.IncidentService/ResolveIncident", 0),
    ),
    "jobs.get": (
        ("flowmesh.engine.v1.JobService/GetJob", 0),
    ),
    "jobs.list": (
        ("flowmesh.engine.v1.JobService/ListFinishedJobs", 0),
        ("flowmesh.engine.v1.JobService/ListJobs", 0),
    ),
    "jobs.run": (
        ("flowmesh.engine.v1.JobService/RunJob", 0),
    ),
    "jobs.update": (
        ("flowmesh.engine.v1.JobService/BatchSetJobRetries", 0),
        ("flowmesh.engine.v1.JobService/MoveJobFromDeadLetter", 0),
        ("flowmesh.engine.v1.JobService/MoveJobToDeadLetter", 0),
        ("flowmesh.engine.v1.JobService/RescheduleJob", 0),
        ("flowmesh.engine.v1.JobService/SetJobRetries", 0),
    ),
    "jobs.work": (
        ("flowmesh.engine.v1.JobService/ActivateJobs", 0),
        ("flowmesh.engine.v1.JobService/BatchCompleteJobs", 0),
        ("flowmesh.engine.v1.JobService/CompleteJob", 0),
        ("flowmesh.engine.v1.JobService/ExtendJobLease", 0),
        ("flowmesh.engine.v1.JobService/FailJob", 0),
        ("flowmesh.engine.v1.JobService/StreamJobs", 0),
        ("flowmesh.engine.v1.JobService/ThrowJobError", 0),
    ),
    "keys.list": (
        ("flowmesh.identity.v1.SigningKeyService/ListSigningKeys", 0),
    ),
    "keys.rotate": (
        ("flowmesh.identity.v1.SigningKeyService/RotateSigningKeys", 0),
    ),
    "messages.correlate": (
        ("flowmesh.engine.v1.MessageService/CorrelateMessage", 0),
    ),
    "messages.list": (
        ("flowmesh.engine.v1.MessageService/ListMessages", 0),
    ),
    "messages.publish": (
        ("flowmesh.engine.v1.MessageService/PublishMessage", 0),
    ),
    "permissions.list": (
        ("flowmesh.identity.v1.PermissionService/ListPermissions", 1),
    ),
    "processDefinitions.get": (
        ("flowmesh.engine.v1.ProcessDefinitionService/GetProcessDefinition", 0),
        ("flowmesh.engine.v1.ProcessDefinitionService/GetProcessDefinitionDiagram", 0),
        ("flowmesh.engine.v1.ProcessDefinitionService/GetProcessDefinitionDocument", 0),
        ("flowmesh.engine.v1.ProcessDefinitionService/GetProcessDefinitionStartForm", 0),
        ("flowmesh.engine.v1.ProcessDefinitionService/GetProcessDefinitionXml", 0),
    ),
    "processDefinitions.list": (
        ("flowmesh.engine.v1.ProcessDefinitionService/ListProcessDefinitions", 0),
    ),
    "processDefinitions.suspend": (
        ("flowmesh.engine.v1.ProcessDefinitionService/ResumeProcessDefinition", 0),
        ("flowmesh.engine.v1.ProcessDefinitionService/SuspendProcessDefinition", 0),
    ),
    "processInstances.cancel": (
        ("flowmesh.engine.v1.ProcessInstanceService/CancelProcessInstance", 0),
    ),
    "processInstances.create": (
        ("flowmesh.engine.v1.ProcessInstanceService/BatchCreateProcessInstances", 0),
        ("flowmesh.engine.v1.ProcessInstanceService/CreateProcessInstance", 0),
        ("flowmesh.engine.v1.ProcessInstanceService/RestartProcessInstance", 0),
    ),
    "processInstances.delete": (
        ("flowmesh.engine.v1.ProcessInstanceService/DeleteProcessInstance", 0),
    ),
    "processInstances.get": (
        ("flowmesh.engine.v1.ExplanationService/ExplainProcessInstance", 0),
        ("flowmesh.engine.v1.MigrationService/GetMigration", 0),
        ("flowmesh.engine.v1.ProcessInstanceService/GetProcessInstance", 0),
        ("flowmesh.engine.v1.ProcessInstanceService/GetProcessInstanceVariables", 0),
        ("flowmesh.engine.v1.VariableService/GetVariables", 0),
    ),
    "processInstances.list": (
        ("flowmesh.engine.v1.MigrationService/ListMigrations", 0),
        ("flowmesh.engine.v1.ProcessInstanceService/ListProcessInstances", 0),
    ),
    "processInstances.migrate": (
        ("flowmesh.engine.v1.MigrationService/MigrateProcessInstance", 0),
        ("flowmesh.engine.v1.MigrationService/PreviewMigration", 0),
        ("flowmesh.engine.v1.MigrationService/RevertMigration", 0),
    ),
    "processInstances.modify": (
        ("flowmesh.engine.v1.ProcessInstanceService/ModifyProcessInstance", 0),
    ),
    "processInstances.resume": (
        ("flowmesh.engine.v1.ProcessInstanceService/ResumeProcessInstance", 0),
    ),
    "processInstances.suspend": (
        ("flowmesh.engine.v1.ProcessInstanceService/SuspendProcessInstance", 0),
    ),
    "processInstances.update": (
        ("flowmesh.engine.v1.ProcessInstanceService/DeleteProcessInstanceVariables", 0),
        ("flowmesh.engine.v1.ProcessInstanceService/UpdateProcessInstanceVariables", 0),
        ("flowmesh.engine.v1.VariableService/DeleteVariables", 0),
        ("flowmesh.engine.v1.VariableService/UpdateVariables", 0),
    ),
    "roleAssignments.create": (
        ("flowmesh.identity.v1.RoleAssignmentService/CreateRoleAssignment", 1),
    ),
    "roleAssignments.delete": (
        ("flowmesh.identity.v1.RoleAssignmentService/DeleteRoleAssignment", 1),
    ),
    "roleAssignments.get": (
        ("flowmesh.identity.v1.RoleAssignmentService/GetRoleAssignment", 1),
    ),
    "roleAssignments.list": (
        ("flowmesh.identity.v1.RoleAssignmentService/ListRoleAssignments", 1),
    ),
    "roles.create": (
        ("flowmesh.identity.v1.RoleService/CreateRole", 0),
    ),
    "roles.delete": (
        ("flowmesh.identity.v1.RoleService/DeleteRole", 0),
    ),
    "roles.get": (
        ("flowmesh.identity.v1.RoleService/GetRole", 1),
    ),
    "roles.list": (
        ("flowmesh.identity.v1.RoleService/ListRoles", 1),
    ),
    "roles.update": (
        ("flowmesh.identity.v1.RoleService/UpdateRole", 0),
    ),
    "sagas.answer": (
        ("flowmesh.engine.v1.SagaService/AcknowledgeCompletion", 0),
        ("flowmesh.engine.v1.SagaService/RejectCompletion", 0),
    ),
    "sagas.get": (
        ("flowmesh.engine.v1.SagaService/GetSaga", 0),
        ("flowmesh.engine.v1.SagaService/ListSagaSteps", 0),
    ),
    "sagas.list": (
        ("flowmesh.engine.v1.SagaService/ListSagas", 0),
    ),
    "serviceAccounts.create": (
        ("flowmesh.identity.v1.ServiceAccountService/CreateServiceAccount", 1),
    ),
    "serviceAccounts.delete": (
        ("flowmesh.identity.v1.ServiceAccountService/DeleteServiceAccount", 1),
    ),
    "serviceAccounts.disable": (
        ("flowmesh.identity.v1.ServiceAccountService/DisableServiceAccount", 1),
        ("flowmesh.identity.v1.ServiceAccountService/EnableServiceAccount", 1),
    ),
    "serviceAccounts.get": (
        ("flowmesh.identity.v1.ServiceAccountService/GetServiceAccount", 1),
    ),
    "serviceAccounts.list": (
        ("flowmesh.identity.v1.ServiceAccountService/ListServiceAccounts", 1),
    ),
    "serviceAccounts.update": (
        ("flowmesh.identity.v1.ServiceAccountService/UpdateServiceAccount", 1),
    ),
    "signals.broadcast": (
        ("flowmesh.engine.v1.SignalService/BroadcastSignal", 0),
    ),
    "tenants.create": (
        ("flowmesh.identity.v1.TenantService/CreateTenant", 0),
    ),
    "tenants.delete": (
        ("flowmesh.identity.v1.TenantService/DeleteTenant", 0),
    ),
    "tenants.get": (
        ("flowmesh.identity.v1.TenantService/GetTenant", 1),
    ),
    "tenants.list": (
        ("flowmesh.identity.v1.TenantService/ListTenants", 1),
    ),
    "tenants.update": (
        ("flowmesh.identity.v1.TenantService/UpdateTenant", 1),
    ),
    "topics.ensure": (
        ("flowmesh.monitoring.v1.TopicService/EnsureTopics", 0),
    ),
    "topics.list": (
        ("flowmesh.monitoring.v1.TopicService/ListTopics", 0),
    ),
    "userTasks.assign": (
        ("flowmesh.engine.v1.UserTaskService/AddUserTaskCandidates", 0),
        ("flowmesh.engine.v1.UserTaskService/AssignUserTask", 0),
        ("flowmesh.engine.v1.UserTaskService/RemoveUserTaskCandidates", 0),
    ),
    "userTasks.claim": (
        ("flowmesh.engine.v1.UserTaskService/ClaimUserTask", 0),
        ("flowmesh.engine.v1.UserTaskService/UnclaimUserTask", 0),
    ),
    "userTasks.complete": (
        ("flowmesh.engine.v1.UserTaskService/CompleteUserTask", 0),
    ),
    "userTasks.create": (
        ("flowmesh.engine.v1.UserTaskService/CreateUserTask", 0),
    ),
    "userTasks.delegate": (
        ("flowmesh.engine.v1.UserTaskService/DelegateUserTask", 0),
    ),
    "userTasks.delete": (
        ("flowmesh.engine.v1.UserTaskService/DeleteUserTask", 0),
    ),
    "userTasks.get": (
        ("flowmesh.engine.v1.UserTaskService/GetUserTask", 0),
        ("flowmesh.engine.v1.UserTaskService/GetUserTaskVariables", 0),
    ),
    "userTasks.list": (
        ("flowmesh.engine.v1.UserTaskService/ListUserTasks", 0),
    ),
    "userTasks.resolve": (
        ("flowmesh.engine.v1.UserTaskService/ResolveUserTask", 0),
    ),
    "userTasks.update": (
        ("flowmesh.engine.v1.UserTaskService/DeleteUserTaskVariables", 0),
        ("flowmesh.engine.v1.UserTaskService/UpdateUserTask", 0),
        ("flowmesh.engine.v1.UserTaskService/UpdateUserTaskVariables", 0),
    ),
    "users.create": (
        ("flowmesh.identity.v1.UserService/CreateUser", 1),
    ),
    "users.delete": (
        ("flowmesh.identity.v1.UserService/DeleteUser", 1),
    ),
    "users.disable": (
        ("flowmesh.identity.v1.UserService/DisableUser", 1),
        ("flowmesh.identity.v1.UserService/EnableUser", 1),
    ),
    "users.get": (
        ("flowmesh.identity.v1.UserService/GetUser", 1),
    ),
    "users.list": (
        ("flowmesh.identity.v1.UserService/ListUsers", 1),
    ),
    "users.setPassword": (
        ("flowmesh.identity.v1.CredentialService/SetPassword", 1),
    ),
    "users.update": (
        ("flowmesh.identity.v1.UserService/UpdateUser", 1),
    ),
}
