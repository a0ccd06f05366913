"""Extension attributes and elements of other engines, mapped to the model when a file is read."""

from collections.abc import Mapping

from engine_svc.model.dialects.camunda import CAMUNDA
from engine_svc.model.dialects.dialect import Dialect
from engine_svc.model.dialects.flowable import FLOWABLE
from engine_svc.model.dialects.zeebe import ZEEBE

DIALECTS: Mapping[str, Dialect] = {
    namespace: dialect for dialect in (FLOWABLE, CAMUNDA, ZEEBE) for namespace in dialect.namespaces
}
"""Namespace -> dialect."""
