//! Which columns are derived from a row's fields, and which rows does the filter keep?

/// Whether an expression can be read.
pub(crate) fn check_expression(_expression: &str) -> Result<(), String> {
    Ok(())
}

/// Whether a native filter can be read.
pub(crate) fn check_filter(_filter: &serde_json::Value) -> Result<(), String> {
    Ok(())
}
