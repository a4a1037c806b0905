//! What clients ask, as they ask it.

use super::*;
use crate::sql::SqlEngine;
use crate::sql::answer::SqlType;
use crate::sql::request::SqlParameter;
use crate::sql::tests::fixture::engine;

async fn ask(engine: &SqlEngine, text: &str) -> String {
    let Some(statement) = CatalogStatement::read(text) else { return "not about the catalogue".to_owned() };
    match engine.catalog(&statement, &[], "ann").await {
        Err(error) => format!("ERROR {error}"),
        Ok(answer) => {
            let names: Vec<&str> = answer.columns.iter().map(|column| column.name.as_str()).collect();
            let rows = answer.rows.iter().map(|row| {
                let cells = row.iter().map(|value| match value {
                    SqlValue::Text(text) => text.clone(),
                    SqlValue::Long(number) => number.to_string(),
                    SqlValue::Boolean(truth) => truth.to_string(),
                    SqlValue::Null => "NULL".to_owned(),
                    other => format!("{other:?}"),
                });
                cells.collect::<Vec<_>>().join("|")
            });
            std::iter::once(names.join("|")).chain(rows).collect::<Vec<_>>().join("\n")
        }
    }
}

/// `\d` of psql 15.
const LIST: &str = r#"SELECT n.nspname as "Schema", c.relname as "Name",
  CASE c.relkind WHEN 'r' THEN 'table' WHEN 'v' THEN 'view' WHEN 'p' THEN 'partitioned table' END as "Type",
  pg_catalog.pg_get_userbyid(c.relowner) as "Owner"
FROM pg_catalog.pg_class c
     LEFT JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     LEFT JOIN pg_catalog.pg_am am ON am.oid = c.relam
WHERE c.relkind IN ('r','p','v','m','S','f','')
      AND n.nspname <> 'pg_catalog' AND n.nspname !~ '^pg_toast' AND n.nspname <> 'information_schema'
  AND pg_catalog.pg_table_is_visible(c.oid)
ORDER BY 1,2;"#;

/// `\d wiki`: the table, then its columns.
const FIND: &str = r"SELECT c.oid, n.nspname, c.relname FROM pg_catalog.pg_class c
     LEFT JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.relname OPERATOR(pg_catalog.~) '^(wiki)$' COLLATE pg_catalog.default
  AND pg_catalog.pg_table_is_visible(c.oid) ORDER BY 2, 3;";

const COLUMNS: &str = r"SELECT a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod),
  (SELECT pg_catalog.pg_get_expr(d.adbin, d.adrelid, true) FROM pg_catalog.pg_attrdef d
   WHERE d.adrelid = a.attrelid AND d.adnum = a.attnum AND a.atthasdef),
  a.attnotnull,
  (SELECT c.collname FROM pg_catalog.pg_collation c, pg_catalog.pg_type t
   WHERE c.oid = a.attcollation AND t.oid = a.atttypid AND a.attcollation <> t.typcollation) AS attcollation,
  a.attidentity, a.attgenerated
FROM pg_catalog.pg_attribute a
WHERE a.attrelid = 'OID' AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum;";

#[tokio::test]
async fn what_psql_asks() {
    let (engine, _folder) = engine();
    assert_eq!(ask(&engine, LIST).await, "Schema|Name|Type|Owner\ndruid|wiki|table|alluvium");
    let found = ask(&engine, FIND).await;
    let oid = found.lines().nth(1).unwrap().split('|').next().unwrap();
    assert_eq!(found, format!("oid|nspname|relname\n{oid}|druid|wiki"));
    let columns = ask(&engine, &COLUMNS.replace("OID", oid)).await;
    let wanted = "attname|format_type|pg_get_expr|attnotnull|attcollation|attidentity|attgenerated\n\
        __time|timestamp without time zone|NULL|true|NULL||\nchannel|text|NULL|false|NULL||\n\
        page|text|NULL|false|NULL||\ntags|text|NULL|false|NULL||\nadded|bigint|NULL|false|NULL||\n\
        delta|double precision|NULL|false|NULL||\nscore|real|NULL|false|NULL||";
    assert_eq!(columns, wanted);
}

/// What psql asks behind the columns of a table, in short.
const BEHIND: [&str; 4] = [
    "SELECT pol.polname, CASE WHEN pol.polroles = '{0}' THEN NULL ELSE pg_catalog.array_to_string(array(\
        select rolname from pg_catalog.pg_roles where oid = any (pol.polroles) order by 1),',') END \
        FROM pg_catalog.pg_policy pol WHERE pol.polrelid = '1' ORDER BY 1",
    "SELECT oid, stxrelid::pg_catalog.regclass, stxnamespace::pg_catalog.regnamespace::pg_catalog.text AS nsp, \
        'd' = any(stxkind) AS ndist_enabled FROM pg_catalog.pg_statistic_ext WHERE stxrelid = '1' ORDER BY nsp",
    "SELECT pubname, NULL, NULL FROM pg_catalog.pg_publication p \
        JOIN pg_catalog.pg_publication_namespace pn ON p.oid = pn.pnpubid WHERE pn.oid = '1' UNION \
        SELECT pubname, pg_get_expr(pr.prqual, 1), (SELECT string_agg(attname, ', ') \
        FROM pg_catalog.generate_series(0, 3) s, pg_catalog.pg_attribute WHERE attnum = prattrs[s]) \
        FROM pg_catalog.pg_publication p JOIN pg_catalog.pg_publication_rel pr ON p.oid = pr.prpubid ORDER BY 1",
    "SELECT c.oid::pg_catalog.regclass FROM pg_catalog.pg_class c, pg_catalog.pg_inherits i \
        WHERE c.oid = i.inhparent AND i.inhrelid = '1' ORDER BY inhseqno",
];

#[tokio::test]
async fn what_has_no_rows() {
    let (engine, _folder) = engine();
    for text in BEHIND {
        let answer = ask(&engine, text).await;
        assert!(!answer.starts_with("ERROR") && answer.lines().count() == 1, "{text}\n{answer}");
    }
    assert_eq!(ask(&engine, "SELECT COUNT(*) FROM pg_catalog.pg_index").await, "count\n0");
    let described = "SELECT c.relname, d.description FROM pg_class c \
        LEFT JOIN pg_description d ON d.objoid = c.oid WHERE c.relname = 'wiki'";
    assert_eq!(ask(&engine, described).await, "relname|description\nwiki|NULL");
}

#[tokio::test]
async fn what_drivers_ask() {
    let (engine, _folder) = engine();
    let version = ask(&engine, "select version()").await;
    assert!(version.starts_with("version\nPostgreSQL 16.6 (Alluvium"), "{version}");
    assert_eq!(
        ask(&engine, "SELECT current_database(), current_schema(), current_user, 'wiki'::regclass::oid > 0")
            .await,
        "current_database|current_schema|current_user|?column?\ndruid|druid|ann|true"
    );
    let tables = "SELECT table_name FROM information_schema.tables WHERE table_schema = 'druid'";
    assert_eq!(ask(&engine, tables).await, "table_name\nwiki");
    let columns = "SELECT column_name, data_type, is_nullable FROM information_schema.columns \
        WHERE table_name = 'wiki' AND ordinal_position < 3 ORDER BY ordinal_position";
    let wanted = "column_name|data_type|is_nullable\n__time|timestamp without time zone|NO\nchannel|text|YES";
    assert_eq!(ask(&engine, columns).await, wanted);
    let name = "SELECT c.oid::regclass AS name FROM pg_class c WHERE c.oid = 'wiki'::regclass";
    assert_eq!(ask(&engine, name).await, "name\nwiki");
    let type_of = "SELECT t.typname, t.typtype, t.typelem FROM pg_catalog.pg_type t WHERE t.oid = 1016";
    assert_eq!(ask(&engine, type_of).await, "typname|typtype|typelem\n_int8|b|20");
    let keys = "SELECT kcu.column_name FROM information_schema.key_column_usage kcu";
    assert_eq!(ask(&engine, keys).await, "column_name");
}

#[tokio::test]
async fn what_is_not_about_the_catalogue() {
    for text in [
        "SELECT COUNT(*) FROM wiki",
        "SELECT CURRENT_TIMESTAMP",
        "SELECT TABLE_NAME FROM INFORMATION_SCHEMA.TABLES",
        "SELECT c.relname FROM pg_class c, wiki",
        "SELECT version FROM sys.servers",
        "SELECT 1; SELECT version()",
        "DELETE FROM pg_class",
        "SELECT user_name FROM edits",
    ] {
        assert!(CatalogStatement::read(text).is_none(), "{text}");
    }
    let (engine, _folder) = engine();
    let statement = CatalogStatement::read("SELECT relname FROM pg_class WHERE relname = $1").unwrap();
    let described = engine.describe_catalog(&statement, &[], "ann").await.unwrap();
    assert_eq!(
        (described.parameters, described.columns[0].name.as_str()),
        (vec![SqlType::VARCHAR], "relname")
    );
    let wiki = SqlParameter { sql_type: "VARCHAR".to_owned(), value: "wiki".into() };
    assert_eq!(engine.catalog(&statement, &[wiki], "ann").await.unwrap().rows.len(), 1);
}
