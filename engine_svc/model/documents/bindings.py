"""How properties of a document lie in BPMN XML: each binding writes a value, and takes it out of XML again."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from lxml import etree

from engine_svc.model.context import boolean, local_name, nearest_id, split_names, written_name
from engine_svc.model.namespaces import BPMN, XSI, split

FLOWABLE = "http://flowable.org/bpmn"
CAMUNDA = "http://camunda.org/schema/1.0/bpmn"
FLOWMESH = "urn:flowmesh:bpmn"
_RELATED = (FLOWABLE, "http://activiti.org/bpmn", CAMUNDA)
"""Dialects whose attributes of the same name mean the same."""

_EXPRESSION_LANGUAGES = frozenset({"", "juel", "uel", "el"})
_INTEGER = re.compile(r"[+-]?[0-9]{1,10}", re.ASCII)
_CYCLE = re.compile(r"R([1-9][0-9]{0,2})/(P.+)", re.ASCII)
_BLANKS = " \t\r\n"

ANY_ERROR = "*"
"""The code of a catch of every error."""


class Writing:
    """What is shared while a document is written as BPMN: the messages, signals, errors and escalations."""

    def __init__(self) -> None:
        self.declared: dict[tuple[str, str], etree._Element] = {}
        """By kind and name, in the order of their first use."""
        self._counts: Counter[str] = Counter()

    def declaration(self, kind: str, name: str) -> str:
        """Return the id of the declaration of a message, signal, error or escalation, making it if necessary."""
        element = self.declared.get((kind, name))
        if element is None:
            self._counts[kind] += 1
            element = etree.Element(bpmn(kind), {"id": f"_{kind}.{self._counts[kind]}"})
            element.set(_DECLARED_BY[kind], name)
            self.declared[(kind, name)] = element
        return element.get("id", "")


class Reading:
    """What is shared while BPMN is read into a document: the declarations, and what cannot be expressed."""

    def __init__(self, root: etree._Element) -> None:
        self.reported: list[tuple[str, str]] = []
        """Ids of elements, and what of each it is."""
        self._declared = {child.get("id", ""): child for child in root if local_name(child) in _DECLARED_BY}

    def report(self, element: etree._Element, what: str) -> None:
        """Note that `element` holds something that the format cannot express."""
        self.reported.append((nearest_id(element), what))

    def declared(self, user: etree._Element, kind: str, reference: str) -> str | None:
        """Return the name or code of the declaration that `user` refers to."""
        element = self._declared.get(reference, self._declared.get(reference.rpartition(":")[2]))
        if element is None or local_name(element) != kind:
            if kind == "error":
                # As the engine reads it: a reference that names nothing is the code.
                return reference
            self.report(user, f"its {kind}Ref {reference!r}, which names nothing")
            return None
        name = element.get(_DECLARED_BY[kind], "")
        others = [key for key in element.attrib if key not in ("id", "name", "structureRef", _DECLARED_BY[kind])]
        if not name or others or any(local_name(child) != "documentation" for child in element):
            self.report(user, f"its {kind} {reference!r}, which has no {_DECLARED_BY[kind]} or more than that")
        return name or None

    def done(self, child: etree._Element) -> None:
        """Take `child` out of its element after its contents were taken; report what is left in it."""
        for key in child.attrib:
            namespace, name = split(str(key))
            if namespace != XSI and name != "id":
                self.report(child, f"the attribute {name} of {written_name(child)}")
        for inner in child:
            self.report(child, f"{written_name(inner)} in {written_name(child)}")
        remove(child)


_DECLARED_BY = {"message": "name", "signal": "name", "error": "errorCode", "escalation": "escalationCode"}


class Binding(Protocol):
    """Where a property lies in the XML of its element."""

    @property
    def origins(self) -> Sequence[str]:
        """How messages of the BPMN checks name what it writes."""

    def write(self, element: etree._Element, value: Any, writing: Writing) -> None:
        """Put `value` into `element`."""

    def take(self, element: etree._Element, reading: Reading) -> Any:
        """Take the value out of `element`; None where there is none."""


@dataclass(slots=True, frozen=True)
class Codec:
    """How a value is written as text."""

    write: Callable[[Any], str] = str
    read: Callable[[str], Any] = str
    """Returns None for what the format cannot say."""


def _number_or_text(text: str) -> Any:
    return int(text) if _INTEGER.fullmatch(text.strip()) else text


def _version(text: str) -> Any:
    if not re.fullmatch("[0-9]+", text, re.ASCII):
        return text
    return int(text) if re.fullmatch("[1-9][0-9]{0,8}", text, re.ASCII) else None


PLAIN = Codec()
SWITCH = Codec(lambda value: "true" if value else "false", boolean)
NUMBER_OR_TEXT = Codec(read=_number_or_text)
VERSION = Codec(read=_version)
NAMES = Codec(",".join, lambda text: split_names(text) or None)


@dataclass(slots=True, frozen=True)
class Attribute:
    """An attribute of BPMN itself, or of a dialect."""

    name: str
    namespace: str = FLOWABLE
    codec: Codec = PLAIN
    also: Sequence[str] = ()
    """Other names, in the same dialects."""

    @property
    def origins(self) -> Sequence[str]:
        """See `Binding`."""
        prefix = {FLOWABLE: "flowable:", CAMUNDA: "camunda:", FLOWMESH: "flowmesh:"}.get(self.namespace, "")
        return (f"{prefix}{self.name}",)

    def write(self, element: etree._Element, value: Any, writing: Writing) -> None:
        """See `Binding`."""
        element.set(qualified(self.namespace, self.name), self.codec.write(value))

    def take(self, element: etree._Element, reading: Reading) -> Any:
        """See `Binding`."""
        namespaces = _RELATED if self.namespace in _RELATED else (self.namespace,)
        names = [qualified(namespace, name) for namespace in namespaces for name in (self.name, *self.also)]
        found = [text for name in names if (text := pop(element, name)) is not None]
        if not found or not found[0].strip(_BLANKS):
            return None
        value = self.codec.read(found[0])
        if value is None or len(set(found)) > 1:
            reading.report(element, f'{self.name}="{found[0][:60]}"')
        return value


@dataclass(slots=True, frozen=True)
class ChildText:
    """The text of a child element."""

    name: str
    codec: Codec = PLAIN
    is_expression: bool = False

    @property
    def origins(self) -> Sequence[str]:
        """See `Binding`."""
        return (self.name,)

    def write(self, element: etree._Element, value: Any, writing: Writing) -> None:
        """See `Binding`."""
        child = etree.SubElement(element, bpmn(self.name))
        child.text = self.codec.write(value)
        if self.is_expression:
            child.set(qualified(XSI, "type"), "tFormalExpression")

    def take(self, element: etree._Element, reading: Reading) -> Any:
        """See `Binding`."""
        children = element.findall(bpmn(self.name))
        if not children:
            return None
        if len(children) > 1:
            reading.report(element, f"several {self.name}")
        child = children[0]
        text = "".join(str(part) for part in child.itertext())
        if self.is_expression:
            # A file that was printed with indents holds them also here.
            text = text.strip() if text[:1] in ("\n", "\r") else text
            pop(child, "evaluatesToTypeRef")
            if child.get("language", "").strip().lower() in _EXPRESSION_LANGUAGES:
                pop(child, "language")
        pop(child, "textFormat")
        reading.done(child)
        return self.codec.read(text) if text.strip(_BLANKS) else None


@dataclass(slots=True, frozen=True)
class Within:
    """Something that lies in a child element with other things."""

    child: str
    inner: Binding

    @property
    def origins(self) -> Sequence[str]:
        """See `Binding`."""
        return (*self.inner.origins, self.child)

    def write(self, element: etree._Element, value: Any, writing: Writing) -> None:
        """See `Binding`."""
        child = element.find(bpmn(self.child))
        self.inner.write(etree.SubElement(element, bpmn(self.child)) if child is None else child, value, writing)

    def take(self, element: etree._Element, reading: Reading) -> Any:
        """See `Binding`."""
        child = element.find(bpmn(self.child))
        if child is None:
            return None
        value = self.inner.take(child, reading)
        if is_empty(child):
            remove(child)
        return value


@dataclass(slots=True, frozen=True)
class Parts:
    """An object, each property of which lies somewhere in a child element."""

    child: str
    parts: dict[str, Binding]
    fixed: dict[str, str] = field(default_factory=dict)

    @property
    def origins(self) -> Sequence[str]:
        """See `Binding`."""
        return (*(origin for part in self.parts.values() for origin in part.origins), self.child)

    def write(self, element: etree._Element, value: Any, writing: Writing) -> None:
        """See `Binding`."""
        child = etree.SubElement(element, bpmn(self.child))
        for name, part in self.parts.items():
            if name in value:
                part.write(child, value[name], writing)

    def take(self, element: etree._Element, reading: Reading) -> Any:
        """See `Binding`."""
        child = element.find(bpmn(self.child))
        if child is None:
            return None
        taken = {name: part.take(child, reading) for name, part in self.parts.items()}
        reading.done(child)
        return {name: value for name, value in taken.items() if value is not None} or None


@dataclass(slots=True, frozen=True)
class Declared:
    """An event definition that refers to a message, signal, error or escalation."""

    kind: str
    or_any: bool = False
    """Whether it may refer to nothing, for all of them."""

    @property
    def definition(self) -> str:
        """Return the name of the event definition."""
        return f"{self.kind}EventDefinition"

    @property
    def origins(self) -> Sequence[str]:
        """See `Binding`."""
        return (f"{self.kind}Ref", self.definition)

    def write(self, element: etree._Element, value: Any, writing: Writing) -> None:
        """See `Binding`."""
        definition = etree.SubElement(element, bpmn(self.definition))
        if not self.or_any or value != ANY_ERROR:
            definition.set(f"{self.kind}Ref", writing.declaration(self.kind, value))

    def take(self, element: etree._Element, reading: Reading) -> Any:
        """See `Binding`."""
        definition = element.find(bpmn(self.definition))
        if definition is None:
            return None
        reference = (pop(definition, f"{self.kind}Ref") or "").strip()
        if reference:
            value = reading.declared(element, self.kind, reference)
            if self.or_any and value == ANY_ERROR:
                reading.report(element, f"its {self.kind} with the code {ANY_ERROR}")
        else:
            value = ANY_ERROR if self.or_any else None
            if not self.or_any:
                reading.report(element, f"its {self.definition}, which has no {self.kind}Ref")
        reading.done(definition)
        return value


@dataclass(slots=True, frozen=True)
class MessageReference:
    """The message of a task."""

    origins: Sequence[str] = ("messageRef",)

    def write(self, element: etree._Element, value: Any, writing: Writing) -> None:
        """See `Binding`."""
        element.set("messageRef", writing.declaration("message", value))

    def take(self, element: etree._Element, reading: Reading) -> Any:
        """See `Binding`."""
        reference = (pop(element, "messageRef") or "").strip()
        return reading.declared(element, "message", reference) if reference else None


@dataclass(slots=True, frozen=True)
class Termination:
    """A terminate event definition: of the scope, or of the whole instance."""

    origins: Sequence[str] = ("terminateEventDefinition", "flowable:terminateAll")

    def write(self, element: etree._Element, value: Any, writing: Writing) -> None:
        """See `Binding`."""
        definition = etree.SubElement(element, bpmn("terminateEventDefinition"))
        if value == "INSTANCE":
            definition.set(qualified(FLOWABLE, "terminateAll"), "true")

    def take(self, element: etree._Element, reading: Reading) -> Any:
        """See `Binding`."""
        definition = element.find(bpmn("terminateEventDefinition"))
        if definition is None:
            return None
        everything = Attribute("terminateAll", codec=SWITCH).take(definition, reading)
        reading.done(definition)
        return "INSTANCE" if everything else "SCOPE"


@dataclass(slots=True, frozen=True)
class JobType:
    """External work of a type."""

    origins: Sequence[str] = ("flowable:topic", "flowable:type")

    def write(self, element: etree._Element, value: Any, writing: Writing) -> None:
        """See `Binding`."""
        element.set(qualified(FLOWABLE, "type"), "external-worker")
        element.set(qualified(FLOWABLE, "topic"), value)

    def take(self, element: etree._Element, reading: Reading) -> Any:
        """See `Binding`."""
        for namespace, expected in ((FLOWABLE, "external-worker"), (CAMUNDA, "external")):
            if element.get(qualified(namespace, "type")) == expected:
                pop(element, qualified(namespace, "type"))
                return pop(element, qualified(namespace, "topic"))
        return None


@dataclass(slots=True, frozen=True)
class Retry:
    """How often and after what delay a failed job is tried again."""

    origins: Sequence[str] = ("flowable:failedJobRetryTimeCycle", "failedJobRetryTimeCycle")

    def write(self, element: etree._Element, value: Any, writing: Writing) -> None:
        """See `Binding`."""
        child = etree.SubElement(extensions(element), qualified(FLOWABLE, "failedJobRetryTimeCycle"))
        child.text = f"R{value['attempts']}/{value['delay']}"

    def take(self, element: etree._Element, reading: Reading) -> Any:
        """See `Binding`."""
        child = next(extension_elements(element, "failedJobRetryTimeCycle"), None)
        if child is None:
            return None
        match = _CYCLE.fullmatch((child.text or "").strip())
        if match is None:
            reading.report(element, f"failedJobRetryTimeCycle {child.text!r}")
            return None
        reading.done(child)
        return {"attempts": int(match[1]), "delay": match[2]}


@dataclass(slots=True, frozen=True)
class Fields:
    """Inputs of external work: injected fields."""

    origins: Sequence[str] = ("flowable:field", "flowable:expression", "flowable:string")

    def write(self, element: etree._Element, value: Any, writing: Writing) -> None:
        """See `Binding`."""
        for name, text in value.items():
            child = etree.SubElement(extensions(element), qualified(FLOWABLE, "field"), {"name": name})
            kind = "expression" if has_expression(text) else "string"
            etree.SubElement(child, qualified(FLOWABLE, kind)).text = text

    def take(self, element: etree._Element, reading: Reading) -> Any:
        """See `Binding`."""
        taken = {}
        for child in list(extension_elements(element, "field")):
            name = pop(child, "name") or ""
            literal = pop(child, "stringValue")
            evaluated = pop(child, "expression")
            for inner in list(child):
                text = "".join(str(part) for part in inner.itertext())
                if local_name(inner) == "string":
                    literal = text
                elif local_name(inner) == "expression":
                    evaluated = text
                remove(inner)
            value = literal if evaluated is None else evaluated
            if not name or not value or has_expression(value) != (evaluated is not None):
                reading.report(element, f"the field {name!r}")
            else:
                taken[name] = value
            reading.done(child)
        return taken or None


@dataclass(slots=True, frozen=True)
class Mappings:
    """Variables into and out of a called process."""

    name: str

    @property
    def origins(self) -> Sequence[str]:
        """See `Binding`."""
        return (f"flowable:{self.name}",)

    def write(self, element: etree._Element, value: Any, writing: Writing) -> None:
        """See `Binding`."""
        for mapping in value:
            etree.SubElement(extensions(element), qualified(FLOWABLE, self.name), mapping)

    def take(self, element: etree._Element, reading: Reading) -> Any:
        """See `Binding`."""
        taken = []
        for child in list(extension_elements(element, self.name)):
            mapping = {
                name: text
                for name in ("source", "sourceExpression", "target")
                if (text := pop(child, name)) is not None
            }
            if "target" not in mapping or len(mapping) != 2:
                reading.report(element, f"the {self.name} mapping {mapping}")
            taken.append(mapping)
            reading.done(child)
        return taken or None


@dataclass(slots=True, frozen=True)
class DecisionKey:
    """The key of a decision, as Flowable's decision tasks name it."""

    origins: Sequence[str] = ("flowable:field",)

    def write(self, element: etree._Element, value: Any, writing: Writing) -> None:
        """See `Binding`."""
        Fields().write(element, {_DECISION_FIELD: value}, writing)

    def take(self, element: etree._Element, reading: Reading) -> Any:
        """See `Binding`."""
        fields = Fields().take(element, reading) or {}
        for name in fields.keys() - {_DECISION_FIELD}:
            reading.report(element, f"the field {name!r}")
        return fields.get(_DECISION_FIELD)


_DECISION_FIELD = "decisionTableReferenceKey"


def bpmn(name: str) -> str:
    """Return the qualified name of a BPMN element."""
    return f"{{{BPMN}}}{name}"


def qualified(namespace: str, name: str) -> str:
    """Return a name as lxml wants it."""
    return f"{{{namespace}}}{name}" if namespace else name


def extensions(element: etree._Element) -> etree._Element:
    """Return the extension elements of `element`, where BPMN wants them: behind the documentation."""
    container = element.find(bpmn("extensionElements"))
    if container is None:
        container = etree.Element(bpmn("extensionElements"))
        element.insert(len(element.findall(bpmn("documentation"))), container)
    return container


def extension_elements(element: etree._Element, name: str) -> Any:
    """Yield the extension elements of a name, of all dialects in which it means the same."""
    container = element.find(bpmn("extensionElements"))
    for namespace in _RELATED if container is not None else ():
        assert container is not None
        yield from container.findall(qualified(namespace, name))


def is_empty(element: etree._Element) -> bool:
    """Tell whether nothing is left in `element` but its id."""
    return len(element) == 0 and all(key == "id" for key in element.attrib)


def pop(element: etree._Element, name: str) -> str | None:
    """Take an attribute out of `element`."""
    return str(element.attrib.pop(name)) if name in element.attrib else None


def remove(child: etree._Element) -> None:
    """Take `child` out of its element."""
    parent = child.getparent()
    assert parent is not None
    parent.remove(child)


def has_expression(text: str) -> bool:
    """Tell whether a text holds an expression."""
    return "${" in text or "#{" in text
