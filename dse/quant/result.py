"""What an accuracy evaluation yields."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class AccuracyResult:
    """Top-1 accuracy of a network on the images no scale was calibrated on.

    Attributes:
        val_top1_pct: On the validation images [%].
        n_val: Validation images.
        test_top1_pct: On the test images [%].
        n_test: Test images.
        test_correct: One bit a test image in order, set where the network is right, eight to a
            byte, first image in the highest bit (`numpy.packbits`).
        changed_weights_pct: Weights whose codes the recipe changed, against ``none`` [%].
        seconds: Time quantization and evaluation took, its share of what points evaluated together
            share [s].
    """

    val_top1_pct: float
    n_val: int
    test_top1_pct: float
    n_test: int
    test_correct: bytes
    changed_weights_pct: float
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class EndedEarly:
    """Why there is no accuracy: nobody needs it, or nobody can have it.

    Attributes:
        reason: In words.
        n_val: Validation images seen.
        val_bound_pct: What the accuracy on all validation images does not exceed [%].
        seconds: Time it took to find out [s].
    """

    reason: str
    n_val: int
    val_bound_pct: float
    seconds: float


Outcome = AccuracyResult | EndedEarly
"""What becomes of a point that is evaluated."""
