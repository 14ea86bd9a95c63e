"""Temporary credentials: who am I, a role that is less, a session token, and S3 by each."""

import boto3
from botocore.config import Config
from stage import body_of, check, equal, refused


def client(stage, kind, pair, endpoint):
    config = Config(s3={"addressing_style": "path"}, retries={"total_max_attempts": 1})
    return boto3.session.Session().client(
        kind,
        endpoint_url=endpoint,
        region_name=stage.place["owner"]["s3"]["region"],
        aws_access_key_id=pair["AccessKeyId"],
        aws_secret_access_key=pair["SecretAccessKey"],
        aws_session_token=pair.get("SessionToken"),
        config=config,
    )


def sts_of(stage, pair=None):
    s3 = stage.place["owner"]["s3"]
    pair = pair or {"AccessKeyId": s3["accessKeyId"], "SecretAccessKey": s3["secretAccessKey"]}
    return client(stage, "sts", pair, stage.place["sts"])


@check("STS says who one is")
def identity(stage):
    said = sts_of(stage).get_caller_identity()
    assert said["Account"].isdigit() and len(said["Account"]) == 12, said
    assert said["Arn"].startswith(f"arn:aws:iam::{said['Account']}:user/"), said


@check("a role that is assumed reads with its token, and writes nothing")
def assumed(stage):
    sts = sts_of(stage)
    account = sts.get_caller_identity()["Account"]
    made = sts.assume_role(RoleArn=f"arn:aws:iam::{account}:role/reader", RoleSessionName="conform", DurationSeconds=900)
    pair = made["Credentials"]
    equal(sts_of(stage, pair).get_caller_identity()["Arn"], f"arn:aws:sts::{account}:assumed-role/reader/conform")
    with stage.bucket() as bucket:
        stage.owner.put_object(Bucket=bucket, Key="a", Body=b"bread")
        reader = client(stage, "s3", pair, stage.endpoint)
        equal(body_of(reader.get_object(Bucket=bucket, Key="a")), b"bread")
        with refused("AccessDenied", 403):
            reader.put_object(Bucket=bucket, Key="b", Body=b"more")
        without = {name: pair[name] for name in ("AccessKeyId", "SecretAccessKey")}
        with refused("InvalidToken", 400):
            client(stage, "s3", without, stage.endpoint).list_buckets()
    with refused("AccessDenied", 403):
        sts_of(stage, pair).assume_role(RoleArn=f"arn:aws:iam::{account}:role/admin", RoleSessionName="more")


@check("a session token writes what its caller may write, in parts too")
def session_token(stage):
    pair = sts_of(stage).get_session_token(DurationSeconds=900)["Credentials"]
    with stage.bucket() as bucket:
        writer = client(stage, "s3", pair, stage.endpoint)
        writer.put_object(Bucket=bucket, Key="a", Body=b"bread")
        upload = writer.create_multipart_upload(Bucket=bucket, Key="b")["UploadId"]
        part = writer.upload_part(Bucket=bucket, Key="b", UploadId=upload, PartNumber=1, Body=b"x" * 1000)
        parts = {"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]}
        writer.complete_multipart_upload(Bucket=bucket, Key="b", UploadId=upload, MultipartUpload=parts)
        equal(len(body_of(stage.owner.get_object(Bucket=bucket, Key="b"))), 1000)
    with refused("AccessDenied", 403):
        sts_of(stage, pair).get_session_token()
