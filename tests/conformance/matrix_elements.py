"""The rows of the support matrix: every element of BPMN 2.0 that a process author may draw, by key.

The key is what a case names in `elements`; the text is what the page says. `refused` names the rule with which a
deployment refuses what is not executed.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """A row of the matrix."""

    group: str
    title: str
    refused: str = ""


def _rows(group: str, **titles: str) -> dict[str, Row]:
    return {key: Row(group, title) for key, title in titles.items()}


ELEMENTS: dict[str, Row] = {
    **_rows(
        "Start events",
        noneStart="None start event",
        messageStart="Message start event",
        signalStart="Signal start event",
        timerStart="Timer start event: date, duration, cycle, cron",
        conditionalStart="Conditional start event",
        errorStart="Error start event of an event sub-process",
        escalationStart="Escalation start event of an event sub-process",
        compensationStart="Compensation start event of an event sub-process",
        severalStarts="Several start events in one process",
        formStart="Start event with a form",
    ),
    **_rows(
        "End events",
        noneEnd="None end event",
        errorEnd="Error end event",
        escalationEnd="Escalation end event",
        terminateEnd="Terminate end event: of its scope, of all",
        cancelEnd="Cancel end event",
        compensationEnd="Compensation end event",
        messageEnd="Message end event",
        signalEnd="Signal end event",
    ),
    **_rows(
        "Intermediate catch events",
        messageCatch="Message catch event",
        signalCatch="Signal catch event",
        timerCatch="Timer catch event",
        conditionalCatch="Conditional catch event",
        linkCatch="Link catch event",
    ),
    **_rows(
        "Intermediate throw events",
        noneThrow="None throw event",
        messageThrow="Message throw event",
        signalThrow="Signal throw event",
        escalationThrow="Escalation throw event",
        compensationThrow="Compensation throw event",
        linkThrow="Link throw event",
    ),
    **_rows(
        "Boundary events",
        boundaryError="Error boundary event",
        boundaryEscalation="Escalation boundary event, interrupting or not",
        boundaryMessage="Message boundary event, interrupting or not",
        boundarySignal="Signal boundary event, interrupting or not",
        boundaryTimer="Timer boundary event, interrupting or not, repeating",
        boundaryConditional="Conditional boundary event, interrupting or not",
        boundaryCancel="Cancel boundary event",
        boundaryCompensation="Compensation boundary event",
        boundaryVariable="Variable listener event (flowable)",
    ),
    **_rows(
        "Gateways",
        exclusiveGateway="Exclusive gateway",
        parallelGateway="Parallel gateway",
        inclusiveGateway="Inclusive gateway",
        eventBasedGateway="Event-based gateway",
        instantiatingGateway="Event-based gateway that starts the process",
        complexGateway="Complex gateway",
    ),
    **_rows(
        "Tasks",
        task="Task and manual task",
        userTask="User task",
        serviceTask="Service task: work for a worker",
        expressionTask="Service task: expression",
        classDelegate="Service task: class or bean delegate, as work",
        httpTask="HTTP task",
        mailTask="Mail task",
        scriptTask="Script task",
        businessRuleTask="Business rule task, decision task",
        receiveTask="Receive task",
        sendTask="Send task",
        shellTask="Shell task",
    ),
    **_rows(
        "Sub-processes",
        subProcess="Embedded sub-process",
        eventSubProcess="Event sub-process, interrupting or not",
        transaction="Transaction",
        adHocSubProcess="Ad-hoc sub-process",
        callActivity="Call activity",
    ),
    **_rows(
        "Loops",
        multiInstanceParallel="Parallel multi-instance",
        multiInstanceSequential="Sequential multi-instance",
        standardLoop="Standard loop",
    ),
    **_rows(
        "Data and variables",
        dataObject="Data object",
        ioSpecification="Input and output associations",
        variables="Variables and their scopes",
        inputOutput="Input and output mappings",
    ),
    **_rows(
        "Participants and artifacts",
        collaboration="Pools, message flows, lanes",
        artifacts="Text annotations, groups, associations",
    ),
    **_rows(
        "Listeners",
        executionListener="Execution listener",
        taskListener="Task listener",
    ),
    **_rows(
        "Asynchronous continuation",
        asyncBefore="Asynchronous before an element",
        asyncAfter="Asynchronous after an element",
        retryCycle="Retry time cycle, dead letter",
        jobPriority="Priority of jobs",
    ),
    **_rows(
        "Flow",
        sequenceFlow="Sequence flow",
        conditionalFlow="Conditional sequence flow",
        defaultFlow="Default flow",
        implicitSplit="Several outgoing flows of an activity",
        implicitMerge="Several incoming flows of an activity",
        skipExpression="Skip expression",
    ),
    **_rows(
        "Operation",
        suspension="Suspended instances and definitions",
        cancellation="Cancelled and deleted instances",
        versions="Versions of a definition",
        modification="Modified instances",
        migration="Migrated instances",
    ),
}
