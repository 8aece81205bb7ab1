# %% [markdown]
# # 04 · Training for few bits, and a format for each layer
#
# **At 3 bits, what helps more: training with the quantizers in place, or giving each layer a format
# of its own?**

# %%
import subprocess
from pathlib import Path

import pandas as pd
from IPython.display import Markdown

import dse

# %% [markdown]
# ## Quantization-aware training
#
# `qat=2` trains the two points that matter most to the front, from where post-training
# quantization left them.

# %%
trained = dse.explore(
    "digits-mlp", out="reports/qat", weights="int3,e2m0", acts="same", device="ecp5", fps=50_000,
    qat=2, qat_epochs=8, best_of=True,
)  # fmt: skip
columns = ["weight_format", "act_format", "recipe", "val_top1_pct", "test_top1_pct", "lut"]
trained.evaluations[columns]

# %% [markdown]
# ## A format for each layer
#
# `bitfront search` walks a space of layer-by-layer choices. Its sampler predicts errors from the
# SQNR of the layers, and knows every cost exactly.

# %%
Path("space.toml").write_text("""
model = "digits-mlp"
device = "ecp5"
fps = 50000

[formats]
weights = "int3,int4,e2m0,e2m1,int8"
acts = "int3,int4,e2m0,e2m1"
""")
command = "bitfront search space.toml --out reports/layers --trials 40"
subprocess.run(command.split(), check=True)
layers = dse.load("reports/layers")
layers

# %% [markdown]
# What the front's best point gives each layer:

# %%
best = layers.front.sort_values("val_top1_pct").iloc[-1]
pd.DataFrame(
    [(x.layer, x.weight.name, x.act.name) for x in layers.point(best.digest).scheme.layers],
    columns=["layer", "weights", "inputs"],
)

# %% [markdown]
# ## Answer
#
# Both are held against the best uniform 3-bit point without training, at no more LUTs than the
# trained point takes. The choice among points is by validation accuracy.

# %%
untrained = trained.evaluations[trained.evaluations.recipe == "none"]
after = trained.evaluations.drop(untrained.index)
start = untrained.sort_values("val_top1_pct").iloc[-1]
qat = after.sort_values("val_top1_pct").iloc[-1]
affordable = layers.evaluations[layers.evaluations.lut <= qat.lut]
mixed = affordable.sort_values("val_top1_pct").iloc[-1]
gains = {
    "training": qat.test_top1_pct - start.test_top1_pct,
    "mixed formats": mixed.test_top1_pct - start.test_top1_pct,
}
best_way = max(gains, key=gains.get)
Markdown(
    f"Best uniform 3-bit point without training: {start.test_top1_pct:.2f} % on the test images "
    f"({start.lut} LUTs). Training brings **{gains['training']:+.2f} points** "
    f"({qat.weight_format}, {qat.lut} LUTs), formats layer by layer "
    f"**{gains['mixed formats']:+.2f} points** ({mixed.lut} LUTs). More help here: **{best_way}**."
)
