"""Pure functions from a stage's settings to CloudFormation; nothing here reads, writes or calls AWS."""
