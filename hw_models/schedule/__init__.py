"""When each beat of an accelerator flows: latency, interval and the FIFOs they need.

::

    flow = dataflow(accelerator, foldings)
    latencies = pipeline_cycles(flow, fabric)
    flow = with_sized_fifos(flow, latencies)
    schedule = replay(flow, latencies)
    schedule.latency_cycles, schedule.interval_cycles
"""

from hw_models.schedule.fifos import with_sized_fifos
from hw_models.schedule.latency import pipeline_cycles
from hw_models.schedule.replay import Schedule, replay, slowest_ii_cycles

__all__ = ["Schedule", "pipeline_cycles", "replay", "slowest_ii_cycles", "with_sized_fifos"]
