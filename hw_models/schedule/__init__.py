"""When each beat of an accelerator flows: latency, interval and the FIFOs they need.

::

    flow = with_sized_fifos(dataflow(accelerator, foldings), latencies)
    schedule = replay(flow, latencies)
    schedule.latency_cycles, schedule.interval_cycles
"""

from hw_models.schedule.fifos import with_sized_fifos
from hw_models.schedule.replay import Schedule, replay

__all__ = ["Schedule", "replay", "with_sized_fifos"]
