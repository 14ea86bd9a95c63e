"""Drives analytics by psycopg, unmodified; prints a check per line."""

import datetime
import decimal
import json
import sys
import time

import psycopg
from confluent_kafka import Producer
from psycopg import errors
from psycopg.rows import dict_row
from psycopg.types.composite import CompositeInfo, register_composite

given = json.load(sys.stdin)
login = {
    "host": given["host"],
    "port": given["port"],
    "user": given["sasl"]["username"],
    "password": given["sasl"]["password"],
    "dbname": given["sasl"]["username"],
}


def connect(**more):
    return psycopg.connect(**{**login, "sslmode": "disable", **more})


def check(title, step):
    try:
        step()
        print(json.dumps({"title": title, "ok": True}))
    except Exception as error:  # what went wrong is what the check tells
        print(json.dumps({"title": title, "ok": False, "detail": f"{type(error).__name__}: {error}"}))


def same(got, wanted):
    assert got == wanted, f"{got!r} and not {wanted!r}"


def refused(kind, step):
    try:
        step()
    except kind:
        return
    raise AssertionError(f"no {kind.__name__}")


def until(ask, wanted):
    for _ in range(600):
        got = ask()
        if got == wanted:
            return
        time.sleep(0.05)
    same(got, wanted)


def produce(topic, rows):
    producer = Producer(
        {
            "bootstrap.servers": given["kafka"],
            "security.protocol": "SASL_PLAINTEXT",
            "sasl.mechanism": "PLAIN",
            "sasl.username": given["sasl"]["username"],
            "sasl.password": given["sasl"]["password"],
        }
    )
    for row in rows:
        producer.produce(topic, value=json.dumps(row))
    producer.flush()


def views():
    with connect(autocommit=True) as connection:
        connection.execute(
            "create source psycopg_trips (city text, fare numeric, km float8, riders int8, at timestamp, day date, ok bool)"
            " with (topic = 'psycopg-trips', format = 'json')"
        )
        connection.execute(
            "create materialized view psycopg_fares as select city, count(*) as trips, sum(fare) as paid, max(at) as last"
            " from psycopg_trips group by city"
        )
        produce(
            "psycopg-trips",
            [
                {"city": "Oslo", "fare": 12.5, "km": 3.25, "riders": 9007199254740993, "at": "2024-05-01 10:00:00.5", "day": "2024-05-01", "ok": True},
                {"city": "Oslo", "fare": 7.25, "km": 1, "riders": 2, "at": "2024-05-01 11:00:00", "day": "2024-05-01", "ok": False},
                {"city": "Bergen", "fare": 3, "km": 0.5, "riders": 1, "at": "2024-05-02 09:30:00", "day": "2024-05-02", "ok": None},
            ],
        )
        ask = "select city, trips, paid from psycopg_fares order by city"
        until(lambda: connection.execute(ask).fetchall(), [("Bergen", 1, decimal.Decimal("3")), ("Oslo", 2, decimal.Decimal("19.75"))])


def values(binary):
    def step():
        with connect() as connection:
            with connection.cursor(binary=binary, row_factory=dict_row) as cursor:
                row = cursor.execute("select * from psycopg_trips where riders > %s", [2**40]).fetchone()
        same(
            row,
            {
                "city": "Oslo",
                "fare": decimal.Decimal("12.5"),
                "km": 3.25,
                "riders": 9007199254740993,
                "at": datetime.datetime(2024, 5, 1, 10, 0, 0, 500000),
                "day": datetime.date(2024, 5, 1),
                "ok": True,
            },
        )

    return step


def parameters():
    at = datetime.datetime(2024, 5, 1, 12, 30, 15, 250000)
    with connect() as connection:
        for form in ("%s", "%b", "%t"):
            got = connection.execute(
                f"select {form}::int8 + 1, {form}::text, {form}::numeric, {form}::timestamp, {form}::bool, {form}::interval, {form}::date",
                [5, "ål' \\ 😀", decimal.Decimal("1.50"), at, True, datetime.timedelta(days=2, seconds=3), at.date()],
            ).fetchone()
            same(got, (6, "ål' \\ 😀", decimal.Decimal("1.50"), at, True, datetime.timedelta(days=2, seconds=3), at.date()))
        same(connection.execute("select trips from psycopg_fares where city = %s and trips < %s", ["Oslo", 70000]).fetchone(), (2,))


def prepared():
    with connect() as connection:
        for number in range(12):
            row = connection.execute("select trips from psycopg_fares where trips > %s order by 1 desc", [number - 12], prepare=True)
            same(row.fetchone(), (2,))


def transactions():
    with connect() as connection:
        status = psycopg.pq.TransactionStatus
        connection.execute("select 1")
        same(connection.info.transaction_status, status.INTRANS)
        refused(errors.UndefinedTable, lambda: connection.execute("select * from psycopg_nowhere"))
        same(connection.info.transaction_status, status.INERROR)
        refused(errors.InFailedSqlTransaction, lambda: connection.execute("select 1"))
        connection.rollback()
        same(connection.info.transaction_status, status.IDLE)
        with connection.transaction():
            try:
                with connection.transaction():
                    connection.execute("select 1 / 0")
            except errors.DivisionByZero:
                pass
            same(connection.execute("select 2").fetchone(), (2,))
        same(connection.info.transaction_status, status.IDLE)
        connection.execute("drop materialized view psycopg_fares")
        refused(errors.UndefinedTable, lambda: connection.execute("select * from psycopg_fares"))
        connection.rollback()
        same(connection.execute("select count(*) from psycopg_fares").fetchone(), (2,))
        refused(errors.ActiveSqlTransaction, lambda: connection.execute("create function psycopg_one() returns int4 return 1"))


def cursors():
    with connect() as connection:
        with connection.cursor(name="psycopg_rows") as cursor:
            cursor.itersize = 2
            cursor.execute("select city, riders from psycopg_trips order by riders")
            same([column.name for column in cursor.description], ["city", "riders"])
            same([row[1] for row in cursor], [1, 2, 9007199254740993])
        with connection.cursor(name="psycopg_more") as cursor:
            cursor.execute("select city from psycopg_trips order by riders")
            same(cursor.fetchmany(2), [("Bergen",), ("Oslo",)])
            same(cursor.fetchone(), ("Oslo",))
            same(cursor.fetchone(), None)


def settings():
    with connect(application_name="checks") as connection:
        same(connection.execute("show application_name").fetchone(), ("checks",))
        connection.execute("set application_name = 'other'")
        same(connection.info.parameter_status("application_name"), "other")
        connection.rollback()
        same(connection.info.parameter_status("application_name"), "checks")
        refused(errors.UndefinedObject, lambda: connection.execute("set no_such_thing = 1"))
        connection.rollback()
        refused(errors.FeatureNotSupported, lambda: connection.execute("set timezone = 'Asia/Tokyo'"))


def pipelines():
    with connect(autocommit=True) as connection:
        with connection.pipeline():
            found = [connection.execute("select %s::int4 * 2", [number]) for number in range(20)]
        same([cursor.fetchone()[0] for cursor in found], [number * 2 for number in range(20)])


def streams():
    with connect(autocommit=True) as connection:
        seen = []
        for row in connection.cursor().stream("subscribe to psycopg_fares with (committed)"):
            seen.append(row[1:4])
            if len(seen) == 2:
                produce("psycopg-trips", [{"city": "Bergen", "fare": 1}])
            if len(seen) == 4:
                connection.cancel()
                break
        same(sorted(seen[:2]), [(1, "Bergen", 1), (1, "Oslo", 2)])
        same(seen[2:], [(-1, "Bergen", 1), (1, "Bergen", 2)])


def tables():
    with connect(autocommit=True) as connection:
        connection.execute("create table psycopg_people (id int8 primary key, name text not null, born date, score numeric default 1.5)")
        born = datetime.date(1815, 12, 10)
        row = connection.execute("insert into psycopg_people (id, name, born) values (%s, %s, %s) returning *", [1, "Ada", born]).fetchone()
        same(row, (1, "Ada", born, decimal.Decimal("1.5")))
    with connect() as connection:
        with connection.cursor() as cursor:
            cursor.executemany("insert into psycopg_people (id, name) values (%s, %s)", [(number, f"p{number}") for number in range(2, 40)])
            same(cursor.rowcount, 38)
            cursor.executemany(
                "insert into psycopg_people (id, name) values (%s, %s) on conflict (id) do update set name = excluded.name returning id",
                [(1, "Ada L."), (40, "last")],
                returning=True,
            )
            same(cursor.fetchone(), (1,))
        try:
            with connection.transaction():
                connection.execute("delete from psycopg_people where id < %s", [10])
                connection.execute("insert into psycopg_people (id, name) values (%s, %s)", [40, "again"])
        except errors.UniqueViolation:
            pass
        refused(errors.NotNullViolation, lambda: connection.execute("update psycopg_people set name = %s", [None]))
        connection.rollback()
        same(connection.execute("select count(*) from psycopg_people").fetchone(), (1,))
        with connection.cursor().copy("copy psycopg_people (id, name, born) from stdin") as copy:
            for number in range(100, 2100):
                copy.write_row((number, "a\tb\n\\", None if number % 2 else born))
        same(connection.execute("select count(*), count(born) from psycopg_people").fetchone(), (2001, 1001))
        connection.commit()
        connection.execute("update psycopg_people set score = score * %s where name = %s", [decimal.Decimal("2.0"), "a\tb\n\\"])
        connection.commit()
    with connect() as connection:
        same(connection.execute("select sum(score) from psycopg_people").fetchone(), (decimal.Decimal("6001.50"),))


def arrays():
    born = datetime.date(1815, 12, 10)
    tags = ["a", None, 'b "c"', "NULL", "{x}", "\\", ""]
    with connect(autocommit=True) as connection:
        connection.execute("create table psycopg_lists (id int4 primary key, n int4[], t text[], m numeric[], d date[], g float8[])")
        for form, number in (("%s", 1), ("%b", 2), ("%t", 3)):
            connection.execute(
                f"insert into psycopg_lists values ({form}, {form}, {form}, {form}, {form}, {form})",
                [number, [1, None, -3], tags, [decimal.Decimal("1.50")], [born], [[0.5, 1.0], [2.0, 3.0]]],
            )
        with connection.cursor().copy("copy psycopg_lists (id, n, t) from stdin") as copy:
            copy.write_row((4, [7], tags))
        with connection.cursor().copy("copy psycopg_lists (id, n, t) from stdin with (format binary)") as copy:
            copy.set_types(["int4", "int4[]", "text[]"])
            copy.write_row((5, [], tags))
        for binary in (False, True):
            with connection.cursor(binary=binary) as cursor:
                row = (["a", None, 'b "c"', "NULL", "{x}", "\\", ""], [decimal.Decimal("1.50")], [born], [[0.5, 1.0], [2.0, 3.0]])
                found = cursor.execute("select n, t, m, d, g from psycopg_lists where id < 4 order by id").fetchall()
                same(found, [([1, None, -3], *row)] * 3)
                same(cursor.execute("select n, t from psycopg_lists where id > 3 order by id").fetchall(), [([7], tags), ([], tags)])
                same(cursor.execute("select id from psycopg_lists where id = any(%s) and n && %s order by id", [[1, 4, 9], [7, 1]]).fetchall(), [(1,), (4,)])
                same(cursor.execute("select array_agg(id order by id desc) from psycopg_lists where t @> %s", [["a"]]).fetchone(), ([5, 4, 3, 2, 1],))
                same(cursor.execute("select x, n from unnest(%s::text[]) with ordinality u(x, n) order by n", [["p", None]]).fetchall(), [("p", 1), (None, 2)])
        refused(errors.InvalidTextRepresentation, lambda: connection.execute("select %t::int4[]", ["{1,"]))
        with connection.cursor(binary=True) as cursor:
            asked = "select (id, t, (n, null::bool)) as r, count(*) from psycopg_lists where id < 3 group by (id, t, (n, null::bool)) order by r"
            same(cursor.execute(asked).fetchall(), [((number, tags, ([1, None, -3], None)), 1) for number in (1, 2)])
        same(connection.execute("select id from psycopg_lists where (id, n) in ((1, %s), (5, %s)) order by 1", [[1, None, -3], []]).fetchall(), [(1,), (5,)])


def rows():
    with connect(autocommit=True) as connection:
        connection.execute("create type psycopg_spot as (name text, x float8)")
        connection.execute("create type psycopg_walk as (day date, best psycopg_spot, spots psycopg_spot[])")
        connection.execute("create table psycopg_walks (id int4 primary key, walk psycopg_walk, spot psycopg_spot)")
        kinds = []
        for name in ("psycopg_spot", "psycopg_walk"):
            info = CompositeInfo.fetch(connection, name)
            register_composite(info, connection)
            kinds.append(info.python_type)
        spot, walk = kinds
        same(spot._fields, ("name", "x"))
        spots = [spot('a "b", c', 1.5), spot(None, None), spot("", -2.0), None]
        whole = walk(datetime.date(2024, 5, 1), spots[0], spots)
        for form, number in (("%s", 1), ("%b", 2), ("%t", 3)):
            connection.execute(f"insert into psycopg_walks values ({form}, {form}, {form})", [number, whole, spots[2]])
        for binary in (False, True):
            with connection.cursor(binary=binary) as cursor:
                found = cursor.execute("select walk, spot, (walk).spots, (walk).day from psycopg_walks order by id").fetchall()
                same(found, [(whole, spots[2], spots, whole.day)] * 3)
                same(cursor.execute("select count(*) from psycopg_walks where spot = %s and (walk).best <> spot", [spots[2]]).fetchone(), (3,))
                same(cursor.execute("select ((%s::psycopg_walk).best).name", [whole]).fetchone(), (spots[0].name,))
                asked = "select s.name, count(*) from psycopg_walks w, unnest((w.walk).spots) s group by s.name order by 1"
                same(cursor.execute(asked).fetchall(), [("", 3), ('a "b", c', 3), (None, 6)])
        with connection.cursor().copy("copy psycopg_walks (id, walk, spot) from stdin with (format binary)") as copy:
            copy.set_types(["int4", "psycopg_walk", "psycopg_spot"])
            copy.write_row((4, whole, spots[1]))
        with connection.cursor().copy("copy (select id, walk, spot from psycopg_walks where id = 4) to stdout with (format binary)") as copy:
            copy.set_types(["int4", "psycopg_walk", "psycopg_spot"])
            same(list(copy.rows()), [(4, whole, spots[1])])
        connection.execute("update psycopg_walks set spot.x = %s where id = 1", [7.25])
        same(connection.execute("select spot from psycopg_walks where id = 1").fetchone(), (spot("", 7.25),))
        same(
            connection.execute("select to_json(spot), jsonb_build_object('day', (walk).day) from psycopg_walks where id = 1").fetchone(),
            ({"name": "", "x": 7.25}, {"day": "2024-05-01"}),
        )
        refused(errors.DependentObjectsStillExist, lambda: connection.execute("drop type psycopg_spot"))
        refused(errors.InvalidTextRepresentation, lambda: connection.execute("select '(1)'::psycopg_spot"))


def notified():
    with connect(autocommit=True) as listener, connect() as teller:
        listener.execute("listen psycopg_news")
        teller.execute("notify psycopg_news, 'one'")
        teller.execute("select pg_notify(%s, %s)", ["psycopg_news", "ål"])
        teller.execute("notify psycopg_news, 'one'")
        same([told for told in listener.notifies(timeout=0.3)], [])
        teller.commit()
        heard = list(listener.notifies(timeout=10, stop_after=2))
        same([(told.channel, told.payload, told.pid) for told in heard], [("psycopg_news", each, teller.info.backend_pid) for each in ("one", "ål")])
        teller.execute("notify psycopg_news, 'undone'")
        teller.rollback()
        listener.execute("unlisten *")
        teller.execute("notify psycopg_news, 'nobody'")
        teller.commit()
        same([told for told in listener.notifies(timeout=0.3)], [])
        refused(errors.InvalidParameterValue, lambda: teller.execute("select pg_notify('psycopg_news', %s)", ["x" * 8000]))


def secure():
    with connect(sslmode="verify-ca", sslrootcert=given["ca"]) as connection:
        assert connection.pgconn.ssl_in_use
        same(connection.execute("select 3").fetchone(), (3,))
    refused(psycopg.OperationalError, lambda: connect(password="wrong"))


check("a source and a view are made, and what is produced is aggregated", views)
check("values of all types come in the text format", values(False))
check("values of all types come in the binary format", values(True))
check("parameters go in both formats, and in whichever psycopg chooses", parameters)
check("a prepared statement is run again and again", prepared)
check("transactions, savepoints and what fails in them", transactions)
check("cursors on the server, read in portions", cursors)
check("settings, and that a rollback takes them back", settings)
check("a pipeline of statements", pipelines)
check("a subscription is streamed and cancelled", streams)
check("rows are inserted, changed and copied into a table, in transactions too", tables)
check("arrays go in and come out in both formats, and by COPY", arrays)
check("rows of types that were made are registered, and go in and come out in both formats", rows)
check("what is told in a channel at COMMIT is heard by who listens, and by nobody after UNLISTEN", notified)
check("TLS with a certificate that is checked; a wrong password is out", secure)
