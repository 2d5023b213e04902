"""The SNS topic that every alarm tells, and the mail address that hears it."""

from headgate.infra.intrinsics import Json, ref, resource, tags
from headgate.settings import StageSettings


def topic(settings: StageSettings) -> dict[str, Json]:
    """Make the topic that every alarm tells; the mail of the settings subscribes to it."""
    publish = {
        "Sid": "Alarms",
        "Effect": "Allow",
        "Principal": {"Service": "cloudwatch.amazonaws.com"},
        "Action": "sns:Publish",
        "Resource": ref("AlarmTopic"),
        "Condition": {"StringEquals": {"aws:SourceAccount": ref("AWS::AccountId")}},
    }
    document = {"Version": "2012-10-17", "Statement": [publish]}
    made = {
        "AlarmTopic": resource("AWS::SNS::Topic", {"Tags": tags(settings)}),
        "AlarmTopicPolicy": resource(
            "AWS::SNS::TopicPolicy", {"Topics": [ref("AlarmTopic")], "PolicyDocument": document}
        ),
    }
    if settings.alarm_email is not None:
        mail = {"TopicArn": ref("AlarmTopic"), "Protocol": "email", "Endpoint": settings.alarm_email}
        made["AlarmMail"] = resource("AWS::SNS::Subscription", mail)
    return made
