"""Runs every scenario, or only those that are named, against the platform that standard input describes."""

import sys

import bucket, checksum, listing, multipart, object, presigned, question, refusal, sts  # noqa: E401,F401
from stage import read_place, run_checks

# What shows quickly that all of a platform works together.
SMOKE = {
    "buckets are created, listed, headed and deleted",
    "objects of every size return as they were stored, with MD5 as ETag",
    "pages of every size join to the same list",
    "parts are listed, replaced, copied and joined in order of their number",
    "a reader reads everything and writes nothing",
    "another organization neither sees nor touches a bucket",
    "a revoked credential is refused on everything at once",
    "presigned addresses read, head, write and delete, for anybody who has them",
}

run_checks(read_place(), SMOKE if "smoke" in sys.argv[1:] else None)
