//! Which segments' partial results are known already? As bytes, by what was asked of which rows of which segment.

use std::sync::{Arc, Weak};

use alluvium_segments::{Segment, SegmentRef};

use super::key::{PartKey, Question, address, seen};
use super::store::Store;
use super::{CacheCounts, CacheLimits, is_settled};
use crate::QueryError;
use crate::plan::{AggregatePlan, CacheUse, Operator, Plan, Scope};
use crate::projection::Part;

/// Partial results of sealed segments.
#[derive(Debug)]
pub(crate) struct Partials {
    store: Store<PartKey, Held>,
    limits: CacheLimits,
}

/// A result. While it is held, no other segment can have the address in its key.
#[derive(Debug, Clone)]
struct Held {
    _owner: Weak<dyn Segment>,
    bytes: Arc<Vec<u8>>,
}

/// Where the result of one segment will be kept.
#[derive(Debug)]
pub(crate) struct Place {
    cache: Arc<Partials>,
    key: PartKey,
    owner: Weak<dyn Segment>,
}

/// What is known of a part.
#[derive(Debug)]
pub(crate) enum Found {
    /// Its result.
    Known(Arc<Vec<u8>>),
    /// Where its result belongs.
    Wanted(Place),
    /// It is not to be kept.
    Nothing,
}

impl Partials {
    /// A cache; `None` when nothing may use it.
    pub(crate) fn new(limits: &CacheLimits) -> Option<Arc<Self>> {
        let limits = limits.clone();
        (!limits.is_off()).then(|| Arc::new(Self { store: Store::new(limits.bytes), limits }))
    }

    /// For a plan that may use it.
    pub(crate) fn session<'p>(self: &Arc<Self>, plan: &'p Plan) -> Option<Session<'p>> {
        let Operator::Aggregate(aggregate) = &plan.operator else { return None };
        let allowed = plan.caching.and(self.limits.allowed);
        let cache = Arc::clone(self);
        (!allowed.is_none()).then(|| Session { cache, allowed, plan, aggregate, questions: Vec::new() })
    }

    /// What it holds.
    pub(crate) fn counts(&self) -> CacheCounts {
        self.store.counts()
    }
}

/// The use that one plan makes of the cache.
#[derive(Debug)]
pub(crate) struct Session<'p> {
    cache: Arc<Partials>,
    allowed: CacheUse,
    plan: &'p Plan,
    aggregate: &'p AggregatePlan,
    /// What is asked of rows, and of the groups of each kind of projection (by address).
    questions: Vec<(usize, Question)>,
}

impl Session<'_> {
    /// Looks for the result of a part; `groups` is the scope of the groups of projections.
    ///
    /// # Errors
    /// When the plan does not serialise.
    pub(crate) fn find(&mut self, part: &Part, groups: Option<&Scope>) -> Result<Found, QueryError> {
        let (segment, asked) = part;
        if !is_settled(segment) {
            return Ok(Found::Nothing);
        }
        let (scope, plan) = match (asked, groups) {
            (Some(asked), Some(groups)) => (groups, asked.as_ref()),
            _ => (&self.plan.scope, self.aggregate),
        };
        let key = match self.key(segment, scope, plan)? {
            Some(key) => key,
            None => return Ok(Found::Nothing),
        };
        if self.allowed.read
            && let Some(held) = self.cache.store.get(&key, |_| true)
        {
            return Ok(Found::Known(held.bytes));
        }
        if !self.allowed.fill {
            return Ok(Found::Nothing);
        }
        Ok(Found::Wanted(Place {
            cache: Arc::clone(&self.cache),
            key,
            owner: Arc::downgrade(&segment.segment),
        }))
    }

    fn key(
        &mut self,
        segment: &SegmentRef,
        scope: &Scope,
        plan: &AggregatePlan,
    ) -> Result<Option<PartKey>, QueryError> {
        let seen = seen(segment, &scope.intervals);
        if seen.is_empty() {
            return Ok(None);
        }
        let at = std::ptr::from_ref(plan) as usize;
        let known = self.questions.iter().position(|(known, _)| *known == at);
        let known = match known {
            Some(known) => known,
            None => {
                self.questions.push((at, Question::new(scope, plan)?));
                self.questions.len() - 1
            }
        };
        let asked = self.questions.get_mut(known).map(|(_, question)| question.of(&seen));
        Ok(asked.map(|asked| PartKey { asked, segment: address(segment), seen }))
    }
}

impl Place {
    /// Keeps the result, if it is not too large.
    pub(crate) fn put(self, mut bytes: Vec<u8>) {
        bytes.shrink_to_fit();
        if bytes.len() > self.cache.limits.entry_bytes {
            return;
        }
        let Self { cache, key, owner } = self;
        // Keys of one question share its text; to count it for each is to err on the safe side.
        let size = bytes.len() + key.asked.len() + key.seen.len() * 16;
        cache.store.put(key, Held { _owner: owner, bytes: Arc::new(bytes) }, size);
    }
}
