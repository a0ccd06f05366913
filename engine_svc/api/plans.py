"""Plans of migrations, read from the contract, and what they would do, told in it."""

from __future__ import annotations

from collections.abc import Sequence

from flowmesh.engine.v1 import migration_pb2 as pb

from engine_svc.api.messages import timestamp
from engine_svc.commands.migrations import PlanRequest
from engine_svc.commands.variables import read_variables
from engine_svc.runtime.migration_plan import Action, Assessment, ElementMapping, PlanProblem
from engine_svc.state.definition import Definition
from engine_svc.state.instance import HIDDEN, Instance
from mesh.db.statements import Row
from mesh.ids import member_id

_ACTIONS = {
    Action.KEPT: pb.ActivityMigration.ACTION_KEPT,
    Action.RESTARTED: pb.ActivityMigration.ACTION_RESTARTED,
    Action.ENDED: pb.ActivityMigration.ACTION_ENDED,
}


def read_plan(sent: pb.MigrationPlan, max_variable_bytes: int) -> PlanRequest:
    """Return a plan. Raises `InvalidField` (FIELD_INVALID, VARIABLE_TOO_LARGE)."""
    return PlanRequest(
        sent.target_process_definition_id,
        [
            ElementMapping(
                list(mapping.source_element_ids),
                list(mapping.target_element_ids),
                read_variables(
                    mapping.local_variables, f"plan.mappings[{position}].local_variables", max_variable_bytes
                ),
            )
            for position, mapping in enumerate(sent.mappings)
        ],
        explicit_only=sent.explicit_only,
        update_event_triggers=sent.update_event_triggers,
        variables=read_variables(sent.variables, "plan.variables", max_variable_bytes),
    )


def problems_of(found: Sequence[PlanProblem], instance_id: str = "") -> list[pb.MigrationProblem]:
    """Return problems as messages."""
    return [
        pb.MigrationProblem(
            code=str(problem.code),
            element_id=problem.element_id,
            activity_id=member_id(instance_id, problem.key) if problem.key else "",
            message=problem.message,
        )
        for problem in found
    ]


def preview_of(instance: Instance, assessment: Assessment, target: Definition) -> pb.MigrationPreview:
    """Return what a plan would do to an instance."""
    elements = instance.definition.process.elements
    return pb.MigrationPreview(
        process_instance_id=instance.id,
        problems=problems_of(assessment.problems, instance.id),
        activities=[
            pb.ActivityMigration(
                activity_id=member_id(instance.id, key),
                element_id=elements[fate.token.element].id,
                action=_ACTIONS[fate.action],
                target_element_ids=[target.process.elements[index].id for index in fate.targets],
            )
            for key, fate in assessment.fates.items()
            if fate.token.stage not in HIDDEN
        ],
    )


def migration_of_row(row: Row) -> pb.Migration:
    """Return a migration from its row in the journal."""
    migration_id, instance_id, state, final, source_id, target_id, _, created_at, reverted_at = row
    return pb.Migration(
        id=migration_id,
        process_instance_id=instance_id,
        source_process_definition_id=source_id,
        target_process_definition_id=target_id,
        state=state,
        create_time=timestamp(created_at),
        revert_time=timestamp(reverted_at),
        final=bool(final),
    )
