"""Data format conversion: JSON records into Parquet or ORC, by the columns of a Glue table."""
