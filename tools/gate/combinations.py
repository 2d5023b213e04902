"""Every combination of settings that the documentation names: each must pass the gate."""

from itertools import product
from typing import Any

from headgate.settings import StageSettings, parse_settings

ORIGINS = ["https://app.example.com", "https://www.example.com"]

_BIG, _SMALL = {"size_mb": 128, "interval_s": 900}, {"size_mb": 1, "interval_s": 0}
_SINGLE: dict[str, dict[str, Any]] = {
    "on-demand": {"on_demand": True},
    "ordered": {"ordering_field": "/device/id"},
    "shards": {"shards": 4, "retention_hours": 8760},
    "short-retention": {"retention_hours": 24},
    "mapping": {"mapping": {"max_age_s": 60, "retries": 0, "parallelization": 10}},
    "big-buffers": {"raw": _BIG, "curated": _BIG},
    "no-buffers": {"raw": _SMALL, "curated": _SMALL},
    "quota": {"partner": {"quota_requests": 1000, "quota_period": "day"}},
    "mail-and-tags": {"alarm_email": "ops@example.com", "tags": {"team": "data"}},
    "zone": {"time_zone": "Asia/Seoul"},
    "lifecycle": {
        "lifecycle": {
            "raw_infrequent_access_days": 30,
            "raw_expire_days": 365,
            "curated_expire_days": 90,
            "quarantine_expire_days": 30,
        }
    },
    "names": {"names": {"stream": "s", "raw": "r", "curated": "c", "bucket": "logs-of-{account}"}},
}


def combinations() -> dict[str, StageSettings]:
    """Return name to settings."""
    blocks = dict(_SINGLE)
    access = product(("api_key", "iam", "none"), ([], ORIGINS[:1], ORIGINS, ["*"]), (False, True))
    for auth, origins, direct in access:
        allowed = "every" if origins == ["*"] else str(len(origins))
        name = f"auth-{auth.replace('_', '-')}-origins-{allowed}{'-direct' if direct else ''}"
        blocks[name] = {"auth": auth, "cors_origins": origins, "direct": direct}
    for compression in ("gzip", "none"):
        each = {"compression": compression}
        blocks[f"ndjson-{compression}"] = {"raw": each, "curated": each}
    for kind, compressions in (("parquet", ("gzip", "snappy", "none")), ("orc", ("snappy", "none"))):
        for compression in compressions:
            blocks[f"{kind}-{compression}"] = {"curated": {"format": kind, "compression": compression}}
    # All in the stage prod: a stage more in the configuration file would change nothing but the names.
    return {name: parse_settings("prod", block, source=name) for name, block in blocks.items()}
