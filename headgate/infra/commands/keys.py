"""`infra keys`: one API key for each partner, under the stage's usage plan. Works for both ways to deploy."""

from headgate.infra.deploy import apis
from headgate.infra.deploy.context import Context
from headgate.infra.errors import InfraError
from headgate.infra.template.intrinsics import Json, tag_map


def add(context: Context, partner: str) -> int:
    """Make a key and print its value, the only time that it is shown. Raises InfraError when there is one."""
    plan = _plan(context)
    if _find(context, plan, partner) is not None:
        raise InfraError(f"{partner} has a key already: revoke it first, or choose another name")
    if context.dry_run:
        context.say(f"dry run: a key for {partner}, not made")
        return 0
    client = context.clients["apigateway"]
    key = client.create_api_key(name=_name(context, partner), enabled=True, tags=tag_map(context.settings))
    client.create_usage_plan_key(usagePlanId=plan["id"], keyId=key["id"], keyType="API_KEY")
    context.say(f"{partner}: send this as the header x-api-key; it is not shown again")
    print(key["value"])
    return 0


def show(context: Context) -> int:
    """List the partners and their keys' ids, which is what the access log holds."""
    keys = apis.keys_of(context.clients["apigateway"], _plan(context)["id"])
    for key in sorted(keys, key=lambda each: str(each["name"])):
        print(f"{key['name'].removeprefix(_name(context, '')):<30} {key['id']}")
    context.say(f"{len(keys)} key{'' if len(keys) == 1 else 's'}")
    return 0


def revoke(context: Context, partner: str) -> int:
    """Delete a partner's key: from then on it is refused with 403. Raises InfraError when there is none."""
    key = _find(context, _plan(context), partner)
    if key is None:
        raise InfraError(f"{partner} has no key; `infra keys list` shows who has")
    if context.dry_run:
        context.say(f"dry run: the key of {partner}, not revoked")
        return 0
    context.clients["apigateway"].delete_api_key(apiKey=key["id"])
    context.say(f"the key of {partner} is revoked")
    return 0


def _plan(context: Context) -> Json:
    context.clients.place()
    if context.settings.auth != "api_key":
        raise InfraError(f"the stage has auth {context.settings.auth}: it knows no keys")
    return apis.usage_plan(context.clients["apigateway"], f"headgate-{context.settings.stage}")


def _find(context: Context, plan: Json, partner: str) -> Json | None:
    keys = apis.keys_of(context.clients["apigateway"], plan["id"])
    return next((each for each in keys if each["name"] == _name(context, partner)), None)


def _name(context: Context, partner: str) -> str:
    return f"headgate-{context.settings.stage}-{partner}"
