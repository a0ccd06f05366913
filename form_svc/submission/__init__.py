"""Forms that are filled in: what they begin with, whether submitted data are right, and what is kept of them.

Works as form-js does in a browser; where it is stricter or differs otherwise, `docs/forms-schema.md` says so. Pure.
"""

from form_svc.submission.files import SubmittedFile, SubmittedFiles
from form_svc.submission.initial import TooManyFields
from form_svc.submission.submitting import Circumstances, Submission, accepted_data, check, initial_data, submit
from form_svc.submission.violations import Rule, Violation

__all__ = [
    "Circumstances",
    "Rule",
    "Submission",
    "SubmittedFile",
    "SubmittedFiles",
    "TooManyFields",
    "Violation",
    "accepted_data",
    "check",
    "initial_data",
    "submit",
]
