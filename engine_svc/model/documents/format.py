"""The format itself: which types of tasks there are, their properties, and where each lies in BPMN."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from engine_svc.model.context import split_names
from engine_svc.model.documents.bindings import (
    CAMUNDA,
    FLOWABLE,
    FLOWMESH,
    NAMES,
    NUMBER_OR_TEXT,
    SWITCH,
    VERSION,
    Attribute,
    Binding,
    ChildText,
    DecisionKey,
    Declared,
    Fields,
    JobType,
    Mappings,
    MessageReference,
    Parts,
    Retry,
    Termination,
    Within,
    qualified,
)
from engine_svc.model.documents.located import Located, Path
from engine_svc.model.documents.shapes import (
    DURATION,
    EXPRESSION,
    IDENTIFIER,
    NAME,
    NOT_TAKEN,
    TEXT,
    ByType,
    Checking,
    Choice,
    Constant,
    Either,
    Flag,
    ListOf,
    MapOf,
    OneOf,
    Property,
    Record,
    Reference,
    Shape,
    Text,
    Whole,
)
from engine_svc.model.rules import Rule

SHAPES: dict[str, Shape] = {}
"""The shapes that refer to each other."""
CONDITION = "An expression that is true or false: `${amount > 100}`."


@dataclass(slots=True, frozen=True)
class _Name(Text):
    """One of several names, which BPMN separates by commas."""

    def check(self, value: Located, path: Path, checking: Checking) -> object:
        taken = Text.check(self, value, path, checking)
        if taken is not NOT_TAKEN and split_names(taken) != [taken]:
            checking.error(
                Rule.DOCUMENT_VALUE_INVALID,
                path,
                f"{taken!r} must be one name, without commas and white space around it. Make it several items.",
            )
            return NOT_TAKEN
        return taken


@dataclass(slots=True, frozen=True)
class Bound(Property):
    """A property that lies in BPMN by itself."""

    binding: Binding = field(default_factory=lambda: Attribute("name", ""))


@dataclass(slots=True, frozen=True)
class Kind:
    """A type of task and the BPMN element for it."""

    element: str
    about: str
    properties: Mapping[str, Bound] = field(default_factory=dict)
    one_of: Sequence[OneOf] = ()
    definition: str = ""
    """The event definition that tells it from other kinds of the same element."""
    fixed: Mapping[str, str] = field(default_factory=dict)
    """Attributes that tell it from other kinds of the same element."""
    is_activity: bool = False
    has_body: bool = False
    has_default: bool = False
    """Whether one of the transitions from it may be the default; of activities always."""


_NUMBER = Whole(-(2**31), 2**31 - 1)
_TIMER = {
    "duration": Property(TEXT, "How long to wait: an ISO 8601 duration or an expression."),
    "date": Property(TEXT, "Until when to wait: an ISO 8601 date-time or an expression."),
    "cycle": Property(TEXT, "Repeats: ISO 8601 (`R3/PT10M`), cron or an expression."),
}
_ONE_TIME = OneOf(("duration", "date", "cycle"))
_TIMER_PARTS: Mapping[str, Binding] = {
    "duration": ChildText("timeDuration", is_expression=True),
    "date": ChildText("timeDate", is_expression=True),
    "cycle": ChildText("timeCycle", is_expression=True),
}
SHAPES["timer"] = Record(_TIMER, (_ONE_TIME,))
_TIMER_EVENT = Bound(
    Reference("timer", SHAPES), "When it happens.", binding=Parts("timerEventDefinition", dict(_TIMER_PARTS))
)
_MESSAGE = Bound(NAME, "Name of the message.", binding=Declared("message"))
_SIGNAL = Bound(NAME, "Name of the signal.", binding=Declared("signal"))
_ESCALATION = Bound(NAME, "Code of the escalation.", binding=Declared("escalation"))
_CAUGHT_ESCALATION = Bound(NAME, "Its code; `*` for every one.", binding=Declared("escalation", or_any=True))
_CAUGHT_ERROR = Bound(NAME, "Code of the error; `*` for every one.", binding=Declared("error", or_any=True))
_CONDITIONAL = Bound(
    TEXT,
    CONDITION,
    binding=Within("conditionalEventDefinition", ChildText("condition", is_expression=True)),
)
_INTERRUPTING = Flag()

COMMON: Mapping[str, Bound] = {
    "name": Bound(Text(1000), "What people see.", binding=Attribute("name", "")),
    "documentation": Bound(TEXT, "Explains it to people.", binding=ChildText("documentation")),
}

SHAPES["retry"] = Record(
    {
        "attempts": Property(Whole(1, 999), "How often it is tried.", required=True),
        "delay": Property(DURATION, "Time between two tries.", required=True),
    }
)
SHAPES["repeat"] = Record(
    {
        "sequential": Property(Flag(), "One after another and not all at once."),
        "times": Property(Either(Whole(0, 2**31 - 1), EXPRESSION), "How often."),
        "forEach": Property(TEXT, "A variable or expression that holds a list: once for each item."),
        "item": Property(NAME, "The variable that holds the item."),
        "until": Property(TEXT, "Ends the rest where this is true after one of them."),
    },
    (OneOf(("times", "forEach")),),
)
_ACTIVITY: Mapping[str, Bound] = {
    "async": Bound(
        Flag(),
        "Whether a job of its own begins it, after what came before is committed.",
        binding=Attribute("async", codec=SWITCH, also=("asyncBefore",)),
    ),
    "exclusive": Bound(
        Flag(), "Whether no other job of the instance runs beside it.", binding=Attribute("exclusive", codec=SWITCH)
    ),
    "skipExpression": Bound(EXPRESSION, "Passes it over where this is true.", binding=Attribute("skipExpression")),
    "retry": Bound(
        Reference("retry", SHAPES),
        "What happens when its job fails.",
        binding=Retry(),
    ),
    "repeat": Bound(
        Reference("repeat", SHAPES),
        "Several instances of it.",
        binding=Parts(
            "multiInstanceLoopCharacteristics",
            {
                "sequential": Attribute("isSequential", "", SWITCH),
                "forEach": Attribute("collection"),
                "item": Attribute("elementVariable"),
                "times": ChildText("loopCardinality", NUMBER_OR_TEXT, is_expression=True),
                "until": ChildText("completionCondition", is_expression=True),
            },
        ),
    ),
}

_WORK: Mapping[str, Bound] = {
    "jobType": Bound(TEXT, "The type of job that workers poll for.", binding=JobType()),
    "inputs": Bound(MapOf(NAME, TEXT), "Variables for the worker alone: texts or expressions.", binding=Fields()),
}

_FORM = {"formKey": Bound(TEXT, "Key of its form.", binding=Attribute("formKey"))}

SHAPES["mapping"] = Record(
    {
        "source": Property(NAME, "The variable that is read."),
        "sourceExpression": Property(TEXT, "The expression that is evaluated in place of a variable."),
        "target": Property(NAME, "The variable that is written.", required=True),
    },
    (OneOf(("source", "sourceExpression")),),
)


def _wait(definition: str, about: str, properties: Mapping[str, Bound], *one_of: OneOf) -> Kind:
    return Kind("intermediateCatchEvent", about, properties, one_of, definition)


def _required(bound: Bound) -> Bound:
    return Bound(bound.shape, bound.about, required=True, binding=bound.binding)


KINDS: Mapping[str, Kind] = {
    "START": Kind(
        "startEvent",
        "Begins the process or sub-process. May be left out where nothing but its place is to be said.",
        {
            "initiator": Bound(NAME, "Variable that receives who started it.", binding=Attribute("initiator")),
            **_FORM,
            "message": _MESSAGE,
            "signal": _SIGNAL,
            "timer": _TIMER_EVENT,
            "error": _CAUGHT_ERROR,
            "escalation": _CAUGHT_ESCALATION,
            "condition": _CONDITIONAL,
            "interrupting": Bound(
                _INTERRUPTING,
                "Whether an event sub-process ends what it lies in.",
                binding=Attribute("isInterrupting", "", SWITCH),
            ),
        },
        (OneOf(("message", "signal", "timer", "error", "escalation", "condition"), required=False),),
    ),
    "END": Kind(
        "endEvent",
        "Ends a path. May be left out: what no transition leaves ends its path too.",
        {
            "error": Bound(NAME, "Code of the error that it throws.", binding=Declared("error")),
            "escalation": _ESCALATION,
            "signal": _SIGNAL,
            "message": _MESSAGE,
            "terminate": Bound(
                Choice(("SCOPE", "INSTANCE")), "Ends everything else in its scope or instance.", binding=Termination()
            ),
        },
        (OneOf(("error", "escalation", "signal", "message", "terminate"), required=False),),
    ),
    "USER_TASK": Kind(
        "userTask",
        "Work of a person.",
        {
            "assignee": Bound(TEXT, "Who does it: a name or an expression.", binding=Attribute("assignee")),
            "candidateUsers": Bound(
                ListOf(_Name()), "Who may claim it.", binding=Attribute("candidateUsers", codec=NAMES)
            ),
            "candidateGroups": Bound(
                ListOf(_Name()), "Whose members may claim it.", binding=Attribute("candidateGroups", codec=NAMES)
            ),
            "priority": Bound(
                Either(_NUMBER, EXPRESSION),
                "50 where nothing is said.",
                binding=Attribute("priority", codec=NUMBER_OR_TEXT),
            ),
            "dueDate": Bound(
                TEXT, "ISO 8601 date, date-time or duration from its creation.", binding=Attribute("dueDate")
            ),
            **_FORM,
        },
        is_activity=True,
    ),
    "SERVICE_TASK": Kind(
        "serviceTask",
        "Work of a program: a job for a worker, or an expression that the engine evaluates.",
        {
            **_WORK,
            "expression": Bound(EXPRESSION, "What the engine evaluates.", binding=Attribute("expression")),
            "resultVariable": Bound(
                NAME,
                "Variable that receives the expression's value.",
                binding=Attribute("resultVariable", also=("resultVariableName",)),
            ),
        },
        (OneOf(("jobType", "expression")),),
        is_activity=True,
    ),
    "SCRIPT_TASK": Kind(
        "scriptTask",
        "A script that the engine runs.",
        {
            "language": Bound(NAME, "`javascript` or `juel`.", required=True, binding=Attribute("scriptFormat", "")),
            "resultVariable": Bound(NAME, "Variable that receives its value.", binding=Attribute("resultVariable")),
            "script": Bound(TEXT, "The script.", required=True, binding=ChildText("script")),
        },
        is_activity=True,
    ),
    "SEND_TASK": Kind(
        "sendTask",
        "A worker sends something.",
        {name: (_required(bound) if name == "jobType" else bound) for name, bound in _WORK.items()},
        is_activity=True,
    ),
    "RECEIVE_TASK": Kind(
        "receiveTask",
        "Waits for a message, or to be triggered.",
        {"message": Bound(NAME, "Name of the message.", binding=MessageReference())},
        is_activity=True,
    ),
    "DECISION": Kind(
        "serviceTask",
        "Evaluates a decision table.",
        {"decision": Bound(NAME, "Key of the decision.", required=True, binding=DecisionKey())},
        fixed={qualified(FLOWABLE, "type"): "dmn"},
        is_activity=True,
    ),
    "CALL_ACTIVITY": Kind(
        "callActivity",
        "Runs another process.",
        {
            "in": Bound(
                ListOf(Reference("mapping", SHAPES)), "Variables for the called process.", binding=Mappings("in")
            ),
            "out": Bound(
                ListOf(Reference("mapping", SHAPES)), "Variables out of the called process.", binding=Mappings("out")
            ),
            "process": Bound(NAME, "Its id, or an expression.", required=True, binding=Attribute("calledElement", "")),
            "businessKey": Bound(TEXT, "Its business key.", binding=Attribute("businessKey")),
            "inheritVariables": Bound(
                Flag(), "Whether it gets all variables.", binding=Attribute("inheritVariables", codec=SWITCH)
            ),
        },
        is_activity=True,
    ),
    "SUB_PROCESS": Kind(
        "subProcess",
        "Tasks and transitions of their own, begun and ended as one.",
        {
            "triggeredByEvent": Bound(
                Flag(), "Whether the event of its START begins it.", binding=Attribute("triggeredByEvent", "", SWITCH)
            )
        },
        is_activity=True,
        has_body=True,
    ),
    "MANUAL_TASK": Kind("manualTask", "Something outside; the engine passes it.", is_activity=True),
    "TASK": Kind("task", "Nothing in particular; the engine passes it.", is_activity=True),
    "TIMER": _wait(
        "timerEventDefinition",
        "Waits for a time.",
        {
            name: Bound(known.shape, known.about, binding=Within("timerEventDefinition", _TIMER_PARTS[name]))
            for name, known in _TIMER.items()
        },
        _ONE_TIME,
    ),
    "MESSAGE": _wait("messageEventDefinition", "Waits for a message.", {"message": _required(_MESSAGE)}),
    "SIGNAL": _wait("signalEventDefinition", "Waits for a signal.", {"signal": _required(_SIGNAL)}),
    "CONDITION": _wait(
        "conditionalEventDefinition", "Waits until a condition is true.", {"condition": _required(_CONDITIONAL)}
    ),
    "THROW_SIGNAL": Kind(
        "intermediateThrowEvent", "Throws a signal.", {"signal": _required(_SIGNAL)}, (), "signalEventDefinition"
    ),
    "THROW_ESCALATION": Kind(
        "intermediateThrowEvent",
        "Throws an escalation.",
        {"escalation": _required(_ESCALATION)},
        (),
        "escalationEventDefinition",
    ),
    "EXCLUSIVE_GATEWAY": Kind(
        "exclusiveGateway", "Takes the first transition whose condition is true.", has_default=True
    ),
    "PARALLEL_GATEWAY": Kind("parallelGateway", "Takes all transitions; waits for all that lead to it."),
    "INCLUSIVE_GATEWAY": Kind(
        "inclusiveGateway", "Takes each transition whose condition is true; waits for their paths.", has_default=True
    ),
    "EVENT_GATEWAY": Kind("eventBasedGateway", "Takes the transition to what happens first."),
}
"""In the order in which an element's kind is looked for: the special before the general."""

CATCH: Mapping[str, Bound] = {
    "name": COMMON["name"],
    "error": _CAUGHT_ERROR,
    "escalation": _CAUGHT_ESCALATION,
    "message": _MESSAGE,
    "signal": _SIGNAL,
    "timer": _TIMER_EVENT,
    "condition": _CONDITIONAL,
    "interrupting": Bound(
        _INTERRUPTING,
        "Whether it ends the activity; true where nothing is said.",
        binding=Attribute("cancelActivity", "", SWITCH),
    ),
}
"""An event on the boundary of an activity."""

TRANSITION: Mapping[str, Bound] = {
    "name": COMMON["name"],
    "condition": Bound(TEXT, CONDITION, binding=ChildText("conditionExpression", is_expression=True)),
}

PROCESS: Mapping[str, Bound] = {
    "name": COMMON["name"],
    "version": Bound(
        Either(
            Whole(1, 999_999_999),
            Text(64, r"^(?![0-9]+$)[!-~]([ -~]*[!-~])?$", "a text of ASCII characters that is no whole number"),
        ),
        "The author's own number or name of this version. The engine counts deployed versions by itself.",
        binding=Attribute("versionTag", CAMUNDA, VERSION),
    ),
    "documentation": COMMON["documentation"],
    "completionAcknowledgement": Bound(
        DURATION,
        "How long the business system has to acknowledge that an instance was completed; it need not without this.",
        binding=Attribute("completionAcknowledgement", FLOWMESH),
    ),
}

_TARGET = Property(IDENTIFIER, "Id of the task that follows.")
SHAPES["timeout"] = Record(
    {
        "after": Property(TEXT, "ISO 8601 duration or expression.", required=True),
        "to": Property(IDENTIFIER, "Id of the task that follows then.", required=True),
    },
    skeleton=frozenset({"after", "to"}),
)

_TASKS = Property(ListOf(Reference("task", SHAPES)), "What there is to do, wait for and decide.", required=True)
_TRANSITIONS = Property(
    ListOf(Reference("transition", SHAPES), 0),
    "Which task follows which; conditions are tried in this order.",
    required=True,
)


def _record(kind: str, of: Kind) -> Record:
    properties: dict[str, Property] = {
        "id": Property(IDENTIFIER, "Unique in the document.", required=True),
        "type": Property(Constant(kind), of.about, required=True),
        **COMMON,
    }
    if of.is_activity:
        properties |= _ACTIVITY
        properties["timeout"] = Property(
            Reference("timeout", SHAPES), "Ends it and goes on elsewhere when it takes too long."
        )
        properties["catch"] = Property(
            ListOf(Reference("catch", SHAPES)), "Events that are waited for while it is active."
        )
    properties |= of.properties
    if of.has_body:
        properties |= {"tasks": _TASKS, "transitions": _TRANSITIONS}
    skeleton = frozenset({"id", "type", "tasks", "transitions", "timeout", "catch"})
    return Record(properties, of.one_of, skeleton)


def activity_properties() -> tuple[str, ...]:
    """Return the names of the properties that all activities have."""
    return (*_ACTIVITY, "timeout", "catch")


def bound_properties(kind: Kind) -> Mapping[str, Bound]:
    """Return the properties of a kind that lie in its own element, in the order in which BPMN wants them."""
    return {**COMMON, **(_ACTIVITY if kind.is_activity else {}), **kind.properties}


SHAPES["catch"] = Record(
    {
        "id": Property(IDENTIFIER, "Needed where transitions begin at it."),
        **CATCH,
        "to": _TARGET,
    },
    (OneOf(("error", "escalation", "message", "signal", "timer", "condition")),),
    frozenset({"id", "to"}),
)
SHAPES["transition"] = Record(
    {
        "id": Property(IDENTIFIER, "Made from its ends where it is left out."),
        "from": Property(IDENTIFIER, "Id of a task or of an event in `catch`.", required=True),
        "to": Property(IDENTIFIER, "Id of the task that follows.", required=True),
        **TRANSITION,
        "default": Property(Flag(only_true=True), "Taken where no condition of its neighbours is true."),
    },
    skeleton=frozenset({"id", "from", "to"}),
)
RECORDS: Mapping[str, Record] = {kind: _record(kind, of) for kind, of in KINDS.items()}
SHAPES["task"] = ByType(RECORDS)
DOCUMENT = Record(
    {
        "$schema": Property(TEXT, "For editors; not kept."),
        "id": Property(IDENTIFIER, "The process's key.", required=True),
        **PROCESS,
        "tasks": _TASKS,
        "transitions": _TRANSITIONS,
    },
    skeleton=frozenset({"id", "tasks", "transitions"}),
)
