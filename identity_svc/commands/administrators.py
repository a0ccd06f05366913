"""Making somebody who may do everything everywhere."""

from __future__ import annotations

from dataclasses import replace

from identity_svc.access.built_in_roles import ADMINISTRATOR
from identity_svc.commands import role_assignments
from identity_svc.commands.changes import Changes
from identity_svc.commands.subjects import create_subject
from identity_svc.storage.layout import TO_SUBJECT
from identity_svc.storage.role_assignments import RoleAssignment
from identity_svc.storage.subjects import Subject
from mesh.db.statements import Program
from mesh.ids import new_id


def make_administrator(changes: Changes, wanted: Subject) -> Program[Subject]:
    """Make a user or service account of all tenants with the role `administrator`.

    For the mesh itself: the caller of `changes` must not be bound. Raises as `create_subject`.
    """
    subject = yield from create_subject(changes, replace(wanted, all_tenants=True, tenant_ids=()))
    yield from role_assignments.create(changes, RoleAssignment(new_id(), ADMINISTRATOR, TO_SUBJECT, subject.id))
    return subject
