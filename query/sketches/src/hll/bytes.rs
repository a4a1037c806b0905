//! Are these bytes an HLL sketch? What Apache's forms promise is checked before the sketch is made: coupons and
//! registers in range, exceptions where registers say so, and sums of registers, which Java may leave to be made
//! again.

use super::KIND;
use crate::SketchError;
use crate::bytes::Reader;

/// Flags.
const EMPTY: u8 = 4;
pub(super) const COMPACT: u8 = 8;
const OUT_OF_ORDER: u8 = 16;
const REBUILD: u8 = 32;
/// Bits of a coupon below its value.
const SLOT_BITS: u32 = 26;
/// A register of four bits whose value is kept apart.
const APART: u8 = 15;

/// What all forms begin with.
#[derive(Debug, Clone, Copy)]
struct Head {
    lg_k: u8,
    lg_table: u8,
    flags: u8,
    /// The number of coupons of a list, or the least value of registers.
    state: u8,
    mode: u8,
}

impl Head {
    fn compact(self) -> bool {
        self.flags & COMPACT != 0
    }

    fn to_bytes(self, ints: u8) -> Vec<u8> {
        let flags = self.flags & (EMPTY | OUT_OF_ORDER) | COMPACT;
        vec![ints, 1, 7, self.lg_k, self.lg_table, flags, self.state, self.mode]
    }
}

/// The compact form of the same sketch, in which all is as it should be.
pub(super) fn checked(bytes: &[u8]) -> Result<Vec<u8>, SketchError> {
    let mut reader = Reader::new(KIND, bytes);
    let [ints, version, family, lg_k, lg_table, flags, state, mode] = reader.array()?;
    let head = Head { lg_k, lg_table, flags, state, mode };
    reader.ensure(version == 1 && family == 7, "the family or version is unknown")?;
    reader.ensure((4..=21).contains(&lg_k) && mode >> 2 & 3 < 3, "`lgK` or the type is out of range")?;
    match mode & 3 {
        0 => {
            reader.ensure(ints == 2 && lg_table == 3 && state <= 8, "the list is out of range")?;
            let places = if head.compact() || state == 0 { usize::from(state) } else { 8 };
            let mut list = head.to_bytes(2);
            list.extend(coupons(&mut reader, places, usize::from(state))?);
            Ok(list)
        }
        1 => {
            let fits = ints == 3 && lg_table >= 5 && lg_table + 3 <= lg_k;
            reader.ensure(fits, "the set is out of range")?;
            let count = reader.u32_le()? as usize;
            reader.ensure(count < 1 << lg_table, "the set is full")?;
            let places = if head.compact() { count } else { 1 << lg_table };
            let mut set = head.to_bytes(3);
            set.extend((count as u32).to_le_bytes());
            set.extend(coupons(&mut reader, places, count)?);
            Ok(set)
        }
        2 => {
            reader.ensure(ints == 10, "the preamble has another length")?;
            registers(&mut reader, head)
        }
        _ => Err(reader.corrupt("the mode is unknown")),
    }
}

/// Distinct coupons with a value each, without free places.
fn coupons(reader: &mut Reader, places: usize, count: usize) -> Result<Vec<u8>, SketchError> {
    let size = places * 4;
    let all = reader.take(size)?.as_chunks::<4>().0.iter().map(|coupon| u32::from_le_bytes(*coupon));
    let kept: Vec<u32> = all.filter(|coupon| *coupon != 0).collect();
    let mut sorted = kept.clone();
    sorted.sort_unstable();
    sorted.dedup();
    let valued = sorted.iter().all(|coupon| coupon >> SLOT_BITS > 0);
    reader.ensure(
        valued && sorted.len() == kept.len() && kept.len() == count,
        "the coupons are not as counted",
    )?;
    Ok(kept.into_iter().flat_map(u32::to_le_bytes).collect())
}

fn registers(reader: &mut Reader, head: Head) -> Result<Vec<u8>, SketchError> {
    let k = 1usize << head.lg_k;
    let [history, low, high] = [reader.f64_le()?, reader.f64_le()?, reader.f64_le()?];
    let (at_least, apart) = (reader.u32_le()?, reader.u32_le()? as usize);
    reader.ensure(history >= 0.0 && history.is_finite(), "the estimate is no number")?;
    let least = head.state;
    let mut rest = Vec::new();
    let values = match head.mode >> 2 & 3 {
        0 => {
            reader.ensure(least <= 48 && apart <= k, "the least value is out of range")?;
            let packed = reader.take(k / 2)?;
            let places = if head.compact() { apart } else { table_places(reader, head, apart)? };
            let exceptions = exceptions(reader, places, apart, head.lg_k)?;
            rest.extend(packed);
            exceptions.iter().for_each(|(slot, value)| {
                rest.extend((slot | u32::from(*value) << SLOT_BITS).to_le_bytes());
            });
            four_bits(reader, packed, least, &exceptions)?
        }
        one => {
            reader.ensure(least == 0 && apart == 0, "there are exceptions where none can be")?;
            let packed = reader.take(if one == 1 { k * 3 / 4 + 1 } else { k })?;
            rest.extend(packed);
            if one == 1 { six_bits(packed, k) } else { packed.to_vec() }
        }
    };
    reader.ensure(values.iter().all(|value| *value <= 63), "a register is out of range")?;
    let found = values.iter().filter(|value| **value == least).count() as u32;
    let mut sums = [0.0; 2];
    values.iter().for_each(|value| sums[usize::from(*value >= 32)] += 1.0 / (1u64 << value) as f64);
    let made = head.flags & REBUILD != 0;
    let agree = found == at_least && sums == [low, high];
    reader.ensure(made || agree, "the sums are not those of the registers")?;
    reader.ensure(least == 0 || found > 0, "no register has the least value")?;
    let mut bytes = Head { lg_table: 0, ..head }.to_bytes(10);
    [history, sums[0], sums[1]].iter().for_each(|number| bytes.extend(number.to_le_bytes()));
    [found, apart as u32].iter().for_each(|number| bytes.extend(number.to_le_bytes()));
    bytes.extend(rest);
    Ok(bytes)
}

/// Places of the table of exceptions when free ones are written too.
fn table_places(reader: &Reader, head: Head, apart: usize) -> Result<usize, SketchError> {
    reader.ensure(head.lg_table <= head.lg_k, "the table of exceptions is too large")?;
    Ok(if apart == 0 { 0 } else { 1 << head.lg_table })
}

/// Slots and values of registers that are too large for four bits, ascending.
fn exceptions(
    reader: &mut Reader,
    places: usize,
    count: usize,
    lg_k: u8,
) -> Result<Vec<(u32, u8)>, SketchError> {
    let coupons = coupons(reader, places, count)?;
    let coupons = coupons.as_chunks::<4>().0.iter().map(|coupon| u32::from_le_bytes(*coupon));
    let pair = |coupon: u32| (coupon & ((1 << lg_k) - 1), (coupon >> SLOT_BITS) as u8);
    let mut pairs: Vec<(u32, u8)> = coupons.map(pair).collect();
    pairs.sort_unstable();
    let distinct = pairs.is_sorted_by(|a, b| a.0 < b.0);
    reader.ensure(distinct, "a register has two exceptions")?;
    Ok(pairs)
}

fn four_bits(reader: &Reader, packed: &[u8], least: u8, apart: &[(u32, u8)]) -> Result<Vec<u8>, SketchError> {
    let mut apart = apart.iter().peekable();
    let mut values = Vec::with_capacity(2 * packed.len());
    for (slot, bits) in packed.iter().flat_map(|byte| [byte & 15, byte >> 4]).enumerate() {
        let exception = apart.next_if(|(at, _)| *at as usize == slot);
        let value = match (bits, exception) {
            (APART, Some((_, value))) if *value >= least + APART => *value,
            (APART, _) | (_, Some(_)) => {
                return Err(reader.corrupt("an exception is not where registers say"));
            }
            (bits, None) => least + bits,
        };
        values.push(value);
    }
    reader.ensure(apart.next().is_none(), "an exception has no register")?;
    Ok(values)
}

fn six_bits(packed: &[u8], k: usize) -> Vec<u8> {
    let value = |slot: usize| {
        let (byte, shift) = (slot * 6 / 8, slot * 6 % 8);
        let next = packed.get(byte + 1).copied().unwrap_or(0);
        (u16::from_le_bytes([packed[byte], next]) >> shift) as u8 & 63
    };
    (0..k).map(value).collect()
}
