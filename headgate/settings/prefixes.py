"""Where what lies in the bucket. Readers, roles, lifecycle rules and delivery streams use these names."""

RAW = "raw-data/"
CURATED = "curated/"
QUARANTINE = "quarantine/"
DELIVERY_ERRORS = "delivery-errors/"
"""Outside every data prefix, so that no reader meets an error object (F02)."""
FAILED_BATCHES = "aws/lambda/"
"""Fixed by Lambda. Source: Lambda developer guide, S3 as an on-failure destination of a Kinesis mapping."""

CURATED_FOLDERS = "dt=!{timestamp:yyyy-MM-dd}/hour=!{timestamp:HH}/"
"""`yyyy`, never the week-year `YYYY` (F03)."""
ERROR_FOLDERS = "/!{firehose:error-output-type}/!{timestamp:yyyy/MM/dd/HH}/"
