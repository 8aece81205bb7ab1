"""How many LUT sites a Xilinx netlist needs when small LUTs share the two outputs of one LUT6."""

from collections import deque
from collections.abc import Sequence
from itertools import combinations

from hw_models.synth.netlist import Module

SHARED_INPUTS = 5
"""A LUT6 is also two LUT5 of the same inputs (UG474, UG574)."""

_SMALL = ("LUT1", "LUT2", "LUT3", "LUT4", "LUT5")


def shared_luts(module: Module) -> int:
    """Return how many pairs of LUTs of one module can share a site, at most.

    Two LUTs can if they have at most five inputs between them; two that both select in a carry
    chain cannot, since only the first output reaches the chain. A maximum matching, so a lower
    bound on sites: placement and timing allow less.
    """
    selects = {
        net
        for cell in module.cells.values()
        if cell.type in ("CARRY4", "CARRY8")
        for net in cell.pins["S"]
    }
    luts = []
    for cell in module.cells.values():
        if cell.type in _SMALL:
            inputs = frozenset(
                net
                for pin, nets in cell.pins.items()
                if pin.startswith("I")
                for net in nets
                if not net.startswith("const")
            )
            luts.append((inputs, cell.pins["O"][0] in selects))
    neighbours: list[list[int]] = [[] for _ in luts]
    for (i, (a, a_selects)), (j, (b, b_selects)) in combinations(enumerate(luts), 2):
        if len(a | b) <= SHARED_INPUTS and not (a_selects and b_selects):
            neighbours[i].append(j)
            neighbours[j].append(i)
    return maximum_matching(neighbours)


def maximum_matching(neighbours: Sequence[Sequence[int]]) -> int:
    """Return the number of edges in a maximum matching of a graph.

    Edmonds' blossom algorithm ("Paths, trees, and flowers", Canadian J. Math. 17, 1965). What a
    search in vain has reached can lengthen no later matching and is left out from then on.

    Args:
        neighbours: Vertices next to each vertex.
    """
    mate = [-1] * len(neighbours)
    matched = 0
    for vertex, near in enumerate(neighbours):  # a greedy start leaves little to search for
        free = next((w for w in near if mate[w] < 0), -1) if mate[vertex] < 0 else -1
        if free >= 0:
            mate[vertex], mate[free] = free, vertex
            matched += 1
    is_done = [False] * len(mate)
    searches = (_augment(neighbours, mate, v, is_done) for v in range(len(mate)) if mate[v] < 0)
    return matched + sum(searches)


def _augment(
    neighbours: Sequence[Sequence[int]], mate: list[int], root: int, is_done: list[bool]
) -> bool:
    """Lengthen the matching by one along an alternating path from `root`, if there is one."""
    n = len(mate)
    parent = [-1] * n
    base = list(range(n))
    is_outer = [False] * n
    is_outer[root] = True
    queue = deque([root])

    def common_base(a: int, b: int) -> int:
        seen = set()
        while True:
            a = base[a]
            seen.add(a)
            if mate[a] < 0:
                break
            a = parent[mate[a]]
        while base[b] not in seen:
            b = parent[mate[base[b]]]
        return base[b]

    def mark(v: int, stem: int, child: int, blossom: set[int]) -> None:
        while base[v] != stem:
            blossom |= {base[v], base[mate[v]]}
            parent[v] = child
            child = mate[v]
            v = parent[child]

    while queue:
        v = queue.popleft()
        for w in neighbours[v]:
            if is_done[w] or base[v] == base[w] or mate[v] == w:
                continue
            if w == root or (mate[w] >= 0 and parent[mate[w]] >= 0):
                stem = common_base(v, w)
                blossom: set[int] = set()
                mark(v, stem, w, blossom)
                mark(w, stem, v, blossom)
                for u in range(n):
                    if base[u] in blossom:
                        base[u] = stem
                        if not is_outer[u]:
                            is_outer[u] = True
                            queue.append(u)
            elif parent[w] < 0:
                parent[w] = v
                if mate[w] < 0:
                    while w >= 0:
                        previous = parent[w]
                        following = mate[previous]
                        mate[w], mate[previous] = previous, w
                        w = following
                    return True
                is_outer[mate[w]] = True
                queue.append(mate[w])
    for u in range(n):
        is_done[u] |= is_outer[u] or parent[u] >= 0
    return False
