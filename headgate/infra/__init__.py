"""Pure functions from a stage's settings to CloudFormation."""
