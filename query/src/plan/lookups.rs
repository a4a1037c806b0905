//! Which registered lookups does a plan name? Before it runs, what each name stands for is put beside it.

use std::collections::BTreeMap;
use std::sync::Arc;

use alluvium_expression::{FindLookup, UnknownLookup};
use alluvium_segments::catalog::{LoadedLookup, Lookup};

use super::{
    AggregateFunction, AggregatePlan, AggregatorPlan, DimensionPlan, DimensionTransform, Input, Operator,
    Plan, Scope, VirtualColumn, VirtualSource,
};
use crate::QueryError;

/// A lookup by name among those of a snapshot.
pub(crate) fn find_among(
    lookups: &BTreeMap<String, LoadedLookup>,
    name: &str,
) -> Result<Arc<Lookup>, UnknownLookup> {
    let found = lookups.get(name).map(|loaded| Arc::clone(&loaded.lookup));
    found.ok_or_else(|| UnknownLookup(name.to_owned()))
}

impl From<UnknownLookup> for QueryError {
    fn from(error: UnknownLookup) -> Self {
        Self::Internal(error.to_string())
    }
}

impl Plan {
    /// The plan with what its names of lookups stand for.
    ///
    /// # Errors
    /// For a name that is none.
    pub(crate) fn with_lookups(
        mut self,
        lookups: &BTreeMap<String, LoadedLookup>,
    ) -> Result<Self, QueryError> {
        let mut loads = Vec::new();
        self.bind_lookups(&mut |name| {
            let found = find_among(lookups, name)?;
            loads.push(found.load());
            Ok(found)
        })?;
        self.scope.lookups = loads;
        Ok(self)
    }

    /// Puts the lookups it names beside their names.
    pub(crate) fn bind_lookups(&mut self, find: &mut FindLookup<'_>) -> Result<(), UnknownLookup> {
        self.scope.bind_lookups(find)?;
        match &mut self.operator {
            Operator::Aggregate(plan) => plan.bind_lookups(find),
            Operator::Rows(rows) => {
                let mut shown = rows.columns.iter_mut().filter_map(|column| column.shown.as_mut());
                shown.try_for_each(|shown| shown.expression.bind_lookups(find))
            }
            Operator::TimeBounds => Ok(()),
        }
    }
}

impl Scope {
    fn bind_lookups(&mut self, find: &mut FindLookup<'_>) -> Result<(), UnknownLookup> {
        self.virtual_columns.iter_mut().try_for_each(|column| column.bind_lookups(find))?;
        self.filter.iter_mut().try_for_each(|filter| filter.bind_lookups(find))
    }
}

impl VirtualColumn {
    /// Puts the lookups it names beside their names.
    pub(crate) fn bind_lookups(&mut self, find: &mut FindLookup<'_>) -> Result<(), UnknownLookup> {
        match &mut self.source {
            VirtualSource::Expression { expression, .. } | VirtualSource::Declared { expression, .. } => {
                expression.bind_lookups(find)
            }
            VirtualSource::Existing { .. } | VirtualSource::Values { .. } => Ok(()),
        }
    }
}

impl AggregatePlan {
    /// Puts the lookups it names beside their names.
    pub(crate) fn bind_lookups(&mut self, find: &mut FindLookup<'_>) -> Result<(), UnknownLookup> {
        self.dimensions.iter_mut().try_for_each(|dimension| dimension.bind_lookups(find))?;
        self.aggregators.iter_mut().try_for_each(|aggregator| aggregator.bind_lookups(find))
    }
}

impl DimensionPlan {
    /// Puts the lookups it names beside their names.
    pub(crate) fn bind_lookups(&mut self, find: &mut FindLookup<'_>) -> Result<(), UnknownLookup> {
        self.input.bind_lookups(find)?;
        self.transforms.iter_mut().try_for_each(|transform| match transform {
            DimensionTransform::Extract(function) => function.bind_lookups(find),
            DimensionTransform::Keep(_) => Ok(()),
        })
    }
}

impl Input {
    fn bind_lookups(&mut self, find: &mut FindLookup<'_>) -> Result<(), UnknownLookup> {
        match self {
            Self::Column(_) => Ok(()),
            Self::Expression(expression) => expression.bind_lookups(find),
        }
    }
}

impl AggregatorPlan {
    fn bind_lookups(&mut self, find: &mut FindLookup<'_>) -> Result<(), UnknownLookup> {
        use AggregateFunction as F;
        self.filter.iter_mut().try_for_each(|filter| filter.bind_lookups(find))?;
        match &mut self.function {
            F::Count | F::Grouping(_) => Ok(()),
            F::CountNonNull(input)
            | F::SumOfCounts(input)
            | F::Sum(_, input)
            | F::Min(_, input)
            | F::Max(_, input)
            | F::Mean(input)
            | F::First { input, .. }
            | F::Last { input, .. }
            | F::Any { input, .. }
            | F::Quantile(input, _) => input.bind_lookups(find),
            F::Cardinality { fields, .. } => fields.iter_mut().try_for_each(|field| field.bind_lookups(find)),
            F::Summary { field, rest, .. } => {
                field.bind_lookups(find)?;
                rest.iter_mut().try_for_each(|input| input.bind_lookups(find))
            }
            F::ExactDistinct(field) => field.bind_lookups(find),
            F::Fold(fold) => {
                fold.fold.bind_lookups(find)?;
                fold.combine.bind_lookups(find)?;
                fold.finalize.iter_mut().try_for_each(|finalize| finalize.bind_lookups(find))
            }
            F::Single(_) => Ok(()),
        }
    }
}
