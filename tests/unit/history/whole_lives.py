"""An instance of which every table of history has rows."""

from __future__ import annotations

from typing import Any

from tests.unit.history.event_histories import Life, timestamp

LONG_TEXT = "长" * 3_000
"""Too long to lie with its change."""


def whole_life(**fields: Any) -> Life:
    """Return an ended instance with a task, variables, an incident, jobs, comments and attachments."""
    life = Life(**{"business_key": "B-1", "definition_id": f"definition-{fields.get('key', 'order')}", **fields})
    life.start("ann", amount=5, 金额="八")
    activity = life.activity("approve", flow="to_approve")
    start = life.enter(activity)
    life.tell(
        "user_task_created",
        task_id=activity.id,
        element_id="approve",
        name="批准",
        due_time=timestamp(life.micros + 5),
        candidate_groups=["it"],
    )
    life.tell("incident_raised", incident_id=f"{life.id}.70", type="UNHANDLED_ERROR", element_id="approve")
    life.tell("job_scheduled", job_id=f"{life.id}.9", job_type="charge", element_id="approve", retries=3)
    life.set(activity.id, amount=6)
    life.commit()
    life.tell("incident_resolved", incident_id=f"{life.id}.70")
    life.tell("job_failed", job_id=f"{life.id}.9", job_type="charge", retries=2, error_message="no money")
    life.tell("job_completed", job_id=f"{life.id}.9", job_type="charge")
    life.tell("comment_created", comment_id=f"{life.id}.80", task_id=activity.id, user_id="bob", text="审批通过")
    life.tell("comment_created", comment_id=f"{life.id}.81", user_id="ann", text="no")
    life.tell("attachment_created", attachment_id=f"{life.id}.90", user_id="ann", name="report.pdf")
    life.set("", report=LONG_TEXT)
    life.leave(activity, start)
    life.tell("user_task_completed", task_id=activity.id, element_id="approve", assignee="bob")
    life.commit()
    life.tell("comment_deleted", comment_id=f"{life.id}.81")
    life.tell("variables_deleted", names=["gone", "金额"])
    life.end()
    return life
