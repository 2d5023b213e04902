"""Lambda's event source mapping for Kinesis, on one machine: what AWS runs between a stream and a function.

Source: Lambda developer guide, "Using Lambda with Kinesis"; Lambda API reference, CreateEventSourceMapping.
"""

from headgate.local.event_source.mapping import EventSourceMapping
from headgate.local.event_source.poller import EventSourcePoller, NotInvokedError
from headgate.local.event_source.store import CheckpointStore

__all__ = ["CheckpointStore", "EventSourceMapping", "EventSourcePoller", "NotInvokedError"]
