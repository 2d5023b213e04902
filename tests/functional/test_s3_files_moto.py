"""moto's S3 on files, through boto3: what AWS's S3 promises, and that it survives the process."""

import http.client
import io
import sys
import zlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from hashlib import md5
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import pytest
from boto3.s3.transfer import TransferConfig
from botocore.exceptions import ClientError

from tests.aws_endpoint_process import EndpointProcess

MIB = 1024 * 1024
SIGNED = "AWS4-HMAC-SHA256 Credential=t/20260101/us-east-1/s3/aws4_request, SignedHeaders=h, Signature=s"
KEYS = [
    "a",
    "a/b",
    "raw-data/2026/11/21/02/part=1 x.gz",
    "한글 😀.json",
    "../../escape",
    "a//b",
    "a/",
    "x/../y",
    "100%",
    "%41",
    "+&?#;=:@,",
    "tab\tx",
    "quote\"<>'\\|*",
    "long" * 100 + "/" + "한" * 100,
]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("data")


@pytest.fixture(scope="module")
def endpoint(data: Path) -> Iterator[EndpointProcess]:
    process = EndpointProcess(data)
    yield process
    process.kill()


@pytest.fixture(scope="module")
def s3(endpoint: EndpointProcess) -> Iterator[Any]:
    client = endpoint.client("s3")
    yield client
    client.close()


@pytest.fixture
def bucket(s3: Any, request: pytest.FixtureRequest) -> str:
    name = f"bucket-{zlib.crc32(request.node.nodeid.encode()):x}"
    s3.create_bucket(Bucket=name)
    return name


def code_of(caught: pytest.ExceptionInfo[ClientError]) -> str:
    return str(caught.value.response["Error"]["Code"])


def put_all(s3: Any, bucket: str, keys: list[str]) -> None:
    for key in keys:
        s3.put_object(Bucket=bucket, Key=key, Body=key.encode())


def listed(s3: Any, bucket: str, **options: Any) -> list[str]:
    return [entry["Key"] for entry in s3.list_objects_v2(Bucket=bucket, **options).get("Contents", [])]


def test_an_object_is_a_plain_file_before_put_object_returns(s3: Any, bucket: str, data: Path) -> None:
    s3.put_object(Bucket=bucket, Key="raw-data/2026/11/21/02/lines.gz", Body=b"lines")
    assert (data / "s3" / bucket / "raw-data/2026/11/21/02/lines.gz").read_bytes() == b"lines"


def test_awkward_keys_are_stored_listed_and_read_as_sent(s3: Any, bucket: str, data: Path) -> None:
    put_all(s3, bucket, KEYS)
    assert listed(s3, bucket) == sorted(KEYS)
    for key in KEYS:
        assert s3.get_object(Bucket=bucket, Key=key)["Body"].read() == key.encode()
    assert not list(data.glob("escape*"))


def test_metadata_type_and_etag_come_back(s3: Any, bucket: str) -> None:
    metadata = {"my_key": "1", "other-key": "2"}
    put = s3.put_object(Bucket=bucket, Key="k", Body=b"x", ContentType="text/plain", Metadata=metadata)
    got = s3.head_object(Bucket=bucket, Key="k")
    assert (got["ContentType"], got["Metadata"], got["ETag"]) == ("text/plain", metadata, put["ETag"])
    assert got["ContentLength"] == 1


@pytest.mark.parametrize("size_bytes", [1000, 3 * MIB], ids=["in memory", "streamed"])
def test_ranges_give_the_named_bytes(s3: Any, bucket: str, size_bytes: int) -> None:
    content = bytes(range(250)) * (size_bytes // 250)
    s3.put_object(Bucket=bucket, Key="k", Body=content)
    length = len(content)
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == content
    for spec, part in [("10-19", content[10:20]), ("-5", content[-5:]), ("500-", content[500:])]:
        got = s3.get_object(Bucket=bucket, Key="k", Range=f"bytes={spec}")
        assert got["Body"].read() == part
        assert got["ResponseMetadata"]["HTTPStatusCode"] == 206
    with pytest.raises(ClientError) as caught:
        s3.get_object(Bucket=bucket, Key="k", Range=f"bytes={length}-")
    assert code_of(caught) == "InvalidRange"


def test_listing_knows_prefix_delimiter_and_pages(s3: Any, bucket: str) -> None:
    put_all(s3, bucket, ["a/1", "a/2", "b/1", "c"])
    page = s3.list_objects_v2(Bucket=bucket, Delimiter="/")
    assert [entry["Key"] for entry in page["Contents"]] == ["c"]
    assert [entry["Prefix"] for entry in page["CommonPrefixes"]] == ["a/", "b/"]
    assert listed(s3, bucket, Prefix="a/") == ["a/1", "a/2"]
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, PaginationConfig={"PageSize": 2})
    assert [[entry["Key"] for entry in page["Contents"]] for page in pages] == [["a/1", "a/2"], ["b/1", "c"]]
    first = s3.list_objects(Bucket=bucket, MaxKeys=3)
    rest = s3.list_objects(Bucket=bucket, Marker=first["Contents"][-1]["Key"])
    assert (first["IsTruncated"], [entry["Key"] for entry in rest["Contents"]]) == (True, ["c"])


def test_a_missing_object_and_a_missing_bucket_are_404(s3: Any, bucket: str) -> None:
    with pytest.raises(ClientError) as caught:
        s3.get_object(Bucket=bucket, Key="none")
    assert code_of(caught) == "NoSuchKey"
    with pytest.raises(ClientError) as caught:
        s3.get_object(Bucket="no-such-bucket", Key="k")
    assert code_of(caught) == "NoSuchBucket"


def test_copies_have_bytes_and_metadata_of_their_own(s3: Any, bucket: str) -> None:
    content = b"x" * (2 * MIB)
    s3.put_object(Bucket=bucket, Key="from", Body=content, ContentType="text/plain", Metadata={"a": "1"})
    s3.copy_object(Bucket=bucket, Key="to", CopySource={"Bucket": bucket, "Key": "from"})
    s3.copy_object(
        Bucket=bucket,
        Key="from",
        CopySource={"Bucket": bucket, "Key": "from"},
        MetadataDirective="REPLACE",
        Metadata={"a": "2"},
    )
    s3.delete_object(Bucket=bucket, Key="none")
    copied = s3.get_object(Bucket=bucket, Key="to")
    assert (copied["Body"].read(), copied["Metadata"], copied["ContentType"]) == (
        content,
        {"a": "1"},
        "text/plain",
    )
    assert s3.head_object(Bucket=bucket, Key="from")["Metadata"] == {"a": "2"}


def test_many_objects_are_deleted_at_once_and_then_the_bucket(s3: Any, bucket: str, data: Path) -> None:
    put_all(s3, bucket, KEYS)
    with pytest.raises(ClientError) as caught:
        s3.delete_bucket(Bucket=bucket)
    assert code_of(caught) == "BucketNotEmpty"
    answer = s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": key} for key in KEYS]})
    assert len(answer["Deleted"]) == len(KEYS)
    s3.delete_bucket(Bucket=bucket)
    assert not (data / "s3" / bucket).exists()
    assert bucket not in [entry["Name"] for entry in s3.list_buckets()["Buckets"]]


def test_a_multipart_upload_is_one_file_and_leaves_no_parts(s3: Any, bucket: str, data: Path) -> None:
    content = b"0123456789abcdef" * (11 * MIB // 16)
    config = TransferConfig(multipart_threshold=5 * MIB, multipart_chunksize=5 * MIB)
    s3.upload_fileobj(io.BytesIO(content), bucket, "k", Config=config, ExtraArgs={"ContentType": "text/csv"})
    assert (data / "s3" / bucket / "k").read_bytes() == content
    assert list((data / "s3" / ".uploads").iterdir()) == []
    head = s3.head_object(Bucket=bucket, Key="k")
    assert (head["ETag"][-3:], head["ContentType"]) == ('-3"', "text/csv")


def test_a_part_that_does_not_match_fails_the_upload_and_aborting_drops_it(
    s3: Any, bucket: str, data: Path
) -> None:
    upload = s3.create_multipart_upload(Bucket=bucket, Key="k")["UploadId"]
    s3.upload_part(Bucket=bucket, Key="k", UploadId=upload, PartNumber=1, Body=b"x")
    with pytest.raises(ClientError) as caught:
        s3.complete_multipart_upload(
            Bucket=bucket,
            Key="k",
            UploadId=upload,
            MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": '"0"'}]},
        )
    assert code_of(caught) == "InvalidPart"
    s3.abort_multipart_upload(Bucket=bucket, Key="k", UploadId=upload)
    assert listed(s3, bucket) == []
    assert list((data / "s3" / ".uploads").iterdir()) == []


def test_versioning_is_remembered_and_one_version_kept(s3: Any, bucket: str) -> None:
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    put_all(s3, bucket, ["k", "k"])
    assert s3.get_bucket_versioning(Bucket=bucket)["Status"] == "Enabled"
    assert [version["Key"] for version in s3.list_object_versions(Bucket=bucket)["Versions"]] == ["k"]
    s3.delete_object(Bucket=bucket, Key="k")
    assert "Versions" not in s3.list_object_versions(Bucket=bucket)


def test_files_that_a_person_adds_changes_or_deletes_are_what_s3_shows(
    s3: Any, bucket: str, data: Path
) -> None:
    folder = data / "s3" / bucket
    put_all(s3, bucket, ["changed", "deleted"])
    (folder / "sub").mkdir()
    (folder / "sub" / "added.txt").write_bytes(b"by hand")
    (folder / "changed").write_bytes(b"by hand")
    (folder / "deleted").unlink()
    assert listed(s3, bucket) == ["changed", "sub/added.txt"]
    added = s3.get_object(Bucket=bucket, Key="sub/added.txt")
    assert (added["Body"].read(), added["ETag"]) == (
        b"by hand",
        f'"{md5(b"by hand", usedforsecurity=False).hexdigest()}"',
    )
    assert s3.get_object(Bucket=bucket, Key="changed")["Body"].read() == b"by hand"
    with pytest.raises(ClientError) as caught:
        s3.head_object(Bucket=bucket, Key="deleted")
    assert code_of(caught) == "404"


def test_a_bucket_name_that_is_no_folder_name_of_ours_is_refused(s3: Any, data: Path) -> None:
    client: Any = s3
    client.meta.events.unregister("before-parameter-build.s3", None)
    with pytest.raises(ClientError) as caught:
        client.create_bucket(Bucket="UPPER.case_")
    assert code_of(caught) == "InvalidBucketName"
    assert not (data / "s3" / "UPPER.case_").exists()


def test_a_key_over_1024_bytes_is_refused_as_s3_does(s3: Any, bucket: str) -> None:
    with pytest.raises(ClientError) as caught:
        s3.put_object(Bucket=bucket, Key="k" * 1025, Body=b"")
    assert code_of(caught) == "KeyTooLongError"


def test_a_body_in_aws_chunks_is_stored_without_its_framing(
    endpoint: EndpointProcess, s3: Any, bucket: str
) -> None:
    sent = b"5\r\nhello\r\n6\r\n world\r\n0\r\nx-amz-checksum-crc32:DUoRhQ==\r\n\r\n"
    headers = {
        "Authorization": SIGNED,
        "Content-Encoding": "aws-chunked",
        "X-Amz-Content-Sha256": "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
        "X-Amz-Trailer": "x-amz-checksum-crc32",
        "X-Amz-Decoded-Content-Length": "11",
    }
    parts = urlsplit(endpoint.url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=10)
    connection.request("PUT", f"/{bucket}/k", sent, headers)
    assert connection.getresponse().status == 200
    connection.close()
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"hello world"


def test_a_presigned_url_and_a_bucket_in_the_host_name_work(
    endpoint: EndpointProcess, s3: Any, bucket: str
) -> None:
    s3.put_object(Bucket=bucket, Key="a b", Body=b"x")
    parts = urlsplit(s3.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "a b"}))
    connection = http.client.HTTPConnection(urlsplit(endpoint.url).netloc, timeout=10)
    connection.request("GET", f"{parts.path}?{parts.query}")
    assert connection.getresponse().read() == b"x"
    host = {"Host": f"{bucket}.localhost:{parts.port}", "Authorization": SIGNED}
    connection.request("GET", f"/{quote('a b')}", headers=host)
    assert connection.getresponse().read() == b"x"
    connection.close()


def test_what_was_acknowledged_is_there_after_kill_9(tmp_path: Path) -> None:
    first = EndpointProcess(tmp_path)
    s3 = first.client("s3")
    s3.create_bucket(Bucket="my-bucket")
    put = s3.put_object(
        Bucket="my-bucket", Key="a/k", Body=b"kept", ContentType="text/plain", Metadata={"a": "1"}
    )
    s3.upload_fileobj(io.BytesIO(b"x" * 9 * MIB), "my-bucket", "large")
    large = s3.head_object(Bucket="my-bucket", Key="large")
    created = s3.list_buckets()["Buckets"]
    first.kill()
    s3.close()
    second = EndpointProcess(tmp_path)
    s3 = second.client("s3")
    got = s3.get_object(Bucket="my-bucket", Key="a/k")
    assert (got["Body"].read(), got["ETag"], got["ContentType"]) == (b"kept", put["ETag"], "text/plain")
    assert got["Metadata"] == {"a": "1"}
    again = s3.head_object(Bucket="my-bucket", Key="large")
    assert [again[name] for name in ("ETag", "LastModified")] == [
        large[name] for name in ("ETag", "LastModified")
    ]
    assert s3.list_buckets()["Buckets"] == created
    assert listed(s3, "my-bucket") == ["a/k", "large"]
    second.kill()
    s3.close()


def test_a_reader_never_sees_one_content_s_bytes_with_another_s_headers(s3: Any, bucket: str) -> None:
    """botocore compares the bytes with the checksum that the answer's head names."""

    def replace(number: int) -> None:
        for round_number in range(40):
            s3.put_object(
                Bucket=bucket, Key="k", Body=b"x" * (round_number + number), Metadata={"n": str(number)}
            )

    def read(_: int) -> None:
        for _ in range(40):
            got = s3.get_object(Bucket=bucket, Key="k")
            assert len(got["Body"].read()) == got["ContentLength"]

    s3.put_object(Bucket=bucket, Key="k", Body=b"")
    with ThreadPoolExecutor(6) as pool:
        done = [pool.submit(work, number) for number in (1, 2, 3) for work in (replace, read)]
        for future in done:
            future.result()


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_memory_does_not_grow_with_what_is_stored(endpoint: EndpointProcess, s3: Any, bucket: str) -> None:
    """I6. 60 MB are stored; a process that held them would show it."""
    for number in range(10):
        s3.put_object(Bucket=bucket, Key=f"warm-{number}", Body=b"x" * MIB)
    before_bytes = endpoint.memory_bytes()
    for number in range(60):
        s3.put_object(Bucket=bucket, Key=f"k-{number}", Body=b"x" * MIB)
        s3.get_object(Bucket=bucket, Key=f"k-{number}")["Body"].read()
    assert endpoint.memory_bytes() - before_bytes < 20 * MIB
