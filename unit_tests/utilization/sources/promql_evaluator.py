"""As much of Prometheus' query language as the connector's queries use, written anew from its documentation.

So the arithmetic of both sources is tested without a Prometheus, and as versions 2 and 3 have it: `closed` says whether
a range includes its own beginning (2) or not (3). integration_tests hold it against the real thing.
"""

import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

Labels = frozenset[tuple[str, str]]
# Milliseconds, value.
Points = list[tuple[int, float]]
Vector = dict[Labels, float]
Store = Mapping[str, list[tuple[dict[str, str], Points]]]
Instant = Callable[[int], Vector]
Range = Callable[[int], dict[Labels, Points]]

_TOKEN = re.compile(
    r'\s*(?:(?P<string>"(?:[^"\\]|\\.)*")|(?P<time>\d+(?:ms|s)\b)|(?P<number>[+-]?(?:Inf\b|\d+(?:\.\d+)?))'
    r"|(?P<name>[A-Za-z_][\w.]*)|(?P<mark>=~|[-+*<>=(){}\[\]:,]))"
)


def evaluate(query: str, store: Store, at: float, *, closed: bool) -> Vector:
    """The instant vector that a query is at a time (UNIX seconds), without the metrics' names."""
    parser = _Parser(query, store, closed)
    instant = parser.read_or()
    parser.expect_end()
    return instant(round(at * 1000))


@dataclass
class _Parser:
    query: str
    store: Store
    closed: bool
    place: int = 0

    def peek(self) -> str:
        found = _TOKEN.match(self.query, self.place)
        return found[0].strip() if found else ""

    def take(self, wanted: str = "") -> str:
        found = _TOKEN.match(self.query, self.place)
        if not found or (wanted and found[0].strip() != wanted):
            raise ValueError(f"expected {wanted or 'more'} at {self.query[self.place : self.place + 40]!r}")
        self.place = found.end()
        return found[0].strip()

    def accept(self, wanted: str) -> bool:
        if self.peek() != wanted:
            return False
        self.take()
        return True

    def expect_end(self) -> None:
        if self.query[self.place :].strip():
            raise ValueError(f"more than a query: {self.query[self.place :]!r}")

    # ------------------------------------------------------------------------------------- operators, weakest first
    def read_or(self) -> Instant:
        left = self.read_and()
        while self.accept("or"):
            left = _either(left, self.read_and())
        return left

    def read_and(self) -> Instant:
        left = self.read_comparison()
        while self.accept("and"):
            left = _both(left, self.read_comparison())
        return left

    def read_comparison(self) -> Instant:
        left = self.read_sum()
        while self.peek() in ("<", ">"):
            left = _compare(left, self.take(), self.read_sum())
        return left

    def read_sum(self) -> Instant:
        left = self.read_product()
        while self.accept("+"):
            left = _combine(left, self.read_product(), lambda a, b: a + b)
        return left

    def read_product(self) -> Instant:
        left = self.read_operand()
        while self.accept("*"):
            left = _combine(left, self.read_operand(), lambda a, b: a * b)
        return left

    def read_operand(self) -> Instant:
        token = self.peek()
        if token == "(":
            self.take()
            inner = self.read_or()
            self.take(")")
            return inner
        if re.fullmatch(r"[+-]?(Inf|\d+(\.\d+)?)", token):
            value = float(self.take())
            return lambda _: {_SCALAR: value}
        name = self.take()
        if name == "time":
            self.take("(")
            self.take(")")
            return lambda at: {_SCALAR: at / 1000}
        if name == "sum":
            return self.read_sum_without()
        if name == "label_replace":
            return self.read_label_replace()
        self.take("(")
        range_ = self.read_range()
        self.take(")")
        return _over(range_, name)

    def read_sum_without(self) -> Instant:
        self.take("without")
        self.take("(")
        dropped = {self.take()}
        while self.accept(","):
            dropped.add(self.take())
        self.take(")")
        inner = self.read_operand()

        def add_up(at: int) -> Vector:
            groups: dict[Labels, list[float]] = {}
            for labels, value in inner(at).items():
                groups.setdefault(frozenset(one for one in labels if one[0] not in dropped), []).append(value)
            return {labels: math.fsum(values) for labels, values in groups.items()}

        return add_up

    def read_label_replace(self) -> Instant:
        self.take("(")
        inner = self.read_or()
        texts = []
        while self.accept(","):
            texts.append(self.take().strip('"'))
        self.take(")")
        target, value = texts[0], texts[1]
        return lambda at: {labels | {(target, value)}: found for labels, found in inner(at).items()}

    # ------------------------------------------------------------------------------------------------------- ranges
    def read_range(self) -> Range:
        if self.peek() == "(":
            self.take("(")
            inner = self.read_or()
            self.take(")")
            self.take("[")
            length = self.read_time()
            self.take(":")
            step = self.read_time()
            self.take("]")
            return self.make_subquery(inner, length, step)
        name, among = self.take(), None
        if self.accept("{"):
            self.take("resource_urn")
            self.take("=~")
            among = re.compile(self.take()[1:-1].replace("\\\\", "\\"))
            self.take("}")
        self.take("[")
        length = self.read_time()
        self.take("]")
        offset = self.read_time() if self.accept("offset") else 0
        chosen = [
            (frozenset(labels.items()), points)
            for labels, points in self.store.get(name, [])
            if among is None or among.fullmatch(labels.get("resource_urn", ""))
        ]

        def select(at: int) -> dict[Labels, Points]:
            end, start = at - offset, at - offset - length
            first = start if self.closed else start + 1
            found = {labels: [one for one in points if first <= one[0] <= end] for labels, points in chosen}
            return {labels: points for labels, points in found.items() if points}

        return select

    def make_subquery(self, inner: Instant, length: int, step: int) -> Range:
        known: dict[int, Vector] = {}

        def select(at: int) -> dict[Labels, Points]:
            first = at - length if self.closed else at - length + 1
            found: dict[Labels, Points] = {}
            for moment in range(-(-first // step) * step, at + 1, step):
                if moment not in known:
                    known[moment] = inner(moment)
                for labels, value in known[moment].items():
                    found.setdefault(labels, []).append((moment, value))
            return found

        return select

    def read_time(self) -> int:
        text = self.take()
        return int(text.removesuffix("ms")) if text.endswith("ms") else int(text.removesuffix("s")) * 1000


_SCALAR: Labels = frozenset({("", "scalar")})


def _either(left: Instant, right: Instant) -> Instant:
    return lambda at: {**right(at), **left(at)}


def _both(left: Instant, right: Instant) -> Instant:
    def select(at: int) -> Vector:
        others = right(at)
        return {labels: value for labels, value in left(at).items() if labels in others}

    return select


def _compare(left: Instant, sign: str, right: Instant) -> Instant:
    def select(at: int) -> Vector:
        others = right(at)
        found = {}
        for labels, value in left(at).items():
            other = others.get(_SCALAR, others.get(labels))
            if other is not None and (value > other if sign == ">" else value < other):
                found[labels] = value
        return found

    return select


def _combine(left: Instant, right: Instant, operation: Callable[[float, float], float]) -> Instant:
    return lambda at: {labels: operation(value, right(at)[_SCALAR]) for labels, value in left(at).items()}


def _over(range_: Range, name: str) -> Instant:
    function = _FUNCTIONS[name]

    def apply(at: int) -> Vector:
        found = {labels: function(points) for labels, points in range_(at).items()}
        return {labels: value for labels, value in found.items() if value is not None}

    return apply


def _irate(points: Points) -> float | None:
    if len(points) < 2:
        return None
    (before, old), (now, new) = points[-2:]
    return (new if new < old else new - old) / ((now - before) / 1000)


def _extreme(choose: Callable[[Iterable[float]], float]) -> Callable[[Points], float]:
    def find(points: Points) -> float:
        numbers = [value for _, value in points if not math.isnan(value)]
        return choose(numbers) if numbers else math.nan

    return find


def _average(points: Points) -> float:
    values = [value for _, value in points]
    return sum(values) / len(values) if any(map(math.isinf, values)) else math.fsum(values) / len(values)


_FUNCTIONS: dict[str, Callable[[Points], float | None]] = {
    "irate": _irate,
    "avg_over_time": _average,
    "min_over_time": _extreme(min),
    "max_over_time": _extreme(max),
    "last_over_time": lambda points: points[-1][1],
    "count_over_time": lambda points: float(len(points)),
}
