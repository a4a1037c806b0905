//! What does a `transformSpec` say: which columns are derived, and which rows are kept?

use serde_json::Value;

use super::SpecError;
use super::fields::Fields;

/// A derived column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExpressionTransform {
    /// Its name; shadows an input field of the same name.
    pub name: String,
    /// Druid expression over the input fields.
    pub expression: String,
}

/// A validated `transformSpec`.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TransformSpec {
    /// Derived columns; they see input fields only, not each other.
    pub transforms: Vec<ExpressionTransform>,
    /// Native filter over the transformed row.
    pub filter: Option<Value>,
}

impl TransformSpec {
    pub(crate) fn from_json(json: Option<&Value>, path: &str) -> Result<Self, SpecError> {
        let Some(json) = json else { return Ok(Self::default()) };
        let mut fields = Fields::new(json, path)?;
        let mut transforms: Vec<ExpressionTransform> = Vec::new();
        for (i, transform) in fields.list("transforms")?.into_iter().flatten().enumerate() {
            let at = format!("{}[{i}]", fields.path_of("transforms"));
            let transform = read_transform(transform, &at)?;
            if transforms.iter().any(|t| t.name == transform.name) {
                let why = format!("transform `{}` is named twice", transform.name);
                return Err(SpecError::invalid(format!("{at}.name"), why));
            }
            transforms.push(transform);
        }
        let filter = fields.get("filter").cloned();
        if let Some(filter) = &filter {
            crate::transform::check_filter(filter)
                .map_err(|why| SpecError::invalid(fields.path_of("filter"), why))?;
        }
        fields.finish()?;
        Ok(Self { transforms, filter })
    }
}

impl TransformSpec {
    /// Makes the texts of places: coordinates with commas between them, null where one is missing.
    pub(crate) fn add_places(&mut self, spatial: &[(String, Vec<String>)]) {
        for (name, parts) in spatial.iter().filter(|(_, parts)| !parts.is_empty()) {
            let part = |part: &String| format!("\"{}\"", part.replace('\\', "\\\\").replace('"', "\\\""));
            let parts: Vec<String> = parts.iter().map(part).collect();
            let expression = format!("concat({})", parts.join(", ',', "));
            self.transforms.push(ExpressionTransform { name: name.clone(), expression });
        }
    }
}

fn read_transform(json: &Value, path: &str) -> Result<ExpressionTransform, SpecError> {
    let mut fields = Fields::new(json, path)?;
    let kind = fields.required_text("type")?;
    if kind != "expression" {
        let why = format!("transform type `{kind}`; use expression");
        return Err(SpecError::unsupported(fields.path_of("type"), why));
    }
    let name = fields.required_text("name")?;
    let expression = fields.required_text("expression")?;
    crate::transform::check_expression(&expression)
        .map_err(|why| SpecError::invalid(fields.path_of("expression"), why))?;
    fields.finish()?;
    Ok(ExpressionTransform { name, expression })
}
