//! Which segments are answered from rows that were aggregated beforehand? For each sealed segment the smallest of its
//! projections that has all the query asks for; its rows are then read in place of the segment's own.

mod fit;
mod reach;

use std::sync::Arc;

use alluvium_segments::time::Interval;
use alluvium_segments::{Projection, ProjectionSpec, RowOrder, Segment, SegmentRef};

use self::fit::{Fit, fit};
use self::reach::{Reach, reach, scope_of_groups};
use crate::QueryError;
use crate::plan::{AggregatePlan, Operator, Plan, ProjectionUse, Scope};

/// Rows to be read, and what is asked of them where that is not what the query asks: groups of a projection.
pub(crate) type Part = (SegmentRef, Option<Arc<AggregatePlan>>);

/// The rows that answer a plan.
#[derive(Debug)]
pub(crate) struct Route {
    /// In the order of the segments.
    pub(crate) parts: Vec<Part>,
    /// Number of segments answered by a projection.
    pub(crate) projected: u64,
    /// The scope of the groups of projections; `None` when there are none.
    pub(crate) scope: Option<Scope>,
}

/// Chooses the rows that answer a plan over segments.
///
/// # Errors
/// When the plan must be answered by projections and a sealed segment has none that does, or one is corrupt.
pub(crate) fn route(plan: &Plan, segments: &[SegmentRef]) -> Result<Route, QueryError> {
    let mut route = Route { parts: Vec::with_capacity(segments.len()), projected: 0, scope: None };
    let mut router = Router { plan, scope: None, known: Vec::new() };
    for segment in segments {
        match router.choose(segment)? {
            None => route.parts.push((segment.clone(), None)),
            Some((groups, asked, intervals)) => {
                route.projected += 1;
                for visible in intervals {
                    let groups = SegmentRef { segment: Arc::clone(&groups), visible, hidden: None };
                    route.parts.push((groups, Some(Arc::clone(&asked))));
                }
            }
        }
    }
    if route.projected > 0 {
        route.scope = router.scope;
    }
    Ok(route)
}

/// Groups, what is asked of them, and when.
type Choice = (Arc<dyn Segment>, Arc<AggregatePlan>, Vec<Interval>);

/// A projection's digest, its spec, and what the query asks of it, if it has that.
type Known = (u32, ProjectionSpec, Option<Arc<Fit>>);

struct Router<'q> {
    plan: &'q Plan,
    /// That of groups, when it was needed.
    scope: Option<Scope>,
    /// What the query asks of each projection that was met, by its digest, if that has it.
    known: Vec<Known>,
}

impl Router<'_> {
    fn choose(&mut self, segment: &SegmentRef) -> Result<Option<Choice>, QueryError> {
        let uses = &self.plan.projections;
        // Rows that are not sealed yet lie as they arrived, and have no projections.
        let sealed = !segment.segment.is_live() && segment.segment.order() == RowOrder::Time;
        if *uses == ProjectionUse::Never || !sealed {
            return Ok(None);
        }
        let mut best: Option<(&Projection, Arc<Fit>, Vec<Interval>)> = None;
        for projection in segment.segment.projections() {
            let rows = best.as_ref().map_or(self.most_rows(segment), |(best, ..)| best.rows());
            let named = match uses {
                ProjectionUse::Named(name) => projection.spec().name == *name,
                _ => true,
            };
            if !named || projection.rows() >= rows {
                continue;
            }
            let Some(fit) = self.fit(projection) else { continue };
            if !fit.holds_for(segment.segment.as_ref())? {
                continue;
            }
            match reach(segment, &self.plan.scope.intervals, &projection.spec().granularity) {
                Reach::Nothing => return Ok(None),
                Reach::Cut => {}
                Reach::Whole(intervals) => best = Some((projection, fit, intervals)),
            }
        }
        match best {
            Some((projection, fit, intervals)) => {
                Ok(Some((projection.segment()?, Arc::clone(&fit.asked), intervals)))
            }
            None if segment.segment.rows() == 0 => Ok(None),
            None => refuse(uses).map(|()| None),
        }
    }

    /// A projection must have fewer rows than this.
    fn most_rows(&self, segment: &SegmentRef) -> u64 {
        match self.plan.projections {
            ProjectionUse::WhereSmaller => segment.segment.rows() as u64,
            _ => u64::MAX,
        }
    }

    fn fit(&mut self, projection: &Projection) -> Option<Arc<Fit>> {
        let (digest, spec) = (projection.digest(), projection.spec());
        // Comparing all of a spec costs more than all else here; one that merely has the digest of another that does not fit
        // is passed over, where the query does not insist.
        let insists = self.plan.projections != ProjectionUse::WhereSmaller;
        let same =
            |known: &&Known| known.0 == digest && ((known.2.is_none() && !insists) || known.1 == *spec);
        if let Some((.., known)) = self.known.iter().find(same) {
            return known.clone();
        }
        let found = match &self.plan.operator {
            Operator::Aggregate(aggregate) => {
                let scope = self.scope.get_or_insert_with(|| scope_of_groups(&self.plan.scope));
                fit(scope, aggregate, spec).map(Arc::new)
            }
            Operator::Rows(_) | Operator::TimeBounds => None,
        };
        self.known.push((digest, spec.clone(), found.clone()));
        found
    }
}

/// Fails where a projection must be used.
fn refuse(uses: &ProjectionUse) -> Result<(), QueryError> {
    match uses {
        ProjectionUse::WhereSmaller | ProjectionUse::Never => Ok(()),
        ProjectionUse::Forced => {
            Err(QueryError::failed("Force projections specified, but none satisfy query"))
        }
        ProjectionUse::Named(name) => {
            Err(QueryError::failed(format!("Projection[{name}] specified, but does not satisfy query")))
        }
    }
}
