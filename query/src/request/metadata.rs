//! How are timeBoundary and segmentMetadata written?

use alluvium_expression::Filter;

use super::fields::Fields;
use super::shapes::filter;
use crate::QueryError;

/// `timeBoundary`.
#[derive(Debug)]
pub(crate) struct TimeBoundary {
    /// Whether the smallest time is wanted.
    pub(crate) min: bool,
    /// Whether the largest is.
    pub(crate) max: bool,
    pub(crate) filter: Option<Filter>,
}

impl TimeBoundary {
    pub(super) fn read(fields: &Fields<'_>) -> Result<Self, QueryError> {
        let (min, max) = match fields.text_opt("bound")?.unwrap_or_default() {
            "" => (true, true),
            "minTime" => (true, false),
            "maxTime" => (false, true),
            // Other names ask for nothing in particular.
            _ => (true, true),
        };
        Ok(Self { min, max, filter: filter(fields)? })
    }
}

/// What segmentMetadata may be asked to find out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Analysis {
    Cardinality,
    Size,
    Interval,
    Aggregators,
    MinMax,
    TimestampSpec,
    QueryGranularity,
    Rollup,
    Projections,
}

/// What becomes of aggregators that differ between segments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Strategy {
    /// Null when any differ or are unknown.
    Strict,
    /// Those that agree; null for the others.
    Lenient,
    /// Those of the first segment.
    Earliest,
    /// Those of the last segment.
    Latest,
}

/// `segmentMetadata`.
#[derive(Debug)]
pub(crate) struct SegmentMetadata {
    /// Names of the columns wanted; `None`: all.
    pub(crate) columns: Option<Vec<String>>,
    pub(crate) merge: bool,
    pub(crate) analyses: Vec<Analysis>,
    pub(crate) strategy: Strategy,
}

impl SegmentMetadata {
    pub(super) fn read(fields: &Fields<'_>) -> Result<Self, QueryError> {
        let analyses = match fields.get("analysisTypes") {
            None => vec![Analysis::Cardinality, Analysis::Interval, Analysis::MinMax],
            Some(_) => fields
                .texts("analysisTypes")?
                .iter()
                .map(|name| analysis(name, fields))
                .collect::<Result<_, _>>()?,
        };
        let columns = match fields.get("toInclude") {
            None => None,
            Some(json) => {
                let include = Fields::of("toInclude", json)?;
                match include.kind()? {
                    "all" => None,
                    "none" => Some(Vec::new()),
                    "list" => Some(include.texts("columns")?),
                    _ => return Err(fields.wrong("toInclude", "of type all, none or list")),
                }
            }
        };
        let lenient = fields.flag("lenientAggregatorMerge", false)?;
        if lenient && fields.get("aggregatorMergeStrategy").is_some() {
            return Err(fields.wrong("aggregatorMergeStrategy", "left out beside `lenientAggregatorMerge`"));
        }
        let strategy = match fields.text_opt("aggregatorMergeStrategy")? {
            None if lenient => Strategy::Lenient,
            None => Strategy::Strict,
            Some(name) => match name.to_ascii_lowercase().as_str() {
                "strict" => Strategy::Strict,
                "lenient" => Strategy::Lenient,
                "earliest" => Strategy::Earliest,
                "latest" => Strategy::Latest,
                _ => {
                    return Err(
                        fields.wrong("aggregatorMergeStrategy", "strict, lenient, earliest or latest")
                    );
                }
            },
        };
        Ok(Self { columns, merge: fields.flag("merge", false)?, analyses, strategy })
    }

    /// Whether something is to be found out.
    pub(crate) fn wants(&self, analysis: Analysis) -> bool {
        self.analyses.contains(&analysis)
    }
}

fn analysis(name: &str, fields: &Fields<'_>) -> Result<Analysis, QueryError> {
    Ok(match name.to_ascii_lowercase().as_str() {
        "cardinality" => Analysis::Cardinality,
        "size" => Analysis::Size,
        "interval" => Analysis::Interval,
        "aggregators" => Analysis::Aggregators,
        "minmax" => Analysis::MinMax,
        "timestampspec" => Analysis::TimestampSpec,
        "querygranularity" => Analysis::QueryGranularity,
        "rollup" => Analysis::Rollup,
        "projections" => Analysis::Projections,
        _ => return Err(fields.wrong("analysisTypes", "a list of analysis types")),
    })
}
