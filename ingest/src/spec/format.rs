//! What does an `inputFormat` say: how are bytes read as records?

use serde_json::Value;

use super::SpecError;
use super::fields::Fields;

/// A validated `inputFormat`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InputFormat {
    /// JSON objects.
    Json(JsonFormat),
    /// Lines of fields, separated by commas or (tsv) by a delimiter.
    Delimited(DelimitedFormat),
    /// Apache Parquet files (batch only).
    Parquet {
        /// Whether byte arrays without a text annotation are read as text.
        binary_as_string: bool,
    },
    /// Kafka records whose metadata are columns too, around another format.
    Kafka {
        /// How the value is read.
        value: Box<InputFormat>,
        /// Column of the record's timestamp.
        timestamp_column: String,
        /// Column of the record's topic.
        topic_column: String,
    },
}

/// Options of `json`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct JsonFormat {
    /// Nested values as columns.
    pub flatten: FlattenSpec,
    /// Whether each line stands for itself (a bad line spoils no other).
    pub newline_delimited: bool,
    /// Whether discovery makes columns of fields that are null.
    pub keep_null_columns: bool,
}

/// A validated `flattenSpec`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FlattenSpec {
    /// Whether root fields that are not listed are seen too.
    pub use_field_discovery: bool,
    /// The listed fields.
    pub fields: Vec<FlattenField>,
}

impl Default for FlattenSpec {
    fn default() -> Self {
        Self { use_field_discovery: true, fields: Vec::new() }
    }
}

/// A field of a `flattenSpec`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FlattenField {
    /// The name it gets.
    pub name: String,
    /// Where it comes from.
    pub kind: FlattenKind,
}

/// Where a flattened field comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FlattenKind {
    /// A root field of this name.
    Root(String),
    /// A JsonPath.
    Path(String),
    /// A chain of object keys.
    Tree(Vec<String>),
}

/// Options of `csv` and `tsv`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DelimitedFormat {
    /// Between fields.
    pub delimiter: u8,
    /// Between the values of a multi-value field.
    pub list_delimiter: String,
    /// Names of the fields; `None`: `column_1`, `column_2`, or the header.
    pub columns: Option<Vec<String>>,
    /// Whether the first line names the fields.
    pub has_header: bool,
    /// Lines dropped before.
    pub skip_header_rows: u64,
    /// Whether fields that look like numbers are numbers.
    pub try_parse_numbers: bool,
}

const OTHERS: [&str; 9] =
    ["lines", "regex", "orc", "avro_ocf", "avro_stream", "protobuf", "thrift", "druid", "javascript"];

impl InputFormat {
    /// Reads an `inputFormat` found at `path`.
    ///
    /// # Errors
    /// Names the field that is missing, unknown, wrong or not supported.
    pub fn from_json(json: &Value, path: &str, notes: &mut Vec<String>) -> Result<Self, SpecError> {
        let mut fields = Fields::new(json, path)?;
        let kind = fields.required_text("type")?;
        let format = match kind.as_str() {
            "json" => Self::Json(json_format(&mut fields)?),
            "csv" => Self::Delimited(delimited(&mut fields, b',')?),
            "tsv" => Self::Delimited(delimited(&mut fields, b'\t')?),
            "parquet" => {
                fields.refuse("flattenSpec", None, "flattening of parquet")?;
                fields.no_effect(&["conf"], notes);
                Self::Parquet { binary_as_string: fields.boolean("binaryAsString", false)? }
            }
            "kafka" => kafka_format(&mut fields, notes)?,
            other if OTHERS.contains(&other) => {
                let why = format!("input format `{other}`; json, csv, tsv, parquet and kafka exist");
                return Err(SpecError::unsupported(fields.path_of("type"), why));
            }
            other => {
                let why = format!("`{other}` is not an input format");
                return Err(SpecError::invalid(fields.path_of("type"), why));
            }
        };
        fields.finish()?;
        Ok(format)
    }
}

fn json_format(fields: &mut Fields<'_>) -> Result<JsonFormat, SpecError> {
    let flatten = match fields.get("flattenSpec") {
        None => FlattenSpec::default(),
        Some(json) => flatten_spec(json, &fields.path_of("flattenSpec"))?,
    };
    if let Some(json) = fields.get("featureSpec") {
        let path = fields.path_of("featureSpec");
        let map = json.as_object().ok_or_else(|| SpecError::invalid(&path, "must be a JSON object"))?;
        if let Some((feature, _)) = map.iter().find(|(_, v)| **v != Value::Bool(false)) {
            let why = "strict JSON is read; only false is accepted";
            return Err(SpecError::unsupported(format!("{path}.{feature}"), why));
        }
    }
    fields.refuse("useJsonNodeReader", None, "use assumeNewlineDelimited to save good lines")?;
    Ok(JsonFormat {
        flatten,
        newline_delimited: fields.boolean("assumeNewlineDelimited", false)?,
        keep_null_columns: fields.boolean("keepNullColumns", false)?,
    })
}

fn flatten_spec(json: &Value, path: &str) -> Result<FlattenSpec, SpecError> {
    let mut fields = Fields::new(json, path)?;
    let use_field_discovery = fields.boolean("useFieldDiscovery", true)?;
    let mut list: Vec<FlattenField> = Vec::new();
    for (i, field) in fields.list("fields")?.into_iter().flatten().enumerate() {
        let at = format!("{}[{i}]", fields.path_of("fields"));
        let field = flatten_field(field, &at)?;
        if list.iter().any(|f| f.name == field.name) {
            let why = format!("field `{}` is named twice", field.name);
            return Err(SpecError::invalid(format!("{at}.name"), why));
        }
        list.push(field);
    }
    fields.finish()?;
    Ok(FlattenSpec { use_field_discovery, fields: list })
}

fn flatten_field(json: &Value, path: &str) -> Result<FlattenField, SpecError> {
    if let Some(name) = json.as_str() {
        return Ok(FlattenField { name: name.to_owned(), kind: FlattenKind::Root(name.to_owned()) });
    }
    let mut fields = Fields::new(json, path)?;
    let kind = fields.required_text("type")?;
    let name = fields.required_text("name")?;
    let expr = fields.text("expr")?;
    let nodes = fields.texts("nodes")?;
    let missing = |fields: &Fields<'_>, field: &str| SpecError::missing(fields.path_of(field));
    let kind = match kind.as_str() {
        "root" => FlattenKind::Root(expr.unwrap_or_else(|| name.clone())),
        "path" => {
            let expr = expr.ok_or_else(|| missing(&fields, "expr"))?;
            crate::parse::check_json_path(&expr)
                .map_err(|why| SpecError::unsupported(fields.path_of("expr"), why))?;
            FlattenKind::Path(expr)
        }
        "tree" => FlattenKind::Tree(nodes.ok_or_else(|| missing(&fields, "nodes"))?),
        "jq" => {
            let why = "jq expressions; write a path (JsonPath) field";
            return Err(SpecError::unsupported(fields.path_of("type"), why));
        }
        _ => return Err(SpecError::invalid(fields.path_of("type"), "must be root, path or tree")),
    };
    fields.finish()?;
    Ok(FlattenField { name, kind })
}

fn delimited(fields: &mut Fields<'_>, default: u8) -> Result<DelimitedFormat, SpecError> {
    let mut delimiter = default;
    if default == b'\t'
        && let Some(text) = fields.text("delimiter")?
    {
        let [byte] = text.as_bytes() else {
            return Err(SpecError::invalid(fields.path_of("delimiter"), "must be one ASCII character"));
        };
        delimiter = *byte;
    }
    let list_delimiter = fields.text("listDelimiter")?.unwrap_or_else(|| "\u{1}".to_owned());
    if list_delimiter.is_empty() || list_delimiter.as_bytes() == [delimiter] {
        let why = "must be a text other than the delimiter";
        return Err(SpecError::invalid(fields.path_of("listDelimiter"), why));
    }
    let columns = fields.texts("columns")?;
    if let Some(columns) = &columns
        && let Some(twice) = columns.iter().enumerate().find(|(i, c)| columns[..*i].contains(c))
    {
        let why = format!("column `{}` is named twice", twice.1);
        return Err(SpecError::invalid(fields.path_of("columns"), why));
    }
    let has_header =
        fields.boolean("findColumnsFromHeader", false)? || fields.boolean("hasHeaderRow", false)?;
    let skip_header_rows = fields.at_least("skipHeaderRows", 0, 0)?.unsigned_abs();
    let try_parse_numbers = fields.boolean("tryParseNumbers", false)?;
    if columns.is_none() && !has_header {
        let why = "name the columns, or set findColumnsFromHeader";
        return Err(SpecError::invalid(fields.path_of("columns"), why));
    }
    Ok(DelimitedFormat {
        delimiter,
        list_delimiter,
        columns,
        has_header,
        skip_header_rows,
        try_parse_numbers,
    })
}

fn kafka_format(fields: &mut Fields<'_>, notes: &mut Vec<String>) -> Result<InputFormat, SpecError> {
    let value =
        InputFormat::from_json(fields.require("valueFormat")?, &fields.path_of("valueFormat"), notes)?;
    if !matches!(value, InputFormat::Json(_) | InputFormat::Delimited(_)) {
        return Err(SpecError::unsupported(fields.path_of("valueFormat"), "use json, csv or tsv"));
    }
    let why = "only the value, the topic and the timestamp are read";
    fields.refuse("keyFormat", None, why)?;
    fields.refuse("headerFormat", None, why)?;
    for unused in ["keyColumnName", "headerColumnPrefix"] {
        fields.no_effect(&[unused], notes);
    }
    let or = |text: Option<String>, default: &str| text.unwrap_or_else(|| default.to_owned());
    let timestamp_column = or(fields.text("timestampColumnName")?, "kafka.timestamp");
    let topic_column = or(fields.text("topicColumnName")?, "kafka.topic");
    Ok(InputFormat::Kafka { value: Box::new(value), timestamp_column, topic_column })
}
