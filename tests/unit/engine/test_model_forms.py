"""What a model says of the forms of its start and tasks."""

from __future__ import annotations

import pytest

from engine_svc.commands.model_forms import ModelForm, ModelFormsCache, read_model_forms
from engine_svc.model.elements import FormBinding
from engine_svc.model.parse import parse_bpmn
from tests.unit.bpmn_models import definitions, process

EMBEDDED = '{"type":"default","components":[]}'


def forms_of(attributes: str, extension: str = "", around: str = "{}") -> ModelForm:
    task = f'<userTask id="t" {attributes}><extensionElements>{extension}</extensionElements></userTask>'
    return read_model_forms(process(around.format(task)), "p").tasks["t"]


@pytest.mark.parametrize(
    ("attributes", "extension", "expected"),
    [
        ('flowable:formKey="f"', "", ("f", FormBinding.UNSAID, "")),
        (
            'camunda:formKey="camunda-forms:deployment:f.form"',
            "",
            ("camunda-forms:deployment:f.form", FormBinding.UNSAID, ""),
        ),
        ('camunda:formRef="f" camunda:formRefBinding="latest"', "", ("f", FormBinding.LATEST, "")),
        ('camunda:formRef="f" camunda:formRefBinding="deployment"', "", ("f", FormBinding.DEPLOYMENT, "")),
        (
            'camunda:formRefVersion="3" camunda:formRef="f" camunda:formRefBinding="version"',
            "",
            ("f", FormBinding.VERSION, "3"),
        ),
        ("", '<zeebe:formDefinition formId="f"/>', ("f", FormBinding.LATEST, "")),
        ("", '<zeebe:formDefinition formId="f" bindingType="deployment"/>', ("f", FormBinding.DEPLOYMENT, "")),
        (
            "",
            '<zeebe:formDefinition formId="f" bindingType="versionTag" versionTag="v1"/>',
            ("f", FormBinding.VERSION_TAG, "v1"),
        ),
        ("", "", ("", FormBinding.UNSAID, "")),
    ],
)
def test_keys_and_bindings(attributes: str, extension: str, expected: tuple[str, FormBinding, str]) -> None:
    found = forms_of(attributes, extension)
    assert (found.key, found.binding, found.version) == expected


@pytest.mark.parametrize(
    "definition",
    ['formId="f" bindingType="never"', 'formId="f" bindingType="versionTag"'],
)
def test_bindings_that_say_nothing(definition: str) -> None:
    task = f'<userTask id="t"><extensionElements><zeebe:formDefinition {definition}/></extensionElements></userTask>'
    problems = [problem for problem in parse_bpmn(process(task)).problems if problem.is_error]
    assert [problem.rule.value for problem in problems] == ["ATTRIBUTE_VALUE_INVALID"]


def test_fields_of_flowable() -> None:
    found = forms_of(
        "",
        '<flowable:formProperty id="a" name="A" type="enum" required="true" readable="true" writable="false" '
        'variable="v" datePattern="dd" default="x"><flowable:value id="1" name="One"/></flowable:formProperty>',
    )
    (field,) = found.fields
    assert (field.id, field.name, field.type, field.required) == ("a", "A", "enum", True)
    assert (field.readable, field.writable, field.variable, field.date_pattern) == (True, False, "v", "dd")
    assert (field.default, field.values) == ("x", (("1", "One"),))


def test_fields_of_camunda() -> None:
    found = forms_of(
        "",
        '<camunda:formData><camunda:formField id="a" label="A" type="long" defaultValue="7"><camunda:validation>'
        '<camunda:constraint name="min" config="1"/><camunda:constraint name="required"/></camunda:validation>'
        "</camunda:formField></camunda:formData>",
    )
    (field,) = found.fields
    assert (field.name, field.default, field.constraints) == ("A", "7", (("min", "1"), ("required", "")))


def test_tasks_in_sub_processes_are_found() -> None:
    around = '<subProcess id="a"><subProcess id="b">{}</subProcess></subProcess>'
    assert forms_of('flowable:formKey="f"', around=around).key == "f"


def test_only_the_start_of_the_process_itself_counts() -> None:
    inner = '<startEvent id="s1"/><startEvent id="s2" flowable:formKey="f"/><startEvent id="s3" flowable:formKey="g"/>'
    nested = '<subProcess id="x"><startEvent id="s0" flowable:formKey="never"/></subProcess>'
    start = read_model_forms(process(nested + inner), "p").start
    assert (start.element_id, start.key) == ("s2", "f")
    assert read_model_forms(process('<startEvent id="s"/>'), "p").start == ModelForm()
    assert read_model_forms(process(inner), "another").start == ModelForm()


def test_forms_in_the_model() -> None:
    xml = definitions(
        '<process id="p" isExecutable="true"><extensionElements>'
        f'<zeebe:userTaskForm id="inside">{EMBEDDED}</zeebe:userTaskForm>'
        '<zeebe:userTaskForm id="empty"/></extensionElements></process>'
    )
    forms = read_model_forms(xml, "p")
    assert forms.embedded_schema("camunda-forms:bpmn:inside") == EMBEDDED.encode()
    assert forms.embedded_schema("camunda-forms:bpmn:empty") == b""
    assert forms.embedded_schema("camunda-forms:bpmn:never") == b""
    assert forms.embedded_schema("inside") == b""


async def test_a_definition_is_read_once() -> None:
    cache = ModelFormsCache()
    content = process('<userTask id="t" flowable:formKey="f"/>')
    first = await cache.read("d", "p", "m.bpmn", content)
    assert await cache.read("d", "p", "m.bpmn", b"") is first
    assert first.tasks["t"].key == "f"
