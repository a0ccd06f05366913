"""What the page does to its data by itself: it computes expressions and empties what is not offered any more."""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping
from typing import Any, Final

from form_svc.schema.field_types import Input
from form_svc.schema.model import FormSchema, OptionsFromExpression
from form_svc.submission.datetimes import Calendar, Refusal, Unreadable, shown
from form_svc.submission.entering import keep_offered, not_an_option, unreadable_date
from form_svc.submission.files import SubmittedFiles
from form_svc.submission.options import choices, fixed_options
from form_svc.submission.values import Step, get, identity, is_blank, is_same, put
from form_svc.submission.violations import Fault, Rule
from form_svc.submission.visibility import Conditions, Instance, Page

_SPARE_ROUNDS: Final = 3
_MAX_ROUNDS: Final = 50

OnDropped = Callable[[tuple[Step, ...], Fault], None]


class _Work(enum.Flag):
    COMPUTE = enum.auto()
    CLEAN = enum.auto()
    ALL = COMPUTE | CLEAN


class Settling:
    """Runs the page's own changes until there are none, or for as many rounds as the form can need.

    `on_dropped` is told which values were emptied or changed, and why.
    """

    def __init__(
        self,
        schema: FormSchema,
        initial: Mapping[str, Any],
        calendar: Calendar,
        conditions: Conditions,
        files: SubmittedFiles,
        on_dropped: OnDropped,
    ) -> None:
        self._schema = schema
        self._initial = initial
        self._calendar = calendar
        self._conditions = conditions
        self._files = files
        self._on_dropped = on_dropped
        computed = sum(1 for field in schema.fields.values() if field.computation is not None)
        self._rounds = min(computed + _SPARE_ROUNDS, _MAX_ROUNDS)
        self._fixed_choices: dict[str, frozenset[Any]] = {}
        self._began: dict[tuple[Step, ...], Any] = {}
        """What dates were when their fields came on the page."""

    def settle_at_once(self, data: dict[str, Any]) -> Page:
        """Change the data as a page does on which everything appears at once; return what is on it then."""
        return self._run(data, _Work.ALL)

    def settle(self, data: dict[str, Any]) -> Page:
        """Change the data as a page does while the user fills it in: expressions come first."""
        page = self._run(data, _Work.COMPUTE)
        for _ in range(self._rounds):
            if not self._change(page, data, _Work.CLEAN):
                return page
            page = self._run(data, _Work.COMPUTE)
        return page

    def _run(self, data: dict[str, Any], work: _Work) -> Page:
        page = self._page(data)
        for _ in range(self._rounds):
            if not self._change(page, data, work):
                return page
            page = self._page(data)
        return page

    def _page(self, data: dict[str, Any]) -> Page:
        page = Page(self._schema, self._initial, data, self._conditions)
        before = self._began
        self._began = {
            instance.path: before.get(instance.path, get(data, instance.path))
            for instance in page.instances
            if instance.field.type.input is Input.DATE_TIME
        }
        return page

    def _change(self, page: Page, data: dict[str, Any], work: _Work) -> bool:
        changes = []
        for instance in page.instances:
            field = instance.field
            kind = field.type.input
            if field.disabled or kind in (Input.TEXT, Input.NUMBER, Input.FLAG):
                continue
            if (_Work.COMPUTE if kind is Input.COMPUTED else _Work.CLEAN) not in work or is_readonly(instance):
                continue
            before = get(data, instance.path)
            after = self._computed(instance, before) if kind is Input.COMPUTED else self._cleaned(instance, before)
            if not is_same(before, after):
                changes.append((instance.path, after))
        for path, value in changes:
            put(data, path, value)
        return bool(changes)

    def _computed(self, instance: Instance, before: Any) -> Any:
        computation = instance.field.computation
        if computation is None or computation.expression is None or computation.on_submit:
            return before
        return computation.expression.evaluate(instance.context)

    def _cleaned(self, instance: Instance, value: Any) -> Any:
        match instance.field.type.input:
            case Input.CHOICE:
                after, fault = self._choice(instance, value)
            case Input.CHOICES:
                after, fault = self._choices(instance, value)
            case Input.DATE_TIME:
                after, fault = self._date_time(instance, value)
            case _:
                after, fault = self._file(value)
        if fault is not None:
            self._on_dropped(instance.path, fault)
        return after

    def _choice(self, instance: Instance, value: Any) -> tuple[Any, Fault | None]:
        if is_blank(value) or identity(value) in self._offered(instance):
            return value, None
        return None, not_an_option(value)

    def _choices(self, instance: Instance, values: Any) -> tuple[Any, Fault | None]:
        if is_blank(values):
            return values, None
        if not isinstance(values, list):
            return [], Fault(Rule.NOT_A_LIST)
        return keep_offered(values, self._offered(instance)) if values else (values, None)

    def _offered(self, instance: Instance) -> frozenset[Any]:
        field = instance.field
        if isinstance(field.options, OptionsFromExpression):
            return choices(field.options.expression.evaluate(instance.context))
        known = self._fixed_choices.get(field.id)
        if known is None:
            known = self._fixed_choices[field.id] = choices(fixed_options(field, self._initial))
        return known

    def _date_time(self, instance: Instance, value: Any) -> tuple[Any, Fault | None]:
        if not isinstance(value, str) or value == "":
            return None, None
        form = instance.field.date_time
        try:
            seen = shown(value, form, self._calendar)
        except Unreadable:
            return None, unreadable_date(instance.field)
        began_with_it = self._began.get(instance.path) == value
        if seen.refusal is not None and not (began_with_it and seen.whole):
            return None, Fault(Rule.DATE_PASSED if seen.refusal is Refusal.PASSED else Rule.DATE_TOO_EARLY)
        if began_with_it:
            self._began[instance.path] = seen.kept
            return seen.kept, None
        return seen.entered, Fault.of(Rule.TIME_INTERVAL, interval=form.interval_minutes) if seen.moved else None

    def _file(self, value: Any) -> tuple[Any, Fault | None]:
        if is_blank(value) or (isinstance(value, str) and value in self._files):
            return value, None
        return None, Fault.of(Rule.FILE_UNKNOWN, value=str(value)[:80])


def is_readonly(instance: Instance) -> bool:
    """Tell whether a field that is on the page can only be read."""
    readonly = instance.field.readonly
    return readonly if isinstance(readonly, bool) else readonly.holds(instance.context)
