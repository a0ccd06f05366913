"""Random expressions, by the type of value that they should give. The same seed gives the same expressions."""

from __future__ import annotations

import random
from typing import Any

CONTEXT: dict[str, Any] = {
    "a": 3,
    "b": -7,
    "c": 2.5,
    "zero": 0,
    "s": "open",
    "t": "Straße 12",
    "empty": "",
    "yes": True,
    "no": False,
    "nothing": None,
    "numbers": [4, 1, 3, 1],
    "words": ["b", "a", "c"],
    "none": [],
    "order": {"total": 120.5, "status": "paid", "lines": [{"price": 10, "qty": 2}, {"price": 4.5, "qty": 10}]},
    "people": [{"name": "Li", "age": 31}, {"name": "Wang", "age": 17}, {"name": "Zhao", "age": None}],
    "Monthly Salary": 10000,
}


class Expressions:
    """Writes expressions."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    def any(self, depth: int = 3) -> str:
        """Return an expression of any type."""
        kinds = [self.number, self.text, self.truth, self.list, self.context, self.moment, self.duration]
        return self._random.choice(kinds)(depth)

    def _of(self, *texts: str) -> str:
        return self._random.choice(texts)

    def number(self, depth: int) -> str:
        """Return an expression that gives a number, or null."""
        if depth <= 0:
            return self._of(
                "a", "b", "c", "zero", "1", "2", "10", "0.5", "-3", "order.total", "Monthly Salary", "numbers[1]"
            )
        down = depth - 1
        n, m = self.number(down), self.number(down)
        return self._of(
            f"{n} + {m}", f"({n} - {m})", f"{n} * {m}", f"({n}) / ({m})", f"({n}) ** 2", f"-({n})",
            f"abs({n})", f"floor({n})", f"ceiling({n})", f"modulo({n}, 5)", f"decimal({n}, 2)",
            f"round half up({n}, 1)", f"round up({n}, 1)", f"round down({n}, 0)", f"round half down({n}, 1)",
            f"count({self.list(down)})", f"sum({self.numbers(down)})", f"min({self.numbers(down)})",
            f"max({self.numbers(down)})", f"mean({self.numbers(down)})",
            f"product({self.numbers(down)})", f"string length({self.text(down)})",
            f"if {self.truth(down)} then {n} else {m}", f"({self.numbers(down)})[{self._of('1', '2', '-1', '9')}]",
            f'number("{self._random.randint(-99, 99)}.5", ",", ".")', f"({self.duration(down)}).{self._of('days', 'hours')}",
            f"({self.moment(down)}).{self._of('year', 'month', 'day', 'weekday')}",
            f"people[name = {self._of(chr(34) + 'Li' + chr(34), 's')}].age[1]",
        )  # fmt: skip

    def text(self, depth: int) -> str:
        """Return an expression that gives a string, or null."""
        if depth <= 0:
            return self._of("s", "t", "empty", '"x"', '"a b c"', '"12"', "order.status", "words[2]", "people[1].name")
        down = depth - 1
        s, u = self.text(down), self.text(down)
        return self._of(
            f"{s} + {u}", f"upper case({s})", f"lower case({s})", f"substring({s}, 1, 2)", f"substring before({s}, \"e\")",
            f"substring after({s}, \"e\")", f"replace({s}, \"[aeiou]\", \"*\")", f"string join({self.words(down)}, \"-\")",
            f"string({self.number(down)})", f"if {self.truth(down)} then {s} else {u}",
            f"day of week({self.moment(down)})", f"month of year({self.moment(down)})",
        )  # fmt: skip

    def truth(self, depth: int) -> str:
        """Return an expression that gives true, false or null."""
        if depth <= 0:
            return self._of("yes", "no", "nothing", "true", "false", "a > 2", 's = "open"', "a in [1..5]", "none = []")
        down = depth - 1
        p, q = self.truth(down), self.truth(down)
        n, m, s = self.number(down), self.number(down), self.text(down)
        return self._of(
            f"({p}) and ({q})", f"({p}) or ({q})", f"not({p})", f"({n}) {self._of('<', '<=', '>', '>=', '=', '!=')} ({m})",
            f"({s}) {self._of('=', '!=', '<', '>=')} ({self.text(down)})", f"({n}) between -5 and abs({m})",
            f"({n}) in ({m}, 3, > 10)", f"({n}) in (0..5)", f"({s}) in (\"open\", \"x\")", f"contains({s}, \"e\")",
            f"starts with({s}, \"o\")", f"ends with({s}, \"n\")", f"matches({s}, \"^[a-z]+$\")",
            f"some x in {self.numbers(down)} satisfies x > ({m})", f"every x in {self.numbers(down)} satisfies x > ({m})",
            f"list contains({self.list(down)}, {n})", f"all({p}, {q})", f"any([{p}, {q}])", f"even(floor({n}))",
            f"({n}) instance of number", f"({s}) instance of string", f"({self.moment(down)}) < ({self.moment(down)})",
            f"is({n}, {m})",
            f"before({n}, [({m})..(({m}) + 5)])", f"overlaps([1..5], [({n})..(({n}) + 5)])", f"includes([1..10], {n})",
        )  # fmt: skip

    def numbers(self, depth: int) -> str:
        """Return an expression that gives a list of numbers."""
        if depth <= 0:
            return self._of("numbers", "[1, 2, 3]", "[c, a]", "order.lines.price", "[7]")
        down = depth - 1
        lists, n = self.numbers(down), self.number(down)
        return self._of(
            f"[{n}, {self.number(down)}]", f"for x in {lists} return x * 2", f"for i in 1..4 return i + {n}",
            f"({lists})[item > 1]", f"append({lists}, {n})", f"concatenate({lists}, [9])", f"reverse({lists})",
            f"sort({lists}, function(x, y) x < y)", f"distinct values({lists})", f"sublist({lists}, 1, 1)",
            f"flatten([{lists}, [[5]]])", f"union({lists}, [1, 8])", f"remove({lists}, 1)", f"insert before({lists}, 1, 0)",
            f"order.lines[qty > {n}].price", "for x in [1, 2], y in [x, 10] return x * y",
        )  # fmt: skip

    def words(self, depth: int) -> str:
        """Return an expression that gives a list of strings."""
        if depth <= 0:
            return self._of("words", '["x", "y"]', "people.name")
        down = depth - 1
        return self._of(
            f"for w in {self.words(down)} return w + \"!\"", f"({self.words(down)})[item != \"a\"]",
            f"split({self.text(down)}, \"[ ,]\")", f"sort({self.words(down)}, function(x, y) x < y)", f"[{self.text(down)}]",
        )  # fmt: skip

    def list(self, depth: int) -> str:
        """Return an expression that gives a list."""
        if depth <= 0:
            return self._of("numbers", "words", "none", '[1, "x", true]', "people.age")
        down = depth - 1
        return self._of(
            self.numbers(down), self.words(down), f"people[age > {self.number(down)}].name", f"[{self.any(down)}]",
            f"index of({self.list(down)}, {self.number(down)})", "for p in people return p.age",
        )  # fmt: skip

    def context(self, depth: int) -> str:
        """Return an expression that gives a context."""
        if depth <= 0:
            return self._of("order", "{}", "{x: 1}", "people[1]")
        down = depth - 1
        return self._of(
            f"{{x: {self.any(down)}, \"y z\": {self.number(down)}}}", f"{{x: {self.number(down)}, y: x + 1}}",
            f"context put({self.context(down)}, \"k\", {self.number(down)})", f"context merge([{self.context(down)}, {{m: 1}}])",
            f"{{f: function(n) n * 2, r: f({self.number(down)})}}.r", f"get entries({{k: {self.number(down)}}})[1]",
        )  # fmt: skip

    def moment(self, depth: int) -> str:
        """Return an expression that gives a date or a date and time."""
        if depth <= 0:
            return self._of(
                'date("2024-02-29")', '@"2023-12-31"', "date(2024, 1, 31)", 'date("2021-05-05")',
            )  # fmt: skip
        down = depth - 1
        return self._of(
            f"({self.moment(down)}) + ({self.duration(down)})", f"({self.moment(down)}) - ({self.duration(down)})"
        )

    def duration(self, depth: int) -> str:
        """Return an expression that gives a duration."""
        if depth <= 0:
            return self._of('duration("P1D")', '@"P40D"', 'duration("P1M")', 'duration("P1Y2M")', '@"-PT48H"')
        down = depth - 1
        return self._of(
            self.duration(down), f"{self.duration(down)} + {self.duration(down)}", f"(({self.moment(down)}) - ({self.moment(down)}))",
            f"years and months duration(date(\"2020-01-15\"), {self._of('@' + chr(34) + '2023-12-15' + chr(34), 'date(2019, 2, 15)')})",
        )  # fmt: skip
