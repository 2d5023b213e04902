"""Who may ask the two servers of the local run: no page of another site, and no name that DNS points here."""

import struct
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.client import HTTPConnection, HTTPResponse

import pytest
from chalice import Chalice, Response
from chalice.config import Config

from headgate.local.clients import client as client_of
from headgate.local.endpoint import Endpoint
from headgate.local.front import Front
from headgate.local.moto_app import make_moto_app
from headgate.local.s3.files import HOOKS
from tests.e2e.raw_http import exchange

ORIGIN = "https://app.example.com"
FOREIGN = [
    {"Host": "evil.example"},
    {"Host": "evil.example:4566"},
    {"Host": "127.0.0.1.evil.example"},
    {"Host": "localhost.evil.example"},
    {"Host": "169.254.169.254"},
    {"Host": "user@evil.example"},
    {"Host": "[::ffff:8.8.8.8]"},
    {"Host": ""},
    {"Host": "127.0.0.1:port"},
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {"Origin": ""},
    {"Origin": "https://localhost.evil.example"},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
]
OWN = [{}, {"Host": "localhost"}, {"Host": "LOCALHOST:1"}, {"Host": "[::1]:4566"}, {"Sec-Fetch-Site": "none"}]


def route(app: Chalice) -> None:
    app.route("/health", methods=["GET"], content_types=[])(lambda: Response("", {}, 200))


@contextmanager
def fronted(*origins: str) -> Iterator[int]:
    app = Chalice("callers", debug=False)
    route(app)
    front = Front(app, Config("dev", config_from_disk={}), 0, None, origins)
    front.begin()
    try:
        yield front.port
    finally:
        front.stop()


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoint]:
    with pytest.MonkeyPatch.context() as moto:
        for owner, name, _ in HOOKS:  # they are put in place once for a process: later tests want moto's own
            moto.setattr(owner, name, vars(owner)[name])
        endpoint = Endpoint({}, make_moto_app(tmp_path_factory.mktemp("aws")), 0)
        endpoint.start()
        yield endpoint
        endpoint.stop()


def ask(port: int, headers: dict[str, str], method: str = "GET", path: str = "/health") -> HTTPResponse:
    with closing(HTTPConnection("127.0.0.1", port, timeout=10)) as connection:
        connection.putrequest(method, path, skip_host="Host" in headers)
        for name, value in headers.items():
            connection.putheader(name, value)
        connection.endheaders()
        response = connection.getresponse()
        response.read()
        return response


@pytest.mark.parametrize("headers", FOREIGN, ids=str)
def test_a_request_of_another_site_is_refused_by_both_servers(aws: Endpoint, headers: dict[str, str]) -> None:
    with fronted(ORIGIN) as port:
        assert ask(port, headers).status == 403
    assert ask(aws.port, headers, path="/").status == 403
    assert ask(aws.port, headers, "PUT", "/bucket/key").status == 403


@pytest.mark.parametrize("headers", OWN, ids=str)
def test_programs_of_this_machine_are_answered(aws: Endpoint, headers: dict[str, str]) -> None:
    with fronted() as port:
        assert ask(port, headers).status == 200
    assert ask(aws.port, headers, path="/").status == 200


def test_a_page_may_ask_the_http_api_where_the_stage_lists_it_or_it_is_a_developer_s_own() -> None:
    with fronted(ORIGIN) as port:
        assert ask(port, {"Origin": ORIGIN}).status == 200
        assert ask(port, {"Origin": "http://localhost:3000"}).status == 200


def test_no_page_but_its_own_may_ask_the_aws_endpoint_and_no_answer_allows_an_origin(aws: Endpoint) -> None:
    for origin in (ORIGIN, "http://localhost:3000"):
        assert ask(aws.port, {"Origin": origin}, path="/").status == 403
        assert ask(aws.port, {"Origin": origin}, "OPTIONS", "/bucket").status == 403
    own = ask(aws.port, {"Origin": aws.url}, path="/")
    assert own.status == 200
    assert not [name for name in own.headers if name.lower().startswith("access-control-")]


@pytest.mark.parametrize(
    "path",
    [
        "/moto-api/reset",
        "/moto-api/",
        "//moto-api/reset",
        "/moto-api/data.json",
        "/%6Doto-api/reset",
        "/favicon.ico",
    ],
)
@pytest.mark.parametrize("signed_for", ["", "moto_api", "motoapi", "moto_api._internal"])
def test_moto_s_control_api_is_closed(aws: Endpoint, path: str, signed_for: str) -> None:
    client = client_of("s3", aws.url, "us-east-1")
    client.create_bucket(Bucket="kept")
    scope = f"AWS4-HMAC-SHA256 Credential=a/20260101/us-east-1/{signed_for}/aws4_request, SignedHeaders=host"
    for method in ("POST", "GET"):
        answer = ask(
            aws.port, {"Authorization": scope, "Content-Length": "0"} if signed_for else {}, method, path
        )
        assert answer.status >= 400, (method, path, answer.status)
    assert [bucket["Name"] for bucket in client.list_buckets()["Buckets"]] == ["kept"]


def test_the_gateway_s_own_refusals_carry_the_template_s_cors_headers() -> None:
    with fronted(ORIGIN) as port:
        assert ask(port, {"Origin": ORIGIN}, path="/none").headers["Access-Control-Allow-Origin"] == ORIGIN
    with fronted() as port:
        assert "Access-Control-Allow-Origin" not in ask(port, {}, path="/none").headers
    with fronted(ORIGIN, "https://b.example") as port:
        refused = ask(port, {"Origin": "https://b.example"}, path="/none")
        assert refused.headers["Access-Control-Allow-Origin"] == "https://b.example"


def test_http2_by_prior_knowledge_is_told_that_http_1_1_is_wanted(
    aws: Endpoint, capfd: pytest.CaptureFixture[str]
) -> None:
    for _ in range(2):
        received = exchange(aws.url, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\0\0\0\x04\0\0\0\0\0")
        assert received[:9] == b"\0\0\0\x04\0\0\0\0\0"  # RFC 9113, 6.5: SETTINGS
        size, kind = int.from_bytes(received[9:12]), received[12]
        _, code = struct.unpack(">II", received[18:26])
        assert (kind, code, len(received)) == (7, 13, 9 + 9 + size)  # 6.8: GOAWAY, HTTP_1_1_REQUIRED
        assert b"HTTP/1.1" in received[26:]
    assert capfd.readouterr().err.count("NodeHttpHandler") == 1
