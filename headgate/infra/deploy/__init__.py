"""The only part of headgate.infra that calls AWS: thin functions over boto3 clients that are passed in."""
