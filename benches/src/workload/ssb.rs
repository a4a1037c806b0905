//! The Star Schema Benchmark in one flat table, and twelve queries of the kind that serving systems get.
//!
//! 13 queries of O'Neil, O'Neil and Chen, "The Star Schema Benchmark" (2009), over `lineorder` joined with its
//! dimensions; S1 to S12 are time series, top lists, distinct counts, look-ups and the newest rows.

use serde_json::{Value, json};

use super::{Column, ColumnKind, Published, Workload, ssb_queries};

/// The benchmark at a scale factor (1 is 6 million rows).
#[must_use]
pub fn workload(scale: f64, granularity: &str, with_projections: bool) -> Workload {
    Workload {
        name: format!("ssb-sf{scale}"),
        table: "lineorder_flat",
        time: "LO_ORDERDATE",
        columns: columns(),
        clickhouse: [
            "toYear(LO_ORDERDATE)",
            "toYYYYMM(LO_ORDERDATE), S_REGION, C_REGION, P_CATEGORY, LO_ORDERDATE",
        ],
        granularity: granularity.to_owned(),
        projections: if with_projections { projections() } else { Vec::new() },
        queries: ssb_queries::all(),
        groups: &[("SSB", "Q"), ("serving", "S")],
        published: if scale == 1.0 { published() } else { Vec::new() },
    }
}

fn columns() -> Vec<Column> {
    const FEW: &str = "LowCardinality(String)";
    let (text, long) = (Column::text, Column::long);
    let mut columns = vec![
        long("LO_ORDERKEY", "UInt32"),
        long("LO_LINENUMBER", "UInt8"),
        Column { name: "LO_CUSTKEY", kind: ColumnKind::Key, clickhouse: "UInt32" },
        long("LO_PARTKEY", "UInt32"),
        long("LO_SUPPKEY", "UInt32"),
        Column { name: "LO_ORDERDATE", kind: ColumnKind::Time, clickhouse: "DateTime('UTC')" },
        text("LO_ORDERPRIORITY", FEW),
        long("LO_SHIPPRIORITY", "UInt8"),
        long("LO_QUANTITY", "UInt8"),
        long("LO_EXTENDEDPRICE", "UInt32"),
        long("LO_ORDTOTALPRICE", "UInt32"),
        long("LO_DISCOUNT", "UInt8"),
        long("LO_REVENUE", "UInt32"),
        long("LO_SUPPLYCOST", "UInt32"),
        long("LO_TAX", "UInt8"),
        Column { name: "LO_COMMITDATE", kind: ColumnKind::Day, clickhouse: "Date" },
        text("LO_SHIPMODE", FEW),
    ];
    columns.extend(["C_NAME", "C_ADDRESS"].map(|name| text(name, "String")));
    columns.extend(["C_CITY", "C_NATION", "C_REGION"].map(|name| text(name, FEW)));
    columns.extend([text("C_PHONE", "String"), text("C_MKTSEGMENT", FEW)]);
    columns.extend(["S_NAME", "S_ADDRESS"].map(|name| text(name, "String")));
    columns.extend(["S_CITY", "S_NATION", "S_REGION"].map(|name| text(name, FEW)));
    columns.push(text("S_PHONE", "String"));
    let part = ["P_NAME", "P_MFGR", "P_CATEGORY", "P_BRAND", "P_COLOR", "P_TYPE"];
    columns.extend(part.map(|name| text(name, FEW)));
    columns.extend([long("P_SIZE", "UInt8"), text("P_CONTAINER", FEW)]);
    columns
}

/// Pre-aggregations, in Druid's form, that answer most of the queries.
fn projections() -> Vec<Value> {
    let revenue = json!({"type": "longSum", "name": "revenue", "fieldName": "LO_REVENUE"});
    let cost = json!({"type": "longSum", "name": "cost", "fieldName": "LO_SUPPLYCOST"});
    let rows = json!({"type": "count", "name": "rows"});
    let by = |name: &str, time: Option<&str>, columns: &[&str], aggregators: Vec<Value>| {
        let mut virtual_columns = Vec::new();
        let mut grouping = Vec::new();
        if let Some(period) = time {
            let expression = format!("timestamp_floor(__time, '{period}')");
            virtual_columns.push(json!({
                "type": "expression", "name": "bucket", "expression": expression, "outputType": "LONG"
            }));
            grouping.push(json!({"type": "long", "name": "bucket"}));
        }
        let kind = |column: &str| if column == "LO_CUSTKEY" { "long" } else { "string" };
        grouping.extend(columns.iter().map(|c| json!({"type": kind(c), "name": c})));
        json!({
            "type": "aggregate", "name": name, "virtualColumns": virtual_columns, "groupingColumns": grouping,
            "aggregators": aggregators
        })
    };
    let money = vec![revenue.clone(), cost, rows.clone()];
    vec![
        by("customers", Some("P1M"), &["LO_CUSTKEY", "C_NATION"], vec![revenue.clone(), rows.clone()]),
        by("region_by_day", Some("P1D"), &["C_REGION"], vec![revenue.clone(), rows.clone()]),
        by(
            "nations",
            Some("P1M"),
            &["C_REGION", "C_NATION", "S_REGION", "S_NATION"],
            vec![revenue.clone(), rows.clone()],
        ),
        by(
            "brand_by_region",
            Some("P1M"),
            &["P_MFGR", "P_CATEGORY", "P_BRAND", "S_REGION"],
            vec![revenue, rows],
        ),
        by("nation_by_maker", Some("P1M"), &["C_REGION", "C_NATION", "S_REGION", "P_MFGR"], money.clone()),
        by(
            "supplier_by_category",
            Some("P1M"),
            &["C_REGION", "S_REGION", "S_NATION", "P_MFGR", "P_CATEGORY"],
            money,
        ),
    ]
}

/// Apache Pinot 1.5.1 on 2 cores, scale factor 1, minimum of hot runs; plain, and with star-trees.
fn published() -> Vec<Published> {
    const NAMES: [&str; 25] = [
        "Q1.1", "Q1.2", "Q1.3", "Q2.1", "Q2.2", "Q2.3", "Q3.1", "Q3.2", "Q3.3", "Q3.4", "Q4.1", "Q4.2",
        "Q4.3", "S1", "S2", "S3", "S4", "S5", "S6", "S7", "S8", "S9", "S10", "S11", "S12",
    ];
    const PLAIN: [f64; 25] = [
        7.4, 4.2, 3.6, 5.8, 12.0, 3.7, 10.2, 7.2, 6.5, 4.9, 8.0, 5.4, 5.3, 17.8, 3.4, 30.3, 69.6, 40.6,
        149.5, 3.4, 6.0, 65.0, 104.1, 308.8, 5.0,
    ];
    const STAR_TREES: [f64; 25] = [
        7.1, 4.4, 3.0, 3.9, 3.9, 3.4, 3.4, 5.1, 5.8, 4.2, 8.9, 4.4, 5.3, 4.2, 2.4, 6.5, 41.4, 38.3, 130.5,
        2.3, 6.1, 64.1, 102.3, 310.9, 4.9,
    ];
    let published =
        |engine, times: [f64; 25]| Published { engine, minimum_ms: NAMES.into_iter().zip(times).collect() };
    vec![published("pinot", PLAIN), published("pinot-star-trees", STAR_TREES)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialect::Dialect;

    #[test]
    fn every_query_can_be_written_in_every_dialect() {
        let ssb = workload(1.0, "MONTH", false);
        assert_eq!((ssb.queries.len(), ssb.columns.len()), (25, 38));
        let dialects =
            [Dialect::Druid, Dialect::ClickHouse, Dialect::DuckDb, Dialect::Exact, Dialect::DataFusion];
        for query in &ssb.queries {
            for dialect in dialects {
                let sql = dialect.render(&query.sql, ssb.table()).unwrap();
                assert!(sql.contains("FROM lineorder_flat"), "{sql}");
                assert!(dialect == Dialect::Druid || !sql.contains("__time"), "{sql}");
            }
            assert!(query.polars.is_some(), "{}", query.name);
        }
        let names: Vec<&str> = ssb.queries.iter().map(|q| q.name).collect();
        for published in &ssb.published {
            assert!(published.minimum_ms.iter().all(|(name, _)| names.contains(name)));
        }
    }

    #[test]
    fn the_task_names_every_column_and_no_projections_unless_asked() {
        let task = workload(1.0, "YEAR", false).task(std::path::Path::new("/data/x.parquet"));
        let schema = &task["spec"]["dataSchema"];
        assert_eq!(schema["dimensionsSpec"]["dimensions"].as_array().unwrap().len(), 37);
        assert_eq!(schema["granularitySpec"]["segmentGranularity"], "YEAR");
        assert!(schema.get("projections").is_none());
        let with = workload(1.0, "YEAR", true).task(std::path::Path::new("/data/x.parquet"));
        assert_eq!(with["spec"]["dataSchema"]["projections"].as_array().unwrap().len(), 6);
    }
}
