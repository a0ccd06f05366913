"""The built-in texts: there for every event, valid, in the reader's language and zone."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from notification_svc.templates.built_in import LANGUAGES, find_built_in
from notification_svc.templates.events import EVENTS
from notification_svc.templates.rendering import render
from notification_svc.templates.template import Medium, MessageTemplate, Reader
from notification_svc.templates.validation import preview, validate
from notification_svc.templates.variables import sample_of

SHANGHAI = ZoneInfo("Asia/Shanghai")


def built_in(event: str, medium: Medium, language: str) -> MessageTemplate:
    found = find_built_in(event, medium, language)
    assert found is not None
    return found


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("event", EVENTS)
def test_every_event_has_texts_for_every_medium(event: str, language: str) -> None:
    for medium in Medium:
        template = built_in(event, medium, language)
        validate(template)
        assert bool(template.html) is (medium is Medium.EMAIL)
        rendered = preview(template, Reader(language, SHANGHAI))
        assert rendered.subject
        assert not rendered.subject.endswith((" ", "：", ":"))
        for text in (rendered.subject, rendered.text, rendered.html):
            assert "None" not in text
            assert "{{" not in text
            assert "\u202f" not in text
        assert "\n\n\n" not in rendered.text
        # A short message of up to three parts.
        assert medium is not Medium.SMS or len(rendered.subject + rendered.text) <= 220
        bare = render(template, sample_of(EVENTS[event], everything=False), Reader(language, SHANGHAI))
        assert "None" not in bare.subject + bare.text + bare.html
        assert "\n\n\n" not in bare.text


def test_there_are_no_texts_for_other_events() -> None:
    for language in LANGUAGES:
        for medium in Medium:
            assert find_built_in("task.forgotten", medium, language) is None
    assert find_built_in("task.assigned", Medium.EMAIL, "fr") is None
    assert find_built_in("task.assigned", Medium.EMAIL, "../en") is None


@pytest.mark.parametrize(
    ("reader", "due"),
    [
        (Reader("zh-CN", SHANGHAI), "截止时间：2026年3月10日 17:00"),
        (Reader("zh", ZoneInfo("America/New_York")), "截止时间：2026年3月10日 05:00"),
    ],
)
def test_moments_are_those_of_the_reader(reader: Reader, due: str) -> None:
    assert due in preview(built_in("task.assigned", Medium.EMAIL, "zh"), reader).text


@pytest.mark.parametrize(
    ("language", "due"),
    [
        ("en", "Mar 10, 2026, 5:00 PM"),
        ("en-GB", "10 Mar 2026, 17:00"),
        ("de-DE", "10.03.2026, 17:00"),
        ("zh_Hans_CN", "2026年3月10日 17:00"),
        ("zh-TW", "2026年3月10日 下午5:00"),
        ("tlh-Qaak", "Mar 10, 2026, 5:00 PM"),
        ("../../etc/passwd", "Mar 10, 2026, 5:00 PM"),
        ("", "Mar 10, 2026, 5:00 PM"),
    ],
)
def test_a_template_in_one_language_for_a_reader_of_another(language: str, due: str) -> None:
    """The words are the template's; dates are written as the reader writes them, or as in English."""
    assert f"Due: {due}\n" in preview(built_in("task.assigned", Medium.EMAIL, "en"), Reader(language, SHANGHAI)).text


def test_summer_time() -> None:
    template = MessageTemplate("digest", Medium.EMAIL, "en", "x", "{{ event_time }}")
    berlin = Reader("en", ZoneInfo("Europe/Berlin"))
    data = sample_of(EVENTS["digest"])
    for moment, written in (
        (datetime(2026, 3, 29, 0, 59, tzinfo=UTC), "Mar 29, 2026, 1:59 AM\n"),
        (datetime(2026, 3, 29, 1, 0, tzinfo=UTC), "Mar 29, 2026, 3:00 AM\n"),
        ("2026-10-25T01:30:00Z", "Oct 25, 2026, 2:30 AM\n"),
        ("2026-10-25T03:30:00+02:00", "Oct 25, 2026, 2:30 AM\n"),
    ):
        assert render(template, {**data, "event_time": moment}, berlin).text == written


@pytest.mark.parametrize("zone", ["Asia/Shanghai", "America/New_York", "UTC"])
@pytest.mark.parametrize(
    ("moment", "written"),
    [
        ("9999-12-31T23:59:59+00:00", "9999, "),
        ("0001-01-01T00:00:00+00:00", "1, "),
        ("9999-12-31T23:59:59-09:00", "9999, "),
    ],
)
def test_moments_at_the_ends_of_the_calendar(moment: str, written: str, zone: str) -> None:
    """Where a reader's zone would lead beyond them, they are written in UTC."""
    text = "{{ event_time }} {{ event_time|date('full') }} {{ event_time|time }}"
    template = MessageTemplate("digest", Medium.EMAIL, "en", "x", text)
    data = {**sample_of(EVENTS["digest"]), "event_time": moment}
    assert written in render(template, data, Reader("en", ZoneInfo(zone))).text


def test_the_document_around_html() -> None:
    html = preview(built_in("task.assigned", Medium.EMAIL, "zh"), Reader("zh-CN", SHANGHAI)).html
    assert html.startswith('<!doctype html>\n<html lang="zh-CN">')
    assert "<title>您有新任务：部门经理审批</title>" in html
    own = MessageTemplate("digest", Medium.EMAIL, "en", "x", "x", "<!DOCTYPE html><p>mine</p>")
    assert preview(own).html == "<!DOCTYPE html><p>mine</p>"
    hostile = MessageTemplate("digest", Medium.EMAIL, "en", "</title><script>", "x", "<p>x</p>")
    assert "<script>" not in preview(hostile, Reader('en"><script>')).html


def test_a_digest_lists_what_it_has_and_counts_the_rest() -> None:
    data = sample_of(EVENTS["digest"])
    rendered = render(built_in("digest", Medium.EMAIL, "en"), data, Reader("en", SHANGHAI))
    assert rendered.subject == "5 notifications"
    assert "- Mar 9, 2026, 1:10 PM  任务「部门经理审批」已分配给您  https://" in rendered.text
    assert "And 3 more." in rendered.text
    one = {**data, "count": 1, "more": 0, "entries": data["entries"][:1]}
    rendered = render(built_in("digest", Medium.PUSH, "en"), one, Reader("en", SHANGHAI))
    assert (rendered.subject, "more" in rendered.text) == ("1 notification", False)
