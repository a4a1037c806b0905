//! PostgreSQL's protocol through the driver most Rust programs use: simple and prepared statements, types in binary, errors
//! with codes, settings, cancellation.

use std::time::{Duration, Instant, UNIX_EPOCH};

use alluvium::config::{Config, PostgresConfig};
use futures::TryStreamExt;
use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, NoTls, SimpleQueryMessage};

use super::{EDITS, edits_task};
use crate::node::Node;

/// A node that serves PostgreSQL's clients, and how they reach it.
fn serving() -> (Node, String) {
    let postgres = PostgresConfig { listen: Some("127.0.0.1:0".to_owned()) };
    let node = Node::start_with(Config { postgres, ..Config::default() });
    assert_eq!(node.run_task(&edits_task(EDITS))["status"], "SUCCESS");
    let address = node.postgres_address();
    let how = format!("host={} port={} user=ann dbname=druid", address.ip(), address.port());
    (node, how)
}

/// Runs a test with a connection.
fn with_client<F: Future<Output = ()>>(test: impl FnOnce(Client) -> F) {
    let (_node, how) = serving();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let (client, connection) = tokio_postgres::connect(&how, NoTls).await.unwrap();
        tokio::spawn(connection);
        test(client).await;
    });
}

fn texts(messages: &[SimpleQueryMessage]) -> Vec<Vec<Option<String>>> {
    let row = |message: &SimpleQueryMessage| match message {
        SimpleQueryMessage::Row(row) => Some((0..row.len()).map(|i| row.get(i).map(str::to_owned)).collect()),
        _ => None,
    };
    messages.iter().filter_map(row).collect()
}

#[test]
fn simple_statements() {
    with_client(|client| async move {
        let text = "SELECT __time, channel, \"user\", added / 4.0 AS quarter FROM edits ORDER BY __time DESC LIMIT 3";
        let rows = texts(&client.simple_query(text).await.unwrap());
        let row = |cells: [Option<&str>; 4]| cells.map(|cell| cell.map(str::to_owned)).to_vec();
        let wanted = [
            row([Some("2015-09-13 03:00:00"), Some("#fr"), Some(""), Some("0.5")]),
            row([Some("2015-09-13 02:00:00"), Some("#en"), Some("cy"), Some("0.25")]),
            row([Some("2015-09-13 01:00:00"), Some("#de"), None, Some("1.75")]),
        ];
        assert_eq!(rows, wanted);
        let several = client.simple_query("BEGIN; SELECT 1; ; SELECT 2 AS two; COMMIT").await.unwrap();
        assert_eq!(texts(&several), [[Some("1".to_owned())], [Some("2".to_owned())]]);
        assert!(texts(&client.simple_query(" ; ").await.unwrap()).is_empty());
    });
}

#[test]
fn prepared_statements_in_binary() {
    with_client(|client| async move {
        let text = "SELECT COUNT(*) AS n, SUM(added) AS added, MIN(__time) AS first FROM edits \
            WHERE channel = $1 AND __time >= $2 AND added > $3";
        let statement = client.prepare(text).await.unwrap();
        let types: Vec<&str> = statement.params().iter().map(|pg| pg.name()).collect();
        assert_eq!(types, ["text", "timestamp", "int8"]);
        let columns: Vec<(&str, &str)> =
            statement.columns().iter().map(|column| (column.name(), column.type_().name())).collect();
        assert_eq!(columns, [("n", "int8"), ("added", "int8"), ("first", "timestamp")]);
        let day = UNIX_EPOCH + Duration::from_secs(1_442_016_000);
        for (channel, wanted) in [("#en", (3, Some(31))), ("#fr", (2, Some(7))), ("#xx", (0, None))] {
            let row = client.query_one(&statement, &[&channel, &day, &0_i64]).await.unwrap();
            assert_eq!((row.get::<_, i64>(0), row.get::<_, Option<i64>>(1)), wanted);
        }
        let row = client.query_one(&statement, &[&"#en", &day, &15_i64]).await.unwrap();
        let first: std::time::SystemTime = row.get(2);
        assert_eq!(first, UNIX_EPOCH + Duration::from_secs(1_442_019_000));
        let values = "SELECT 1.5 AS d, 1 = 1 AS b, CAST(NULL AS VARCHAR) AS n, ARRAY['x', 'y z'] AS a, \
            ARRAY[1, 2] AS l, 1 / 2.0 AS f, 'it''s' AS t FROM edits LIMIT 1";
        let row = client.query_one(values, &[]).await.unwrap();
        assert_eq!((row.get::<_, f64>("d"), row.get::<_, bool>("b")), (1.5, true));
        assert_eq!(row.get::<_, Option<&str>>("n"), None);
        assert_eq!(row.get::<_, Vec<String>>("a"), ["x", "y z"]);
        assert_eq!(row.get::<_, Vec<i64>>("l"), [1, 2]);
        assert_eq!((row.get::<_, f64>("f"), row.get::<_, &str>("t")), (0.5, "it's"));
        let any = client.query("SELECT channel FROM edits WHERE channel IN ($1, $2)", &[&"#de", &"#fr"]);
        assert_eq!(any.await.unwrap().len(), 3);
    });
}

#[test]
fn rows_come_in_parts() {
    with_client(|mut client| async move {
        let transaction = client.transaction().await.unwrap();
        let portal = transaction.bind("SELECT added FROM edits ORDER BY __time", &[]).await.unwrap();
        let first = transaction.query_portal(&portal, 4).await.unwrap();
        let rest = transaction.query_portal(&portal, 4).await.unwrap();
        let numbers =
            |rows: &[tokio_postgres::Row]| rows.iter().map(|r| r.get::<_, i64>(0)).collect::<Vec<_>>();
        assert_eq!((numbers(&first), numbers(&rest)), (vec![10, 20, 5, 7], vec![1, 2]));
        transaction.commit().await.unwrap();
        let all: Vec<_> = client
            .query_raw("SELECT added FROM edits", Vec::<i64>::new())
            .await
            .unwrap()
            .try_collect()
            .await
            .unwrap();
        assert_eq!(all.len(), 6);
    });
}

#[test]
fn errors_have_codes() {
    with_client(|client| async move {
        for (text, code) in [
            ("SELECT nope FROM edits", SqlState::UNDEFINED_COLUMN),
            ("SELECT 1 FROM nowhere", SqlState::UNDEFINED_TABLE),
            ("SELECT FROM WHERE", SqlState::SYNTAX_ERROR),
            ("SHOW nothing", SqlState::UNDEFINED_OBJECT),
        ] {
            for error in
                [client.simple_query(text).await.unwrap_err(), client.query(text, &[]).await.unwrap_err()]
            {
                assert_eq!(error.code(), Some(&code), "{text}: {error:?}");
            }
        }
        let error = client.simple_query("SELECT 1, nope FROM edits").await.unwrap_err();
        let place = error.as_db_error().unwrap().position().unwrap();
        assert_eq!(*place, tokio_postgres::error::ErrorPosition::Original(11));
        // The connection goes on.
        let one = texts(&client.simple_query("SELECT 1 AS one").await.unwrap());
        assert_eq!(one, [[Some("1".to_owned())]]);
    });
}

#[test]
fn settings_are_context() {
    with_client(|client| async move {
        client.batch_execute("SET TIME ZONE 'Asia/Tokyo'; SET extra_float_digits = 3").await.unwrap();
        let rows = texts(&client.simple_query("SELECT MIN(__time) FROM edits").await.unwrap());
        assert_eq!(rows, [[Some("2015-09-12 09:10:00".to_owned())]]);
        let shown = client.query_one("SHOW TimeZone", &[]).await.unwrap();
        assert_eq!(shown.get::<_, &str>(0), "Asia/Tokyo");
        client.batch_execute("SET statement_timeout = '1ms'").await.unwrap();
        let error = client.simple_query(super::statements::LONG).await.unwrap_err();
        assert_eq!(error.code(), Some(&SqlState::QUERY_CANCELED));
        client.batch_execute("RESET ALL").await.unwrap();
        let rows = texts(&client.simple_query("SELECT MIN(__time) FROM edits").await.unwrap());
        assert_eq!(rows, [[Some("2015-09-12 00:10:00".to_owned())]]);
    });
}

#[test]
fn queries_are_cancelled() {
    let (node, how) = serving();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let (client, connection) = tokio_postgres::connect(&how, NoTls).await.unwrap();
        tokio::spawn(connection);
        client.batch_execute("SET \"sqlQueryId\" = 'long'").await.unwrap();
        let cancel = client.cancel_token();
        let running = tokio::spawn(async move { client.simple_query(super::statements::LONG).await });
        let deadline = Instant::now() + Duration::from_secs(10);
        while !node.is_running("long") {
            assert!(Instant::now() < deadline);
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        cancel.cancel_query(NoTls).await.unwrap();
        let error = running.await.unwrap().unwrap_err();
        assert_eq!(error.code(), Some(&SqlState::QUERY_CANCELED));
        while node.is_running("long") {
            assert!(Instant::now() < deadline, "a cancelled query still runs");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    });
}

#[test]
fn the_catalogue_answers() {
    with_client(|client| async move {
        let text = "SELECT a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod) FROM pg_attribute a \
            JOIN pg_class c ON c.oid = a.attrelid WHERE c.relname = $1 AND a.attnum > 0 ORDER BY a.attnum";
        let rows = client.query(text, &[&"edits"]).await.unwrap();
        let columns: Vec<(String, String)> = rows.iter().map(|row| (row.get(0), row.get(1))).collect();
        let wanted = [
            ("__time", "timestamp without time zone"),
            ("channel", "text"),
            ("user", "text"),
            ("added", "bigint"),
        ];
        assert_eq!(columns, wanted.map(|(name, kind)| (name.to_owned(), kind.to_owned())));
        let who = texts(&client.simple_query("SELECT current_user, current_database()").await.unwrap());
        assert_eq!(who, [[Some("ann".to_owned()), Some("druid".to_owned())]]);
    });
}
