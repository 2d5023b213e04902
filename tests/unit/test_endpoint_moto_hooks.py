"""What s3.files relies on in moto, so that a new version of moto fails here first and says where to look."""

import inspect
import re

from moto.core.common_models import BaseModel
from moto.s3 import config, models, responses

from headgate.local.s3.files import HOOKS
from headgate.local.s3.keys import FileKeys
from headgate.local.s3.objects import FACTS

# An attribute of moto's object that is neither in FACTS nor here is new: decide whether it has to be kept.
NOT_KEPT = {
    "name bucket_name contentsize last_modified",  # read from the file
    "account_id region_name partition _version_id _is_versioned",  # the same for all
    "_value_buffer _max_buffer_size lock disposed multipart",  # how moto holds the bytes
    "_transitions _status _tick _time_progressed model_name _expiry",  # restoring from Glacier
    "acl lock_mode lock_legal_status lock_until",
}


def test_every_name_that_is_replaced_is_there() -> None:
    for owner, name, _ in HOOKS:
        assert name in vars(owner), f"{owner.__name__}.{name}"


def test_moto_makes_objects_buckets_and_uploads_by_the_names_that_are_replaced() -> None:
    assert "FakeKey(" in inspect.getsource(models.S3Backend.put_object)
    assert "FakeKey(" in inspect.getsource(models.FakeMultipart.set_part)
    assert "FakeBucket(" in inspect.getsource(models.S3Backend.create_bucket)
    assert "FakeMultipart(" in inspect.getsource(models.S3Backend.create_multipart_upload)
    assert "instances_tracked.append" in inspect.getsource(BaseModel.__new__)


def test_a_bucket_s_objects_answer_everything_that_moto_asks_of_them() -> None:
    source = "".join(inspect.getsource(module) for module in (models, responses, config))
    asked = set(re.findall(r"bucket\.keys\.(\w+)\(", source))
    assert {"get", "getlist", "setlist", "pop", "items"} <= asked
    assert asked <= set(dir(FileKeys))


def test_moto_s_object_has_no_attribute_that_nobody_decided_about() -> None:
    key = models.FakeKey("k", b"", account_id="123456789012", region_name="us-east-1")
    names = set(vars(key))
    key.dispose()
    assert names == set(FACTS) | {name for line in NOT_KEPT for name in line.split()}


def test_moto_stores_an_object_first_and_sets_its_metadata_then() -> None:
    source = inspect.getsource(responses.S3Response.put_object)
    assert source.index("self.backend.put_object(") < source.index("new_key.set_metadata(")
    source = inspect.getsource(models.S3Backend.complete_multipart_upload)
    assert (
        source.index("multipart.complete(")
        < source.index("self.put_object(")
        < source.index("key.set_metadata(")
    )
