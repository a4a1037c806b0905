//! How many distinct values were there, in a few KiB? Apache DataSketches' HLL sketch, with values hashed as Druid
//! gives them to its Java library. The sketch is the `datasketches` crate's.

mod bytes;
mod print;
#[cfg(test)]
mod tests;

use std::borrow::Cow;

use datasketches::hash::value::{canonical_float, raw_bytes};
use datasketches::hll::{HllSketch as Registers, HllType, HllUnion};

use crate::sample::std_devs;
use crate::{Bounds, SketchError};

pub use datasketches::hll::Coupon;

const KIND: &str = "HLLSketch";

/// How many bits a register has when it is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum HllTarget {
    /// Four, with the large ones apart.
    #[default]
    Hll4,
    /// Six.
    Hll6,
    /// Eight.
    Hll8,
}

impl HllTarget {
    /// Of Druid's name, in any case.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        let all = [Self::Hll4, Self::Hll6, Self::Hll8];
        all.into_iter().find(|target| target.name().eq_ignore_ascii_case(name))
    }

    /// Druid's name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Hll4 => "HLL_4",
            Self::Hll6 => "HLL_6",
            Self::Hll8 => "HLL_8",
        }
    }

    fn stored(self) -> HllType {
        match self {
            Self::Hll4 => HllType::Hll4,
            Self::Hll6 => HllType::Hll6,
            Self::Hll8 => HllType::Hll8,
        }
    }

    fn of(stored: HllType) -> Self {
        match stored {
            HllType::Hll4 => Self::Hll4,
            HllType::Hll6 => Self::Hll6,
            HllType::Hll8 => Self::Hll8,
        }
    }
}

/// Which bytes of a text are hashed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TextEncoding {
    /// Of its UTF-16 code units, the lower byte first: Druid's default.
    #[default]
    Utf16Le,
    /// Of its UTF-8.
    Utf8,
}

impl TextEncoding {
    /// Of Druid's name, in any case.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        let all = [Self::Utf16Le, Self::Utf8];
        all.into_iter().find(|encoding| encoding.name().eq_ignore_ascii_case(name))
    }

    /// Druid's name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Utf16Le => "utf16le",
            Self::Utf8 => "utf8",
        }
    }
}

/// The hash of a text; `None` of an empty one, which is no value.
#[must_use]
pub fn coupon_of_text(text: &str, encoding: TextEncoding) -> Option<Coupon> {
    let bytes = match encoding {
        TextEncoding::Utf16Le => text.encode_utf16().flat_map(u16::to_le_bytes).collect(),
        TextEncoding::Utf8 => text.as_bytes().to_vec(),
    };
    (!bytes.is_empty()).then(|| Coupon::from_value(raw_bytes::from_vec(bytes)))
}

/// The hash of a long.
#[must_use]
pub fn coupon_of_long(value: i64) -> Coupon {
    Coupon::from_value(value)
}

/// The hash of a double.
#[must_use]
pub fn coupon_of_double(value: f64) -> Coupon {
    Coupon::from_value(canonical_float::from_f64(value))
}

/// An HLL sketch.
#[derive(Debug, Clone)]
pub struct HllSketch {
    lg_k: u8,
    target: HllTarget,
    state: State,
}

/// What is counted with.
#[derive(Debug, Clone)]
enum State {
    /// Values alone.
    Values(Registers),
    /// Sketches were merged.
    Union(HllUnion),
}

impl HllSketch {
    /// Druid's default of `lgK`.
    pub const DEFAULT_LG_K: u8 = 12;

    /// Of no values, with `2^lg_k` registers.
    ///
    /// # Errors
    /// Unless `lg_k` is from 4 to 21.
    pub fn new(lg_k: u8, target: HllTarget) -> Result<Self, SketchError> {
        let registers = Registers::new(lg_k, target.stored());
        let registers =
            registers.map_err(|_| SketchError::parameter(format!("`lgK` is from 4 to 21, not {lg_k}")))?;
        Ok(Self { lg_k, target, state: State::Values(registers) })
    }

    fn registers(&self) -> Cow<'_, Registers> {
        match &self.state {
            State::Values(registers) => Cow::Borrowed(registers),
            State::Union(union) => Cow::Owned(union.to_sketch(self.target.stored())),
        }
    }

    /// Adds a value by its hash.
    pub fn update(&mut self, coupon: Coupon) {
        if let State::Union(union) = &self.state {
            self.state = State::Values(union.to_sketch(self.target.stored()));
        }
        if let State::Values(registers) = &mut self.state {
            registers.update_with_coupon(coupon);
        }
    }

    /// Adds a text; an empty one is no value.
    pub fn update_text(&mut self, text: &str, encoding: TextEncoding) {
        if let Some(coupon) = coupon_of_text(text, encoding) {
            self.update(coupon);
        }
    }

    /// Adds a long.
    pub fn update_long(&mut self, value: i64) {
        self.update(coupon_of_long(value));
    }

    /// Adds a double.
    pub fn update_double(&mut self, value: f64) {
        self.update(coupon_of_double(value));
    }

    /// Adds all values of another: the union, with the registers of the smaller of the two.
    ///
    /// # Errors
    /// Never of sketches that this crate has made.
    pub fn merge(&mut self, other: &Self) -> Result<(), SketchError> {
        if let State::Values(registers) = &self.state {
            let union = HllUnion::new(self.lg_k);
            let mut union = union.map_err(|e| SketchError::mismatch(KIND, e.message()))?;
            union.update(registers);
            self.state = State::Union(union);
        }
        if let State::Union(union) = &mut self.state {
            union.update(&other.registers());
        }
        Ok(())
    }

    /// The union of many, as Druid makes it: at most `2^lg_k` registers, stored as `target`.
    ///
    /// # Errors
    /// Unless `lg_k` is from 4 to 21.
    pub fn union<'a>(
        lg_k: u8,
        target: HllTarget,
        sketches: impl IntoIterator<Item = &'a Self>,
    ) -> Result<Self, SketchError> {
        let mut whole = Self::new(lg_k, target)?;
        sketches.into_iter().try_for_each(|sketch| whole.merge(sketch))?;
        Ok(whole)
    }

    /// The number of distinct values.
    #[must_use]
    pub fn estimate(&self) -> f64 {
        match &self.state {
            State::Values(registers) => registers.estimate(),
            State::Union(union) => union.estimate(),
        }
    }

    /// The estimate, to the next whole number.
    #[must_use]
    pub fn rounded(&self) -> i64 {
        crate::java::round(self.estimate())
    }

    /// The estimate between its bounds.
    ///
    /// # Errors
    /// Unless `std_devs` is 1, 2 or 3.
    pub fn bounds(&self, std_devs: u8) -> Result<Bounds, SketchError> {
        let deviations = self::std_devs(std_devs)?;
        let (lower, upper) = match &self.state {
            State::Values(registers) => {
                (registers.lower_bound(deviations), registers.upper_bound(deviations))
            }
            State::Union(union) => (union.lower_bound(deviations), union.upper_bound(deviations)),
        };
        Ok(Bounds { estimate: self.estimate(), lower, upper })
    }

    /// Whether nothing was ever added.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        match &self.state {
            State::Values(registers) => registers.is_empty(),
            State::Union(union) => union.is_empty(),
        }
    }

    /// The number of registers, as a power of two.
    #[must_use]
    pub fn lg_k(&self) -> u8 {
        match &self.state {
            State::Values(registers) => registers.lg_config_k(),
            State::Union(union) => union.lg_config_k(),
        }
    }

    /// How registers are stored.
    #[must_use]
    pub fn target(&self) -> HllTarget {
        self.target
    }

    /// Apache's compact form.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = self.registers().serialize();
        // Registers of six and eight bits are the same with and without room to grow; Apache's libraries mark them.
        if let Some(flags) = bytes.get_mut(5) {
            *flags |= bytes::COMPACT;
        }
        bytes
    }

    /// Reads Apache's compact and updatable forms.
    ///
    /// # Errors
    /// When the bytes are none, or do not agree with themselves.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, SketchError> {
        let registers = Registers::deserialize(&bytes::checked(bytes)?);
        let registers = registers.map_err(|e| SketchError::corrupt(KIND, e.message()))?;
        let (lg_k, target) = (registers.lg_config_k(), HllTarget::of(registers.target_type()));
        Ok(Self { lg_k, target, state: State::Values(registers) })
    }

    /// Bytes of memory it takes.
    #[must_use]
    pub fn memory_bytes(&self) -> usize {
        size_of::<Self>()
            + match &self.state {
                State::Values(registers) => registers.estimated_size(),
                State::Union(union) => union.estimated_size(),
            }
    }
}
