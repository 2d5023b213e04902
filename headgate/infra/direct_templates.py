"""Velocity templates of the direct API, as API Gateway evaluates them.

A test evaluates them with another Velocity engine and feeds the result to Kinesis.
"""

_STREAM = "@stream@"

# Raw line breaks of a JSON text are white space between tokens: they go, and one newline ends the line. The
# partition key is the event id, as in the ingest function: the client's key, else the trace's root, else the
# request's id.
_REQUEST = """\
#set($line = $input.body.replaceAll("[\\r\\n]", ""))
#set($newline = $util.urlDecode("%0A"))
#set($key = $input.params("Idempotency-Key"))
#if($key == "")
#set($key = $input.params("X-Amzn-Trace-Id").replaceAll("^.*Root=", "").replaceAll(";.*$", ""))
#end
#if($key == "" || $key.length() > 200)
#set($key = $context.requestId)
#end
{"StreamName": "@stream@", "Data": "$util.base64Encode("$line$newline")",
 "PartitionKey": "$util.escapeJavaScript($key)"}
"""

RECEIPT = """\
{"SequenceNumber": $input.json("$.SequenceNumber"), "ShardId": $input.json("$.ShardId")}
"""

_PASSING = "ProvisionedThroughput|LimitExceeded|Throttling|InternalFailure|ServiceUnavailable"

# Kinesis answers 400 for what passes as well as for what never will. Both carry Retry-After, which is mapped
# outside: a header with a hyphen cannot be set here, and a client reads it only beside a 503.
REFUSED = f"""\
#if($input.body.matches("(?s).*({_PASSING}).*"))
#set($context.responseOverride.status = 503)
{{"Code": "Unavailable", "Message": "Not written. Send again with the same Idempotency-Key.",
 "RequestId": "$context.requestId"}}
#else
{{"Code": "InvalidEvent", "Message": "The stream refuses this event.", "RequestId": "$context.requestId"}}
#end
"""


def request_template(stream: str) -> str:
    """Make the template that turns a request into a PutRecord."""
    return _REQUEST.replace(_STREAM, stream)
