"""Quantization-aware training: the network of a scheme, trained on from its post-training form."""

import copy
import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

import torch
from torch import nn
from torch.nn import functional as F

from dse.errors import DataError, DivergedError
from dse.models.weights import Examples
from dse.quant.fast import freeze
from dse.quant.images import batches_of
from dse.quant.pipeline import QuantizedNetwork
from dse.quant.qat.trainable import constant, trainable
from dse.quant.trace import TracedNetwork
from dse.training import QatSettings

State = dict[str, torch.Tensor]


@dataclass(frozen=True, slots=True, kw_only=True)
class QatEpoch:
    """What is known when an epoch ends.

    Attributes:
        number: From 1; 0 stands for the network before training.
        loss: Mean training loss of the epoch; 0 before training.
        val_top1_pct: Validation accuracy after it, of the network with constant scales [%].
    """

    number: int
    loss: float
    val_top1_pct: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class QatState:
    """How far training is: what an interrupted one needs to go on as if nothing had happened.

    Attributes:
        history: Epochs so far, the network before training first.
        module: Parameters after the last epoch.
        best: Parameters after the epoch with the best validation accuracy, the earliest of equals.
        optimizer: State of the optimizer.
        schedule: State of the learning rates.
    """

    history: tuple[QatEpoch, ...]
    module: State
    best: State
    optimizer: dict[str, object]
    schedule: dict[str, object]

    @property
    def best_epoch(self) -> QatEpoch:
        """The epoch `best` is of."""
        return max(self.history, key=lambda epoch: (epoch.val_top1_pct, -epoch.number))

    def is_over(self, settings: QatSettings) -> bool:
        """Return whether there is nothing left to train."""
        done = self.history[-1].number
        return done >= settings.epochs or done - self.best_epoch.number >= settings.patience


class QatRun:
    """Trains one network. `states` does the work, an epoch at a time; `network` is the result."""

    def __init__(
        self,
        start: QuantizedNetwork,
        traced: TracedNetwork,
        examples: Examples,
        settings: QatSettings,
    ) -> None:
        """Prepare training.

        Args:
            start: Network to start from, as `prepare` or a post-training recipe gives it.
            traced: The float network: the teacher.
            examples: Training and validation images, on the input's grid.
            settings: How to train.
        """
        self._traced, self._settings = traced, settings
        self._examples = examples
        trained = trainable(start, traced, trains_scales=settings.scale_lr > 0)
        self._trained, self._module = trained, trained.module
        self._optimizer = torch.optim.AdamW(self._groups(), weight_decay=0.0)
        self._schedule = torch.optim.lr_scheduler.OneCycleLR(
            self._optimizer,
            max_lr=[group["lr"] for group in self._optimizer.param_groups],
            total_steps=settings.epochs * self._n_batches,
            pct_start=0.1,
            cycle_momentum=False,
        )

    @property
    def _n_batches(self) -> int:
        return math.ceil(len(self._examples.y) / self._settings.batch_size)

    def _groups(self) -> list[dict[str, object]]:
        """Return the parameters by learning rate and decay."""
        weights: list[nn.Parameter] = []
        biases: list[nn.Parameter] = []
        scales: list[nn.Parameter] = []
        for name, parameter in self._module.named_parameters():
            kind = scales if "scaling_impl" in name else weights if parameter.ndim > 1 else biases
            kind.append(parameter)
        settings = self._settings
        groups: list[dict[str, object]] = [
            {"params": weights, "lr": settings.peak_lr, "weight_decay": settings.weight_decay},
            {"params": biases, "lr": settings.peak_lr},
            {"params": scales, "lr": settings.scale_lr},
        ]
        return [group for group in groups if group["params"]]

    def states(self, resumed: QatState | None = None) -> Iterator[QatState]:
        """Yield the state before training and after each epoch, until training is over.

        Training runs in the thread settings the caller has made; float32 sums depend on them.

        Args:
            resumed: State to go on from, of a run with the same arguments; it is not yielded.

        Raises:
            DivergedError: The loss became NaN or Inf.
        """
        if resumed is None:
            state = self._state((QatEpoch(number=0, loss=0.0, val_top1_pct=self._val_top1_pct()),))
            yield state
        else:
            self._load(resumed)
            state = resumed
        targets = None if state.is_over(self._settings) else self._targets()
        while targets is not None and not state.is_over(self._settings):
            number = state.history[-1].number + 1
            loss = self._epoch(number, targets)
            epoch = QatEpoch(number=number, loss=loss, val_top1_pct=self._val_top1_pct())
            before, state = state, self._state((*state.history, epoch))
            if state.best_epoch.number != number:
                state = replace(state, best=before.best)
            yield state

    def network(self, state: QatState) -> QuantizedNetwork:
        """Return the network of the best epoch, with constant scales."""
        _set_parameters(self._module, state.best)
        return constant(self._trained, self._traced)

    def _state(self, history: tuple[QatEpoch, ...]) -> QatState:
        values = {name: p.detach().clone() for name, p in self._module.named_parameters()}
        return QatState(
            history=history,
            module=values,
            best=values,
            optimizer=copy.deepcopy(self._optimizer.state_dict()),
            schedule=copy.deepcopy(self._schedule.state_dict()),
        )

    def _load(self, state: QatState) -> None:
        _set_parameters(self._module, state.module)
        self._optimizer.load_state_dict(state.optimizer)
        self._schedule.load_state_dict(state.schedule)

    @torch.no_grad()
    def _targets(self) -> torch.Tensor:
        """Return the class probabilities to be learned, shape `(n, classes)`."""
        share = self._settings.distillation
        teacher = self._traced.module.eval()
        logits = torch.cat([teacher(batch) for batch in batches_of(self._examples.x)])
        labels = F.one_hot(torch.from_numpy(self._examples.y), logits.shape[1])
        return (1 - share) * labels + share * logits.softmax(dim=1)

    def _epoch(self, number: int, targets: torch.Tensor) -> float:
        """Train for one epoch and return its mean loss. Depends on seed and number alone."""
        images, total = torch.from_numpy(self._examples.x), 0.0
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed((self._settings.seed << 20) + number)
            order = torch.randperm(len(targets))
            self._module.train()
            for batch in torch.tensor_split(order, self._n_batches):
                loss = F.cross_entropy(self._module(images[batch]), targets[batch])
                if not torch.isfinite(loss):
                    raise DivergedError(
                        f"training diverged in epoch {number}: the loss is {loss.item()}; "
                        "lower the learning rate"
                    )
                self._optimizer.zero_grad()
                loss.backward()  # type: ignore[no-untyped-call]
                self._optimizer.step()
                self._schedule.step()
                total += loss.item() * len(batch)
        self._module.eval()
        if not all(torch.isfinite(parameter).all() for parameter in self._module.parameters()):
            raise DivergedError(
                f"training diverged in epoch {number}: a parameter is NaN or Inf; "
                "lower the learning rate"
            )
        return total / len(targets)

    @torch.no_grad()
    def _val_top1_pct(self) -> float:
        frozen = freeze(constant(self._trained, self._traced))
        batches = batches_of(self._examples.x_val)
        classes = torch.cat([frozen(batch).argmax(dim=1) for batch in batches]).numpy()
        return 100.0 * float((classes == self._examples.y_val).mean())


def network_of(
    state: QatState, start: QuantizedNetwork, traced: TracedNetwork, settings: QatSettings
) -> QuantizedNetwork:
    """Return the network of a state's best epoch, as `QatRun.network`, without training images.

    Args:
        state: Of a run that began with the other arguments.
        start: See `QatRun`.
        traced: See `QatRun`.
        settings: See `QatRun`.

    Raises:
        DataError: The state is of another network.
    """
    trained = trainable(start, traced, trains_scales=settings.scale_lr > 0)
    _set_parameters(trained.module, state.best)
    return constant(trained, traced)


@torch.no_grad()
def _set_parameters(module: nn.Module, values: State) -> None:
    """Set all parameters; Brevitas' `load_state_dict` would replace those of scales."""
    parameters = dict(module.named_parameters())
    shapes = {name: parameter.shape for name, parameter in parameters.items()}
    if shapes != {name: value.shape for name, value in values.items()}:
        raise DataError("the checkpoint is of another network; delete it to train from the start")
    for name, parameter in parameters.items():
        parameter.copy_(values[name])
