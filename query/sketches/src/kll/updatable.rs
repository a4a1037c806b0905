//! How is a KLL sketch read that was stored with room to grow? By leaving out the free places, which makes its
//! compact form.

use super::number::Number;
use crate::SketchError;
use crate::bytes::Reader;

/// The serial version of the form with room to grow.
pub(super) const VERSION: u8 = 3;
/// Flags.
const EMPTY: u8 = 1;
const SORTED: u8 = 2;
const SINGLE: u8 = 4;

/// The compact form of the same sketch.
pub(super) fn compact<N: Number>(bytes: &[u8]) -> Result<Vec<u8>, SketchError> {
    let mut reader = Reader::new(N::KIND, bytes);
    let [_, _, family, flags, k0, k1, m, _] = reader.array()?;
    let head = |ints, version, flags| vec![ints, version, family, flags, k0, k1, m, 0];
    let count = reader.u64_le()?;
    let rest: [u8; 4] = reader.array()?;
    let levels = usize::from(rest[2]);
    let offsets = (0..=levels).map(|_| reader.u32_le()).collect::<Result<Vec<u32>, _>>()?;
    let bounds = reader.take(2 * N::BYTES)?;
    let free = offsets.first().map_or(0, |first| *first as usize);
    let end = offsets.last().map_or(0, |last| *last as usize);
    reader.take(free.saturating_mul(N::BYTES))?;
    let items = reader.take(end.saturating_sub(free).saturating_mul(N::BYTES))?;
    Ok(match count {
        0 => head(2, 1, EMPTY),
        1 => [head(2, 2, SINGLE | flags & SORTED).as_slice(), items].concat(),
        _ => {
            let mut compact = head(5, 1, flags & SORTED);
            compact.extend(count.to_le_bytes());
            compact.extend(rest);
            offsets.iter().take(levels).for_each(|offset| compact.extend(offset.to_le_bytes()));
            compact.extend(bounds);
            compact.extend(items);
            compact
        }
    })
}
