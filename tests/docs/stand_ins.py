"""What the tests run in the place of what takes hours."""

from dse.formats import parse_format

_FIRST_POINT = "$(sed -n 2p {}/front.csv | cut -d, -f1)"
_IMAGENET = {
    "size=256&crop=224": "size=36&crop=32",
    "--weights int4-8,minifloat4-8": "--weights int4",
    "--acts int4-8,minifloat4-8": "--acts int4,e2m1",
    "--best-of": "--best-of --jobs 1",
}
_BOARD = {"--mutations 20": "--mutations 2 --count 10", "--count 20": "--count 3"}
STAND_INS: dict[str, dict[str, str]] = {
    "README.md": {
        **_IMAGENET,
        **_BOARD,
        "--point DIGEST": f"--point {_FIRST_POINT.format('reports/tour')}",
        "--board ulx3s-85f": "--board ulx3s-85f --no-bitstream --images 4",
    },
    "CONTRIBUTING.md": {
        "ulx3s-45f --out": "ulx3s-45f --fold fps=2000 --no-bitstream --images 2 --out",
        "--device NAME": "--device ecp5",
    },
    "docs/api/studies.md": {
        "digits-cnn": "digits-mlp",
        'fold="fps=5000"': 'fold="fps=2000", images="4", bitstream=False',
    },
    "docs/execution.md": {
        "--model fmnist-cnn": "--model digits-mlp --weights int4 --acts int4,e2m1",
        "--trials 300": "--trials 2",
        "--trials 500 --jobs 2": "--trials 3",
        "scheduler --port 8786": "scheduler --host 127.0.0.1 --port $PORT --no-dashboard",
        "tcp://host:8786": "tcp://127.0.0.1:$PORT",
        "--nworkers 16": "--nworkers 1 --no-dashboard",
    },
    "docs/hardware.md": {
        **_BOARD,
        "--point DIGEST": f"--point {_FIRST_POINT.format('reports/fmnist')}",
        "--board ulx3s-85f": "--board ulx3s-85f --no-bitstream --images 4",
    },
    "docs/networks.md": {
        **_IMAGENET,
        "--weights int4,e2m1,int8,e4m3 --acts int4-8,e2m1": "--weights int4 --acts int4,e2m1",
        "--model efficientnet-lite0": "--model torchvision.models:resnet18",
        "--weights int4,int8,e4m3": "--weights int4",
    },
    "docs/python.md": {"bitstream=False": 'bitstream=False, images="4"'},
    "docs/search.md": {
        "fmnist-cnn": "digits-mlp",
        "layer.conv1": "layer.fc3",
        "int3-8,minifloat3-8": "int4,e2m1",
        "--out fastest": "--trials 3 --out fastest",
        "`bitfront search`": "`bitfront search space.toml --trials 3 --out reports/layers`",
    },
    "docs/studies.md": {
        "--model fmnist-cnn": "--model digits-mlp --weights int4 --acts int4,e2m1",
        " fmnist-cnn": " digits-mlp",
        "fashion-mnist": "digits",
        "--qat 10": "--qat 1 --qat-epochs 1",
        "--acts int4 --out trained": "--acts int4 --epochs 1 --out trained",
        "--out judged": "--seeds 2 --out judged",
        "report STUDY": "report reports/fmnist",
    },
}
"""By page: what stands there, and what is run instead; `PORT` is a free port."""

_EXPLORE = {"--model digits-cnn": "--model digits-mlp --weights int4 --acts int4,e2m1"}
MAKE = {
    "explore": _EXPLORE,
    "figures": {
        **_EXPLORE,
        "--trials 60": "--trials 3",
        "for style in ieee ieee2 acm slides": "for style in ieee",
        "pareto fronts pareto-matrix by-bits sqnr": "by-bits",
        "cost-breakdown roofline format-map": "format-map",
    },
}
"""The same by target of the Makefile."""

_FEW = [parse_format(name) for name in ("int4", "int8", "e2m1", "e4m3")]
NARROWED: dict[str, object] = {
    "cells.format_pairs": lambda: [(weight, act) for weight in _FEW for act in _FEW],
    "cells._DOT_FORMATS": (("int4", "e2m1"),),
    "cells._DOT_LANES": (2,),
    "cells._PIPELINED_LANES": (2,),
    "cells._RANDOM_MACS": 1,
    "units.FIT_PAIRS": (("int4", "int4"),),
    "units.FIT_SHAPES": ((64, 32, 4, 8), (64, 32, 1, 4)),
    "cell_counts.FORMATS": ("int4",),
    "cell_counts.DEVICES": ("xcup",),
    "formats_compared.FORMATS": ("int8", "e4m3"),
    "formats_compared.LANES": (1,),
    "formats_compared.DEVICES": ("gates",),
}
"""What commands go through that have no option for less, by name in `hw_models.calibration`."""

ONLY_PARSED = {
    "make install": "run by .ci/run, before the tests",
    "make lint": "run by .ci/run, before the tests",
    "make docs": "run by .ci/run, before the tests",
    "make test": "run by .ci/run: these are its tests",
    "make bench": "measures speed, for long and on a quiet machine",
    "make gallery": "places and routes, or simulates, many accelerators",
    "make bit-exact": "places and routes, or simulates, many accelerators",
    "pip install": "changes the environment that the tests run in",
    "from dask_jobqueue import SLURMCluster": "needs a SLURM cluster",
}
"""What no test can run, by how the command, or a line of the Python block, begins; and why."""
