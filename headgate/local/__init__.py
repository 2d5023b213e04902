"""The whole path on one machine: no AWS, no Docker."""
