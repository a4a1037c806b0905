//! Which function has a name, and do the arguments fit it? Constant arguments (patterns, periods, zones) are
//! read once here, not for each row.

use std::sync::{Arc, LazyLock};

use alluvium_segments::catalog::Lookup;
use alluvium_segments::time::{Granularity, Period};
use alluvium_sketches::Bloom;
use chrono_tz::Tz;
use hashbrown::HashMap;

use super::ip::Subnet;
use super::spatial::SpatialBound;
use super::{ANY, Function, TimeUnit};
use crate::joda::JodaFormat;
use crate::like::LikePattern;
use crate::{Expr, ExprError, ExprType, JavaRegex, JsonPath};

/// What was made of constant arguments, once.
#[derive(Debug, Clone)]
pub(crate) enum Prepared {
    /// Nothing: all is read from the arguments.
    None,
    /// Buckets of `timestamp_floor` and `timestamp_ceil`.
    Granularity(Arc<Granularity>),
    /// Of `timestamp_shift`.
    Shift(Arc<(Period, Tz)>),
    /// Of `timestamp_extract`.
    Extract(TimeUnit, Tz),
    /// Of `timestamp_format` and `timestamp_parse`; without pattern: ISO.
    Format(Option<Arc<JodaFormat>>, Tz),
    /// Of the regular-expression functions.
    Regex(Arc<JavaRegex>),
    /// Of `like`.
    Like(Arc<LikePattern>),
    /// Of the IP matches.
    Subnet(Arc<Subnet>),
    /// Of `cast`.
    Type(ExprType),
    /// Of the functions of nested values.
    Path(Arc<JsonPath>),
    /// Of `bloom_filter_test`.
    Bloom(Arc<Bloom>),
    /// Of the test of places.
    Spatial(Arc<SpatialBound>),
    /// Of `lookup`, once its name has been looked up.
    Lookup(Arc<Lookup>),
}

static BY_NAME: LazyLock<HashMap<String, &'static Function>> = LazyLock::new(|| {
    let tables: [&'static [Function]; 19] = [
        super::math::TABLE,
        super::decimal::TABLE,
        super::bitwise::TABLE,
        super::text::TABLE,
        super::text_edit::TABLE,
        super::text_format::TABLE,
        super::pattern::TABLE,
        super::time::TABLE,
        super::conditional::TABLE,
        super::general::TABLE,
        super::array::TABLE,
        super::array_change::TABLE,
        super::apply::TABLE,
        super::ip::TABLE,
        super::json::TABLE,
        super::lookup::TABLE,
        super::sketch::TABLE,
        super::sketch_sets::TABLE,
        super::spatial::TABLE,
    ];
    let mut names = HashMap::new();
    for function in tables.into_iter().flatten() {
        for name in std::iter::once(&function.name).chain(function.aliases) {
            names.insert(name.to_ascii_lowercase(), function);
        }
    }
    names
});

/// The function of a name, in any case.
pub(crate) fn find(name: &str) -> Result<&'static Function, ExprError> {
    let lower = name.to_ascii_lowercase();
    if let Some(function) = BY_NAME.get(&lower) {
        return Ok(function);
    }
    Err(ExprError::UnknownFunction(name.to_owned()))
}

/// All names that can be called, aliases included, in alphabetical order (lower case).
#[must_use]
pub fn function_names() -> Vec<String> {
    let mut names: Vec<String> = BY_NAME.keys().cloned().collect();
    names.sort_unstable();
    names
}

/// Checks the arguments of a call and reads its constants.
pub(crate) fn check(function: &'static Function, args: &[Expr]) -> Result<Prepared, ExprError> {
    let given = args.len();
    if given < function.min || given > function.max {
        let wanted = match (function.min, function.max) {
            (min, ANY) => format!("at least {min}"),
            (min, max) if min == max => min.to_string(),
            (min, max) => format!("{min} to {max}"),
        };
        let message = format!("takes {wanted} arguments, {given} given");
        return Err(ExprError::argument(function.name, message));
    }
    let takes_lambda = super::apply::TABLE.iter().any(|f| f.name == function.name);
    for (i, arg) in args.iter().enumerate() {
        if matches!(arg, Expr::Lambda(_)) != (takes_lambda && i == 0) {
            let message = if i == 0 && takes_lambda {
                "the first argument must be a lambda, such as (x) -> x + 1"
            } else {
                "a lambda is not allowed here"
            };
            return Err(ExprError::argument(function.name, message));
        }
    }
    if let (true, Some(Expr::Lambda(lambda))) = (takes_lambda, args.first()) {
        super::apply::check_lambda(function.name, lambda.params.len(), given)?;
    }
    function.prepare.map_or(Ok(Prepared::None), |prepare| prepare(args))
}
