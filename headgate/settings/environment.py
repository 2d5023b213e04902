"""The functions' environment variables, made from the settings; chalicelib/config.py reads them.

`.chalice/config.json` carries the result, so that a plain `chalice deploy` needs nothing of ours:
`infra render` writes it there and a test holds the two together.
"""

from headgate.settings.model import StageSettings
from headgate.settings.names import names_of


def environment(settings: StageSettings) -> dict[str, str]:
    """Name to value, all text; an empty value is "off"."""
    names = names_of(settings)
    return {
        "HEADGATE_STAGE": settings.stage,
        "HEADGATE_STREAM": names.stream,
        "HEADGATE_DELIVERY_STREAM": names.curated,
        "HEADGATE_BUCKET": names.bucket,
        "HEADGATE_AUTH": settings.auth,
        "HEADGATE_CORS_ORIGINS": ",".join(settings.cors_origins),
        "HEADGATE_ORDERING_FIELD": settings.ordering_field or "",
        "HEADGATE_PACK_BYTES": str(settings.pack_bytes),
        "HEADGATE_UNKNOWN_TYPES": settings.unknown_types,
        "HEADGATE_BATCH_SIZE": str(settings.mapping.batch_size),
        "HEADGATE_BATCH_WINDOW_S": str(settings.mapping.window_s),
    }
