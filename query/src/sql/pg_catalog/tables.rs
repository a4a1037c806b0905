//! What do the tables of PostgreSQL's catalogue hold? Datasources as tables, the tables about tables as views, their
//! columns and types, one database, one user.

use std::sync::Arc;

use alluvium_segments::catalog::Snapshot;
use datafusion::arrow::array::{ArrayRef, BooleanArray, Int64Array, RecordBatch, StringArray};
use datafusion::arrow::datatypes::{DataType, Field, Schema};
use datafusion::catalog::{MemTable, TableProvider};
use datafusion::common::Result;
use serde_json::{Value, json};

use super::bare::BARE;
use super::types::{self, TYPES};
use crate::sql::functions::list_of;
use crate::sql::metadata::all_relations;

/// A table or view that clients may ask, with its columns.
#[derive(Debug, Clone)]
pub(super) struct Relation {
    pub(super) oid: i64,
    pub(super) schema: &'static str,
    pub(super) name: String,
    /// `r`: a datasource, `v`: a table about tables.
    pub(super) kind: &'static str,
    /// Name, type, whether it may be NULL.
    columns: Vec<(String, DataType, bool)>,
}

/// Schemas by number and name, the one that needs no naming first.
pub(super) const SCHEMAS: [(i64, &str); 5] = [
    (2200, "druid"),
    (11, "pg_catalog"),
    (13_000, "information_schema"),
    (13_001, "INFORMATION_SCHEMA"),
    (13_002, "sys"),
];

/// Numbers of tables of the catalogue itself, for those who look them up.
pub(super) const OWN: [(i64, &str); 8] = [
    (1247, "pg_type"),
    (1249, "pg_attribute"),
    (1255, "pg_proc"),
    (1259, "pg_class"),
    (1262, "pg_database"),
    (1260, "pg_authid"),
    (2615, "pg_namespace"),
    (2606, "pg_constraint"),
];

/// The number of the one user.
pub(super) const USER: i64 = 10;
/// The number of the one database.
const DATABASE: i64 = 5;
/// The number of the table access method.
const HEAP: i64 = 2;

/// Everything with columns.
pub(super) fn relations(snapshot: &Snapshot) -> Vec<Relation> {
    let relation = |(schema, name, fields): (&'static str, String, Vec<Field>)| {
        let columns = fields.iter().map(|f| (f.name().clone(), f.data_type().clone(), f.is_nullable()));
        let kind = if schema == "druid" { "r" } else { "v" };
        Relation { oid: number(schema, &name), schema, kind, columns: columns.collect(), name }
    };
    all_relations(snapshot).into_iter().map(relation).collect()
}

/// A number that a name keeps.
fn number(schema: &str, name: &str) -> i64 {
    let bytes = schema.bytes().chain([b'.']).chain(name.bytes());
    let hash = bytes.fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    i64::from(hash & 0x3fff_ffff) + 16_384
}

fn namespace(schema: &str) -> i64 {
    SCHEMAS.iter().find(|(_, name)| *name == schema).map_or(0, |(oid, _)| *oid)
}

type Tables = Vec<(&'static str, Arc<dyn TableProvider>)>;

/// The tables of `pg_catalog` and of `information_schema`.
pub(super) fn all(relations: &[Relation], user: &str) -> Result<[(&'static str, Tables); 2]> {
    let mut own: Tables = vec![
        ("pg_namespace", table(PG_NAMESPACE, &namespaces())?),
        ("pg_class", table(PG_CLASS, &classes(relations))?),
        ("pg_attribute", table(PG_ATTRIBUTE, &attributes(relations))?),
        ("pg_type", table(PG_TYPE, &pg_types())?),
        ("pg_database", table(PG_DATABASE, &[database(user)])?),
        ("pg_roles", table(PG_ROLES, &[role(user)])?),
        (
            "pg_user",
            table(
                "usename:t usesysid:i usecreatedb:b usesuper:b",
                &[json!({"usename": user, "usesysid": USER})],
            )?,
        ),
        (
            "pg_am",
            table(
                "oid:i amname:t amhandler:t amtype:t",
                &[json!({"oid": HEAP, "amname": "heap", "amtype": "t"})],
            )?,
        ),
        (
            "pg_tables",
            table(PG_TABLES, &listed(relations, "r", ["schemaname", "tablename", "tableowner"], user))?,
        ),
        (
            "pg_views",
            table(PG_VIEWS, &listed(relations, "v", ["schemaname", "viewname", "viewowner"], user))?,
        ),
        (
            "pg_settings",
            table(
                "name:t setting:t unit:t category:t short_desc:t context:t vartype:t source:t",
                &[
                    json!({"name": "max_index_keys", "setting": "32", "vartype": "integer"}),
                    json!({"name": "server_version_num", "setting": "160006", "vartype": "integer"}),
                ],
            )?,
        ),
    ];
    for (name, spec) in BARE {
        own.push((name, table(spec, &[])?));
    }
    let information: Tables = vec![
        ("schemata", table(IS_SCHEMATA, &schemata(user))?),
        ("tables", table(IS_TABLES, &information_tables(relations))?),
        ("columns", table(IS_COLUMNS, &information_columns(relations))?),
        ("views", table("table_catalog:t table_schema:t table_name:t view_definition:t", &[])?),
        ("table_constraints", table(IS_CONSTRAINTS, &[])?),
        ("key_column_usage", table(IS_KEYS, &[])?),
        ("referential_constraints", table(IS_REFERENCES, &[])?),
        ("constraint_column_usage", table(IS_KEYS, &[])?),
        (
            "routines",
            table("specific_schema:t routine_schema:t routine_name:t routine_type:t data_type:t", &[])?,
        ),
    ];
    Ok([("pg_catalog", own), ("information_schema", information)])
}

const PG_NAMESPACE: &str = "oid:i nspname:t nspowner:i nspacl:l";
const PG_CLASS: &str = "oid:i relname:t relnamespace:i reltype:i reloftype:i relowner:i relam:i relfilenode:i \
    reltablespace:i relpages:i reltuples:f relallvisible:i reltoastrelid:i relhasindex:b relisshared:b \
    relpersistence:t relkind:t relnatts:i relchecks:i relhasrules:b relhastriggers:b relhassubclass:b \
    relrowsecurity:b relforcerowsecurity:b relispopulated:b relreplident:t relispartition:b relrewrite:i \
    relfrozenxid:i relminmxid:i relacl:l reloptions:l relpartbound:t";
const PG_ATTRIBUTE: &str = "attrelid:i attname:t atttypid:i attstattarget:i attlen:i attnum:i attndims:i \
    attcacheoff:i atttypmod:i attbyval:b attstorage:t attalign:t attnotnull:b atthasdef:b atthasmissing:b \
    attidentity:t attgenerated:t attisdropped:b attislocal:b attinhcount:i attcollation:i attcompression:t \
    attacl:l attoptions:l attfdwoptions:l";
const PG_TYPE: &str = "oid:i typname:t typnamespace:i typowner:i typlen:i typbyval:b typtype:t typcategory:t \
    typispreferred:b typisdefined:b typdelim:t typrelid:i typelem:i typarray:i typinput:t typoutput:t \
    typreceive:t typsend:t typnotnull:b typbasetype:i typtypmod:i typndims:i typcollation:i typdefault:t";
const PG_DATABASE: &str = "oid:i datname:t datdba:i encoding:i datlocprovider:t datistemplate:b datallowconn:b \
    datconnlimit:i dattablespace:i datcollate:t datctype:t daticulocale:t daticurules:t datlocale:t datacl:l";
const PG_ROLES: &str = "oid:i rolname:t rolsuper:b rolinherit:b rolcreaterole:b rolcreatedb:b rolcanlogin:b \
    rolreplication:b rolconnlimit:i rolpassword:t rolvaliduntil:t rolbypassrls:b rolconfig:l";
const PG_TABLES: &str = "schemaname:t tablename:t tableowner:t tablespace:t hasindexes:b hasrules:b \
    hastriggers:b rowsecurity:b";
const PG_VIEWS: &str = "schemaname:t viewname:t viewowner:t definition:t";
const IS_SCHEMATA: &str = "catalog_name:t schema_name:t schema_owner:t default_character_set_catalog:t \
    default_character_set_schema:t default_character_set_name:t sql_path:t";
const IS_TABLES: &str = "table_catalog:t table_schema:t table_name:t table_type:t \
    self_referencing_column_name:t reference_generation:t user_defined_type_catalog:t \
    user_defined_type_schema:t user_defined_type_name:t is_insertable_into:t is_typed:t commit_action:t";
const IS_COLUMNS: &str = "table_catalog:t table_schema:t table_name:t column_name:t ordinal_position:i \
    column_default:t is_nullable:t data_type:t character_maximum_length:n character_octet_length:n \
    numeric_precision:n numeric_precision_radix:n numeric_scale:n datetime_precision:n interval_type:t \
    character_set_name:t collation_name:t domain_name:t udt_catalog:t udt_schema:t udt_name:t \
    is_identity:t is_generated:t generation_expression:t is_updatable:t";
const IS_CONSTRAINTS: &str = "constraint_catalog:t constraint_schema:t constraint_name:t table_catalog:t \
    table_schema:t table_name:t constraint_type:t is_deferrable:t initially_deferred:t enforced:t";
const IS_KEYS: &str = "constraint_catalog:t constraint_schema:t constraint_name:t table_catalog:t \
    table_schema:t table_name:t column_name:t ordinal_position:i position_in_unique_constraint:n";
const IS_REFERENCES: &str = "constraint_catalog:t constraint_schema:t constraint_name:t \
    unique_constraint_catalog:t unique_constraint_schema:t unique_constraint_name:t match_option:t \
    update_rule:t delete_rule:t";

/// A table of columns `name:kind` and rows keyed by them. Kinds: `t` text, `i` whole number (0 when not given), `n` whole
/// number or NULL, `f` number, `b` truth, `l` list of texts (always NULL).
fn table(spec: &str, rows: &[Value]) -> Result<Arc<dyn TableProvider>> {
    let mut fields = Vec::new();
    let mut arrays: Vec<ArrayRef> = Vec::new();
    for column in spec.split_whitespace() {
        let (name, kind) = column.split_once(':').unwrap_or((column, "t"));
        let cells = || rows.iter().map(|row| row.get(name).filter(|cell| !cell.is_null()));
        let long = |cell: Option<&Value>| cell.and_then(Value::as_i64);
        let (data_type, array): (DataType, ArrayRef) = match kind {
            "b" => {
                let truths = cells().map(|cell| Some(cell.is_some_and(|cell| *cell == Value::Bool(true))));
                (DataType::Boolean, Arc::new(truths.collect::<BooleanArray>()))
            }
            "i" => {
                let longs = cells().map(|cell| Some(long(cell).unwrap_or(0)));
                (DataType::Int64, Arc::new(longs.collect::<Int64Array>()))
            }
            "n" => (DataType::Int64, Arc::new(cells().map(long).collect::<Int64Array>())),
            "f" => {
                let numbers = cells().map(|cell| Some(cell.and_then(Value::as_f64).unwrap_or(-1.0)));
                let numbers: datafusion::arrow::array::Float64Array = numbers.collect();
                (DataType::Float64, Arc::new(numbers))
            }
            "l" => {
                let none = list_of(DataType::Utf8);
                (none.clone(), datafusion::arrow::array::new_null_array(&none, rows.len()))
            }
            _ => {
                let texts = cells().map(|cell| cell.and_then(Value::as_str));
                (DataType::Utf8, Arc::new(texts.collect::<StringArray>()))
            }
        };
        fields.push(Field::new(name, data_type, true));
        arrays.push(array);
    }
    let schema = Arc::new(Schema::new(fields));
    let batch = RecordBatch::try_new(Arc::clone(&schema), arrays)?;
    Ok(Arc::new(MemTable::try_new(schema, vec![vec![batch]])?))
}

fn namespaces() -> Vec<Value> {
    SCHEMAS.iter().map(|(oid, name)| json!({"oid": oid, "nspname": name, "nspowner": USER})).collect()
}

fn classes(relations: &[Relation]) -> Vec<Value> {
    let class = |relation: &Relation| {
        json!({"oid": relation.oid, "relname": relation.name, "relnamespace": namespace(relation.schema),
            "relowner": USER, "relam": if relation.kind == "r" { HEAP } else { 0 },
            "relfilenode": relation.oid, "relpersistence": "p", "relkind": relation.kind,
            "relnatts": relation.columns.len(), "relispopulated": true, "relreplident": "n"})
    };
    relations.iter().map(class).collect()
}

fn attributes(relations: &[Relation]) -> Vec<Value> {
    let mut rows = Vec::new();
    for relation in relations {
        for (at, (name, data_type, nullable)) in relation.columns.iter().enumerate() {
            let oid = types::oid(data_type);
            let length = types::of(oid).map_or(-1, |known| known.length);
            rows.push(json!({"attrelid": relation.oid, "attname": name, "atttypid": oid, "attlen": length,
                "attnum": at + 1, "atttypmod": -1, "attstattarget": -1, "attnotnull": !nullable,
                "attidentity": "", "attgenerated": "", "attislocal": true, "attstorage": "p",
                "attalign": "i", "attcompression": ""}));
        }
    }
    rows
}

fn pg_types() -> Vec<Value> {
    let array_of = |oid: i64| TYPES.iter().find(|known| known.element == oid).map_or(0, |known| known.oid);
    let row = |known: &types::PgType| {
        json!({"oid": known.oid, "typname": known.name, "typnamespace": 11, "typowner": USER,
            "typlen": known.length, "typbyval": known.length > 0, "typtype": "b",
            "typcategory": known.category, "typisdefined": true, "typdelim": ",", "typelem": known.element,
            "typarray": array_of(known.oid), "typtypmod": -1,
            "typinput": if known.element > 0 { "array_in".to_owned() } else { format!("{}in", known.name) },
            "typoutput": if known.element > 0 { "array_out".to_owned() } else { format!("{}out", known.name) }})
    };
    TYPES.iter().map(row).collect()
}

fn database(_user: &str) -> Value {
    json!({"oid": DATABASE, "datname": "druid", "datdba": USER, "encoding": 6, "datlocprovider": "c",
        "datallowconn": true, "datconnlimit": -1, "datcollate": "C", "datctype": "C"})
}

fn role(user: &str) -> Value {
    json!({"oid": USER, "rolname": user, "rolinherit": true, "rolcanlogin": true, "rolconnlimit": -1})
}

fn listed(relations: &[Relation], kind: &str, keys: [&str; 3], user: &str) -> Vec<Value> {
    let [schema, name, owner] = keys;
    let of_kind = relations.iter().filter(|relation| relation.kind == kind);
    of_kind.map(|r| json!({schema: r.schema, name: r.name, owner: user})).collect()
}

fn schemata(user: &str) -> Vec<Value> {
    let row =
        |(_, name): &(i64, &str)| json!({"catalog_name": "druid", "schema_name": name, "schema_owner": user});
    SCHEMAS.iter().map(row).collect()
}

fn information_tables(relations: &[Relation]) -> Vec<Value> {
    let row = |r: &Relation| {
        let kind = if r.kind == "r" { "BASE TABLE" } else { "VIEW" };
        json!({"table_catalog": "druid", "table_schema": r.schema, "table_name": r.name, "table_type": kind,
            "is_insertable_into": "NO", "is_typed": "NO"})
    };
    relations.iter().map(row).collect()
}

fn information_columns(relations: &[Relation]) -> Vec<Value> {
    let mut rows = Vec::new();
    for relation in relations {
        for (at, (name, data_type, nullable)) in relation.columns.iter().enumerate() {
            let Some(known) = types::of(types::oid(data_type)) else { continue };
            let bits = (known.category == "N").then_some(known.length * 8);
            rows.push(json!({"table_catalog": "druid", "table_schema": relation.schema,
                "table_name": relation.name, "column_name": name, "ordinal_position": at + 1,
                "is_nullable": if *nullable { "YES" } else { "NO" },
                "data_type": if known.element > 0 { "ARRAY" } else { known.sql },
                "numeric_precision": bits, "numeric_precision_radix": bits.map(|_| 2),
                "datetime_precision": (known.category == "D").then_some(3),
                "udt_catalog": "druid", "udt_schema": "pg_catalog", "udt_name": known.name,
                "is_identity": "NO", "is_generated": "NEVER", "is_updatable": "NO"}));
        }
    }
    rows
}
