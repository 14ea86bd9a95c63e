"""What every scenario uses: checks told as lines of JSON, clients by credential, buckets that are cleared away."""

import contextlib
import hashlib
import itertools
import json
import random
import re
import socket
import subprocess
import sys
import time
import traceback

import boto3
import botocore.exceptions
from botocore.config import Config

_checks = []
_numbers = itertools.count(1)


class Stage:
    """The platform under test, as the command that started it described it."""

    def __init__(self, place):
        self.place = place
        self.endpoint = place["endpoint"]
        self.secure = self.endpoint.replace("http:", "https:")
        self.owner = self.client(place["owner"])

    def client(self, credential, endpoint=None, style="path", **options):
        """An S3 client with everything at its default but the address style; a mistake is not repeated."""
        s3 = credential["s3"]
        config = Config(s3={"addressing_style": style}, signature_version="s3v4", retries={"total_max_attempts": 1}, **options.pop("config", {}))
        return boto3.session.Session().client(
            "s3",
            endpoint_url=endpoint or self.endpoint,
            region_name=s3["region"],
            aws_access_key_id=s3["accessKeyId"],
            aws_secret_access_key=s3["secretAccessKey"],
            config=config,
            **options,
        )

    def gamut(self, *words):
        """Runs the public command on this platform."""
        made = subprocess.run([*self.place["commandLine"], *words], check=True, capture_output=True, text=True, timeout=60)
        return made.stdout

    def credential(self, *options):
        return json.loads(self.gamut("credential", "create", *options))

    @contextlib.contextmanager
    def bucket(self, client=None):
        """A bucket of its own name, cleared and deleted afterwards."""
        client = client or self.owner
        name = f"conform-{int(time.time() * 1000)}-{next(_numbers)}"
        client.create_bucket(Bucket=name)
        yield name
        self.clear(name, client)
        client.delete_bucket(Bucket=name)

    def clear(self, name, client=None):
        client = client or self.owner
        for page in client.get_paginator("list_objects_v2").paginate(Bucket=name):
            keys = [{"Key": item["Key"]} for item in page.get("Contents", [])]
            if keys:
                assert not client.delete_objects(Bucket=name, Delete={"Objects": keys, "Quiet": True}).get("Errors")


def check(title):
    """Marks a function of the stage as one check."""

    def mark(step):
        _checks.append((title, step))
        return step

    return mark


def run_checks(place, titles=None):
    stage = Stage(place)
    for title, step in _checks:
        if titles is not None and title not in titles:
            continue
        result = {"title": title, "ok": True}
        try:
            step(stage)
        except BaseException:
            result = {"title": title, "ok": False, "detail": traceback.format_exc()[-700:]}
        print(json.dumps(result), flush=True)


@contextlib.contextmanager
def refused(code, status=None):
    """The block must be refused with this error code, and status."""
    try:
        yield
    except botocore.exceptions.ClientError as error:
        found = error.response["Error"].get("Code")
        assert found == code, f"refused with {found}, not {code}: {error}"
        got = error.response["ResponseMetadata"]["HTTPStatusCode"]
        assert status is None or got == status, f"refused with status {got}, not {status}"
        return
    raise AssertionError(f"was not refused with {code}")


def equal(got, wanted):
    assert got == wanted, f"got {str(got)[:600]}, wanted {str(wanted)[:600]}"


def md5(data):
    return hashlib.md5(data).hexdigest()


def bytes_of(seed, size):
    return random.Random(seed).randbytes(size)


def body_of(answer):
    return answer["Body"].read()


def plain(etag):
    assert re.fullmatch('"[^"]+"', etag), f"the ETag {etag} is not quoted"
    return etag[1:-1]


ODD_KEYS = [
    "plain", "with space", " leading", "trailing ", "a//b", "/leading-slash", "trailing/", "a/./b", "a/../b", ".", "..", "plus+plus", "a+b c%20d",
    "percent%", "%2F", "ünïcödé", "日本語/キー", "emoji-😀", "e\u0301-decomposed", "\u00e9-composed", "quote\"'`", "<xml>&amp;", "question?mark", "hash#tag",
    "semi;colon:comma,", "a=b&c=d", "back\\slash", "{brace}[bracket]|~^", "star*!()@$", "tab\tkey", "line\nbreak", "\u0001control", "x" * 1024, "é" * 512,
]


def resolve_localhost():
    """Names below localhost are this machine, as resolvers that follow RFC 6761 answer."""
    system = socket.getaddrinfo

    def answer(host, *rest, **more):
        name = host.decode() if isinstance(host, bytes) else host
        return system("127.0.0.1" if name and name.endswith(".localhost") else host, *rest, **more)

    socket.getaddrinfo = answer


def read_place():
    return json.load(sys.stdin)
