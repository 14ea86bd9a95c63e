import os
import tempfile

from boto3.s3.transfer import TransferConfig
from stage import body_of, bytes_of, check, equal, md5, plain, refused

MIB = 1024 * 1024


@check("the transfer manager sends 40 MiB in parts and reads them back in ranges")
def transfer(stage):
    s3 = stage.owner
    data = bytes_of(7, 40 * MIB + 12345)
    config = TransferConfig(multipart_threshold=5 * MIB, multipart_chunksize=6 * MIB, max_concurrency=4)
    with stage.bucket() as name, tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "file")
        with open(path, "wb") as file:
            file.write(data)
        s3.upload_file(path, name, "big", Config=config, ExtraArgs={"Metadata": {"a": "1"}, "ContentType": "a/b"})
        head = s3.head_object(Bucket=name, Key="big")
        equal((head["ContentLength"], head["Metadata"], head["ContentType"]), (len(data), {"a": "1"}, "a/b"))
        digests = b"".join(bytes.fromhex(md5(data[at : at + 6 * MIB])) for at in range(0, len(data), 6 * MIB))
        equal(plain(head["ETag"]), f"{md5(digests)}-7")
        s3.download_file(name, "big", path + ".back", Config=config)
        with open(path + ".back", "rb") as file:
            assert file.read() == data
        s3.copy({"Bucket": name, "Key": "big"}, name, "copy of big", Config=config)
        assert body_of(s3.get_object(Bucket=name, Key="copy of big")) == data
        equal(s3.list_multipart_uploads(Bucket=name).get("Uploads", []), [])


@check("parts are listed, replaced, copied and joined in order of their number")
def parts(stage):
    s3 = stage.owner
    one, two, three = bytes_of(1, 5 * MIB), bytes_of(2, 5 * MIB + 1), bytes_of(3, 77)
    with stage.bucket() as name:
        s3.put_object(Bucket=name, Key="source", Body=one + two)
        upload = s3.create_multipart_upload(Bucket=name, Key="k ü", Metadata={"m": "1"})["UploadId"]
        at = {"Bucket": name, "Key": "k ü", "UploadId": upload}
        third = s3.upload_part(**at, PartNumber=30, Body=three)
        s3.upload_part(**at, PartNumber=2, Body=b"to be replaced")
        second = s3.upload_part_copy(**at, PartNumber=2, CopySource={"Bucket": name, "Key": "source"}, CopySourceRange=f"bytes={5 * MIB}-{10 * MIB}")["CopyPartResult"]
        first = s3.upload_part(**at, PartNumber=1, Body=one)
        listed = [(part["PartNumber"], part["Size"]) for page in s3.get_paginator("list_parts").paginate(**at, PaginationConfig={"PageSize": 2}) for part in page["Parts"]]
        equal(listed, [(1, len(one)), (2, len(two)), (30, len(three))])
        equal([one["UploadId"] for one in s3.list_multipart_uploads(Bucket=name)["Uploads"]], [upload])
        chosen = [{"PartNumber": number, "ETag": part["ETag"]} for number, part in ((1, first), (2, second), (30, third))]
        with refused("NoSuchKey", 404):
            s3.get_object(Bucket=name, Key="k ü")
        with refused("InvalidPartOrder", 400):
            s3.complete_multipart_upload(**at, MultipartUpload={"Parts": [chosen[1], chosen[0]]})
        with refused("InvalidPart", 400):
            s3.complete_multipart_upload(**at, MultipartUpload={"Parts": [chosen[0], {"PartNumber": 2, "ETag": '"00000000000000000000000000000000"'}]})
        done = s3.complete_multipart_upload(**at, MultipartUpload={"Parts": chosen})
        assert plain(done["ETag"]).endswith("-3")
        got = s3.get_object(Bucket=name, Key="k ü")
        equal((body_of(got) == one + two + three, got["Metadata"]), (True, {"m": "1"}))
        part = s3.get_object(Bucket=name, Key="k ü", PartNumber=2)
        equal((part["PartsCount"], body_of(part) == two), (3, True))
        with refused("NoSuchUpload", 404):
            s3.upload_part(**at, PartNumber=4, Body=b"x")


@check("an upload that is aborted leaves nothing; small, unknown and wrongly numbered parts are refused")
def aborted(stage):
    s3 = stage.owner
    with stage.bucket() as name:
        upload = s3.create_multipart_upload(Bucket=name, Key="k")["UploadId"]
        at = {"Bucket": name, "Key": "k", "UploadId": upload}
        etags = [s3.upload_part(**at, PartNumber=number, Body=b"small")["ETag"] for number in (1, 2)]
        with refused("EntityTooSmall", 400):
            s3.complete_multipart_upload(**at, MultipartUpload={"Parts": [{"PartNumber": at + 1, "ETag": etag} for at, etag in enumerate(etags)]})
        with refused("InvalidArgument", 400):
            s3.upload_part(**at, PartNumber=10001, Body=b"x")
        with refused("MalformedXML", 400):
            s3.complete_multipart_upload(**at, MultipartUpload={"Parts": []})
        s3.abort_multipart_upload(**at)
        for step in (lambda: s3.list_parts(**at), lambda: s3.abort_multipart_upload(**at)):
            with refused("NoSuchUpload", 404):
                step()
        equal(s3.list_objects_v2(Bucket=name)["KeyCount"], 0)


@check("uploads are listed by key and age, page by page")
def uploads(stage):
    s3 = stage.owner
    with stage.bucket() as name:
        made = [(key, s3.create_multipart_upload(Bucket=name, Key=key)["UploadId"]) for key in ("b", "a/1", "a/2", "a/1")]
        found = []
        for page in s3.get_paginator("list_multipart_uploads").paginate(Bucket=name, PaginationConfig={"PageSize": 1}):
            found += [(one["Key"], one["UploadId"]) for one in page.get("Uploads", [])]
        equal(found, [made[1], made[3], made[2], made[0]])
        folded = s3.list_multipart_uploads(Bucket=name, Delimiter="/")
        equal(([one["Key"] for one in folded["Uploads"]], folded["CommonPrefixes"]), (["b"], [{"Prefix": "a/"}]))
        for key, upload in made:
            s3.abort_multipart_upload(Bucket=name, Key=key, UploadId=upload)
