//! Can a plan travel? Debug builds write and read back every plan before it runs.

use super::{PLAN_VERSION, Plan};
use crate::QueryError;

impl Plan {
    /// Checks the version; in debug builds runs what came back from serialisation, so that every test of a
    /// query is one of its plan's form as well.
    pub(crate) fn checked(self) -> Result<Self, QueryError> {
        if self.version != PLAN_VERSION {
            let message = format!("plan version {} is not {PLAN_VERSION}", self.version);
            return Err(QueryError::Internal(message));
        }
        if !cfg!(debug_assertions) {
            return Ok(self);
        }
        let lost = |e: serde_json::Error| QueryError::Internal(format!("the plan does not serialise: {e}"));
        let text = serde_json::to_string(&self).map_err(lost)?;
        let back: Self = serde_json::from_str(&text).map_err(lost)?;
        if back != self {
            return Err(QueryError::Internal(format!("the plan changes when serialised: {text}")));
        }
        Ok(back)
    }
}
