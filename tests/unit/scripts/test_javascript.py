"""What authors of models write in JavaScript, and what it does."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from engine_svc.scripts.call import ScriptError, TaskCall
from engine_svc.scripts.sandbox import ScriptRunner
from tests.unit.scripts.running import run, written


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ("1 + 2", 3),
        ("'a' + 1", "a1"),
        ("var x = 4; x * 2", 8),
        ("if (true) { 5 } else { 6 }", 5),
        ("undefined", None),
        ("null", None),
        ("", None),
        ("// nothing", None),
        ("({a: [1, {b: true}], c: undefined, f() {}})", {"a": [1, {"b": True}]}),
        ("[1, undefined, null]", [1, None, None]),
        ("new Date(0)", "1970-01-01T00:00:00.000Z"),
        ("({when: new Date(1e12)})", {"when": "2001-09-09T01:46:40.000Z"}),
        ("new Number(3)", 3),
        ("0.1 + 0.2", 0.1 + 0.2),
        ("-0", 0),
        ("2 ** 53", 2**53),
        ("'ü€😀'", "ü€😀"),
        ("let a = 1; const b = 2; a + b", 3),
        ("[1,2,3].map(x => x * x).reduce((a, b) => a + b)", 14),
        ("'a-b-c'.split('-').length", 3),
        ("JSON.parse('{\"a\": 1}').a", 1),
        ("({'__proto__x': 1, ['__proto__']: 2})", {"__proto__x": 1, "__proto__": 2}),
        ("function f(n) { return n < 2 ? n : f(n - 1) + f(n - 2) } f(10)", 55),
        ("class P { constructor() { this.a = 1 } } new P()", {"a": 1}),
        ("typeof execution", "object"),
        ("typeof task", "undefined"),
        ("String(execution)", "execution"),
    ],
)
async def test_the_last_value_is_the_result(runner: ScriptRunner, source: str, value: Any) -> None:
    assert (await run(runner, source)).value == value


async def test_variables_are_globals_the_inner_scope_first(runner: ScriptRunner) -> None:
    inner, outer = {"a": 1}, {"a": 10, "b": 20, "name": "Ann", "status": None}
    assert (await run(runner, "[a, b, name, status]", inner, outer)).value == [1, 20, "Ann", None]
    assert (await run(runner, "typeof missing", inner, outer)).value == "undefined"
    assert (await run(runner, "print + BpmnError", {"print": "p", "BpmnError": "b"})).value == "pb"
    assert (await run(runner, "execution.getVariable('Date')", {"Date": "today"})).value == "today"


async def test_reading(runner: ScriptRunner) -> None:
    source = """
    var e = execution;
    [e.getVariable('a'), e.getVariable('none'), e.hasVariable('a'), e.hasVariable('none'), e.getVariableLocal('b'),
     e.hasVariableLocal('a'), e.hasVariableLocal('b'), e.getVariables(), e.getVariablesLocal(),
     e.getVariableNames(), e.hasVariables()]
    """
    result = await run(runner, source, {"a": 1}, {"a": 2, "b": 3})
    assert result.value == [1, None, True, False, None, True, False, {"a": 1, "b": 3}, {"a": 1}, ["a", "b"], True]
    assert result.writes == ()


async def test_writing(runner: ScriptRunner) -> None:
    source = """
    execution.setVariable('a', a + 1);
    execution.setVariable('new', {x: [1]});
    execution.setVariableLocal('b', 'inner');
    execution.setVariables({c: 1, d: null});
    execution.setVariablesLocal({f: 2});
    execution.setTransientVariable('t', 5);
    [a, execution.getVariable('new').x[0], b, execution.getVariable('t'), t, execution.getVariableLocal('new')]
    """
    result = await run(runner, source, {"a": 1}, {"a": 5, "b": "outer"})
    assert result.value == [2, 1, "inner", 5, 5, None]
    assert written(result) == [
        ("nearest", "a", 2, False),
        ("nearest", "new", {"x": [1]}, False),
        ("local", "b", "inner", False),
        ("nearest", "c", 1, False),
        ("nearest", "d", None, False),
        ("local", "f", 2, False),
        ("transient", "t", 5, False),
    ]


async def test_removing(runner: ScriptRunner) -> None:
    source = """
    execution.removeVariable('a');
    execution.removeVariable('none');
    var shadowed = execution.getVariable('a');
    execution.removeVariable('a');
    execution.removeVariableLocal('l');
    [shadowed, execution.hasVariable('a'), typeof l]
    """
    result = await run(runner, source, {"a": 1, "l": 1}, {"a": 2})
    assert result.value == [2, False, "undefined"]
    assert written(result) == [
        ("nearest", "a", None, True),
        ("nearest", "a", None, True),
        ("local", "l", None, True),
    ]


async def test_a_value_changed_after_it_was_set_is_stored_as_it_is_in_the_end(runner: ScriptRunner) -> None:
    result = await run(
        runner, "var l = []; execution.setVariable('l', l); l.push(1); execution.getVariable('l').length"
    )
    assert result.value == 1
    assert written(result) == [("nearest", "l", [1], False)]


async def test_a_var_of_the_script_is_its_own(runner: ScriptRunner) -> None:
    source = "var count = execution.getVariable('count'); execution.setVariable('count', count + 1); count"
    result = await run(runner, source, {"count": 1})
    assert result.value == 1
    assert written(result) == [("nearest", "count", 2, False)]
    assert written(await run(runner, "count = 7; other = 8; var third = 9", {"count": 1})) == []


async def test_auto_store(runner: ScriptRunner) -> None:
    source = "var sum = a + b; other = 'x'; let hidden = 1; function f() {} for (var i = 0; i < 2; i++) {} a = 5"
    result = await run(runner, source, {"a": 1, "b": 2}, auto_store=True)
    assert sorted(written(result)) == [
        ("nearest", "a", 5, False),
        ("nearest", "i", 2, False),
        ("nearest", "other", "x", False),
        ("nearest", "sum", 3, False),
    ]


async def test_execution_describes_where_it_runs(runner: ScriptRunner) -> None:
    source = """
    [execution.getProcessInstanceId(), execution.processInstanceId, execution.getProcessInstanceBusinessKey(),
     execution.getCurrentActivityId(), execution.getEventName(), execution.getId(), execution.tenantId,
     execution.variables.a]
    """
    result = await run(runner, source, {"a": 5})
    assert result.value == ["i-1", "i-1", "order-7", "script1", "start", "e-1", None, 5]


@pytest.mark.parametrize(
    "constructor",
    [
        "BpmnError",
        "org.flowable.engine.delegate.BpmnError",
        "org.camunda.bpm.engine.delegate.BpmnError",
        "org.activiti.engine.delegate.BpmnError",
        "Packages.org.flowable.engine.delegate.BpmnError",
    ],
)
async def test_a_bpmn_error_keeps_what_was_written_before(runner: ScriptRunner, constructor: str) -> None:
    result = await run(runner, f"execution.setVariable('a', 1); throw new {constructor}('E1', 'no stock')")
    assert result.bpmn_error == ("E1", "no stock")
    assert written(result) == [("nearest", "a", 1, False)]
    assert (await run(runner, f"throw new {constructor}('E2')")).bpmn_error == ("E2", "")
    caught = (
        f"try {{ throw new {constructor}('E3') }} catch (e) {{ e.errorCode + e.getErrorCode() + (e instanceof Error) }}"
    )
    assert (await run(runner, caught)).value == "E3E3true"


async def test_java_names_that_have_an_equal_here(runner: ScriptRunner) -> None:
    source = """
    load('nashorn:mozilla_compat.js');
    var list = new java.util.ArrayList();
    list.add('a'); list.add('b'); list.add(0, 'c');
    var map = new java.util.HashMap();
    map.put('k', list); map.put('size', list.size());
    execution.setVariable('map', map);
    var Sys = Java.type('java.lang.System');
    Sys.out.println('hello');
    [list.get(0), list.contains('b'), list.isEmpty(), map.get('size'), map.containsKey('x'), map.size(),
     new java.util.Date(0), java.lang.Math.max(1, 2), Sys.currentTimeMillis() > 1e12]
    """
    result = await run(runner, source)
    assert result.value == ["c", True, False, 3, False, 2, "1970-01-01T00:00:00.000Z", 2, True]
    assert written(result) == [("nearest", "map", {"k": ["c", "a", "b"], "size": 3}, False)]
    assert result.log == ("hello",)


async def test_methods_of_java_on_variables(runner: ScriptRunner) -> None:
    source = """
    [order.get('id'), order.containsKey('x'), order.get('items').size(), order.items.get(1).get('n'),
     name.equals('Ann'), name.equalsIgnoreCase('ANN'), name.isEmpty(), count.intValue(), ok.booleanValue(),
     Object.keys(order)]
    """
    given = {"order": {"id": 7, "items": [{"n": 1}, {"n": 2}]}, "name": "Ann", "count": 3.7, "ok": True}
    assert (await run(runner, source, given)).value == [7, False, 2, 2, True, True, False, 3, True, ["id", "items"]]
    result = await run(runner, "order.put('id', 8); execution.setVariable('order', order)", given)
    assert written(result)[0][2]["id"] == 8


async def test_printing_is_kept_within_a_bound(runner: ScriptRunner) -> None:
    source = "print('a', 1); console.log({a: [1]}); for (var i = 0; i < 1000; i++) print('x'.repeat(5000))"
    result = await run(runner, source)
    assert result.log[:2] == ("a 1", '{"a":[1]}')
    assert len(result.log) == 101
    assert len(result.log[5]) == 1000
    assert result.log[-1] == "(more lines were left out)"


async def test_the_clock_starts_where_the_engine_says(runner: ScriptRunner) -> None:
    source = """
    [new Date().getFullYear(), Date.now(), new Date() instanceof Date, new Date(0).getTime(), Date().slice(11, 15),
     new Date(2020, 0, 1).getFullYear(), new (Date.prototype.constructor)().getFullYear()]
    """
    now_micros = 4_102_444_800_000_000 + 86_400_000_000 * 40  # February 2100
    year, now, *rest = (await run(runner, source, now_micros=now_micros)).value
    assert year == 2100
    assert 0 <= now - now_micros / 1000 < 5000
    assert rest == [True, 0, "2100", 2020, 2100]


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("foo.bar", "line 1, column 1: ReferenceError: foo is not defined"),
        ("\n\n  foo", "line 3, column 3: ReferenceError: foo is not defined"),
        ("var x = ;", "line 1, column 9: SyntaxError"),
        ("function f() {\n  null.x }\nf()", "line 2, column 3: TypeError: cannot read property 'x' of null"),
        ("execution.setVariable()", "line 1, column 11: TypeError: a variable's name must be a text"),
        ("execution.setVariable('execution', 1)", "neither empty nor execution"),
        ("execution.getEngineServices()", "execution has no property or method getEngineServices"),
        ("execution.id = 3", "execution.id cannot be assigned"),
        ("throw new Error('no')", "line 1, column 11: Error: no"),
        ("throw 'text'", "the script threw text"),
        ("throw {code: 1}", 'the script threw {"code":1}'),
        ("throw null", "the script threw null"),
        ("throw new BpmnError('')", "a BpmnError needs its code"),
        ("new java.io.File('x')", "java.io.File: Java classes cannot run here; write it in JavaScript"),
        ("Java.type('java.lang.Runtime')", "Java classes cannot run here"),
        ("importPackage(java.util)", "Java classes cannot run here"),
        ("com.acme.Tool.run()", "com.acme.Tool: Java classes cannot run here"),
        ("execution.setVariable('f', () => 1)", "variable f is a function"),
        ("execution.setVariable('n', 1n)", "variable n is a BigInt; store it as a text"),
        ("execution.setVariable('n', {a: [NaN]})", "variable n.a[0] is NaN, which JSON cannot hold"),
        ("1 / 0", "the script's result is Infinity, which JSON cannot hold"),
        ("Symbol('x')", "the script's result is a Symbol"),
        ("x => x", "the script's result is a function"),
        ("new Map()", "the script's result is a Map"),
        ("Promise.resolve(1)", "the script's result is a Promise"),
        ("new Uint8Array(3)", "which is not a value of a variable"),
        ("execution", "the script's result is an object of the engine"),
        ("new Error('x')", "the script's result is an Error; store its message"),
        ("new Date(NaN)", "is an invalid Date"),
        ("var a = {}; a.a = a; a", "contains itself"),
        ("'\\ud800'", "not valid Unicode"),
        ("await 1", "SyntaxError"),
        ("import x from 'y'", "SyntaxError"),
        ("require('fs')", "require is not defined"),
    ],
)
async def test_what_is_wrong_and_where(runner: ScriptRunner, source: str, message: str) -> None:
    with pytest.raises(ScriptError) as raised:
        await run(runner, source)
    assert message in str(raised.value)


async def test_the_task_of_a_task_listener(runner: ScriptRunner) -> None:
    task = {"id": "t-1", "name": "Approve", "assignee": None, "priority": 50, "candidateUsers": ["eve"]}
    source = """
    task.setAssignee('kermit');
    task.setName(task.getName() + ' ' + task.name);
    task.addCandidateUser('joe');
    task.addCandidateGroup('sales');
    task.addCandidateGroups(['it', 'sales']);
    task.deleteCandidateUser('eve');
    task.setPriority(80);
    task.setDueDate(new Date(0));
    task.setVariable('a', 1);
    task.setVariableLocal('b', 2);
    [task.getId(), task.getAssignee(), task.getName(), task.getPriority(), task.getCandidateUsers(),
     task.candidateGroups, task.getVariable('a'), task.getVariableLocal('b')]
    """
    result = await run(runner, source, {}, {"a": 0}, task=task)
    assert result.value == [
        "t-1",
        "kermit",
        "Approve Approve",
        80,
        ["joe"],
        ["sales", "it"],
        1,
        2,
    ]
    assert result.task_calls == (
        TaskCall("setAssignee", ("kermit",)),
        TaskCall("setName", ("Approve Approve",)),
        TaskCall("addCandidateUser", ("joe",)),
        TaskCall("addCandidateGroup", ("sales",)),
        TaskCall("addCandidateGroups", (["it", "sales"],)),
        TaskCall("deleteCandidateUser", ("eve",)),
        TaskCall("setPriority", (80,)),
        TaskCall("setDueDate", ("1970-01-01T00:00:00.000Z",)),
    )
    assert written(result) == [("nearest", "a", 1, False), ("local", "b", 2, False)]


async def test_several_workers_run_at_once() -> None:
    runner = ScriptRunner(workers=2)
    try:
        results = await asyncio.gather(*(run(runner, f"{number} + 1") for number in range(20)))
        assert [result.value for result in results] == list(range(1, 21))
        assert len(runner.process_ids) == 2
    finally:
        await runner.close()
