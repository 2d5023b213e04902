"""AWS's words for "too much at once": the one kind of refusal that waiting mends.

A set and nothing else, so that the agent, which runs without orjson, can share it with the adapters and the
readers.
"""

THROTTLED = frozenset(
    {
        "KMSThrottlingException",
        "LimitExceededException",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "SlowDown",
        "Throttling",
        "ThrottlingException",
    }
)
