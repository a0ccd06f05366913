"""Which template is taken, and rendering off the event loop."""

from __future__ import annotations

import asyncio

import pytest

from notification_svc.templates.built_in import find_built_in
from notification_svc.templates.events import EVENTS
from notification_svc.templates.faults import RenderingFailed, TemplateInvalid
from notification_svc.templates.renderer import Renderer
from notification_svc.templates.selection import Finder, languages_for, select
from notification_svc.templates.template import Medium, MessageTemplate, Reader
from notification_svc.templates.variables import sample_of


@pytest.mark.parametrize(
    ("tag", "languages"),
    [
        ("zh-Hans-CN", ("zh-hans-cn", "zh-hans", "zh", "en")),
        ("zh_CN", ("zh-cn", "zh", "en")),
        ("en-US", ("en-us", "en")),
        ("en", ("en",)),
        ("fr", ("fr", "en")),
        ("", ("en",)),
        ("-_-", ("en",)),
        ("a-b-c-d-e-f", ("a-b-c-d", "a-b-c", "a-b", "a", "en")),
    ],
)
def test_languages_to_look_for(tag: str, languages: tuple[str, ...]) -> None:
    assert languages_for(tag) == languages


def own(*languages: str) -> Finder:
    def find(event: str, medium: Medium, language: str) -> MessageTemplate | None:
        return MessageTemplate(event, medium, language, "own", "own") if language in languages else None

    return find


@pytest.mark.parametrize(
    ("tag", "languages", "expected"),
    [
        ("zh-CN", (), ("zh", False)),
        ("zh-CN", ("zh-cn",), ("zh-cn", True)),
        ("zh-CN", ("zh",), ("zh", True)),
        ("zh-CN", ("en",), ("zh", False)),
        ("fr-CA", ("fr",), ("fr", True)),
        ("fr-CA", (), ("en", False)),
        ("fr-CA", ("en",), ("en", True)),
    ],
)
def test_the_best_language_then_the_tenants_own(
    tag: str, languages: tuple[str, ...], expected: tuple[str, bool]
) -> None:
    found = select("task.assigned", Medium.SMS, tag, own(*languages), find_built_in)
    assert found is not None
    assert (found.language, found.text == "own") == expected


def test_nothing_for_an_unknown_event() -> None:
    assert select("task.forgotten", Medium.SMS, "zh", find_built_in) is None


async def test_the_event_loop_goes_on_meanwhile() -> None:
    slow = MessageTemplate(
        "digest",
        Medium.EMAIL,
        "en",
        "x",
        "{% for a in entries %}{% for b in entries %}{{ (a.title|upper|lower|upper|lower) is eq 'x' }}{% endfor %}{% endfor %}",
    )
    entry = sample_of(EVENTS["digest"])["entries"][0]
    data = {**sample_of(EVENTS["digest"]), "entries": [{**entry, "title": "y" * 5000}] * 60}
    turns = 0
    with Renderer() as renderer:
        works = asyncio.gather(*(renderer.render(slow, data) for _ in range(3)), return_exceptions=True)
        while not works.done():
            await asyncio.sleep(0.001)
            turns += 1
        for failure in await works:
            assert isinstance(failure, RenderingFailed)
            assert "it takes more than" in str(failure)
        assert turns > 20
        good = find_built_in("task.assigned", Medium.EMAIL, "zh")
        assert good is not None
        await renderer.validate(good)
        assert (await renderer.preview(good, Reader("zh"))).subject == "您有新任务：部门经理审批"
        with pytest.raises(TemplateInvalid, match="did you mean task"):
            await renderer.validate(MessageTemplate("task.assigned", Medium.EMAIL, "en", "{{ taks }}", "x"))
        with pytest.raises(TemplateInvalid, match="there is no event x"):
            await renderer.preview(MessageTemplate("x", Medium.EMAIL, "en", "x", "x"))
        with pytest.raises(TemplateInvalid, match="only e-mail has HTML"):
            await renderer.validate(MessageTemplate("digest", Medium.SMS, "en", "x", "x", "<p>"))
