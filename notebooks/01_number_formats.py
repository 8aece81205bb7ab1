# %% [markdown]
# # 01 · Number formats
#
# **Which format of a given width keeps most of a signal: an integer, or which minifloat?**
#
# An integer spaces its values evenly. A minifloat `eEmM` (sign, E exponent bits, M mantissa bits)
# spaces them finely near zero and coarsely far from it. What that is worth depends on the signal.

# %%
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from IPython.display import Markdown

import dse
from dse.metrics import DISTRIBUTIONS, best_sqnr_db, sqnr_db

# %% [markdown]
# ## What a format is
#
# A finite set of values, each with a code. Everything rounds half to even and saturates.

# %%
e2m1 = dse.parse_format("e2m1")
print("values ", e2m1.grid())
print("codes  ", e2m1.encode([0.2, 0.25, 0.3, 100.0, -3.4]))
print("decoded", e2m1.decode(e2m1.encode([0.2, 0.25, 0.3, 100.0, -3.4])))

# %%
names = ["int4", "e2m1", "e3m0"]
figure, axes = plt.subplots(figsize=(6, 1.6), layout="constrained")
for row, name in enumerate(names):
    values = dse.parse_format(name).narrow().grid()
    axes.plot(values / values.max(), np.full(len(values), -row), "|", markersize=14)
axes.set_yticks([0, -1, -2], names)
_ = axes.set_xlabel("value / largest value")
# %% [markdown]
# ## Noise of one tensor
#
# Quantizing divides by a scale, rounds to the grid and multiplies again. The scale decides between
# clipping (too small) and coarse steps (too large).

# %%
weights = np.random.default_rng(0).standard_normal(100_000).astype(np.float32)


def noise(name: str, scale: float) -> float:
    """Return the SQNR [dB] of the weights at one scale."""
    fmt = dse.parse_format(name).narrow()
    return sqnr_db(weights, fmt.quantize(weights / np.float32(scale)) * np.float32(scale))


reach = np.geomspace(1, 8, 40)  # largest representable value, in standard deviations
figure, axes = plt.subplots(figsize=(5, 3), layout="constrained")
for name in names:
    largest = dse.parse_format(name).narrow().max
    axes.plot(reach, [noise(name, x / largest) for x in reach], label=name)
axes.set(xlabel="largest value [standard deviations]", ylabel="SQNR [dB]")
_ = axes.legend()
# %% [markdown]
# ## Every format, at its best scale
#
# `best_sqnr_db` integrates instead of sampling. The three distributions are uniform, normal, and
# Student's t with 8 degrees of freedom, whose tails are heavier.

# %%
rows = [
    {"format": fmt.name, "bits": fmt.bits}
    | {d.name: best_sqnr_db(fmt.narrow(), d) for d in DISTRIBUTIONS}
    for fmt in dse.default_sweep()
]
table = pd.DataFrame(rows).set_index("format")
table.round(1)

# %%
best = table.groupby("bits").idxmax()
best

# %% [markdown]
# ## Answer


# %%
def said(column: pd.Series) -> str:
    """Return where integers win on one distribution, and where minifloats."""
    wins = {"integers": [], "minifloats": []}
    for bits, name in column.items():
        wins["integers" if name.startswith("int") else "minifloats"].append(
            f"{name} at {bits} bits"
        )
    return "; ".join(f"{kind}: {', '.join(found)}" for kind, found in wins.items() if found)


lead = (table.loc["e4m3"] - table.loc["int8"]).drop("bits")
lines = [f"* On **{name}** data, {said(best[name])}." for name in best]
lines.append(
    "* E4M3 against INT8: "
    + ", ".join(f"{gain:+.1f} dB on {name} data" for name, gain in lead.items())
    + "."
)
Markdown("\n".join(lines))
