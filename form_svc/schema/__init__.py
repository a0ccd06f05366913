"""The form-js schema: read, checked and ready for use. Pure."""

from form_svc.schema.model import Field, FormSchema
from form_svc.schema.parse import NEWEST_VERSION, parse
from form_svc.schema.problems import FormSchemaInvalid, SchemaProblem

__all__ = ["NEWEST_VERSION", "Field", "FormSchema", "FormSchemaInvalid", "SchemaProblem", "parse"]
