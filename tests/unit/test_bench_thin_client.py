from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from bench.thin_client import Keys, sign

NOW = "20261121T030000Z"


def test_the_hand_made_signature_is_botocores() -> None:
    keys, body = Keys("AKIDEXAMPLE", "example", "token/+="), b'{"Records":[]}'
    ours = sign(keys, "eu-central-1", "kinesis.eu-central-1.amazonaws.com", body, NOW)
    given = {name: value for name, value in ours.items() if name != "Authorization"}
    request = AWSRequest("POST", "https://kinesis.eu-central-1.amazonaws.com/", given, body)
    request.context["timestamp"] = NOW
    oracle = SigV4Auth(Credentials(*keys), "kinesis", "eu-central-1")
    canonical = oracle.canonical_request(request)
    expected = oracle.signature(oracle.string_to_sign(request, canonical), request)
    assert ours["Authorization"].endswith(f"Signature={expected}")
