// What does a Java program get through Calcite Avatica's JDBC driver? A line a fact, for the test that runs it to compare.
// usage: java -cp 'LIBS/*' Jdbc.java JDBC_URL

import java.sql.Array;
import java.sql.Connection;
import java.sql.DatabaseMetaData;
import java.sql.Date;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.ResultSetMetaData;
import java.sql.SQLException;
import java.sql.Statement;
import java.sql.Timestamp;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Properties;

public class Jdbc {
    public static void main(String[] args) throws Exception {
        Class.forName("org.apache.calcite.avatica.remote.Driver");
        try (Connection connection = DriverManager.getConnection(args[0], new Properties())) {
            System.out.println("autocommit\t" + connection.getAutoCommit() + "\t" + connection.isReadOnly());
            groups(connection);
            frames(connection);
            prepared(connection);
            flights(connection);
            types(connection);
            metadata(connection);
            failures(connection);
            limits(connection);
        }
        context(args[0]);
    }

    static void groups(Connection connection) throws SQLException {
        String sql = "SELECT channel, COUNT(*) AS edits, SUM(added) AS added, SUM(\"delta\") AS \"delta\" FROM wikipedia GROUP BY 1";
        try (Statement statement = connection.createStatement(); ResultSet rows = statement.executeQuery(sql)) {
            ResultSetMetaData columns = rows.getMetaData();
            for (int i = 1; i <= columns.getColumnCount(); i++) {
                System.out.println("column\t" + columns.getColumnLabel(i) + "\t" + columns.getColumnTypeName(i));
            }
            while (rows.next()) {
                System.out.println("group\t" + rows.getString(1) + "\t" + rows.getLong(2) + "\t" + rows.getLong("added")
                    + "\t" + rows.getLong("delta"));
            }
        }
    }

    // Every row of the file, over many frames; then a statement that is closed after its first rows.
    static void frames(Connection connection) throws SQLException {
        String sql = "SELECT __time, channel, page, added FROM wikipedia";
        try (Statement statement = connection.createStatement()) {
            statement.setFetchSize(1000);
            long count = 0, added = 0, length = 0, millis = 0;
            try (ResultSet rows = statement.executeQuery(sql)) {
                while (rows.next()) {
                    count++;
                    added += rows.getLong("added");
                    length += rows.getString("page").length();
                    millis += rows.getTimestamp(1).getTime() % 1000;
                }
            }
            System.out.println("all\t" + count + "\t" + added + "\t" + length + "\t" + millis);
        }
        try (Statement statement = connection.createStatement()) {
            statement.setMaxRows(7);
            int count = 0;
            try (ResultSet rows = statement.executeQuery(sql)) {
                while (rows.next()) count++;
            }
            System.out.println("limited\t" + count);
        }
        Statement abandoned = connection.createStatement();
        ResultSet rows = abandoned.executeQuery(sql);
        rows.next();
        abandoned.close();
    }

    static void prepared(Connection connection) throws SQLException {
        String sql = "SELECT COUNT(*) AS edits, SUM(added) AS added FROM wikipedia WHERE channel = ? AND __time >= ? AND added > ?";
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            System.out.println("parameters\t" + statement.getParameterMetaData().getParameterCount() + "\t"
                + statement.getParameterMetaData().getParameterTypeName(1) + "\t"
                + statement.getParameterMetaData().getParameterTypeName(2) + "\t"
                + statement.getParameterMetaData().getParameterTypeName(3));
            System.out.println("prepared column\t" + statement.getMetaData().getColumnName(1));
            for (String channel : List.of("#en.wikipedia", "#fr.wikipedia", "#en.wikipedia")) {
                statement.setString(1, channel);
                statement.setTimestamp(2, Timestamp.valueOf("2015-09-12 00:00:00"));
                statement.setLong(3, -1);
                try (ResultSet rows = statement.executeQuery()) {
                    rows.next();
                    System.out.println("prepared\t" + channel + "\t" + rows.getLong(1) + "\t" + rows.getLong(2));
                }
            }
        }
        try (PreparedStatement statement = connection.prepareStatement(
                "SELECT COUNT(*) FROM wikipedia WHERE __time >= ? AND __time < ?")) {
            statement.setString(1, "2015-09-12 12:00:00");
            statement.setDate(2, Date.valueOf("2015-09-13"));
            try (ResultSet rows = statement.executeQuery()) {
                rows.next();
                System.out.println("afternoon\t" + rows.getLong(1));
            }
        }
    }

    // All flights in frames; prepared statements that run again and again, with values of every kind.
    static void flights(Connection connection) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.setFetchSize(5000);
            long count = 0, miles = 0, delay = 0;
            try (ResultSet rows = statement.executeQuery("SELECT __time, origin, destination, distance, delay FROM flights")) {
                while (rows.next()) {
                    count++;
                    miles += rows.getLong("distance");
                    delay += rows.getInt(5);
                }
            }
            System.out.println("flights\t" + count + "\t" + miles + "\t" + delay);
        }
        String routes = "SELECT COUNT(*), SUM(delay) FROM flights WHERE origin = ? AND destination = ?";
        try (PreparedStatement statement = connection.prepareStatement(routes)) {
            for (String[] route : new String[][] {{"ORD", "LAX"}, {"SFO", "JFK"}, {"ATL", "nowhere"}}) {
                statement.setString(1, route[0]);
                statement.setObject(2, route[1]);
                try (ResultSet rows = statement.executeQuery()) {
                    rows.next();
                    System.out.println("route\t" + route[0] + "\t" + route[1] + "\t" + rows.getLong(1) + "\t" + rows.getLong(2)
                        + "\t" + rows.wasNull());
                }
            }
        }
        String days = "SELECT FLOOR(__time TO DAY) AS \"day\", COUNT(*) AS n FROM flights GROUP BY 1 ORDER BY 1";
        try (PreparedStatement statement = connection.prepareStatement(days); ResultSet rows = statement.executeQuery()) {
            while (rows.next()) System.out.println("day\t" + rows.getTimestamp("day") + "\t" + rows.getLong("n"));
        }
        try (PreparedStatement statement = connection.prepareStatement(
                "SELECT COUNT(*) FROM flights WHERE delay > ? AND __time >= ? AND __time < ?")) {
            statement.setInt(1, 90);
            statement.setTimestamp(2, Timestamp.valueOf("2001-01-05 00:00:00"));
            statement.setTimestamp(3, Timestamp.valueOf("2001-01-06 00:00:00"));
            try (ResultSet rows = statement.executeQuery()) {
                rows.next();
                System.out.println("late\t" + rows.getLong(1));
            }
        }
        try (PreparedStatement statement = connection.prepareStatement("SELECT COUNT(*) FROM flights WHERE distance > CAST(? AS DOUBLE)")) {
            statement.setDouble(1, 2500.5);
            try (ResultSet rows = statement.executeQuery()) {
                rows.next();
                System.out.println("far\t" + rows.getLong(1));
            }
        }
        // One that is run again before its rows were all read.
        try (PreparedStatement statement = connection.prepareStatement("SELECT delay FROM flights WHERE delay > ?")) {
            System.out.print("again");
            for (int late : new int[] {10, 20, 90}) {
                statement.setInt(1, late);
                ResultSet rows = statement.executeQuery();
                int count = 0;
                while (count < 150 || late == 90) {
                    if (!rows.next()) break;
                    count++;
                }
                System.out.print("\t" + count);
            }
            System.out.println();
        }
    }

    static void types(Connection connection) throws SQLException {
        String sql = "SELECT TIMESTAMP '2015-09-12 01:02:03.004' AS t, 1.5 AS d, 1 = 1 AS b, CAST(NULL AS BIGINT) AS n, "
            + "ARRAY['x', 'y'] AS a, 'it''s' AS s, 9007199254740993 AS big, CAST(0.1 AS FLOAT) AS f, "
            + "DATE '2015-09-12' AS day, ARRAY[1, 2] AS numbers FROM wikipedia LIMIT 1";
        try (Statement statement = connection.createStatement(); ResultSet rows = statement.executeQuery(sql)) {
            rows.next();
            long none = rows.getLong(4);
            boolean wasNull = rows.wasNull();
            Array texts = rows.getArray(5);
            System.out.println("types\t" + rows.getTimestamp(1) + "\t" + rows.getDouble(2) + "\t" + rows.getBoolean(3)
                + "\t" + none + "\t" + wasNull + "\t" + Arrays.toString((Object[]) texts.getArray()) + "\t"
                + rows.getString(6) + "\t" + rows.getLong(7) + "\t" + rows.getDouble(8) + "\t"
                + rows.getTimestamp(9) + "\t" + rows.getArray(10));
        }
    }

    static void metadata(Connection connection) throws SQLException {
        DatabaseMetaData about = connection.getMetaData();
        print("catalogs", about.getCatalogs(), "TABLE_CAT");
        print("schemas", about.getSchemas(), "TABLE_SCHEM", "TABLE_CATALOG");
        print("table types", about.getTableTypes(), "TABLE_TYPE");
        print("tables", about.getTables("druid", "druid", null, null), "TABLE_CAT", "TABLE_SCHEM", "TABLE_NAME", "TABLE_TYPE");
        print("some tables", about.getTables(null, "%", "wiki%", new String[] {"TABLE"}), "TABLE_NAME");
        print("no tables", about.getTables(null, null, "wiki\\%", null), "TABLE_NAME");
        print("some columns", about.getColumns(null, null, null, "del%"), "TABLE_NAME", "COLUMN_NAME");
        print("columns", about.getColumns("druid", "druid", "wikipedia", null), "TABLE_SCHEM", "TABLE_NAME", "COLUMN_NAME",
            "DATA_TYPE", "TYPE_NAME", "COLUMN_SIZE", "DECIMAL_DIGITS", "NULLABLE", "REMARKS", "ORDINAL_POSITION", "IS_NULLABLE");
        print("types known", about.getTypeInfo(), "TYPE_NAME");
    }

    static void print(String name, ResultSet rows, String... columns) throws SQLException {
        try (rows) {
            while (rows.next()) {
                StringBuilder line = new StringBuilder(name);
                for (String column : columns) line.append('\t').append(rows.getString(column));
                System.out.println(line);
            }
        }
    }

    static void failures(Connection connection) throws SQLException {
        for (String sql : List.of("SELECT nope FROM wikipedia", "SELECT FROM", "SELECT 1 / 0 FROM nowhere")) {
            try (Statement statement = connection.createStatement()) {
                statement.executeQuery(sql);
                System.out.println("failure\tnone");
            } catch (SQLException error) {
                System.out.println("failure\t" + error.getMessage().lines().findFirst().get() + "\t" + error.getErrorCode()
                    + "\t" + error.getSQLState());
            }
        }
    }

    static void limits(Connection connection) throws SQLException {
        List<Statement> open = new ArrayList<>();
        try {
            while (open.size() < 10) open.add(connection.createStatement());
            System.out.println("limit\tnone");
        } catch (Exception error) {
            System.out.println("limit\t" + open.size() + "\t" + error.getMessage().lines().findFirst().get());
        }
        for (Statement statement : open) statement.close();
        try (Statement statement = connection.createStatement(); ResultSet rows = statement.executeQuery("SELECT 1 + 1")) {
            rows.next();
            System.out.println("after\t" + rows.getInt(1));
        }
    }

    // Properties of the connection are the context of its queries.
    static void context(String url) throws SQLException {
        Properties properties = new Properties();
        properties.setProperty("sqlTimeZone", "Asia/Tokyo");
        try (Connection connection = DriverManager.getConnection(url, properties);
                Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery("SELECT MIN(__time), TIME_FORMAT(MIN(__time), 'HH:mm') FROM wikipedia")) {
            rows.next();
            System.out.println("tokyo\t" + rows.getTimestamp(1) + "\t" + rows.getString(2));
        }
    }
}
