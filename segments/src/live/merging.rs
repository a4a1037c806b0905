//! How do states of aggregators become one while rows are rolled up? All states of a group that a batch brings at once,
//! by the recipe of their metric.

use std::fmt;

use hashbrown::HashMap;

use super::ids::Ids;
use crate::combine::refused;
use crate::dictionary::GrowingDictionary;
use crate::{ColumnSpec, CombineStates, Combining, SegmentError};

/// The recipes met so far.
pub(crate) struct Merging {
    combining: Combining,
    known: HashMap<String, Box<dyn CombineStates + Send>>,
}

impl fmt::Debug for Merging {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.known.keys()).finish()
    }
}

impl Merging {
    pub(crate) fn new(combining: Combining) -> Self {
        Self { combining, known: HashMap::new() }
    }

    /// Makes one state of each group's and puts it in the group's row.
    pub(crate) fn apply(
        &mut self,
        spec: &ColumnSpec,
        groups: Vec<(u32, Vec<u32>)>,
        dictionary: &mut GrowingDictionary,
        rows: &mut Ids,
    ) -> Result<(), SegmentError> {
        if groups.is_empty() {
            return Ok(());
        }
        let recipe = spec.recipe().unwrap_or_default();
        if !self.known.contains_key(recipe) {
            let combine = (self.combining)(recipe).map_err(|reason| refused(&spec.name, &reason))?;
            self.known.insert(recipe.to_owned(), combine);
        }
        let Some(combine) = self.known.get(recipe) else { return Ok(()) };
        for (group, ids) in groups {
            let id = match ids.as_slice() {
                [one] => *one,
                several => {
                    let mut texts = several.iter().map(|id| dictionary.text(*id));
                    let text = combine.combine(&mut texts).map_err(|reason| refused(&spec.name, &reason))?;
                    dictionary.intern(&text)
                }
            };
            rows.set_single(group as usize, id);
        }
        Ok(())
    }
}
