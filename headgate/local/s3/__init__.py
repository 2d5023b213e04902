"""moto's S3 with its objects as plain files that a person can open."""
