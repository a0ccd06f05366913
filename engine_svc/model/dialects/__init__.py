"""Extension attributes and elements of other engines, mapped to the model when a file is read."""

from collections.abc import Mapping

from engine_svc.model.dialects.camunda import CAMUNDA
from engine_svc.model.dialects.dialect import Dialect
from engine_svc.model.dialects.flowable import FLOWABLE
from engine_svc.model.dialects.flowmesh import FLOWMESH
from engine_svc.model.dialects.zeebe import ZEEBE
from engine_svc.model.namespaces import ACTIVITI

_ACTIVITI = Dialect(
    name="activiti",
    namespaces=ACTIVITI,
    # The namespace of Activiti 5, in which both Flowable and Camunda 7 read all that they know.
    attributes={**CAMUNDA.attributes, **FLOWABLE.attributes},
    elements={**CAMUNDA.elements, **FLOWABLE.elements},
)

DIALECTS: Mapping[str, Dialect] = {
    namespace: dialect
    for dialect in (FLOWABLE, _ACTIVITI, CAMUNDA, ZEEBE, FLOWMESH)
    for namespace in dialect.namespaces
}
"""Namespace -> dialect."""
