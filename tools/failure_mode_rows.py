"""The failure modes that tests cite by number: what sets each off, and what happens then.

G is the gateway and Chalice, D decoding, K the stream, T the transform and its event source mapping, F
Firehose and the readers. Read by failure_modes.py, which finds the tests.
"""

from typing import NamedTuple


class Row(NamedTuple):
    """One failure mode. `elsewhere` says what cannot be tested without AWS, and who sees to it there."""

    number: str
    trigger: str
    what_happens: str
    elsewhere: str = ""


ROWS = (
    Row(
        "G01",
        "A body over the gateway's 10 MB",
        "413; a sender halves its batch and never sends the same again",
    ),
    Row(
        "G02",
        "An event that API Gateway takes and Lambda does not (6 MB as JSON)",
        "Cannot happen below the contract's body limit: the limits are checked against each other",
        "The gateway's own answer above that limit is AWS's",
    ),
    Row(
        "G03",
        "The stream is slower than the gateway's 29 s",
        "503 before the deadline; what was written all the same keeps its id when it is sent again",
        "504 itself is the gateway's answer",
    ),
    Row(
        "G04",
        "A throttle of account, stage or usage plan",
        "429; clients wait with full jitter, and deliver all",
    ),
    Row(
        "G05",
        "Lambda has no concurrency left",
        "The client sees the one error shape instead of a bare 500; the stage's throttle comes first",
        "Concurrency itself is Lambda's; the template is what is tested",
    ),
    Row(
        "G06", "No Content-Type, or an odd one", "Decoded as JSON or refused with 415: never lost with a 200"
    ),
    Row(
        "G07",
        "A gzip body that grows a thousandfold",
        "Inflated up to the limit, then 413; damaged gzip is a 400",
    ),
    Row("G08", "Wrong path, method or query", "404, 405 or 400 in the one error shape, never a 500"),
    Row(
        "G09", "Line breaks, NUL or a thousand headers", "Refused; nothing a client sends stands in a header"
    ),
    Row("G10", "A browser's preflight", "405 unless the stage lists the origin, or `*` for every origin"),
    Row("G11", "An unforeseen error", "500 with a request id; the trace stays in the log's kind and place"),
    Row(
        "G12", "A missing or wrong setting", "The function fails at init with one message that names them all"
    ),
    Row(
        "D01",
        "Bytes that are not UTF-8 JSON",
        "400 with a code; UTF-16, a BOM or a bare value is not guessed at",
    ),
    Row(
        "D02",
        "NaN, Infinity, numbers no double holds",
        "Not JSON: 400; any number of the grammar passes as sent",
    ),
    Row("D03", "Integers of any size", "Stored as sent, digit by digit"),
    Row("D04", "Nesting by the thousand", "400 TooDeep on every Python"),
    Row("D05", "Repeated keys", "Valid JSON, stored as sent"),
    Row("D06", "A lone surrogate", "400: it could not be written as UTF-8 again"),
    Row("D07", "Floods of keys, members or tiny events", "Refused at a limit, in time linear in the body"),
    Row(
        "D08",
        "One bad event among many",
        "Nothing is written; every bad index is listed; a client sends the rest",
    ),
    Row("D09", "An event over its limit", "400 with index, size and limit, counted in bytes; nothing is cut"),
    Row("D10", "Fields or types nobody knows", "Fields pass through; types as the stage says"),
    Row("D11", "Keys like `__proto__`, cells like `=cmd`", "Data is data"),
    Row("D12", "A client's clock is years off", "Accepted; received_at is the stream's time"),
    Row(
        "K01",
        "PutRecords answers 200 and has failed for some",
        "Only those are sent again, found by their index",
    ),
    Row("K02", "The stream throttles", "Full jitter within a budget, then 429 or 503"),
    Row("K03", "Written, and the answer is lost", "Sent again: the copies share their event id"),
    Row("K04", "Retries in several layers", "One attempt per client call; all retrying is in one place"),
    Row(
        "K05",
        "More than a call or a record may hold",
        "Split by count and bytes; one that is too large is refused",
    ),
    Row("K06", "A partition key that is empty or too long", "The event id is the key, and it always fits"),
    Row("K07", "A hot shard", "Its records wait; those of other shards and keys do not"),
    Row("K08", "Shards are split or merged", "Nothing is lost, nothing out of its key's order"),
    Row(
        "K09",
        "KMS refuses",
        "Throttling passes; a key that is off or denied is Misconfigured and raises an alarm",
    ),
    Row(
        "K10", "Expired credentials, no DNS, endpoint down", "503 after a budget; never a trace to the client"
    ),
    Row("K11", "The function is frozen between calls", "Nothing is kept past the answer"),
    Row("K12", "Time runs out", "No call is started that cannot end; 503 says which events are not stored"),
    Row("T01", "A record that cannot be decoded", "Quarantined with its reason; the shard goes on"),
    Row("T02", "A failure that passes, in mid-batch", "Handed back from the first record that is not done"),
    Row("T03", "The grammar of partial batch answers", "As Lambda documents it, on both sides"),
    Row(
        "T04", "The function fails, dies or runs out of time", "Split and tried again, which spends no retry"
    ),
    Row("T05", "Retries or age used up", "The whole batch goes to S3, with its records"),
    Row(
        "T06",
        "An outage longer than the age limit",
        "The limit is well below the retention, so nothing just expires",
    ),
    Row("T07", "The same batch twice", "The same bytes under the same ids"),
    Row(
        "T08", "Parallel lanes, resharding", "Each key keeps its order; a parent is done before its children"
    ),
    Row(
        "T09", "PutRecordBatch has failed for some", "Only those are sent again; what is left is handed back"
    ),
    Row(
        "T10",
        "A curated line over Firehose's limit",
        "Excluded by the limits; one that a hook made is quarantined",
    ),
    Row("T11", "Line breaks inside an event", "Taken out between tokens; one line is one event"),
    Row("T12", "Giants among crowds, 10,000 records", "Memory is bounded by pieces, whatever the batch"),
    Row(
        "T13",
        "A backlog",
        "The age of the oldest record raises an alarm long before the retention ends",
        "The metric is Lambda's; the template's arithmetic is what is tested",
    ),
    Row(
        "T14",
        "KPL-aggregated or foreign records",
        "Curated under ids of their own; a damaged aggregated record is quarantined whole",
    ),
    Row(
        "F01",
        "S3 or Firehose refuses",
        "Kept and tried again under the same name; freshness rises, an alarm fires",
    ),
    Row("F02", "Records that Firehose cannot deliver", "Under an error prefix outside the data"),
    Row("F03", "Prefixes by time", "The oldest record's arrival; the calendar year, not the week's"),
    Row(
        "F04",
        "Late data",
        "An object may land in an hour that has ended: readers go by what arrived, not by the hour",
    ),
    Row("F05", "Copies in S3", "One row per event id in the documented view"),
    Row(
        "F06",
        "Leftovers of uploads",
        "Removed by the bucket's lifecycle; an interrupted delivery leaves no object",
    ),
    Row("F07", "Compression", "Objects end in .gz and unpack whole"),
    Row("F08", "Names that collide", "Each object has a name of its own; nothing is overwritten by another"),
    Row("F09", "The schema drifts", "The envelope's columns are fixed; the event stays text"),
    Row(
        "F10",
        "Data has to be deleted",
        "Prefixes by day and the stage's expiry days",
        "Deleting one person's events is a query and a rewrite, which readers do",
    ),
)
