//! How do the values of a block change their kind, and how are some of its rows kept?

use alluvium_segments::{MultiBlock, NumericBlock};

use super::source::{Kind, Values};

impl Values {
    /// Bytes the values take.
    pub(super) fn bytes(&self) -> u64 {
        let bytes = match self {
            Self::Null => 0,
            Self::Long(b) => size_of_val(b.values.as_slice()),
            Self::Float(b) => size_of_val(b.values.as_slice()),
            Self::Double(b) => size_of_val(b.values.as_slice()),
            Self::Ids(ids) => size_of_val(ids.as_slice()),
            Self::Multi(b) => size_of_val(b.offsets.as_slice()) + size_of_val(b.ids.as_slice()),
        };
        bytes as u64
    }

    /// Becomes of a kind, keeping the allocation when it is already.
    pub(crate) fn be(&mut self, kind: Kind) {
        match (kind, &*self) {
            (Kind::Null, Self::Null)
            | (Kind::Long, Self::Long(_))
            | (Kind::Float, Self::Float(_))
            | (Kind::Double, Self::Double(_))
            | (Kind::Ids, Self::Ids(_))
            | (Kind::Multi, Self::Multi(_)) => {}
            (Kind::Null, _) => *self = Self::Null,
            (Kind::Long, _) => *self = Self::Long(NumericBlock::default()),
            (Kind::Float, _) => *self = Self::Float(NumericBlock::default()),
            (Kind::Double, _) => *self = Self::Double(NumericBlock::default()),
            (Kind::Ids, _) => *self = Self::Ids(Vec::new()),
            (Kind::Multi, _) => *self = Self::Multi(MultiBlock::default()),
        }
    }

    pub(super) fn narrow(&mut self, positions: &[u32]) {
        fn numbers<T: Copy>(block: &mut NumericBlock<T>, positions: &[u32]) {
            let old = std::mem::take(&mut block.nulls);
            if old.any() {
                positions.iter().for_each(|p| block.nulls.push(old.is_null(*p as usize)));
            } else {
                block.nulls.push_valid(positions.len());
            }
            pick(&mut block.values, positions);
        }
        match self {
            Self::Null => {}
            Self::Long(block) => numbers(block, positions),
            Self::Float(block) => numbers(block, positions),
            Self::Double(block) => numbers(block, positions),
            Self::Ids(ids) => pick(ids, positions),
            Self::Multi(block) => {
                let mut out = MultiBlock { offsets: vec![0], ids: Vec::new() };
                for p in positions {
                    let (start, end) = (block.offsets[*p as usize], block.offsets[*p as usize + 1]);
                    out.ids.extend_from_slice(&block.ids[start as usize..end as usize]);
                    out.offsets.push(out.ids.len() as u32);
                }
                *block = out;
            }
        }
    }
}

/// Moves the chosen values to the front; positions ascend.
fn pick<T: Copy>(values: &mut Vec<T>, positions: &[u32]) {
    for (to, from) in positions.iter().enumerate() {
        values[to] = values[*from as usize];
    }
    values.truncate(positions.len());
}
