//! In which order do groups come, and how many? `limitSpec` of groupBy and the metric of topN.

use alluvium_expression::StringOrdering;
use serde_json::Value;

use super::fields::Fields;
use crate::QueryError;

/// `limitSpec`.
#[derive(Debug, Clone, Default)]
pub(crate) struct LimitSpec {
    pub(crate) columns: Vec<OrderColumn>,
    pub(crate) limit: Option<u64>,
    pub(crate) offset: u64,
}

/// A sort key of groups.
#[derive(Debug, Clone)]
pub(crate) struct OrderColumn {
    pub(crate) name: String,
    pub(crate) descending: bool,
    pub(crate) ordering: StringOrdering,
}

impl LimitSpec {
    /// Reads a `limitSpec`.
    pub(crate) fn read(json: &Value) -> Result<Self, QueryError> {
        let fields = Fields::of("limitSpec", json)?;
        match fields.text_opt("type")?.unwrap_or("default") {
            "noop" | "NoopLimitSpec" => return Ok(Self::default()),
            "default" => {}
            // Druid takes others for none at all.
            _ => return Ok(Self::default()),
        }
        let columns = fields.list("columns")?.iter().map(order_column).collect::<Result<Vec<_>, _>>()?;
        let limit = fields.get("limit").map(|_| fields.count("limit")).transpose()?;
        if limit == Some(0) {
            return Err(fields.wrong("limit", "above 0"));
        }
        Ok(Self { columns, limit, offset: fields.count("offset")? })
    }
}

fn order_column(json: &Value) -> Result<OrderColumn, QueryError> {
    if let Some(name) = json.as_str() {
        return Ok(OrderColumn {
            name: name.to_owned(),
            descending: false,
            ordering: StringOrdering::default(),
        });
    }
    let fields = Fields::of("limitSpec column", json)?;
    let direction = fields.text_opt("direction")?.unwrap_or("ascending").to_ascii_lowercase();
    // Anything but descending is ascending.
    let descending = matches!(direction.as_str(), "descending" | "desc");
    let ordering = match fields.get("dimensionOrder") {
        None => StringOrdering::default(),
        Some(order) => ordering(order, &fields)?,
    };
    Ok(OrderColumn { name: fields.text("dimension")?.to_owned(), descending, ordering })
}

/// An ordering: a name or `{"type": name}`.
pub(crate) fn ordering(json: &Value, fields: &Fields<'_>) -> Result<StringOrdering, QueryError> {
    let name = json.as_str().or_else(|| json.get("type")?.as_str());
    name.and_then(StringOrdering::from_name).ok_or_else(|| {
        fields.wrong("dimensionOrder", "lexicographic, alphanumeric, numeric, strlen or version")
    })
}

/// The metric of a topN.
#[derive(Debug, Clone)]
pub(crate) enum TopMetric {
    /// By an aggregate or post-aggregate, largest first.
    Numeric(String),
    /// By the dimension, ascending, after `previous`.
    Dimension { ordering: StringOrdering, previous: Option<String> },
    /// The other way round.
    Inverted(Box<TopMetric>),
}

impl TopMetric {
    /// Reads a topN `metric`.
    pub(crate) fn read(json: &Value) -> Result<Self, QueryError> {
        if let Some(name) = json.as_str() {
            return Ok(Self::Numeric(name.to_owned()));
        }
        let fields = Fields::of("topN metric", json)?;
        let by = |ordering| -> Result<Self, QueryError> {
            let previous = fields.text_opt("previousStop")?.map(str::to_owned);
            Ok(Self::Dimension { ordering, previous })
        };
        match fields.kind()? {
            "numeric" | "legacy" => match fields.need("metric")? {
                Value::String(name) => Ok(Self::Numeric(name.clone())),
                nested => Self::read(nested),
            },
            "lexicographic" => by(StringOrdering::Lexicographic),
            "alphaNumeric" => by(StringOrdering::Alphanumeric),
            "dimension" => {
                let order = fields.get("ordering").map(|json| ordering(json, &fields)).transpose()?;
                by(order.unwrap_or_default())
            }
            "inverted" => Ok(Self::Inverted(Box::new(Self::read(fields.need("metric")?)?))),
            other => Err(QueryError::invalid(format!("unknown topN metric type `{other}`"))),
        }
    }
}
