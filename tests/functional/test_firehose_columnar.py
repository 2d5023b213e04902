"""Parquet and ORC as objects: read back by other programs, with what could not be converted beside them."""

import base64
import errno
import importlib
import io
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from headgate.local.firehose.columnar.convert import converter
from headgate.local.firehose.columnar.encoder import ColumnarEncoder
from headgate.local.firehose.columnar.rows import make_table
from headgate.local.firehose.fleet import FirehoseOptions
from headgate.local.firehose.service import FirehoseService
from headgate.local.firehose.tries import Clients
from tests.fake_stream import FakeStream
from tests.firehose_columnar_rig import (
    CATALOG,
    TABLES,
    columnar_plan,
    conversion,
    destination,
    errors_in,
    orc,
    parquet,
    rows_in,
    rows_of,
)
from tests.firehose_rig import NAME, SOURCE, CrashError, FakeClock, FakeS3, Rig

duckdb: Any = importlib.import_module("duckdb")  # ships no types
arrow: Any = importlib.import_module("headgate.local.firehose.columnar.arrow")
GOOD = b'{"event_id":"a","n":1,"event":{"v": 1.10,"big":12345678901234567890}}\n'
SERIALIZERS = ["ParquetSerDe", "OrcSerDe"]
FULL_BYTES = 1000

# Takes records of which some cannot be converted, then is killed while S3 refuses everything.
_PUTTER = """
import base64, os, signal, sys
from pathlib import Path
from headgate.local.firehose.tries import Clients
from headgate.local.firehose.columnar.convert import converter
from headgate.local.firehose.fleet import FirehoseOptions
from headgate.local.firehose.service import FirehoseService
from tests.fake_stream import FakeStream
from tests.firehose_columnar_rig import TABLES, destination
from tests.firehose_rig import FakeS3

settings = FirehoseOptions(buffer_interval_s=0, converter=converter(TABLES))
clients = Clients(FakeS3(faults=["refused"] * 999), FakeStream())
service = FirehoseService(Path(sys.argv[1]), clients, settings)
service.start()
service.call(
    "CreateDeliveryStream", {"DeliveryStreamName": "x", "ExtendedS3DestinationConfiguration": destination()}
)
for number in range(50):
    record = b'{"n":%d}' % number if number % 5 else b"bad %d" % number
    data = base64.b64encode(record).decode()
    service.call("PutRecordBatch", {"DeliveryStreamName": "x", "Records": [{"Data": data}]})
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture(params=SERIALIZERS)
def rig(request: pytest.FixtureRequest) -> Iterator[Rig]:
    rig = Rig(FakeClock(), FakeS3(), columnar_plan(request.param))
    yield rig
    rig.close()


def s3_of(rig: Rig) -> FakeS3:
    assert isinstance(rig.s3, FakeS3)
    return rig.s3


def test_records_become_rows_with_the_event_as_it_was_sent(rig: Rig) -> None:
    rig.put(GOOD + b'{"event_id":"b"}\n', b'{"event_id":"c","n":3,"event":"text"}')
    rig.drain()
    s3 = s3_of(rig)
    (key,) = s3.objects
    assert re.fullmatch(rf"data/2023/{NAME}-1-2023-11-14-22-13-20-[0-9a-f-]{{36}}\.(parquet|orc)", key)
    assert rows_in(s3) == [
        {"event_id": "a", "n": 1, "event": '{"v": 1.10,"big":12345678901234567890}'},
        {"event_id": "b", "n": None, "event": None},
        {"event_id": "c", "n": 3, "event": "text"},
    ]


def test_what_cannot_be_converted_goes_to_the_error_prefix_whole_and_is_counted(rig: Rig) -> None:
    """I5, I9. Source: developer guide, "Handling errors for data format conversion"."""
    not_json, not_fitting = b"\xff not json", GOOD + b'{"n":"many"}\n'
    rig.put(not_json, GOOD)
    rig.clock.now_s += 7
    rig.put(not_fitting)
    rig.drain()
    s3 = s3_of(rig)
    assert [row["n"] for row in rows_in(s3)] == [1]
    first, second = errors_in(s3)
    assert (first["record"], second["record"]) == (not_json, not_fitting)
    assert first["lastErrorCode"] == "DataFormatConversion.ParseError"
    assert first["lastErrorMessage"].startswith("Encountered malformed JSON. ")
    assert second["lastErrorCode"] == "DataFormatConversion.MalformedData"
    assert second["lastErrorMessage"].startswith("Data does not match the schema. ")
    assert (first["arrivalTimestamp"], second["arrivalTimestamp"]) == (1_700_000_000_000, 1_700_000_007_000)
    assert first["attemptEndingTimestamp"] == 1_700_000_007_000
    assert (first["attemptsMade"], first["sequenceNumber"], first["subSequenceNumber"]) == (1, None, None)
    assert first["dataCatalogTable"] == CATALOG
    (key,) = (key for key in s3.objects if key.startswith("errors/"))
    assert re.fullmatch(
        rf"errors/format-conversion-failed/2023/{NAME}-1-2023-11-14-22-13-20-[0-9a-f-]{{36}}", key
    )
    progress = rig.delivery.progress
    assert (progress.objects, progress.records, progress.refused_records) == (2, 3, 2)


def test_only_bad_records_give_only_the_error_object(rig: Rig) -> None:
    rig.put(b"1", b"2")
    rig.drain()
    assert [line["record"] for line in errors_in(s3_of(rig))] == [b"1", b"2"]
    assert len(s3_of(rig).objects) == 1


def test_a_record_of_a_stream_keeps_its_sequence_number_in_the_error_output() -> None:
    stream, s3 = FakeStream(), FakeS3()
    rig = Rig(FakeClock(), s3, columnar_plan(), kinesis=stream)
    stream.put("key", b"bad")
    rig.drain()
    assert errors_in(s3)[0]["sequenceNumber"] == "95"
    rig.close()


@pytest.mark.parametrize("fault", ["refused", "lost"])
def test_an_error_object_that_is_refused_holds_its_data_back_until_it_is_there(rig: Rig, fault: str) -> None:
    """F01: the retry puts both under their own keys."""
    s3 = s3_of(rig)
    rig.put(b"bad", GOOD)
    s3.faults = [fault, "ok", fault]
    rig.drain()
    assert len(s3.objects) == 2
    assert [line["record"] for line in errors_in(s3)] == [b"bad"]
    assert len(rows_in(s3)) == 1


@pytest.mark.parametrize("first", [(), ("ok",)])
@pytest.mark.parametrize("crash", ["crash_before", "crash_after"])
def test_a_crash_between_the_two_objects_loses_nothing_and_never_doubles_a_row(
    rig: Rig, first: tuple[str, ...], crash: str
) -> None:
    """I11; an error line may come twice, as the object that is put last stands for both."""
    s3 = s3_of(rig)
    rig.put(b"bad", GOOD)
    s3.faults = [*first, crash]
    with pytest.raises(CrashError):
        rig.drain()
    rig.reopen()
    rig.drain()
    assert {line["record"] for line in errors_in(s3)} == {b"bad"}
    assert len(rows_in(s3)) == 1
    assert rig.store.backlog(NAME)[0] == 0


def test_what_was_acknowledged_survives_kill_9(tmp_path: Path) -> None:
    putter = subprocess.run(
        [sys.executable, "-c", _PUTTER, str(tmp_path / "firehose.sqlite")],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )
    assert putter.returncode == -signal.SIGKILL, putter.stderr
    service, s3 = serve(tmp_path)
    assert service.drain(within_s=20.0) == 0
    figures = service.figures()["x"]
    service.close()
    assert [row["n"] for row in rows_in(s3)] == [number for number in range(50) if number % 5]
    assert [line["record"] for line in errors_in(s3)] == [b"bad %d" % number for number in range(0, 50, 5)]
    assert (figures.delivered_records, figures.refused_records) == (50, 10)


def serve(folder: Path, tables: Any = TABLES) -> tuple[FirehoseService, FakeS3]:
    s3 = FakeS3()
    settings = FirehoseOptions(buffer_interval_s=0, converter=converter(tables))
    service = FirehoseService(folder / "firehose.sqlite", Clients(s3, FakeStream()), settings)
    service.start()
    return service, s3


def create(service: FirehoseService, serializer: str = "ParquetSerDe") -> None:
    service.call(
        "CreateDeliveryStream",
        {"DeliveryStreamName": "x", "ExtendedS3DestinationConfiguration": destination(serializer)},
    )


def put(service: FirehoseService, *records: bytes) -> None:
    encoded = [{"Data": base64.b64encode(each).decode()} for each in records]
    service.call("PutRecordBatch", {"DeliveryStreamName": "x", "Records": encoded})


def update(service: FirehoseService, **changes: Any) -> None:
    described = service.call("DescribeDeliveryStream", {"DeliveryStreamName": "x"})[
        "DeliveryStreamDescription"
    ]
    service.call(
        "UpdateDestination",
        {
            "DeliveryStreamName": "x",
            "CurrentDeliveryStreamVersionId": described["VersionId"],
            "DestinationId": described["Destinations"][0]["DestinationId"],
            "ExtendedS3DestinationUpdate": changes,
        },
    )


def test_an_update_turns_conversion_off_and_on_and_each_record_goes_as_its_time_said(tmp_path: Path) -> None:
    service, s3 = serve(tmp_path)
    create(service, "OrcSerDe")
    put(service, GOOD)
    assert service.drain(within_s=10.0) == 0
    update(service, DataFormatConversionConfiguration={"Enabled": False})
    put(service, b"anything")
    assert service.drain(within_s=10.0) == 0
    update(service, DataFormatConversionConfiguration=conversion())
    put(service, GOOD)
    assert service.drain(within_s=10.0) == 0
    service.close()
    first, second, third = s3.objects
    assert len(rows_of(first, s3.objects[first])) == len(rows_of(third, s3.objects[third])) == 1
    assert (first[-4:], s3.objects[second], third[-8:]) == (".orc", b"anything", ".parquet")


def test_a_delivery_stream_of_another_stage_sleeps_with_its_records(tmp_path: Path) -> None:
    service, s3 = serve(tmp_path)
    s3.faults = ["refused"] * 999
    service.call(
        "CreateDeliveryStream",
        {"DeliveryStreamName": "x", "ExtendedS3DestinationConfiguration": destination()},
    )
    put(service, GOOD)
    service.close()
    service, s3 = serve(tmp_path, tables={})
    assert service.call("ListDeliveryStreams", {})["DeliveryStreamNames"] == []
    assert service.drain(within_s=5.0) == 0
    service.close()
    assert not s3.puts
    service, s3 = serve(tmp_path)
    assert service.drain(within_s=5.0) == 0
    service.close()
    assert len(rows_in(s3)) == 1


def test_a_kinesis_source_is_converted_too(tmp_path: Path) -> None:
    s3, stream = FakeS3(), FakeStream()
    settings = FirehoseOptions(buffer_interval_s=0, converter=converter(TABLES))
    service = FirehoseService(tmp_path / "firehose.sqlite", Clients(s3, stream), settings)
    service.call(
        "CreateDeliveryStream",
        {
            "DeliveryStreamName": "x",
            "DeliveryStreamType": "KinesisStreamAsSource",
            "KinesisStreamSourceConfiguration": SOURCE,
            "ExtendedS3DestinationConfiguration": destination(),
        },
    )
    service.start()
    stream.now_s = 4e9  # after the creation, whenever this test runs
    stream.put("key", GOOD)
    assert service.drain(within_s=10.0) == 0
    service.close()
    assert len(rows_in(s3)) == 1


@pytest.mark.parametrize(
    ("serializer", "options", "codec"),
    [
        ("ParquetSerDe", {}, "SNAPPY"),
        ("ParquetSerDe", {"Compression": "GZIP", "WriterVersion": "V2"}, "GZIP"),
        (
            "ParquetSerDe",
            {"Compression": "UNCOMPRESSED", "EnableDictionaryCompression": True},
            "UNCOMPRESSED",
        ),
        ("OrcSerDe", {}, "SNAPPY"),
        ("OrcSerDe", {"Compression": "ZLIB", "BloomFilterColumns": ["n"]}, "ZLIB"),
        ("OrcSerDe", {"Compression": "NONE", "FormatVersion": "V0_11"}, "UNCOMPRESSED"),
    ],
)
def test_the_serializer_s_options_reach_the_file(serializer: str, options: Any, codec: str) -> None:
    file = io.BytesIO()
    encoder = converter(TABLES)(conversion(serializer, **options)).open_encoder(file, "")
    for number in range(100):
        assert encoder.write(b'{"n":%d,"event_id":"%s"}' % (number, b"x" * 50)) is None
    encoder.close()
    if serializer == "ParquetSerDe":
        read = parquet.ParquetFile(file)
        assert read.metadata.row_group(0).column(0).compression == codec
        assert [field.name for field in read.schema_arrow] == ["event_id", "n", "event"]
    else:
        read = orc.ORCFile(file)
        assert read.compression == codec
    assert read.read().column("n").to_pylist() == list(range(100))


@pytest.mark.parametrize("writer", ["ParquetFile", "OrcFile"])
def test_every_type_reaches_the_file_as_the_reader_expects_it(writer: str) -> None:
    types = {
        "t": "timestamp",
        "d": "date",
        "f": "float",
        "b": "boolean",
        "l": "array<bigint>",
        "s": "struct<x:int,y:string>",
        "m": "map<string,double>",
    }
    table = make_table([{"Name": name, "Type": kind} for name, kind in types.items()], {})
    schema, file = arrow.schema_of(table), io.BytesIO()
    encoder = ColumnarEncoder(table, getattr(arrow, writer)(file, schema, "snappy", {}))
    assert (
        encoder.write(
            b'{"t":"2017-02-07T15:13:01.392560789Z","d":"2024-02-29","f":0.5,"b":true,"l":[1],"s":{"y":"z"},'
            b'"m":{"k":1}}{}'
        )
        is None
    )
    encoder.close()
    read = (parquet.ParquetFile if writer == "ParquetFile" else orc.ORCFile)(file).read()
    full, empty = read.drop_columns(["t"]).to_pylist()
    assert read.column("t").cast("int64").to_pylist() == [1_486_480_381_392_560_789, None]
    assert (str(full["d"]), full["f"], full["b"], full["l"]) == ("2024-02-29", 0.5, True, [1])
    assert (full["s"], full["m"]) == ({"x": None, "y": "z"}, [("k", 1.0)])
    assert set(empty.values()) == {None}


def test_row_groups_bound_the_memory_of_a_large_object() -> None:
    """I6"""
    file = io.BytesIO()
    table = make_table(TABLES["headgate", "curated"]["StorageDescriptor"]["Columns"], {})
    encoder = ColumnarEncoder(
        table, arrow.ParquetFile(file, arrow.schema_of(table), "gzip", {}), group_bytes=1000
    )
    for _ in range(100):
        encoder.write(b'{"event":"%s"}' % (b"x" * 86))
    encoder.close()
    assert parquet.ParquetFile(file).metadata.num_row_groups == 10


def test_duckdb_reads_the_parquet_objects_and_looks_into_the_event(tmp_path: Path) -> None:
    file = tmp_path / "object.parquet"
    with file.open("wb") as sink:
        encoder = converter(TABLES)(conversion()).open_encoder(sink, "")
        encoder.write(GOOD)
        encoder.close()
    query = f"SELECT n, event, event->>'$.big' FROM read_parquet('{file}')"  # noqa: S608 - a path of ours
    with duckdb.connect() as connection:
        assert connection.execute(query).fetchall() == [
            (1, '{"v": 1.10,"big":12345678901234567890}', "12345678901234567890")
        ]


def test_pyarrow_is_not_loaded_before_there_is_something_to_convert() -> None:
    """It costs some 45 MB."""
    code = (
        "import sys, headgate.local.firehose.service;"
        "from headgate.local.firehose.columnar.convert import converter;"
        f"converter({TABLES})({conversion()}); sys.exit('pyarrow' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=60).returncode == 0


class FullDisk(io.BytesIO):
    """Takes some bytes and no more."""

    def write(self, data: Any) -> int:
        if self.tell() + len(data) > FULL_BYTES:
            raise OSError(errno.ENOSPC, "No space left on device")
        return super().write(data)


@pytest.mark.parametrize("serializer", SERIALIZERS)
def test_a_full_disk_is_an_error_that_the_delivery_can_try_again_after(serializer: str) -> None:
    """pyarrow's ORC writer ends the process when its file raises; run aside for that reason."""
    code = f"""
import gc
from tests.functional.test_firehose_columnar import SERIALIZERS, TABLES, FullDisk, conversion, converter

encoder = converter(TABLES)(conversion("{serializer}")).open_encoder(FullDisk(), "")
assert encoder.write(b'{{"event":"%s"}}' % (b"x" * {2 * FULL_BYTES})) is None
for _ in range(2):
    try:
        encoder.close()
    except OSError:
        print("refused", flush=True)
del encoder
gc.collect()
"""
    ran = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        cwd=Path(__file__).parents[2],
    )
    assert (ran.returncode, ran.stdout) == (0, "refused\nrefused\n"), ran.stderr
