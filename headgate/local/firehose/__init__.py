"""A Firehose for one machine: buffers, prefixes, compression and delivery to S3 as AWS documents them."""
