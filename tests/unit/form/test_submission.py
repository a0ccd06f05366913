from __future__ import annotations

import time
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from form_svc.submission import Rule, TooManyFields, check, initial_data, submit
from form_svc.submission.violations import _CHINESE, _ENGLISH
from tests.unit.form.forms import circumstances, files, form, kept, rules, violations

OPTIONS = [{"label": "A", "value": "a"}, {"label": "B", "value": "b"}]


def field(kind: str, key: str, **more: Any) -> dict[str, Any]:
    return {"type": kind, "key": key, "id": f"id_{key}"} | more


def rows(path: str, *components: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"type": "dynamiclist", "path": path, "components": list(components)} | more


def a_large_form() -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Return 40 fields of every type, and data that are right."""
    components = [
        field("textfield", "name", validate={"required": True, "minLength": 2, "maxLength": 20}),
        field("textfield", "email", validate={"validationType": "email"}),
        field("textfield", "phone", validate={"validationType": "phone"}),
        field("textfield", "code", validate={"pattern": "^[A-Z]{3}$", "patternErrorMessage": "Three capitals."}),
        field("textarea", "notes", validate={"maxLength": 10}),
        field("number", "amount", validate={"min": 1, "max": "=limit"}, decimalDigits=2),
        field("number", "count", decimalDigits=0),
        field("number", "price", increment="0.25", serializeToString=True),
        field("checkbox", "agreed", validate={"required": True}),
        field("radio", "size", values=OPTIONS),
        field("select", "country", valuesKey="countries"),
        field("select", "city", valuesExpression='=if country = "CN" then ["Beijing", "Shanghai"] else ["Bonn"]'),
        field("checklist", "extras", values=OPTIONS, validate={"required": True}),
        field("taglist", "tags", valuesKey="countries"),
        field("datetime", "day", subtype="date", disallowPassedDates=True),
        field("datetime", "at", subtype="time", timeInterval=30),
        field("datetime", "when", subtype="datetime", timeSerializingFormat="utc_normalized"),
        field("expression", "total", expression="=amount * count"),
        field("filepicker", "paper", accept=".pdf", multiple=False),
        {"type": "group", "path": "address", "components": [field("textfield", "street", validate={"required": True})]},
        rows(
            "items", field("textfield", "what", validate={"required": True}), field("number", "n", validate={"min": 1})
        ),
        field("textfield", "secret", conditional={"hide": "=not(agreed)"}, validate={"required": True}),
        field("textfield", "given", readonly=True),
        field("textfield", "off", disabled=True, validate={"required": True}),
    ]
    shown = "text html image table documentPreview spacer separator iframe button"
    components += [{"type": kind, "id": kind} for kind in shown.split()]
    components += [field("textfield", f"more{at}") for at in range(4)]
    data = {
        "name": "Ada",
        "email": "ada@example.com",
        "phone": "+8613800138000",
        "code": "ABC",
        "notes": "none",
        "amount": 12.25,
        "count": 3,
        "price": "1.75",
        "agreed": True,
        "size": "a",
        "country": "CN",
        "city": "Shanghai",
        "extras": ["a"],
        "tags": ["CN", "DE"],
        "day": "2026-03-10",
        "at": "09:30",
        "when": "2026-03-10T09:30Z",
        "paper": "files::1",
        "address": {"street": "Main"},
        "items": [{"what": "x", "n": 1}, {"what": "y", "n": 2}],
        "secret": "s",
        "given": "as it was",
        "more0": "x",
    }
    return components, data


VARIABLES = {"limit": 100, "countries": ["CN", "DE"], "given": "as it was", "off": "kept out"}
PAPER = files(**{"1": [("a.pdf", "application/pdf")]})


def test_a_large_form_with_good_data_is_taken() -> None:
    components, data = a_large_form()
    schema = form(*components)
    assert len([each for each in schema.fields.values() if each.type.name != "default"]) == 40
    assert kept(components, data, VARIABLES, files=PAPER) == data | {
        "total": 36.75,
        "more1": "",
        "more2": "",
        "more3": "",
    }


def test_fifteen_faults_in_forty_fields_are_told_at_once() -> None:
    components, data = a_large_form()
    data |= {
        "name": " A ",
        "email": "ada@",
        "phone": "13800138000",
        "code": "abc",
        "notes": "far too many words",
        "amount": 100.5,
        "count": 1.5,
        "price": "1.80",
        "city": "Bonn",
        "extras": [],
        "day": "2026-03-01",
        "at": "09:40",
        "paper": "files::2",
        "items": [{"what": "x", "n": 0}, {"what": "", "n": 2}],
    }
    assert rules(components, data, VARIABLES, files=PAPER) == {
        "name": ["MIN_LENGTH"],
        "email": ["EMAIL"],
        "phone": ["PHONE"],
        "code": ["PATTERN"],
        "notes": ["MAX_LENGTH"],
        "amount": ["MAX"],
        "count": ["INTEGER"],
        "price": ["INCREMENT"],
        "city": ["NOT_AN_OPTION"],
        "extras": ["REQUIRED"],
        "day": ["DATE_PASSED"],
        "at": ["TIME_INTERVAL"],
        "paper": ["FILE_UNKNOWN"],
        "items[0].n": ["MIN"],
        "items[1].what": ["REQUIRED"],
    }
    found = violations(components, data, VARIABLES, files=PAPER)
    assert len(found) == 15
    assert [each.path for each in found][:3] == ["name", "email", "phone"]
    assert {each.path: each.message for each in found}["code"] == "Three capitals."


def test_every_rule_has_words_in_both_languages() -> None:
    assert set(_ENGLISH) == set(_CHINESE) == set(Rule)


@pytest.mark.parametrize(
    ("language", "message"),
    [
        ("en", "The number is too small; enter 5 or more."),
        ("zh", "数值太小，请输入不小于 5 的数。"),
        ("zh-CN", "数值太小，请输入不小于 5 的数。"),
        ("de", "The number is too small; enter 5 or more."),
        ("", "The number is too small; enter 5 or more."),
    ],
)
def test_messages_are_in_the_language_asked_for(language: str, message: str) -> None:
    (found,) = violations([field("number", "n", validate={"min": 5}, label="Amount")], {"n": 4}, language=language)
    assert (found.message, found.label, found.field_id, found.path) == (message, "Amount", "id_n", "n")


def test_unknown_keys_and_disabled_fields_are_left_out() -> None:
    components = [field("textfield", "a"), field("textfield", "b", disabled=True), rows("l", field("number", "n"))]
    data = {"a": "x", "b": "changed", "c": 1, "l": [{"n": 1, "more": 2}]}
    assert kept(components, data, {"b": "was", "v": 1}) == {"a": "x", "l": [{"n": 1}]}


def test_what_was_not_submitted_stays_as_it_was_shown() -> None:
    components = [field("textfield", "a", validate={"required": True}), field("number", "b", defaultValue=5)]
    assert kept(components, {}, {"a": "from the process"}) == {"a": "from the process", "b": 5}
    assert rules(components, {"a": ""}, {"a": "from the process"}) == {"a": ["REQUIRED"]}


def test_hidden_fields_are_neither_checked_nor_kept() -> None:
    components = [
        field("checkbox", "company"),
        field("textfield", "vat", conditional={"hide": "=not(company)"}, validate={"required": True}),
        {
            "type": "group",
            "path": "firm",
            "conditional": {"hide": "=not(company)"},
            "components": [field("textfield", "name", validate={"required": True})],
        },
    ]
    assert kept(components, {"company": False, "vat": "smuggled", "firm": {"name": "x"}}) == {"company": False}
    assert rules(components, {"company": True}) == {"vat": ["REQUIRED"], "firm.name": ["REQUIRED"]}


def test_conditions_see_variables_rows_and_their_surroundings() -> None:
    components = [
        rows(
            "items",
            field("number", "n"),
            field("textfield", "why", conditional={"hide": "=this.n < limit"}, validate={"required": True}),
            field("textfield", "first", conditional={"hide": "=i[1] > 1"}, validate={"required": True}),
            rows("sub", field("textfield", "deep", conditional={"hide": "=parent.n = 1"}, validate={"required": True})),
        )
    ]
    data = {"items": [{"n": 1, "sub": [{}]}, {"n": 9, "sub": [{}, {}]}]}
    assert rules(components, data, {"limit": 5}) == {
        "items[0].first": ["REQUIRED"],
        "items[1].why": ["REQUIRED"],
        "items[1].sub[0].deep": ["REQUIRED"],
        "items[1].sub[1].deep": ["REQUIRED"],
    }


def test_expressions_are_computed_whatever_was_submitted() -> None:
    components = [
        field("number", "net"),
        field("expression", "gross", expression="=tax + net"),
        field("expression", "tax", expression="=net / 5"),
        field("expression", "at_the_end", expression="=gross * 2", computeOn="presubmit"),
    ]
    assert kept(components, {"net": 100, "gross": 1, "tax": -5}) == {
        "net": 100,
        "gross": 120,
        "tax": 20,
        "at_the_end": 240,
    }


def test_expressions_that_never_settle_come_to_an_end() -> None:
    components = [field("expression", "n", expression="=if n = null then 1 else n + 1")]
    assert set(kept(components, {})) == {"n"}


@pytest.mark.parametrize(
    ("component", "value", "rule"),
    [
        (field("textfield", "a"), {"x": 1}, "NOT_TEXT"),
        (field("textarea", "a"), ["x"], "NOT_TEXT"),
        (field("number", "a"), "twelve", "NOT_A_NUMBER"),
        (field("number", "a"), True, "NOT_A_NUMBER"),
        (field("number", "a"), "0x10", "NOT_A_NUMBER"),
        (field("number", "a"), "1e999", "NOT_A_NUMBER"),
        (field("number", "a"), [1], "NOT_A_NUMBER"),
        (field("checkbox", "a"), "true", "NOT_A_FLAG"),
        (field("checkbox", "a"), 1, "NOT_A_FLAG"),
        (field("radio", "a", values=[1, 2]), "1", "NOT_AN_OPTION"),
        (field("select", "a", values=[1, 2]), True, "NOT_AN_OPTION"),
        (field("select", "a", valuesKey="none"), "x", "NOT_AN_OPTION"),
        (field("select", "a", valuesExpression="=[1, 2]"), 3, "NOT_AN_OPTION"),
        (field("checklist", "a", values=["x"]), ["x", "y"], "NOT_AN_OPTION"),
        (field("taglist", "a", values=["x"]), "x", "NOT_A_LIST"),
        (field("taglist", "a", valuesExpression='=["x"]'), "x", "NOT_A_LIST"),
        (field("taglist", "a", valuesExpression='=["x"]'), ["y"], "NOT_AN_OPTION"),
        (field("datetime", "a"), "31.01.2026", "NOT_A_DATE"),
        (field("datetime", "a"), "2026-02-30", "NOT_A_DATE"),
        (field("datetime", "a"), "2026-01-31T10:00", "NOT_A_DATE"),
        (field("datetime", "a"), "1899-12-31", "DATE_TOO_EARLY"),
        (field("datetime", "a"), 20260131, "NOT_A_DATE"),
        (field("datetime", "a", subtype="time"), "25:00", "NOT_A_TIME"),
        (field("datetime", "a", subtype="datetime"), "2026-01-31", "NOT_A_DATE_TIME"),
        (field("datetime", "a", subtype="datetime"), "2026-01-31T10:07", "TIME_INTERVAL"),
        (field("filepicker", "a"), "files::unknown", "FILE_UNKNOWN"),
        (field("filepicker", "a"), {"name": "x"}, "FILE_UNKNOWN"),
        (field("textfield", "a", readonly=True), "changed", "READONLY"),
        (field("textfield", "a", readonly="=locked"), "changed", "READONLY"),
    ],
)
def test_what_a_browser_could_not_enter_is_told_and_not_dropped(
    component: dict[str, Any], value: object, rule: str
) -> None:
    assert rules([component], {"a": value}, {"locked": True}) == {"a": [rule]}


def test_fields_that_the_user_can_unlock_can_be_changed() -> None:
    components = [field("checkbox", "locked"), field("textfield", "a", readonly="=locked")]
    assert kept(components, {"locked": True, "a": "new"}, {"a": "old"}) == {"locked": True, "a": "new"}


@pytest.mark.parametrize(
    ("component", "value", "held"),
    [
        (field("textfield", "a"), 12.50, "12.5"),
        (field("textfield", "a"), True, "true"),
        (field("textfield", "a"), "two\nlines\t", "two lines "),
        (field("textarea", "a"), "two\nlines", "two\nlines"),
        (field("number", "a"), "12.50", 12.5),
        (field("number", "a", serializeToString=True), 1e21, "1e+21"),
        (field("number", "a", serializeToString=True), "12.50", "12.50"),
        (field("number", "a"), "", None),
        (field("checkbox", "a"), None, False),
        (field("select", "a", values=[{"label": "X", "value": {"id": 1}}]), {"id": 1}, {"id": 1}),
        (field("taglist", "a"), None, []),
        (field("datetime", "a", subtype="time"), "9:30:00", "09:30"),
    ],
)
def test_values_of_another_type_are_taken_where_nothing_is_lost(
    component: dict[str, Any], value: object, held: object
) -> None:
    assert kept([component], {"a": value}) == {"a": held}


def test_rows_come_and_go_only_where_the_list_lets_them() -> None:
    fixed = [rows("l", field("textfield", "t", validate={"required": True}), allowAddRemove=False)]
    variables = {"l": [{"t": "x"}, {"t": "y"}]}
    assert kept(fixed, {"l": [{"t": "z"}]}, variables) == {"l": [{"t": "z"}, {"t": "y"}]}
    assert rules(fixed, {"l": [{"t": "a"}, {"t": "b"}, {"t": "c"}]}, variables) == {"l": ["ROWS_FIXED"]}
    free = [rows("l", field("textfield", "t", validate={"required": True}))]
    assert kept(free, {"l": []}, variables) == {}
    assert kept(free, {}, variables) == {}
    assert kept(free, {"l": [{"t": "z"}]}, variables) == {"l": [{"t": "z"}]}
    assert rules(free, {"l": "many"}, variables) == {"l": ["NOT_A_LIST"]}
    assert rules(free, {"l": ["x"]}) == {"l[0].t": ["REQUIRED"]}


def test_read_only_columns_follow_their_rows() -> None:
    components = [rows("l", field("textfield", "name", readonly=True), field("number", "n"))]
    variables = {"l": [{"name": "x"}, {"name": "y"}]}
    assert kept(components, {"l": [{"name": "y", "n": 2}]}, variables) == {"l": [{"name": "y", "n": 2}]}
    assert rules(components, {"l": [{"name": "z", "n": 2}]}, variables) == {"l[0].name": ["READONLY"]}


def test_too_many_rows_are_refused_at_once() -> None:
    components = [rows("l", field("number", "n"))]
    started = time.process_time()
    assert rules(components, {"l": [{}] * 100_000}) == {"": ["TOO_MANY_FIELDS"]}
    with pytest.raises(TooManyFields):
        initial_data(form(*components), {"l": [{}] * 100_000}, circumstances())
    assert time.process_time() - started < 2


def test_patterns_that_never_end_are_told() -> None:
    components = [field("textfield", f"t{at}", validate={"pattern": "^(a+)+$"}) for at in range(3)]
    started = time.process_time()
    assert rules(components, {f"t{at}": "a" * 40 + "!" for at in range(3)}) == {
        f"t{at}": ["PATTERN_TOO_SLOW"] for at in range(3)
    }
    assert rules(components, {"t0": "aaa", "t1": "b"}) == {"t1": ["PATTERN"]}
    assert time.process_time() - started < 3


def test_a_form_that_takes_too_long_altogether_is_refused() -> None:
    slow = "=count(for x in 1..300, y in 1..300 return x * y) + n"
    components = [rows("l", field("number", "n"), field("expression", "e", expression=slow))]
    started = time.process_time()
    assert rules(components, {"l": [{"n": at} for at in range(4000)]}) == {"": ["TOO_COSTLY"]}
    assert time.process_time() - started < 15


def test_files_are_of_the_kind_and_number_that_the_field_takes() -> None:
    uploaded = files(
        pdf=[("A.PDF", "application/pdf")],
        two=[("a.png", "image/png"), ("b.jpg", "image/jpeg; q=1")],
        text=[("a.txt", "text/plain")],
    )
    one = [field("filepicker", "f", accept=".pdf, image/*")]
    many = [field("filepicker", "f", accept="=kinds", multiple="=several")]
    assert kept(one, {"f": "files::pdf"}, files=uploaded) == {"f": "files::pdf"}
    assert rules(one, {"f": "files::two"}, files=uploaded) == {"f": ["FILE_COUNT"]}
    assert rules(one, {"f": "files::text"}, files=uploaded) == {"f": ["FILE_TYPE"]}
    assert kept(many, {"f": "files::two"}, {"kinds": "image/*", "several": True}, files=uploaded) == {"f": "files::two"}
    assert rules(many, {"f": "files::two"}, {"kinds": ".gif"}, files=uploaded) == {
        "f": ["FILE_COUNT", "FILE_TYPE", "FILE_TYPE"]
    }
    assert rules(one, {"f": "files::pdf"}) == {"f": ["FILE_UNKNOWN"]}


def _held(*ids: str) -> list[dict[str, Any]]:
    return [{"fileId": each, "name": "a.pdf", "contentType": "application/pdf", "size": 1} for each in ids]


@pytest.mark.parametrize("more", [{}, {"validate": {"required": True}}, {"readonly": True}])
@pytest.mark.parametrize("sent", [{}, {"f": None}, {"f": _held("1", "2")}])
def test_files_from_before_stay(more: dict[str, Any], sent: dict[str, Any]) -> None:
    """form-js shows none that it has not uploaded itself, and hands over null for them."""
    before = {"f": _held("1", "2")}
    if not (more.get("readonly") and sent.get("f", ...) is None):
        assert kept([field("filepicker", "f", **more)], sent, before) == before


def test_files_from_before_are_replaced_and_removed() -> None:
    one, before = [field("filepicker", "f")], {"f": _held("1")}
    assert kept(one, {"f": "files::1"}, before, files=PAPER) == {"f": "files::1"}
    assert kept(one, {"f": []}, before) == {"f": None}
    assert rules([field("filepicker", "f", validate={"required": True})], {"f": []}, before) == {"f": ["REQUIRED"]}


def test_files_from_before_cannot_be_made_up() -> None:
    one = [field("filepicker", "f")]
    for before in ({"f": _held("1")}, {"f": _held("1", "2")}, {"f": None}, {}):
        assert rules(one, {"f": _held("2")}, before) == {"f": ["FILE_UNKNOWN"]}
    # What is no list of files is emptied as ever.
    assert kept(one, {}, {"f": [{"name": "a"}]}) == {"f": None}


def test_files_from_before_in_rows() -> None:
    before = {"r": [{"f": _held("1")}, {"f": _held("2")}]}
    loose, fixed = [rows("r", field("filepicker", "f"))], [rows("r", field("filepicker", "f"), allowAddRemove=False)]
    assert kept(fixed, {"r": [{}, {"f": None}]}, before) == before
    # The first row was taken out.
    assert kept(loose, {"r": [{"f": _held("2")}]}, before) == {"r": [{"f": _held("2")}]}
    assert kept(loose, {"r": [{"f": None}]}, before) == {"r": [{"f": None}]}
    assert rules(loose, {"r": [{"f": _held("3")}]}, before) == {"r[0].f": ["FILE_UNKNOWN"]}


@pytest.mark.parametrize("expression", ["=a * a", "=-a * a"])
def test_numbers_beyond_those_of_json_are_null(expression: str) -> None:
    """The engine would refuse them when the data is kept already."""
    components = [
        field("number", "a"),
        field("expression", "one", expression=expression),
        field("expression", "list", expression=f"=[{{n: {expression[1:]}}}, a]"),
    ]
    assert kept(components, {"a": 1e200}) == {"a": 1e200, "one": None, "list": [{"n": None}, 1e200]}


def test_the_form_begins_with_variables_and_defaults() -> None:
    schema = form(
        field("textfield", "name", defaultValue="nobody"),
        field("number", "n"),
        field("taglist", "tags", values=["a"]),
        field("datetime", "d"),
        {"type": "group", "path": "in", "components": [field("checkbox", "yes", defaultValue=True)]},
        rows("l", field("textfield", "t"), defaultRepetitions=2),
        rows("held", field("textfield", "t", id="held_t")),
    )
    variables = {"n": "12", "tags": ["a", "b"], "d": "nonsense", "held": [{"t": 5, "u": 1}, 7], "other": {"x": 1}}
    before = repr(variables)
    assert initial_data(schema, variables, circumstances()) == {
        "name": "nobody",
        "n": 12,
        "tags": ["a"],
        "d": None,
        "in": {"yes": True},
        "l": [{"t": ""}, {"t": ""}],
        "held": [{"t": "5", "u": 1}, {"t": ""}],
        "other": {"x": 1},
    }
    assert repr(variables) == before


def test_a_variable_that_cannot_hold_the_fields_is_replaced() -> None:
    schema = form(field("textfield", "user.name"))
    assert initial_data(schema, {"user": "bob"}, circumstances()) == {"user": {"name": ""}}


def test_neither_data_nor_variables_are_changed() -> None:
    components, data = a_large_form()
    given, variables = repr(data), repr(VARIABLES)
    submit(form(*components), data, VARIABLES, "en", circumstances(files=PAPER))
    assert (repr(data), repr(VARIABLES)) == (given, variables)


@pytest.mark.parametrize(
    "strange", [None, 5, "x", [], [1], {}, {"a": {"a": {"a": 1}}}, {"a": [[]]}, True, 1e308, 10**400]
)
def test_nothing_that_is_submitted_makes_it_fail(strange: Any) -> None:
    components, _ = a_large_form()
    schema = form(*components)
    keys = [
        "name",
        "amount",
        "price",
        "agreed",
        "size",
        "city",
        "tags",
        "day",
        "at",
        "when",
        "paper",
        "address",
        "items",
    ]
    check(schema, dict.fromkeys(keys, strange), {}, "en", circumstances())
    check(schema, {}, dict.fromkeys(keys, strange), "en", circumstances())
    check(schema, {"items": [strange], "address": {"street": strange}}, {}, "en", circumstances())


class TestTimeZones:
    @pytest.mark.parametrize(
        ("more", "value", "zone", "held"),
        [
            # Without a zone, what some browser could have written is taken as it stands.
            ({"timeSerializingFormat": "utc_offset"}, "2026-03-10T09:30+08:00", None, "2026-03-10T09:30+08:00"),
            ({"timeSerializingFormat": "utc_normalized"}, "2026-03-10T04:45Z", None, "2026-03-10T04:45Z"),
            (
                {"timeInterval": 60, "timeSerializingFormat": "utc_normalized"},
                "2026-03-10T04:30Z",
                None,
                "2026-03-10T04:30Z",
            ),
            ({}, "2026-03-10T09:30:00.000Z", None, "2026-03-10T09:30"),
            # With one, as a browser there writes it.
            ({}, "2026-03-10T09:30:00.000Z", "Asia/Shanghai", "2026-03-10T17:30"),
            ({"timeSerializingFormat": "utc_offset"}, "2026-03-10T17:30", "Asia/Shanghai", "2026-03-10T17:30+08:00"),
            ({"timeSerializingFormat": "utc_normalized"}, "2026-03-10T01:30", "Asia/Shanghai", "2026-03-09T17:30Z"),
            (
                {"timeSerializingFormat": "utc_offset"},
                "2026-07-01T09:30Z",
                "America/New_York",
                "2026-07-01T05:30-04:00",
            ),
            (
                {"timeSerializingFormat": "utc_offset"},
                "2026-01-01T09:30Z",
                "America/New_York",
                "2026-01-01T04:30-05:00",
            ),
            # form-js writes the wrong day here.
            ({"timeSerializingFormat": "utc_normalized"}, "2026-01-04T19:00", "America/New_York", "2026-01-05T00:00Z"),
        ],
    )
    def test_moments_are_written_as_the_field_writes_them(
        self, more: dict[str, Any], value: str, zone: str | None, held: str
    ) -> None:
        component = field("datetime", "a", subtype="datetime", **more)
        assert kept([component], {"a": value}, zone=None if zone is None else ZoneInfo(zone)) == {"a": held}

    @pytest.mark.parametrize(
        ("value", "zone", "is_taken"),
        [
            # It is 09:30 UTC on the tenth: still the ninth in Honolulu, the tenth in most places.
            ("2026-03-10", None, True),
            ("2026-03-09", None, True),
            ("2026-03-08", None, False),
            ("2026-03-09", "Pacific/Honolulu", True),
            ("2026-03-09", "Asia/Shanghai", False),
            ("2026-03-10", "Asia/Shanghai", True),
        ],
    )
    def test_today_is_the_users_today(self, value: str, zone: str | None, is_taken: bool) -> None:
        component = field("datetime", "a", disallowPassedDates=True)
        found = rules([component], {"a": value}, zone=None if zone is None else ZoneInfo(zone))
        assert found == ({} if is_taken else {"a": ["DATE_PASSED"]})

    def test_a_passed_date_that_was_there_already_may_stay(self) -> None:
        component = field("datetime", "a", disallowPassedDates=True)
        assert kept([component], {"a": "2020-01-01"}, {"a": "2020-01-01"}) == {"a": "2020-01-01"}
        assert rules([component], {"a": "2020-01-02"}, {"a": "2020-01-01"}) == {"a": ["DATE_PASSED"]}
