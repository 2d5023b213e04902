"""`infra destroy`: takes the data plane down. The bucket stays unless it is named."""

from botocore.exceptions import ClientError

from headgate.aws_errors import error_code
from headgate.infra.deploy.context import Context
from headgate.infra.deploy.mappings import function_tags
from headgate.infra.deploy.waiting import wait_for
from headgate.infra.errors import InfraError
from headgate.settings import fill_bucket

DELETE_AT_ONCE = 1000
"""Source: S3 API reference, DeleteObjects."""


def destroy(context: Context, *, bucket_too: bool) -> int:
    """Delete stack and stream, and the bucket with everything in it when told. Raises InfraError."""
    place = context.clients.place()
    context.require_chalice_managed()
    stage, names = context.settings.stage, context.names
    if function_tags(context.clients["lambda"], names.ingest_function) is not None:
        raise InfraError(f"the functions still run: `chalice delete --stage {stage}` first")
    bucket = fill_bucket(names.bucket, place.account, place.region)
    doomed = [f"stack {names.data_stack}", f"stream {names.stream}"] + [f"bucket {bucket}"] * bucket_too
    for line in doomed:
        context.say(("would delete " if context.dry_run else "deleting ") + line)
    context.say("what Firehose has not delivered yet is lost: stop the producers a buffer's time before")
    if context.dry_run:
        return 0
    if context.stack().status() is not None:
        context.stack().delete()
    _delete_stream(context)
    if bucket_too:
        _delete_bucket(context, bucket)
    else:
        context.say(f"kept: s3://{bucket}; the next `infra deploy` takes it over")
    return 0


def _delete_stream(context: Context) -> None:
    client, name = context.clients["kinesis"], context.names.stream

    def gone() -> bool | None:
        try:
            client.describe_stream_summary(StreamName=name)
        except ClientError as error:
            if error_code(error) == "ResourceNotFoundException":
                return True
            raise
        return None

    if gone() is None:
        client.delete_stream(StreamName=name, EnforceConsumerDeletion=True)
        wait_for(f"deleting the stream {name}", gone, context.clock)


def _delete_bucket(context: Context, bucket: str) -> None:
    client = context.clients["s3"]
    try:
        for page in client.get_paginator("list_object_versions").paginate(Bucket=bucket):
            every = [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
            keys = [{"Key": each["Key"], "VersionId": each["VersionId"]} for each in every]
            for start in range(0, len(keys), DELETE_AT_ONCE):
                client.delete_objects(Bucket=bucket, Delete={"Objects": keys[start : start + DELETE_AT_ONCE]})
                context.say(f"  {min(start + DELETE_AT_ONCE, len(keys))} objects of a page deleted")
        client.delete_bucket(Bucket=bucket)
    except ClientError as error:
        if error_code(error) != "NoSuchBucket":
            raise
