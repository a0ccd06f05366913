"""Script-free `${...}` expressions: parsed once when a model is deployed, evaluated as plain functions.

No Python attribute is ever reached, and every operation has a bound on its cost.
"""

from engine_svc.expressions.compiler import compile_condition, compile_value, variables_read
from engine_svc.expressions.errors import ExpressionError, ExpressionSyntaxError, OperationError
from engine_svc.expressions.evaluation import (
    Constant,
    Evaluate,
    HostObject,
    VariableReader,
    constant,
    is_constant,
)

__all__ = [
    "Constant",
    "Evaluate",
    "ExpressionError",
    "ExpressionSyntaxError",
    "HostObject",
    "OperationError",
    "VariableReader",
    "compile_condition",
    "compile_value",
    "constant",
    "is_constant",
    "variables_read",
]
