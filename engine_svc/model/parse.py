"""Reads BPMN 2.0 XML into the model."""

from __future__ import annotations

from dataclasses import dataclass

from lxml import etree

from engine_svc.model.containers import read_process
from engine_svc.model.context import ParseContext, is_executable, local_name
from engine_svc.model.data import data_ids
from engine_svc.model.declarations import read_error, read_escalation, read_message, read_signal
from engine_svc.model.elements import Definitions, Participant
from engine_svc.model.event_definitions import DEFINITIONS
from engine_svc.model.ids import check_ids, name_nodes
from engine_svc.model.namespaces import BPMN, split
from engine_svc.model.problem import Findings, Problem
from engine_svc.model.rules import Rule
from engine_svc.model.schema import ANY_VALUE, Schema, describe, pass_over, read_common
from engine_svc.model.xml import XmlRefusedError, read_document


@dataclass(slots=True, frozen=True)
class ParseResult:
    """What was read, and what is wrong with it."""

    definitions: Definitions | None
    """None where the file is no BPMN. Present, but not to be executed, where there are errors."""
    problems: tuple[Problem, ...]


def parse_bpmn(xml: bytes) -> ParseResult:
    """Read a BPMN file; all problems are collected, nothing is raised for a bad one.

    Elements and attributes that would execute and cannot are errors. The structure is checked apart, by
    `engine_svc.model.validate.validate`.
    """
    findings = Findings()
    try:
        document = read_document(xml)
    except XmlRefusedError as error:
        findings.error(error.rule, "", error.source, error.message)
        return ParseResult(None, findings.in_file_order())
    context = ParseContext(findings, document.sources, data_ids(document.root))
    root = document.root
    if root.tag != f"{{{BPMN}}}definitions":
        context.error(
            Rule.NOT_BPMN,
            root,
            f"The root element is {etree.QName(root).text}; a BPMN 2.0 file begins with definitions of the "
            f"namespace {BPMN}.",
        )
        return ParseResult(None, findings.in_file_order())
    check_ids(context, root)
    name_nodes(context, root)
    definitions = _read_definitions(context, root)
    return ParseResult(definitions, findings.in_file_order())


def _read_definitions(context: ParseContext, root: etree._Element) -> Definitions:
    definitions = Definitions(id=root.get("id", ""), target_namespace=root.get("targetNamespace", ""))
    context.event_definitions.update(
        {element.get("id", ""): element for element in root if split(str(element.tag))[1] in DEFINITIONS}
    )
    read_common(context, root, definitions, _DEFINITIONS)
    refused = False
    for element in root.iterchildren(f"{{{BPMN}}}process"):
        executable = is_executable(element)
        if executable is None:
            refused = True
            context.error(
                Rule.ATTRIBUTE_VALUE_INVALID,
                element,
                f"isExecutable of {describe(element)} must be true or false.",
            )
        elif executable:
            definitions.processes.append(read_process(context, element))
        else:
            context.warning(
                Rule.PROCESS_NOT_EXECUTABLE,
                element,
                f'{describe(element)} is not deployed, because it says isExecutable="false". Set it to '
                "true to execute the process.",
            )
    if not definitions.processes and not refused:
        context.error(
            Rule.NO_EXECUTABLE_PROCESS,
            root,
            'The file holds no executable process. Add one, or set isExecutable="true".',
        )
    return definitions


def _read_collaboration(context: ParseContext, element: etree._Element, definitions: Definitions) -> None:
    for child in element:
        if local_name(child) == "participant":
            definitions.participants.append(
                Participant(
                    id=child.get("id", ""),
                    name=child.get("name", ""),
                    source=context.source(child),
                    process_ref=child.get("processRef", ""),
                )
            )


_DEFINITIONS = Schema(
    attributes=dict.fromkeys(
        ("targetNamespace", "expressionLanguage", "typeLanguage", "exporter", "exporterVersion"), ANY_VALUE
    ),
    children={
        # Declarations: they execute only where an element refers to them, which is reported there.
        **dict.fromkeys(
            (
                "import",
                "extension",
                "relationship",
                "itemDefinition",
                "interface",
                "endPoint",
                "resource",
                "category",
                "dataStore",
                "correlationProperty",
                "partnerEntity",
                "partnerRole",
                "choreography",
                "globalChoreographyTask",
                "conversation",
                "globalConversation",
                "globalTask",
                "globalUserTask",
                "globalManualTask",
                "globalScriptTask",
                "globalBusinessRuleTask",
                "process",
                "eventDefinition",
                *DEFINITIONS,
            ),
            pass_over,
        ),
        "collaboration": _read_collaboration,
        "error": read_error,
        "escalation": read_escalation,
        "message": read_message,
        "signal": read_signal,
    },
)
