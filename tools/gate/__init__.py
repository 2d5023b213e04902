"""The static gate: generate, merge, expand SAM, cfn-lint, checkov, our own rules, golden file."""
