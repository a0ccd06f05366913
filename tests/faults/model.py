"""The process that the traffic runs: work from outside, an asynchronous step, a timer, a message and a person."""

from __future__ import annotations

import itertools

KEY = "faults"
JOB_TYPE = "faults-work"
MESSAGE = "faults-paid"
ROUNDS = 3
"""What `count` is at the end: one for each step that counts."""

_FLOW = ("start", "work", "countWork", "pause", "countPause", "paid", "review", "countReview", "end")
ELEMENTS = sorted(_FLOW)
"""The activities of an instance that took each step once."""

_COUNT = 'flowable:expression="${count + 1}" flowable:resultVariable="count"'
_NODES = f"""
    <startEvent id="start"/>
    <serviceTask id="work" flowable:type="external-worker" flowable:topic="{JOB_TYPE}"/>
    <serviceTask id="countWork" flowable:async="true" {_COUNT}/>
    <intermediateCatchEvent id="pause"><timerEventDefinition><timeDuration>PT1S</timeDuration></timerEventDefinition>
    </intermediateCatchEvent>
    <serviceTask id="countPause" {_COUNT}/>
    <intermediateCatchEvent id="paid"><messageEventDefinition messageRef="paidMessage"/></intermediateCatchEvent>
    <userTask id="review"/>
    <serviceTask id="countReview" {_COUNT}/>
    <endEvent id="end"/>"""

_FLOWS = "".join(
    f'<sequenceFlow id="to_{target}" sourceRef="{source}" targetRef="{target}"/>'
    for source, target in itertools.pairwise(_FLOW)
)
BPMN = f"""<?xml version="1.0" encoding="UTF-8"?>
<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:flowable="http://flowable.org/bpmn"
             xmlns:zeebe="http://camunda.org/schema/zeebe/1.0" targetNamespace="faults">
  <message id="paidMessage" name="{MESSAGE}"><extensionElements>
    <zeebe:subscription correlationKey="=orderId"/></extensionElements></message>
  <process id="{KEY}" isExecutable="true">{_NODES}
    {_FLOWS}
  </process>
</definitions>""".encode()
