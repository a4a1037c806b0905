//! What does a `dimensionsSpec` say: which dimensions, of which types, and which are to be discovered?

use std::collections::BTreeSet;

use alluvium_segments::column_type::UnknownColumnType;
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
    /// Whether other root fields become dimensions as they appear.
    pub discover: bool,
    /// Listed dimensions whose type is that of what they hold.
    pub autos: BTreeSet<String>,
    /// Whether the type of discovered dimensions is that of what they hold; otherwise they are strings.
    pub typed: bool,
    /// Dimensions of places: their names, and the fields whose values are the coordinates (none: the field of the name
    /// has them, with commas between them).
    pub spatial: Vec<(String, Vec<String>)>,
}

impl DimensionsSpec {
    pub(crate) fn from_json(
        json: Option<&Value>,
        path: &str,
        notes: &mut Vec<String>,
    ) -> Result<Self, SpecError> {
        let Some(json) = json else { return Ok(Self { discover: true, ..Self::default() }) };
        let mut fields = Fields::new(json, path)?;
        let by_time = Value::Bool(true);
        fields.refuse("forceSegmentSortByTime", Some(&by_time), "segments are sorted by time")?;
        let (mut columns, mut autos) = (Vec::new(), BTreeSet::new());
        for (i, dimension) in fields.list("dimensions")?.into_iter().flatten().enumerate() {
            let at = format!("{}[{i}]", fields.path_of("dimensions"));
            let column = read_dimension(dimension, &at, notes)?;
            if dimension
                .get("type")
                .and_then(Value::as_str)
                .is_some_and(|kind| kind.eq_ignore_ascii_case("auto"))
                && column.column_type == ColumnType::Json
            {
                autos.insert(column.name.clone());
            }
            columns.push(column);
        }
        let exclusions: BTreeSet<String> =
            fields.texts("dimensionExclusions")?.unwrap_or_default().into_iter().collect();
        if let Some(both) = columns.iter().find(|c| exclusions.contains(&c.name)) {
            let why = format!("`{}` is listed as a dimension too", both.name);
            return Err(SpecError::invalid(fields.path_of("dimensionExclusions"), why));
        }
        let spatial = spatial(&mut fields, &mut columns)?;
        let mut exclusions = exclusions;
        for name in spatial.iter().flat_map(|(_, parts)| parts) {
            if columns.iter().all(|column| column.name != *name) {
                exclusions.insert(name.clone());
            }
        }
        let typed = fields.boolean("useSchemaDiscovery", false)?;
        let discover = fields.boolean("includeAllDimensions", false)? || typed || columns.is_empty();
        fields.finish()?;
        Ok(Self { columns, exclusions, discover, autos, typed, spatial })
    }
}

/// `spatialDimensions`, each of which is a column of texts.
fn spatial(
    fields: &mut Fields<'_>,
    columns: &mut Vec<ColumnSpec>,
) -> Result<Vec<(String, Vec<String>)>, SpecError> {
    let mut spatial = Vec::new();
    for (i, dimension) in fields.list("spatialDimensions")?.into_iter().flatten().enumerate() {
        let at = format!("{}[{i}]", fields.path_of("spatialDimensions"));
        let mut dimension = Fields::new(dimension, &at)?;
        let name = dimension.required_text("dimName")?;
        let parts = dimension.texts("dims")?.unwrap_or_default();
        dimension.finish()?;
        columns.push(ColumnSpec::dimension(&name, ColumnType::String));
        spatial.push((name, parts));
    }
    Ok(spatial)
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
        "json" => ColumnType::Json,
        "auto" => match fields.text("castToType")? {
            None => ColumnType::Json,
            Some(name) => name.parse().map_err(|e: UnknownColumnType| {
                SpecError::invalid(fields.path_of("castToType"), e.to_string())
            })?,
        },
        "spatial" | "newspatial" => {
            let why = format!("dimension type `{kind}`; spatial columns are not built");
            return Err(SpecError::unsupported(fields.path_of("type"), why));
        }
        _ => {
            let why = format!("`{kind}` is not a dimension type");
            return Err(SpecError::invalid(fields.path_of("type"), why));
        }
    };
    fields.refuse("maxStringLength", None, "texts are kept whole")?;
    if kind != "auto" {
        fields.refuse("castToType", None, "give the dimension this type")?;
    }
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
