"""What ships in the Lambda zip: a pure core, three thin edges, two use cases."""

__version__ = "0.1.0"
