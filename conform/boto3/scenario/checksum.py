import base64
import hashlib
import io
import zlib

from stage import body_of, bytes_of, check, equal, refused


def crc32(data):
    return base64.b64encode(zlib.crc32(data).to_bytes(4, "big")).decode()


@check("the SDK's checksums are verified, kept and told, at their default")
def default(stage):
    s3 = stage.owner
    data = bytes_of(3, 100_000)
    with stage.bucket() as name:
        put = s3.put_object(Bucket=name, Key="k", Body=data)
        equal((put["ChecksumCRC32"], put["ChecksumType"]), (crc32(data), "FULL_OBJECT"))
        head = s3.head_object(Bucket=name, Key="k", ChecksumMode="ENABLED")
        equal(head["ChecksumCRC32"], crc32(data))
        got = s3.get_object(Bucket=name, Key="k")
        # The SDK asks for the checksum by itself and compares; it says which it found.
        equal((got["ChecksumCRC32"], body_of(got) == data), (crc32(data), True))


@check("SHA-1, SHA-256 and CRC-32 are kept when they are asked for")
def algorithms(stage):
    s3 = stage.owner
    data = b"some bytes"
    wanted = {
        "SHA1": base64.b64encode(hashlib.sha1(data).digest()).decode(),
        "SHA256": base64.b64encode(hashlib.sha256(data).digest()).decode(),
        "CRC32": crc32(data),
    }
    with stage.bucket() as name:
        for algorithm, value in wanted.items():
            s3.put_object(Bucket=name, Key=algorithm, Body=data, ChecksumAlgorithm=algorithm)
            equal(s3.head_object(Bucket=name, Key=algorithm, ChecksumMode="ENABLED")[f"Checksum{algorithm}"], value)
        listed = {item["Key"]: item["ChecksumAlgorithm"] for item in s3.list_objects_v2(Bucket=name)["Contents"]}
        equal(listed, {name: [name] for name in wanted})


@check("CRC-32C and CRC-64/NVME are verified against the values of their standards")
def others(stage):
    s3 = stage.owner
    data = b"123456789"
    # The check values of both algorithms for these nine digits.
    values = {"CRC32C": (0xE3069283, 4), "CRC64NVME": (0xAE8B14860A799888, 8)}
    with stage.bucket() as name:
        for algorithm, (value, size) in values.items():
            right = base64.b64encode(value.to_bytes(size, "big")).decode()
            wrong = base64.b64encode((value ^ 1).to_bytes(size, "big")).decode()
            s3.put_object(Bucket=name, Key=algorithm, Body=data, **{f"Checksum{algorithm}": right})
            equal(s3.head_object(Bucket=name, Key=algorithm, ChecksumMode="ENABLED")[f"Checksum{algorithm}"], right)
            with refused("BadDigest", 400):
                s3.put_object(Bucket=name, Key="wrong", Body=data, **{f"Checksum{algorithm}": wrong})
        equal([item["Key"] for item in s3.list_objects_v2(Bucket=name)["Contents"]], list(values))


@check("bytes that do not agree with their checksum are refused and not stored")
def wrong(stage):
    s3 = stage.owner
    with stage.bucket() as name:
        for wrongly in ({"ChecksumCRC32": crc32(b"other")}, {"ChecksumSHA256": base64.b64encode(hashlib.sha256(b"other").digest()).decode()}):
            with refused("BadDigest", 400):
                s3.put_object(Bucket=name, Key="k", Body=b"data", **wrongly)
        with refused("BadDigest", 400):
            s3.put_object(Bucket=name, Key="k", Body=b"data", ContentMD5=base64.b64encode(hashlib.md5(b"other").digest()).decode())
        with refused("InvalidDigest", 400):
            s3.put_object(Bucket=name, Key="k", Body=b"data", ContentMD5="bm8=")
        equal(s3.list_objects_v2(Bucket=name)["KeyCount"], 0)


@check("over TLS the SDK streams chunks with a checksum behind them, trusting the local authority")
def trailer(stage):
    client = stage.client(stage.place["owner"], endpoint=stage.secure, verify=stage.place["ca"])
    data = bytes_of(4, 3_000_000)
    seen = {}
    client.meta.events.register("before-send.s3", lambda request, **_: seen.update(request.headers.items()))
    with stage.bucket() as name:
        put = client.put_object(Bucket=name, Key="k", Body=io.BytesIO(data))
        equal(put["ChecksumCRC32"], crc32(data))
        sent = {key.lower(): value.decode() if isinstance(value, bytes) else value for key, value in seen.items()}
        equal((sent["x-amz-content-sha256"], sent["x-amz-trailer"]), ("STREAMING-UNSIGNED-PAYLOAD-TRAILER", "x-amz-checksum-crc32"))
        assert body_of(client.get_object(Bucket=name, Key="k")) == data
