"""A form of 40 fields with every type that there is, what fills it in rightly, and what has 15 faults."""

from __future__ import annotations

from typing import Any

from tests.integration.form.forms import form, text_field

VARIABLES: dict[str, Any] = {
    "cities": [{"label": "北京", "value": "beijing"}, {"label": "Berlin", "value": "berlin"}],
    "known": "K-7",
}
PRICE = {"type": "number", "id": "price", "key": "price", "label": "Price", "validate": {"min": 0}}
GOODS = (text_field("product", validate={"required": True}), PRICE)
ADDRESS = (text_field("street", validate={"required": True}), text_field("zip", validate={"pattern": "^[0-9]{5,6}$"}))
TWO = [{"label": "A", "value": "a"}, {"label": "B", "value": "b"}]


def _field(kind: str, key: str, **more: Any) -> dict[str, Any]:
    return {"type": kind, "id": f"field-{key}", "key": key, "label": key.title(), **more}


def _shown(kind: str, **more: Any) -> dict[str, Any]:
    return {"type": kind, "id": f"shown-{kind}", **more}


COMPONENTS: tuple[dict[str, Any], ...] = (
    text_field("name", validate={"required": True, "maxLength": 10}),
    text_field("email", validate={"validationType": "email"}),
    text_field("phone", validate={"validationType": "phone"}),
    text_field("code", validate={"pattern": "^[A-Z]{3}$"}),
    text_field("nick", validate={"minLength": 3}),
    _field("textarea", "reason", validate={"required": True}),
    _field("textarea", "notes", validate={"maxLength": 200}),
    _field("number", "age", validate={"min": 18, "max": 120}),
    _field("number", "amount", decimalDigits=2),
    _field("number", "steps", increment=5),
    _field("number", "count", decimalDigits=0),
    _field("number", "exact", serializeToString=True),
    _field("checkbox", "terms", validate={"required": True}),
    _field("checkbox", "news"),
    _field("radio", "colour", values=TWO),
    _field("select", "size", values=TWO, validate={"required": True}),
    _field("select", "city", valuesKey="cities"),
    _field("select", "team", valuesExpression='=["red", "blue"]'),
    _field("checklist", "days", values=TWO),
    _field("taglist", "tags", values=TWO),
    _field("datetime", "born", subtype="date", dateLabel="Born"),
    _field("datetime", "opens", subtype="time", timeLabel="Opens"),
    _field("datetime", "until", subtype="datetime", dateLabel="Until", timeLabel="Until"),
    _field("filepicker", "paper", accept=".pdf"),
    _field("expression", "doubled", expression="=if amount = null then 0 else amount * 2"),
    {"type": "group", "id": "address", "label": "Address", "path": "address", "components": ADDRESS},
    {"type": "dynamiclist", "id": "goods", "label": "Goods", "path": "goods", "components": GOODS},
    text_field("secret", validate={"required": True}, conditional={"hide": "=news = false"}),
    text_field("known", readonly=True),
    _shown("text", text="# {{name}}"),
    _shown("html", content="<b>bold</b>"),
    _shown("image", source="https://example.com/a.png", alt="a"),
    _shown("table", dataSource="=cities", columns=[{"key": "label", "label": "City"}]),
    _shown("documentPreview", dataSource="=documents"),
    _shown("spacer", height=20),
    _shown("separator"),
    _shown("iframe", url="https://example.com"),
    _shown("button", action="submit", label="Send"),
    text_field("gone", disabled=True),
    text_field("last"),
)
"""Fields on the page, those within groups and lists not counted."""

GOOD: dict[str, Any] = {
    "name": "Ann",
    "email": "ann@example.com",
    "phone": "+4930664040900",
    "code": "ABC",
    "nick": "annie",
    "reason": "Rest",
    "notes": "",
    "age": 30,
    "amount": 12.25,
    "steps": 10,
    "count": 3,
    "exact": "0.10",
    "terms": True,
    "news": False,
    "colour": "a",
    "size": "b",
    "city": "berlin",
    "team": "red",
    "days": ["a", "b"],
    "tags": ["b"],
    "born": "1990-02-28",
    "opens": "09:30",
    "until": "2030-01-31T09:30",
    "address": {"street": "Way 1", "zip": "100000"},
    "goods": [{"product": "Pen", "price": 1}, {"product": "Ink", "price": 2.5}],
    "known": "K-7",
    "last": "x",
}
FAULTY: dict[str, Any] = {
    **{name: value for name, value in GOOD.items() if name != "reason"},
    "name": "much too long a name",
    "email": "ann(at)example.com",
    "phone": "12",
    "code": "abc",
    "nick": "a",
    "age": 17,
    "amount": 1.234,
    "steps": 7,
    "count": 1.5,
    "terms": False,
    "colour": "green",
    "born": "soon",
    "paper": "files::nowhere",
    "goods": [{"product": "Pen", "price": 1}, {"product": "", "price": 2.5}],
}
FAULTS = (
    "name",
    "email",
    "phone",
    "code",
    "nick",
    "reason",
    "age",
    "amount",
    "steps",
    "count",
    "terms",
    "colour",
    "born",
    "paper",
    "goods[1].product",
)
"""Their paths, in the order of the form."""


def large_form(key: str = "request") -> bytes:
    """The bytes of the form."""
    return form(key, *COMPONENTS)
