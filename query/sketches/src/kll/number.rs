//! Which numbers does a KLL sketch take? Doubles and floats.

use std::fmt::Debug;

use datasketches::kll::{KllFloat, KllValue};

use crate::bytes::Reader;
use crate::{SketchError, java};

/// A number that a sketch takes.
pub trait Number: Copy {
    /// What the sketch keeps.
    type Item: KllValue + Ord + Copy + Debug;
    /// Druid's name of the complex type.
    const KIND: &'static str;
    /// Bytes of an item.
    const BYTES: usize;

    /// The item of a number that is not NaN.
    fn item(self) -> Option<Self::Item>;
    /// The value of an item.
    fn value(item: Self::Item) -> f64;
    /// An item from bytes.
    #[doc(hidden)]
    #[allow(private_interfaces, reason = "the module is private: the trait is sealed")]
    fn read(reader: &mut Reader) -> Result<f64, SketchError>;
    /// As Java prints it.
    fn text(value: f64) -> String;
}

impl Number for f64 {
    type Item = KllFloat<f64>;
    const KIND: &'static str = "KllDoublesSketch";
    const BYTES: usize = 8;

    fn item(self) -> Option<Self::Item> {
        KllFloat::<f64>::new(self).ok()
    }

    fn value(item: Self::Item) -> f64 {
        item.into_inner()
    }

    #[allow(private_interfaces, reason = "the module is private: the trait is sealed")]
    fn read(reader: &mut Reader) -> Result<f64, SketchError> {
        reader.f64_le()
    }

    fn text(value: f64) -> String {
        java::double_text(value)
    }
}

impl Number for f32 {
    type Item = KllFloat<f32>;
    const KIND: &'static str = "KllFloatsSketch";
    const BYTES: usize = 4;

    fn item(self) -> Option<Self::Item> {
        KllFloat::<f32>::new(self).ok()
    }

    fn value(item: Self::Item) -> f64 {
        f64::from(item.into_inner())
    }

    #[allow(private_interfaces, reason = "the module is private: the trait is sealed")]
    fn read(reader: &mut Reader) -> Result<f64, SketchError> {
        Ok(f64::from(reader.f32_le()?))
    }

    fn text(value: f64) -> String {
        java::float_text(value as f32)
    }
}
