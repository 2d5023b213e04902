"""`python -m tests.infra.deploy_proof`: both ways to deploy, for real, on an AWS that is not ours.

Exit code 0 everything works, 1 a step failed, 2 the tools could not be installed.
"""

import argparse
import sys
import tempfile
import time
from pathlib import Path

from tests.infra.deploy_proof.alone import package_alone
from tests.infra.deploy_proof.emulator import Ministack
from tests.infra.deploy_proof.errors import Failed
from tests.infra.deploy_proof.ways import Project, chalice_managed, cloudformation_managed, copied, say
from tools.venvs import VenvError, ready

REPOSITORY = Path(__file__).parents[3]
HERE = Path(__file__).parent
LOG_LINES = 40


def main() -> int:
    """Prove each part on a fresh ministack."""
    parser = argparse.ArgumentParser(prog="python -m tests.infra.deploy_proof", description=__doc__)
    parser.add_argument(
        "--tools", type=Path, default=REPOSITORY / "build" / "deploy", help="ministack and the AWS CLI"
    )
    parser.add_argument(
        "--runtime", type=Path, default=REPOSITORY / "build" / "runtime", help="Lambda's runtime client"
    )
    args = parser.parse_args()
    started_s = time.monotonic()
    try:
        tools = ready(args.tools.absolute(), HERE / "requirements.txt", "ministack and the AWS CLI")
        runtime = ready(args.runtime.absolute(), HERE / "runtime-requirements.txt", "Lambda's runtime client")
        for part in (
            lambda project: package_alone(project, runtime),
            chalice_managed,
            cloudformation_managed,
        ):
            with tempfile.TemporaryDirectory() as name:
                folder = Path(name)
                log = folder / "ministack.log"
                try:
                    with Ministack(tools, log) as stack:
                        part(Project(copied(REPOSITORY, folder / "project"), stack, tools.parent))
                except Failed:
                    sys.stderr.write(
                        "\n".join(log.read_text(errors="replace").splitlines()[-LOG_LINES:]) + "\n"
                    )
                    raise
    except VenvError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    except Failed as error:
        sys.stderr.write(f"{error}\n")
        return 1
    say(f"everything works ({time.monotonic() - started_s:.0f} s)")
    return 0


if __name__ == "__main__":
    sys.exit(main())
