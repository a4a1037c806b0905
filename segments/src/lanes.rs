//! How do the numbers of one block lie on narrow lanes? As unsigned offsets to a common base, 1, 2, 4 or 8 bytes
//! each, so that tests, sums and group keys touch as few bytes as the encoding allows.

use std::cell::RefCell;

use crate::kernel::{self, Lane};

/// Numbers of a block: number `i` is `base + lane i`, wrapping.
#[derive(Debug, Clone, Default)]
pub struct LaneBlock {
    /// What is added to every lane.
    pub base: u64,
    len: usize,
    width: Width,
    b1: Vec<u8>,
    b2: Vec<u16>,
    b4: Vec<u32>,
    b8: Vec<u64>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
enum Width {
    #[default]
    Zero,
    B1,
    B2,
    B4,
    B8,
}

/// The lanes of a block, by width.
#[derive(Debug, Clone, Copy)]
pub enum LaneSlice<'l> {
    /// So many zeroes: all numbers equal the base.
    Zero(usize),
    /// A byte each.
    B1(&'l [u8]),
    /// Two bytes each.
    B2(&'l [u16]),
    /// Four bytes each.
    B4(&'l [u32]),
    /// Eight bytes each.
    B8(&'l [u64]),
}

/// Numbers of a block that repeat: those of rows from the end of the run before up to `ends[i]` are `base` plus lane
/// `i` of the values, wrapping.
#[derive(Debug, Clone, Copy)]
pub struct RunSlice<'l> {
    /// What is added to every lane.
    pub base: u64,
    /// Where each run ends. Checked to ascend and to end with the block.
    pub ends: &'l [u16],
    /// A lane a run.
    pub values: LaneSlice<'l>,
}

/// Runs the same code on lanes of any width but zero.
#[macro_export]
macro_rules! each_lane {
    ($slice:expr, $zero:pat => $none:expr, $lanes:ident => $some:expr) => {
        match $slice {
            $crate::LaneSlice::Zero($zero) => $none,
            $crate::LaneSlice::B1($lanes) => $some,
            $crate::LaneSlice::B2($lanes) => $some,
            $crate::LaneSlice::B4($lanes) => $some,
            $crate::LaneSlice::B8($lanes) => $some,
        }
    };
}

/// Blocks that a thread keeps for its next ones.
const MOST_SPARE: usize = 8;

std::thread_local! {
    static SPARE: RefCell<Vec<LaneBlock>> = const { RefCell::new(Vec::new()) };
}

impl LaneBlock {
    /// One without numbers, with room of another that this thread gave back.
    #[must_use]
    pub fn spare() -> Self {
        SPARE.with_borrow_mut(Vec::pop).map_or_else(Self::default, |mut block| {
            block.fill(0, 0);
            block
        })
    }

    /// Leaves its room to the thread's next block.
    pub fn give_back(self) {
        let used = self.b1.capacity() + self.b2.capacity() + self.b4.capacity() + self.b8.capacity() > 0;
        SPARE.with_borrow_mut(|spare| {
            if used && spare.len() < MOST_SPARE {
                spare.push(self);
            }
        });
    }

    /// The lanes.
    #[must_use]
    pub fn slice(&self) -> LaneSlice<'_> {
        match self.width {
            Width::Zero => LaneSlice::Zero(self.len),
            Width::B1 => LaneSlice::B1(self.b1.get(..self.len).unwrap_or_default()),
            Width::B2 => LaneSlice::B2(self.b2.get(..self.len).unwrap_or_default()),
            Width::B4 => LaneSlice::B4(self.b4.get(..self.len).unwrap_or_default()),
            Width::B8 => LaneSlice::B8(self.b8.get(..self.len).unwrap_or_default()),
        }
    }

    /// Becomes `len` times the base.
    pub(crate) fn fill(&mut self, base: u64, len: usize) {
        (self.base, self.len, self.width) = (base, len, Width::Zero);
    }

    /// Becomes `len` lanes of a byte, with room for `room` (at least `len`) that the caller fills.
    pub(crate) fn bytes(&mut self, base: u64, len: usize, room: usize) -> &mut [u8] {
        (self.base, self.len, self.width) = (base, len, Width::B1);
        sized(&mut self.b1, room)
    }

    /// As [`LaneBlock::bytes`], for lanes of two bytes.
    pub(crate) fn shorts(&mut self, base: u64, len: usize, room: usize) -> &mut [u16] {
        (self.base, self.len, self.width) = (base, len, Width::B2);
        sized(&mut self.b2, room)
    }

    /// As [`LaneBlock::bytes`], for lanes of four bytes.
    pub(crate) fn words(&mut self, base: u64, len: usize, room: usize) -> &mut [u32] {
        (self.base, self.len, self.width) = (base, len, Width::B4);
        sized(&mut self.b4, room)
    }

    /// As [`LaneBlock::bytes`], for lanes of eight bytes.
    pub(crate) fn longs(&mut self, base: u64, len: usize, room: usize) -> &mut [u64] {
        (self.base, self.len, self.width) = (base, len, Width::B8);
        sized(&mut self.b8, room)
    }

    /// Turns numbers of steps into values: number `n` becomes `origin + step * n`, wrapping. Lanes widen as far as the
    /// largest needs.
    pub(crate) fn scale(&mut self, step: u64, origin: u64) {
        let target = match self.width {
            Width::B8 => Width::B8,
            width => {
                let most = self.slice().extremes().map_or(0, |(_, most)| most);
                width_of(most.saturating_mul(step)).max(width)
            }
        };
        self.base = origin.wrapping_add(self.base.wrapping_mul(step));
        let Self { len, width, b1, b2, b4, b8, .. } = self;
        let len = *len;
        match (*width, target) {
            (Width::Zero, _) | (_, Width::Zero) => return,
            (Width::B1, Width::B1) => kernel::multiply_here(sized(b1, len), step),
            (Width::B1, Width::B2) => kernel::multiply(sized(b1, len), step, sized(b2, len)),
            (Width::B1, Width::B4) => kernel::multiply(sized(b1, len), step, sized(b4, len)),
            (Width::B1, Width::B8) => kernel::multiply(sized(b1, len), step, sized(b8, len)),
            (Width::B2, Width::B1 | Width::B2) => kernel::multiply_here(sized(b2, len), step),
            (Width::B2, Width::B4) => kernel::multiply(sized(b2, len), step, sized(b4, len)),
            (Width::B2, Width::B8) => kernel::multiply(sized(b2, len), step, sized(b8, len)),
            (Width::B4, Width::B8) => kernel::multiply(sized(b4, len), step, sized(b8, len)),
            (Width::B4, _) => kernel::multiply_here(sized(b4, len), step),
            (Width::B8, _) => kernel::multiply_here(sized(b8, len), step),
        }
        self.width = target;
    }
}

/// Bytes of lanes that hold a number.
fn width_of(most: u64) -> Width {
    match most {
        0 => Width::Zero,
        0x1..=0xFF => Width::B1,
        0x100..=0xFFFF => Width::B2,
        0x1_0000..=0xFFFF_FFFF => Width::B4,
        _ => Width::B8,
    }
}

/// Room for so many lanes; what is in it is overwritten by the caller, so it is not cleared.
fn sized<T: Copy + Default>(lanes: &mut Vec<T>, room: usize) -> &mut [T] {
    if lanes.len() < room {
        lanes.resize(room, T::default());
    }
    lanes.get_mut(..room).unwrap_or_default()
}

impl LaneSlice<'_> {
    /// Number of lanes.
    #[must_use]
    pub fn len(&self) -> usize {
        each_lane!(*self, n => n, lanes => lanes.len())
    }

    /// Whether there are no lanes.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Lane `i`; 0 beyond the end.
    #[must_use]
    #[inline]
    pub fn get(&self, i: usize) -> u64 {
        each_lane!(*self, _ => 0, lanes => lanes.get(i).map_or(0, |lane| lane.word()))
    }

    /// Sum of all lanes, wrapping.
    #[must_use]
    pub fn sum(&self) -> u64 {
        each_lane!(*self, _ => 0, lanes => kernel::sum(lanes))
    }

    /// Smallest and largest lane.
    #[must_use]
    pub fn extremes(&self) -> Option<(u64, u64)> {
        fn wide<T: Lane>(lanes: &[T]) -> Option<(u64, u64)> {
            kernel::extremes(lanes).map(|(low, high)| (low.word(), high.word()))
        }
        each_lane!(*self, n => (n > 0).then_some((0, 0)), lanes => wide(lanes))
    }

    /// Sets bit `i` of `out` where `low <= lane i <= high`; clears the others. `out` has a word for 64 lanes.
    pub fn mask_range(&self, low: u64, high: u64, out: &mut [u64]) {
        fn clipped<T: Lane>(lanes: &[T], low: u64, high: u64, out: &mut [u64]) {
            if low > high || low > T::MOST {
                return out.fill(0);
            }
            kernel::mask_range(lanes, T::of(low), T::of(high.min(T::MOST)), out);
        }
        each_lane!(*self, n => fill(out, n, low == 0), lanes => clipped(lanes, low, high, out))
    }

    /// Sets bit `i` of `out` where lane `i` less `low`, wrapping as 64 bits, is at most `span`, and clears the others; says
    /// whether it did: such lanes must be neighbours. `out` has a word for 64 lanes.
    pub(crate) fn mask_within(&self, low: u64, span: u64, out: &mut [u64]) -> bool {
        fn most<T: Lane>(_: &[T]) -> u64 {
            T::MOST
        }
        if let LaneSlice::B8(words) = self {
            kernel::mask_span(words, low, span, out);
            return true;
        }
        let most = each_lane!(*self, _ => 0, lanes => most(lanes));
        let Some((low, high)) = lanes_within(low, span, most) else { return false };
        self.mask_range(low, high, out);
        true
    }

    /// Sets bit `i` of `out` where `table[lane i]` is 1 (entries are 0 or 1); clears the others.
    pub fn mask_table(&self, table: &[u8], out: &mut [u64]) {
        let zero = table.first().is_some_and(|flag| *flag != 0);
        each_lane!(*self, n => fill(out, n, zero), lanes => kernel::mask_table(lanes, table, out))
    }
}

/// The lanes `0..=most` that are at most `span` after `low`, wrapping, as first and last (none: in the wrong order);
/// `None` where they are not neighbours.
pub(crate) fn lanes_within(low: u64, span: u64, most: u64) -> Option<(u64, u64)> {
    let (high, wraps) = low.overflowing_add(span);
    match (wraps, low <= most) {
        (false, true) => Some((low, high.min(most))),
        (false, false) => Some((1, 0)),
        (true, false) => Some((0, high.min(most))),
        (true, true) => None,
    }
}

/// Sets or clears the first `len` bits.
fn fill(out: &mut [u64], len: usize, set: bool) {
    out.fill(if set { u64::MAX } else { 0 });
    if set
        && !len.is_multiple_of(64)
        && let Some(last) = out.get_mut(len / 64)
    {
        *last = (1 << (len % 64)) - 1;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn lanes_within_is_the_wrapping_test(low: u64, span: u64, bits in 1u32..64, near in -3i64..3) {
            let most = u64::MAX >> (64 - bits);
            // Bounds near the ends, too.
            for (low, span) in [(low, span), (most.wrapping_add_signed(near), span), (low, low.wrapping_neg().wrapping_add_signed(near))] {
                if let Some((first, last)) = lanes_within(low, span, most) {
                    for lane in [0, 1, low, low.wrapping_sub(1), low.wrapping_add(span), low.wrapping_add(span).wrapping_add(1), most] {
                        if lane <= most {
                            prop_assert_eq!(first <= lane && lane <= last, lane.wrapping_sub(low) <= span);
                        }
                    }
                }
            }
        }
    }
}
