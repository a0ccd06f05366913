"""Safe reading of XML: no document type, no entities, no network, bounded size, depth and count.

lxml knows no columns, and gives the line where a start tag ends; both are found by a scan of the text.
"""

from __future__ import annotations

import bisect
import re
from collections.abc import Mapping
from dataclasses import dataclass

from lxml import etree

from engine_svc.model.problem import NOWHERE, Source
from engine_svc.model.rules import Rule

MAX_BYTES = 5 * 1024 * 1024
MAX_DEPTH = 200
MAX_ELEMENTS = 100_000
MAX_ATTRIBUTES = 256
"""Of one element, and as many namespaces. To look one up takes a walk along all of them."""

_MARKUP = re.compile(r"<!--.*?-->|<!\[CDATA\[.*?\]\]>|<\?.*?\?>|<(?![/!?])", re.DOTALL)
_LINE_END = re.compile(r"\r\n|\r|\n")


class XmlRefusedError(Exception):
    """The bytes cannot be read as a model file."""

    def __init__(self, rule: Rule, message: str, source: Source = NOWHERE) -> None:
        super().__init__(message)
        self.rule = rule
        self.message = message
        self.source = source


@dataclass(slots=True, frozen=True)
class Document:
    """A well-formed file."""

    root: etree._Element
    sources: Mapping[etree._Element, Source]
    """Where the start tag of each element begins."""


def read_document(xml: bytes) -> Document:
    """Return the elements of `xml` with their places; raise `XmlRefusedError`."""
    if len(xml) > MAX_BYTES:
        raise XmlRefusedError(
            Rule.XML_TOO_LARGE,
            f"The file has {len(xml)} bytes; a model may have {MAX_BYTES}. Split it into several files.",
        )
    # A first pass that builds nothing: what it refuses never becomes a tree in memory.
    _parse(xml, _parser(_Limits()))
    root = _parse(xml, _parser(None))
    assert root is not None
    return Document(root, _sources(root, xml))


def _parser(target: _Limits | None) -> etree.XMLParser:
    return etree.XMLParser(
        target=target,
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        attribute_defaults=False,
        huge_tree=False,
        recover=False,
        remove_comments=True,
        remove_pis=True,
    )


def _parse(xml: bytes, parser: etree.XMLParser) -> etree._Element | None:
    try:
        return etree.fromstring(xml, parser)
    except etree.XMLSyntaxError as error:
        line, column = error.position
        raise XmlRefusedError(
            Rule.XML_NOT_WELL_FORMED,
            f"The file is not well-formed XML: {error.msg}. Correct it or export it again.",
            Source(max(line or 0, 0), max(column or 0, 0)),
        ) from error


class _Limits:
    """Receives the parser's events and refuses what is not acceptable."""

    def __init__(self) -> None:
        self._depth = 0
        self._count = 0

    def doctype(self, name: str | None, public_id: str | None, system_url: str | None) -> None:
        raise XmlRefusedError(
            Rule.XML_DOCTYPE,
            "The file has a document type declaration (<!DOCTYPE ...>). Remove it: models use no entities.",
        )

    def start(
        self, tag: str | bytes, attrib: dict[str | bytes, str | bytes], nsmap: Mapping[str | None, str] | None = None
    ) -> None:
        self._count += 1
        self._depth += 1
        if self._count > MAX_ELEMENTS:
            raise XmlRefusedError(
                Rule.XML_TOO_MANY_ELEMENTS,
                f"The file has more than {MAX_ELEMENTS} XML elements. Split it into several files.",
            )
        if len(attrib) > MAX_ATTRIBUTES or len(nsmap or ()) > MAX_ATTRIBUTES:
            raise XmlRefusedError(
                Rule.XML_TOO_MANY_ATTRIBUTES,
                f"An XML element has more than {MAX_ATTRIBUTES} attributes or namespaces of its own. Leave out those "
                "that say nothing.",
            )
        if self._depth > MAX_DEPTH:
            raise XmlRefusedError(
                Rule.XML_TOO_DEEP,
                f"XML elements are nested more than {MAX_DEPTH} levels deep. Move inner sub-processes into "
                "processes of their own.",
            )

    def end(self, tag: str | bytes) -> None:
        self._depth -= 1

    def data(self, data: str | bytes) -> None:
        """Text is bounded by the size of the file."""

    def comment(self, text: str | bytes) -> None:
        """Comments are bounded by the size of the file."""

    def close(self) -> None:
        return None


def _sources(root: etree._Element, xml: bytes) -> Mapping[etree._Element, Source]:
    elements = list(root.iter())
    text = _decoded(xml, root.getroottree().docinfo.encoding or "UTF-8")
    offsets = [match.start() for match in _MARKUP.finditer(text) if len(match[0]) == 1]
    if len(offsets) != len(elements):
        # An encoding that libxml2 reads and Python does not: lines are still known, columns are not.
        return {element: Source(_line(element), 0) for element in elements}
    line_starts = [0, *(match.end() for match in _LINE_END.finditer(text))]
    sources = {}
    for element, offset in zip(elements, offsets, strict=True):
        line = bisect.bisect_right(line_starts, offset)
        sources[element] = Source(line, offset - line_starts[line - 1] + 1)
    return sources


def _line(element: etree._Element) -> int:
    return element.sourceline if isinstance(element.sourceline, int) else 0


def _decoded(xml: bytes, encoding: str) -> str:
    try:
        return xml.decode(encoding).removeprefix("\ufeff")
    except (LookupError, UnicodeDecodeError):
        return ""
