"""Checks of checkov that do not apply here, each with its reason. Nothing else is skipped."""

SKIPPED = {
    "CKV_AWS_18": "a log bucket for the bucket would need a log bucket; CloudTrail data events do the same",
    "CKV_AWS_26": "CloudWatch cannot publish under the AWS-managed key; an alarm holds no event's data",
    "CKV_AWS_73": "X-Ray bills each trace and answers no question that the metrics leave open",
    "CKV_AWS_115": "the stage's throttle bounds ingest, the shards bound the transform",
    "CKV_AWS_116": "a dead-letter queue is for asynchronous calls; the mapping has its own destination",
    "CKV_AWS_117": "the functions call public AWS endpoints only; a VPC would add cost and cold start",
    "CKV_AWS_120": "a cached answer to a POST would be a receipt for an event that was never written",
    "CKV_AWS_158": "log groups are encrypted with the service's key; they hold no payload",
    "CKV_AWS_173": "the environment holds names and no secret; it is encrypted with the service's key",
}
