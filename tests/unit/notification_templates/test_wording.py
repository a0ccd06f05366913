"""Whatever a notification holds, it is worded: in its template's words, in the built-in ones, or by its event's name."""

from __future__ import annotations

import orjson
import pytest

from notification_svc.storage.layout import ChannelType, EventType
from notification_svc.storage.notifications import NotificationRow
from notification_svc.storage.templates import TemplateRow
from notification_svc.templates.renderer import Renderer
from notification_svc.templates.template import RenderLimits
from notification_svc.texts.wording import Library, Wording

DATA = {
    "task": {"id": "t1", "name": "Approve", "assignee": "ada", "due_time": "2026-03-10T09:00:00+00:00"},
    "process": {"id": "i1", "name": "Vacation", "key": "vacation"},
}
ROW = NotificationRow(
    "n1", 1, "ada", "1:t1:", EventType.TASK_ASSIGNED, "", "i1", "vacation", "", "t1", "t1", 1, 0, 0, orjson.dumps(DATA)
)


@pytest.mark.parametrize("broken", ["{{ 1 // 0 }}", '{{ "\\ud83d" }}'])
async def test_a_template_that_fails_is_replaced_by_the_built_in_one(broken: str) -> None:
    own = TemplateRow("x", "", int(EventType.TASK_ASSIGNED), int(ChannelType.INBOX), "en", broken, broken)
    library = Library({}, {}, {("", int(EventType.TASK_ASSIGNED), int(ChannelType.INBOX), "en"): own})
    with Renderer() as renderer:
        said = await Wording(renderer).say(ROW, ChannelType.INBOX, library)
    assert "Approve" in said.subject


async def test_where_the_built_in_one_fails_too_the_event_is_named() -> None:
    library = Library({}, {}, {})
    with Renderer(RenderLimits(steps=0)) as renderer:
        wording = Wording(renderer)
        said = await wording.say(ROW, ChannelType.INBOX, library)
        digest = await wording.say_digest([ROW], "ada", "", 0, 0, library)
    assert (said.subject, said.text) == ("Task assigned", "Task assigned\n")
    assert digest.subject == "Digest"
