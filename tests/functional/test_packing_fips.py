"""Ordering keys on a machine whose OpenSSL refuses MD5 as a means of security, as FIPS 140 asks for."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FIPS = """
openssl_conf = start
[start]
alg_section = algorithms
providers = providers
[algorithms]
default_properties = fips=yes
[providers]
default = builtin
[builtin]
activate = 1
"""


def run(code: str, openssl_conf: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "OPENSSL_CONF": str(openssl_conf)},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


def test_k06_an_ordering_key_has_its_place_where_md5_is_refused_for_security(tmp_path: Path) -> None:
    conf = tmp_path / "openssl.cnf"
    conf.write_text(FIPS)
    if run("import hashlib; hashlib.md5()", conf).returncode == 0:
        pytest.skip("this Python's OpenSSL cannot be told to refuse MD5")
    found = run("from chalicelib.packing import explicit_hash_key; print(explicit_hash_key('u1'))", conf)
    assert (found.stdout, found.stderr) == (f"{0xE4774CDDA0793F86414E8B9140BB6DB4}\n", "")
