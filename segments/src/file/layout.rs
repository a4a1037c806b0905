//! Where are the fixed parts of a segment file? Magic numbers, header, trailer, section kinds.

#[cfg(target_endian = "big")]
compile_error!("segment files are little endian and read as they lie: big-endian machines are not supported");

/// The format version that this build writes, and the newest it reads.
pub(crate) const VERSION: u32 = 2;

/// The oldest format version that this build reads.
pub(super) const OLDEST_VERSION: u32 = 1;

/// First bytes of a segment file.
pub(super) const MAGIC: [u8; 8] = *b"ALLUVIUM";

/// Last bytes of a segment file.
pub(super) const END_MAGIC: u32 = u32::from_le_bytes(*b"DELT");

/// Sections start at multiples of this.
pub(super) const ALIGNMENT: usize = 64;

/// Bytes of the header.
pub(super) const HEADER_BYTES: usize = 64;

/// Bytes of the trailer.
pub(super) const TRAILER_BYTES: usize = 40;

/// Bytes a checksum covers (the last of a section fewer).
pub(super) const GRANULE_BYTES: usize = 64 * 1024;

/// What a section holds. The numbers are part of the format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum SectionKind {
    /// Block entries of a numeric column, or of the ids of a string column.
    Blocks = 1,
    /// The payloads those entries point to.
    Data = 2,
    /// Which rows of a numeric column are null.
    Nulls = 3,
    /// Bounds and null count of each block of a numeric column.
    Zones = 4,
    /// Start of each text of a dictionary, and the end of the last.
    TextOffsets = 5,
    /// The texts of a dictionary.
    TextBytes = 6,
    /// Block entries of the row offsets of a multi-value column.
    OffsetBlocks = 7,
    /// The payloads those entries point to.
    OffsetData = 8,
    /// Start of each value's bitmap, and the end of the last.
    BitmapOffsets = 9,
    /// Serialized roaring bitmaps, one a value.
    BitmapBytes = 10,
    /// A whole segment file: the rows of a projection.
    Projection = 11,
    /// Block entries of the start of each id's rows in the postings, and the end of the last.
    PostingStartBlocks = 12,
    /// The payloads those entries point to.
    PostingStartData = 13,
    /// Block entries of the postings: row numbers by id.
    PostingRowBlocks = 14,
    /// The payloads those entries point to.
    PostingRowData = 15,
    /// Where each page of a dictionary lies.
    TextPages = 16,
    /// The pages of a dictionary.
    TextPageBytes = 17,
    /// A whole segment file: the leaves of a nested column.
    Leaves = 18,
}

impl SectionKind {
    /// All kinds of this format version.
    pub(crate) const ALL: [Self; 18] = [
        Self::Blocks,
        Self::Data,
        Self::Nulls,
        Self::Zones,
        Self::TextOffsets,
        Self::TextBytes,
        Self::OffsetBlocks,
        Self::OffsetData,
        Self::BitmapOffsets,
        Self::BitmapBytes,
        Self::Projection,
        Self::PostingStartBlocks,
        Self::PostingStartData,
        Self::PostingRowBlocks,
        Self::PostingRowData,
        Self::TextPages,
        Self::TextPageBytes,
        Self::Leaves,
    ];

    /// The kind of a number; `None` for kinds of later versions.
    pub(crate) fn from_tag(tag: u16) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| *kind as u16 == tag)
    }

    /// The name shown to people.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Blocks => "blocks",
            Self::Data => "data",
            Self::Nulls => "nulls",
            Self::Zones => "zones",
            Self::TextOffsets => "text-offsets",
            Self::TextBytes => "text-bytes",
            Self::OffsetBlocks => "offset-blocks",
            Self::OffsetData => "offset-data",
            Self::BitmapOffsets => "bitmap-offsets",
            Self::BitmapBytes => "bitmap-bytes",
            Self::Projection => "projection",
            Self::PostingStartBlocks => "posting-start-blocks",
            Self::PostingStartData => "posting-start-data",
            Self::PostingRowBlocks => "posting-row-blocks",
            Self::PostingRowData => "posting-row-data",
            Self::TextPages => "text-pages",
            Self::TextPageBytes => "text-page-bytes",
            Self::Leaves => "leaves",
        }
    }
}

/// The 64 bytes at the start of a file of a format version.
pub(super) fn header(version: u32) -> [u8; HEADER_BYTES] {
    let mut bytes = [0; HEADER_BYTES];
    bytes[..8].copy_from_slice(&MAGIC);
    bytes[8..12].copy_from_slice(&version.to_le_bytes());
    bytes[12..16].copy_from_slice(&(GRANULE_BYTES as u32).to_le_bytes());
    let checksum = crc32c::crc32c(&bytes[..60]);
    bytes[60..].copy_from_slice(&checksum.to_le_bytes());
    bytes
}

/// Where the footer is; the last 40 bytes of the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Trailer {
    /// Format version of the file.
    pub(super) version: u32,
    /// First byte of the footer.
    pub(super) footer_offset: u64,
    /// Its length.
    pub(super) footer_bytes: u64,
    /// Length of the whole file.
    pub(super) file_bytes: u64,
    /// CRC-32C of the footer.
    pub(super) footer_checksum: u32,
}

impl Trailer {
    /// Its 40 bytes.
    pub(super) fn to_bytes(self) -> [u8; TRAILER_BYTES] {
        let mut bytes = [0; TRAILER_BYTES];
        bytes[0..8].copy_from_slice(&self.footer_offset.to_le_bytes());
        bytes[8..16].copy_from_slice(&self.footer_bytes.to_le_bytes());
        bytes[16..24].copy_from_slice(&self.file_bytes.to_le_bytes());
        bytes[24..28].copy_from_slice(&self.footer_checksum.to_le_bytes());
        bytes[28..32].copy_from_slice(&self.version.to_le_bytes());
        let checksum = crc32c::crc32c(&bytes[..32]);
        bytes[32..36].copy_from_slice(&checksum.to_le_bytes());
        bytes[36..40].copy_from_slice(&END_MAGIC.to_le_bytes());
        bytes
    }
}
