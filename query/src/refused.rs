//! What does Druid refuse of a native query once it is known which columns it reads?

use alluvium_expression::{ColumnFilter, ColumnTest, Filter};
use alluvium_segments::{ColumnType, TIME_COLUMN};

use crate::QueryError;
use crate::plan::{AggregateFunction, AggregatePlan, DimensionPlan, Input, KnownColumns, RowOrderBy};
use crate::refusal::Refusal;
use crate::request::{Body, NativeQuery, Scan, Timeseries};

/// Refuses what the engine of Druid fails at.
///
/// # Errors
/// In Druid's words.
pub(crate) fn check(query: &NativeQuery, known: &KnownColumns<'_>) -> Result<(), QueryError> {
    let folds = |plan: &AggregatePlan| {
        plan.aggregators.iter().any(|aggregator| matches!(aggregator.function, AggregateFunction::Fold(_)))
    };
    let forced = query.context.text("vectorize").is_some_and(|text| text.eq_ignore_ascii_case("force"));
    match &query.body {
        Body::Timeseries(Timeseries { aggregation, .. }) if forced && folds(&aggregation.plan) => {
            Err(QueryError::failed("Cannot vectorize!"))
        }
        Body::GroupBy(groups) if forced && folds(&groups.aggregation.plan) => {
            Err(QueryError::failed("Cannot vectorize!"))
        }
        Body::Timeseries(series) => filter(series.aggregation.filter.as_ref(), known),
        Body::TopN(top) => {
            top.aggregation.plan.dimensions.iter().try_for_each(|dimension| single(dimension, known))?;
            filter(top.aggregation.filter.as_ref(), known)
        }
        Body::GroupBy(groups) => {
            if !query.context.flag("groupByEnableMultiValueUnnesting", true)? {
                single_values(&groups.aggregation.plan.dimensions, known)?;
            }
            filter(groups.aggregation.filter.as_ref(), known)
        }
        Body::Scan(scan) => {
            order(scan)?;
            filter(scan.filter.as_ref(), known)
        }
        Body::Search(search) => filter(search.filter.as_ref(), known),
        Body::TimeBoundary(_) | Body::SegmentMetadata(_) | Body::DataSourceMetadata => Ok(()),
    }
}

/// Rows come in the order of time or in none.
fn order(scan: &Scan) -> Result<(), QueryError> {
    if scan.order.len() <= 1 && scan.order.iter().all(|by| by.column == TIME_COLUMN) {
        return Ok(());
    }
    let key = |by: &RowOrderBy| format!("{} {}", by.column, if by.descending { "DESC" } else { "ASC" });
    let keys: Vec<String> = scan.order.iter().map(key).collect();
    Err(QueryError::failed(format!("Cannot execute query with orderBy [{}]", keys.join(", "))))
}

/// Tests of text over columns of arrays.
fn filter(asked: Option<&Filter>, known: &KnownColumns<'_>) -> Result<(), QueryError> {
    match asked {
        Some(Filter::And(parts) | Filter::Or(parts)) => {
            parts.iter().try_for_each(|part| filter(Some(part), known))
        }
        Some(Filter::Not(part) | Filter::IsTrue(part) | Filter::IsFalse(part)) => filter(Some(part), known),
        Some(Filter::Column(ColumnFilter { column, test, .. })) => {
            let of_text = matches!(
                test,
                ColumnTest::Selector(Some(_))
                    | ColumnTest::In(_)
                    | ColumnTest::Bound { .. }
                    | ColumnTest::Like { .. }
            );
            if of_text && matches!(known.column_type(column), Some(ColumnType::Array(_))) {
                return Err(QueryError::refused(
                    Refusal::Operation,
                    "Predicate does not support ARRAY types",
                ));
            }
            Ok(())
        }
        _ => Ok(()),
    }
}

fn column(dimension: &DimensionPlan) -> Option<&str> {
    match &dimension.input {
        Input::Column(name) => Some(name),
        Input::Expression(_) => None,
    }
}

/// The dimension of a topN is no array.
fn single(dimension: &DimensionPlan, known: &KnownColumns<'_>) -> Result<(), QueryError> {
    let found = column(dimension).and_then(|name| known.column_type(name));
    match found {
        Some(array @ ColumnType::Array(_)) => Err(QueryError::refused(
            Refusal::Evaluation,
            format!("Cannot create query type helper from invalid type [{}]", array.druid_name()),
        )),
        _ => Ok(()),
    }
}

/// Rows with several values are not grouped by where they are not to be taken apart.
///
/// # Errors
/// When a segment has such rows.
pub(crate) fn single_values(
    dimensions: &[DimensionPlan],
    known: &KnownColumns<'_>,
) -> Result<(), QueryError> {
    dimensions.iter().try_for_each(|dimension| one(dimension, known))
}

fn one(dimension: &DimensionPlan, known: &KnownColumns<'_>) -> Result<(), QueryError> {
    match column(dimension).filter(|name| known.has_several(name)) {
        Some(name) => Err(QueryError::refused(
            Refusal::Evaluation,
            format!(
                "Encountered multi-value dimension [{name}] that cannot be processed with \
                 'groupByEnableMultiValueUnnesting' set to false."
            ),
        )),
        None => Ok(()),
    }
}
