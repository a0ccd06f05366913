"""Puts the nodes of a graph into layers from left to right, and into an order within each layer."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

_SWEEPS = 4

Edge = tuple[int, int]


def layers_of(count: int, edges: Sequence[Edge]) -> list[list[int]]:
    """Return layers of the nodes `0..count-1`; every edge that does not close a circle leads to a later layer.

    Nodes come in the order of their numbers where nothing else decides.
    """
    forward = _without_circles(count, edges)
    layer = _longest_paths(count, forward)
    layers: list[list[int]] = [[] for _ in range(max(layer, default=-1) + 1)]
    for node in range(count):
        layers[layer[node]].append(node)
    _uncross(layers, forward, count)
    return layers


def _without_circles(count: int, edges: Sequence[Edge]) -> list[Edge]:
    outgoing: list[list[int]] = [[] for _ in range(count)]
    entered = [False] * count
    for source, target in edges:
        outgoing[source].append(target)
        entered[target] = entered[target] or source != target
    forward: list[Edge] = []
    state = [0] * count
    # Where nothing leads comes first: a circle is cut where the flow comes back, not where it enters.
    for root in sorted(range(count), key=lambda node: entered[node]):
        if state[root]:
            continue
        state[root] = 1
        stack = [(root, iter(outgoing[root]))]
        while stack:
            node, targets = stack[-1]
            target = next(targets, -1)
            if target < 0:
                state[node] = 2
                stack.pop()
            elif state[target] != 1:
                forward.append((node, target))
                if not state[target]:
                    state[target] = 1
                    stack.append((target, iter(outgoing[target])))
    return forward


def _longest_paths(count: int, edges: Sequence[Edge]) -> list[int]:
    outgoing: list[list[int]] = [[] for _ in range(count)]
    waiting = [0] * count
    for source, target in edges:
        outgoing[source].append(target)
        waiting[target] += 1
    layer = [0] * count
    ready = deque(node for node in range(count) if not waiting[node])
    while ready:
        node = ready.popleft()
        for target in outgoing[node]:
            layer[target] = max(layer[target], layer[node] + 1)
            waiting[target] -= 1
            if not waiting[target]:
                ready.append(target)
    return layer


def _uncross(layers: list[list[int]], edges: Sequence[Edge], count: int) -> None:
    before: list[list[int]] = [[] for _ in range(count)]
    behind: list[list[int]] = [[] for _ in range(count)]
    for source, target in edges:
        behind[source].append(target)
        before[target].append(source)
    place = [0.0] * count
    for nodes in layers:
        _number(nodes, place)
    for sweep in range(_SWEEPS):
        neighbours = before if sweep % 2 == 0 else behind
        for nodes in layers if sweep % 2 == 0 else reversed(layers):
            nodes.sort(key=lambda node: _average(node, neighbours[node], place))
            _number(nodes, place)


def _average(node: int, neighbours: list[int], place: list[float]) -> float:
    return sum(place[other] for other in neighbours) / len(neighbours) if neighbours else place[node]


def _number(nodes: list[int], place: list[float]) -> None:
    # About the middle, so that a lone node lies beside the middle of its neighbours.
    for position, node in enumerate(nodes):
        place[node] = position - (len(nodes) - 1) / 2
