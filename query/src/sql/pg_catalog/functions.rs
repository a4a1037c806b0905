//! Which functions go with PostgreSQL's catalogue? Those that name things by number and back, and many whose answer is the
//! same whatever they are asked: there are no comments, no indexes, and nothing is forbidden.

use std::collections::HashMap;
use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, AsArray, BooleanArray, Int64Array, StringArray};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, Int64Type};
use datafusion::common::{Result, ScalarValue};
use datafusion::logical_expr::{
    ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, TypeSignature, Volatility,
};

use super::tables::{OWN, Relation, SCHEMAS};
use super::types;

/// Functions that give NULL.
const NULLS: [&str; 17] = [
    "pg_get_expr",
    "obj_description",
    "col_description",
    "shobj_description",
    "pg_get_indexdef",
    "pg_get_constraintdef",
    "pg_get_viewdef",
    "pg_get_ruledef",
    "pg_get_triggerdef",
    "pg_get_partkeydef",
    "pg_get_functiondef",
    "pg_get_function_result",
    "pg_get_function_arguments",
    "pg_get_function_identity_arguments",
    "pg_get_statisticsobjdef_columns",
    "pg_get_serial_sequence",
    "pg_tablespace_location",
];

/// Functions that say yes.
const YES: [&str; 12] = [
    "pg_type_is_visible",
    "pg_function_is_visible",
    "pg_operator_is_visible",
    "pg_collation_is_visible",
    "pg_statistics_obj_is_visible",
    "has_table_privilege",
    "has_any_column_privilege",
    "has_column_privilege",
    "has_schema_privilege",
    "has_database_privilege",
    "has_function_privilege",
    "pg_has_role",
];

/// Functions that say no.
const NO: [&str; 3] = ["pg_relation_is_publishable", "pg_is_in_recovery", "pg_is_other_temp_schema"];

/// Functions that give 0.
const ZEROS: [&str; 7] = [
    "pg_total_relation_size",
    "pg_relation_size",
    "pg_table_size",
    "pg_indexes_size",
    "pg_database_size",
    "pg_my_temp_schema",
    "txid_current",
];

/// Functions of their own.
const OTHERS: [&str; 13] = [
    "version",
    "current_database",
    "current_schemas",
    "pg_get_userbyid",
    "pg_encoding_to_char",
    "pg_table_is_visible",
    "pg_backend_pid",
    "format_type",
    "quote_ident",
    "pg_relation_name",
    "pg_relation_number",
    "pg_schema_name",
    "pg_size_pretty",
];

/// Whether a name is that of one of these functions.
pub(super) fn is_known(name: &str) -> bool {
    [&NULLS[..], &YES, &NO, &ZEROS, &OTHERS].iter().any(|names| names.contains(&name))
}

/// The functions.
pub(super) fn all(relations: &[Relation]) -> Vec<ScalarUDF> {
    let constant = |name: &'static str, value: ScalarValue| Function::udf(name, Kind::Constant(value));
    let mut all: Vec<ScalarUDF> = Vec::new();
    all.extend(NULLS.map(|name| constant(name, ScalarValue::Utf8(None))));
    all.extend(YES.map(|name| constant(name, ScalarValue::Boolean(Some(true)))));
    all.extend(NO.map(|name| constant(name, ScalarValue::Boolean(Some(false)))));
    all.extend(ZEROS.map(|name| constant(name, ScalarValue::Int64(Some(0)))));
    let text = |text: &str| ScalarValue::Utf8(Some(text.to_owned()));
    let version = concat!("PostgreSQL 16.6 (Alluvium ", env!("CARGO_PKG_VERSION"), ")");
    all.push(constant("version", text(version)));
    all.push(constant("current_database", text("druid")));
    all.push(constant("pg_get_userbyid", text("alluvium")));
    all.push(constant("pg_encoding_to_char", text("UTF8")));
    all.push(constant("pg_backend_pid", ScalarValue::Int64(Some(1))));
    let schemas = ScalarValue::new_list_nullable(&[text("pg_catalog"), text("druid")], &DataType::Utf8);
    all.push(constant("current_schemas", ScalarValue::List(schemas)));

    let visible: Vec<i64> = relations.iter().filter(|r| r.schema == "druid").map(|r| r.oid).collect();
    all.push(Function::udf("pg_table_is_visible", Kind::IsOneOf(visible)));
    let names = relations.iter().map(|r| (r.oid, r.name.clone()));
    let names: HashMap<i64, String> = names.chain(OWN.map(|(oid, name)| (oid, name.to_owned()))).collect();
    let qualified = relations.iter().map(|r| (format!("{}.{}", r.schema, r.name), r.oid));
    let numbers = names.iter().map(|(oid, name)| (name.clone(), *oid)).chain(qualified);
    all.push(Function::udf("pg_relation_number", Kind::Number(numbers.collect())));
    all.push(Function::udf("pg_relation_name", Kind::Name(names)));
    let schemas = SCHEMAS.iter().map(|(oid, name)| (*oid, (*name).to_owned()));
    all.push(Function::udf("pg_schema_name", Kind::Name(schemas.collect())));
    let types = types::TYPES.iter().map(|known| (known.oid, known.sql.to_owned()));
    all.push(Function::udf("format_type", Kind::Name(types.collect())));
    all.push(Function::udf("quote_ident", Kind::Quoted));
    all.push(Function::udf("pg_size_pretty", Kind::Bytes));
    all
}

/// What a function does with its first argument.
#[derive(Debug, Clone, PartialEq)]
enum Kind {
    /// Nothing.
    Constant(ScalarValue),
    /// Whether it is one of these numbers.
    IsOneOf(Vec<i64>),
    /// The name of a number; the number itself, when it has none.
    Name(HashMap<i64, String>),
    /// The number of a name.
    Number(HashMap<String, i64>),
    /// A name with quotes where it needs them.
    Quoted,
    /// A number of bytes.
    Bytes,
}

#[derive(Debug, Clone)]
struct Function {
    name: &'static str,
    kind: Arc<Kind>,
    signature: Signature,
}

impl PartialEq for Function {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name && self.kind == other.kind
    }
}

impl Eq for Function {}

impl std::hash::Hash for Function {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.name.hash(state);
    }
}

impl Function {
    fn udf(name: &'static str, kind: Kind) -> ScalarUDF {
        let any = TypeSignature::OneOf(vec![TypeSignature::Nullary, TypeSignature::VariadicAny]);
        let signature = Signature::new(any, Volatility::Immutable);
        ScalarUDF::from(Self { name, kind: Arc::new(kind), signature })
    }
}

impl ScalarUDFImpl for Function {
    fn name(&self) -> &str {
        self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _arguments: &[DataType]) -> Result<DataType> {
        Ok(match self.kind.as_ref() {
            Kind::Constant(value) => value.data_type(),
            Kind::IsOneOf(_) => DataType::Boolean,
            Kind::Number(_) => DataType::Int64,
            Kind::Name(_) | Kind::Quoted | Kind::Bytes => DataType::Utf8,
        })
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let rows = arguments.number_rows;
        if let Kind::Constant(value) = self.kind.as_ref() {
            return Ok(ColumnarValue::Scalar(value.clone()));
        }
        let Some(first) = arguments.args.into_iter().next() else {
            return Ok(ColumnarValue::Scalar(ScalarValue::try_from(self.return_type(&[])?)?));
        };
        let first = first.into_array(rows)?;
        let longs = || -> Result<Int64Array> {
            Ok(cast(&first, &DataType::Int64)?.as_primitive::<Int64Type>().clone())
        };
        let texts =
            || -> Result<StringArray> { Ok(cast(&first, &DataType::Utf8)?.as_string::<i32>().clone()) };
        let array: ArrayRef = match self.kind.as_ref() {
            Kind::Constant(_) => first,
            Kind::IsOneOf(numbers) => {
                let is = |number: Option<i64>| number.map(|number| numbers.contains(&number));
                Arc::new(longs()?.iter().map(is).collect::<BooleanArray>())
            }
            Kind::Name(names) => {
                let name = |number: i64| names.get(&number).cloned().unwrap_or_else(|| number.to_string());
                Arc::new(longs()?.iter().map(|number| number.map(name)).collect::<StringArray>())
            }
            Kind::Number(numbers) => {
                let number = |name: &str| {
                    let bare = name.replace('"', "");
                    let own = bare.strip_prefix("pg_catalog.").unwrap_or(&bare);
                    numbers.get(own).copied().or_else(|| own.parse().ok())
                };
                Arc::new(texts()?.iter().map(|name| name.and_then(number)).collect::<Int64Array>())
            }
            Kind::Quoted => Arc::new(texts()?.iter().map(|name| name.map(quoted)).collect::<StringArray>()),
            Kind::Bytes => {
                let bytes = longs()?.iter().map(|n| n.map(|n| format!("{n} bytes"))).collect::<StringArray>();
                Arc::new(bytes)
            }
        };
        Ok(ColumnarValue::Array(array))
    }
}

fn quoted(name: &str) -> String {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    let bare = name.chars().all(plain) && !name.starts_with(|c: char| c.is_ascii_digit()) && !name.is_empty();
    if bare { name.to_owned() } else { format!("\"{}\"", name.replace('"', "\"\"")) }
}
