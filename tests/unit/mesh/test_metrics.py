from __future__ import annotations

import pytest

from mesh.metrics import Histogram, Metrics


def test_exposition() -> None:
    metrics = Metrics()
    tasks = metrics.counter("flowable_tasks_total", "Tasks.", ("status",))
    tasks.at("COMPLETED").add()
    tasks.at("COMPLETED").add(2)
    pending = metrics.gauge("flowable_pending_tasks", "Open tasks.")
    pending.at().set(5)
    pending.at().add(-2)
    seconds = metrics.histogram("task_seconds", "Duration.", ("type",), (1, 5))
    for value in (0.5, 1, 3, 9):
        seconds.at("user").observe(value)
    metrics.observe("queue", "Length of the queue.", lambda: 7.0)
    metrics.counter("never_total", "Not used.")
    page, kind = metrics.exposition()
    lines = page.decode().splitlines()
    assert "text/plain" in kind
    assert 'flowable_tasks_total{status="COMPLETED"} 3.0' in lines
    assert "# TYPE flowable_tasks_total counter" in lines
    assert "flowable_pending_tasks 3.0" in lines
    assert 'task_seconds_bucket{le="1.0",type="user"} 2.0' in lines
    assert 'task_seconds_bucket{le="+Inf",type="user"} 4.0' in lines
    assert 'task_seconds_sum{type="user"} 13.5' in lines
    assert 'task_seconds_count{type="user"} 4.0' in lines
    assert "queue 7.0" in lines
    assert any(line.startswith("process_resident_memory_bytes ") for line in lines)
    assert not any(line.startswith("never") for line in lines)
    assert metrics.exposition()[0]


def test_names_and_labels_are_checked() -> None:
    metrics = Metrics()
    with pytest.raises(ValueError, match="_total"):
        metrics.counter("tasks", "Tasks.")
    family = metrics.gauge("a", "A.", ("x",))
    for register in (lambda: metrics.gauge("a", "A."), lambda: metrics.observe("a", "A.", float)):
        with pytest.raises(ValueError, match="registered already"):
            register()
    with pytest.raises(ValueError, match="has the labels"):
        family.at("x", "y")
    assert family.at("x") is family.at("x")


def test_buckets_add_up() -> None:
    histogram = Histogram((0.1, 1.0))
    for value in (0.1, 0.2, 5.0):
        histogram.observe(value)
    assert histogram.cumulative() == [("0.1", 1.0), ("1.0", 2.0), ("+Inf", 3.0)]
