"""Every vector of agent-vectors.json, run through the code that the agent runs."""

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from headgate.agent.config.load import load
from headgate.agent.config.values import ValueProblem, to_bool, to_enum, to_int, to_text
from headgate.agent.convert.build import Surroundings, build_chain
from headgate.agent.framing import split_lines, split_multi_line
from headgate.agent.javaregex import compile_java
from headgate.agent.kpl import KplRecord, aggregate

VECTORS: list[dict[str, Any]] = json.loads(
    (Path(__file__).parent.parent / "data" / "agent-vectors.json").read_text()
)
FACTS = {
    "privateIp": "10.0.0.1",
    "availabilityZone": "eu-west-1a",
    "instanceId": "i-1",
    "instanceType": "t3.micro",
    "accountId": "1",
    "amiId": "ami-1",
    "region": "eu-west-1",
    "tags": {"Name": "web"},
}
AROUND = Surroundings(lambda: datetime(2026, 11, 21, 10, tzinfo=UTC), lambda: FACTS)


def of(kind: str) -> list[Any]:
    return [pytest.param(vector, id=vector["name"]) for vector in VECTORS if vector["kind"] == kind]


def load_flow(flow: dict[str, Any]) -> Any:
    return load(
        json.dumps({"flows": [flow]}),
        {},
        cores=2,
        check_options=lambda options: build_chain(options, AROUND),
        read_secret=lambda _path: "",
    )


def data_of(vector: dict[str, Any]) -> bytes:
    return bytes.fromhex(vector["input_hex"]) if "input_hex" in vector else str(vector["input"]).encode()


def check_output(vector: dict[str, Any], output: object) -> None:
    if vector["result"] == "drop":
        assert not isinstance(output, bytes)
        return
    assert isinstance(output, bytes)
    if "output" in vector:
        assert output == vector["output"].encode()
    elif "output_regex" in vector:
        assert re.search(vector["output_regex"], output.decode())
    else:
        assert list(json.loads(output)) == vector["output_keys"]


@pytest.mark.parametrize("vector", of("convert"))
def test_a_record_is_converted_as_the_vector_says(vector: dict[str, Any]) -> None:
    if vector["result"] == "config-error":
        with pytest.raises(ValueProblem):
            build_chain(vector["options"], AROUND)
        return
    data = data_of(vector)
    check_output(vector, build_chain(vector["options"], AROUND).convert(data))
    if data.endswith(b"\n") and data.count(b"\n") == 1:
        check_output(vector, build_chain(vector["options"], AROUND).convert_block(data)[0])


@pytest.mark.parametrize("vector", of("split"))
def test_bytes_are_split_as_the_vector_says(vector: dict[str, Any]) -> None:
    data = data_of(vector)
    if vector["multiLineStartPattern"]:
        start = compile_java(vector["multiLineStartPattern"])
        records, rest = split_multi_line(data, start, hold=vector.get("read_buffer_full", False))
    else:
        records, rest = split_lines(data)
    assert [record.decode() for record in records] == vector["records"]
    assert rest.decode() == vector["remainder"]


@pytest.mark.parametrize("vector", of("config-value"))
def test_a_value_is_converted_as_the_vector_says(vector: dict[str, Any]) -> None:
    convert: Any = {
        "boolean": to_bool,
        "integer": to_int,
        "long": lambda value: to_int(value, 64),
        "string": to_text,
        "enum": lambda value: to_enum(value, vector["allowed"], ""),
    }[vector["type"]]
    if vector["result"] == "config-error":
        with pytest.raises(ValueProblem):
            convert(vector["value"])
    else:
        assert convert(vector["value"]) == vector["expected"]


@pytest.mark.parametrize("vector", of("flow-config"))
def test_a_flow_setting_is_accepted_or_refused_as_the_vector_says(vector: dict[str, Any]) -> None:
    loaded = load_flow({"filePattern": "/t/a.log", **vector["setting"]})
    assert (loaded.settings is not None) == (vector["result"] == "ok"), loaded.problems


@pytest.mark.parametrize("vector", of("flow"))
def test_a_flow_sends_what_the_vector_says(vector: dict[str, Any]) -> None:
    loaded = load_flow(vector["flow"])
    assert loaded.settings is not None
    check_output(vector, build_chain(loaded.settings.flows[0].options, AROUND).convert(data_of(vector)))


@pytest.mark.parametrize("vector", of("flow-id"))
def test_a_flow_id_is_what_the_vector_says(vector: dict[str, Any]) -> None:
    loaded = load_flow(vector["flow"])
    assert loaded.settings is not None
    assert loaded.settings.flows[0].id == vector["expected"]


@pytest.mark.parametrize("vector", of("kpl-aggregate"))
def test_kpl_bytes_are_what_the_vector_says(vector: dict[str, Any]) -> None:
    records = [
        KplRecord(r["partitionKey"], bytes.fromhex(r["data_hex"]), r["explicitHashKey"])
        for r in vector["records"]
    ]
    assert aggregate(records).hex() == vector["expected_hex"]
