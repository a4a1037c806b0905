//! How much may an inner query give? Rows (`maxSubqueryRows`), or bytes where the context says so (`maxSubqueryBytes`).

use alluvium_segments::Segment;

use crate::QueryError;
use crate::inline::InlineSegment;
use crate::request::Context;

/// Bytes that `maxSubqueryBytes` is when it is `auto`.
const AUTO_BYTES: u64 = 256 << 20;

/// A limit of inner results.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Limit {
    Rows(u64),
    Bytes(u64),
}

impl Limit {
    /// That of a query around another, whose own context counts where the outer one is silent.
    pub(crate) fn of(outer: &Context, inner: &Context, rows: u64) -> Result<Self, QueryError> {
        let key = "maxSubqueryBytes";
        let bytes = outer.text(key).or_else(|| inner.text(key)).map(|text| text.to_ascii_lowercase());
        match bytes.as_deref() {
            Some("auto") => return Ok(Self::Bytes(AUTO_BYTES)),
            None | Some("disabled" | "unlimited") => {}
            Some(text) => {
                let wrong =
                    || QueryError::invalid(format!("context: `{key}` must be a number, not `{text}`"));
                if let Ok(bytes) = u64::try_from(text.parse::<i64>().map_err(|_| wrong())?) {
                    return Ok(Self::Bytes(bytes));
                }
            }
        }
        let key = "maxSubqueryRows";
        let given = match outer.long(key)? {
            Some(given) => Some(given),
            None => inner.long(key)?,
        };
        Ok(Self::Rows(given.and_then(|given| u64::try_from(given).ok()).unwrap_or(rows)))
    }

    /// That of the subqueries of a statement, whose context names one.
    pub(crate) fn named(context: &Context) -> Result<Option<Self>, QueryError> {
        let all = Self::Rows(u64::MAX);
        Ok(Some(Self::of(context, context, u64::MAX)?).filter(|limit| *limit != all))
    }

    /// Whether a result is within it.
    pub(crate) fn check(self, result: &InlineSegment) -> Result<(), QueryError> {
        self.check_size(match self {
            Self::Rows(_) => result.rows() as u64,
            Self::Bytes(_) => result.size_bytes(),
        })
    }

    /// Whether so many rows, or bytes, are within it.
    pub(crate) fn check_size(self, size: u64) -> Result<(), QueryError> {
        let (limit, unit) = match self {
            Self::Rows(limit) => (limit, "rows"),
            Self::Bytes(limit) => (limit, "bytes"),
        };
        if size <= limit {
            return Ok(());
        }
        Err(QueryError::ResourceLimit(format!(
            "Cannot issue the query, subqueries generated results beyond maximum[{limit}] {unit}"
        )))
    }

    /// How many rows are more than enough.
    pub(crate) fn enough_rows(self) -> u64 {
        match self {
            Self::Rows(limit) => limit.saturating_add(1),
            Self::Bytes(_) => u64::MAX,
        }
    }
}
