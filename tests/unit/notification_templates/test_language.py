"""What templates can say, what is wrong with them, and that no template takes longer or more than it may."""

from __future__ import annotations

import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from notification_svc.templates.events import EVENTS
from notification_svc.templates.faults import RenderingFailed, TemplateInvalid
from notification_svc.templates.filters import FILTER_NAMES
from notification_svc.templates.rendering import LIMITS, render
from notification_svc.templates.template import Medium, MessageTemplate, Reader
from notification_svc.templates.validation import preview, validate
from notification_svc.templates.variables import sample_of

SAMPLE = sample_of(EVENTS["digest"])


def template(text: str, *, event: str = "task.assigned", html: str = "", subject: str = "Hello") -> MessageTemplate:
    return MessageTemplate(event, Medium.EMAIL, "en", subject, text, html)


def faults(text: str, **named: Any) -> list[str]:
    with pytest.raises(TemplateInvalid) as invalid:
        validate(template(text, **named))
    return [str(fault) for fault in invalid.value.faults]


def text_of(text: str, **named: Any) -> str:
    made = template(text, **named)
    validate(made)
    return preview(made, Reader("en")).text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{{ task.name }}", "部门经理审批"),
        ("{{ task['name'] }}", "部门经理审批"),
        ("{{ task.priority|default(0) + 1 }}, {{ 7 // 2 }}, {{ -(2 * 3) }}, {{ 7 / 2 }}", "51, 3, -6, 3.5"),
        ("{{ 'a' ~ 1 ~ ('b' ~ task.id[:4]) }}", "a1b0199"),
        ("{{ 'a' + 'b' }}", "ab"),
        ("{{ task.name|truncate(4) }}|{{ task.name|length }}|{{ 'x'|upper }}", "部门经…|6|X"),
        ("{% if task.due_time and task.priority >= 50 %}yes{% else %}no{% endif %}", "yes"),
        ("{{ 'much' if task.priority|default(0) is gt 40 else 'little' }}", "much"),
        ("{% set name = task.name %}{{ name }}", "部门经理审批"),
        ("{{ task.due_time|date }} {{ task.due_time|time }}", "Mar 10, 2026 9:00 AM"),
        ("{{ task.due_time|date('short') }} {{ task.due_time|date('full') }}", "3/10/26 Tuesday, March 10, 2026"),
        ("{{ task.due_time }}", "Mar 10, 2026, 9:00 AM"),
        (
            "{{ 1234567|number }} {{ 0.25|percent }} {{ 5400|duration }} {{ 3.14159|round(2) }}",
            "1,234,567 25% 90 minutes 3.14",
        ),
        ("{{ 'a b/ü'|urlencode }} {{ nothing_here|default('-') if false else 'x' }}", None),
        ("{% raw %}{{ task.nothing }}{% endraw %}{# a comment #}", "{{ task.nothing }}"),
        ("{{ none|default('-') }}{{ ''|default('+', true) }}", "-+"),
    ],
)
def test_what_can_be_said(text: str, expected: str | None) -> None:
    if expected is None:
        assert "there is no variable nothing_here" in faults(text)[0]
    else:
        assert text_of(text) == expected + "\n"


def test_loops() -> None:
    assert (
        text_of(
            "{% for entry in entries %}{{ loop.index }}/{{ loop.length }} {{ entry.event_type }}"
            "{% if not loop.last %}, {% endif %}{% else %}none{% endfor %}",
            event="digest",
        )
        == "1/2 task.assigned, 2/2 task.assigned\n"
    )
    assert text_of("{{ ([1, 2, 3]|first) ~ ([1, 2, 3]|last) ~ ([1, 2]|join('-')) }}") == "131-2\n"
    empty = {**SAMPLE, "entries": []}
    made = template("{% for entry in entries %}x{% else %}none{% endfor %}", event="digest")
    assert render(made, empty).text == "none\n"


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("{{ taks.name }}", "text, line 1: there is no variable taks; did you mean task."),
        ("one\ntwo\n{{ task.nmae }}", "text, line 3: task has no field nmae; did you mean name."),
        ("{{ process.zzz }}", "text, line 1: process has no field zzz; there are business_key, id, key, name."),
        ("{{ task.name.first }}", "text, line 1: name has no fields: it is a text."),
        ("{% for x in task.name %}{% endfor %}", "text, line 1: name is no list, but a text."),
        ("{{ task.name|uper }}", "text, line 1: there is no filter uper; did you mean upper."),
        ("{% if task is deifned %}{% endif %}", "text, line 1: there is no test deifned; did you mean defined."),
        ("{{ task.name|safe }}", "there is no filter safe"),
        ("{{ task.name.upper() }}", "nothing can be called: there are filters, with |."),
        ("{{ range(10) }}", "nothing can be called"),
        ("{{ loop.index }}", "there is no variable loop"),
        ("{{ self }}", "there is no variable self"),
        ("{{ _budget }}", "there is no variable _budget"),
        ("{{ task|_counted }}", "there is no filter _counted"),
        ("{% set _x = 1 %}", "_x is no name for a variable."),
        ("{% set loop = 1 %}", "loop is no name for a variable."),
        ("{% set x.y = 1 %}", "{% set %} takes a name without a dot."),
        ("{% set a, b = 1, 2 %}", "one variable at a time."),
        ("{% set x %}y{% endset %}", "{% set %} takes a value here, no block."),
        ("{% include 'x' %}", "{% include %} is not there"),
        ("{% import 'x' as y %}", "{% import %} is not there"),
        ("{% from 'x' import y %}", "{% import %} is not there"),
        ("{% extends 'x' %}", "{% extends %} is not there"),
        ("{% block x %}{% endblock %}", "{% block %} is not there"),
        ("{% macro x() %}{% endmacro %}", "{% macro %} is not there"),
        ("{% call x() %}{% endcall %}", "{% call %} is not there"),
        ("{% filter upper %}{% endfilter %}", "{% filter %} is not there"),
        ("{% autoescape false %}{% endautoescape %}", "{% autoescape %} is not there"),
        ("{% with x = 1 %}{% endwith %}", "{% with %} is not there"),
        ("{% for x in [1] recursive %}{% endfor %}", "recursive %} is not there"),
        ("{{ 2 ** 8 }}", "** is not there"),
        ("{{ '%d' % 8 }}", "% is not there"),
        ("{{ {'a': 1} }}", "only variables have fields"),
        ("{{ 'x' if task.name }}", "… if … needs an else"),
        ("{{ task.name|truncate(*[1]) }}", "* and ** are not there"),
        ("{{ task.name", "unexpected end of template"),
        ("{% if task %}", "Unexpected end of template"),
        ("{% nonsense %}", "unknown tag 'nonsense'"),
        ("{{ task.name | }}", "expected token"),
        ("{{ task }}", "only texts, numbers and moments can be written"),
        ("{{ task.due_time|truncate }}", "it takes a text"),
        ("{{ task.name|date }}", "it takes a moment"),
        ("{{ task.due_time|date('huge') }}", "a style is one of short, medium, long, full"),
        ("{{ task.name|number }}", "number takes a number"),
        ("{{ task.name * 2 }}", "* takes numbers"),
        ("{{ task.name < 2 }}", "given what it does not take"),
        ("{{ 1 / 0 }}", "nothing can be divided by 0"),
        ("{{ task.name|truncate(1, 2, 3, 4) }}", "given what it does not take"),
        ("{{ task.name|round(99999999) }}", "takes a number"),
        ("", "text, line 1: it is empty: not everybody reads HTML."),
    ],
)
def test_what_is_wrong_is_said(text: str, fault: str) -> None:
    assert any(fault in found for found in faults(text)), faults(text)


def test_all_faults_of_all_parts_at_once() -> None:
    found = faults("{{ a }}\n{{ b }}", subject="{{ c }}", html="<p>\n{{ d }}</p>")
    assert [fault.partition(":")[0] for fault in found] == [
        *("subject, line 1", "text, line 1", "text, line 2", "html, line 2"),
    ]


def test_a_variable_that_only_some_events_have_is_nothing() -> None:
    made = template("[{{ task.due_time }}][{{ task.due_time|date }}][{{ process.business_key|upper }}][{{ link }}]")
    validate(made)
    least = sample_of(EVENTS["task.assigned"], everything=False)
    assert render(made, least).text == "[][][][]\n"


def test_a_field_of_what_is_not_there_is_named_with_its_line() -> None:
    with pytest.raises(TemplateInvalid) as invalid:
        validate(template("Hi\n\n{{ actor.name }}"))
    assert str(invalid.value) == (
        "text, line 3: name cannot be taken from nothing, where an event has no more than every one has: ask with {% if %}."
    )


def test_data_that_an_event_ought_to_have_is_missed_by_name_and_line() -> None:
    made = template("Hi\n{% if task %}\n{{ task.name }}\n{% endif %}")
    data = sample_of(EVENTS["task.assigned"])
    del data["task"]["name"]
    with pytest.raises(RenderingFailed) as failed:
        render(made, data)
    assert str(failed.value) == "text, line 3: there is no name."
    del data["task"]
    with pytest.raises(RenderingFailed, match="text, line 2: there is no task"):
        render(made, data)


def test_what_an_event_does_not_declare_is_not_there() -> None:
    data = {**sample_of(EVENTS["task.assigned"]), "secret": "s3cret"}
    with pytest.raises(TemplateInvalid, match="there is no variable secret"):
        render(template("{{ secret }}"), data)


HOSTILE_DATA = "<script>alert('x')</script>&\"'{{ 7 * 7 }}{% include 'x' %}"


def test_what_variables_hold_is_text_and_no_more() -> None:
    data = sample_of(EVENTS["task.assigned"])
    data["task"]["name"] = HOSTILE_DATA
    data["link"] = "javascript:alert(1)"
    made = template(
        "{{ task.name }}",
        subject="{{ task.name }}\r\nBcc: all@example.com",
        html='<p title="{{ task.name }}">{{ task.name|nl2br }} {{ task.name ~ "<b>" }} {{ [task.name]|join }}</p>'
        "<a href='{{ link }}'>x</a>",
    )
    rendered = render(made, data)
    assert rendered.text == HOSTILE_DATA + "\n"
    assert rendered.subject == HOSTILE_DATA + " Bcc: all@example.com"
    assert "<script>" not in rendered.html
    assert "<b>" not in rendered.html
    assert "javascript:" not in rendered.html
    assert "49" not in rendered.html.partition("<p title")[2]


@pytest.mark.parametrize(
    "text",
    [
        "{{ ''.__class__ }}",
        "{{ task.__class__ }}",
        "{{ task['__class__'] }}",
        "{{ task.items }}",
        "{{ task|attr('__class__') }}",
        "{{ task.name.format }}",
        "{{ task.name['__class__'] }}",
        "{{ [].append }}",
        "{{ entries.append(1) }}",
        "{{ loop._iterator }}",
        "{% for e in entries %}{{ loop.__init__ }}{% endfor %}",
        "{% for e in entries %}{{ loop.cycle('a') }}{% endfor %}",
        "{% for e in entries %}{{ loop.changed }}{% endfor %}",
        "{{ ({}).__class__ }}",
        "{{ lipsum }}",
        "{{ cycler }}",
        "{{ namespace }}",
        "{{ dict }}",
        "{{ config }}",
        "{{ ''|map('upper') }}",
        "{{ entries|tojson }}",
        "{% set x = task.id %}{{ x.__class__ }}",
        "{% set x = [task] %}{{ x[0].__class__ }}",
        "{% set x = [task] %}{{ x.__class__ }}",
        "{{ (1).__class__ }}",
        "{{ (1).real }}",
    ],
)
def test_nothing_of_python_can_be_reached(text: str) -> None:
    made = template(text, event="digest" if "entries" in text or "loop" in text else "task.assigned")
    with pytest.raises(TemplateInvalid):
        validate(made)
    with pytest.raises((TemplateInvalid, RenderingFailed)):
        render(made, sample_of(EVENTS[made.event_type]))


NESTED = "".join(f"{{% for a{n} in entries %}}" for n in range(8)) + "x" + "{% endfor %}" * 8
GREEDY = [
    NESTED,
    "{% for a in [1]|join %}{% endfor %}",
    "{% set x = 'aaaaaaaaaa' %}" + "{% set x = x ~ x %}" * 40 + "{{ x }}",
    "{% set x = 'aaaaaaaaaa' %}" + "{% set x = x + x %}" * 40 + "{{ x }}",
    "{% set x = 'a' %}" + "{% set x = [x, x, x, x, x, x, x, x]|join %}" * 15 + "{{ x }}",
    "{{ 'a' * 10000000000 }}",
    "{{ 9 ** 999999999 }}",
    "{{ 999999999 * 999999999 * 999999999 * 999999999 }}",
    "{{ '%999999999d' % 1 }}",
    "{{ 'a'|center(999999999) }}",
    "{{ 'a'|truncate(999999999) }}",
    "{{ 1|round(999999999, 'floor') }}",
    "{{ 'a'.ljust(999999999) }}",
    "{{ '{:999999999}'.format(1) }}",
    "{{ range(999999999)|join }}",
    "{{ [1,2,3][999999999] }}",
    "{{ '%999999999d' is odd }}",
    "{{ '%999999999d' is divisibleby 3 }}",
    "{% for a in entries %}{% for b in entries %}"
    + "{{ a.title|upper|lower|upper|lower }}" * 400
    + "{% endfor %}{% endfor %}",
    "{{ " + "(" * 5000 + "1" + ")" * 5000 + " }}",
    "{{ " + "not " * 5000 + "1 }}",
    "{{ " + "-" * 5000 + "1 }}",
    "{{ 1" + "+1" * 5000 + " }}",
    "{{ 1" + "~1" * 5000 + " }}",
    "{{ task" + ".x" * 5000 + " }}",
    "{{ 1" + "|upper" * 5000 + " }}",
    "{{ 1" + " if 1 else 1" * 5000 + " }}",
    "{% if 1 %}" * 3000 + "{% endif %}" * 3000,
    "{% for a in [] %}" * 300 + "{% endfor %}" * 300,
    "{% if 0 %}" + "{% elif 0 %}" * 2600 + "{% endif %}",
    "{{ " + "9" * 20000 + " }}",
    "{{ 1e999999999 }}",
    "{{ 0x" + "f" * 20000 + " }}",
    "[" * 31_000,
    "{" * 31_000,
    "{{" * 15_000,
    "{#" * 15_000,
    "{% raw %}" * 3_000,
    "x" * 33_000,
    "{{ '" + "\\" * 30_000 + "' }}",
]


@pytest.mark.parametrize("text", GREEDY, ids=range(len(GREEDY)))
@pytest.mark.parametrize("part", ["text", "html"])
def test_no_template_takes_long(text: str, part: str) -> None:
    """Each ends soon and in one of three ways; what comes out is not large."""
    entries = [{**SAMPLE["entries"][0], "title": "y" * 1000}] * 50
    made = template(text if part == "text" else "x", event="digest", html=text if part == "html" else "")
    begin = time.thread_time()
    try:
        rendered = render(made, {**SAMPLE, "entries": entries})
    except (TemplateInvalid, RenderingFailed) as error:
        assert len(str(error)) < 5_000
    else:
        assert len(rendered.text) <= LIMITS.text_characters + 1
        assert len(rendered.html) <= LIMITS.html_characters + 5_000
    assert time.thread_time() - begin < LIMITS.cpu_seconds + 1.0


def test_the_limits_say_what_was_too_much() -> None:
    entries = [SAMPLE["entries"][0]] * 200
    with pytest.raises(RenderingFailed, match="text, line 1: it takes more than 20000 steps"):
        render(template(NESTED, event="digest"), {**SAMPLE, "entries": entries})
    long = template("{% for e in entries %}" + "x" * 1000 + "{% endfor %}", event="digest")
    with pytest.raises(RenderingFailed, match="it comes to more than 64000 characters"):
        render(long, {**SAMPLE, "entries": entries})


_PIECES = st.sampled_from(
    [
        *(
            "{{",
            "}}",
            "{%",
            "%}",
            "{#",
            "#}",
            "{{ task.name }}",
            "{% if task %}",
            "{% endif %}",
            "{% else %}",
            "|",
            ".",
        ),
        *("{% for e in entries %}", "{% endfor %}", "{{ e.title }}", "entries", "e", "loop.index", "(", ")", "[", "]"),
        *(
            "{% set x = ",
            "x",
            "1",
            "'a'",
            "~",
            "+",
            "*",
            "==",
            "in",
            "is",
            "not",
            "and",
            "if",
            "else",
            "none",
            "\n",
            " ",
        ),
        *(f"|{name}" for name in FILTER_NAMES),
    ]
)


@settings(max_examples=600, deadline=None)
@given(st.lists(_PIECES, max_size=25).map("".join), st.sampled_from(["task.assigned", "digest"]), st.booleans())
def test_any_text_is_a_template_or_its_faults_are_told(text: str, event: str, html: bool) -> None:
    made = template("x" if html else text, event=event, html=text if html else "")
    try:
        render(made, sample_of(EVENTS[event]))
    except TemplateInvalid as invalid:
        assert invalid.faults
        assert all(fault.message.endswith(".") or fault.line >= 1 for fault in invalid.faults)
    except RenderingFailed as failed:
        assert failed.fault.part == ("html" if html else "text")


@settings(max_examples=300, deadline=None)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
        max_leaves=10,
    ),
    st.sampled_from(["task", "process", "entries", "event_time", "count", "link", "recipient", "more"]),
)
def test_any_data_is_rendered_or_refused(value: Any, name: str) -> None:
    """What an event brings may be of any kind; that is no reason to fail otherwise than by saying so."""
    data = {**SAMPLE, **sample_of(EVENTS["task.assigned"]), name: value}
    for event, text in (
        ("digest", "{{ count }}{{ event_time|date }}{% for e in entries %}{{ e.title }}{% endfor %}{{ link }}"),
        ("task.assigned", "{{ task.name }}{{ task.priority }}{{ process.name|upper }}{{ recipient.name }}"),
    ):
        try:
            render(template(text, event=event, html=text), data)
        except RenderingFailed as failed:
            assert failed.fault.line == 1


def test_half_a_character_is_refused() -> None:
    """Neither a message of the contract nor a channel could carry it."""
    found = faults('{{ "\\ud83d" }} {{ task.name }}')
    assert found == ["text, line 1: it has \\ud83d, which is half a character."]
