"""Ad-hoc sub-processes (BPMN 2.0 section 13.3.5): when one is done.

As in Flowable, the completion condition is looked at whenever a flow node inside is left, and one without a condition
ends only by command. One that begins with elements the model names, and has no condition, ends with the last of them.
"""

from __future__ import annotations

from engine_svc.compile.executable import AdHocSpec, Element
from engine_svc.runtime.behaviors import triggers
from engine_svc.runtime.behaviors.cancellation import cancel_content
from engine_svc.runtime.execution import Execution
from engine_svc.state.instance import Stage, Token


def leave(execution: Execution, token: Token, element: Element) -> None:
    """A token leaves an element that lies directly in an ad-hoc sub-process. Raises `WrongState`."""
    if token.key:
        # It has waited here for a job, after a long run.
        execution.withdraw(token)
    token.stage = Stage.ACTIVE
    owner = execution.instance.tokens[token.scope_key]
    if owner.stage is Stage.COMPENSATING:
        execution.take_outgoing(token, element)
        return
    ad_hoc = execution.elements[owner.element]
    spec = ad_hoc.spec
    assert isinstance(spec, AdHocSpec)
    condition = spec.completion_condition
    done = condition is not None and bool(triggers.evaluate(execution, ad_hoc, condition, owner.key))
    if done and spec.cancel_remaining:
        cancel_content(execution, owner.key, f"completion condition of {ad_hoc.id}")
        finish(execution, owner)
    elif element.outgoing:
        execution.take_outgoing(token, element)
    else:
        scope = execution.instance.scopes[owner.key]
        scope.live_tokens -= 1
        if not scope.live_tokens and (done or (condition is None and spec.active_elements is not None)):
            finish(execution, owner)


def finish(execution: Execution, owner: Token) -> None:
    """Let an ad-hoc sub-process in which nothing runs any more complete."""
    owner.stage = Stage.COMPLETING
    owner.encoded = None
    execution.agenda.appendleft(owner)
