"""The converters of `dataProcessingOptions`: a record's bytes in, a record's bytes or a reason out. Pure."""
