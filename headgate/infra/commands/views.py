"""`infra views`: prints the CREATE VIEW statements of a stage. Reads the project's schemas; changes nothing.

`curated` and `events` are in the template as well. The typed views follow the schemas, which change more
often than a stack: run the statements in Athena when a schema has changed.
"""

import json
from pathlib import Path

from headgate.infra.errors import InfraError
from headgate.infra.template.delivery import views
from headgate.infra.template.views import View, statements, typed_view
from headgate.settings import StageSettings

_SCHEMAS = Path("chalicelib") / "schemas"


def show_views(root: Path, settings: StageSettings) -> int:
    """Print them, for the stage's database in Athena. Raises InfraError for a schema that is no JSON."""
    print(statements(all_views(root, settings)))
    return 0


def all_views(root: Path, settings: StageSettings) -> list[View]:
    """Return the stage's views, and one for each file of `chalicelib/schemas/` by name."""
    made = views(settings)
    for path in sorted((root / _SCHEMAS).glob("*.json")):
        try:
            schema = json.loads(path.read_text("utf-8"))
        except (OSError, ValueError) as error:
            raise InfraError(f"{path} cannot be read: {error}") from error
        made.append(typed_view(made[1], path.stem, schema if isinstance(schema, dict) else {}))
    return made
