from __future__ import annotations

import pytest

from engine_svc.scripts.language import ScriptLanguage, refusal, script_language


@pytest.mark.parametrize(
    "name",
    ["javascript", "JavaScript", "js", "ecmascript", "ECMAScript", "application/javascript", "text/javascript", " js "],
)
def test_javascript(name: str) -> None:
    assert script_language(name) is ScriptLanguage.JAVASCRIPT


@pytest.mark.parametrize("name", ["juel", "JUEL", "uel", "expression", ""])
def test_juel_is_also_what_flowable_takes_where_no_format_is_named(name: str) -> None:
    assert script_language(name) is ScriptLanguage.EXPRESSION


@pytest.mark.parametrize(
    "name", ["groovy", "java", "python", "jython", "ruby", "jruby", "feel", "beanshell", "kotlin", "bsh", "text/groovy"]
)
def test_other_languages_are_refused_with_what_to_do(name: str) -> None:
    assert script_language(name) is None
    assert refusal(name) == (
        f"Scripts in '{name}' do not run here. Rewrite it in JavaScript (scriptFormat='javascript'), or make it a "
        "service task that a worker of yours carries out."
    )


def test_an_overlong_format_is_shortened() -> None:
    assert len(refusal("x" * 10_000)) < 250
