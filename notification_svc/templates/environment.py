"""The language of templates: Jinja without anything whose time or size cannot be told, or that reaches beyond the data.

It rests on Jinja's sandbox, and takes away what that leaves: attributes and methods of Python's objects, calls,
repetition of texts, everything that templates could define or include. Loops and operators are counted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, ClassVar

from jinja2 import StrictUndefined, Template, nodes, pass_context
from jinja2.exceptions import UndefinedError
from jinja2.runtime import Context, LoopContext, Undefined
from jinja2.sandbox import ImmutableSandboxedEnvironment

from notification_svc.templates.filters import (
    ALL_FILTERS,
    ALL_TESTS,
    COUNTED,
    JOINED,
    FilterMisused,
    budget_of,
    finalize,
)

SOURCE_NAME = "<template>"
LOOP_PARTS = ("index", "index0", "revindex", "revindex0", "first", "last", "length", "previtem", "nextitem")


class MissingVariable(StrictUndefined):
    """A variable that an event does not have: using it fails and names it."""

    __slots__ = ()

    def _fail(self, *_: Any, **__: Any) -> Any:
        raise UndefinedError(f"there is no {self._undefined_name}")

    __iter__ = __str__ = __len__ = __eq__ = __ne__ = __bool__ = __hash__ = _fail
    __contains__ = __getitem__ = __int__ = __float__ = __call__ = _fail
    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __truediv__ = __rtruediv__ = _fail
    __lt__ = __le__ = __gt__ = __ge__ = __neg__ = __pos__ = _fail


class TemplateEnvironment(ImmutableSandboxedEnvironment):
    """What templates are compiled for and rendered in."""

    intercepted_binops = frozenset({"+", "-", "*", "/", "//"})
    largest_number: ClassVar[int] = 1_000_000_000_000_000

    def __init__(self, *, html: bool) -> None:
        super().__init__(
            autoescape=html,
            undefined=MissingVariable,
            finalize=pass_context(finalize),
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=True,
            cache_size=0,
            auto_reload=False,
            optimized=False,
        )
        self.globals.clear()
        self.filters.clear()
        self.filters.update(ALL_FILTERS)
        self.tests.clear()
        self.tests.update(ALL_TESTS)

    def getattr(self, obj: Any, attribute: str) -> Any:
        """Return a field of the data, or what a loop knows; nothing of Python's objects."""
        if isinstance(obj, Mapping):
            return obj[attribute] if attribute in obj else self.undefined(obj=obj, name=attribute)
        if isinstance(obj, LoopContext) and attribute in LOOP_PARTS:
            return getattr(obj, attribute)
        if isinstance(obj, Undefined):
            raise UndefinedError(f"there is no {obj._undefined_name}, of which {attribute} is to be taken")
        raise FilterMisused(f"{attribute} cannot be taken from {_named(obj)}")

    def getitem(self, obj: Any, argument: Any) -> Any:
        """Return an entry of a list, or a field of the data."""
        if isinstance(obj, Mapping) and isinstance(argument, str):
            return self.getattr(obj, argument)
        if isinstance(obj, Sequence) and isinstance(argument, int):
            return (
                obj[argument] if -len(obj) <= argument < len(obj) else self.undefined(obj=obj, name=f"entry {argument}")
            )
        raise FilterMisused(f"{_named(obj)} has no entry of this kind")

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        """Calculate: with numbers, and no large ones."""
        budget = budget_of(context)
        budget.step()
        if operator == "+" and isinstance(left, str) and isinstance(right, str):
            return budget.value(left + right)
        for value in (left, right):
            if isinstance(value, Undefined):
                str(value)
            if not isinstance(value, int | float) or abs(value) > self.largest_number:
                raise FilterMisused(f"{operator} takes numbers, and not such large ones")
        try:
            return super().call_binop(context, operator, left, right)
        except ZeroDivisionError:
            raise FilterMisused("nothing can be divided by 0") from None

    def is_safe_callable(self, obj: Any) -> bool:
        """Nothing is called."""
        return False


def _named(value: Any) -> str:
    if value is None:
        return "nothing"
    return "a text" if isinstance(value, str) else "a list" if isinstance(value, Sequence) else "a number"


@lru_cache(maxsize=2)
def environment(*, html: bool) -> TemplateEnvironment:
    """Return the environment of texts or of HTML, where what variables hold is escaped."""
    return TemplateEnvironment(html=html)


def compiled(source: nodes.Template, *, html: bool) -> Template:
    """Compile a template that was looked at, with its loops and joins counted."""
    language = environment(html=html)
    _count(source)
    code = language.compile(source, SOURCE_NAME, SOURCE_NAME)
    return Template.from_code(language, code, {})


def _count(source: nodes.Template) -> None:
    for loop in source.find_all(nodes.For):
        loop.iter = nodes.Filter(loop.iter, COUNTED, [], [], None, None, lineno=loop.lineno)
    # Inner ones first: the outer take over what has become of them.
    for parent in reversed(list(source.find_all(nodes.Node))):
        for name, value in list(parent.iter_fields()):
            if isinstance(value, nodes.Concat):
                setattr(parent, name, _joining(value))
            elif isinstance(value, list):
                setattr(parent, name, [_joining(each) if isinstance(each, nodes.Concat) else each for each in value])


def _joining(node: nodes.Concat) -> nodes.Filter:
    parts = nodes.List(node.nodes, lineno=node.lineno)
    return nodes.Filter(parts, JOINED, [], [], None, None, lineno=node.lineno)
