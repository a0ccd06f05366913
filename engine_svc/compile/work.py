"""Transforms work for external workers (BPMN 2.0.2, 10.3.3)."""

from __future__ import annotations

from engine_svc.compile.executable import ErrorMappingSpec, ExternalTaskSpec
from engine_svc.compile.texts import compiled, compiled_or_none
from engine_svc.model.elements import ExternalWork

_DEFAULT_RETRIES = 3


def external_task(work: ExternalWork, result_variable: str = "", *, ends: bool = False) -> ExternalTaskSpec:
    """Return the job that a worker polls for; `ends`: the token ends with it."""
    return ExternalTaskSpec(
        job_type=compiled(work.job_type),
        retries=_DEFAULT_RETRIES if work.retries is None else work.retries,
        retries_text=compiled_or_none(work.retries_text),
        priority=compiled_or_none(work.priority),
        headers=dict(work.headers),
        inputs={name: compiled(text) for name, text in work.fields.items()},
        error_mappings=tuple(
            ErrorMappingSpec(mapping.error_code, mapping.exception, compiled_or_none(mapping.condition))
            for mapping in work.error_mappings
        ),
        result_variable=result_variable,
        ends=ends,
    )
