"""`headgate send`: sends a file, or made-up events, to a Headgate endpoint.

rows of a source → batches with ids → deliveries (retried by chalicelib.retry) → tally, rejects, checkpoint.
"""
