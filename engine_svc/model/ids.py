"""Checks the ids of a file, and makes missing ones: they name elements in the API, in history and in messages."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from lxml import etree

from engine_svc.model.context import ParseContext, is_executable, local_name
from engine_svc.model.flow_nodes import NODE_TYPES, UNSUPPORTED_NODES
from engine_svc.model.namespaces import BPMN
from engine_svc.model.rules import Rule
from engine_svc.model.schema import describe

MAX_ID_LENGTH = 255

_NEED_ID = frozenset({"subProcess", *NODE_TYPES, *UNSUPPORTED_NODES})


def check_ids(context: ParseContext, root: etree._Element) -> None:
    """Report missing, duplicate and overlong ids of BPMN elements.

    Diagram elements and processes that are not executed do not count.
    """
    first: dict[str, etree._Element] = {}
    for element in _checked(root):
        identifier = element.get("id", "")
        name = local_name(element)
        if not identifier:
            if name == "process":
                context.error(Rule.ID_MISSING, element, f"This {name} has no id. Give it one.")
            continue
        if len(identifier) > MAX_ID_LENGTH:
            context.error(
                Rule.ID_TOO_LONG,
                element,
                f"The id of this {name} has {len(identifier)} characters; at most {MAX_ID_LENGTH} are "
                "stored. Shorten it.",
            )
        if identifier in first:
            line = context.source(first[identifier]).line
            context.error(
                Rule.ID_DUPLICATE,
                element,
                f"The id of {describe(element)} is also that of the {local_name(first[identifier])} in line "
                f"{line}. Give one of them another id.",
            )
        else:
            first[identifier] = element


def name_nodes(context: ParseContext, root: etree._Element) -> None:
    """Give an id to each flow node that has none, with a warning: history and the API name elements by it."""
    taken = {element.get("id", "") for element in root.iter(f"{{{BPMN}}}*")}
    numbers: dict[str, Iterator[int]] = {}
    for element in _checked(root):
        name = local_name(element)
        if name not in _NEED_ID or element.get("id"):
            continue
        numbering = numbers.setdefault(name, itertools.count(1))
        identifier = next(made for number in numbering if (made := f"{name}-{number}") not in taken)
        context.warning(
            Rule.ID_MISSING,
            element,
            f"This {name} has no id and is called {identifier!r}. Give it one, so that history keeps its name when "
            "the model changes.",
        )
        element.set("id", identifier)


def _checked(root: etree._Element) -> Iterator[etree._Element]:
    yield root
    for child in root:
        if local_name(child) != "process" or is_executable(child) is not False:
            yield from child.iter(f"{{{BPMN}}}*")
