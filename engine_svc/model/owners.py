"""Texts that name users and groups: `user(a), group(b), c`."""

from __future__ import annotations

import re
from collections.abc import Iterable

from engine_svc.model.context import split_names
from engine_svc.model.elements import ModelText

_TYPED = re.compile(r"(user|group)\s*\((.*)\)", re.DOTALL)


def owners_in(texts: Iterable[ModelText]) -> tuple[list[ModelText], list[ModelText]]:
    """Return the users and the groups that the texts name; a bare name is a group, as in Activiti and Flowable."""
    users: list[ModelText] = []
    groups: list[ModelText] = []
    for text in texts:
        for part in split_names(text.text):
            typed = _TYPED.fullmatch(part)
            name = typed[2].strip() if typed else part
            owners = users if typed and typed[1] == "user" else groups
            owners.append(ModelText(name, text.source, text.origin))
    return users, groups
