# %% [markdown]
# # 03 · Post-training quantization: a sweep and its front
#
# **Without training again, how small does a network become before it loses a point of accuracy?**
#
# Every pair of weight and activation formats is evaluated on all images and costed at one frame
# rate. A post-training recipe is tried for each pair, and the better of the two stands for it.

# %%
import matplotlib.pyplot as plt
from IPython.display import Markdown

import dse
from dse.plots import pareto

# %%
study = dse.explore(
    "digits-mlp",
    out="reports/ptq",
    weights="int3-6,int8,e2m0,e2m1,e3m2,e4m3",
    acts="int3-6,int8,e2m1,e3m2,e4m3",
    device="ecp5",
    fps=50_000,
    ptq="none,gptq+bias",
    best_of=True,
)
study

# %% [markdown]
# `study.evaluations` and `study.front` are tables; the front is chosen on validation images and
# shows accuracy on the test images, which no choice has seen.

# %%
study.evaluations.groupby("recipe")["val_top1_pct"].describe().round(2)

# %%
float_pct = study.findings.header.float_accuracy.test_top1_pct
_, axes = plt.subplots(layout="constrained")
_ = pareto(study.findings.points, ax=axes, float_pct=float_pct)
# %% [markdown]
# ## What the recipe is worth
#
# Validation accuracy with the recipe minus without it, by weight format, averaged over activations.

# %%
by_recipe = study.evaluations.pivot_table(
    index="weight_format", columns="recipe", values="val_top1_pct", sort=False
)
gain = (by_recipe["gptq+bias"] - by_recipe["none"]).sort_values(ascending=False)
gain.round(2)

# %% [markdown]
# ## Answer
#
# The rule, fixed before looking at test images: the cheapest point of the front whose *validation*
# accuracy is at most one point below float.

# %%
before = study.findings.header.float_accuracy
good = study.front[study.front.val_top1_pct >= before.val_top1_pct - 1.0]
int8 = study.evaluations.query("weight_format == 'int8' and act_format == 'int8'").iloc[0]
if good.empty:
    answer = "No pair stays within one point of float."
else:
    chosen = good.sort_values("lut").iloc[0]
    answer = (
        f"**{chosen.weight_format} weights with {chosen.act_format} activations** "
        f"({chosen.recipe}) take {100 * chosen.lut / int8.lut:.0f} % of the LUTs of int8 and reach "
        f"{chosen.test_top1_pct:.2f} % on the test images; float reaches "
        f"{before.test_top1_pct:.2f} %. The recipe helped most with {gain.index[0]} weights, "
        f"by {gain.iloc[0]:.2f} points on average."
    )
Markdown(answer)
