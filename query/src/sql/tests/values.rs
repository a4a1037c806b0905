//! Answers as plain values and as Arrow, and texts described before they run.

use datafusion::arrow::array::AsArray;
use datafusion::arrow::datatypes::{DataType, Int64Type, TimeUnit, TimestampMillisecondType};
use datafusion::arrow::ipc::reader::StreamReader;
use serde_json::json;

use super::fixture::engine;
use crate::sql::{ResultFormat, SqlRequest, SqlType, SqlValue};

const NOW: i64 = 1_442_016_000_000;

fn in_tokyo(text: &str) -> SqlRequest {
    let context = json!({"sqlTimeZone": "Asia/Tokyo"}).as_object().unwrap().clone();
    SqlRequest { context, ..SqlRequest::text(text) }
}

#[tokio::test]
async fn plain_values() {
    let (engine, _folder) = engine();
    let text = "SELECT __time, channel, added, delta, score, added > 20 AS much, ARRAY['x', NULL] AS list \
        FROM wiki WHERE page IS NULL";
    let mut rows = engine.rows(in_tokyo(text), NOW).await.unwrap();
    let types: Vec<&str> = rows.columns().iter().map(|column| column.sql_type.name).collect();
    assert_eq!(types, ["TIMESTAMP", "VARCHAR", "BIGINT", "DOUBLE", "FLOAT", "BOOLEAN", "ARRAY"]);
    assert_eq!(rows.columns()[6].element, Some(SqlType::VARCHAR));
    assert!(!rows.columns()[0].nullable && rows.columns()[1].nullable);
    let time = NOW + 7_199_999;
    let wanted = |time: i64| {
        let list = vec![SqlValue::Text("x".to_owned()), SqlValue::Null];
        vec![
            SqlValue::Timestamp(time),
            SqlValue::Text("fr".to_owned()),
            SqlValue::Null,
            SqlValue::Null,
            SqlValue::Float(2.0),
            SqlValue::Null,
            SqlValue::List(list),
        ]
    };
    // A clock in Tokyo shows nine hours more.
    assert_eq!(rows.next().await.unwrap(), Some(vec![wanted(time + 9 * 3_600_000)]));
    assert_eq!(rows.next().await.unwrap(), None);
    let mut instants = engine.rows(in_tokyo(text), NOW).await.unwrap().with_instants();
    assert_eq!(instants.next().await.unwrap(), Some(vec![wanted(time)]));
}

#[tokio::test]
async fn a_dropped_answer_ends_its_query() {
    let (engine, _folder) = engine();
    let rows = engine.rows(SqlRequest::text("SELECT page FROM wiki"), NOW).await.unwrap();
    let id = rows.sql_query_id().to_owned();
    assert!(engine.engine().is_running(&id));
    drop(rows);
    assert!(!engine.engine().is_running(&id));
}

#[tokio::test]
async fn arrow_streams() {
    let (engine, _folder) = engine();
    let text = "SELECT __time, channel, SUM(added) AS added FROM wiki GROUP BY 1, 2 ORDER BY 1, 2";
    let request = SqlRequest { result_format: ResultFormat::Arrow, ..in_tokyo(text) };
    let answer = engine.sql(request, NOW).await.unwrap();
    assert_eq!(answer.content_type, "application/vnd.apache.arrow.stream");
    let body = answer.collect().await.unwrap();
    let mut reader = StreamReader::try_new(body.as_slice(), None).unwrap();
    let schema = reader.schema();
    let time = DataType::Timestamp(TimeUnit::Millisecond, Some("Asia/Tokyo".into()));
    assert_eq!(schema.field(0).data_type(), &time);
    assert_eq!(schema.field(2).metadata()["sqlType"], "BIGINT");
    let batch = reader.next().unwrap().unwrap();
    assert!(reader.next().is_none());
    assert_eq!(batch.num_rows(), 8);
    assert_eq!(batch.column(0).as_primitive::<TimestampMillisecondType>().value(0), NOW);
    assert_eq!(batch.column(1).as_string::<i32>().value(0), "en");
    assert_eq!(batch.column(2).as_primitive::<Int64Type>().value(1), 20);
    // No rows are a schema and an end.
    let none = SqlRequest {
        result_format: ResultFormat::Arrow,
        ..SqlRequest::text("SELECT page FROM wiki WHERE FALSE")
    };
    let body = engine.sql(none, NOW).await.unwrap().collect().await.unwrap();
    let mut reader = StreamReader::try_new(body.as_slice(), None).unwrap();
    assert_eq!(reader.schema().field(0).name(), "page");
    assert!(reader.next().is_none());
}

#[tokio::test]
async fn descriptions() {
    let (engine, _folder) = engine();
    let describe = |text: &str, known: &[Option<SqlType>]| {
        engine.describe(&SqlRequest::text(text), known, NOW).map(|described| {
            let columns = described.columns.iter().map(|c| format!("{} {}", c.name, c.sql_type.name));
            let parameters: Vec<&str> = described.parameters.iter().map(|p| p.name).collect();
            (columns.collect::<Vec<_>>().join(", "), parameters.join(", "))
        })
    };
    let told = |text: &str| describe(text, &[]).unwrap();
    let pair = |columns: &str, parameters: &str| (columns.to_owned(), parameters.to_owned());
    assert_eq!(
        told("SELECT channel, SUM(added) AS s FROM wiki WHERE __time >= ? AND delta < ? GROUP BY 1 LIMIT ?"),
        pair("channel VARCHAR, s BIGINT", "TIMESTAMP, DOUBLE, BIGINT")
    );
    assert_eq!(
        told("SELECT page FROM wiki WHERE channel = $2 OR added IN ($1, 3)"),
        pair("page VARCHAR", "BIGINT, VARCHAR")
    );
    assert_eq!(told("SELECT TIME_FLOOR(__time, ?) AS t FROM wiki"), pair("t TIMESTAMP", "VARCHAR"));
    assert_eq!(told("SET a = 1; EXPLAIN PLAN FOR SELECT 1").1, "");
    assert_eq!(describe("SELECT ? AS x", &[Some(SqlType::BIGINT)]).unwrap(), pair("x BIGINT", "BIGINT"));
    let fault = describe("SELECT nope FROM wiki WHERE added > ?", &[]).unwrap_err().to_string();
    assert!(fault.contains("Column 'nope' not found"), "{fault}");
    assert!(describe("SELECT 1; SELECT 2", &[]).is_err());
}
