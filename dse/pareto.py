"""Pareto fronts and exact hypervolumes of points to be minimised.

A point *dominates* another when it is nowhere larger and somewhere smaller. The front is every
point that nothing dominates: equal points do not dominate each other, so all copies of a front
point belong to it, and a point that only ties with a front point in some coordinates while losing
in another does not.

Coordinates are read as float64 and may be infinite on the front; NaN is refused, for a point that
cannot be compared is neither on the front nor off it. Negate what is to be maximised.
"""

from collections.abc import Sequence

import numpy as np
from numba import njit
from numpy.typing import ArrayLike, NDArray

from dse.errors import DataError, DesignError

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]

SAMPLE = 1024
"""Points looked at before a large set is sorted."""


def front(points: ArrayLike) -> Bools:
    """Return which of `points` no other point dominates.

    Two and three objectives take O(n log n); more take O(n · front), after the points are sorted
    so that a point meets its likeliest dominators first.

    Args:
        points: `(n, d)`, every coordinate to be minimised.

    Returns:
        Mask `(n,)`; every copy of a front point is in it.

    Raises:
        DataError: A coordinate is NaN, or `points` is not a table of at least one column.
    """
    values = _table(points)
    mask = np.zeros(len(values), dtype=np.bool_)
    rows = _survivors(values)
    mask[rows] = _front(values[rows])
    return mask


def hypervolume(points: ArrayLike, reference: ArrayLike) -> float:
    """Return the volume between `points` and `reference` that some point dominates.

    Exact for any number of objectives: a sweep in O(n log n) for up to three; above that the
    sum over points of the volume each adds, one objective fewer at a time (While, Bradstreet and
    Barone, "A Fast Way of Calculating Exact Hypervolumes", IEEE TEVC 16(1), 2012), which is meant
    for fronts of some hundred points. Points that do not lie below the reference in every
    objective add 0, as does an empty set.

    Args:
        points: `(n, d)`, every coordinate to be minimised.
        reference: `(d,)`, finite.

    Raises:
        DataError: A coordinate is NaN, or a point below the reference is infinite.
        DesignError: The reference is not `d` finite numbers.
    """
    values, corner = _below(_table(points), reference)
    return _volume(values, corner)


def contributions(points: ArrayLike, reference: ArrayLike) -> Floats:
    """Return the hypervolume each point alone adds to the front: what it loses without the point.

    Dominated points are left out first, so they neither add anything nor take anything from a
    front point. Points not below the reference and points that have a copy add 0.

    Args:
        points: `(n, d)`, every coordinate to be minimised.
        reference: `(d,)`, finite.

    Returns:
        Volumes `(n,)`.

    Raises:
        DataError: As `hypervolume`.
        DesignError: As `hypervolume`.
    """
    values = _table(points)
    _, corner = _below(values, reference)
    added = np.zeros(len(values))
    rows = np.flatnonzero((values < corner).all(axis=1))
    rows = rows[_front(values[rows])]
    distinct, first, counts = np.unique(values[rows], axis=0, return_index=True, return_counts=True)
    alone = _contributions_2d if values.shape[1] == 2 else _contributions_nd
    added[rows[first]] = np.where(counts == 1, alone(distinct, corner), 0.0)
    return added


def _table(points: ArrayLike) -> Floats:
    values = np.asarray(points, dtype=np.float64)
    if values.ndim != 2 or values.shape[1] == 0:
        raise DataError(f"points must be a table (points, objectives), not {values.shape}")
    if np.isnan(values).any():
        row = int(np.flatnonzero(np.isnan(values).any(axis=1))[0])
        raise DataError(f"point {row} has an objective that is NaN: leave such points out first")
    return values


def _below(values: Floats, reference: ArrayLike) -> tuple[Floats, Floats]:
    corner = np.asarray(reference, dtype=np.float64)
    if corner.shape != (values.shape[1],) or not np.isfinite(corner).all():
        raise DesignError(
            f"the reference point must be {values.shape[1]} finite numbers, not {corner.tolist()}"
        )
    inside = values[(values < corner).all(axis=1)]
    if not np.isfinite(inside).all():
        raise DataError("a point at minus infinity has no finite hypervolume")
    return inside, corner


def _survivors(values: Floats) -> Ints | slice:
    """Return the rows worth sorting: all, or those the front of a sample leaves over.

    Only a sample that is mostly dominated pays for the pass; it then removes nearly everything,
    as the front of n points is short exactly when a small sample already dominates most of them.
    """
    everything = slice(None)
    if len(values) < 8 * SAMPLE:
        return everything
    sample = values[:: len(values) // SAMPLE]
    strong = np.unique(sample[_front(sample)], axis=0)
    if len(strong) > SAMPLE // 8:
        return everything
    return np.flatnonzero(~_dominated_by_any(values, strong))


def _front(values: Floats) -> Bools:
    match values.shape:
        case (0, _):
            return np.zeros(0, dtype=np.bool_)
        case (_, 1):
            return np.asarray(values[:, 0] == values.min())
        case (_, 2):
            return _front_2d(values)
        case (_, 3):
            return _front_3d(values)
    return _front_nd(values)


def _front_2d(values: Floats) -> Bools:
    """Sort by x; of each x keep the smallest y if it is below every y further left."""
    x, y = np.ascontiguousarray(values.T)
    order = np.argsort(x)
    x, y = x[order], y[order]
    starts = np.flatnonzero(np.concatenate(([True], x[1:] != x[:-1])))
    lowest = np.minimum.reduceat(y, starts)
    is_new = np.ones(len(starts), dtype=np.bool_)
    is_new[1:] = lowest[1:] < np.minimum.accumulate(lowest)[:-1]
    groups = np.diff(np.append(starts, len(x)))
    mask = np.empty(len(x), dtype=np.bool_)
    mask[order] = np.repeat(is_new, groups) & (y == np.repeat(lowest, groups))
    return mask


def _front_3d(values: Floats) -> Bools:
    """Sort by z, then x, then y: what dominates a point comes before it."""
    x, y, z = np.ascontiguousarray(values.T)
    order = _lexicographic((z, x, y))
    mask = np.empty(len(values), dtype=np.bool_)
    mask[order] = _staircase_front(_dense_rank(x)[order], y[order], values.take(order, axis=0))
    return mask


def _front_nd(values: Floats) -> Bools:
    """Sort by the sum of ranks: what dominates a point has a smaller sum, copies are neighbours."""
    ranks = np.stack([_dense_rank(column) for column in values.T], axis=1)
    order = np.lexsort((*ranks.T, ranks.sum(axis=1)))
    mask = np.empty(len(values), dtype=np.bool_)
    mask[order] = _archive_front(ranks[order])
    return mask


def _lexicographic(keys: Sequence[Floats]) -> Ints:
    """Return the order by the first key, ties by the next; one sort where there are no ties."""
    order = np.argsort(keys[0])
    ordered = keys[0][order]
    if (ordered[1:] == ordered[:-1]).any():
        return np.lexsort(tuple(reversed(keys)))
    return order


def _dense_rank(column: Floats) -> Ints:
    """Return each value's rank from 1, equal values sharing one."""
    order = np.argsort(column)
    ordered = column[order]
    ranks = np.empty(len(column), dtype=np.int64)
    ranks[order] = np.cumsum(np.concatenate(([True], ordered[1:] != ordered[:-1])))
    return ranks


def _volume(values: Floats, corner: Floats) -> float:
    """Return the hypervolume of points that all lie below `corner`."""
    match values.shape:
        case (0, _):
            return 0.0
        case (_, 1):
            return float(corner[0] - values.min())
        case (_, 2):
            x, y = values[np.lexsort((values[:, 1], values[:, 0]))].T
            roof = np.minimum.accumulate(np.concatenate((corner[1:], y)))
            return float(np.sum((corner[0] - x) * (roof[:-1] - roof[1:])))
        case (_, 3):
            x, y, z = values.T
            ordered = values[_lexicographic((z, x, y))]
            positions = np.empty(len(values), dtype=np.int64)
            positions[np.lexsort((ordered[:, 1], ordered[:, 0]))] = np.arange(1, len(values) + 1)
            return float(_sweep_volume(ordered, positions, corner))
    return _sliced_volume(values, corner)


def _sliced_volume(values: Floats, corner: Floats) -> float:
    """Add up what each point dominates beyond those better in the last objective.

    Cut down to a point, those others all share its last coordinate, so what they take from it is
    a hypervolume of one objective fewer.
    """
    ordered = values[np.argsort(-values[:, -1], kind="stable")]
    depths = corner[-1] - ordered[:, -1]
    flat, flat_corner = ordered[:, :-1], corner[:-1]
    total = 0.0
    for row, (point, depth) in enumerate(zip(flat, depths, strict=True)):
        rest = np.maximum(flat[row + 1 :], point)
        base = float(np.prod(flat_corner - point))
        total += float(depth) * (base - _volume(rest[_front(rest)], flat_corner))
    return total


def _contributions_2d(distinct: Floats, corner: Floats) -> Floats:
    """Of a front sorted by x: the rectangle up to the next x and the previous y."""
    x, y = distinct.T
    next_x = np.append(x[1:], corner[0])
    previous_y = np.concatenate((corner[1:], y[:-1]))
    return np.asarray((next_x - x) * (previous_y - y))


def _contributions_nd(distinct: Floats, corner: Floats) -> Floats:
    added = np.empty(len(distinct))
    for row, point in enumerate(distinct):
        rest = np.maximum(np.delete(distinct, row, axis=0), point)
        added[row] = np.prod(corner - point) - _volume(rest[_front(rest)], corner)
    return np.maximum(added, 0.0)  # the difference of two nearly equal volumes may round below 0


@njit(cache=True, nogil=True)
def _dominated_by_any(values: Floats, strong: Floats) -> Bools:
    """Return which rows of `values` some row of `strong` dominates."""
    result = np.zeros(len(values), dtype=np.bool_)
    for row in range(len(values)):
        for rival in range(len(strong)):
            nowhere_larger = True
            somewhere_smaller = False
            for column in range(values.shape[1]):
                if strong[rival, column] > values[row, column]:
                    nowhere_larger = False
                    break
                somewhere_smaller |= strong[rival, column] < values[row, column]
            if nowhere_larger and somewhere_smaller:
                result[row] = True
                break
    return result


@njit(cache=True, nogil=True)
def _repeats(ordered: Floats | Ints, row: int) -> bool:
    """Return whether a row equals the one before it."""
    if row == 0:
        return False
    for column in range(ordered.shape[1]):
        if ordered[row, column] != ordered[row - 1, column]:
            return False
    return True


@njit(cache=True, nogil=True)
def _staircase_front(rank_x: Ints, y: Floats, ordered: Floats) -> Bools:
    """Sweep rows in lexicographic order, keeping the least y seen up to each rank of x.

    The minima live in a Fenwick tree, so a row costs O(log n) whatever the front looks like.
    """
    n = len(y)
    least = np.full(n + 1, np.inf)
    seen = np.zeros(n + 1, dtype=np.bool_)
    mask = np.zeros(n, dtype=np.bool_)
    for row in range(n):
        if _repeats(ordered, row):
            mask[row] = mask[row - 1]
            continue
        at = rank_x[row]
        dominated = False
        while at > 0 and not dominated:
            dominated = seen[at] and least[at] <= y[row]
            at -= at & -at
        mask[row] = not dominated
        at = rank_x[row]
        while not dominated and at <= n:
            seen[at] = True
            least[at] = min(least[at], y[row])
            at += at & -at
    return mask


@njit(cache=True, nogil=True)
def _archive_front(ranks: Ints) -> Bools:
    """Compare each row, sorted by the sum of its ranks, with the front found before it."""
    n, d = ranks.shape
    archive = np.empty((n, d), dtype=np.int64)
    size = 0
    mask = np.zeros(n, dtype=np.bool_)
    for row in range(n):
        if _repeats(ranks, row):
            mask[row] = mask[row - 1]
            continue
        dominated = False
        for rival in range(size):
            dominated = True
            for column in range(d):
                if archive[rival, column] > ranks[row, column]:
                    dominated = False
                    break
            if dominated:
                break
        if not dominated:
            archive[size, :] = ranks[row]
            size += 1
            mask[row] = True
    return mask


@njit(cache=True, nogil=True)
def _count_add(tree: Ints, position: int, amount: int) -> None:
    while position < len(tree):
        tree[position] += amount
        position += position & -position


@njit(cache=True, nogil=True)
def _last_before(tree: Ints, position: int) -> int:
    """Return the largest counted position below `position`, or 0."""
    count = 0
    at = position - 1
    while at > 0:
        count += tree[at]
        at -= at & -at
    if count == 0:
        return 0
    found = 0
    step = 1
    while 2 * step < len(tree):
        step *= 2
    while step > 0:
        if found + step < len(tree) and tree[found + step] < count:
            found += step
            count -= tree[found]
        step //= 2
    return found + 1


@njit(cache=True, nogil=True)
def _sweep_volume(ordered: Floats, positions: Ints, corner: Floats) -> float:
    """Sweep along z, growing the area that the staircase in (x, y) dominates.

    The staircase is a linked list over the points' positions by (x, y), entered through a
    Fenwick tree of counts; every point enters and leaves it at most once. `0` and `n + 1` are
    its ends.
    """
    n = len(ordered)
    tree = np.zeros(n + 1, dtype=np.int64)
    following = np.zeros(n + 2, dtype=np.int64)
    following[0] = n + 1
    x_at = np.empty(n + 2)
    y_at = np.empty(n + 2)
    y_at[0] = corner[1]
    x_at[n + 1] = corner[0]
    y_at[n + 1] = -np.inf
    area = 0.0
    volume = 0.0
    for row in range(n):
        x, y, z = ordered[row, 0], ordered[row, 1], ordered[row, 2]
        here = positions[row]
        before = _last_before(tree, here)
        if before == 0 or y_at[before] > y:
            left, roof = x, y_at[before]
            after = following[before]
            while y_at[after] >= y:
                area += (x_at[after] - left) * (roof - y)
                left, roof = x_at[after], y_at[after]
                _count_add(tree, after, -1)
                after = following[after]
            area += (x_at[after] - left) * (roof - y)
            x_at[here], y_at[here] = x, y
            following[before], following[here] = here, after
            _count_add(tree, here, 1)
        top = ordered[row + 1, 2] if row + 1 < n else corner[2]
        volume += area * (top - z)
    return volume
