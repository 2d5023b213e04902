"""One file for each command below `headgate infra`."""
