from stage import check, equal, refused

KEYS = ["a", "a/1", "a/2", "a/b/3", "a/b/4", "a//5", "b", "c/6", "ü/7", "z+z", "z z"]


def fill(stage, name, keys=KEYS):
    for key in keys:
        stage.owner.put_object(Bucket=name, Key=key, Body=key.encode())


def told(page):
    return [item["Key"] for item in page.get("Contents", [])], [one["Prefix"] for one in page.get("CommonPrefixes", [])]


@check("lists of both versions give keys in order of UTF-8, with size, ETag and time")
def whole(stage):
    s3 = stage.owner
    with stage.bucket() as name:
        fill(stage, name)
        for page in (s3.list_objects(Bucket=name), s3.list_objects_v2(Bucket=name)):
            equal(told(page), (sorted(KEYS, key=str.encode), []))
            assert page["IsTruncated"] is False and page["Name"] == name and page["MaxKeys"] == 1000
            for item in page["Contents"]:
                equal((item["Size"], item["StorageClass"]), (len(item["Key"].encode()), "STANDARD"))
                assert item["ETag"].startswith('"') and item["LastModified"].year > 2000
        equal(s3.list_objects_v2(Bucket=name)["KeyCount"], len(KEYS))
        assert "ID" in s3.list_objects_v2(Bucket=name, FetchOwner=True)["Contents"][0]["Owner"]
        assert "Owner" not in s3.list_objects_v2(Bucket=name)["Contents"][0]


@check("a prefix and a delimiter fold what lies below")
def folded(stage):
    s3 = stage.owner
    with stage.bucket() as name:
        fill(stage, name)
        for options, wanted in (
            ({"Delimiter": "/"}, (["a", "b", "z z", "z+z"], ["a/", "c/", "ü/"])),
            ({"Delimiter": "/", "Prefix": "a/"}, (["a/1", "a/2"], ["a//", "a/b/"])),
            ({"Delimiter": "/", "Prefix": "a"}, (["a"], ["a/"])),
            ({"Delimiter": "/", "Prefix": "a//"}, (["a//5"], [])),
            ({"Prefix": "a/b/"}, (["a/b/3", "a/b/4"], [])),
            ({"Prefix": "ü"}, (["ü/7"], [])),
            ({"Prefix": "absent"}, ([], [])),
            ({"Delimiter": "b/"}, (["a", "a//5", "a/1", "a/2", "b", "c/6", "z z", "z+z", "ü/7"], ["a/b/"])),
        ):
            equal(told(s3.list_objects_v2(Bucket=name, **options)), wanted)
            equal(told(s3.list_objects(Bucket=name, **options)), wanted)


@check("pages of every size join to the same list")
def pages(stage):
    s3 = stage.owner
    with stage.bucket() as name:
        fill(stage, name)
        for options in ({}, {"Delimiter": "/"}, {"Delimiter": "/", "Prefix": "a/"}):
            wanted = told(s3.list_objects_v2(Bucket=name, **options))
            for operation in ("list_objects", "list_objects_v2"):
                for size in (1, 2, 3, 7):
                    keys, prefixes = [], []
                    for page in s3.get_paginator(operation).paginate(Bucket=name, PaginationConfig={"PageSize": size}, **options):
                        page_keys, page_prefixes = told(page)
                        assert len(page_keys) + len(page_prefixes) <= size
                        keys += page_keys
                        prefixes += page_prefixes
                    equal((keys, prefixes), wanted)


@check("lists begin behind a marker, also one longer than any key")
def markers(stage):
    s3 = stage.owner
    with stage.bucket() as name:
        fill(stage, name)
        behind = [key for key in sorted(KEYS, key=str.encode) if key > "a/2"]
        equal(told(s3.list_objects_v2(Bucket=name, StartAfter="a/2"))[0], behind)
        equal(told(s3.list_objects(Bucket=name, Marker="a/2"))[0], behind)
        equal(told(s3.list_objects_v2(Bucket=name, StartAfter="zzz"))[0], ["ü/7"])
        for long in ("b" * 1024, "b" * 2500):
            equal(told(s3.list_objects(Bucket=name, Marker=long))[0], ["c/6", "z z", "z+z", "ü/7"])
        equal(told(s3.list_objects(Bucket=name, Prefix="b" * 2500)), ([], []))
        equal(s3.list_objects_v2(Bucket=name, MaxKeys=0)["KeyCount"], 0)
        with refused("InvalidArgument", 400):
            s3.list_objects_v2(Bucket=name, ContinuationToken="no token of ours")
        with refused("InvalidArgument", 400):
            s3.list_objects_v2(Bucket=name, MaxKeys=-1)


@check("1,100 keys are told in two pages")
def many(stage):
    s3 = stage.owner
    with stage.bucket() as name:
        keys = [f"k{at:05}" for at in range(1100)]
        fill(stage, name, keys)
        first = s3.list_objects_v2(Bucket=name)
        equal((first["KeyCount"], first["IsTruncated"]), (1000, True))
        second = s3.list_objects_v2(Bucket=name, ContinuationToken=first["NextContinuationToken"])
        equal(told(first)[0] + told(second)[0], keys)
        equal(second["IsTruncated"], False)
