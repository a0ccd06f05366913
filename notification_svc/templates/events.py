"""Which events there are texts for, and what they give to templates."""

from __future__ import annotations

from typing import Final

from notification_svc.templates.variables import Kind, Variable

_MOMENT = "2026-03-09T06:30:00+00:00"

_RECIPIENT = Variable(
    "recipient",
    Kind.OBJECT,
    "Who is told.",
    parts=(
        Variable("id", Kind.TEXT, "Id of the user.", "li.wei"),
        Variable("name", Kind.TEXT, "Name of the user, for people.", "李伟"),
    ),
)
_LINK = Variable("link", Kind.LINK, "Where it can be looked at.", "https://flowmesh.example.com/tasks/t-1", False)
_PREFERENCES = Variable(
    "preferences_link",
    Kind.LINK,
    "Where the recipient chooses what comes.",
    "https://flowmesh.example.com/preferences",
    False,
)
_EVENT_TIME = Variable("event_time", Kind.MOMENT, "When it happened.", _MOMENT)
_ACTOR = Variable(
    "actor",
    Kind.OBJECT,
    "Who did it; nothing where it was the process.",
    required=False,
    parts=(
        Variable("id", Kind.TEXT, "Id of the user.", "chen.jing"),
        Variable("name", Kind.TEXT, "Name of the user, for people.", "陈静"),
    ),
)


def _process(*more: Variable) -> Variable:
    return Variable(
        "process",
        Kind.OBJECT,
        "The process instance.",
        parts=(
            Variable("id", Kind.TEXT, "Id of the instance.", "0199f0c2-7d1e-7a55-9f3e-2f1f5a6b7c8d"),
            Variable("name", Kind.TEXT, "Name of the definition, its key where it has none.", "采购申请"),
            Variable("key", Kind.TEXT, "Key of the definition.", "purchase-request"),
            Variable("business_key", Kind.TEXT, "What it is about, by a name of the business.", "PO-2026-0042", False),
            *more,
        ),
    )


def _task(*, due: bool = False) -> Variable:
    return Variable(
        "task",
        Kind.OBJECT,
        "The task.",
        parts=(
            Variable("id", Kind.TEXT, "Id of the task.", "0199f0c2-8a00-7b11-8c44-1d2e3f405162"),
            Variable("name", Kind.TEXT, "Name of the task, that of its element where it has none.", "部门经理审批"),
            Variable("assignee", Kind.TEXT, "Whose task it is, by name.", "李伟", False),
            Variable("due_time", Kind.MOMENT, "Until when it is to be done.", "2026-03-10T09:00:00+00:00", due),
            Variable("priority", Kind.NUMBER, "Its priority; 50 is usual.", 50, False),
        ),
    )


_COMMON = (_RECIPIENT, _EVENT_TIME, _LINK, _PREFERENCES)
_REASON = Variable("reason", Kind.TEXT, "Why.", "预算编号不存在", False)
_COMMENT = Variable(
    "comment",
    Kind.OBJECT,
    "The comment.",
    parts=(
        Variable("id", Kind.TEXT, "Id of the comment.", "0199f0c2-9b22-7c33-8d55-6a7b8c9d0e1f"),
        Variable("text", Kind.TEXT, "What it says.", "请补充报价单。\n谢谢!"),
        Variable("author", Kind.TEXT, "Who wrote it, by name.", "陈静"),
    ),
)
_OPTIONAL_TASK = Variable("task", Kind.OBJECT, "The task, where it is about one.", None, False, _task().parts)
_ENTRIES = Variable(
    "entries",
    Kind.LIST,
    "What happened, the newest first.",
    sample=(
        {"title": "任务「部门经理审批」已分配给您", "event_time": "2026-03-09T05:10:00+00:00"},
        {"title": "流程「采购申请」已完成", "event_time": "2026-03-09T03:45:00+00:00"},
    ),
    parts=(
        Variable("title", Kind.TEXT, "What happened, in a line.", "任务"),
        Variable("event_type", Kind.TEXT, "Type of the event.", "task.assigned"),
        Variable("event_time", Kind.MOMENT, "When it happened.", _MOMENT),
        Variable("link", Kind.LINK, "Where it can be looked at.", "https://flowmesh.example.com/tasks/t-1", False),
    ),
)

EVENTS: Final[dict[str, tuple[Variable, ...]]] = {
    "task.assigned": (*_COMMON, _task(), _process(), _ACTOR),
    "task.offered": (
        *_COMMON,
        _task(),
        _process(),
        Variable("groups", Kind.TEXT, "Ids of the groups that may claim it.", "财务部", False),
    ),
    "task.due_soon": (
        *_COMMON,
        _task(due=True),
        _process(),
        Variable("remaining", Kind.SECONDS, "How long there is left.", 7200),
    ),
    "task.overdue": (
        *_COMMON,
        _task(due=True),
        _process(),
        Variable("late_by", Kind.SECONDS, "How long it is past its time.", 10_800),
    ),
    "task.escalated": (
        *_COMMON,
        _task(due=True),
        _process(),
        Variable("late_by", Kind.SECONDS, "How long it is past its time.", 172_800),
    ),
    "task.completed": (*_COMMON, _task(), _process(), _ACTOR),
    "process.started": (*_COMMON, _process(), _ACTOR),
    "process.completed": (
        *_COMMON,
        _process(),
        Variable("duration", Kind.SECONDS, "How long it took.", 266_400, False),
    ),
    "process.failed": (*_COMMON, _process(), _REASON),
    "process.terminated": (*_COMMON, _process(), _REASON, _ACTOR),
    "incident.raised": (
        *_COMMON,
        _process(),
        Variable(
            "incident",
            Kind.OBJECT,
            "What is wrong.",
            parts=(
                Variable("id", Kind.TEXT, "Id of the incident.", "0199f0c2-ac44-7d55-8e66-0f1e2d3c4b5a"),
                Variable("message", Kind.TEXT, "What is wrong.", "付款服务没有响应 (HTTP 503)", False),
                Variable("activity", Kind.TEXT, "Id of the element where the process stands.", "付款", False),
            ),
        ),
    ),
    "comment.created": (*_COMMON, _process(), _OPTIONAL_TASK, _COMMENT),
    "comment.mentioned": (*_COMMON, _process(), _OPTIONAL_TASK, _COMMENT),
    "digest": (
        *_COMMON,
        Variable("count", Kind.NUMBER, "How many there are.", 5),
        _ENTRIES,
        Variable("more", Kind.NUMBER, "How many of them are not listed.", 3),
    ),
}
"""The variables of each event."""
