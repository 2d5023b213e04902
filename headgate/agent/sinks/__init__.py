"""The destinations: one call each, its answer as outcomes. Retrying is chalicelib.retry's."""
