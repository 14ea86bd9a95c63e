"""Drives analytics by SQLAlchemy and pandas, unmodified and with their default settings; prints a check per line."""

import datetime
import decimal
import json
import sys
import time

import pandas as pd
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

given = json.load(sys.stdin)
url = sa.URL.create(
    "postgresql+psycopg",
    given["sasl"]["username"],
    given["sasl"]["password"],
    given["host"],
    given["port"],
    given["sasl"]["username"],
)
engine = sa.create_engine(url, connect_args={"sslmode": "disable"})


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
    raise AssertionError(f"not refused with {kind.__name__}")


meta = sa.MetaData()
goods = sa.Table(
    "goods",
    meta,
    sa.Column("id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("name", sa.String(30), nullable=False),
    sa.Column("price", sa.Numeric(10, 2), server_default=sa.text("1.50")),
    sa.Column("at", sa.DateTime),
    sa.Column("more", sa.JSON),
)
at = datetime.datetime(2026, 1, 2, 3, 4, 5)


def tables():
    meta.create_all(engine)
    meta.create_all(engine)
    found = sa.inspect(engine)
    same(found.has_table("goods"), True)
    same(
        [(column["name"], str(column["type"]), column["nullable"]) for column in found.get_columns("goods")],
        [
            ("id", "BIGINT", False),
            ("name", "VARCHAR(30)", False),
            ("price", "NUMERIC(10, 2)", True),
            ("at", "TIMESTAMP", True),
            ("more", "JSON", True),
        ],
    )
    same(found.get_pk_constraint("goods")["constrained_columns"], ["id"])


def many_rows():
    with engine.begin() as connection:
        rows = [
            {"id": n, "name": f"n{n}", "price": decimal.Decimal(n) / 4, "at": at, "more": {"n": n}} for n in range(1500)
        ]
        connection.execute(goods.insert(), rows)
        same(connection.execute(sa.select(sa.func.count()).select_from(goods)).scalar(), 1500)
    with engine.connect() as connection:
        query = sa.select(goods).where(goods.c.id.in_([3, 7])).order_by(goods.c.id.desc())
        same(
            [tuple(row) for row in connection.execute(query)],
            [(7, "n7", decimal.Decimal("1.75"), at, {"n": 7}), (3, "n3", decimal.Decimal("0.75"), at, {"n": 3})],
        )


def upsert():
    with engine.begin() as connection:
        statement = insert(goods).values(id=3, name="three")
        statement = statement.on_conflict_do_update(index_elements=["id"], set_={"name": statement.excluded.name})
        connection.execute(statement)
        same(connection.execute(sa.select(goods.c.name).where(goods.c.id == 3)).scalar(), "three")


def undone():
    other = sa.MetaData()
    brief = sa.Table("brief", other, sa.Column("n", sa.Integer))
    with engine.connect() as connection:
        other.create_all(connection)
        connection.execute(brief.insert(), [{"n": 1}, {"n": 2}])
        same(connection.execute(sa.select(sa.func.sum(brief.c.n))).scalar(), 3)
        same(sa.inspect(connection).has_table("brief"), True)
        same(sa.inspect(engine).has_table("brief"), False)
        connection.rollback()
    same(sa.inspect(engine).has_table("brief"), False)
    with engine.connect() as connection:
        other.create_all(connection)
        with connection.begin_nested() as point:
            connection.execute(brief.insert(), {"n": 1})
            point.rollback()
        connection.execute(brief.insert(), {"n": 5})
        connection.commit()
        same(connection.execute(sa.select(brief.c.n)).all(), [(5,)])
    other.drop_all(engine)
    same(sa.inspect(engine).has_table("brief"), False)


class Base(DeclarativeBase):
    pass


class Person(Base):
    __tablename__ = "person"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(50))


class Account(Base):
    __tablename__ = "account"
    id: Mapped[int] = mapped_column(sa.BigInteger, sa.Identity(start=100), primary_key=True)
    mail: Mapped[str] = mapped_column(unique=True)
    n: Mapped[int] = mapped_column(sa.CheckConstraint("n > 0"), index=True)


def orm():
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        session.add_all([Person(name="Ada"), Person(name="Bob"), Person(name="Cy")])
        session.commit()
        ada, bob, _ = session.scalars(sa.select(Person).order_by(Person.id)).all()
        ada.name = "Ada L."
        session.delete(bob)
        session.commit()
        same([(each.id, each.name) for each in session.scalars(sa.select(Person).order_by(Person.id))], [(1, "Ada L."), (3, "Cy")])


def constraints():
    with Session(engine) as session:
        session.add_all([Account(mail="a@x", n=1), Account(mail="b@x", n=2)])
        session.commit()
        same(sorted(session.scalars(sa.select(Account.id))), [100, 101])
        same(session.scalars(sa.select(Account.mail).where(Account.n == 2)).all(), ["b@x"])
        for wrong in [Account(mail="a@x", n=3), Account(mail="c@x", n=0)]:
            session.add(wrong)
            refused(sa.exc.IntegrityError, session.commit)
            session.rollback()
        same(session.scalar(sa.select(sa.func.count()).select_from(Account)), 2)


def view():
    with engine.begin() as connection:
        connection.execute(sa.text("create materialized view prices as select count(*) as n, max(price) as most from goods"))
    for _ in range(200):
        with engine.connect() as connection:
            found = connection.execute(sa.text("select n, most from prices")).all()
        if found == [(1500, decimal.Decimal("374.75"))]:
            return
        time.sleep(0.05)
    raise AssertionError(f"the view has {found!r}")


frame = pd.DataFrame(
    {
        "k": [1, 2, 3],
        "f": [1.5, None, 2.5],
        "s": ["a", None, "c"],
        "b": [True, False, True],
        "t": pd.to_datetime(["2026-01-01", "2026-01-02", "2026-01-03"]),
        "z": pd.to_datetime(["2026-01-01", "2026-01-02", "2026-01-03"], utc=True),
    }
)


def to_sql():
    frame.to_sql("frame", engine)
    read = pd.read_sql("select * from frame order by k", engine, index_col="index")
    same(read["k"].tolist(), [1, 2, 3])
    same(read["f"].isna().tolist(), [False, True, False])
    same(read["s"].tolist()[::2], ["a", "c"])
    same([each.isoformat() for each in read["t"]], [each.isoformat() for each in frame["t"]])
    same([each.isoformat() for each in read["z"]], [each.isoformat() for each in frame["z"]])
    same(pd.read_sql("select s from frame where index = 2", engine)["s"].tolist(), ["c"])


def again():
    frame.to_sql("frame", engine, if_exists="append")
    same(pd.read_sql("select count(*) as n from frame", engine)["n"].tolist(), [6])
    refused(ValueError, lambda: frame.to_sql("frame", engine))
    frame.to_sql("frame", engine, if_exists="replace", method="multi", chunksize=2)
    read = pd.read_sql_table("frame", engine)
    same(len(read), 3)
    same([str(kind) for kind in read.dtypes][1:3], ["int64", "float64"])


def large():
    wide = pd.DataFrame({"n": range(2000), "x": [each / 8 for each in range(2000)]})
    wide.to_sql("wide", engine, index=False)
    same(pd.read_sql("select count(*) as n, sum(n) as s, max(x) as x from wide", engine).values.tolist(), [[2000, 1999000, 249.875]])


def dropped():
    with engine.begin() as connection:
        connection.execute(sa.text("drop materialized view prices"))
        meta.drop_all(connection)
        Base.metadata.drop_all(connection)
    same([name for name in sa.inspect(engine).get_table_names() if name in ("goods", "person", "account")], [])


check("create_all makes tables, once, and they are told of", tables)
check("many rows are inserted and read in one transaction", many_rows)
check("a row takes the place of another", upsert)
check("what a transaction made is seen by it alone, undone with it, and kept with it", undone)
check("the ORM makes tables whose keys count, and changes rows", orm)
check("unique values, checks and indexes", constraints)
check("a materialized view is made within a transaction", view)
check("pandas writes a frame with its index, and reads it", to_sql)
check("pandas appends to a table, and takes the place of it", again)
check("pandas writes two thousand rows in one transaction", large)
check("drop_all drops tables and views in one transaction", dropped)
