"""What the tokens of an instance wait for, as its state tells it."""

from __future__ import annotations

from dataclasses import dataclass

from engine_svc.compile.executable import CatchSpec, ConditionTrigger, Element, StartSpec, VariableTrigger
from engine_svc.state.instance import HIDDEN, NO_HOST, Instance, Stage, Token, Wait


@dataclass(slots=True, frozen=True)
class Waiting:
    """A token that something from outside its scope would move. `missing_flows`: of a join, those without a token."""

    token: Token
    element: Element
    watched: str = ""
    """The text of the condition, or the name of the variable."""
    missing_flows: tuple[str, ...] = ()


def waiting_tokens(instance: Instance) -> list[Waiting]:
    """Return every token that waits for something, the oldest first.

    Tokens that only hold a scope, and boundary events that only an error or a throw finds, are left out.
    """
    found = []
    elements = instance.definition.process.elements
    for key in sorted(instance.tokens):
        token = instance.tokens[key]
        element = elements[token.element]
        if token.waits_for is not Wait.NOTHING:
            found.append(Waiting(token, element, _watched(element)))
        elif token.stage not in HIDDEN and token.stage is Stage.ACTIVE:
            arrivals = instance.arrivals.get((token.scope_key, token.element), ())
            if arrivals and arrivals[0] is token:
                came = {arrival.flow for arrival in arrivals}
                missing = tuple(flow.id for flow in element.incoming if flow.index not in came)
                found.append(Waiting(token, element, missing_flows=missing))
    return found


def host_key(token: Token) -> int:
    """Return the key of the activity or scope that a token waits on behalf of; 0 for none or the instance."""
    return 0 if token.host == NO_HOST else token.host


def _watched(element: Element) -> str:
    trigger = element.spec.trigger if isinstance(element.spec, CatchSpec | StartSpec) else None
    if isinstance(trigger, ConditionTrigger):
        return trigger.text
    return trigger.variable if isinstance(trigger, VariableTrigger) else ""
