import datetime

from botocore.exceptions import ClientError
from stage import ODD_KEYS, body_of, bytes_of, check, equal, md5, plain, refused


@check("objects of every size return as they were stored, with MD5 as ETag")
def sizes(stage):
    s3 = stage.owner
    with stage.bucket() as name:
        for size in (0, 1, 4095, 4096, 4097, 65536, 1_000_003, 6 * 1024 * 1024):
            data = bytes_of(size, size)
            equal(plain(s3.put_object(Bucket=name, Key=f"size-{size}", Body=data)["ETag"]), md5(data))
            got = s3.get_object(Bucket=name, Key=f"size-{size}")
            equal((got["ContentLength"], plain(got["ETag"])), (size, md5(data)))
            assert body_of(got) == data


@check("an object that is put again is replaced whole, and there is at most one")
def replaced(stage):
    s3 = stage.owner
    with stage.bucket() as name:
        s3.put_object(Bucket=name, Key="k", Body=bytes_of(1, 100_000), Metadata={"first": "1"}, ContentType="a/b")
        s3.put_object(Bucket=name, Key="k", Body=b"second")
        got = s3.get_object(Bucket=name, Key="k")
        equal((body_of(got), got["Metadata"], got["ContentType"]), (b"second", {}, "binary/octet-stream"))
        equal(s3.list_objects_v2(Bucket=name)["KeyCount"], 1)


@check("metadata and headers return as they were given")
def metadata(stage):
    s3 = stage.owner
    given = {
        "ContentType": "text/plain; charset=utf-8",
        "ContentDisposition": 'attachment; filename="a b.txt"',
        "ContentEncoding": "identity",
        "ContentLanguage": "de, en",
        "CacheControl": "max-age=60, private",
    }
    expires = datetime.datetime(2031, 1, 2, 3, 4, 5, tzinfo=datetime.timezone.utc)
    with stage.bucket() as name:
        s3.put_object(Bucket=name, Key="k", Body=b"x", Metadata={"colour": "red", "long-name": "a, b; c = d"}, Expires=expires, **given)
        for got in (s3.head_object(Bucket=name, Key="k"), s3.get_object(Bucket=name, Key="k")):
            equal({key: got[key] for key in given}, given)
            equal(got["Metadata"], {"colour": "red", "long-name": "a, b; c = d"})
            equal(got["ExpiresString"], "Thu, 02 Jan 2031 03:04:05 GMT")
            assert abs((datetime.datetime.now(datetime.timezone.utc) - got["LastModified"]).total_seconds()) < 60
        with refused("MetadataTooLarge", 400):
            s3.put_object(Bucket=name, Key="big", Body=b"x", Metadata={"big": "x" * 2100})


@check("a GET may have its headers replaced by the address")
def overrides(stage):
    s3 = stage.owner
    with stage.bucket() as name:
        s3.put_object(Bucket=name, Key="k", Body=b"x", ContentType="a/b")
        got = s3.get_object(Bucket=name, Key="k", ResponseContentType="c/d", ResponseContentDisposition="inline", ResponseCacheControl="no-cache")
        equal((got["ContentType"], got["ContentDisposition"], got["CacheControl"]), ("c/d", "inline", "no-cache"))


@check("ranges answer those bytes, and 416 behind the end")
def ranges(stage):
    s3 = stage.owner
    data = bytes_of(5, 3_000_000)
    size = len(data)
    with stage.bucket() as name:
        s3.put_object(Bucket=name, Key="k", Body=data)
        for text, first, last in (
            ("bytes=0-0", 0, 0), ("bytes=10-99", 10, 99), ("bytes=2999990-", 2999990, size - 1), ("bytes=-7", size - 7, size - 1),
            ("bytes=2999999-9999999", size - 1, size - 1), ("bytes=1048570-1048600", 1048570, 1048600), ("bytes=-9999999", 0, size - 1),
        ):
            got = s3.get_object(Bucket=name, Key="k", Range=text)
            equal((got["ResponseMetadata"]["HTTPStatusCode"], got["ContentRange"]), (206, f"bytes {first}-{last}/{size}"))
            assert body_of(got) == data[first : last + 1], text
        with refused("InvalidRange", 416):
            s3.get_object(Bucket=name, Key="k", Range=f"bytes={size}-")
        equal(s3.head_object(Bucket=name, Key="k", Range="bytes=5-9")["ContentLength"], 5)


@check("reads keep their conditions")
def read_conditions(stage):
    s3 = stage.owner
    hour = datetime.timedelta(hours=1)
    with stage.bucket() as name:
        etag = s3.put_object(Bucket=name, Key="k", Body=b"x")["ETag"]
        at = s3.head_object(Bucket=name, Key="k")["LastModified"]
        for holds in ({"IfMatch": etag}, {"IfNoneMatch": '"other"'}, {"IfModifiedSince": at - hour}, {"IfUnmodifiedSince": at + hour}, {"IfMatch": etag, "IfUnmodifiedSince": at - hour}):
            equal(body_of(s3.get_object(Bucket=name, Key="k", **holds)), b"x")
        for status, code, fails in (
            (412, "PreconditionFailed", {"IfMatch": '"other"'}), (412, "PreconditionFailed", {"IfUnmodifiedSince": at - hour}),
            (304, "304", {"IfNoneMatch": etag}), (304, "304", {"IfModifiedSince": at + datetime.timedelta(seconds=1)}), (304, "304", {"IfNoneMatch": etag, "IfModifiedSince": at - hour}),
        ):
            with refused(code, status):
                s3.get_object(Bucket=name, Key="k", **fails)
            with refused(str(status), status):
                s3.head_object(Bucket=name, Key="k", **fails)


@check("writes keep their conditions")
def write_conditions(stage):
    s3 = stage.owner
    with stage.bucket() as name:
        etag = s3.put_object(Bucket=name, Key="k", Body=b"1", IfNoneMatch="*")["ETag"]
        with refused("PreconditionFailed", 412):
            s3.put_object(Bucket=name, Key="k", Body=b"2", IfNoneMatch="*")
        with refused("PreconditionFailed", 412):
            s3.put_object(Bucket=name, Key="k", Body=b"2", IfMatch='"other"')
        equal(body_of(s3.get_object(Bucket=name, Key="k")), b"1")
        s3.put_object(Bucket=name, Key="k", Body=b"2", IfMatch=etag)
        equal(body_of(s3.get_object(Bucket=name, Key="k")), b"2")
        with refused("NoSuchKey", 404):
            s3.put_object(Bucket=name, Key="absent", Body=b"2", IfMatch=etag)


@check("objects are deleted one by one and by the thousand")
def deletes(stage):
    s3 = stage.owner
    with stage.bucket() as name:
        s3.put_object(Bucket=name, Key="k", Body=b"x")
        for _ in range(2):
            equal(s3.delete_object(Bucket=name, Key="k")["ResponseMetadata"]["HTTPStatusCode"], 204)
        with refused("NoSuchKey", 404):
            s3.get_object(Bucket=name, Key="k")
        keys = ["a&<b>", "ü/1", "plain"]
        for key in keys:
            s3.put_object(Bucket=name, Key=key, Body=b"x")
        absent = [f"absent-{at}" for at in range(997)]
        answer = s3.delete_objects(Bucket=name, Delete={"Objects": [{"Key": key} for key in keys + absent]})
        equal(sorted(one["Key"] for one in answer["Deleted"]), sorted(keys + absent))
        assert "Errors" not in answer and s3.list_objects_v2(Bucket=name)["KeyCount"] == 0
        s3.put_object(Bucket=name, Key="quiet", Body=b"x")
        answer = s3.delete_objects(Bucket=name, Delete={"Objects": [{"Key": "quiet"}], "Quiet": True})
        assert "Deleted" not in answer and "Errors" not in answer
        with refused("MalformedXML", 400):
            s3.delete_objects(Bucket=name, Delete={"Objects": [{"Key": f"k{at}"} for at in range(1001)]})


@check("copies carry bytes and metadata, or new metadata, and keep conditions")
def copies(stage):
    s3 = stage.owner
    data = bytes_of(9, 200_000)
    with stage.bucket() as name, stage.bucket() as other:
        etag = s3.put_object(Bucket=name, Key="from ü+?.bin", Body=data, Metadata={"a": "1"}, ContentType="a/b")["ETag"]
        source = {"Bucket": name, "Key": "from ü+?.bin"}
        result = s3.copy_object(Bucket=other, Key="to", CopySource=source)["CopyObjectResult"]
        equal(result["ETag"], etag)
        got = s3.get_object(Bucket=other, Key="to")
        equal((body_of(got) == data, got["Metadata"], got["ContentType"]), (True, {"a": "1"}, "a/b"))
        s3.copy_object(Bucket=other, Key="to", CopySource=source, MetadataDirective="REPLACE", Metadata={"b": "2"}, ContentType="c/d")
        got = s3.head_object(Bucket=other, Key="to")
        equal((got["Metadata"], got["ContentType"]), ({"b": "2"}, "c/d"))
        with refused("InvalidRequest", 400):
            s3.copy_object(Bucket=name, Key="from ü+?.bin", CopySource=source)
        s3.copy_object(Bucket=name, Key="from ü+?.bin", CopySource=source, MetadataDirective="REPLACE", Metadata={"self": "1"})
        assert body_of(s3.get_object(Bucket=name, Key="from ü+?.bin")) == data
        s3.copy_object(Bucket=other, Key="to", CopySource=source, CopySourceIfMatch=etag)
        for fails in ({"CopySourceIfMatch": '"other"'}, {"CopySourceIfNoneMatch": etag}):
            with refused("PreconditionFailed", 412):
                s3.copy_object(Bucket=other, Key="to", CopySource=source, **fails)
        with refused("NoSuchKey", 404):
            s3.copy_object(Bucket=other, Key="to", CopySource={"Bucket": name, "Key": "absent"})
        with refused("NoSuchBucket", 404):
            s3.copy_object(Bucket=other, Key="to", CopySource={"Bucket": "conform-no-such-bucket", "Key": "k"})


@check("keys of every odd kind are stored, read, copied, listed and deleted")
def odd_keys(stage):
    s3 = stage.owner
    with stage.bucket() as name:
        for at, key in enumerate(ODD_KEYS):
            s3.put_object(Bucket=name, Key=key, Body=str(at).encode())
        for at, key in enumerate(ODD_KEYS):
            try:
                equal(body_of(s3.get_object(Bucket=name, Key=key)), str(at).encode())
                equal(s3.head_object(Bucket=name, Key=key)["ContentLength"], len(str(at)))
                s3.copy_object(Bucket=name, Key="copied", CopySource={"Bucket": name, "Key": key})
                equal(body_of(s3.get_object(Bucket=name, Key="copied")), str(at).encode())
            except ClientError as error:
                raise AssertionError(f"{key!r}: {error}") from error
        s3.delete_object(Bucket=name, Key="copied")
        wanted = sorted(ODD_KEYS, key=lambda key: key.encode())
        for operation in ("list_objects", "list_objects_v2"):
            found = [item["Key"] for page in s3.get_paginator(operation).paginate(Bucket=name, PaginationConfig={"PageSize": 7}) for item in page["Contents"]]
            equal(found, wanted)
        answer = s3.delete_objects(Bucket=name, Delete={"Objects": [{"Key": key} for key in ODD_KEYS if "\u0001" not in key]})
        assert not answer.get("Errors"), answer["Errors"]
        s3.delete_object(Bucket=name, Key="\u0001control")
        equal(s3.list_objects_v2(Bucket=name)["KeyCount"], 0)
        with refused("KeyTooLongError", 400):
            s3.put_object(Bucket=name, Key="x" * 1025, Body=b"")
