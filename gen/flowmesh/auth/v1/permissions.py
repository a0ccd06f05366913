"""Each permission with the methods that ask for it, and their `MethodPermission.Rows`. Generated."""

PERMISSIONS: dict[str, tuple[tuple[str, int], ...]] = {
    "activityInstances.list": (
        ("flowmesh.engine.v1.ActivityInstanceService/ListActivityInstances", 3),
    ),
    "activityInstances.trigger": (
        ("flowmesh.engine.v1.ActivityInstanceService/TriggerActivityInstance", 2),
    ),
    "adHocSubProcesses.complete": (
        ("flowmesh.engine.v1.AdHocSubProcessService/CompleteAdHocSubProcess", 2),
    ),
    "adHocSubProcesses.list": (
        ("flowmesh.engine.v1.AdHocSubProcessService/ListEnabledActivities", 3),
    ),
    "adHocSubProcesses.start": (
        ("flowmesh.engine.v1.AdHocSubProcessService/StartAdHocActivity", 2),
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
    "archives.delete": (
        ("flowmesh.history.v1.ArchiveService/DeleteArchive", 2),
    ),
    "archives.get": (
        ("flowmesh.history.v1.ArchiveService/GetArchive", 2),
        ("flowmesh.history.v1.ArchiveService/GetArchivedProcessInstanceTimeline", 2),
        ("flowmesh.history.v1.ArchiveService/GetArchivedVariableChange", 2),
        ("flowmesh.history.v1.ArchiveService/ListArchivedActivities", 2),
        ("flowmesh.history.v1.ArchiveService/ListArchivedAttachments", 2),
        ("flowmesh.history.v1.ArchiveService/ListArchivedComments", 2),
        ("flowmesh.history.v1.ArchiveService/ListArchivedIncidents", 2),
        ("flowmesh.history.v1.ArchiveService/ListArchivedJobEvents", 2),
        ("flowmesh.history.v1.ArchiveService/ListArchivedProcessInstances", 2),
        ("flowmesh.history.v1.ArchiveService/ListArchivedTasks", 2),
        ("flowmesh.history.v1.ArchiveService/ListArchivedVariableChanges", 2),
        ("flowmesh.history.v1.ArchiveService/ListArchivedVariables", 2),
    ),
    "archives.list": (
        ("flowmesh.history.v1.ArchiveService/ListArchives", 2),
    ),
    "archives.restore": (
        ("flowmesh.history.v1.ArchiveService/RemoveRestoredArchive", 2),
        ("flowmesh.history.v1.ArchiveService/RestoreArchive", 2),
    ),
    "archives.verify": (
        ("flowmesh.history.v1.ArchiveService/VerifyArchive", 2),
    ),
    "attachments.create": (
        ("flowmesh.engine.v1.AttachmentService/CreateProcessInstanceAttachment", 3),
        ("flowmesh.engine.v1.AttachmentService/CreateUserTaskAttachment", 3),
    ),
    "attachments.delete": (
        ("flowmesh.engine.v1.AttachmentService/DeleteAttachment", 3),
    ),
    "attachments.get": (
        ("flowmesh.engine.v1.AttachmentService/GetAttachment", 3),
        ("flowmesh.engine.v1.AttachmentService/GetAttachmentContent", 3),
    ),
    "attachments.list": (
        ("flowmesh.engine.v1.AttachmentService/ListProcessInstanceAttachments", 3),
        ("flowmesh.engine.v1.AttachmentService/ListUserTaskAttachments", 3),
    ),
    "auditRecords.get": (
        ("flowmesh.history.v1.AuditService/GetAuditRecord", 1),
    ),
    "auditRecords.list": (
        ("flowmesh.history.v1.AuditService/ListAuditRecords", 1),
    ),
    "auditRecords.verify": (
        ("flowmesh.history.v1.AuditService/ListAuditCheckpoints", 0),
        ("flowmesh.history.v1.AuditService/VerifyAuditRecords", 0),
    ),
    "batches.create": (
        ("flowmesh.engine.v1.BatchService/CreateBatch", 2),
    ),
    "batches.get": (
        ("flowmesh.engine.v1.BatchService/GetBatch", 2),
        ("flowmesh.engine.v1.BatchService/ListBatchItems", 2),
    ),
    "batches.list": (
        ("flowmesh.engine.v1.BatchService/ListBatches", 2),
    ),
    "batches.update": (
        ("flowmesh.engine.v1.BatchService/CancelBatch", 2),
        ("flowmesh.engine.v1.BatchService/ResumeBatch", 2),
        ("flowmesh.engine.v1.BatchService/SuspendBatch", 2),
    ),
    "clock.control": (
        ("flowmesh.engine.v1.ClockService/AdvanceClock", 0),
        ("flowmesh.engine.v1.ClockService/Drain", 0),
        ("flowmesh.engine.v1.ClockService/ResetClock", 0),
        ("flowmesh.engine.v1.ClockService/SetClock", 0),
        ("flowmesh.notification.v1.NotificationClockService/ResetNotificationClock", 0),
        ("flowmesh.notification.v1.NotificationClockService/SetNotificationClock", 0),
    ),
    "clock.get": (
        ("flowmesh.engine.v1.ClockService/GetClock", 0),
        ("flowmesh.notification.v1.NotificationClockService/GetNotificationClock", 0),
    ),
    "comments.create": (
        ("flowmesh.engine.v1.CommentService/CreateProcessInstanceComment", 3),
        ("flowmesh.engine.v1.CommentService/CreateUserTaskComment", 3),
    ),
    "comments.delete": (
        ("flowmesh.engine.v1.CommentService/DeleteComment", 3),
    ),
    "comments.list": (
        ("flowmesh.engine.v1.CommentService/ListProcessInstanceComments", 3),
        ("flowmesh.engine.v1.CommentService/ListUserTaskComments", 3),
    ),
    "conditions.evaluate": (
        ("flowmesh.engine.v1.ConditionService/EvaluateInstanceConditions", 2),
        ("flowmesh.engine.v1.ConditionService/EvaluateStartConditions", 2),
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
    "deliveries.discard": (
        ("flowmesh.notification.v1.DeliveryService/DiscardDelivery", 1),
    ),
    "deliveries.get": (
        ("flowmesh.notification.v1.DeliveryService/GetDelivery", 1),
    ),
    "deliveries.list": (
        ("flowmesh.notification.v1.DeliveryService/ListDeliveries", 1),
    ),
    "deliveries.resend": (
        ("flowmesh.notification.v1.DeliveryService/ResendDelivery", 1),
    ),
    "deployments.create": (
        ("flowmesh.engine.v1.DeploymentService/CreateDeployment", 1),
        ("flowmesh.engine.v1.DeploymentService/UploadDeployment", 1),
    ),
    "deployments.delete": (
        ("flowmesh.engine.v1.DeploymentService/DeleteDeployment", 1),
    ),
    "deployments.get": (
        ("flowmesh.engine.v1.DeploymentService/GetDeployment", 1),
        ("flowmesh.engine.v1.DeploymentService/GetDeploymentResource", 1),
    ),
    "deployments.list": (
        ("flowmesh.engine.v1.DeploymentService/ListDeployments", 1),
    ),
    "deployments.validate": (
        ("flowmesh.engine.v1.DeploymentService/ValidateDeployment", 1),
    ),
    "eventSubscriptions.list": (
        ("flowmesh.engine.v1.EventSubscriptionService/ListEventSubscriptions", 2),
    ),
    "formFiles.delete": (
        ("flowmesh.form.v1.FormFileService/DeleteFormFile", 3),
    ),
    "formFiles.get": (
        ("flowmesh.form.v1.FormFileService/DownloadFormFile", 3),
        ("flowmesh.form.v1.FormFileService/GetFormFile", 3),
    ),
    "forms.create": (
        ("flowmesh.form.v1.FormDefinitionService/CreateFormDefinition", 1),
    ),
    "forms.delete": (
        ("flowmesh.form.v1.FormDefinitionService/DeleteFormDefinition", 1),
    ),
    "forms.get": (
        ("flowmesh.form.v1.FormDefinitionService/GetFormDefinition", 1),
        ("flowmesh.form.v1.FormDefinitionService/GetFormDefinitionSchema", 1),
    ),
    "forms.list": (
        ("flowmesh.form.v1.FormDefinitionService/ListFormDefinitions", 1),
    ),
    "forms.validate": (
        ("flowmesh.form.v1.FormDefinitionService/ValidateFormDefinition", 1),
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
        ("flowmesh.history.v1.HistoryService/GetHistoricActivity", 3),
    ),
    "history.activities.list": (
        ("flowmesh.history.v1.HistoryQueryService/CountHistoricActivities", 3),
        ("flowmesh.history.v1.HistoryQueryService/QueryHistoricActivities", 3),
        ("flowmesh.history.v1.HistoryService/ListHistoricActivities", 3),
    ),
    "history.attachments.list": (
        ("flowmesh.history.v1.HistoryQueryService/ListHistoricAttachments", 3),
    ),
    "history.comments.list": (
        ("flowmesh.history.v1.HistoryQueryService/ListHistoricComments", 3),
    ),
    "history.incidents.list": (
        ("flowmesh.history.v1.HistoryQueryService/CountHistoricIncidents", 3),
        ("flowmesh.history.v1.HistoryQueryService/QueryHistoricIncidents", 3),
    ),
    "history.jobEvents.list": (
        ("flowmesh.history.v1.HistoryQueryService/CountHistoricJobEvents", 3),
        ("flowmesh.history.v1.HistoryQueryService/QueryHistoricJobEvents", 3),
    ),
    "history.processInstances.get": (
        ("flowmesh.history.v1.HistoryService/GetHistoricProcessInstance", 3),
    ),
    "history.processInstances.getTimeline": (
        ("flowmesh.history.v1.HistoryQueryService/GetProcessInstanceTimeline", 3),
    ),
    "history.processInstances.list": (
        ("flowmesh.history.v1.HistoryQueryService/CountHistoricProcessInstances", 3),
        ("flowmesh.history.v1.HistoryQueryService/QueryHistoricProcessInstances", 3),
        ("flowmesh.history.v1.HistoryService/ListHistoricProcessInstances", 3),
    ),
    "history.search": (
        ("flowmesh.history.v1.HistoryQueryService/SearchHistory", 3),
    ),
    "history.tasks.get": (
        ("flowmesh.history.v1.HistoryService/GetHistoricTask", 3),
    ),
    "history.tasks.list": (
        ("flowmesh.history.v1.HistoryQueryService/CountHistoricTasks", 3),
        ("flowmesh.history.v1.HistoryQueryService/QueryHistoricTasks", 3),
        ("flowmesh.history.v1.HistoryService/ListHistoricTasks", 3),
    ),
    "history.variableChanges.get": (
        ("flowmesh.history.v1.HistoryQueryService/GetHistoricVariableChange", 3),
    ),
    "history.variableChanges.list": (
        ("flowmesh.history.v1.HistoryQueryService/CountHistoricVariableChanges", 3),
        ("flowmesh.history.v1.HistoryQueryService/QueryHistoricVariableChanges", 3),
    ),
    "history.variables.get": (
        ("flowmesh.history.v1.HistoryService/GetHistoricVariable", 3),
    ),
    "history.variables.list": (
        ("flowmesh.history.v1.HistoryQueryService/CountHistoricVariables", 3),
        ("flowmesh.history.v1.HistoryQueryService/QueryHistoricVariables", 3),
        ("flowmesh.history.v1.HistoryService/ListHistoricVariables", 3),
    ),
    "historyRebuilds.cancel": (
        ("flowmesh.history.v1.RebuildService/CancelRebuild", 0),
    ),
    "historyRebuilds.create": (
        ("flowmesh.history.v1.RebuildService/StartRebuild", 0),
    ),
    "historyRebuilds.get": (
        ("flowmesh.history.v1.RebuildService/GetRebuild", 0),
    ),
    "historyRebuilds.list": (
        ("flowmesh.history.v1.RebuildService/ListRebuilds", 0),
    ),
    "historySearchIndexes.create": (
        ("flowmesh.history.v1.SearchIndexService/CreateSearchIndex", 0),
    ),
    "historySearchIndexes.get": (
        ("flowmesh.history.v1.SearchIndexService/GetSearchIndex", 0),
    ),
    "historySearchIndexes.list": (
        ("flowmesh.history.v1.SearchIndexService/ListSearchIndexes", 0),
    ),
    "identityAuditEntries.list": (
        ("flowmesh.identity.v1.AuditService/ListAuditEntries", 1),
    ),
    "incidents.list": (
        ("flowmesh.engine.v1.IncidentService/ListIncidents", 2),
    ),
    "incidents.resolve": (
        ("flowmesh.engine.v1.IncidentService/ResolveIncident", 2),
    ),
    "jobs.get": (
        ("flowmesh.engine.v1.JobService/GetJob", 2),
    ),
    "jobs.list": (
        ("flowmesh.engine.v1.JobService/ListFinishedJobs", 2),
        ("flowmesh.engine.v1.JobService/ListJobs", 2),
    ),
    "jobs.run": (
        ("flowmesh.engine.v1.JobService/RunJob", 2),
    ),
    "jobs.update": (
        ("flowmesh.engine.v1.JobService/BatchSetJobRetries", 2),
        ("flowmesh.engine.v1.JobService/MoveJobFromDeadLetter", 2),
        ("flowmesh.engine.v1.JobService/MoveJobToDeadLetter", 2),
        ("flowmesh.engine.v1.JobService/RescheduleJob", 2),
        ("flowmesh.engine.v1.JobService/SetJobRetries", 2),
    ),
    "jobs.work": (
        ("flowmesh.engine.v1.JobService/ActivateJobs", 2),
        ("flowmesh.engine.v1.JobService/BatchCompleteJobs", 2),
        ("flowmesh.engine.v1.JobService/CompleteJob", 2),
        ("flowmesh.engine.v1.JobService/ExtendJobLease", 2),
        ("flowmesh.engine.v1.JobService/FailJob", 2),
        ("flowmesh.engine.v1.JobService/StreamJobs", 2),
        ("flowmesh.engine.v1.JobService/ThrowJobError", 2),
    ),
    "keys.list": (
        ("flowmesh.identity.v1.SigningKeyService/ListSigningKeys", 0),
    ),
    "keys.rotate": (
        ("flowmesh.identity.v1.SigningKeyService/RotateSigningKeys", 0),
    ),
    "messages.correlate": (
        ("flowmesh.engine.v1.MessageService/CorrelateMessage", 1),
    ),
    "messages.list": (
        ("flowmesh.engine.v1.MessageService/ListMessages", 1),
    ),
    "messages.publish": (
        ("flowmesh.engine.v1.MessageService/PublishMessage", 1),
    ),
    "notificationRules.create": (
        ("flowmesh.notification.v1.NotificationRuleService/CreateNotificationRule", 1),
    ),
    "notificationRules.delete": (
        ("flowmesh.notification.v1.NotificationRuleService/DeleteNotificationRule", 1),
    ),
    "notificationRules.get": (
        ("flowmesh.notification.v1.NotificationRuleService/GetNotificationRule", 1),
    ),
    "notificationRules.list": (
        ("flowmesh.notification.v1.NotificationRuleService/ListNotificationRules", 1),
    ),
    "notificationRules.update": (
        ("flowmesh.notification.v1.NotificationRuleService/UpdateNotificationRule", 1),
    ),
    "permissions.list": (
        ("flowmesh.identity.v1.PermissionService/ListPermissions", 1),
    ),
    "preferences.get": (
        ("flowmesh.notification.v1.PreferenceService/GetPreferences", 1),
    ),
    "preferences.update": (
        ("flowmesh.notification.v1.PreferenceService/UpdatePreferences", 1),
    ),
    "processDefinitions.get": (
        ("flowmesh.engine.v1.ProcessDefinitionService/GetProcessDefinition", 2),
        ("flowmesh.engine.v1.ProcessDefinitionService/GetProcessDefinitionDiagram", 2),
        ("flowmesh.engine.v1.ProcessDefinitionService/GetProcessDefinitionDocument", 2),
        ("flowmesh.engine.v1.ProcessDefinitionService/GetProcessDefinitionStartForm", 2),
        ("flowmesh.engine.v1.ProcessDefinitionService/GetProcessDefinitionXml", 2),
        ("flowmesh.form.v1.StartFormService/GetStartForm", 2),
    ),
    "processDefinitions.list": (
        ("flowmesh.engine.v1.ProcessDefinitionService/ListProcessDefinitions", 2),
    ),
    "processDefinitions.suspend": (
        ("flowmesh.engine.v1.ProcessDefinitionService/ResumeProcessDefinition", 2),
        ("flowmesh.engine.v1.ProcessDefinitionService/SuspendProcessDefinition", 2),
    ),
    "processInstances.cancel": (
        ("flowmesh.engine.v1.ProcessInstanceService/CancelProcessInstance", 2),
    ),
    "processInstances.create": (
        ("flowmesh.engine.v1.ProcessInstanceService/BatchCreateProcessInstances", 3),
        ("flowmesh.engine.v1.ProcessInstanceService/CreateProcessInstance", 3),
        ("flowmesh.engine.v1.ProcessInstanceService/RestartProcessInstance", 2),
        ("flowmesh.form.v1.FormFileService/UploadStartFormFile", 2),
        ("flowmesh.form.v1.StartFormService/SubmitStartForm", 2),
    ),
    "processInstances.delete": (
        ("flowmesh.engine.v1.ProcessInstanceService/DeleteProcessInstance", 2),
    ),
    "processInstances.get": (
        ("flowmesh.engine.v1.ExplanationService/ExplainProcessInstance", 3),
        ("flowmesh.engine.v1.MigrationService/GetMigration", 2),
        ("flowmesh.engine.v1.ProcessInstanceService/GetProcessInstance", 3),
        ("flowmesh.engine.v1.ProcessInstanceService/GetProcessInstanceVariables", 3),
        ("flowmesh.engine.v1.VariableService/GetVariables", 3),
    ),
    "processInstances.list": (
        ("flowmesh.engine.v1.MigrationService/ListMigrations", 2),
        ("flowmesh.engine.v1.ProcessInstanceService/ListProcessInstances", 3),
    ),
    "processInstances.migrate": (
        ("flowmesh.engine.v1.MigrationService/MigrateProcessInstance", 2),
        ("flowmesh.engine.v1.MigrationService/PreviewMigration", 2),
        ("flowmesh.engine.v1.MigrationService/RevertMigration", 2),
    ),
    "processInstances.modify": (
        ("flowmesh.engine.v1.ProcessInstanceService/ModifyProcessInstance", 2),
    ),
    "processInstances.resume": (
        ("flowmesh.engine.v1.ProcessInstanceService/ResumeProcessInstance", 2),
    ),
    "processInstances.suspend": (
        ("flowmesh.engine.v1.ProcessInstanceService/SuspendProcessInstance", 2),
    ),
    "processInstances.update": (
        ("flowmesh.engine.v1.ProcessInstanceService/DeleteProcessInstanceVariables", 2),
        ("flowmesh.engine.v1.ProcessInstanceService/UpdateProcessInstanceVariables", 2),
        ("flowmesh.engine.v1.VariableService/DeleteVariables", 2),
        ("flowmesh.engine.v1.VariableService/UpdateVariables", 2),
    ),
    "retentionPolicies.delete": (
        ("flowmesh.history.v1.RetentionService/DeleteRetentionPolicy", 2),
    ),
    "retentionPolicies.list": (
        ("flowmesh.history.v1.RetentionService/ListRetentionPolicies", 2),
    ),
    "retentionPolicies.update": (
        ("flowmesh.history.v1.RetentionService/ClearInstanceRetention", 2),
        ("flowmesh.history.v1.RetentionService/SetInstanceRetention", 2),
        ("flowmesh.history.v1.RetentionService/SetRetentionPolicy", 2),
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
        ("flowmesh.engine.v1.SagaService/AcknowledgeCompletion", 2),
        ("flowmesh.engine.v1.SagaService/RejectCompletion", 2),
    ),
    "sagas.get": (
        ("flowmesh.engine.v1.SagaService/GetSaga", 2),
        ("flowmesh.engine.v1.SagaService/ListSagaSteps", 2),
    ),
    "sagas.list": (
        ("flowmesh.engine.v1.SagaService/ListSagas", 2),
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
        ("flowmesh.engine.v1.SignalService/BroadcastSignal", 1),
    ),
    "statistics.get": (
        ("flowmesh.history.v1.StatisticsService/CompareVersions", 2),
        ("flowmesh.history.v1.StatisticsService/GetActivityStatistics", 2),
        ("flowmesh.history.v1.StatisticsService/GetDurations", 2),
        ("flowmesh.history.v1.StatisticsService/GetThroughput", 2),
        ("flowmesh.history.v1.StatisticsService/ListBottlenecks", 2),
        ("flowmesh.history.v1.StatisticsService/ListOverdueTasks", 2),
        ("flowmesh.history.v1.StatisticsService/ListProcessStatistics", 2),
    ),
    "submissions.get": (
        ("flowmesh.form.v1.SubmissionService/GetSubmission", 3),
    ),
    "submissions.list": (
        ("flowmesh.form.v1.SubmissionService/ListSubmissions", 3),
    ),
    "templates.create": (
        ("flowmesh.notification.v1.TemplateService/CreateTemplate", 1),
    ),
    "templates.delete": (
        ("flowmesh.notification.v1.TemplateService/DeleteTemplate", 1),
    ),
    "templates.get": (
        ("flowmesh.notification.v1.TemplateService/GetBuiltInTemplate", 1),
        ("flowmesh.notification.v1.TemplateService/GetTemplate", 1),
        ("flowmesh.notification.v1.TemplateService/PreviewTemplate", 1),
    ),
    "templates.list": (
        ("flowmesh.notification.v1.TemplateService/ListTemplates", 1),
    ),
    "templates.update": (
        ("flowmesh.notification.v1.TemplateService/UpdateTemplate", 1),
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
        ("flowmesh.engine.v1.UserTaskService/AddUserTaskCandidates", 3),
        ("flowmesh.engine.v1.UserTaskService/AssignUserTask", 3),
        ("flowmesh.engine.v1.UserTaskService/RemoveUserTaskCandidates", 3),
    ),
    "userTasks.claim": (
        ("flowmesh.engine.v1.UserTaskService/ClaimUserTask", 3),
        ("flowmesh.engine.v1.UserTaskService/UnclaimUserTask", 3),
    ),
    "userTasks.complete": (
        ("flowmesh.engine.v1.UserTaskService/CompleteUserTask", 3),
        ("flowmesh.form.v1.FormFileService/UploadTaskFormFile", 3),
        ("flowmesh.form.v1.TaskFormService/DeleteTaskFormDraft", 3),
        ("flowmesh.form.v1.TaskFormService/SaveTaskFormDraft", 3),
        ("flowmesh.form.v1.TaskFormService/SubmitTaskForm", 3),
    ),
    "userTasks.create": (
        ("flowmesh.engine.v1.UserTaskService/CreateUserTask", 2),
    ),
    "userTasks.delegate": (
        ("flowmesh.engine.v1.UserTaskService/DelegateUserTask", 3),
    ),
    "userTasks.delete": (
        ("flowmesh.engine.v1.UserTaskService/DeleteUserTask", 3),
    ),
    "userTasks.get": (
        ("flowmesh.engine.v1.UserTaskService/GetUserTask", 3),
        ("flowmesh.engine.v1.UserTaskService/GetUserTaskVariables", 3),
        ("flowmesh.form.v1.FormFileService/DownloadTaskFormFile", 3),
        ("flowmesh.form.v1.TaskFormService/GetTaskForm", 3),
    ),
    "userTasks.list": (
        ("flowmesh.engine.v1.UserTaskService/ListUserTasks", 3),
    ),
    "userTasks.resolve": (
        ("flowmesh.engine.v1.UserTaskService/ResolveUserTask", 3),
    ),
    "userTasks.update": (
        ("flowmesh.engine.v1.UserTaskService/DeleteUserTaskVariables", 3),
        ("flowmesh.engine.v1.UserTaskService/UpdateUserTask", 3),
        ("flowmesh.engine.v1.UserTaskService/UpdateUserTaskVariables", 3),
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
    "webhooks.create": (
        ("flowmesh.notification.v1.WebhookService/CreateWebhook", 1),
    ),
    "webhooks.delete": (
        ("flowmesh.notification.v1.WebhookService/DeleteWebhook", 1),
    ),
    "webhooks.get": (
        ("flowmesh.notification.v1.WebhookService/GetWebhook", 1),
    ),
    "webhooks.list": (
        ("flowmesh.notification.v1.WebhookService/ListWebhooks", 1),
    ),
    "webhooks.update": (
        ("flowmesh.notification.v1.WebhookService/DisableWebhook", 1),
        ("flowmesh.notification.v1.WebhookService/EnableWebhook", 1),
        ("flowmesh.notification.v1.WebhookService/RotateWebhookSecret", 1),
        ("flowmesh.notification.v1.WebhookService/UpdateWebhook", 1),
    ),
}
