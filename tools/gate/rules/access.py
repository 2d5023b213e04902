"""Rules of who may do what."""

from headgate.infra.template.intrinsics import Json
from tools.gate.rules.look import many, properties, statements


def no_action_is_open(template: Json) -> list[str]:
    """Every action of a role is written out (I12)."""
    return [
        f"{role} may {action}"
        for role, statement in statements(template)
        if statement["Effect"] == "Allow"
        for action in many(statement.get("Action", "*"))
        if "*" in action
    ]


def no_resource_is_open(template: Json) -> list[str]:
    """Every statement names this stage's resources."""
    return [
        f"{role} may {', '.join(many(statement['Action']))} on everything"
        for role, statement in statements(template)
        if statement["Effect"] == "Allow" and "*" in many(statement.get("Resource", "*"))
    ]


def services_are_held_to_this_account(template: Json) -> list[str]:
    """Firehose and CloudWatch act for many accounts: each trust and each topic says for whom."""
    found = []
    for name, role in properties(template, "AWS::IAM::Role"):
        trust = role["AssumeRolePolicyDocument"]["Statement"]
        firehose = [each for each in trust if each["Principal"].get("Service") == "firehose.amazonaws.com"]
        found += [f"{name} can be taken on for another account" for each in firehose if not _held(each)]
    for name, policy in properties(template, "AWS::SNS::TopicPolicy"):
        found += [
            f"{name} lets another account publish"
            for statement in policy["PolicyDocument"]["Statement"]
            if not _held(statement)
        ]
    return found


def _held(statement: Json) -> bool:
    condition = statement.get("Condition", {}).get("StringEquals", {})
    return bool(condition.get("aws:SourceAccount") == {"Ref": "AWS::AccountId"})
