"""Whether the destination of a flow is there, for `--check`: one read-only call, and what its answer means.

Source: Kinesis DescribeStreamSummary, Firehose DescribeDeliveryStream.
"""

from collections.abc import Callable
from typing import Any

from headgate.agent.config.model import FIREHOSE, Aws, Flow
from headgate.agent.sinks.aws import Unusable
from headgate.aws_errors import error_code, error_message

_UNUSABLE_CODES = {"UnrecognizedClientException", "InvalidClientTokenId", "ExpiredTokenException"}


def probe(aws: Aws, flow: Flow, make_client: Callable[[Aws, str], Any]) -> str | None:
    """Return what is wrong with the destination, as a line of `--check`; None when it is there."""
    try:
        client = make_client(aws, flow.kind)
        if flow.kind == FIREHOSE:
            client.describe_delivery_stream(DeliveryStreamName=flow.destination)
        else:
            client.describe_stream_summary(StreamName=flow.destination)
    except Unusable as error:
        return f"error: {error}"
    except Exception as error:  # noqa: BLE001 - whatever a client says is a line of the report
        return _said(flow, error)
    return None


def _said(flow: Flow, error: Exception) -> str:
    code = error_code(error)
    if code == "ResourceNotFoundException":
        return f"error: there is no {flow.kind} stream {flow.destination}"
    if code in _UNUSABLE_CODES or "Credentials" in type(error).__name__:
        return f"error: the credentials cannot be used: {code or error}"
    why = f"{code}: {error_message(error)}" if code else f"{type(error).__name__}: {error}"
    return f"warning: it is not known whether the {flow.kind} stream {flow.destination} is there ({why})"
