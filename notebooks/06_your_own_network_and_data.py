# %% [markdown]
# # 06 · Your own network and data
#
# **What does it take to explore a network and images of one's own, and what comes out?**
#
# A function that returns a `torch.nn.Module`, and an archive of arrays.

# %%
import matplotlib.pyplot as plt
import numpy as np
from IPython.display import Markdown
from sklearn.datasets import load_digits
from torch import nn

import dse
from dse.plots import pareto

# %% [markdown]
# ## Data
#
# `x_train y_train x_test y_test`, images as `(n, channels, height, width)` in uint8 or float32. As
# an example: is a handwritten digit even or odd?

# %%
x, y = load_digits(return_X_y=True)
x = np.uint8(x.reshape(-1, 1, 8, 8) * 15)
y = y % 2
np.savez("parity.npz", x_train=x[:1300], y_train=y[:1300], x_test=x[1300:], y_test=y[1300:])

# %% [markdown]
# ## Network
#
# Layers that have hardware are convolutions, linear layers, BatchNorm, ReLU, pools and additions;
# what has none is named before anything is computed. Bring weights as
# `checkpoint="weights.pt"`, a file written by `torch.save(network.state_dict(), …)`; without one,
# the network is trained here.


# %%
def parity_net() -> nn.Module:
    """Return a small convolutional network for 8 × 8 images and two classes."""
    return nn.Sequential(
        nn.Conv2d(1, 8, 3, padding=1),
        nn.BatchNorm2d(8),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(8, 16, 3),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(64, 2),
    )


study = dse.explore(
    parity_net, "npz:parity.npz", out="reports/parity", weights="int2-6,int8,e2m1,e3m2,e4m3",
    acts="int4,int8,e2m1", device="ice40", fps=2_000,
)  # fmt: skip
study

# %%
float_pct = study.findings.header.float_accuracy.test_top1_pct
_, axes = plt.subplots(layout="constrained")
_ = pareto(study.evaluations, ax=axes, float_pct=float_pct)
# %% [markdown]
# ## Answer
#
# The same as for the networks that come along: the point a designer would ask for first is the
# cheapest one that is, on validation images, as good as int8.

# %%
int8 = study.evaluations.query("weight_format == 'int8' and act_format == 'int8'").iloc[0]
chosen = study.evaluations.query("val_top1_pct >= @int8.val_top1_pct").sort_values("lut").iloc[0]
Markdown(
    f"A function and an archive. Of {len(study.evaluations)} pairs, **{chosen.weight_format} / "
    f"{chosen.act_format}** is the cheapest that is as good as int8 / int8 on validation images: "
    f"{chosen.test_top1_pct:.2f} % against {int8.test_top1_pct:.2f} % on the test images "
    f"({float_pct:.2f} % in float), with {100 * chosen.lut / int8.lut:.0f} % of its LUTs."
)
