from botocore.exceptions import ParamValidationError
from stage import check, equal, refused, resolve_localhost


@check("buckets are created, listed, headed and deleted")
def life(stage):
    s3 = stage.owner
    with stage.bucket() as name:
        assert name in [one["Name"] for one in s3.list_buckets()["Buckets"]]
        head = s3.head_bucket(Bucket=name)
        equal(head["ResponseMetadata"]["HTTPStatusCode"], 200)
        equal(head.get("BucketRegion"), stage.place["owner"]["s3"]["region"])
    assert name not in [one["Name"] for one in s3.list_buckets()["Buckets"]]
    with refused("404"):
        s3.head_bucket(Bucket=name)


@check("buckets are listed by prefix and page by page")
def pages(stage):
    s3 = stage.owner
    names = [f"conform-page-{at}" for at in range(5)]
    for name in names:
        s3.create_bucket(Bucket=name)
    found = []
    for page in s3.get_paginator("list_buckets").paginate(Prefix="conform-page-", PaginationConfig={"PageSize": 2}):
        assert len(page["Buckets"]) <= 2
        found += [one["Name"] for one in page["Buckets"]]
    for name in names:
        s3.delete_bucket(Bucket=name)
    equal(found, names)


@check("a name that is taken is refused, to its owner and to others")
def taken(stage):
    with stage.bucket() as name:
        # S3's oldest region lets an owner make a bucket again, as long as nobody is let in by it.
        stage.owner.create_bucket(Bucket=name)
        with refused("BucketAlreadyExists", 409):
            stage.owner.create_bucket(Bucket=name, ACL="public-read")
        with refused("BucketAlreadyExists", 409):
            stage.client(stage.place["stranger"]).create_bucket(Bucket=name)


@check("names that are no bucket's are refused")
def names(stage):
    client = stage.owner
    # The SDK checks names itself, so what it lets through is asked.
    for name in ("ab", "UPPER-case", "dots..dots", "-dash", "under_score", "192.168.1.1", "xn--bucket", "x" * 64):
        try:
            with refused("InvalidBucketName", 400):
                client.create_bucket(Bucket=name)
        except ParamValidationError:
            pass


@check("a bucket that holds objects is not deleted")
def full(stage):
    with stage.bucket() as name:
        stage.owner.put_object(Bucket=name, Key="a", Body=b"x")
        with refused("BucketNotEmpty", 409):
            stage.owner.delete_bucket(Bucket=name)


@check("a bucket lies in the region of the deployment, and in no other")
def location(stage):
    region = stage.place["owner"]["s3"]["region"]
    with stage.bucket() as name:
        equal(stage.owner.get_bucket_location(Bucket=name).get("LocationConstraint") or "us-east-1", region)
    with refused("IllegalLocationConstraintException", 400):
        stage.owner.create_bucket(Bucket="conform-elsewhere", CreateBucketConfiguration={"LocationConstraint": "eu-west-3"})


@check("virtual-host addresses reach the same bucket as paths do")
def virtual(stage):
    resolve_localhost()
    port = stage.endpoint.rsplit(":", 1)[1]
    with stage.bucket() as name:
        for host in ("localhost", "s3.localhost"):
            client = stage.client(stage.place["owner"], endpoint=f"http://{host}:{port}", style="virtual")
            client.put_object(Bucket=name, Key="folder/ü+ key", Body=host.encode())
            equal(stage.owner.get_object(Bucket=name, Key="folder/ü+ key")["Body"].read(), host.encode())
            equal([item["Key"] for item in client.list_objects_v2(Bucket=name)["Contents"]], ["folder/ü+ key"])
            client.delete_object(Bucket=name, Key="folder/ü+ key")
