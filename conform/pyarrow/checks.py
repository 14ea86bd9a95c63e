"""Drives the storage service by Arrow's datasets, unmodified; prints a check per line."""

import json
import sys
import time
import traceback

import botocore.session
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as csv
import pyarrow.dataset as ds
import pyarrow.fs as pafs
import pyarrow.parquet as pq
import s3fs

given = json.load(sys.stdin)
bucket = f"conform-{time.time_ns()}"


def arrow(credential, **more):
    s3 = credential["s3"]
    scheme, host = s3["endpoint"].split("://")
    return pafs.S3FileSystem(
        access_key=s3["accessKeyId"],
        secret_key=s3["secretAccessKey"],
        endpoint_override=host,
        scheme=scheme,
        region=s3["region"],
        retry_strategy=pafs.AwsStandardS3RetryStrategy(max_attempts=1),
        allow_bucket_creation=True,
        allow_bucket_deletion=True,
        **more,
    )


owner = arrow(given["owner"])
rows = 120_000
table = pa.table({
    "id": pa.array(range(rows)),
    "kind": pa.array([f"kind {at % 4}" for at in range(rows)]),
    "year": pa.array([2020 + at % 3 for at in range(rows)], pa.int32()),
    "worth": pa.array([at * 0.5 for at in range(rows)]),
})


def boto(credential):
    s3 = credential["s3"]
    session = botocore.session.get_session()
    return session.create_client("s3", endpoint_url=s3["endpoint"], region_name=s3["region"], aws_access_key_id=s3["accessKeyId"], aws_secret_access_key=s3["secretAccessKey"])


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


def refused(step):
    try:
        step()
    except OSError as error:
        assert "ACCESS_DENIED" in str(error) or "AWS Error" in str(error), str(error)
        return
    raise AssertionError("was not refused")


@check("folders and files are made, told, moved, copied and deleted")
def _():
    owner.create_dir(f"{bucket}/a/b", recursive=True)
    with owner.open_output_stream(f"{bucket}/a/b/file", metadata={"Content-Type": "text/x-kind", "colour": "red"}) as file:
        file.write(b"0123456789")
    info = owner.get_file_info(f"{bucket}/a/b/file")
    equal([info.type, info.size], [pafs.FileType.File, 10])
    with owner.open_input_stream(f"{bucket}/a/b/file") as file:
        equal(file.metadata()["Content-Type"], b"text/x-kind")
    owner.copy_file(f"{bucket}/a/b/file", f"{bucket}/a/copy")
    owner.move(f"{bucket}/a/copy", f"{bucket}/a/moved")
    found = owner.get_file_info(pafs.FileSelector(f"{bucket}/a", recursive=True))
    equal(sorted(one.path.removeprefix(bucket) for one in found), ["/a/b", "/a/b/file", "/a/moved"])
    owner.delete_file(f"{bucket}/a/moved")
    owner.delete_dir(f"{bucket}/a")
    equal(owner.get_file_info(f"{bucket}/a").type, pafs.FileType.NotFound)


@check("30 MiB are written in parts and read at random")
def _():
    wanted = bytes(range(256)) * (30 * 4096) + b"end"
    with owner.open_output_stream(f"{bucket}/big") as file:
        for at in range(0, len(wanted), 1_000_003):
            file.write(wanted[at : at + 1_000_003])
    with owner.open_input_file(f"{bucket}/big") as file:
        equal(file.size(), len(wanted))
        for at in (0, 5_242_879, 17_000_001, len(wanted) - 3):
            file.seek(at)
            equal(file.read(70_000), wanted[at : at + 70_000])


@check("a partitioned dataset of Parquet is written, discovered, filtered and aggregated")
def _():
    ds.write_dataset(table, f"{bucket}/set", filesystem=owner, format="parquet", partitioning=["year", "kind"], partitioning_flavor="hive")
    found = ds.dataset(f"{bucket}/set", filesystem=owner, format="parquet", partitioning="hive")
    equal([len(found.files), found.count_rows()], [12, rows])
    part = found.to_table(columns=["id"], filter=(ds.field("year") == 2021) & (ds.field("kind") == "kind 3") & (ds.field("worth") < 1000))
    equal(sorted(part["id"].to_pylist()), [at for at in range(rows) if at % 3 == 1 and at % 4 == 3 and at * 0.5 < 1000])
    equal(pc.sum(found.to_table(columns=["worth"])["worth"]).as_py(), sum(at * 0.5 for at in range(rows)))


@check("one Parquet file is read by columns and row groups")
def _():
    pq.write_table(table, f"{bucket}/one.parquet", filesystem=owner, row_group_size=10_000)
    file = pq.ParquetFile(owner.open_input_file(f"{bucket}/one.parquet"))
    equal([file.num_row_groups, file.metadata.num_rows], [12, rows])
    equal(file.read_row_group(7, columns=["id"])["id"].to_pylist(), list(range(70_000, 80_000)))


@check("CSV and Feather are written and read back equal")
def _():
    small = table.slice(0, 5000)
    for form in ("csv", "feather"):
        ds.write_dataset(small, f"{bucket}/{form}", filesystem=owner, format=form)
        got = ds.dataset(f"{bucket}/{form}", filesystem=owner, format=form, schema=small.schema).to_table()
        equal(got.equals(small), True)
    with owner.open_input_stream(f"{bucket}/csv/part-0.csv") as file:
        equal(csv.read_csv(file).num_rows, 5000)


@check("a dataset is added to, and its partitions are overwritten")
def _():
    more = table.slice(0, 12).set_column(0, "id", pa.array(range(rows, rows + 12)))
    options = dict(filesystem=owner, format="parquet", partitioning=["year", "kind"], partitioning_flavor="hive")
    ds.write_dataset(more, f"{bucket}/set", basename_template="more-{i}.parquet", existing_data_behavior="overwrite_or_ignore", **options)
    found = lambda: ds.dataset(f"{bucket}/set", filesystem=owner, format="parquet", partitioning="hive").count_rows()
    equal(found(), rows + 12)
    ds.write_dataset(more, f"{bucket}/set", existing_data_behavior="delete_matching", **options)
    equal(found(), 12)


@check("an inventory in Parquet is read: every object, with the types that the manifest names")
def _():
    s3 = boto(given["owner"])
    allow = {"Effect": "Allow", "Principal": {"Service": "s3.amazonaws.com"}, "Action": "s3:PutObject", "Resource": f"arn:aws:s3:::{bucket}/lists/*"}
    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps({"Version": "2012-10-17", "Statement": [allow]}))
    to = {"Bucket": f"arn:aws:s3:::{bucket}", "Format": "Parquet", "Prefix": "lists"}
    s3.put_bucket_inventory_configuration(Bucket=bucket, Id="set", InventoryConfiguration={
        "Id": "set", "IsEnabled": True, "IncludedObjectVersions": "All", "Schedule": {"Frequency": "Weekly"}, "Filter": {"Prefix": "set/"},
        "OptionalFields": ["Size", "LastModifiedDate", "IsMultipartUploaded", "StorageClass", "ReplicationStatus"], "Destination": {"S3BucketDestination": to},
    })
    base = f"{bucket}/lists/{bucket}/set"
    for _ in range(110):
        found = owner.get_file_info(pafs.FileSelector(base, recursive=True, allow_not_found=True))
        done = [one.path for one in found if one.path.endswith("/manifest.checksum")]
        if done:
            break
        time.sleep(1)
    assert done, "no inventory within its time"
    s3.delete_bucket_inventory_configuration(Bucket=bucket, Id="set")
    with owner.open_input_stream(done[0].replace("checksum", "json")) as file:
        manifest = json.loads(file.read())
    got = ds.dataset([f"{bucket}/{one['key']}" for one in manifest["files"]], filesystem=owner, format="parquet").to_table()
    # Folders that pyarrow makes are objects too.
    wanted = {one["Key"]: one["Size"] for one in s3.list_objects_v2(Bucket=bucket, Prefix="set/")["Contents"]}
    equal({row["key"]: row["size"] for row in got.to_pylist()}, wanted)
    equal(got.schema.names, ["bucket", "key", "version_id", "is_latest", "is_delete_marker", "size", "last_modified_date", "storage_class", "is_multipart_uploaded", "replication_status"])
    equal([got.schema.field("size").type, got.schema.field("last_modified_date").type], [pa.int64(), pa.timestamp("ms", tz="UTC")])
    equal([set(got[name].to_pylist()) for name in ("bucket", "is_latest", "storage_class", "replication_status")], [{bucket}, {True}, {"STANDARD"}, {None}])


@check("s3fs carries the same datasets")
def _():
    s3 = given["owner"]["s3"]
    other = s3fs.S3FileSystem(key=s3["accessKeyId"], secret=s3["secretAccessKey"], endpoint_url=s3["endpoint"], client_kwargs={"region_name": s3["region"]})
    equal(ds.dataset(f"{bucket}/one.parquet", filesystem=other, format="parquet").count_rows(), rows)
    pq.write_to_dataset(table.slice(0, 100), f"{bucket}/by-s3fs", filesystem=other, partition_cols=["year"])
    equal(ds.dataset(f"{bucket}/by-s3fs", filesystem=owner, format="parquet", partitioning="hive").count_rows(), 100)


@check("a reader reads and does not write; a stranger and a wrong secret do neither")
def _():
    wrong = arrow({"s3": {**given["owner"]["s3"], "secretAccessKey": "x" * 40}})
    equal(ds.dataset(f"{bucket}/set", filesystem=arrow(given["reader"]), format="parquet", partitioning="hive").count_rows(), 12)
    refused(lambda: pq.write_table(table.slice(0, 9), f"{bucket}/set/refused.parquet", filesystem=arrow(given["reader"])))
    for other in (arrow(given["stranger"]), wrong):
        refused(lambda: pq.read_table(f"{bucket}/one.parquet", filesystem=other))
        refused(lambda: pq.write_table(table.slice(0, 9), f"{bucket}/refused.parquet", filesystem=other))
    equal(owner.get_file_info(f"{bucket}/refused.parquet").type, pafs.FileType.NotFound)


@check("a bucket is removed with all that is in it")
def _():
    owner.delete_dir_contents(bucket)
    owner.delete_dir(bucket)
    equal(owner.get_file_info(bucket).type, pafs.FileType.NotFound)
