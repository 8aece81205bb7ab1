"""The report of a study as Markdown."""

from collections.abc import Iterator

from dse.report.findings import Findings, reference_of
from dse.report.layers import layers_table
from dse.report.markdown import escape
from dse.report.provenance import settings_table, sources
from dse.report.recipes import BEST, recipes_table, winners_table
from dse.report.symbols import TIMES
from dse.report.tables import (
    COST_NAMES,
    accuracy,
    cost_text,
    count,
    ended_table,
    front_table,
    host_table,
    interesting_table,
    widths_table,
)
from dse.report.trainings import trainings_table
from dse.search.constraint import broken_by_all
from dse.search.header import PartialCoverage
from dse.selection import FAMILIES, FAMILY_NAMES, best_recipes, families, hypervolume_of

_ENDED_SHOWN = 20
_NEAR_POINTS = 1.0
"""Accuracy below float's that many would give for a smaller network [points]."""


def report_text(findings: Findings) -> str:
    """Return the report; the same findings give the same text."""
    settings = findings.header.settings
    title = f"# {escape(settings.model)} on {escape(settings.data)}\n"
    return "\n".join([title, *_sections(findings)])


def _sections(findings: Findings) -> Iterator[str]:
    done, planned = len(findings.evaluations), findings.n_planned
    if done + len(findings.ended) < planned:
        yield (
            f"**{done} of {planned} points are evaluated. The same command again goes "
            "on with the others.**\n"
        )
    if done:
        yield _summary(findings)
        yield "## The front\n"
        yield _figure(findings)
        yield front_table(findings)
        if findings.schemes:
            yield "Weights and inputs of each of their layers:\n"
            yield layers_table(findings.front, findings.schemes)
        yield "## The most interesting points\n"
        yield (
            "The points that add most to the front's hypervolume on validation: its knees and "
            "ends. Behind a front of fewer than five come the points that would be next.\n"
        )
        yield interesting_table(findings)
        yield "## Integer against minifloat, by width\n"
        yield from _widths(findings)
    if findings.header.partial:
        yield "## What a host computes\n"
        yield from _host(findings.header.partial)
    if findings.recipes:
        yield "## What the recipes do\n"
        yield from _recipes(findings)
    if findings.trainings:
        yield "## What training gains\n"
        yield from _trainings(findings)
    if findings.ended:
        yield "## Points without an accuracy\n"
        yield from _ended(findings)
    yield "## The study\n"
    yield settings_table(findings.header)
    yield "## Where the numbers come from\n"
    yield sources(findings)


def _summary(findings: Findings) -> str:
    before = findings.header.float_accuracy
    kinds = families(findings.front)
    counted = [(int((kinds == family).sum()), FAMILY_NAMES[family]) for family in FAMILIES]
    members = ", ".join(f"{number} {name}" for number, name in counted if number)
    lines = [
        f"Before quantization: top-1 {accuracy(before.test_top1_pct, before.n_test)} % on "
        f"{count(before.n_test)} test images, {before.val_top1_pct:.2f} % on "
        f"{count(before.n_val)} validation images.",
        f"{count(len(findings.points))} points{_choice(findings)}, on the front "
        f"{members or 'none'}.",
        *_answer(findings),
        _hypervolumes(findings),
    ]
    if broken := broken_by_all(findings.header, findings.points):
        lines.append(
            f"**No point keeps every constraint**: the nearest breaks {escape(broken)}. "
            "evaluations.csv says of each by what share of its bounds it is over."
        )
    elif findings.n_infeasible:
        lines.append(
            f"{count(findings.n_infeasible)} points break a constraint: evaluations.csv says by "
            "what share of its bound; they are not on the front."
        )
    if findings.n_incomplete:
        lines.append(
            f"{count(findings.n_incomplete)} points lack a number; they are in evaluations.csv "
            "and nowhere else."
        )
    return "".join(f"- {line}\n" for line in lines)


def _answer(findings: Findings) -> Iterator[str]:
    """Yield which point to take, if one is nearly as good as float and chosen on validation."""
    header = findings.header
    before, cost = header.float_accuracy, header.cost_column
    near = findings.front[findings.front["val_top1_pct"] >= before.val_top1_pct - _NEAR_POINTS]
    if near.empty:
        return
    point = near.iloc[0]  # the cheapest goes first
    share = point[cost] / 2**header.reference.log2_cost
    yield (
        f"The cheapest point at most {_NEAR_POINTS:g} point below float on validation is "
        f"**{escape(point['weight_format'])} {TIMES} {escape(point['act_format'])}** "
        f"(`{point['digest'][:8]}`): {cost_text(point[cost], cost)} {COST_NAMES[cost]}, "
        f"{100 * share:.0f} % of int8 {TIMES} int8's, and on the test images "
        f"{point['test_top1_pct'] - before.test_top1_pct:+.2f} points against float."
    )


def _throughput(findings: Findings) -> str:
    settings = findings.header.settings
    if settings.folding == "fastest":
        return (
            "Each point has its fastest folding that keeps the constraints on "
            f"{escape(settings.board)}, so what this board reaches is compared"
        )
    if settings.folding == "cheapest":
        folding = "Each point has its cheapest folding that reaches the frame rate"
    else:
        folding = "All points have the same folding"
    return f"{folding}, so equal throughput is compared"


def _choice(findings: Findings) -> str:
    settings = findings.header.settings
    if not settings.best_of:
        return ""
    trained = ", or trained," if settings.qat else ""
    plural = "s" if len(settings.recipes) > 1 else ""
    return f", each the best of {len(settings.recipes)} recipe{plural}{trained} on validation"


def _hypervolumes(findings: Findings) -> str:
    error_pct, log2_cost = reference_of(findings.header)
    of_family, cost = families(findings.points), findings.header.cost_column
    unit = COST_NAMES[cost]
    int8_cost = f"{cost_text(2**log2_cost, cost)} {unit}"
    integers, minifloats = (
        hypervolume_of(findings.points[of_family == family], (error_pct, log2_cost), cost)
        for family in ("integer", "minifloat")
    )
    return (
        f"Hypervolume {findings.hypervolume:.3f}; of integer points alone {integers:.3f}, of "
        f"minifloat points alone {minifloats:.3f}. In validation error [%] {TIMES} log2({unit}), "
        f"below {error_pct:.2f} % (float plus 10 points) and {log2_cost:.3f} (the "
        f"{int8_cost} of int8 {TIMES} int8)."
    )


def _figure(findings: Findings) -> str:
    cost = COST_NAMES[findings.header.cost_column]
    axes = ["top-1", cost, *(["DSP"] if "dsp" in findings.objectives else [])]
    name = f" {TIMES} ".join(axes)
    return (
        f"![Front of {name}](figures/pareto.png)\n\n"
        f"Front of {name}, **chosen on validation images and shown on test images**: what a point "
        "reaches on the test images did not help to choose it. Brackets hold 95 % intervals "
        f"(Wilson). {_throughput(findings)}. The figure as "
        "[SVG](figures/pareto.svg) and [PDF](figures/pareto.pdf), the front as "
        "[front.csv](front.csv), every point as [evaluations.csv](evaluations.csv).\n"
    )


def _host(partial: PartialCoverage) -> Iterator[str]:
    yield (
        f"Hardware does {count(partial.macs)} multiply-accumulates a frame, "
        f"{partial.coverage_pct:.1f} % of all: those of layers, and of products of activations, "
        "which are costed as matrix units without weight memory. What has no RTL is left to a host "
        "and has no LUTs, so there are no totals, only LUTs of a multiply-accumulate lane. An "
        "addition, an exponential, an error function and a division count as one "
        "multiply-accumulate each.\n"
    )
    yield host_table(partial)


def _recipes(findings: Findings) -> Iterator[str]:
    yield (
        "Test accuracy after each post-training recipe minus that after `none`, on average over "
        "the pairs of formats whose weights have the family and width of the row, with the normal "
        "95 % interval of that average over the test images. `best of` counts the pairs for which "
        f"the recipe is best on validation; {BEST} takes that one for each pair. A weight is "
        "changed where its code differs from that after `none`. All results are in "
        "[evaluations.csv](evaluations.csv).\n"
    )
    yield recipes_table(findings.recipes)
    yield "The recipe that is best on validation, pair by pair:\n"
    yield winners_table(best_recipes(findings.evaluations))


def _trainings(findings: Findings) -> Iterator[str]:
    training = findings.header.settings.training
    yield (
        "Quantization-aware training of the pairs of formats that add most to the front (then to "
        "the front behind it), each from its recipe that is best on validation; the epoch that is "
        f"best on validation counts. At most {training.epochs} epochs, learning rate up to "
        f"{training.peak_lr:g}, {100 * training.distillation:.0f} % of the targets from the float "
        "network. Differences are on the test images, with Tango's 95 % interval.\n"
    )
    yield trainings_table(findings.trainings)


def _ended(findings: Findings) -> Iterator[str]:
    shown = findings.ended[:_ENDED_SHOWN]
    yield (
        f"{count(len(findings.ended))} points ended without an accuracy and are neither on the "
        "front nor in any table above; all are in [ended.csv](ended.csv)"
        + (f", the first {len(shown)} here" if len(shown) < len(findings.ended) else "")
        + ".\n"
    )
    yield ended_table(shown)


def _widths(findings: Findings) -> Iterator[str]:
    if not findings.widths:
        yield "No point has weights and activations of one width.\n"
        return
    yield "![Accuracy by width](figures/by_bits.png)\n"
    yield (
        "Weights and activations of one width and one family: of each, the point that is best on "
        "validation images, and their difference on the test images, which both saw. Its interval "
        "is Tango's for paired proportions, 95 % for each row by itself; p is McNemar's, exact. "
        "Where 0 lies in the interval, the two are not distinguishable in accuracy.\n"
    )
    yield widths_table(findings)
