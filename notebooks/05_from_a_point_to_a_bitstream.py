# %% [markdown]
# # 05 · From a point to a bit-exact accelerator and a bitstream
#
# **Does the hardware compute exactly what was evaluated, and is it as large and as fast as
# predicted?**
#
# No vendor's tool is needed: Verilator simulates, Yosys synthesises, nextpnr places and routes.

# %%
from pathlib import Path

import pandas as pd
from IPython.display import Markdown

import dse

# %%
study = dse.explore(
    "digits-mlp", out="reports/build", weights="int4,e2m1", acts="same", device="ice40", fps=2_000
)
study

# %% [markdown]
# ## As a file
#
# QONNX is the only interface between accuracy and hardware; a file from elsewhere builds as well.

# %%
point = study.front.sort_values("val_top1_pct").iloc[-1]
model = study.export(point.digest, "model.onnx")
print(model, model.stat().st_size, "bytes:", point.weight_format, "/", point.act_format)

# %% [markdown]
# ## As hardware
#
# The RTL is simulated on the data set's test images, with random gaps and back-pressure, against
# exact integers. One word that differs would end the build.

# %%
report = dse.build(
    model, "icebreaker", out="reports/hardware", fold="fps=2000", images="digits", count=100
)
report

# %%
print(
    *Path("reports/hardware/rtl").joinpath("accelerator.sv").read_text().splitlines()[:12], sep="\n"
)

# %%
pd.Series(report.seconds, name="seconds").round(1)

# %% [markdown]
# ## Answer

# %%
bits = Path("reports/hardware", report.bitstream)
Markdown(
    f"**{report.words_different} of {report.words_compared}** output words differ from exact "
    f"integers. Cycles per frame: {report.ii_cycles} predicted, "
    f"{report.measured_interval_cycles:g} simulated. "
    f"LUTs: {report.estimate.lut} predicted, {report.synthesis.lut} synthesised "
    f"({report.lut_error_pct:+.1f} %). The whole board meets {report.clock_mhz:g} MHz "
    f"(Fmax {report.fmax_mhz:.1f}), which is {report.compute_fps:,.0f} frames a second. "
    f"Bitstream: `{bits}`, {bits.stat().st_size:,} bytes."
)
