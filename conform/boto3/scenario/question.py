import bz2
import gzip
import json

from botocore.exceptions import EventStreamError
from stage import check, equal, refused

PEOPLE = 'name,age,city\n# nobody\nann,31,"New, ""York"""\nbob,7,x\ncy,100,y\n'
USE = {"CSV": {"FileHeaderInfo": "USE", "Comments": "#"}}


def ask(s3, bucket, key, sql, given=USE, made=None, **more):
    """The records of an answer, and the events that came beside them."""
    answer = s3.select_object_content(
        Bucket=bucket, Key=key, Expression=sql, ExpressionType="SQL", InputSerialization=given, OutputSerialization=made or {"CSV": {}}, **more
    )
    records, events = b"", []
    for event in answer["Payload"]:
        events += event
        records += event.get("Records", {}).get("Payload", b"")
    equal(events[-2:], ["Stats", "End"])
    return records.decode()


@check("objects of CSV and JSON are asked in SQL, plain and compressed")
def asked(stage):
    s3 = stage.owner
    rows = [{"id": at, "tags": ["even" if at % 2 == 0 else "odd"], "deep": {"n": at * 0.5}} for at in range(5000)]
    lines = "\n".join(json.dumps(row) for row in rows).encode()
    with stage.bucket() as name:
        s3.put_object(Bucket=name, Key="people", Body=PEOPLE)
        equal(ask(s3, name, "people", "SELECT * FROM S3Object s WHERE s.age > 8"), 'ann,31,"New, ""York"""\ncy,100,y\n')
        equal(ask(s3, name, "people", "SELECT s._1, CAST(s.age AS INT) + 1 AS older FROM S3Object s LIMIT 1", made={"JSON": {}}), '{"_1":"ann","older":32}\n')
        equal(ask(s3, name, "people", "SELECT COUNT(*), MAX(s.age), AVG(s.age) FROM S3Object s"), "3,100,46\n")
        for compression, pack in (("NONE", bytes), ("GZIP", gzip.compress), ("BZIP2", bz2.compress)):
            s3.put_object(Bucket=name, Key="lines", Body=pack(lines))
            given = {"JSON": {"Type": "LINES"}, "CompressionType": compression}
            found = ask(s3, name, "lines", "SELECT s.id, s.deep.n FROM S3Object s WHERE s.tags[0] = 'odd' AND s.id BETWEEN 4990 AND 4999", given, {"JSON": {}})
            equal([json.loads(line) for line in found.splitlines()], [{"id": at, "n": at * 0.5} for at in range(4991, 5000, 2)])
        given = {"JSON": {"Type": "DOCUMENT"}}
        s3.put_object(Bucket=name, Key="document", Body=json.dumps({"rows": rows[:3]}))
        equal(ask(s3, name, "document", "SELECT t FROM S3Object[*].rows[*].tags[*] t", given, {"CSV": {"QuoteFields": "ALWAYS"}}), '"even"\n"odd"\n"even"\n')


@check("a question that cannot be answered is refused in S3 Select's codes, within the answer when it has begun")
def refusals(stage):
    s3 = stage.owner
    with stage.bucket() as name:
        s3.put_object(Bucket=name, Key="people", Body=PEOPLE)
        for sql, code in (
            ("SELECT * FROM read_csv('/etc/passwd')", "InvalidTableAlias"),
            ("SELECT read_text('/etc/passwd') FROM S3Object", "UnsupportedFunction"),
            ("SELECT name FROM S3Object ORDER BY name", "UnsupportedSqlStructure"),
            ("SELECT nowhere FROM S3Object", "MissingHeaders"),
        ):
            with refused(code, 400):
                ask(s3, name, "people", sql)
        with refused("AccessDenied", 403):
            ask(stage.client(stage.place["stranger"]), name, "people", "SELECT * FROM S3Object")
        equal(ask(stage.client(stage.place["reader"]), name, "people", "SELECT COUNT(*) FROM S3Object"), "3\n")
        s3.put_object(Bucket=name, Key="late", Body='{"n": 1}\n' * 300_000 + '{"n": "none"}\n')
        try:
            ask(s3, name, "late", "SELECT CAST(s.n AS INT) FROM S3Object s", {"JSON": {"Type": "LINES"}})
            raise AssertionError("was not refused")
        except EventStreamError as error:
            equal(error.response["Error"]["Code"], "CastFailed")
