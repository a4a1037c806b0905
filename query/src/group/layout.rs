//! Where in a key of one or two words are the codes of its components? Each is multiplied by a stride and added to one of the
//! words, where it fits beside the others.

use super::{GroupLimits, Interner, NarrowTable, Pair};

/// Components of keys: their numbers of codes, and where they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Layout {
    /// For each component its word, what its code is multiplied by, and its number of codes.
    places: Vec<Place>,
    /// The number of keys each word can have.
    products: [u64; 2],
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Place {
    word: usize,
    stride: u64,
    possible: u64,
    /// Whether no other component is above it in its word.
    last: bool,
}

impl Layout {
    /// For components with so many codes each; `None` where they fit no two words.
    pub(crate) fn new(possible: &[u64]) -> Option<Self> {
        let mut products = [1u64; 2];
        let mut places: Vec<Place> = Vec::with_capacity(possible.len());
        for possible in possible.iter().copied() {
            let word = (0..2).find(|word| products[*word].checked_mul(possible).is_some())?;
            places.iter_mut().filter(|place| place.word == word).for_each(|place| place.last = false);
            places.push(Place { word, stride: products[word], possible, last: true });
            products[word] *= possible;
        }
        Some(Self { places, products })
    }

    /// Number of components.
    pub(crate) fn len(&self) -> usize {
        self.places.len()
    }

    /// Whether keys are single words.
    pub(crate) fn is_one_word(&self) -> bool {
        self.products[1] == 1
    }

    /// The number of keys there can be.
    pub(crate) fn possible(&self) -> u128 {
        u128::from(self.products[0]) * u128::from(self.products[1])
    }

    /// The word and the stride of a component.
    fn place(&self, component: usize) -> (usize, u64) {
        self.places.get(component).map_or((0, 0), |place| (place.word, place.stride))
    }

    /// A table for about so many rows.
    pub(crate) fn table(&self, rows: usize, limits: &GroupLimits) -> FewWords {
        if self.is_one_word() {
            FewWords::One(Interner::for_keys(self.possible(), rows, limits))
        } else {
            FewWords::Two(Interner::Narrow(NarrowTable::default()))
        }
    }

    /// The codes of a component of some keys of a table (`None`: all).
    pub(crate) fn codes(&self, table: &FewWords, groups: Option<&[u32]>, component: usize) -> Vec<u64> {
        let Some(Place { word, stride, possible, last }) = self.places.get(component).copied() else {
            return Vec::new();
        };
        fn each(groups: Option<&[u32]>, len: usize, code: impl Fn(usize) -> u64) -> Vec<u64> {
            match groups {
                Some(groups) => groups.iter().map(|group| code(*group as usize)).collect(),
                None => (0..len).map(code).collect(),
            }
        }
        if possible == 1 {
            return vec![0; groups.map_or(table.len(), <[u32]>::len)];
        }
        // Divisions are slow.
        macro_rules! each_code {
            ($keys:expr, $word:expr) => {
                match (stride == 1, last) {
                    (true, true) => each(groups, $keys.len(), $word),
                    (true, false) => each(groups, $keys.len(), |group| $word(group) % possible),
                    (false, true) => each(groups, $keys.len(), |group| $word(group) / stride),
                    (false, false) => each(groups, $keys.len(), |group| $word(group) / stride % possible),
                }
            };
        }
        match table {
            FewWords::One(table) => {
                let keys = table.keys();
                each_code!(keys, |group: usize| keys[group])
            }
            FewWords::Two(table) => {
                let keys = table.keys();
                each_code!(keys, |group: usize| keys[group][word])
            }
        }
    }
}

/// The words of keys while they are made.
#[derive(Debug, Default)]
pub(crate) struct Words {
    /// First words, and second ones where keys have them.
    columns: [Vec<u64>; 2],
    pairs: Vec<Pair>,
}

impl Words {
    /// So many keys of zeroes.
    pub(crate) fn reset(&mut self, layout: &Layout, keys: usize) {
        let [first, second] = &mut self.columns;
        first.clear();
        first.resize(keys, 0);
        second.clear();
        second.resize(if layout.is_one_word() { 0 } else { keys }, 0);
    }

    /// Adds a component's codes.
    pub(crate) fn add(&mut self, layout: &Layout, component: usize, codes: impl Iterator<Item = u64>) {
        let (words, stride) = self.column(layout, component);
        words
            .iter_mut()
            .zip(codes)
            .for_each(|(word, code)| *word = word.wrapping_add(code.wrapping_mul(stride)));
    }

    /// The words of which a component is a part, and what its codes are multiplied by there.
    pub(crate) fn column(&mut self, layout: &Layout, component: usize) -> (&mut [u64], u64) {
        let (word, stride) = layout.place(component);
        (&mut self.columns[word], stride)
    }

    fn pairs(&mut self) -> &[Pair] {
        let [first, second] = &self.columns;
        self.pairs.clear();
        self.pairs.extend(first.iter().zip(second).map(|(a, b)| [*a, *b]));
        &self.pairs
    }
}

/// A table of keys of one or two words.
#[derive(Debug)]
pub(crate) enum FewWords {
    One(Interner),
    Two(Interner<Pair>),
}

impl FewWords {
    /// Number of groups.
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::One(table) => table.len(),
            Self::Two(table) => table.len(),
        }
    }

    /// The groups of keys; replaces `out`.
    pub(crate) fn intern(&mut self, words: &mut Words, out: &mut Vec<u32>) {
        match self {
            Self::One(table) => table.intern(&words.columns[0], out),
            Self::Two(table) => table.intern(words.pairs(), out),
        }
    }

    /// A table of the same kind, where each key is another group.
    pub(crate) fn listed(&self, words: &mut Words) -> Self {
        match self {
            Self::One(_) => Self::One(Interner::Listed(std::mem::take(&mut words.columns[0]))),
            Self::Two(_) => Self::Two(Interner::Listed(words.pairs().to_vec())),
        }
    }

    /// The table, with an empty one left in its place.
    pub(crate) fn take(&mut self) -> Self {
        let empty = match self {
            Self::One(_) => Self::One(Interner::Listed(Vec::new())),
            Self::Two(_) => Self::Two(Interner::Listed(Vec::new())),
        };
        std::mem::replace(self, empty)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn codes_come_back(
            possible in prop::collection::vec(prop_oneof![1u64..5, Just(1 << 20), Just(1 << 40), Just(u64::MAX)], 1..6),
            seeds in prop::collection::vec(any::<u64>(), 1..40),
        ) {
            let Some(layout) = Layout::new(&possible) else {
                let product = possible.iter().fold(1u128, |all, n| all.saturating_mul(u128::from(*n)));
                prop_assert!(product > u128::from(u64::MAX));
                return Ok(());
            };
            let code = |seed: u64, component: usize| super::super::mix(seed ^ component as u64) % possible[component];
            let mut words = Words::default();
            words.reset(&layout, seeds.len());
            for component in 0..layout.len() {
                words.add(&layout, component, seeds.iter().map(|seed| code(*seed, component)));
            }
            let mut table = layout.table(0, &GroupLimits { flat: 100, ..GroupLimits::default() });
            let mut groups = Vec::new();
            table.intern(&mut words, &mut groups);
            for component in 0..layout.len() {
                let codes = layout.codes(&table, Some(&groups), component);
                let wanted: Vec<u64> = seeds.iter().map(|seed| code(*seed, component)).collect();
                prop_assert_eq!(codes, wanted);
                prop_assert_eq!(layout.codes(&table, None, component).len(), table.len());
            }
        }
    }
}
