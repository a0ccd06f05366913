"""Splits a text such as `Hello ${name}` into literal parts and expressions."""

from __future__ import annotations

from dataclasses import dataclass

from engine_svc.expressions.errors import ExpressionSyntaxError
from engine_svc.expressions.limits import MAX_TEXT_LENGTH
from engine_svc.expressions.nodes import Node
from engine_svc.expressions.static_checks import check
from engine_svc.expressions.syntax import ParseError, parse_expression


@dataclass(slots=True, frozen=True)
class Template:
    """A text, in the order in which its parts stand there."""

    parts: tuple[str | Node, ...]

    @property
    def single(self) -> Node | None:
        """The expression, where the text is one expression and nothing else."""
        return self.parts[0] if len(self.parts) == 1 and not isinstance(self.parts[0], str) else None


def parse_template(text: str) -> Template:
    r"""Return the parts of `text`. `\${` and `\#{` stand for the braces themselves.

    Raises `ExpressionSyntaxError`.
    """
    if len(text) > MAX_TEXT_LENGTH:
        raise ExpressionSyntaxError(
            text,
            f"longer than {MAX_TEXT_LENGTH} characters; compute the value in a task",
            MAX_TEXT_LENGTH + 1,
        )
    if text.startswith("="):
        raise ExpressionSyntaxError(text, "FEEL expressions (=...) come with a later release; write ${...}", 1)
    # Spaces around a lone expression come from indented XML: it still keeps the type of its value.
    stripped = text.strip()
    if stripped.startswith(("${", "#{")):
        start = text.index(stripped)
        end = _closing_brace(text, start + 2)
        if end == start + len(stripped) - 1:
            return Template((_parse(text, start + 2, end),))
    return Template(tuple(_parts(text)))


def _parts(text: str) -> list[str | Node]:
    parts: list[str | Node] = []
    literal: list[str] = []
    position = 0
    while position < len(text):
        if text.startswith(("\\${", "\\#{"), position):
            literal.append(text[position + 1 : position + 3])
            position += 3
        elif text.startswith(("${", "#{"), position):
            if literal:
                parts.append("".join(literal))
                literal = []
            end = _closing_brace(text, position + 2)
            parts.append(_parse(text, position + 2, end))
            position = end + 1
        else:
            literal.append(text[position])
            position += 1
    if literal:
        parts.append("".join(literal))
    return parts


def _parse(text: str, start: int, end: int) -> Node:
    try:
        node = parse_expression(text[start:end])
        check(node)
    except ParseError as error:
        raise ExpressionSyntaxError(text, error.message, start + error.position + 1) from error
    return node


def _closing_brace(text: str, start: int) -> int:
    quote = ""
    position = start
    while position < len(text):
        character = text[position]
        if quote:
            if character == "\\":
                position += 1
            elif character == quote:
                quote = ""
        elif character in "'\"":
            quote = character
        elif character == "}":
            return position
        position += 1
    reason = "a string in it is not closed" if quote else "'}' is missing"
    raise ExpressionSyntaxError(text, f"the expression is not closed: {reason}", start - 1)
