//! Where are the rows of a projection? In a section of the file that holds the segment's own: a file in itself, opened
//! over the same bytes when it is first wanted.

use std::sync::{Arc, OnceLock};

use super::segment::MappedSegment;
use crate::encoding::Damage;
use crate::file::{FileBytes, Footer, ProjectionEntry, SectionKind};
use crate::{ProjectionSpec, Segment, SegmentError};

/// The rows of a segment as a projection aggregates them.
#[derive(Debug)]
pub struct Projection {
    spec: ProjectionSpec,
    rows: u64,
    file: Arc<FileBytes>,
    section: usize,
    digest: OnceLock<u32>,
    opened: OnceLock<Arc<MappedSegment>>,
}

impl Projection {
    /// Those that a footer lists.
    pub(super) fn all(file: &Arc<FileBytes>, footer: &Footer) -> Result<Vec<Self>, SegmentError> {
        let find = |entry: &ProjectionEntry| {
            let damaged = |expected: &str| {
                let found = format!("projection `{}` in section {}", entry.name, entry.section);
                file.corrupt(0, 0, Damage::new(expected, found))
            };
            let spec = footer.schema.projections.iter().find(|spec| spec.name == entry.name);
            let spec = spec.ok_or_else(|| damaged("a projection that the schema declares"))?.clone();
            let section = entry.section as usize;
            if footer.sections.get(section).and_then(|s| s.kind()) != Some(SectionKind::Projection) {
                return Err(damaged("a section of kind `projection`"));
            }
            let (file, digest, opened) = (Arc::clone(file), OnceLock::new(), OnceLock::new());
            Ok(Self { spec, rows: entry.rows, file, section, digest, opened })
        };
        footer.projections.iter().map(find).collect()
    }

    /// What is aggregated.
    #[must_use]
    pub fn spec(&self) -> &ProjectionSpec {
        &self.spec
    }

    /// A number that is equal for equal specs, and hardly for others.
    #[must_use]
    pub fn digest(&self) -> u32 {
        *self.digest.get_or_init(|| crc32c::crc32c(format!("{:?}", self.spec).as_bytes()))
    }

    /// Number of groups.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Bytes it takes in the file.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.file.section_bytes(self.section) as u64
    }

    /// Its groups as rows; opened the first time.
    ///
    /// # Errors
    /// When its bytes are corrupt.
    pub fn segment(&self) -> Result<Arc<dyn Segment>, SegmentError> {
        Ok(Arc::clone(self.mapped()?) as Arc<dyn Segment>)
    }

    /// The same for the inspector.
    pub(crate) fn mapped(&self) -> Result<&Arc<MappedSegment>, SegmentError> {
        if let Some(opened) = self.opened.get() {
            return Ok(opened);
        }
        let (file, footer) = self.file.open_section(self.section)?;
        if footer.rows != self.rows {
            let damage = Damage::new(format!("{} rows", self.rows), format!("{} rows", footer.rows));
            return Err(self.file.corrupt(self.section, 0, damage));
        }
        let opened = Arc::new(MappedSegment::of(file, footer)?);
        Ok(self.opened.get_or_init(|| opened))
    }
}
