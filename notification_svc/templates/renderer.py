"""Rendering off the event loop; what templates need is loaded with the first one, in the thread that renders it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Any, ParamSpec, Self, TypeVar

from notification_svc.templates.template import MessageTemplate, Reader, Rendered, RenderLimits

_Arguments = ParamSpec("_Arguments")
_Result = TypeVar("_Result")


class Renderer:
    """Works in a thread of its own, so that no template holds the event loop up; one after the other."""

    def __init__(self, limits: RenderLimits | None = None) -> None:
        self._limits = limits or RenderLimits()
        self._thread = ThreadPoolExecutor(1, "templates")

    async def render(
        self, template: MessageTemplate, data: Mapping[str, Any], reader: Reader | None = None
    ) -> Rendered:
        """Render a template, as `rendering.render` does."""
        return await self._run(_render, template, data, reader, self._limits)

    async def preview(self, template: MessageTemplate, reader: Reader | None = None) -> Rendered:
        """Render a template with sample data, as `validation.preview` does."""
        return await self._run(_preview, template, reader, self._limits)

    async def validate(self, template: MessageTemplate) -> None:
        """Look at a template before it is stored, as `validation.validate` does."""
        await self._run(_validate, template, self._limits)

    async def _run(
        self, work: Callable[_Arguments, _Result], *arguments: _Arguments.args, **named: _Arguments.kwargs
    ) -> _Result:
        return await asyncio.get_running_loop().run_in_executor(self._thread, lambda: work(*arguments, **named))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._thread.shutdown(wait=True, cancel_futures=True)


def _render(
    template: MessageTemplate, data: Mapping[str, Any], reader: Reader | None, limits: RenderLimits
) -> Rendered:
    from notification_svc.templates.rendering import render

    return render(template, data, reader, limits)


def _preview(template: MessageTemplate, reader: Reader | None, limits: RenderLimits) -> Rendered:
    from notification_svc.templates.validation import preview

    return preview(template, reader, limits)


def _validate(template: MessageTemplate, limits: RenderLimits) -> None:
    from notification_svc.templates.validation import validate

    validate(template, limits)
