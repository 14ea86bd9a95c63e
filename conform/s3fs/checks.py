"""Drives the storage service by s3fs, unmodified, with its defaults; prints a check per line."""

import hashlib
import json
import os
import random
import sys
import time
import traceback

import s3fs

given = json.load(sys.stdin)


def file_system(credential, **more):
    s3 = credential["s3"]
    return s3fs.S3FileSystem(
        key=s3["accessKeyId"],
        secret=s3["secretAccessKey"],
        endpoint_url=s3["endpoint"],
        client_kwargs={"region_name": s3["region"]},
        skip_instance_cache=True,
        use_listings_cache=False,
        **more,
    )


fs = file_system(given["owner"])
bucket = f"conform-{time.time_ns()}"


def check(title):
    def run(step):
        line = {"title": title, "ok": True}
        try:
            step()
        except BaseException:
            line = {"title": title, "ok": False, "detail": traceback.format_exc()[-700:]}
        print(json.dumps(line), flush=True)

    return run


def equal(got, wanted):
    assert got == wanted, f"got {str(got)[:300]}, wanted {str(wanted)[:300]}"


def refused(kind, step):
    try:
        step()
    except kind:
        return
    raise AssertionError(f"was not refused with {kind}")


def names(paths):
    return sorted(path.removeprefix(f"{bucket}/") for path in paths)


@check("a bucket is made, is told to be there, and is listed")
def _():
    fs.mkdir(bucket)
    equal([fs.exists(bucket), fs.isdir(bucket), bucket in fs.ls("")], [True, True, True])
    equal(fs.ls(bucket), [])
    refused(FileNotFoundError, lambda: fs.ls(f"{bucket}-other"))


@check("files are written and read whole, with size, ETag and type")
def _():
    fs.pipe(f"{bucket}/a/one", b"0123456789")
    equal(fs.cat(f"{bucket}/a/one"), b"0123456789")
    info = fs.info(f"{bucket}/a/one")
    equal([info["size"], info["type"], info["ETag"]], [10, "file", f'"{hashlib.md5(b"0123456789").hexdigest()}"'])
    fs.touch(f"{bucket}/a/empty")
    equal([fs.size(f"{bucket}/a/empty"), fs.cat(f"{bucket}/a/empty")], [0, b""])


@check("a file of 30 MiB is written as a stream of parts and read in blocks")
def _():
    wanted = random.Random(1).randbytes(30 * 1024 * 1024 + 7)
    with fs.open(f"{bucket}/a/big", "wb", block_size=6 * 1024 * 1024) as file:
        for at in range(0, len(wanted), 1_000_003):
            file.write(wanted[at : at + 1_000_003])
    with fs.open(f"{bucket}/a/big", "rb", block_size=1024 * 1024) as file:
        equal(hashlib.sha256(file.read()).hexdigest(), hashlib.sha256(wanted).hexdigest())
        file.seek(17_000_001)
        equal(file.read(70_000), wanted[17_000_001:17_070_001])
    equal(fs.cat_ranges([f"{bucket}/a/big"] * 3, [0, 5_999_999, 30_000_000], [10, 6_000_003, 30_000_100]),
          [wanted[0:10], wanted[5_999_999:6_000_003], wanted[30_000_000:30_000_100]])
    equal(fs.tail(f"{bucket}/a/big", 100), wanted[-100:])


@check("a file grows by an append, and a write that is given up leaves nothing")
def _():
    with fs.open(f"{bucket}/a/one", "ab") as file:
        file.write(b"abc")
    equal(fs.cat(f"{bucket}/a/one"), b"0123456789abc")
    with fs.transaction:
        with fs.open(f"{bucket}/a/later", "wb") as file:
            file.write(b"later")
        equal(fs.exists(f"{bucket}/a/later"), False)
    equal(fs.cat(f"{bucket}/a/later"), b"later")
    fs.start_transaction()
    with fs.open(f"{bucket}/a/never", "wb") as file:
        file.write(b"x" * 6_000_000)
    fs.transaction.complete(commit=False)
    equal([fs.exists(f"{bucket}/a/never"), fs.list_multipart_uploads(bucket)], [False, []])


@check("a file is written only where none stands")
def _():
    refused(FileExistsError, lambda: fs.pipe_file(f"{bucket}/a/one", b"other", mode="create"))
    fs.pipe_file(f"{bucket}/a/two", b"2", mode="create")
    equal(fs.cat(f"{bucket}/a/two"), b"2")


@check("folders are found, walked, globbed and told in size")
def _():
    fs.pipe({f"{bucket}/tree/{top}/{leaf}.txt": f"{top}{leaf}".encode() for top in "abc" for leaf in range(20)})
    equal(names(fs.ls(f"{bucket}/tree")), ["tree/a", "tree/b", "tree/c"])
    equal(len(fs.find(f"{bucket}/tree")), 60)
    equal(names(fs.glob(f"{bucket}/tree/*/1?.txt"))[:2], ["tree/a/10.txt", "tree/a/11.txt"])
    equal(names(fs.find(f"{bucket}/tree/b", prefix="7")), ["tree/b/7.txt"])
    equal([len(files) for _, _, files in fs.walk(f"{bucket}/tree")], [0, 20, 20, 20])
    equal(fs.du(f"{bucket}/tree"), 3 * (10 * 2 + 10 * 3))


@check("keys of every odd kind are stored, read and listed")
def _():
    odd = ["with space", "plus+and&", "percent%20", "ünïcödé/日本語", "emoji-😀", "quote'\"`", "<xml>", "a=b;c", "{}[]|~^", "!()@$", "x" * 250]
    fs.pipe({f"{bucket}/odd/{name}": name.encode() for name in odd})
    equal(names(fs.find(f"{bucket}/odd")), sorted(f"odd/{name}" for name in odd))
    for name in odd:
        equal(fs.cat(f"{bucket}/odd/{name}"), name.encode())


@check("metadata, tags and headers are set, changed and read")
def _():
    path = f"{bucket}/a/described"
    with fs.open(path, "wb", ContentType="text/x-kind", Metadata={"colour": "red"}) as file:
        file.write(b"described")
    equal([fs.info(path)["ContentType"], fs.metadata(path), fs.getxattr(path, "colour")], ["text/x-kind", {"colour": "red"}, "red"])
    fs.setxattr(path, colour="blue", copy_kwargs={"ContentType": "text/x-other"})
    equal([fs.metadata(path), fs.info(path)["ContentType"]], [{"colour": "blue"}, "text/x-other"])
    fs.put_tags(path, {"kind": "a b", "ü": "+"})
    equal(fs.get_tags(path), {"kind": "a b", "ü": "+"})
    fs.chmod(path, acl="private")


@check("files and trees are copied and moved on the server, and go up and down")
def _():
    fs.copy(f"{bucket}/a/big", f"{bucket}/b/big")
    equal(fs.info(f"{bucket}/b/big")["size"], 30 * 1024 * 1024 + 7)
    fs.mv(f"{bucket}/b/big", f"{bucket}/b/moved")
    equal([fs.exists(f"{bucket}/b/big"), fs.size(f"{bucket}/b/moved")], [False, 30 * 1024 * 1024 + 7])
    fs.copy(f"{bucket}/tree", f"{bucket}/moved", recursive=True)
    fs.rm(f"{bucket}/tree", recursive=True)
    equal([fs.exists(f"{bucket}/tree"), len(fs.find(f"{bucket}/moved"))], [False, 60])
    fs.get(f"{bucket}/moved", os.path.join(given["folder"], "down"), recursive=True)
    fs.put(os.path.join(given["folder"], "down"), f"{bucket}/up", recursive=True)
    equal(fs.cat(f"{bucket}/up/c/19.txt"), b"c19")


@check("versions are kept, listed and read by their ids")
def _():
    own = f"{bucket}-versions"
    kept = file_system(given["owner"], version_aware=True)
    kept.mkdir(own)
    kept.make_bucket_versioned(own)
    for text in (b"first", b"second"):
        with kept.open(f"{own}/k", "wb") as file:
            file.write(text)
    versions = [version["VersionId"] for version in kept.object_version_info(f"{own}/k")]
    equal([kept.cat(f"{own}/k", version_id=version) for version in versions], [b"second", b"first"])
    kept.rm(f"{own}/k")
    equal(kept.exists(f"{own}/k"), False)


@check("a signed address reads for anybody")
def _():
    import urllib.request

    address = file_system(given["owner"], config_kwargs={"signature_version": "s3v4"}).sign(f"{bucket}/a/two", expiration=100)
    equal(urllib.request.urlopen(address).read(), b"2")


@check("a reader reads and does not write; a stranger and a wrong secret do neither")
def _():
    reader, stranger = file_system(given["reader"]), file_system(given["stranger"])
    wrong = file_system({"s3": {**given["owner"]["s3"], "secretAccessKey": "x" * 40}})
    equal(reader.cat(f"{bucket}/a/two"), b"2")
    refused(PermissionError, lambda: reader.pipe(f"{bucket}/a/two", b"3"))
    refused(PermissionError, lambda: reader.rm_file(f"{bucket}/a/two"))
    for other in (stranger, wrong):
        refused(PermissionError, lambda: other.cat(f"{bucket}/a/two"))
        refused(PermissionError, lambda: other.pipe(f"{bucket}/a/three", b"3"))
    equal(fs.cat(f"{bucket}/a/two"), b"2")


@check("a tree is removed with its bucket")
def _():
    fs.rm(f"{bucket}/up", recursive=True)
    equal([fs.exists(f"{bucket}/up"), len(fs.find(f"{bucket}/moved"))], [False, 60])
    fs.rm(bucket, recursive=True)
    equal(fs.exists(bucket), False)
