from __future__ import annotations

import pytest

from engine_svc.model.delegates import calls_a_bean


@pytest.mark.parametrize(
    "text",
    [
        "${bean.run()}",
        "#{bean.run(execution)}",
        "${a.b.run(x, 1)}",
        "${beans['x'].run()}",
        "${ok ? bean.run() : 1}",
        "a ${bean.run().size()} b",
    ],
)
def test_calls_of_beans(text: str) -> None:
    assert calls_a_bean(text)


@pytest.mark.parametrize(
    "text",
    [
        "bean.run()",
        "${bean}",
        "${a.b[0]}",
        "${list.size() > 2}",
        "${text.contains('x')}",
        "${execution.setVariable('a', 1)}",
        "${task.setAssignee('x')}",
        "${'text'.unknown()}",
        "${not valid",
    ],
)
def test_everything_else_stays_in_the_engine(text: str) -> None:
    assert not calls_a_bean(text)
