//! What does a `dimensionsSpec` say: which dimensions, of which types, and which are to be discovered?

use std::collections::BTreeSet;

use alluvium_segments::{BitmapIndex, ColumnSpec, ColumnType, DimensionOptions, MultiValueHandling, Role};
use serde_json::Value;

use super::SpecError;
use super::fields::Fields;

/// A validated `dimensionsSpec`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DimensionsSpec {
    /// The listed dimensions, in order.
    pub columns: Vec<ColumnSpec>,
    /// Fields never discovered.
    pub exclusions: BTreeSet<String>,
    /// Whether other root fields become string dimensions as they appear.
    pub discover: bool,
}

impl DimensionsSpec {
    pub(crate) fn from_json(
        json: Option<&Value>,
        path: &str,
        notes: &mut Vec<String>,
    ) -> Result<Self, SpecError> {
        let Some(json) = json else { return Ok(Self { discover: true, ..Self::default() }) };
        let mut fields = Fields::new(json, path)?;
        let later = "only string discovery exists; list typed dimensions instead";
        fields.refuse("useSchemaDiscovery", None, later)?;
        fields.refuse("spatialDimensions", None, "spatial columns are not built")?;
        let by_time = Value::Bool(true);
        fields.refuse("forceSegmentSortByTime", Some(&by_time), "segments are sorted by time")?;
        let mut columns = Vec::new();
        for (i, dimension) in fields.list("dimensions")?.into_iter().flatten().enumerate() {
            let at = format!("{}[{i}]", fields.path_of("dimensions"));
            columns.push(read_dimension(dimension, &at, notes)?);
        }
        let exclusions: BTreeSet<String> =
            fields.texts("dimensionExclusions")?.unwrap_or_default().into_iter().collect();
        if let Some(both) = columns.iter().find(|c| exclusions.contains(&c.name)) {
            let why = format!("`{}` is listed as a dimension too", both.name);
            return Err(SpecError::invalid(fields.path_of("dimensionExclusions"), why));
        }
        let discover = fields.boolean("includeAllDimensions", false)? || columns.is_empty();
        fields.finish()?;
        Ok(Self { columns, exclusions, discover })
    }
}

pub(super) fn read_dimension(
    json: &Value,
    path: &str,
    notes: &mut Vec<String>,
) -> Result<ColumnSpec, SpecError> {
    if let Some(name) = json.as_str() {
        return Ok(ColumnSpec::dimension(name, ColumnType::String));
    }
    let mut fields = Fields::new(json, path)?;
    let name = fields.required_text("name")?;
    let kind = fields.text("type")?.unwrap_or_else(|| "string".to_owned());
    let column_type = match kind.to_ascii_lowercase().as_str() {
        "string" => ColumnType::String,
        "long" => ColumnType::Long,
        "float" => ColumnType::Float,
        "double" => ColumnType::Double,
        "json" | "auto" | "spatial" | "newspatial" => {
            let why = format!("dimension type `{kind}`; use string, long, float or double");
            return Err(SpecError::unsupported(fields.path_of("type"), why));
        }
        _ => {
            let why = format!("`{kind}` is not a dimension type");
            return Err(SpecError::invalid(fields.path_of("type"), why));
        }
    };
    fields.refuse("maxStringLength", None, "texts are kept whole")?;
    fields.refuse("castToType", None, "give the dimension this type")?;
    fields.no_effect(&["columnFormatSpec"], notes);
    let is_string = column_type == ColumnType::String;
    let bitmap_index = match fields.maybe_boolean("createBitmapIndex")? {
        Some(true) => BitmapIndex::Always,
        None if is_string => BitmapIndex::ByCost,
        Some(false) | None => BitmapIndex::Never,
    };
    let handling =
        fields.word("multiValueHandling", &["sorted_array", "sorted_set", "array"], "sorted_array")?;
    let multi_value = match handling.as_str() {
        "sorted_set" => MultiValueHandling::SortedSet,
        "array" => MultiValueHandling::Array,
        _ => MultiValueHandling::SortedArray,
    };
    fields.finish()?;
    let options = DimensionOptions { bitmap_index, multi_value };
    Ok(ColumnSpec { name, column_type, role: Role::Dimension(options) })
}
