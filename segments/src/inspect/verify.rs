//! Is a file what was written? Every section, and everything that follows from its values.

use serde::Serialize;

use crate::mapped::{MappedSegment, Problem};

/// One section of a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SectionCheck {
    /// The column it belongs to or whose leaves it holds, or the projection it holds.
    pub column: String,
    /// What it holds.
    pub section: String,
    /// First byte in the file.
    pub offset: u64,
    /// Bytes of its content.
    pub bytes: u64,
    /// Checksums it has.
    pub granules: usize,
    /// The first granule whose checksum does not match, if any.
    pub first_bad_granule: Option<usize>,
}

/// What verifying a file has shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Verification {
    /// Whether nothing is wrong.
    pub ok: bool,
    /// The sections in file order.
    pub sections: Vec<SectionCheck>,
    /// Everything that is wrong.
    pub problems: Vec<Problem>,
}

/// Compares every checksum and decodes every block of an open file. (A file with a damaged header, footer or
/// trailer cannot be opened; the error of opening says where.)
#[must_use]
pub fn verify(segment: &MappedSegment) -> Verification {
    let problems = segment.verify();
    Verification { ok: problems.is_empty(), sections: segment.section_checks(), problems }
}
