import java.io.StringReader;
import java.math.BigDecimal;
import java.sql.*;
import java.util.*;
import org.postgresql.PGConnection;
import org.postgresql.PGNotification;
import org.postgresql.util.PGobject;
import org.postgresql.util.PSQLException;

/** Drives analytics by pgjdbc, unmodified; prints a check per line. Arguments: host and port, user, password. */
public class Checks {
    static String address;
    static Properties login = new Properties();

    interface Step {
        void run() throws Exception;
    }

    static void told(String title, Step step) {
        String detail = null;
        try {
            step.run();
        } catch (Throwable error) {
            detail = error.toString().replace("\\", "/").replace("\"", "'").replaceAll("\\s+", " ");
        }
        System.out.println("{\"title\": \"" + title + "\", \"ok\": " + (detail == null)
            + (detail == null ? "" : ", \"detail\": \"" + detail + "\"") + "}");
        System.out.flush();
    }

    static void same(Object found, Object wanted) {
        if (!Objects.equals(String.valueOf(found), String.valueOf(wanted))) throw new AssertionError(found + " and not " + wanted);
    }

    static Connection open(String... more) throws SQLException {
        Properties all = new Properties();
        all.putAll(login);
        for (int at = 0; at < more.length; at += 2) all.put(more[at], more[at + 1]);
        return DriverManager.getConnection("jdbc:postgresql://" + address + "/", all);
    }

    /** The rows of an answer, of each some columns. */
    static List<String> rows(ResultSet found, String... columns) throws SQLException {
        List<String> all = new ArrayList<>();
        try (found) {
            while (found.next()) {
                List<String> row = new ArrayList<>();
                for (String column : columns) row.add(found.getString(column));
                all.add(String.join(" ", row));
            }
        }
        return all;
    }

    static void make() throws Exception {
        try (Connection connection = open(); Statement statement = connection.createStatement()) {
            statement.execute("create source jdbc_trips (city text, fare numeric, at timestamptz) with (topic = 'jdbc-trips', format = 'json')");
            statement.execute("create materialized view jdbc_fares as select city, count(*) as n, sum(fare) as fares from jdbc_trips group by city");
            statement.execute("create table jdbc_people (id int8 primary key, name text not null, born date, score numeric default 1.5)");
        }
    }

    static void prepared() throws Exception {
        try (Connection connection = open()) {
            String text = "select ?::int4 + 1, ?::int8, ?::numeric, ?::text, ?::timestamp, ?::bool, ?::float8, null::text";
            try (PreparedStatement statement = connection.prepareStatement(text)) {
                // From the fifth time on by name, and in binary.
                for (int time = 0; time < 8; time++) {
                    statement.setInt(1, time);
                    statement.setLong(2, Long.MAX_VALUE);
                    statement.setBigDecimal(3, new BigDecimal("79228162514264337593543950335.001"));
                    statement.setString(4, "å'\"");
                    statement.setTimestamp(5, Timestamp.valueOf("2024-02-29 12:34:56.789"));
                    statement.setBoolean(6, true);
                    statement.setDouble(7, 0.1);
                    try (ResultSet found = statement.executeQuery()) {
                        found.next();
                        same(found.getInt(1), time + 1);
                        same(found.getLong(2), Long.MAX_VALUE);
                        same(found.getBigDecimal(3), "79228162514264337593543950335.001");
                        same(found.getString(4), "å'\"");
                        same(found.getTimestamp(5), "2024-02-29 12:34:56.789");
                        same(found.getBoolean(6), true);
                        same(found.getDouble(7), 0.1);
                        same(found.getString(8), null);
                    }
                }
                ResultSetMetaData of = statement.getMetaData();
                same(of.getColumnCount() + " " + of.getColumnTypeName(1) + " " + of.getColumnTypeName(3), "8 int4 numeric");
                ParameterMetaData given = statement.getParameterMetaData();
                same(given.getParameterCount() + " " + given.getParameterTypeName(2) + " " + given.getParameterTypeName(4), "7 int8 varchar");
            }
        }
    }

    static void tables() throws Exception {
        try (Connection connection = open()) {
            try (PreparedStatement insert = connection.prepareStatement("insert into jdbc_people (id, name, born) values (?, ?, ?)", new String[] {"score"})) {
                insert.setLong(1, 1);
                insert.setString(2, "Ada");
                insert.setDate(3, java.sql.Date.valueOf("1815-12-10"));
                same(insert.executeUpdate(), 1);
                same(rows(insert.getGeneratedKeys(), "score"), "[1.5]");
            }
            try (PreparedStatement insert = connection.prepareStatement("insert into jdbc_people (id, name) values (?, ?)")) {
                for (int id = 2; id < 40; id++) {
                    insert.setLong(1, id);
                    insert.setString(2, "p" + id);
                    insert.addBatch();
                }
                same(Arrays.stream(insert.executeBatch()).sum(), 38);
            }
            connection.setAutoCommit(false);
            try (Statement statement = connection.createStatement()) {
                statement.setFetchSize(7);
                same(rows(statement.executeQuery("select id from jdbc_people order by id"), "id").size(), 39);
                same(statement.executeUpdate("delete from jdbc_people where id > 10"), 29);
                Savepoint before = connection.setSavepoint("before");
                statement.executeUpdate("delete from jdbc_people");
                connection.rollback(before);
                same(rows(statement.executeQuery("select count(*) as n from jdbc_people"), "n"), "[10]");
                connection.rollback();
                same(rows(statement.executeQuery("select count(*) as n from jdbc_people"), "n"), "[39]");
                connection.commit();
            }
            long copied = connection.unwrap(PGConnection.class).getCopyAPI().copyIn(
                "copy jdbc_people (id, name) from stdin (format csv)", new StringReader("100,x\n101,\"y,z\"\n"));
            connection.commit();
            same(copied, 2);
        }
    }

    static void arrays() throws Exception {
        try (Connection connection = open(); Statement make = connection.createStatement()) {
            make.execute("create table jdbc_lists (id int4 primary key, n int4[], t text[], m numeric[], g int8[])");
            String[] texts = {"a", null, "b \"c\"", "NULL", "{x}", "\\", ""};
            try (PreparedStatement insert = connection.prepareStatement("insert into jdbc_lists values (?, ?, ?, ?, ?)")) {
                for (int id = 1; id < 9; id++) {
                    insert.setInt(1, id);
                    insert.setArray(2, connection.createArrayOf("int4", new Integer[] {id, null, -3}));
                    insert.setArray(3, connection.createArrayOf("text", texts));
                    insert.setArray(4, connection.createArrayOf("numeric", new BigDecimal[] {new BigDecimal("1.50")}));
                    insert.setArray(5, connection.createArrayOf("int8", new Long[][] {{1L, Long.MAX_VALUE}, {3L, 4L}}));
                    same(insert.executeUpdate(), 1);
                }
            }
            String text = "select n, t, m, g, t[3:4] as s, (id, t[1]) as r from jdbc_lists where id = any (?) and t @> ? order by id";
            try (PreparedStatement select = connection.prepareStatement(text)) {
                for (int time = 1; time < 9; time++) {
                    select.setArray(1, connection.createArrayOf("int4", new Integer[] {time, 99}));
                    select.setArray(2, connection.createArrayOf("text", new String[] {"a"}));
                    try (ResultSet found = select.executeQuery()) {
                        ResultSetMetaData of = found.getMetaData();
                        same(of.getColumnTypeName(1) + " " + of.getColumnType(2) + " " + of.getColumnTypeName(6), "_int4 " + Types.ARRAY + " record");
                        found.next();
                        same(Arrays.toString((Object[]) found.getArray(1).getArray()), "[" + time + ", null, -3]");
                        same(Arrays.toString((Object[]) found.getArray(2).getArray()), Arrays.toString(texts));
                        same(Arrays.toString((Object[]) found.getArray(3).getArray()), "[1.50]");
                        same(Arrays.deepToString((Object[]) found.getArray(4).getArray()), "[[1, 9223372036854775807], [3, 4]]");
                        same(found.getArray(4).getBaseTypeName() + " " + found.getString(5), "int8 {\"b \\\"c\\\"\",\"NULL\"}");
                        same(found.getString(6), "(" + time + ",a)");
                        same(found.next(), false);
                    }
                }
            }
            same(rows(make.executeQuery("select array_agg(x order by x desc) as a from jdbc_lists, unnest(n) x where id < 3"), "a"), "[{NULL,NULL,2,1,-3,-3}]");
            make.execute("drop table jdbc_lists");
        }
    }

    static void composites() throws Exception {
        try (Connection connection = open(); Statement make = connection.createStatement()) {
            make.execute("create type jdbc_spot as (name text, x float8)");
            make.execute("create table jdbc_spots (id int4 primary key, spot jdbc_spot, more jdbc_spot[])");
            DatabaseMetaData of = connection.getMetaData();
            same(rows(of.getUDTs(null, "public", "jdbc_spot", null), "TYPE_NAME", "DATA_TYPE"), "[jdbc_spot " + Types.STRUCT + "]");
            same(rows(of.getColumns(null, "public", "jdbc_spots", "%"), "COLUMN_NAME", "TYPE_NAME"), "[id int4, spot jdbc_spot, more _jdbc_spot]");
            PGobject spot = new PGobject();
            spot.setType("jdbc_spot");
            spot.setValue("(\"a b\",1.5)");
            try (PreparedStatement insert = connection.prepareStatement("insert into jdbc_spots values (?, ?, ?)")) {
                for (int id = 1; id < 9; id++) {
                    insert.setInt(1, id);
                    insert.setObject(2, spot);
                    insert.setArray(3, connection.createArrayOf("jdbc_spot", new Object[] {spot, null}));
                    same(insert.executeUpdate(), 1);
                }
            }
            String text = "select spot, more, (spot).x, row(id, spot) as r from jdbc_spots where id = ? and spot = ?";
            try (PreparedStatement select = connection.prepareStatement(text)) {
                for (int time = 1; time < 9; time++) {
                    select.setInt(1, time);
                    select.setObject(2, spot);
                    try (ResultSet found = select.executeQuery()) {
                        ResultSetMetaData told = found.getMetaData();
                        same(told.getColumnTypeName(1) + " " + told.getColumnType(1) + " " + told.getColumnTypeName(2), "jdbc_spot " + Types.STRUCT + " _jdbc_spot");
                        found.next();
                        PGobject one = (PGobject) found.getObject(1);
                        same(one.getType() + " " + one.getValue() + " " + found.getDouble(3), "jdbc_spot (\"a b\",1.5) 1.5");
                        Object[] more = (Object[]) found.getArray(2).getArray();
                        same(more.length + " " + more[0] + " " + more[1], "2 (\"a b\",1.5) null");
                        same(found.getString(4), "(" + time + ",\"(\"\"a b\"\",1.5)\")");
                        same(found.next(), false);
                    }
                }
            }
            make.execute("drop table jdbc_spots");
            make.execute("drop type jdbc_spot");
        }
    }

    static void metadata() throws Exception {
        try (Connection connection = open()) {
            DatabaseMetaData of = connection.getMetaData();
            same(rows(of.getTables(null, "public", "jdbc_%", new String[] {"TABLE", "MATERIALIZED VIEW"}), "TABLE_NAME", "TABLE_TYPE"),
                "[jdbc_fares MATERIALIZED VIEW, jdbc_people TABLE, jdbc_trips TABLE]");
            same(rows(of.getColumns(null, "public", "jdbc_people", "%"), "COLUMN_NAME", "TYPE_NAME", "NULLABLE"),
                "[id int8 0, name text 0, born date 1, score numeric 1]");
            same(rows(of.getPrimaryKeys(null, "public", "jdbc_people"), "COLUMN_NAME", "KEY_SEQ"), "[id 1]");
            same(rows(of.getSchemas(), "TABLE_SCHEM").contains("public"), true);
            same(rows(of.getCatalogs(), "TABLE_CAT").size(), 1);
            same(rows(of.getTableTypes(), "TABLE_TYPE").contains("MATERIALIZED VIEW"), true);
            same(rows(of.getTypeInfo(), "TYPE_NAME").containsAll(List.of("int8", "numeric", "timestamptz", "interval")), true);
            same(rows(of.getImportedKeys(null, "public", "jdbc_people"), "FKCOLUMN_NAME"), "[]");
            same(rows(of.getExportedKeys(null, "public", "jdbc_people"), "FKCOLUMN_NAME"), "[]");
            same(rows(of.getCrossReference(null, "public", "jdbc_people", null, "public", "jdbc_trips"), "FKCOLUMN_NAME"), "[]");
            same(rows(of.getIndexInfo(null, "public", "jdbc_people", true, true), "COLUMN_NAME"), "[id]");
            same(rows(of.getBestRowIdentifier(null, "public", "jdbc_people", DatabaseMetaData.bestRowSession, false), "COLUMN_NAME"), "[id]");
            same(rows(of.getVersionColumns(null, "public", "jdbc_people"), "COLUMN_NAME").size(), 1);
            same(rows(of.getProcedures(null, "public", "%"), "PROCEDURE_NAME"), "[]");
            same(rows(of.getFunctions(null, "public", "%"), "FUNCTION_NAME"), "[]");
            same(rows(of.getUDTs(null, "public", "jdbc_%", null), "TYPE_NAME"), "[jdbc_fares, jdbc_people, jdbc_trips]");
            rows(of.getTablePrivileges(null, "public", "jdbc_people"), "PRIVILEGE");
            rows(of.getColumnPrivileges(null, "public", "jdbc_people", "id"), "PRIVILEGE");
            rows(of.getClientInfoProperties(), "NAME");
            same(of.getDatabaseProductName() + " " + (of.getDatabaseMajorVersion() >= 18), "PostgreSQL true");
            same(of.getMaxColumnNameLength(), 63);
            same(of.getSQLKeywords().isEmpty(), false);
            same(connection.getSchema(), "public");
        }
    }

    static void refused() throws Exception {
        try (Connection connection = open(); Statement statement = connection.createStatement()) {
            try {
                statement.executeQuery("select wrong from jdbc_fares");
                throw new AssertionError("it was not refused");
            } catch (PSQLException error) {
                same(error.getSQLState() + " " + error.getServerErrorMessage().getPosition(), "42703 8");
            }
        }
        try (Connection connection = open("password", "wrong")) {
            throw new AssertionError("a stranger was let in");
        } catch (PSQLException error) {
            same(error.getSQLState(), "28P01");
        }
    }

    static void follows() throws Exception {
        try (Connection connection = open(); Connection other = open()) {
            connection.setAutoCommit(false);
            try (Statement statement = connection.createStatement(); Statement change = other.createStatement()) {
                statement.setFetchSize(1);
                try (ResultSet found = statement.executeQuery("subscribe to jdbc_people with (committed)")) {
                    for (int row = 0; row < 41; row++) same(found.next(), true);
                    change.executeUpdate("update jdbc_people set name = 'new' where id = 1");
                    found.next();
                    same(found.getInt("diff") + " " + found.getString("name"), "-1 Ada");
                    found.next();
                    same(found.getInt("diff") + " " + found.getString("name"), "1 new");
                    // What waits for the next row is cancelled by another thread.
                    Thread canceller = new Thread(() -> {
                        try {
                            for (;;) {
                                Thread.sleep(200);
                                connection.unwrap(PGConnection.class).cancelQuery();
                            }
                        } catch (InterruptedException | SQLException over) {
                            Thread.currentThread().interrupt();
                        }
                    });
                    canceller.start();
                    try {
                        found.next();
                        throw new AssertionError("it goes on");
                    } finally {
                        canceller.interrupt();
                        canceller.join();
                    }
                } catch (PSQLException error) {
                    same(error.getSQLState(), "57014");
                }
                connection.rollback();
            }
        }
    }

    static void notified() throws Exception {
        try (Connection listener = open(); Connection teller = open();
             Statement listen = listener.createStatement(); Statement tell = teller.createStatement()) {
            PGConnection hears = listener.unwrap(PGConnection.class);
            listen.execute("listen jdbc_news");
            teller.setAutoCommit(false);
            tell.execute("notify jdbc_news, 'one'");
            try (PreparedStatement told = teller.prepareStatement("select pg_notify(?, ?)")) {
                told.setString(1, "jdbc_news");
                told.setString(2, "two");
                told.execute();
            }
            same(hears.getNotifications(300) == null ? 0 : hears.getNotifications(300).length, 0);
            teller.commit();
            List<String> heard = new ArrayList<>();
            while (heard.size() < 2) {
                PGNotification[] found = hears.getNotifications(10_000);
                if (found == null || found.length == 0) throw new AssertionError("nothing was heard");
                for (PGNotification each : found) {
                    same(each.getPID(), teller.unwrap(PGConnection.class).getBackendPID());
                    heard.add(each.getName() + " " + each.getParameter());
                }
            }
            same(heard, "[jdbc_news one, jdbc_news two]");
        }
    }

    static void secure() throws Exception {
        try (Connection connection = open("sslmode", "require"); Statement statement = connection.createStatement()) {
            same(rows(statement.executeQuery("select 1 as one"), "one"), "[1]");
        }
    }

    public static void main(String[] argv) {
        address = argv[0];
        login.put("user", argv[1]);
        login.put("password", argv[2]);
        login.put("sslmode", "disable");
        told("sources, views and tables are made", Checks::make);
        told("prepared statements take and give every type, in text and then in binary", Checks::prepared);
        told("rows are inserted, in batches and by COPY, changed in transactions with savepoints, and read by a cursor", Checks::tables);
        told("arrays are those of java.sql, in text and then in binary", Checks::arrays);
        told("rows of types that were made are objects, in text and then in binary", Checks::composites);
        told("DatabaseMetaData tells tables, columns, keys, indexes, types and privileges", Checks::metadata);
        told("an error has its SQLSTATE and its place, and a wrong password is refused", Checks::refused);
        told("a subscription goes on and is cancelled", Checks::follows);
        told("what is told in a channel at COMMIT is heard by who listens", Checks::notified);
        told("TLS is spoken when it is asked for", Checks::secure);
        System.exit(0);
    }
}
