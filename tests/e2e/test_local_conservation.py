"""I1: accepted = archived = curated + quarantined + dropped, by content and by the functions' own count.

One run gets random requests, good and bad, and random records from other producers. Randomness is seeded.
"""

import base64
import gzip
import json
import random
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.local_rig import STREAM, Http, ledger, lines_in, running

SEED = 20_240_601
REQUESTS = 150
DIRECT_BATCHES = 12
TEXTS = ["안녕", "🙂", 'a "b" \\ c', "line\nbreak", "", "x" * 2000, "\u2028", "\x7f", "</script>"]
NUMBERS = ["0", "-0.0", "1.10", "12345678901234567890", "1e400", "2E+5", "-7"]
NOT_EVENTS = [b"17", b"null", b'"text"', b"[]", b"{", b'{"a":}', b"\xff", b'{"a":NaN}', b'{"\\ud800":1}']


@dataclass
class Sent:
    """What the run has taken on, as lines without their line feeds."""

    posted: int = 0  # events that got 200
    events: Counter[bytes] = field(default_factory=Counter)
    messages: Counter[bytes] = field(default_factory=Counter)  # lines of others that are text but no object
    unreadable: Counter[bytes] = field(default_factory=Counter)
    blank: Counter[bytes] = field(default_factory=Counter)


def event(chance: random.Random) -> bytes:
    """A JSON object with what is hard to keep: numbers, escapes, duplicate keys, white space."""
    texts = [json.dumps(chance.choice(TEXTS), ensure_ascii=chance.random() < 0.5) for _ in range(2)]
    members = [
        f'"n": {chance.choice(NUMBERS)}',
        f'"t":{texts[0]}',
        f'"t" :{texts[1]}',
        '"deep":[{"a":[1 , 2]}]',
    ]
    if chance.random() < 0.5:
        members.append('"type":"kind"')
    chosen = [
        f'"id":"{chance.getrandbits(128):032x}"',
        *chance.sample(members, chance.randint(0, len(members))),
    ]
    return ("{" + ",".join(chosen) + "}").encode()


def post_anything(http: Http, chance: random.Random, sent: Sent) -> None:
    """One request of any kind; what got 200 is noted."""
    events = [event(chance) for _ in range(chance.choice([1, 1, 2, 5, 60]))]
    is_bad = chance.random() < 0.25
    bodies = [*events, chance.choice(NOT_EVENTS)] if is_bad else events
    chance.shuffle(bodies)
    headers = {"Content-Type": "application/json"}
    if len(bodies) == 1 and chance.random() < 0.5:
        body = bodies[0]
    elif chance.random() < 0.5:
        body, headers = b"\n".join(bodies), {"Content-Type": "application/x-ndjson"}
    else:
        body = b" [" + b" ,\n".join(bodies) + b"]\n"
    if chance.random() < 0.3:
        body, headers = gzip.compress(body), {**headers, "Content-Encoding": "gzip"}
    if chance.random() < 0.3:
        headers["Idempotency-Key"] = f"{chance.getrandbits(64):x}"
    is_dry = chance.random() < 0.1
    answer = http.ask("POST", "/v1?dry_run=1" if is_dry else "/v1", body, headers)
    assert answer.status == (400 if is_bad else 200), answer
    if not is_bad and not is_dry:
        sent.events.update(events)
        sent.posted += len(events)


def put_anything(kinesis: Any, chance: random.Random, sent: Sent) -> None:
    """One PutRecords of another producer, with records of several lines of any kind."""
    records = []
    for _ in range(chance.randint(1, 20)):
        lines = [line_of_others(chance, sent) for _ in range(chance.randint(1, 5))]
        data = b"\n".join(lines) + b"\n"
        records.append({"Data": data, "PartitionKey": f"{chance.getrandbits(64):x}"})
    assert kinesis.put_records(StreamName=STREAM, Records=records)["FailedRecordCount"] == 0


def line_of_others(chance: random.Random, sent: Sent) -> bytes:
    mark = b"%x" % chance.getrandbits(64)
    line, place = chance.choice(
        [
            (event(chance), sent.events),
            (b'10.0.0.1 "GET /%s" \xed\x95\x9c' % mark, sent.messages),
            (b'["%s"]' % mark, sent.messages),
            (b"{broken %s" % mark, sent.messages),
            (b"\xff\xfe %s" % mark, sent.unreadable),
            (chance.choice([b"", b"  ", b"\t"]), sent.blank),
        ]
    )
    place[line] += 1
    return line


def curated_text(line: bytes) -> bytes:
    return line.partition(b'"event":')[2].removesuffix(b"}\n")


def total(lines: Counter[bytes]) -> int:
    return sum(lines.values())


@pytest.mark.parametrize("seed", [SEED])
def test_every_line_that_was_taken_is_in_raw_data_and_in_exactly_one_other_place(
    tmp_path: Path, seed: int
) -> None:
    chance, sent = random.Random(seed), Sent()  # noqa: S311 - seeded on purpose
    with running(tmp_path, shards=3) as (run, local):
        kinesis = local.client("kinesis")
        turns = ["post"] * REQUESTS + ["put"] * DIRECT_BATCHES
        chance.shuffle(turns)
        with local.http() as http:
            for turn in turns:
                if turn == "post":
                    post_anything(http, chance, sent)
                else:
                    put_anything(kinesis, chance, sent)
        kinesis.close()
        assert run.stop().nothing
    raw = Counter(line.removesuffix(b"\n") for line in lines_in(tmp_path, "raw-data"))
    assert raw == sent.events + sent.messages + sent.unreadable + sent.blank

    curated = lines_in(tmp_path, "curated")
    messages = Counter(json.dumps({"message": x.decode()}).encode() for x in sent.messages.elements())
    normal = [curated_text(x) for x in curated]
    assert Counter(x for x in normal if not x.startswith(b'{"message":')) == sent.events
    found = Counter(json.dumps(json.loads(x)).encode() for x in normal if x.startswith(b'{"message":'))
    assert found == messages
    set_aside = [json.loads(line) for line in lines_in(tmp_path, "quarantine")]
    assert Counter(base64.b64decode(line["line_base64"]) for line in set_aside) == sent.unreadable
    ids = [json.loads(line)["event_id"] for line in curated] + [line["event_id"] for line in set_aside]
    assert len(set(ids)) == len(ids)

    counted = ledger(tmp_path)
    assert counted["EventsAccepted"] == sent.posted
    assert counted["LinesCurated"] == len(curated) == total(sent.events) + total(sent.messages)
    assert counted["LinesQuarantined"] == len(set_aside)
    assert counted["LinesDropped"] == total(sent.blank)
    lines = counted["LinesCurated"] + counted["LinesQuarantined"] + counted["LinesDropped"]
    assert lines == total(raw)
