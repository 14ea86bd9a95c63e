import copy
import datetime
import urllib.error
import urllib.request

import boto3
import botocore.auth
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError
from stage import check, equal, refused


def every_operation(s3, bucket, key="k"):
    """One call of each kind, as (name, is a write, step)."""
    at = {"Bucket": bucket, "Key": key}
    return [
        ("ListBuckets", False, lambda: s3.list_buckets()),
        ("HeadObject", False, lambda: s3.head_object(**at)),
        ("GetObject", False, lambda: s3.get_object(**at)),
        ("ListObjects", False, lambda: s3.list_objects(Bucket=bucket)),
        ("ListObjectsV2", False, lambda: s3.list_objects_v2(Bucket=bucket)),
        ("ListMultipartUploads", False, lambda: s3.list_multipart_uploads(Bucket=bucket)),
        ("GetBucketLocation", False, lambda: s3.get_bucket_location(Bucket=bucket)),
        ("HeadBucket", False, lambda: s3.head_bucket(Bucket=bucket)),
        ("CreateBucket", True, lambda: s3.create_bucket(Bucket=f"{bucket}-more")),
        ("PutObject", True, lambda: s3.put_object(**at, Body=b"y")),
        ("CopyObject", True, lambda: s3.copy_object(Bucket=bucket, Key="copy", CopySource=at)),
        ("DeleteObject", True, lambda: s3.delete_object(**at)),
        ("CreateMultipartUpload", True, lambda: s3.create_multipart_upload(**at)),
        ("DeleteBucket", True, lambda: s3.delete_bucket(Bucket=bucket)),
    ]


def refuse_all(operations, code):
    for name, _, step in operations:
        wanted = "403" if name.startswith("Head") else code
        try:
            with refused(wanted, 403):
                step()
        except AssertionError as error:
            raise AssertionError(f"{name}: {error}") from error


@check("what is not there is told as S3 does")
def missing(stage):
    s3 = stage.owner
    for step in (lambda: s3.get_object(Bucket="conform-absent", Key="k"), lambda: s3.list_objects_v2(Bucket="conform-absent"), lambda: s3.put_object(Bucket="conform-absent", Key="k"), lambda: s3.delete_bucket(Bucket="conform-absent")):
        with refused("NoSuchBucket", 404):
            step()
    with stage.bucket() as name:
        with refused("NoSuchKey", 404):
            s3.get_object(Bucket=name, Key="absent")
        with refused("404", 404):
            s3.head_object(Bucket=name, Key="absent")
        with refused("NoSuchBucketPolicy", 404):
            s3.get_bucket_policy(Bucket=name)
        with refused("NotImplemented", 501):
            s3.put_bucket_accelerate_configuration(Bucket=name, AccelerateConfiguration={"Status": "Enabled"})


@check("a wrong secret, an unknown key and no key are refused")
def strangers(stage):
    wrong, unknown = copy.deepcopy(stage.place["owner"]), copy.deepcopy(stage.place["owner"])
    wrong["s3"]["secretAccessKey"] = "x" * 40
    unknown["s3"]["accessKeyId"] = "GMTA00000000000000AA"
    with stage.bucket() as name:
        stage.owner.put_object(Bucket=name, Key="k", Body=b"x")
        refuse_all(every_operation(stage.client(wrong), name), "SignatureDoesNotMatch")
        refuse_all(every_operation(stage.client(unknown), name), "InvalidAccessKeyId")
        nobody = boto3.client("s3", endpoint_url=stage.endpoint, region_name="us-east-1", config=Config(signature_version=UNSIGNED))
        refuse_all(every_operation(nobody, name), "AccessDenied")
        equal(stage.owner.get_object(Bucket=name, Key="k")["Body"].read(), b"x")


@check("a clock that is twenty minutes off is refused, and one that is ten minutes off is not")
def skewed(stage):
    real = botocore.auth.get_current_datetime
    try:
        for minutes, code in ((20, "RequestTimeTooSkewed"), (-20, "RequestTimeTooSkewed"), (10, None), (-10, None)):
            botocore.auth.get_current_datetime = lambda *rest, **more: real(*rest, **more) + datetime.timedelta(minutes=minutes)
            if code is None:
                stage.owner.list_buckets()
            else:
                with refused(code, 403):
                    stage.owner.list_buckets()
    finally:
        botocore.auth.get_current_datetime = real


@check("a signature for another region is refused with the right one, which the SDK then takes")
def region(stage):
    wrong = copy.deepcopy(stage.place["owner"])
    wrong["s3"]["region"] = "eu-west-3"
    with refused("AuthorizationHeaderMalformed", 400):
        stage.client(wrong).list_buckets()
    with stage.bucket() as name:
        stage.client(wrong).put_object(Bucket=name, Key="k", Body=b"x")
        equal(stage.owner.get_object(Bucket=name, Key="k")["Body"].read(), b"x")


@check("a reader reads everything and writes nothing")
def reader(stage):
    with stage.bucket() as name:
        stage.owner.put_object(Bucket=name, Key="k", Body=b"x")
        operations = every_operation(stage.client(stage.place["reader"]), name)
        for title, writes, step in operations:
            if not writes:
                step()
        refuse_all([one for one in operations if one[1]], "AccessDenied")
        try:
            # S3 refuses key by key; the whole request may be refused as well when no key of the bucket may be deleted.
            answer = stage.client(stage.place["reader"]).delete_objects(Bucket=name, Delete={"Objects": [{"Key": "k"}]})
            equal([one["Code"] for one in answer.get("Errors", [])], ["AccessDenied"])
        except ClientError as error:
            equal(error.response["Error"]["Code"], "AccessDenied")
        equal(stage.owner.get_object(Bucket=name, Key="k")["Body"].read(), b"x")


@check("another organization neither sees nor touches a bucket")
def other_tenant(stage):
    with stage.bucket() as name:
        stage.owner.put_object(Bucket=name, Key="k", Body=b"x")
        client = stage.client(stage.place["stranger"])
        assert name not in [one["Name"] for one in client.list_buckets()["Buckets"]]
        refuse_all([one for one in every_operation(client, name) if one[0] not in ("ListBuckets", "CreateBucket")], "AccessDenied")
        equal(stage.owner.get_object(Bucket=name, Key="k")["Body"].read(), b"x")


@check("an administrator's and an editor's credential do what their role says")
def roles(stage):
    with stage.bucket() as name:
        for role in ("admin", "editor"):
            client = stage.client(stage.credential("--role", role))
            client.put_object(Bucket=name, Key=role, Body=role.encode())
            equal(client.get_object(Bucket=name, Key=role)["Body"].read(), role.encode())
            client.delete_object(Bucket=name, Key=role)


@check("a revoked credential is refused on everything at once")
def revoked(stage):
    credential = stage.credential("--role", "owner")
    client = stage.client(credential)
    with stage.bucket() as name:
        client.put_object(Bucket=name, Key="k", Body=b"x")
        stage.gamut("credential", "revoke", credential["id"])
        refuse_all(every_operation(client, name), "InvalidAccessKeyId")
        equal(stage.owner.get_object(Bucket=name, Key="k")["Body"].read(), b"x")


@check("every refusal is XML with a code, a message and the request's id")
def wording(stage):
    try:
        urllib.request.urlopen(f"{stage.endpoint}/conform-absent/k", timeout=20)
        raise AssertionError("was not refused")
    except urllib.error.HTTPError as error:
        body = error.read().decode()
        equal((error.code, error.headers["Content-Type"]), (404, "application/xml"))
        for part in ("<Code>NoSuchBucket</Code>", "<Message>", f"<RequestId>{error.headers['x-amz-request-id']}</RequestId>"):
            assert part in body, body
