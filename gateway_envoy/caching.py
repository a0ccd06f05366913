"""Which answers may be kept, and how long; all others are `no-store`, as `security_headers` says.

What is named by an id and can never change is kept by its caller alone, and asked for again with the entity tag: the
service answers in any case, as only it knows whether the caller may still see it, and Lua makes a 304 of its answer.
The tag of what never changes need not depend on it. It depends on the release, which may draw a diagram better.
"""

from __future__ import annotations

import hashlib
from typing import Final

from gateway_envoy.contract import Method
from gateway_envoy.settings import GatewaySettings

FOREVER: Final = frozenset(
    {
        "flowmesh.engine.v1.AttachmentService.GetAttachmentContent",
        "flowmesh.engine.v1.DeploymentService.GetDeploymentResource",
        "flowmesh.engine.v1.ProcessDefinitionService.GetProcessDefinitionXml",
        "flowmesh.engine.v1.ProcessDefinitionService.GetProcessDefinitionDocument",
        "flowmesh.engine.v1.ProcessDefinitionService.GetProcessDefinitionDiagram",
    }
)
"""Methods whose answer to one request never changes."""
FOREVER_CONTROL: Final = "private, max-age=86400, immutable"
FOR_EVERYBODY: Final = {"flowmesh.identity.v1.SessionService.GetKeySet": "public, max-age=30"}
"""Methods whose answer is the same for everybody, with how long it may be kept."""
REVALIDATED: Final = "no-cache"
"""Of our own pages, which may be new with every start."""


def cache_control(method: Method) -> str | None:
    """Return the header of a method's answers by GET; None for what nobody may keep."""
    name = f"{method.service}.{method.name}"
    return FOREVER_CONTROL if name in FOREVER else FOR_EVERYBODY.get(name)


def never_changes(method: Method) -> bool:
    """Tell whether the answer to one request stays the same as long as there is one."""
    return f"{method.service}.{method.name}" in FOREVER


def release_tag(descriptor_set: bytes, settings: GatewaySettings) -> str:
    """Return the entity tag of what never changes."""
    return entity_tag(settings.release.encode() + b"\0" + descriptor_set)


def entity_tag(content: bytes) -> str:
    """Return the strong entity tag of a content."""
    return f'"{hashlib.sha256(content).hexdigest()[:32]}"'
