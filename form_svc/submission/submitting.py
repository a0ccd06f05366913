"""What becomes of submitted data: whether the form takes them, and what it hands over."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from form_svc.schema.expressions import Budget, Expression, TooCostly, is_expression
from form_svc.schema.field_types import Input
from form_svc.schema.limits import MAX_INSTANCES
from form_svc.schema.model import MISSING, Field, FormSchema, OptionsFromExpression
from form_svc.submission.constraints import faults
from form_svc.submission.datetimes import Calendar
from form_svc.submission.entering import enter
from form_svc.submission.files import SubmittedFile, SubmittedFiles, is_accepted
from form_svc.submission.held_files import HeldFiles
from form_svc.submission.initial import TooManyFields, initialised, own_copy
from form_svc.submission.readonly import FixedValues
from form_svc.submission.settling import Settling, is_readonly
from form_svc.submission.values import Step, copied, get, put, without_gaps
from form_svc.submission.violations import Fault, Rule, Violation, message, path_text
from form_svc.submission.visibility import Conditions, Instance

ENGLISH: Final = "en"
_MOST_SECONDS: Final = 5.0
"""Time after which a submission is refused as too costly to check."""


@dataclass(slots=True, frozen=True)
class Submission:
    """The outcome. Without violations `data` are to be kept; with them, they say what the form would have held."""

    violations: tuple[Violation, ...]
    data: dict[str, Any]


@dataclass(slots=True, frozen=True, kw_only=True)
class Circumstances:
    """What is known of where, when and with which files a form was filled in."""

    now: datetime.datetime
    zone: datetime.tzinfo | None = None
    """The user's time zone; without one, what is right in some zone is right."""
    files: SubmittedFiles | None = None
    """The files that were uploaded for this submission."""

    @property
    def calendar(self) -> Calendar:
        """The time as dates are compared with it."""
        return Calendar(self.now if self.zone is None else self.now.astimezone(self.zone), self.zone)


def present() -> Circumstances:
    """Return the circumstances of a form without files that is filled in now, anywhere."""
    return Circumstances(now=datetime.datetime.now(datetime.UTC))


def initial_data(
    schema: FormSchema, variables: Mapping[str, Any], circumstances: Circumstances | None = None
) -> dict[str, Any]:
    """Return the data with which a form is to be shown, the variables included. Raises `TooManyFields`."""
    return initialised(schema, variables, (circumstances or present()).calendar)


def submit(
    schema: FormSchema,
    data: Mapping[str, Any],
    variables: Mapping[str, Any],
    language: str = ENGLISH,
    circumstances: Circumstances | None = None,
) -> Submission:
    """Fill the form in with submitted data, over the variables with which it was shown, and submit it."""
    try:
        return _Filling(schema, variables, circumstances or present()).submit(data, language)
    except TooManyFields:
        fault = Fault.of(Rule.TOO_MANY_FIELDS, bound=MAX_INSTANCES)
    except TooCostly:
        fault = Fault(Rule.TOO_COSTLY)
    return Submission((_violation(schema.root, (), fault, language),), {})


def check(
    schema: FormSchema,
    data: Mapping[str, Any],
    variables: Mapping[str, Any],
    language: str = ENGLISH,
    circumstances: Circumstances | None = None,
) -> list[Violation]:
    """Return all that is wrong with submitted data, in the form's order."""
    return list(submit(schema, data, variables, language, circumstances).violations)


def accepted_data(
    schema: FormSchema,
    data: Mapping[str, Any],
    variables: Mapping[str, Any],
    circumstances: Circumstances | None = None,
) -> dict[str, Any]:
    """Return what form-js would hand over: the values of the fields that are on the page and not disabled."""
    return submit(schema, data, variables, circumstances=circumstances).data


class _Filling:
    """One form that is shown, filled in and submitted."""

    def __init__(self, schema: FormSchema, variables: Mapping[str, Any], circumstances: Circumstances) -> None:
        self._schema = schema
        self._calendar = circumstances.calendar
        self._files = circumstances.files or {}
        self._initial = without_gaps(initialised(schema, variables, self._calendar))
        conditions = Conditions(self._calendar.now, Budget(_MOST_SECONDS))
        self._settling = Settling(schema, self._initial, self._calendar, conditions, self._files, self._drop)
        self._held_files = HeldFiles(self._initial)
        self._entered: set[tuple[Step, ...]] = set()
        self._faults: dict[tuple[Step, ...], Fault] = {}
        self._data = own_copy(schema, self._initial)
        self._page = self._settling.settle_at_once(self._data)
        self._fixed = FixedValues(schema, self._page, self._data)

    def submit(self, data: Mapping[str, Any], language: str) -> Submission:
        while self._enter(data):
            self._data = initialised(self._schema, self._data, self._calendar, self._drop)
            self._page = self._settling.settle(self._data)
        self._compute_on_submit()
        return Submission(tuple(self._violations(language)), self._handed_over())

    def _enter(self, data: Mapping[str, Any]) -> bool:
        """Enter what can be entered now; tell whether there was anything."""
        return (
            self._enter_rows(data)
            or self._enter_values(data, computed=False)
            or self._enter_values(data, computed=True)
        )

    def _enter_rows(self, data: Mapping[str, Any]) -> bool:
        """Make as many rows as were submitted, in the lists that are on the page and were not entered yet."""
        done: list[tuple[Step, ...]] = []
        for instance in self._page.lists:
            path, form = instance.path, instance.field.rows
            # Lists within rows come when it is known which rows there are.
            if path in self._entered or any(path[: len(above)] == above for above in done):
                continue
            done.append(path)
            self._entered.add(path)
            given, held = get(data, path), get(self._data, path)
            rows = held if isinstance(held, list) else []
            if given is MISSING or given is None:
                if form.can_grow_and_shrink:
                    # form-js hands over nothing for a list without rows.
                    put(self._data, path, [])
            elif not isinstance(given, list):
                self._faults[path] = Fault(Rule.NOT_A_LIST)
            elif len(given) > MAX_INSTANCES:
                raise TooManyFields
            else:
                count = len(given)
                if not form.can_grow_and_shrink:
                    if count > len(rows):
                        self._faults[path] = Fault.of(Rule.ROWS_FIXED, count=count, bound=len(rows))
                    # Rows at the end without any field that can be entered are not handed over.
                    count = max(count, len(rows))
                put(self._data, path, [rows[at] if at < len(rows) else {} for at in range(count)])
        return bool(done)

    def _enter_values(self, data: Mapping[str, Any], *, computed: bool) -> bool:
        """Enter what was submitted for the fields that are on the page and were not entered yet.

        `computed`: those whose options are computed, which come last.
        """
        any_entered = False
        for instance in self._page.instances:
            field, path = instance.field, instance.path
            if field.disabled or field.type.input is Input.COMPUTED or path in self._entered:
                continue
            if isinstance(field.options, OptionsFromExpression) is not computed:
                continue
            value = get(data, path)
            if value is MISSING:
                continue
            self._entered.add(path)
            if self._fixed.is_fixed(field):
                entered = enter(field, value, self._data, self._calendar).value
                if not (self._fixed.may_be(field, path, entered) or self._fixed.may_be(field, path, value)):
                    self._faults[path] = Fault(Rule.READONLY)
                    continue
            elif field.type.input is Input.FILES:
                value = self._held_files.take(field, path, value)
            put(self._data, path, copied(value))
            any_entered = True
        return any_entered

    def _drop(self, path: tuple[Step, ...], fault: Fault) -> None:
        """Note that a submitted value was dropped; the first reason is the one to be told."""
        if path in self._entered:
            self._faults.setdefault(path, fault)

    def _compute_on_submit(self) -> None:
        for instance in self._page.instances:
            computation = instance.field.computation
            if computation is None or not computation.on_submit or computation.expression is None:
                continue
            if not instance.field.disabled and not is_readonly(instance):
                put(self._data, instance.path, computation.expression.evaluate(instance.context))

    def _violations(self, language: str) -> list[Violation]:
        found = [
            _violation(instance.field, instance.path, self._faults[instance.path], language)
            for instance in self._page.lists
            if instance.path in self._faults
        ]
        for instance in self._page.instances:
            if not instance.field.disabled:
                found.extend(
                    _violation(instance.field, instance.path, fault, language) for fault in self._faults_of(instance)
                )
        return found

    def _faults_of(self, instance: Instance) -> list[Fault]:
        dropped = self._faults.get(instance.path)
        if dropped is not None:
            return [dropped]
        value = self._held_files.settled(instance.field, instance.path, get(self._data, instance.path))
        found = list(faults(instance.field, value, instance.context))
        if instance.field.type.input is Input.FILES and isinstance(value, str):
            found.extend(self._file_faults(instance, self._files.get(value, ())))
        return found

    def _file_faults(self, instance: Instance, files: tuple[SubmittedFile, ...] | Any) -> list[Fault]:
        form, found = instance.field.files, []
        multiple = _evaluated(form.multiple, instance)
        if len(files) > 1 and multiple is not True:
            found.append(Fault.of(Rule.FILE_COUNT, count=len(files)))
        accept = _evaluated(form.accept, instance)
        # A template is computed by the browser alone.
        if isinstance(accept, str) and "{{" not in accept:
            found.extend(
                Fault.of(Rule.FILE_TYPE, name=file.name, accept=accept)
                for file in files
                if not is_accepted(file, accept)
            )
        return found

    def _handed_over(self) -> dict[str, Any]:
        result: dict[str, Any] = {}
        for instance in self._page.instances:
            if instance.field.disabled:
                continue
            value = self._held_files.settled(instance.field, instance.path, get(self._data, instance.path))
            if value is not MISSING:
                put(result, instance.path, copied(value))
        return without_gaps(result)  # type: ignore[no-any-return]


def _evaluated(value: str | bool | Expression, instance: Instance) -> Any:
    return value if isinstance(value, str | bool) else value.evaluate(instance.context)


def _violation(field: Field, path: tuple[Step, ...], fault: Fault, language: str) -> Violation:
    computed = not field.label or is_expression(field.label) or "{{" in field.label
    label = (field.binding[-1] if field.binding else field.id) if computed else field.label
    return Violation(path_text(path), field.id, label, fault.rule, message(fault, language))
