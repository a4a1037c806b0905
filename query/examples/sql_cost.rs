//! Where does the time of a small SQL query go? Reading, planning, answering and writing, in microseconds, for a text
//! that is new each time and for one whose values alone are.
//! `cargo run --release -p alluvium-query --example sql_cost`

use std::sync::Arc;
use std::time::{Duration, Instant};

use alluvium_query::sql::{NoSystemTables, SqlEngine, SqlOptions, SqlRequest};
use alluvium_query::{EngineOptions, QueryEngine};
use alluvium_segments::catalog::Catalog;
use alluvium_segments::live::{LiveOptions, LiveSegment};
use alluvium_segments::mapped::MappedSegment;
use alluvium_segments::seal::{SealRequest, seal};
use alluvium_segments::time::{DAY_MS, Interval};
use alluvium_segments::{
    BatchColumn, ColumnSpec, ColumnType, NumericBatch, RowBatch, Schema, SegmentId, SegmentRef, StringBatch,
};

const ROWS: i64 = 18_000;
const ROUNDS: usize = 2000;
/// The first rounds are not counted.
const WARM: usize = 100;

/// A statement; `{n}` stands for a number that differs from text to text.
const QUERIES: [(&str, &str); 5] = [
    (
        "series",
        "SELECT FLOOR(__time TO DAY) AS d, SUM(revenue) AS r FROM t WHERE region = 'r{n}' GROUP BY 1 ORDER BY d",
    ),
    ("one", "SELECT COUNT(*) AS c, SUM(revenue) AS r FROM t WHERE customer = {n}"),
    (
        "top",
        "SELECT brand, SUM(revenue) AS r FROM t WHERE __time >= TIMESTAMP '2020-03-0{n} 00:00:00' GROUP BY brand \
         ORDER BY r DESC LIMIT 10",
    ),
    (
        "list",
        "SELECT brand, COUNT(*) AS c FROM t WHERE brand IN ('b{n}','b11','b12','b13') GROUP BY brand ORDER BY brand",
    ),
    (
        "ratio",
        "SELECT region, SUM(revenue) * 1.0 / COUNT(*) AS a FROM t WHERE customer < {n} GROUP BY region ORDER BY a",
    ),
];

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = std::env::temp_dir().join(format!("sql-cost-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    let engine = engine(&folder)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
    println!("{:8} {:>6} {:>8} {:>8} {:>8} {:>8}", "query", "text", "read", "answer", "body", "sum");
    for (name, text) in QUERIES {
        for (kind, new) in [("new", true), ("kept", false)] {
            let steps = runtime.block_on(measure(&engine, text, new))?;
            let [read, answer, body, sum] = steps.map(|s| s.as_secs_f64() * 1e6);
            println!("{name:8} {kind:>6} {read:8.1} {answer:8.1} {body:8.1} {sum:8.1}");
        }
    }
    std::fs::remove_dir_all(&folder)?;
    Ok(())
}

/// Medians of reading, answering, writing, and all.
async fn measure(
    engine: &SqlEngine,
    text: &str,
    new: bool,
) -> Result<[Duration; 4], alluvium_query::QueryError> {
    let mut steps: [Vec<Duration>; 4] = Default::default();
    for round in 0..ROUNDS + WARM {
        let mut text = text.replace("{n}", &(1 + round % 9).to_string());
        if new {
            // A name nobody has used: no plan fits.
            text = text.replace("FROM t", &format!("FROM t AS q{round}"));
        }
        let started = Instant::now();
        let opened = engine.open(SqlRequest::text(&text), 1_600_000_000_000)?;
        let read = started.elapsed();
        let answer = engine.answer(opened).await?;
        let answered = started.elapsed();
        let bytes = answer.collect().await?;
        let all = started.elapsed();
        assert!(bytes.len() > 3, "no rows");
        if round >= WARM {
            for (list, step) in steps.iter_mut().zip([read, answered - read, all - answered, all]) {
                list.push(step);
            }
        }
    }
    Ok(steps.map(|mut list| {
        list.sort_unstable();
        list.get(list.len() / 2).copied().unwrap_or_default()
    }))
}

fn engine(folder: &std::path::Path) -> Result<SqlEngine, Box<dyn std::error::Error>> {
    let schema = Arc::new(Schema::new(vec![
        ColumnSpec::dimension("region", ColumnType::String),
        ColumnSpec::dimension("brand", ColumnType::String),
        ColumnSpec::dimension("customer", ColumnType::Long),
        ColumnSpec::dimension("revenue", ColumnType::Long),
    ]));
    let start = alluvium_segments::time::parse_iso("2020-01-01")?;
    let interval = Interval::new(start, start + 100 * DAY_MS);
    let id = SegmentId { datasource: "t".to_owned(), interval, version: "v".to_owned(), partition: 0 };
    let (live, mut writer) = LiveSegment::open(id.clone(), Arc::clone(&schema), LiveOptions::default())?;
    writer.append(&batch(&schema, start))?;
    writer.publish();
    let path = folder.join("t.seg");
    let inputs = vec![SegmentRef::whole(live.published())];
    seal(&SealRequest {
        id,
        path: path.clone(),
        inputs,
        schema: None,
        projections: false,
        combining: alluvium_segments::combines_nothing,
    })?;
    let sealed = SegmentRef::whole(Arc::new(MappedSegment::open(&path)?));
    let catalog = Arc::new(Catalog::default());
    catalog.update_datasource("t", |d| {
        d.columns.clone_from(&schema.columns);
        d.sealed.push(sealed.clone());
    });
    let engine = QueryEngine::new(catalog, EngineOptions::default())?;
    Ok(SqlEngine::new(engine, Arc::new(NoSystemTables), &SqlOptions::default())?)
}

/// Rows spread over hundred days.
fn batch(schema: &Arc<Schema>, start: i64) -> RowBatch {
    let (mut regions, mut brands) = (StringBatch::default(), StringBatch::default());
    let (mut customers, mut revenues) = (NumericBatch::default(), NumericBatch::default());
    for row in 0..ROWS {
        let mixed = row.wrapping_mul(0x5851_F42D_4C95_7F2D).rotate_left(17).unsigned_abs();
        regions.push(Some(&format!("r{}", mixed % 10)));
        brands.push(Some(&format!("b{}", mixed / 10 % 200)));
        customers.push(i64::try_from(mixed / 2000 % 300).ok());
        revenues.push(i64::try_from(mixed / 600_000 % 100_000).ok());
    }
    let time = (0..ROWS).map(|row| start + row * (100 * DAY_MS / ROWS)).collect();
    let columns = vec![
        BatchColumn::String(regions),
        BatchColumn::String(brands),
        BatchColumn::Long(customers),
        BatchColumn::Long(revenues),
    ];
    RowBatch { schema: Arc::clone(schema), time, columns }
}
