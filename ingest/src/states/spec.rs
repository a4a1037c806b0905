//! What does a `metricsSpec` say of a metric that is no number?

use alluvium_segments::{ColumnType, Complex, TIME_COLUMN};
use alluvium_sketches::{Form, Recipe};
use serde_json::{Map, Value};

use super::Pair;

/// A metric whose values are states of an aggregator.
#[derive(Debug, Clone, PartialEq)]
pub struct StateSpec {
    /// The input fields: of the value, then of what belongs to it.
    pub fields: Vec<String>,
    /// What is made of them.
    pub kind: StateKind,
    /// The type of the column.
    pub complex: Complex,
    /// The aggregator that makes one of several states, as JSON.
    pub combining: String,
}

/// What is made of input values.
#[derive(Debug, Clone, PartialEq)]
pub enum StateKind {
    /// A sketch, a histogram or another summary.
    Summary(Recipe),
    /// The value of the first or of the last time.
    Pair(Pair),
}

impl StateSpec {
    /// Reads an aggregator; `None` when its type makes no states.
    ///
    /// # Errors
    /// Says which field is wrong and why.
    pub fn from_json(kind: &str, name: &str, json: &Map<String, Value>) -> Result<Option<Self>, String> {
        let text = |key: &str| json.get(key).and_then(Value::as_str).map(str::to_owned);
        if let Some(pair) = Pair::of_type(kind, json)? {
            let value = text("fieldName").ok_or("fieldName is missing")?;
            let time = text("timeColumn").unwrap_or_else(|| TIME_COLUMN.to_owned());
            let combining = Value::Object(pair.combining_json(name)).to_string();
            let complex = pair.complex();
            let fields = vec![value, time];
            return Ok(Some(Self { fields, kind: StateKind::Pair(pair), complex, combining }));
        }
        let Some(recipe) = Recipe::from_json(json).map_err(|error| error.to_string())? else {
            return Ok(None);
        };
        let complex = Complex::from_name(recipe.kind().name()).ok_or("there is no column of its type")?;
        let dimension = json.get("field").map(|field| match field {
            Value::String(name) => Ok(name.clone()),
            Value::Object(spec) if spec.get("type").is_none_or(|kind| kind == "default") => spec
                .get("dimension")
                .and_then(Value::as_str)
                .map(str::to_owned)
                .ok_or("`field` needs a dimension"),
            _ => Err("`field` must name a field: other dimension specs are for queries"),
        });
        let value = match (&recipe.form, dimension) {
            (Form::Bloom { .. }, Some(field)) => field?,
            _ => text("fieldName").ok_or("fieldName is missing")?,
        };
        let mut fields = vec![value];
        if let Form::ArrayOfDoubles { columns, .. } = &recipe.form {
            fields.extend(columns.iter().cloned());
        }
        let combining = Value::Object(recipe.combining_json(name)).to_string();
        Ok(Some(Self { fields, kind: StateKind::Summary(recipe), complex, combining }))
    }

    /// The type of the column.
    #[must_use]
    pub fn column_type(&self) -> ColumnType {
        ColumnType::Complex(self.complex)
    }

    /// Whether its fields are not only input fields, but the row's time too.
    pub(crate) fn wants_time(&self) -> bool {
        matches!(self.kind, StateKind::Pair(_))
            && self.fields.get(1).is_some_and(|field| field == TIME_COLUMN)
    }
}
