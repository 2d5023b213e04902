"""The two ways to deploy, step by step, as docs/deploy.md tells them, against a running ministack."""

import json
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any, NamedTuple

from headgate.infra.commands.package import PROGRAM
from headgate.infra.deploy.context import deployed
from headgate.settings import fill_bucket, load_settings, names_of
from tests.infra.deploy_proof.arrived import DROPPED, DROPPED_2, Setting, compared, responses, wrong
from tests.infra.deploy_proof.emulator import ACCOUNT, REGION, Ministack
from tests.infra.deploy_proof.errors import Failed

STAGE = "prod"
ARRIVES_S = 60.0


class Project(NamedTuple):
    """A copy of the repository that is deployed from, and where to."""

    root: Path
    stack: Ministack
    tools: Path

    def run(self, *program: str, expect: int = 0) -> str:
        """Run a command in the copy; answer its standard output."""
        done = subprocess.run(
            program, cwd=self.root, env=self.stack.environment(), capture_output=True, text=True, check=False
        )
        if done.returncode != expect:
            shown = (done.stdout + done.stderr)[-2000:]
            raise Failed(f"{' '.join(program)} ended with {done.returncode}, not {expect}:\n{shown}")
        return done.stdout

    def infra(self, *arguments: str, expect: int = 0) -> str:
        """Run `headgate infra …`."""
        here = () if arguments[0] == "package" else ("--local",)
        program = (sys.executable, "-m", "headgate", "infra", *arguments)
        return self.run(*program, *here, "--stage", STAGE, expect=expect)

    def chalice(self, *arguments: str) -> str:
        """Run Chalice's command line."""
        return self.run(*PROGRAM, *arguments, "--stage", STAGE)

    def aws(self, *arguments: str, expect: int = 0) -> str:
        """Run the AWS CLI."""
        return self.run(str(self.tools / "aws"), *arguments, expect=expect)


def copied(repository: Path, target: Path) -> Path:
    """Copy what is deployed from, without what an earlier deploy left."""
    ignored = shutil.ignore_patterns("__pycache__", "deployed", "deployments")
    for name in ("chalicelib", "headgate", ".chalice"):
        shutil.copytree(repository / name, target / name, ignore=ignored)
    for name in ("app.py", "requirements.txt"):
        shutil.copy(repository / name, target / name)
    return target


def chalice_managed(project: Project) -> None:
    """Infra deploy, infra package, chalice deploy, tune; redeploy; delete and destroy."""
    say("Chalice-managed: infra deploy, infra package, chalice deploy, infra tune")
    project.infra("tune", expect=2)
    project.infra("deploy", "--dry-run")
    project.infra("deploy")
    project.infra("package")
    said = project.chalice("deploy")
    expect("chalice deploy takes the zip of infra package", "Reusing existing deployment package" in said)
    expect("the mapping is still being created", mapping_state(project) == "Creating")
    project.infra("tune")
    api_id = deployed(project.root, STAGE).api_id
    key = project.infra("keys", "add", "acme").strip()
    url = project.stack.stage_url(api_id, STAGE)
    refused = post(url, {"type": "no key"}, key="")
    expect(
        "without a key the answer is 403 in our shape",
        refused[0] == 403 and refused[1]["Code"] == "Forbidden",
    )
    arrives(project, url, key, "chalice-managed-first")
    settings = load_settings(project.root, STAGE)
    found = [*compared(project.stack, settings, api_id), responses(project.stack, settings, api_id)]
    settled(found, DROPPED)
    takes_bytes(project, url, key, api_id)
    say("Chalice-managed: change the code, redeploy, same URL")
    change_code(project)
    project.chalice("deploy")
    project.infra("tune")
    expect("the API is the same", deployed(project.root, STAGE).api_id == api_id)
    expect("the new code answers", get(f"{url}/health")["Version"] == NEW_VERSION)
    arrives(project, url, key, "chalice-managed-second")
    project.infra("deploy")
    project.infra("diff")
    say("Chalice-managed: keys revoke, chalice delete, infra destroy")
    project.infra("keys", "revoke", "acme")
    expect("a revoked key is refused", post(url, {"type": "revoked"}, key)[0] == 403)
    project.infra("destroy", expect=2)
    project.chalice("delete")
    project.infra("destroy")
    again(project, bucket_of(project))
    project.chalice("delete")
    project.infra("destroy")
    buckets = [each["Name"] for each in project.stack.client("s3").list_buckets()["Buckets"]]
    expect("the bucket stays", bucket_of(project) in buckets)
    project.infra("destroy", "--delete-bucket")
    expect("and goes when it is named", project.stack.client("s3").list_buckets()["Buckets"] == [])


def again(project: Project, bucket: str) -> None:
    """Deploy over the bucket that `infra destroy` kept: what it holds stays, and new lines arrive."""
    say("Chalice-managed: deploy again over the kept bucket")
    before = project.stack.client("s3").list_objects_v2(Bucket=bucket)["KeyCount"]
    for command in ("deploy", "package"):
        project.infra(command)
    project.chalice("deploy")
    project.infra("tune")
    after = project.stack.client("s3").list_objects_v2(Bucket=bucket)["KeyCount"]
    expect("the kept bucket still holds its objects", before > 0 and after >= before)
    url = project.stack.stage_url(deployed(project.root, STAGE).api_id, STAGE)
    arrives(project, url, project.infra("keys", "add", "acme").strip(), "chalice-managed-again")


def cloudformation_managed(project: Project) -> None:
    """Chalice package, AWS CLI package and deploy: one stack."""
    say("CloudFormation-managed: chalice package, aws cloudformation package and deploy")
    project.stack.client("s3").create_bucket(Bucket="artifacts")
    deploy_2(project)
    api_id = outputs(project)["RestAPIId"]
    key = project.infra("keys", "add", "acme").strip()
    url = project.stack.stage_url(api_id, STAGE)
    arrives(project, url, key, "cloudformation-managed-first")
    settled(compared(project.stack, load_settings(project.root, STAGE), api_id), DROPPED_2)
    takes_bytes(project, url, key, api_id)
    project.infra("tune", expect=2)
    project.infra("deploy", expect=2)
    say("CloudFormation-managed: update, then nothing to change")
    change_code(project)
    deploy_2(project)
    url = project.stack.stage_url(outputs(project)["RestAPIId"], STAGE)
    expect("the new code answers", get(f"{url}/health")["Version"] == NEW_VERSION)
    arrives(project, url, key, "cloudformation-managed-second")
    deploy_2(project)
    imported(project)


def mapping_state(project: Project) -> str:
    """Return the state of the transform's mapping."""
    found = project.stack.client("lambda").list_event_source_mappings(
        FunctionName=f"headgate-{STAGE}-transform"
    )
    return str(found["EventSourceMappings"][0]["State"])


def imported(project: Project) -> None:
    """Delete the stack and take its bucket and stream over by a change set, as the documentation says."""
    say("CloudFormation-managed: delete the stack, then import the kept bucket and stream")
    stack, bucket = ("--stack-name", f"headgate-{STAGE}"), bucket_of(project)
    project.aws("cloudformation", "delete-stack", *stack)
    project.aws("cloudformation", "wait", "stack-delete-complete", *stack)
    before = project.stack.client("s3").list_objects_v2(Bucket=bucket)["KeyCount"]
    config_path = project.root / ".chalice" / "config.json"
    config = json.loads(config_path.read_text(encoding="utf-8"))
    config["stages"][STAGE]["headgate"]["names"] = {"bucket": bucket}
    config_path.write_text(json.dumps(config), encoding="utf-8")
    project.run(sys.executable, "-m", "headgate", "infra", "render", "--stage", STAGE)
    package_2(project)
    project.aws("s3", "cp", "out/final.json", "s3://artifacts/final.json")
    change = ("--change-set-name", "again")
    template = ("--template-url", f"{project.stack.url}/artifacts/final.json")
    kind = ("--change-set-type", "CREATE", "--import-existing-resources")
    project.aws("cloudformation", "create-change-set", *stack, *change, *kind, *template, *RIGHTS)
    project.aws("cloudformation", "wait", "change-set-create-complete", *stack, *change)
    project.aws("cloudformation", "execute-change-set", *stack, *change)
    project.aws("cloudformation", "wait", "stack-create-complete", *stack)
    after = project.stack.client("s3").list_objects_v2(Bucket=bucket)["KeyCount"]
    expect("the imported bucket still holds its objects", before > 0 and after >= before)
    url = project.stack.stage_url(outputs(project)["RestAPIId"], STAGE)
    arrives(project, url, project.infra("keys", "add", "acme").strip(), "cloudformation-managed-again")


def takes_bytes(project: Project, url: str, key: str, api_id: str) -> None:
    """Prove that bodies reach the function as bytes: bad UTF-8 is refused and not altered."""
    types = project.stack.client("apigateway").get_rest_api(restApiId=api_id).get("binaryMediaTypes")
    expect("every body is binary to the API", types == ["*/*"])
    status, answer = post_bytes(url, b'{"a":"\xff"}', key)
    expect("a body that is not UTF-8 is refused", status == 400 and answer["Code"] == "InvalidEvent")


RIGHTS = ("--capabilities", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND")


def deploy_2(project: Project) -> None:
    """Package and deploy as the documentation says."""
    package_2(project)
    stack = (
        "--template-file",
        "out/final.json",
        "--stack-name",
        f"headgate-{STAGE}",
        "--s3-bucket",
        "artifacts",
    )
    project.aws("cloudformation", "deploy", *stack, *RIGHTS, "--no-fail-on-empty-changeset")


def package_2(project: Project) -> None:
    """Package with Chalice and the AWS CLI."""
    shutil.rmtree(project.root / "out", ignore_errors=True)
    project.chalice("package", "--merge-template", ".chalice/resources.json", "out")
    artifacts = ("--s3-bucket", "artifacts")
    final = ("--output-template-file", "out/final.json", "--use-json")
    project.aws("cloudformation", "package", "--template-file", "out/sam.json", *artifacts, *final)


NEW_VERSION = "9.9.9"


def change_code(project: Project) -> None:
    """Make a change that `/health` shows."""
    path = project.root / "chalicelib" / "__init__.py"
    lines = path.read_text(encoding="utf-8").splitlines()
    changed = [f'__version__ = "{NEW_VERSION}"' if line.startswith("__version__") else line for line in lines]
    path.write_text("\n".join(changed) + "\n", encoding="utf-8")


def arrives(project: Project, url: str, key: str, mark: str) -> None:
    """Post one event and wait for its line in the archive and in curated/."""
    event = {"value": "30", "type": "Tip 3", "mark": mark}
    status, receipt = post(f"{url}", event, key)
    expect(
        f"{mark}: the answer is the receipt", status == 200 and set(receipt) == {"SequenceNumber", "ShardId"}
    )
    line = json.dumps(event).encode()
    client, bucket, missing = project.stack.client("s3"), bucket_of(project), ["raw-data/", "curated/"]
    end_s = time.monotonic() + ARRIVES_S
    while missing and time.monotonic() < end_s:
        time.sleep(0.2)
        keys = [each["Key"] for each in client.list_objects_v2(Bucket=bucket).get("Contents", [])]
        texts = {each: client.get_object(Bucket=bucket, Key=each)["Body"].read() for each in keys}
        missing = [
            each
            for each in missing
            if not any(name.startswith(each) and line in text for name, text in texts.items())
        ]
    expect(f"{mark}: the line lies in raw-data/ and curated/", not missing)


def post(url: str, event: dict[str, Any], key: str) -> tuple[int, dict[str, Any]]:
    """Send one event to `<url>/v1`."""
    return post_bytes(url, json.dumps(event).encode(), key)


def post_bytes(url: str, body: bytes, key: str) -> tuple[int, dict[str, Any]]:
    """Send one body to `<url>/v1`."""
    headers = {"Content-Type": "application/json"} | ({"x-api-key": key} if key else {})
    request = urllib.request.Request(f"{url}/v1", body, headers)  # noqa: S310  loopback
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310  loopback
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)


def get(url: str) -> dict[str, Any]:
    """Read one JSON answer."""
    with urllib.request.urlopen(url, timeout=30) as answer:  # noqa: S310  loopback
        found: dict[str, Any] = json.load(answer)
    return found


def outputs(project: Project) -> dict[str, str]:
    """Answer the outputs of the stack that CloudFormation manages."""
    stack = project.stack.client("cloudformation").describe_stacks(StackName=f"headgate-{STAGE}")["Stacks"][0]
    return {each["OutputKey"]: each["OutputValue"] for each in stack["Outputs"]}


def bucket_of(project: Project) -> str:
    """Answer the stage's bucket."""
    return fill_bucket(names_of(load_settings(project.root, STAGE)).bucket, ACCOUNT, REGION)


def settled(found: list[Setting], dropped: set[str]) -> None:
    """Refuse when a setting did not arrive."""
    lines = wrong(found, dropped)
    expect(f"all {len(found)} settings arrived" + "".join(f"\n  {line}" for line in lines), not lines)


def expect(what: str, holds: bool) -> None:  # noqa: FBT001  reads as a sentence where it is called
    """Say what holds; refuse when it does not."""
    if not holds:
        raise Failed(f"not so: {what}")
    say(f"  {what}")


def say(line: str) -> None:
    """Show progress."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
