# %% [markdown]
# # 02 · What a format costs
#
# **Does an FP8 multiply-accumulate take more of an FPGA than an INT8 one, and what does the extra
# hardware buy?**
#
# A product of two finite numbers is exact in fixed point, and so is the sum here: no rounding
# hides in the hardware, and cells of all formats do the same job.

# %%
import pandas as pd
from IPython.display import Markdown

import dse
from dse.metrics import GAUSSIAN, best_sqnr_db
from hw_models.arith.cell import STYLES, Mac
from hw_models.cost.dot import cell_parts
from hw_models.cost.target import load_target
from hw_models.rtl.cell import emit_mac
from hw_models.synth.synthesis import synthesise

# %% [markdown]
# ## Estimates
#
# LUTs of one multiply-accumulate of a format with itself, in a sum of 1,024 products, without DSP
# blocks. The accumulator is as wide as the exact sum needs.


# %%
def mac(name: str) -> Mac:
    """Return the cell of a format with itself."""
    fmt = dse.parse_format(name)
    return Mac(weight=fmt.narrow(), act=fmt, terms=1024)


def luts(cell: Mac, device: str) -> int:
    """Return the estimate of the cost model."""
    return sum(part.resources.lut for part in cell_parts(cell, load_target(device, "none")))


names = ["int8", "e4m3", "e5m2", "e3m4", "e2m5", "int6", "e3m2", "e2m3", "int4", "e2m1"]
table = pd.DataFrame(
    {
        "bits": [dse.parse_format(name).bits for name in names],
        "accumulator bits": [mac(name).accumulator_bits for name in names],
        **{device: [luts(mac(name), device) for name in names] for device in ("ecp5", "xcup")},
    },
    index=names,
)
table

# %% [markdown]
# ## Are the estimates right?
#
# Yosys synthesises two of the cells here and now.

# %%
checked = ["int8", "e4m3"]
found = synthesise([emit_mac(mac(name), STYLES["ecp5"][0]) for name in checked], "ecp5")
synthesis = pd.DataFrame(
    {
        "estimate": table.loc[checked, "ecp5"],
        "synthesis": [item.resources.lut for item in found],
    }
)
synthesis

# %% [markdown]
# ## What the LUTs buy
#
# SQNR of normally distributed values at the best scale, against LUTs.

# %%
table["sqnr_db"] = [best_sqnr_db(dse.parse_format(n).narrow(), GAUSSIAN) for n in names]
axes = table.plot.scatter("ecp5", "sqnr_db", figsize=(5, 3.2))
for name, row in table.iterrows():
    axes.annotate(name, (row["ecp5"], row["sqnr_db"]), xytext=(4, 3), textcoords="offset points")
_ = axes.set(xlabel="LUTs on ECP5", ylabel="SQNR [dB]")
# %% [markdown]
# ## Answer

# %%
error = 100 * (synthesis["estimate"] / synthesis["synthesis"] - 1).abs().max()
int8, e4m3 = table.loc["int8"], table.loc["e4m3"]
extra = {device: 100 * (e4m3[device] / int8[device] - 1) for device in ("ecp5", "xcup")}
cheaper = table.index[table["ecp5"] < int8["ecp5"]]
Markdown(
    f"E4M3 takes **{extra['ecp5']:+.0f} %** LUTs against INT8 on ECP5 and "
    f"**{extra['xcup']:+.0f} %** on UltraScale+. Its SQNR on normal data is "
    f"**{e4m3['sqnr_db'] - int8['sqnr_db']:+.1f} dB** against INT8's; the range it pays for helps "
    f"where a tensor has outliers. Cheaper than INT8 on ECP5: {', '.join(cheaper)}. "
    f"Estimates of the two cells checked are within {error:.1f} % of synthesis."
)
