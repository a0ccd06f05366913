"""FEEL, the expression language of DMN 1.4: parsed once, evaluated as plain functions, with bounds on everything.

No Python attribute is ever reached: `__class__` is a name like any other.
"""

from mesh.feel.errors import FeelSyntaxError, FeelWarning, WarningKind
from mesh.feel.expression import Expression, UnaryTestsExpression, compile_expression, compile_unary_tests
from mesh.feel.json_values import json_value
from mesh.feel.values import Function, Range, YearsMonths

__all__ = [
    "Expression",
    "FeelSyntaxError",
    "FeelWarning",
    "Function",
    "Range",
    "UnaryTestsExpression",
    "WarningKind",
    "YearsMonths",
    "compile_expression",
    "compile_unary_tests",
    "json_value",
]
