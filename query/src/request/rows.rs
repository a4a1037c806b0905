//! How is scan written?

use alluvium_expression::Filter;
use alluvium_segments::TIME_COLUMN;

use super::dimensions::virtual_columns;
use super::fields::Fields;
use super::shapes::filter;
use crate::QueryError;
use crate::plan::{RowOrderBy, VirtualColumn};
use crate::refusal::Refusal;

/// `scan`.
#[derive(Debug)]
pub(crate) struct Scan {
    pub(crate) format: ScanFormat,
    pub(crate) batch_size: usize,
    pub(crate) limit: Option<u64>,
    pub(crate) offset: u64,
    pub(crate) order: Vec<RowOrderBy>,
    /// Empty: all.
    pub(crate) columns: Vec<String>,
    pub(crate) filter: Option<Filter>,
    pub(crate) virtual_columns: Vec<VirtualColumn>,
    /// Whether the types of the columns are given.
    typed: bool,
}

/// How rows of a scan are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ScanFormat {
    /// Objects.
    List,
    /// Lists.
    Compacted,
}

impl Scan {
    pub(super) fn read(fields: &Fields<'_>) -> Result<Self, QueryError> {
        let format = match fields.text_opt("resultFormat")?.unwrap_or("list") {
            "list" => ScanFormat::List,
            "compactedList" => ScanFormat::Compacted,
            "valueVector" => {
                let message = "resultFormat[valueVector] is not supported";
                return Err(QueryError::refused(Refusal::Operation, message));
            }
            _ => return Err(fields.wrong("resultFormat", "list or compactedList")),
        };
        let batch = fields.long_opt("batchSize")?.filter(|size| *size != 0).unwrap_or(20_480);
        let batch_size = usize::try_from(batch).map_err(|_| fields.wrong("batchSize", "above 0"))?;
        let limit = match fields.long_opt("limit")? {
            None | Some(0) => None,
            Some(limit) => Some(u64::try_from(limit).map_err(|_| fields.wrong("limit", "above 0"))?),
        };
        let columns = fields.texts("columns")?;
        let order = order(fields, &columns)?;
        Ok(Self {
            format,
            batch_size,
            limit,
            offset: fields.count("offset")?,
            order,
            columns,
            filter: filter(fields)?,
            virtual_columns: virtual_columns(fields.list("virtualColumns")?)?,
            typed: !fields.list("columnTypes")?.is_empty(),
        })
    }

    /// The columns of whose types a query around it knows nothing.
    pub(crate) fn untyped(&self) -> Vec<String> {
        let computed = |name: &String| self.virtual_columns.iter().any(|column| column.name == *name);
        let untyped = self.columns.iter().filter(|name| !self.typed && !computed(name));
        untyped.cloned().collect()
    }
}

fn order(fields: &Fields<'_>, columns: &[String]) -> Result<Vec<RowOrderBy>, QueryError> {
    let direction = |text: &str, key: &'static str| match text.to_ascii_lowercase().as_str() {
        "ascending" => Ok(Some(false)),
        "descending" => Ok(Some(true)),
        "none" => Ok(None),
        _ => Err(fields.wrong(key, "ascending, descending or none")),
    };
    let mut keys = Vec::new();
    for item in fields.list("orderBy")? {
        let item = Fields::of("orderBy", item)?;
        let descending = direction(item.text_opt("order")?.unwrap_or("ascending"), "orderBy")?;
        keys.push(RowOrderBy {
            column: item.text("columnName")?.to_owned(),
            descending: descending.unwrap_or(false),
        });
    }
    if let Some(descending) = direction(fields.text_opt("order")?.unwrap_or("none"), "order")?
        && keys.is_empty()
    {
        keys.push(RowOrderBy { column: TIME_COLUMN.to_owned(), descending });
    }
    let hidden = |key: &&RowOrderBy| !columns.is_empty() && !columns.contains(&key.column);
    if let Some(key) = keys.iter().find(hidden) {
        let message = format!("scan: column [{}] is ordered by and must be in `columns`", key.column);
        return Err(QueryError::invalid(message));
    }
    Ok(keys)
}
