"""How large the units and batches of a flow are: what its settings, its destination and the memory allow.

Pure. Called by flow.py, for batching.py.
"""

from headgate.agent.batching import Shape
from headgate.agent.config.model import HTTP, Flow

_KPL_BYTES = 51_200  # the KPL's own default for an aggregated record
_BATCH_BYTES = 512 * 1024  # a shard takes 1 MB/s: a larger call only needs more memory


def shape_of(flow: Flow, room_bytes: int) -> Shape:
    """Sizes of units and batches that respect the flow's settings, the destination and the memory."""
    batch_bytes = min(flow.max_bytes, max(_BATCH_BYTES, room_bytes // 16))
    if flow.kind == HTTP:
        # A unit is a request; a batch is one unit, so that it can be refused and mended alone.
        return Shape(batch_bytes, flow.max_records, 1, batch_bytes * 2)
    unit_bytes = flow.pack_bytes or (_KPL_BYTES if flow.kpl else 0)
    return Shape(unit_bytes, 10_000, flow.max_records, batch_bytes)
