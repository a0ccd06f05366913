"""Reads YAML with the place of every value.

Built on the parser's events and not on a loader: nothing is constructed from tags, scalars mean what the core schema
of YAML 1.2 says (`yes` and `2030-01-31` are texts), and what aliases repeat is counted before it is walked.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from engine_svc.model.documents.located import (
    MAX_DEPTH,
    MAX_NUMBER_LENGTH,
    MAX_VALUES,
    DocumentRefusedError,
    Located,
    Scalar,
    number_too_long,
    report_duplicate,
    too_deep,
    too_many_values,
)
from engine_svc.model.problem import NOWHERE, Findings, Source
from engine_svc.model.rules import Rule

if TYPE_CHECKING:
    import yaml

_NULL = frozenset({"", "~", "null", "Null", "NULL"})
_TRUE = frozenset({"true", "True", "TRUE"})
_FALSE = frozenset({"false", "False", "FALSE"})
_INTEGER = re.compile(r"[-+]?[0-9]+", re.ASCII)
_FLOAT = re.compile(
    r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)", re.ASCII
)
_TEXT_TAGS = frozenset({"!", "tag:yaml.org,2002:str"})


def read_yaml(text: str, findings: Findings) -> Located:
    """Return the value of the only document in `text`; keys given twice are reported.

    Raises `DocumentRefusedError`.
    """
    # 15 ms and 2 MB: paid only where there is YAML.
    import yaml

    loader = yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader
    builder = _Builder(findings)
    try:
        for event in yaml.parse(text, Loader=loader):
            builder.take(event)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        what = " ".join(part for part in (error.context, error.problem) if part)
        raise _refused(f"The file is not valid YAML: {what}", _source(mark)) from error
    except yaml.YAMLError as error:
        first = str(error).partition("\n")[0]
        raise _refused(f"The file is not valid YAML: {first}", NOWHERE) from error
    if builder.root is None:
        raise _refused("The file is empty", NOWHERE)
    return builder.root


def is_plain_text(text: str) -> bool:
    """Tell whether `text`, written without quotes, is read as a text and not as a number or the like."""
    try:
        return isinstance(_resolved(text, NOWHERE), str)
    except DocumentRefusedError:
        return False


@dataclass(slots=True)
class _Extent:
    """How much a value is, its aliases written out."""

    size: int = 1
    height: int = 1

    def add(self, inner: _Extent) -> None:
        self.size += inner.size
        self.height = max(self.height, inner.height + 1)


@dataclass(slots=True)
class _Open:
    """A list or object whose end was not read yet."""

    source: Source
    anchor: str | None
    items: list[Located] | None
    values: dict[str, Located] = field(default_factory=dict)
    keys: dict[str, Source] = field(default_factory=dict)
    key: str | None = None
    duplicate: bool = False
    extent: _Extent = field(default_factory=_Extent)


class _Builder:
    def __init__(self, findings: Findings) -> None:
        self.root: Located | None = None
        self._findings = findings
        self._open: list[_Open] = []
        self._anchors: dict[str, tuple[Located, _Extent] | None] = {}
        self._documents = 0

    def take(self, event: yaml.Event) -> None:
        import yaml

        match event:
            case yaml.DocumentStartEvent():
                self._documents += 1
                if self._documents > 1:
                    raise _refused(
                        "The file holds more than one YAML document; put each into a file of its own",
                        _source(event.start_mark),
                    )
            case yaml.ScalarEvent():
                self._scalar(event)
            case yaml.AliasEvent():
                self._alias(event)
            case yaml.SequenceStartEvent() | yaml.MappingStartEvent():
                self._begin(event, is_list=isinstance(event, yaml.SequenceStartEvent))
            case yaml.SequenceEndEvent() | yaml.MappingEndEvent():
                self._end()

    def _scalar(self, event: yaml.ScalarEvent) -> None:
        source = _source(event.start_mark)
        if event.tag is not None and event.tag not in _TEXT_TAGS:
            raise _refused_tag(event.tag, source)
        is_plain = event.tag is None and event.implicit[0]
        container = self._open[-1] if self._open else None
        if container is not None and container.items is None and container.key is None:
            self._key(container, event.value, source)
            return
        value = Located(_resolved(event.value, source) if is_plain else event.value, source)
        extent = _Extent()
        self._anchor(event.anchor, value, extent)
        self._put(value, extent)

    def _key(self, container: _Open, key: str, source: Source) -> None:
        container.key = key
        container.duplicate = key in container.keys
        if container.duplicate:
            report_duplicate(self._findings, key, source, container.keys[key])
        else:
            container.keys[key] = source

    def _alias(self, event: yaml.AliasEvent) -> None:
        source = _source(event.start_mark)
        known = self._anchors.get(str(event.anchor))
        if known is None:
            inside = event.anchor in self._anchors
            problem = "stands within what it repeats" if inside else "repeats an anchor that is not there"
            raise _refused(f"The alias *{event.anchor} {problem}", source)
        self._refuse_key(source)
        value, extent = known
        if len(self._open) + extent.height > MAX_DEPTH:
            raise too_deep(source)
        self._put(value, extent)

    def _begin(self, event: yaml.CollectionStartEvent, *, is_list: bool) -> None:
        source = _source(event.start_mark)
        self._refuse_key(source)
        if event.tag is not None:
            raise _refused_tag(event.tag, source)
        if len(self._open) >= MAX_DEPTH:
            raise too_deep(source)
        if event.anchor is not None:
            # Not to be repeated before its end.
            self._anchors[event.anchor] = None
        self._open.append(_Open(source, event.anchor, [] if is_list else None))

    def _end(self) -> None:
        done = self._open.pop()
        value = Located(done.values if done.items is None else done.items, done.source, done.keys)
        self._anchor(done.anchor, value, done.extent)
        self._put(value, done.extent)

    def _put(self, value: Located, extent: _Extent) -> None:
        if not self._open:
            self.root = value
            return
        container = self._open[-1]
        container.extent.add(extent)
        if container.extent.size > MAX_VALUES:
            raise too_many_values(value.source)
        if container.items is not None:
            container.items.append(value)
        else:
            assert container.key is not None
            if not container.duplicate:
                container.values[container.key] = value
            container.key = None

    def _anchor(self, anchor: str | None, value: Located, extent: _Extent) -> None:
        if anchor is not None:
            self._anchors[anchor] = (value, extent)

    def _refuse_key(self, source: Source) -> None:
        container = self._open[-1] if self._open else None
        if container is not None and container.items is None and container.key is None:
            raise _refused("The name of a property must be a text", source)


def _resolved(text: str, source: Source) -> Scalar:
    if text in _NULL:
        return None
    if text in _TRUE:
        return True
    if text in _FALSE:
        return False
    is_integer = _INTEGER.fullmatch(text) is not None
    if is_integer or _FLOAT.fullmatch(text):
        if len(text) > MAX_NUMBER_LENGTH:
            raise number_too_long(source)
        return int(text) if is_integer else float(text.lower().replace(".inf", "inf").replace(".nan", "nan"))
    return text


def _source(mark: yaml.error.Mark | yaml._yaml.Mark | None) -> Source:
    return NOWHERE if mark is None else Source(mark.line + 1, mark.column + 1)


def _refused(message: str, source: Source) -> DocumentRefusedError:
    return DocumentRefusedError(Rule.DOCUMENT_NOT_WELL_FORMED, f"{message}. Correct it.", source)


def _refused_tag(tag: str, source: Source) -> DocumentRefusedError:
    return _refused(f"The tag {tag[:60]!r} is not accepted, a definition holds plain values", source)
