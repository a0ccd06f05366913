"""Deploying and validating bundles of models."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from engine_svc.commands.definition_cache import DefinitionCache
from engine_svc.commands.start_texts import starts_of
from engine_svc.compile.executable import ExecutableProcess
from engine_svc.compile.load import FORM_ENDINGS, MODEL_ENDINGS, is_form, load_definitions
from engine_svc.model.problem import Problem
from engine_svc.storage.commit import RequestRecord
from engine_svc.storage.definitions import NewDefinition, NewDeployment, StoredDeployment, deploy
from mesh.audit.operation import maker_of
from mesh.call import find_call
from mesh.clock import Clock
from mesh.db.database import Database
from mesh.db.served_database import write_again
from mesh.errors import InvalidField, InvalidModel, Violation
from mesh.ids import new_id

CheckForms = Callable[[Sequence[tuple[str, bytes]]], Awaitable[list[tuple[str, Problem]]]]
"""Returns every problem of the forms of a bundle. Raises `DependencyDown`."""


async def no_forms(forms: Sequence[tuple[str, bytes]]) -> list[tuple[str, Problem]]:
    """Refuse forms: for engines that have no form service. Raises `InvalidField`."""
    raise _invalid("resources", f"{forms[0][0]}: this engine has no form service, and takes no forms")


@dataclass(slots=True, frozen=True)
class LoadedBundle:
    """The resources of a bundle after parsing: problems with the resource they are in, and the processes."""

    problems: list[tuple[str, Problem]]
    processes: list[tuple[str, ExecutableProcess]]


async def load_bundle(resources: Sequence[tuple[str, bytes]], check_forms: CheckForms) -> LoadedBundle:
    """Parse and validate every resource, off the event loop.

    Raises `InvalidField` for an unknown file ending, `DependencyDown` where forms cannot be checked.
    """
    names = [name for name, _ in resources]
    for position, name in enumerate(names):
        field = f"resources[{position}].name"
        if not name.lower().endswith((*MODEL_ENDINGS, *FORM_ENDINGS)):
            raise _invalid(field, f"{name}: the file must end in {', '.join((*MODEL_ENDINGS, *FORM_ENDINGS))}")
        if name in names[:position]:
            raise _invalid(field, f"{name} is in the bundle twice; rename one of them")
    models = [resource for resource in resources if not is_form(resource[0])]
    bundle = await asyncio.to_thread(_load, models)
    if len(models) < len(resources):
        bundle.problems.extend(await check_forms([resource for resource in resources if is_form(resource[0])]))
    return bundle


def _load(resources: Sequence[tuple[str, bytes]]) -> LoadedBundle:
    bundle = LoadedBundle([], [])
    for name, content in resources:
        result = load_definitions(name, content)
        bundle.problems.extend((name, problem) for problem in result.problems)
        bundle.processes.extend((name, process) for process in result.processes)
    return bundle


async def create_deployment(
    database: Database,
    definitions: DefinitionCache,
    clock: Clock,
    *,
    name: str,
    tenant_id: str,
    resources: Sequence[tuple[str, bytes]],
    force: bool,
    request: RequestRecord | None,
    check_forms: CheckForms = no_forms,
) -> tuple[StoredDeployment, LoadedBundle]:
    """Deploy a bundle: all of it or nothing.

    Raises `InvalidModel`, `InvalidField`, `RequestIdReused`, `DependencyDown`.
    """
    bundle = await load_bundle(resources, check_forms)
    errors = [(resource, problem) for resource, problem in bundle.problems if problem.is_error]
    if errors:
        raise _not_deployable(errors)
    keys = [process.key for _, process in bundle.processes]
    for resource, process in bundle.processes:
        if keys.count(process.key) > 1:
            raise _invalid("resources", f"process {process.key} is in the bundle more than once, last in {resource}")
    deployment_id, now, bundle_name = new_id(), clock.now_micros(), name or resources[0][0]
    new = NewDeployment(
        deployment_id,
        bundle_name,
        tenant_id,
        now,
        resources,
        [
            NewDefinition(
                new_id(),
                process.key,
                process.name,
                process.documentation,
                process.version_tag,
                resource,
                starts_of(process, resource, now),
            )
            for resource, process in bundle.processes
        ],
        force,
        maker_of(find_call()),
    )
    stored = await write_again(database, lambda: deploy(new, request))
    if isinstance(stored, Exception):
        raise stored
    definitions.forget_newest()
    return stored, bundle


def _not_deployable(errors: list[tuple[str, Problem]]) -> InvalidModel:
    violations = [
        Violation(
            f"{resource}#{problem.element_id or ''}",
            f"{_place(problem)}{problem.rule}: {problem.message}",
        )
        for resource, problem in errors
    ]
    count = len(errors)
    return InvalidModel(
        "BPMN_INVALID",
        f"nothing was deployed: {count} problem{'s' if count > 1 else ''} found, each listed in the details. "
        f"The first: {violations[0].field} {violations[0].description}",
        violations=violations,
    )


def _place(problem: Problem) -> str:
    # What is found in a form has its path as the element, and no line.
    return f"line {problem.line}, column {problem.column}, " if problem.line else ""


def _invalid(field: str, description: str) -> InvalidField:
    return InvalidField("FIELD_INVALID", description, violations=[Violation(field, description)])
