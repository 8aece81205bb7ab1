"""How far a layer's outputs are from the float layer's, as a function of its weights.

The mean over patches of (ŵ·x̂ − w·x)² is quadratic in ŵ: ŵ H ŵᵀ − 2 ŵ·t + c with H = E[x̂ x̂ᵀ] and
t = E[x̂ xᵀ] wᵀ. So methods that descend it need no data once H and t are known.
"""

from dataclasses import dataclass

import torch

from dse.quant.layerwise import LayerTask

_DAMPING = 1e-6  # of the mean diagonal, against singular matrices


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Reconstruction:
    """Mean squared error of a layer's outputs, up to a constant a channel.

    Attributes:
        gram: H, `(g, n, n)`, float32 like the others.
        target: t of each channel, `(g, out / g, n)`.
    """

    gram: torch.Tensor
    target: torch.Tensor

    @classmethod
    def of(cls, task: LayerTask) -> "Reconstruction":
        """Return the error of a layer given quantized inputs, against the float layer."""
        cross = torch.from_numpy(task.cross_gram())
        weight = torch.from_numpy(task.weight).double()
        by_group = weight.reshape(len(cross), -1, weight.shape[1])
        target = torch.bmm(by_group, cross.transpose(1, 2))
        return cls(gram=torch.from_numpy(task.gram()).float(), target=target.float())

    def least_errors(self) -> torch.Tensor:
        """Return the error of each channel with the best real-valued weights, `(out,)`."""
        damping = _DAMPING * self.gram.diagonal(dim1=1, dim2=2).mean(dim=1).clamp(min=1e-30)
        damped = self.gram.double() + torch.diag_embed(
            damping.double()[:, None].expand(-1, self.gram.shape[1])
        )
        best = torch.linalg.solve(damped, self.target.double().transpose(1, 2)).transpose(1, 2)
        weight = best.reshape(-1, self.gram.shape[1]).float()
        return self.errors_and_gradient(weight)[0]

    def errors_and_gradient(self, weight: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return each channel's error `(out,)`, and its derivative by the weights `(out, n)`.

        Args:
            weight: Quantized or relaxed weights, `(out, n)`.
        """
        by_group = weight.reshape(self.target.shape)
        products = torch.bmm(by_group, self.gram)
        errors = (by_group * (products - 2 * self.target)).sum(dim=2)
        return errors.reshape(-1), (2 * (products - self.target)).reshape(weight.shape)
