//! How is a byte of a segment file used? After its checksum was compared, once: header, trailer and footer at
//! opening, each granule of a section before its first use.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::footer::{Footer, SectionEntry};
use super::layout::{
    ALIGNMENT, END_MAGIC, GRANULE_BYTES, HEADER_BYTES, MAGIC, OLDEST_VERSION, TRAILER_BYTES, Trailer,
    VERSION, header,
};
use super::map::{Bytes, OpenMode};
use crate::SegmentError;
use crate::encoding::Damage;

/// The bytes of an open segment file, or of one that is a section of another, and which of them are known to be good.
#[derive(Debug)]
pub(crate) struct FileBytes {
    path: PathBuf,
    bytes: Arc<Bytes>,
    version: u32,
    /// Which of the bytes are its own.
    range: Range<usize>,
    sections: Vec<SectionEntry>,
    granules: Vec<u32>,
    verified: Vec<AtomicU64>,
}

/// Granules that a section of this length has.
pub(super) fn granules_of(bytes: u64) -> u64 {
    bytes.next_multiple_of(ALIGNMENT as u64).div_ceil(GRANULE_BYTES as u64)
}

impl FileBytes {
    /// Opens a file and checks header, trailer, footer and where the sections are.
    pub(crate) fn open(path: &Path, mode: OpenMode) -> Result<(Self, Footer), SegmentError> {
        let bytes = Arc::new(Bytes::open(path, mode)?);
        let range = 0..bytes.len();
        Self::of(path, bytes, range)
    }

    /// Opens the file that is a section of this one, over the same bytes.
    pub(crate) fn open_section(&self, section: usize) -> Result<(Self, Footer), SegmentError> {
        let place = self.sections.get(section).and_then(|s| {
            let start = self.range.start.checked_add(usize::try_from(s.offset).ok()?)?;
            Some(start..start.checked_add(usize::try_from(s.bytes).ok()?)?)
        });
        let range = place.filter(|place| place.end <= self.range.end).ok_or_else(|| {
            self.corrupt(section, 0, Damage::new(format!("section {section} in the file"), "none"))
        })?;
        Self::of(&self.path, Arc::clone(&self.bytes), range)
    }

    fn of(path: &Path, shared: Arc<Bytes>, range: Range<usize>) -> Result<(Self, Footer), SegmentError> {
        let bytes = shared.get(range.clone()).unwrap_or_default();
        let corrupt = |at: usize, damage| corrupt(path, (range.start + at) as u64, damage);
        let version = check_header(bytes).map_err(|(at, damage)| corrupt(at, damage))?;
        let trailer = read_trailer(bytes, version).map_err(|(at, damage)| corrupt(at, damage))?;
        let start = trailer.footer_offset as usize;
        let end = bytes.len() - TRAILER_BYTES;
        let content = start.checked_add(trailer.footer_bytes as usize).filter(|e| *e == end);
        let content = content.and_then(|end| bytes.get(start..end)).ok_or_else(|| {
            let found = format!("{} bytes at {start}", trailer.footer_bytes);
            corrupt(end, Damage::new("a footer that ends where the trailer starts", found))
        })?;
        let checksum = crc32c::crc32c(content);
        if checksum != trailer.footer_checksum {
            let expected = format!("footer checksum {:08x}", trailer.footer_checksum);
            return Err(corrupt(start, Damage::new(expected, format!("{checksum:08x}"))));
        }
        let mut footer = Footer::from_bytes(content).map_err(|(at, damage)| corrupt(start + at, damage))?;
        check_sections(&footer, start).map_err(|damage| corrupt(start, damage))?;
        let granules = std::mem::take(&mut footer.granules);
        let verified = (0..granules.len().div_ceil(64)).map(|_| AtomicU64::new(0)).collect();
        let sections = footer.sections.clone();
        let path = path.to_owned();
        Ok((Self { path, bytes: shared, version, range, sections, granules, verified }, footer))
    }

    /// The format version of the file.
    pub(crate) fn version(&self) -> u32 {
        self.version
    }

    /// Its own bytes.
    fn own(&self) -> &[u8] {
        self.bytes.get(self.range.clone()).unwrap_or_default()
    }

    /// Where the file is.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Length of the file.
    pub(crate) fn len(&self) -> u64 {
        self.range.len() as u64
    }

    /// Length of a section's content.
    pub(crate) fn section_bytes(&self, section: usize) -> usize {
        self.sections.get(section).map_or(0, |s| s.bytes as usize)
    }

    /// Bytes of a section, checked before their first use.
    #[inline]
    pub(crate) fn read(&self, section: usize, range: Range<usize>) -> Result<&[u8], SegmentError> {
        self.known(section, &range).map_or_else(|| self.checked(section, range), Ok)
    }

    /// Bytes that lie in one granule and were checked before.
    #[inline]
    fn known(&self, section: usize, range: &Range<usize>) -> Option<&[u8]> {
        let entry = self.sections.get(section)?;
        if range.start > range.end || range.end as u64 > entry.bytes {
            return None;
        }
        let granule = range.start / GRANULE_BYTES;
        if range.end > (granule + 1) * GRANULE_BYTES {
            return None;
        }
        let number = entry.first_granule as usize + granule;
        if self.verified.get(number / 64)?.load(Ordering::Acquire) >> (number % 64) & 1 == 0 {
            return None;
        }
        let start = self.range.start + entry.offset as usize;
        self.bytes.get(start + range.start..start + range.end)
    }

    #[cold]
    fn checked(&self, section: usize, range: Range<usize>) -> Result<&[u8], SegmentError> {
        let outside = || {
            let expected = format!("bytes {range:?} of section {section}");
            self.corrupt(section, 0, Damage::new(expected, format!("{} bytes", self.section_bytes(section))))
        };
        let entry = self.sections.get(section).ok_or_else(outside)?;
        if range.start > range.end || range.end as u64 > entry.bytes {
            return Err(outside());
        }
        for granule in range.start / GRANULE_BYTES..range.end.div_ceil(GRANULE_BYTES) {
            self.check_granule(section, entry, granule)?;
        }
        let start = entry.offset as usize;
        self.own().get(start + range.start..start + range.end).ok_or_else(outside)
    }

    /// Compares the checksum of one granule of a section, unless that was done before.
    fn check_granule(
        &self,
        section: usize,
        entry: &SectionEntry,
        granule: usize,
    ) -> Result<(), SegmentError> {
        let number = entry.first_granule as usize + granule;
        let (word, bit) = (number / 64, 1u64 << (number % 64));
        if self.verified.get(word).is_some_and(|w| w.load(Ordering::Acquire) & bit != 0) {
            return Ok(());
        }
        self.compare_granule(section, granule)?;
        if let Some(word) = self.verified.get(word) {
            word.fetch_or(bit, Ordering::Release);
        }
        Ok(())
    }

    /// Compares the checksum of one granule with its bytes as they are now.
    pub(crate) fn compare_granule(&self, section: usize, granule: usize) -> Result<(), SegmentError> {
        let missing = || self.corrupt(section, 0, Damage::new(format!("granule {granule}"), "none"));
        let entry = self.sections.get(section).ok_or_else(missing)?;
        let length = (entry.bytes as usize).next_multiple_of(ALIGNMENT);
        let from = granule * GRANULE_BYTES;
        let start = entry.offset as usize + from;
        let end = entry.offset as usize + length.min(from + GRANULE_BYTES);
        let content = self.own().get(start..end).ok_or_else(missing)?;
        let expected = self.granules.get(entry.first_granule as usize + granule).ok_or_else(missing)?;
        let found = crc32c::crc32c(content);
        if found != *expected {
            let damage = Damage::new(format!("checksum {expected:08x}"), format!("{found:08x}"));
            return Err(self.corrupt(section, from, damage));
        }
        Ok(())
    }

    /// Number of granules of a section.
    pub(crate) fn granule_count(&self, section: usize) -> usize {
        self.sections.get(section).map_or(0, |s| granules_of(s.bytes) as usize)
    }

    /// The error for damage found at an offset of a section.
    pub(crate) fn corrupt(&self, section: usize, offset: usize, damage: Damage) -> SegmentError {
        let start = self.sections.get(section).map_or(0, |s| s.offset);
        corrupt(&self.path, self.range.start as u64 + start + offset as u64, damage)
    }

    /// Damage between the sections: bytes that no checksum covers must be zero.
    pub(crate) fn check_gaps(&self, footer_start: u64) -> Result<(), SegmentError> {
        let mut at = HEADER_BYTES as u64;
        for (start, bytes) in self.sections.iter().map(|s| (s.offset, s.bytes)).chain([(footer_start, 0)]) {
            let gap = self.own().get(at as usize..start as usize).unwrap_or_default();
            if let Some(bad) = gap.iter().position(|b| *b != 0) {
                let at = self.range.start as u64 + at + bad as u64;
                return Err(corrupt(&self.path, at, Damage::new("zeroes", "other bytes")));
            }
            at = start + bytes.next_multiple_of(ALIGNMENT as u64);
        }
        Ok(())
    }

    /// Compares header, trailer and footer again with the bytes as they are now; returns where the footer starts.
    pub(crate) fn check_frame(&self) -> Result<u64, SegmentError> {
        let bytes = self.own();
        let fail =
            |(at, damage): (usize, Damage)| corrupt(&self.path, (self.range.start + at) as u64, damage);
        let version = check_header(bytes).map_err(fail)?;
        let trailer = read_trailer(bytes, version).map_err(fail)?;
        let start = trailer.footer_offset as usize;
        let content = bytes.get(start..bytes.len() - TRAILER_BYTES).unwrap_or_default();
        let checksum = crc32c::crc32c(content);
        if checksum != trailer.footer_checksum {
            let expected = format!("footer checksum {:08x}", trailer.footer_checksum);
            return Err(fail((start, Damage::new(expected, format!("{checksum:08x}")))));
        }
        Ok(trailer.footer_offset)
    }

    /// CRC-32C of the whole file.
    pub(crate) fn checksum(&self) -> u32 {
        crc32c::crc32c(self.own())
    }
}

fn corrupt(path: &Path, at: u64, damage: Damage) -> SegmentError {
    SegmentError::Corrupt { file: path.to_owned(), at, expected: damage.expected, found: damage.found }
}

/// Checks the header and returns its format version.
fn check_header(bytes: &[u8]) -> Result<u32, (usize, Damage)> {
    let found = bytes.get(..HEADER_BYTES).ok_or_else(|| {
        (0, Damage::new(format!("a header of {HEADER_BYTES} bytes"), format!("{} bytes", bytes.len())))
    })?;
    if !found.starts_with(&MAGIC) {
        return Err((0, Damage::new("the magic of a segment file", format!("{:02x?}", &found[..8]))));
    }
    let version = found.get(8..12).and_then(|b| b.try_into().ok()).map_or(0, u32::from_le_bytes);
    if !(OLDEST_VERSION..=VERSION).contains(&version) {
        let expected = format!("a format version from {OLDEST_VERSION} to {VERSION}");
        return Err((8, Damage::new(expected, format!("version {version}"))));
    }
    if found != header(version) {
        let expected = format!("a header of format version {version} with its checksum");
        return Err((12, Damage::new(expected, "other bytes")));
    }
    Ok(version)
}

fn read_trailer(bytes: &[u8], version: u32) -> Result<Trailer, (usize, Damage)> {
    let start = bytes.len().saturating_sub(TRAILER_BYTES).max(HEADER_BYTES);
    let fail = |expected: &str, found: String| (start, Damage::new(expected, found));
    let found = bytes.get(start..).filter(|b| b.len() == TRAILER_BYTES);
    let found = found.ok_or_else(|| fail("a trailer of 40 bytes", format!("{} bytes", bytes.len())))?;
    let (words, _) = found.as_chunks::<8>();
    let word = |i: usize| words.get(i).map_or(0, |w| u64::from_le_bytes(*w));
    let trailer = Trailer {
        version,
        footer_offset: word(0),
        footer_bytes: word(1),
        file_bytes: word(2),
        footer_checksum: word(3) as u32,
    };
    if word(4) >> 32 != u64::from(END_MAGIC) || found != trailer.to_bytes() {
        return Err(fail("a trailer with its magic and checksum", "other bytes (a cut file?)".to_owned()));
    }
    if trailer.file_bytes != bytes.len() as u64 {
        return Err(fail(
            &format!("a file of {} bytes", trailer.file_bytes),
            format!("{} bytes", bytes.len()),
        ));
    }
    Ok(trailer)
}

/// Sections lie one after the other, aligned, between header and footer, with a checksum for every granule.
fn check_sections(footer: &Footer, end: usize) -> Result<(), Damage> {
    let mut at = HEADER_BYTES as u64;
    let mut granule = 0u64;
    if !footer.sections.is_sorted_by_key(|s| s.column) {
        return Err(Damage::new("sections that ascend by column", "another order"));
    }
    for section in &footer.sections {
        let stop = section.offset.checked_add(section.bytes).and_then(|e| e.checked_next_multiple_of(64));
        let inside = stop.is_some_and(|stop| stop <= end as u64);
        if section.offset < at || !section.offset.is_multiple_of(ALIGNMENT as u64) || !inside {
            let found = format!("{} bytes at {}", section.bytes, section.offset);
            return Err(Damage::new(format!("a section between {at} and {end}"), found));
        }
        if u64::from(section.first_granule) != granule {
            let found = section.first_granule.to_string();
            return Err(Damage::new(format!("first checksum {granule}"), found));
        }
        at = stop.unwrap_or(at);
        granule += granules_of(section.bytes);
    }
    if granule != footer.granules.len() as u64 {
        return Err(Damage::new(format!("{granule} checksums"), footer.granules.len().to_string()));
    }
    Ok(())
}
