"""What is wrong with submitted data, said so that the user can mend it."""

from __future__ import annotations

import enum
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from form_svc.submission.values import Step


class Rule(enum.StrEnum):
    """Which rule a value breaks."""

    REQUIRED = "REQUIRED"
    PATTERN = "PATTERN"
    PATTERN_TOO_SLOW = "PATTERN_TOO_SLOW"
    EMAIL = "EMAIL"
    PHONE = "PHONE"
    MIN = "MIN"
    MAX = "MAX"
    BOUND_UNUSABLE = "BOUND_UNUSABLE"
    MIN_LENGTH = "MIN_LENGTH"
    MAX_LENGTH = "MAX_LENGTH"
    INTEGER = "INTEGER"
    DECIMAL_DIGITS = "DECIMAL_DIGITS"
    INCREMENT = "INCREMENT"

    # Values that cannot be entered in the browser: form-js drops them where it is given them as data.
    NOT_TEXT = "NOT_TEXT"
    NOT_A_NUMBER = "NOT_A_NUMBER"
    NOT_A_FLAG = "NOT_A_FLAG"
    NOT_A_LIST = "NOT_A_LIST"
    NOT_AN_OPTION = "NOT_AN_OPTION"
    NOT_A_DATE = "NOT_A_DATE"
    NOT_A_TIME = "NOT_A_TIME"
    NOT_A_DATE_TIME = "NOT_A_DATE_TIME"
    DATE_PASSED = "DATE_PASSED"
    DATE_TOO_EARLY = "DATE_TOO_EARLY"
    TIME_INTERVAL = "TIME_INTERVAL"
    FILE_UNKNOWN = "FILE_UNKNOWN"
    READONLY = "READONLY"

    # Rules of the form that form-js shows to the user and does not check itself.
    FILE_COUNT = "FILE_COUNT"
    FILE_TYPE = "FILE_TYPE"
    ROWS_FIXED = "ROWS_FIXED"
    TOO_MANY_FIELDS = "TOO_MANY_FIELDS"
    TOO_COSTLY = "TOO_COSTLY"


@dataclass(slots=True, frozen=True)
class Fault:
    """A broken rule, and what its message speaks of."""

    rule: Rule
    details: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of(cls, rule: Rule, **details: object) -> Fault:
        """Return a fault with the details of its message."""
        return cls(rule, tuple((name, str(value)) for name, value in details.items()))


@dataclass(slots=True, frozen=True)
class Violation:
    """One fault of submitted data."""

    path: str
    """Where the value lies in the data, such as `items[0].price`."""
    field_id: str
    label: str
    """What the form calls the field; its name in the data where the label is computed or absent."""
    rule: Rule
    message: str
    """What is wrong and how to mend it, in the language asked for."""


def path_text(path: Iterable[Step]) -> str:
    """Return a path as violations write it."""
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path).removeprefix(".")


def message(fault: Fault, language: str) -> str:
    """Return what is to be said of a fault; `language` is a tag such as `zh-CN`, and all but Chinese is English."""
    details = dict(fault.details)
    if fault.rule is Rule.PATTERN and details["own"]:
        return details["own"]
    texts = _CHINESE if language.lower().partition("-")[0] == "zh" else _ENGLISH
    return texts[fault.rule].format_map(details)


_ENGLISH: Final = {
    Rule.REQUIRED: "This must be filled in; enter or choose a value.",
    Rule.PATTERN: "This does not match the pattern {pattern}; change it so that it does.",
    Rule.PATTERN_TOO_SLOW: "Checking this takes too long; shorten it, or have the form's pattern simplified.",
    Rule.EMAIL: "This is no email address; enter one such as name@example.com.",
    Rule.PHONE: "This is no international telephone number; enter one such as +4930664040900.",
    Rule.MIN: "The number is too small; enter {bound} or more.",
    Rule.MAX: "The number is too large; enter {bound} or less.",
    Rule.BOUND_UNUSABLE: "The form's limit for this number is no number ({bound}); have the form put right.",
    Rule.MIN_LENGTH: "Enter at least {bound} characters; it has {length} now.",
    Rule.MAX_LENGTH: "Enter at most {bound} characters; it has {length} now.",
    Rule.INTEGER: "This has decimal places; enter a whole number.",
    Rule.DECIMAL_DIGITS: "This has {digits} decimal places; enter at most {bound}.",
    Rule.INCREMENT: "This is no multiple of {increment}; enter {lower} or {upper}.",
    Rule.NOT_TEXT: "This is no text; send a text.",
    Rule.NOT_A_NUMBER: "This is no number; enter one such as 12.5.",
    Rule.NOT_A_FLAG: "This is neither true nor false; send one of the two.",
    Rule.NOT_A_LIST: "This is no list; send a list.",
    Rule.NOT_AN_OPTION: "{value} is none of the options; choose one that is offered.",
    Rule.NOT_A_DATE: "This is no date; enter one such as 2030-01-31.",
    Rule.NOT_A_TIME: "This is no time of day; enter one such as 09:30.",
    Rule.NOT_A_DATE_TIME: "This is no date with time; enter one such as 2030-01-31T09:30.",
    Rule.DATE_PASSED: "The date has passed; choose today or a later day.",
    Rule.DATE_TOO_EARLY: "The date is before 1900; choose a later one.",
    Rule.TIME_INTERVAL: "The time is between two that are offered; choose a multiple of {interval} minutes.",
    Rule.FILE_UNKNOWN: "No file was uploaded under {value}; upload it again.",
    Rule.READONLY: "This cannot be changed; load the form again to see its value and leave it as it is.",
    Rule.FILE_COUNT: "There are {count} files; choose only one.",
    Rule.FILE_TYPE: "The file {name} is of another kind; choose files of {accept}.",
    Rule.ROWS_FIXED: "There are {count} rows; rows cannot be added here, so send {bound}.",
    Rule.TOO_MANY_FIELDS: "There are more than {bound} fields with those of all rows; submit fewer rows.",
    Rule.TOO_COSTLY: "Checking the form takes too long; submit fewer rows, or have the form simplified.",
}

_CHINESE: Final = {
    Rule.REQUIRED: "此项为必填项，请填写或选择。",
    Rule.PATTERN: "内容不符合格式 {pattern}，请按该格式修改。",
    Rule.PATTERN_TOO_SLOW: "校验此项耗时过长，请缩短内容，或请表单设计者简化校验规则。",
    Rule.EMAIL: "不是有效的电子邮箱地址，请输入如 name@example.com 的地址。",
    Rule.PHONE: "不是有效的国际电话号码，请输入如 +8613800138000 的号码。",
    Rule.MIN: "数值太小，请输入不小于 {bound} 的数。",
    Rule.MAX: "数值太大，请输入不大于 {bound} 的数。",
    Rule.BOUND_UNUSABLE: "表单为此项设置的限值（{bound}）不是数字，请联系表单设计者修正。",
    Rule.MIN_LENGTH: "当前为 {length} 个字符，请至少输入 {bound} 个字符。",
    Rule.MAX_LENGTH: "当前为 {length} 个字符，请最多输入 {bound} 个字符。",
    Rule.INTEGER: "此处不能有小数，请输入整数。",
    Rule.DECIMAL_DIGITS: "当前有 {digits} 位小数，请最多保留 {bound} 位。",
    Rule.INCREMENT: "不是 {increment} 的倍数，请输入 {lower} 或 {upper}。",
    Rule.NOT_TEXT: "此项不是文本，请提交文本。",
    Rule.NOT_A_NUMBER: "此项不是数字，请输入如 12.5 的数字。",
    Rule.NOT_A_FLAG: "此项只能为 true 或 false，请提交其中之一。",
    Rule.NOT_A_LIST: "此项不是列表，请提交列表。",
    Rule.NOT_AN_OPTION: "{value} 不在可选项中，请从给出的选项中选择。",
    Rule.NOT_A_DATE: "不是有效的日期，请输入如 2030-01-31 的日期。",
    Rule.NOT_A_TIME: "不是有效的时间，请输入如 09:30 的时间。",
    Rule.NOT_A_DATE_TIME: "不是有效的日期时间，请输入如 2030-01-31T09:30 的日期时间。",
    Rule.DATE_PASSED: "日期已过，请选择今天或之后的日期。",
    Rule.DATE_TOO_EARLY: "日期早于 1900 年，请选择之后的日期。",
    Rule.TIME_INTERVAL: "时间不在可选的间隔上，请选择 {interval} 分钟的整倍数。",
    Rule.FILE_UNKNOWN: "{value} 下没有已上传的文件，请重新上传。",
    Rule.READONLY: "此项不可修改，请重新加载表单并保持其原值。",
    Rule.FILE_COUNT: "共有 {count} 个文件，请只选择一个。",
    Rule.FILE_TYPE: "文件 {name} 的类型不符，请选择 {accept} 类型的文件。",
    Rule.ROWS_FIXED: "当前有 {count} 行，此列表不能增加行，请提交 {bound} 行。",
    Rule.TOO_MANY_FIELDS: "各行合计超过 {bound} 个字段，请减少行数。",
    Rule.TOO_COSTLY: "校验此表单耗时过长，请减少行数，或请表单设计者简化表单。",
}
