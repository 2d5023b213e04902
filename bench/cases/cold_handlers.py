"""Handlers for bench.cold_start that are not the real package: each function is one, imports and all.

Not imported as a module: bench.cold_start writes the source of each into a folder of its own.
"""

BARE = """
def handler(event, context):
    return {"statusCode": 200, "body": "{}"}
"""

CHALICE = """
from chalice import Chalice
app = Chalice(app_name="bare")
@app.route("/v1", methods=["POST"])
def post_v1():
    return {}
handler = app
"""

TUTORIAL = """
import json, uuid
import boto3
from chalice import Chalice
app = Chalice(app_name="tutorial")
kinesis = boto3.client("kinesis")
@app.route("/v1", methods=["POST"])
def post_v1():
    data = json.dumps(app.current_request.json_body) + "\\n"
    answer = kinesis.put_record(StreamName="headgate-prod", Data=data, PartitionKey=str(uuid.uuid4()))
    return {"SequenceNumber": answer["SequenceNumber"]}
handler = app
"""

POWERTOOLS = """
import json, uuid
import boto3
from aws_lambda_powertools.event_handler import APIGatewayRestResolver
from aws_lambda_powertools.utilities.validation import validate
app = APIGatewayRestResolver()
kinesis = boto3.client("kinesis")
@app.post("/v1")
def post_v1():
    body = app.current_event.json_body
    validate(event=body, schema={"type": "object"})
    data = json.dumps(body) + "\\n"
    answer = kinesis.put_record(StreamName="headgate-prod", Data=data, PartitionKey=str(uuid.uuid4()))
    return {"SequenceNumber": answer["SequenceNumber"]}
def handler(event, context):
    return app.resolve(event, context)
"""
