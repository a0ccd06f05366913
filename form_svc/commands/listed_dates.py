"""Defaults of listed dates: texts by a pattern of Java's SimpleDateFormat."""

from __future__ import annotations

import datetime
import re

_PARTS = {
    "yyyy": "%Y",
    "MM": "%m",
    "M": "%m",
    "dd": "%d",
    "d": "%d",
    "HH": "%H",
    "H": "%H",
    "hh": "%H",
    "h": "%H",
    "mm": "%M",
    "ss": "%S",
}
_TOKEN = re.compile(r"'(?P<quoted>[^']*)'|(?P<part>[A-Za-z]+)|(?P<mark>[^A-Za-z'])")
_UNSAID = "dd/MM/yyyy"
"""What Flowable and Camunda read dates by without a pattern."""
_ISO = ("%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S")


def default_date(text: str, pattern: str, *, with_time: bool) -> str | None:
    """Return a date, with the time of the day if wanted, as form-js writes it; None for what is none."""
    for form in (_form_of(pattern or _UNSAID), *_ISO):
        try:
            moment = datetime.datetime.strptime(text.strip(), form) if form else None
        except ValueError:
            continue
        if moment is not None:
            return moment.isoformat(timespec="minutes") if with_time else moment.date().isoformat()
    return None


def _form_of(pattern: str) -> str:
    """Return a pattern as Python writes it; empty where it has parts that are not known, or one of them twice."""
    form, known = "", set()
    for token in _TOKEN.finditer(pattern):
        part = token["part"]
        if part is None:
            form += (token["quoted"] or token["mark"] or "").replace("%", "%%")
        elif part in _PARTS and _PARTS[part] not in known:
            form += _PARTS[part]
            known.add(_PARTS[part])
        else:
            return ""
    return form
