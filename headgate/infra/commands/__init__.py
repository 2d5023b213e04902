"""One file for each command below `python -m headgate infra`."""
