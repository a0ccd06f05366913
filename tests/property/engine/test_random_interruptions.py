"""Random models in which anything may be interrupted at any time, and random commands until they have ended.

No order of commands may leave an instance stuck, break its stored form, or leave rows behind.
"""

from __future__ import annotations

import random

import pytest

from engine_svc.compile.executable import AdHocSpec
from engine_svc.runtime import ad_hoc
from engine_svc.state.instance import Stage, Wait
from tests.unit.runtime.pieces import (
    CAUSES,
    a_process,
    boundary,
    extensions,
    file_of,
    flows,
    several,
    throw,
)
from tests.unit.runtime.world import World

MODELS = 400
ACTIONS = 40
WORK = 'flowable:type="external-worker" flowable:topic="w"'
AUDIT = '<flowable:executionListener event="{event}" class="audit"/>'
TASK_AUDIT = '<flowable:taskListener event="{event}" class="audit"/>'


class Builder:
    """Writes blocks with one way in and one way out, whatever interrupts them."""

    def __init__(self, chance: random.Random, called: list[str]) -> None:
        self.chance = chance
        self.called = called
        self.count = 0

    def new(self, prefix: str) -> str:
        self.count += 1
        return f"{prefix}{self.count}"

    def block(self, depth: int, prefix: str) -> tuple[str, str, str]:
        """Return text, way in and way out."""
        kinds = ["activity"] * 3 + ["sequence", "parallel", "inclusive", "exclusive"] * (depth > 0)
        match self.chance.choice(kinds):
            case "sequence":
                first, start, middle = self.block(depth - 1, prefix)
                second, follows, end = self.block(depth - 1, prefix)
                return first + second + flows(f"{middle}>{follows}"), start, end
            case "parallel" | "inclusive" | "exclusive" as kind:
                return self.branches(kind, depth, prefix)
            case _:
                return self.activity(depth, prefix)

    def branches(self, kind: str, depth: int, prefix: str) -> tuple[str, str, str]:
        fork, join = self.new(f"{prefix}f"), self.new(f"{prefix}j")
        marks = 'flowable:async="true"' if self.chance.random() < 0.2 else ""
        text = f'<{kind}Gateway id="{fork}"/><{kind}Gateway id="{join}" {marks}/>'
        count = self.chance.randint(2, 3)
        for position in range(count):
            inner, start, end = self.block(depth - 1, prefix)
            condition = ""
            if kind != "parallel":
                holds = "true" if position + 1 == count else self.chance.choice(["true", "false"])
                condition = ":${" + holds + "}"
            text += inner + flows(f"{fork}>{start}{condition}", f"{end}>{join}")
        return text, fork, join

    def activity(self, depth: int, prefix: str) -> tuple[str, str, str]:
        chance = self.chance
        name, out = self.new(f"{prefix}a"), self.new(f"{prefix}o")
        loop = ""
        if chance.random() < 0.3:
            until = chance.choice(["", "${nrOfCompletedInstances == 1}"])
            loop = several(str(chance.randint(0, 3)), sequential=chance.random() < 0.5, until=until)
        attributes = 'flowable:async="true"' if chance.random() < 0.15 else ""
        if chance.random() < 0.1:
            attributes += ' flowable:asyncLeave="true"'
        audits = [AUDIT.format(event=event) for event in ("start", "end") if chance.random() < 0.1]
        kinds = ["user", "user", "job", "receive", "pass", "throw", "choice", "ad_hoc"]
        kinds += ["sub"] * 3 * (depth > 0) + ["call"] * bool(self.called)
        kind = chance.choice(kinds)
        if kind == "throw":
            cause = chance.choice(["escalation", "compensation"])
            return throw(name, cause), name, name
        if kind == "choice":
            return self.choice(name, out, prefix)
        errors = False
        match kind:
            case "user":
                events = ("create", "assignment", "complete", "delete")
                audits += [TASK_AUDIT.format(event=event) for event in events if chance.random() < 0.1]
                node = f'<userTask id="{name}" {attributes}>{extensions(*audits)}{loop}</userTask>'
            case "job":
                node = f'<serviceTask id="{name}" {WORK} {attributes}>{extensions(*audits)}{loop}</serviceTask>'
                errors = True
            case "receive":
                node = f'<receiveTask id="{name}" {attributes}>{extensions(*audits)}{loop}</receiveTask>'
            case "pass":
                node = f'<task id="{name}" {attributes}>{extensions(*audits)}{loop}</task>'
            case "call":
                key = chance.choice(self.called)
                node = (
                    f'<callActivity id="{name}" calledElement="{key}" {attributes}>{extensions(*audits)}{loop}'
                    "</callActivity>"
                )
                errors = True
            case "ad_hoc":
                inner = self.new(f"{prefix}i")
                node = (
                    f'<adHocSubProcess id="{name}" {attributes}>{extensions(*audits)}{loop}'
                    f'<userTask id="{inner}"/></adHocSubProcess>'
                )
            case _:
                node = self.sub_process(name, depth, prefix, attributes, extensions(*audits) + loop)
                errors = True
        text = node + f'<exclusiveGateway id="{out}"/>' + flows(f"{name}>{out}")
        if errors or chance.random() < 0.5:
            text += self.boundaries(name, out, prefix, errors=errors)
        return text, name, out

    def choice(self, name: str, out: str, prefix: str) -> tuple[str, str, str]:
        text = f'<eventBasedGateway id="{name}"/><exclusiveGateway id="{out}"/>'
        for cause in ("timer", "signal"):
            event = self.new(f"{prefix}c")
            text += f'<intermediateCatchEvent id="{event}">{CAUSES[cause]}</intermediateCatchEvent>'
            text += flows(f"{name}>{event}>{out}")
        return text, name, out

    def boundaries(self, name: str, out: str, prefix: str, *, errors: bool) -> str:
        causes = self.chance.sample(["timer", "signal", "condition", "escalation"], self.chance.randint(0, 2))
        text = ""
        if not errors:
            causes = [cause for cause in causes if cause != "escalation"]
        if self.chance.random() < 0.3:
            event, undo = self.new(f"{prefix}b"), self.new(f"{prefix}x")
            text += boundary(event, name, "compensation") + f'<userTask id="{undo}" isForCompensation="true"/>'
            text += (
                f'<association id="{event}.{undo}" associationDirection="One" sourceRef="{event}" targetRef="{undo}"/>'
            )
        if errors:
            event = self.new(f"{prefix}b")
            text += boundary(event, name, "any_error") + flows(f"{event}>{out}")
        for cause in causes:
            event = self.new(f"{prefix}b")
            if self.chance.random() < 0.5:
                text += boundary(event, name, cause) + flows(f"{event}>{out}")
            else:
                beside = self.new(f"{prefix}u")
                text += boundary(event, name, cause, interrupting=False) + f'<userTask id="{beside}"/>'
                text += flows(f"{event}>{beside}")
        return text

    def sub_process(self, name: str, depth: int, prefix: str, attributes: str, surrounds: str) -> str:
        chance = self.chance
        inner, start, end = self.block(depth - 1, prefix)
        begin, finish = self.new(f"{prefix}s"), self.new(f"{prefix}e")
        cause = chance.choice(["", "", "terminate", "terminate_mi", "error", "escalation", "compensation"])
        text = f'<startEvent id="{begin}"/>{inner}<endEvent id="{finish}">{CAUSES.get(cause, "")}</endEvent>'
        text += flows(f"{begin}>{start}", f"{end}>{finish}")
        if chance.random() < 0.4:
            handler, hs, ht = self.new(f"{prefix}h"), self.new(f"{prefix}hs"), self.new(f"{prefix}ht")
            interrupts = chance.choice(["true", "false"])
            event = chance.choice(
                [
                    '<signalEventDefinition signalRef="sig"/>',
                    "<timerEventDefinition><timeDuration>PT30S</timeDuration></timerEventDefinition>",
                ]
            )
            text += (
                f'<subProcess id="{handler}" triggeredByEvent="true"><startEvent id="{hs}" '
                f'isInterrupting="{interrupts}">{event}</startEvent><userTask id="{ht}"/>{flows(f"{hs}>{ht}")}'
                "</subProcess>"
            )
        return f'<subProcess id="{name}" {attributes}>{surrounds}{text}</subProcess>'


def built(chance: random.Random) -> bytes:
    """Return a file with the process `p`, which may call two others."""
    processes = []
    called: list[str] = []
    for key in ("inner", "middle", "p"):
        builder = Builder(chance, list(called))
        text, start, end = builder.block(3 if key == "p" else 1, key)
        over = f"{key}.over"
        processes.append(a_process(f'{text}<endEvent id="{over}"/>', f"s>{start}", f"{end}>{over}", key=key))
        called.append(key)
    return file_of(*processes)


def act(world: World, chance: random.Random, *, calm: bool) -> bool:
    """Do something to what is open; say whether there was anything to do."""
    receiving = [
        token
        for instance in world.instances.values()
        for token in instance.tokens.values()
        if token.waits_for is Wait.TRIGGER
    ]
    idle = [
        (instance, token)
        for instance in world.instances.values()
        for token in instance.tokens.values()
        if isinstance(instance.definition.process.elements[token.element].spec, AdHocSpec)
        and token.stage is Stage.ACTIVE
        and token.key in instance.scopes
        and not instance.scopes[token.key].live_tokens
    ]
    choices = ["complete"] * 3 if world.open else []
    if idle:
        choices += ["ad_hoc"] * 2
    if receiving:
        choices += ["trigger"] * 2
    if not calm:
        choices += ["advance", "signal", "go", "work"]
        if world.open:
            choices.append("error")
    if not choices:
        return world.work_off() > 0 or world.advance(3600) > 0
    match chance.choice(choices):
        case "complete":
            world.complete(chance.choice(world.open))
        case "trigger":
            token = chance.choice(receiving)
            instance = next(one for one in world.instances.values() if one.tokens.get(token.key) is token)
            world.trigger(instance.definition.process.elements[token.element].id, at=instance.id)
        case "ad_hoc":
            instance, token = chance.choice(idle)
            if chance.random() < 0.5:
                world.do(instance.id, ad_hoc.complete(instance, token.key, world.now))
            else:
                (element,) = ad_hoc.enabled_activities(instance, token.key)
                world.do(instance.id, ad_hoc.start_activity(instance, token.key, element.id, {}, world.now))
        case "advance":
            world.advance(chance.choice([1, 30, 60]))
        case "signal":
            world.signal("sig")
        case "go":
            going = [at for at, instance in world.instances.items() if not instance.ended]
            at = chance.choice(going)
            world.set({"go": True}, at)
            if not world.instances[at].ended:
                world.set({"go": False}, at)
        case "error":
            jobs = [(at, job.element_id) for (at, _), job in world.jobs.items() if job.type]
            if jobs:
                at, name = chance.choice(jobs)
                if not world.throw_error(name, "E", at=at):
                    world.complete(name, at=at)
        case _:
            world.work_off()
    return True


@pytest.mark.parametrize("seed", range(MODELS))
def test_everything_ends_and_nothing_is_left(seed: int) -> None:
    chance = random.Random(seed)
    world = World(built(chance))
    world.start(variables={"go": False})
    for step in range(3000):
        if world.ended:
            break
        assert act(world, chance, calm=step >= ACTIONS), f"stuck in {world.waiting()}"
    assert world.ended, world.waiting()
    assert world.tasks == {}
    assert world.jobs == {}
    for instance in world.instances.values():
        assert not instance.tokens
        assert not instance.scopes
        assert not instance.arrivals
