//! Where are plans kept? By shape, in two generations: what is used moves to the young one, and when that is full
//! the old one goes.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use alluvium_segments::ColumnSpec;
use alluvium_segments::catalog::Snapshot;
use chrono_tz::Tz;
use datafusion::logical_expr::LogicalPlan;
use parking_lot::Mutex;

use super::holes::{Hole, Values};
use super::shape::{Shape, Written};
use crate::cache::Tables;
use crate::sql::direct::Direct;
use crate::sql::planner::Made;
use crate::sql::types::Typed;

/// Shapes of a generation.
const SHAPES: usize = 256;
/// Plans of a shape: those that differ by literals that are part of the plan.
const PLANS: usize = 16;

/// A datasource a plan was made for.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Known {
    pub(crate) name: String,
    pub(crate) columns: Vec<ColumnSpec>,
}

/// A plan, ready to run.
#[derive(Debug)]
pub(crate) struct Prepared {
    /// All its leaves are segment work.
    pub(crate) plan: LogicalPlan,
    /// The same without operators of DataFusion, where that is possible.
    pub(crate) direct: Option<Arc<Direct>>,
    /// The types of its columns.
    pub(crate) types: Arc<[Typed]>,
    /// Operators over a datasource that did not translate.
    pub(crate) fallbacks: usize,
    zone: Tz,
    holes: BTreeMap<usize, Hole>,
    /// Literals that are part of the plan.
    fixed: Vec<(usize, Written)>,
    tables: Vec<Known>,
    /// Whether rows of tables about tables are part of it.
    metadata: bool,
    /// The snapshot the tables were last compared with.
    seen: AtomicU64,
}

impl Prepared {
    /// A plan for any values of its holes, as of a snapshot.
    pub(crate) fn new(made: Made, snapshot: &Snapshot) -> Self {
        let Made { plan, types, fallbacks, used } = made;
        let direct = Direct::of(&plan).map(Arc::new);
        let seen = AtomicU64::new(snapshot.generation);
        let (holes, fixed, tables) = (BTreeMap::new(), Vec::new(), used.datasources.clone());
        let metadata = used.metadata;
        let types = types.into();
        Self { plan, direct, types, fallbacks, zone: Tz::UTC, holes, fixed, tables, metadata, seen }
    }

    /// Whether its rows are all in the statement.
    pub(crate) fn reads_nothing(&self) -> bool {
        self.tables.is_empty() && !self.metadata
    }

    /// The tables it was made for, which all its rows come from; `None` when some do not.
    pub(crate) fn tables(&self) -> Option<Tables> {
        let tables = self.tables.iter().map(|known| (known.name.clone(), known.columns.clone()));
        (!self.metadata).then(|| Tables(tables.collect()))
    }

    /// Says which literals of a shape it has holes for; it is for texts that have the others in common.
    pub(crate) fn for_shape(mut self, shape: &Shape, zone: Tz, holes: BTreeMap<usize, Hole>) -> Self {
        let literals = shape.literals.iter().enumerate();
        let fixed = literals.filter(|(at, _)| !holes.contains_key(at));
        self.fixed = fixed.map(|(at, literal)| (at, literal.value.clone())).collect();
        (self.zone, self.holes) = (zone, holes);
        self
    }

    fn is_for(&self, shape: &Shape) -> bool {
        self.fixed.iter().all(|(at, written)| shape.literals.get(*at).is_some_and(|l| l.value == *written))
    }

    fn is_current(&self, snapshot: &Snapshot) -> bool {
        let found: Option<Vec<_>> = self.tables.iter().map(|t| snapshot.datasource(&t.name)).collect();
        let Some(found) = found else { return false };
        let same_snapshot = self.seen.load(Ordering::Relaxed) == snapshot.generation;
        if same_snapshot && found.iter().all(|d| d.live.is_empty()) {
            return true;
        }
        let same = found.iter().zip(&self.tables).all(|(d, known)| d.current_columns() == known.columns);
        if same {
            self.seen.store(snapshot.generation, Ordering::Relaxed);
        }
        same
    }
}

type Plans = Vec<Arc<Prepared>>;

#[derive(Debug, Default)]
struct Generations {
    young: HashMap<String, Plans>,
    old: HashMap<String, Plans>,
}

/// The plans that are kept.
#[derive(Debug, Default)]
pub(crate) struct Cache {
    generations: Mutex<Generations>,
}

impl Cache {
    /// The plan for a statement, and the values it runs with.
    pub(crate) fn get(&self, shape: &Shape, snapshot: &Snapshot) -> Option<(Arc<Prepared>, Values)> {
        let prepared = {
            let mut generations = self.generations.lock();
            let plans = generations.plans(&shape.key)?;
            Arc::clone(plans.iter().find(|p| p.is_for(shape))?)
        };
        if !prepared.is_current(snapshot) {
            return None;
        }
        let values = Values::new(&shape.literals, prepared.zone);
        values.fit(&prepared.holes).then_some((prepared, values))
    }

    /// Keeps a plan, where it may be kept, instead of the one there is for the same literals.
    pub(crate) fn put(&self, shape: &Shape, prepared: Prepared, keep: bool) -> Arc<Prepared> {
        let prepared = Arc::new(prepared);
        if !keep {
            return prepared;
        }
        let mut generations = self.generations.lock();
        if generations.plans(&shape.key).is_none() {
            if generations.young.len() >= SHAPES {
                generations.old = std::mem::take(&mut generations.young);
            }
            generations.young.insert(shape.key.clone(), Vec::new());
        }
        if let Some(plans) = generations.plans(&shape.key) {
            plans.retain(|p| !p.is_for(shape));
            if plans.len() >= PLANS {
                plans.remove(0);
            }
            plans.push(Arc::clone(&prepared));
        }
        prepared
    }
}

impl Generations {
    /// The plans of a shape; they become young.
    fn plans(&mut self, key: &str) -> Option<&mut Plans> {
        if let Some((key, plans)) = self.old.remove_entry(key) {
            self.young.insert(key, plans);
        }
        self.young.get_mut(key)
    }
}
