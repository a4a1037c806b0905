//! How do parquet files become rows? Row groups are read ahead on a thread of their own, texts as the numbers they
//! have in the file; then whole columns, or rows where the spec needs them, go to the parser.

use std::fs::File;
use std::io::Read;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::{DataType, Field as ArrowField, Schema};
use bytes::Bytes;
use crossbeam::channel::{Receiver, Sender, bounded};
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder,
};
use parquet::arrow::{ProjectionMask, parquet_column};
use parquet::file::reader::ChunkReader;

use super::RowParser;
use super::cells::{Cells, KnownTexts};
use super::field::Field;
use super::parser::count;
use super::record::{Outcome, Reject};
use super::slots::Found;

/// Rows read at once.
const BATCH_ROWS: usize = 16_384;

/// Batches read ahead.
const AHEAD: usize = 2;

/// Bytes of a document that is not a file, at most (it is held in memory).
const MAX_BYTES: u64 = 2 << 30;

/// The rows of one parquet document.
pub(crate) struct ParquetRows {
    /// Opened with the parser, which knows the columns it wants.
    source: Option<Source>,
    batches: Option<Receiver<Delivery>>,
    /// One a column.
    known: Vec<KnownTexts>,
    binary_as_string: bool,
}

enum Source {
    File(File, ArrowReaderMetadata),
    Bytes(Bytes, ArrowReaderMetadata),
}

/// What the reading thread delivers: batches with about the bytes they had in the file, then the end.
type Delivery = Result<Option<(RecordBatch, usize)>, String>;

impl ParquetRows {
    /// Of a file.
    pub(crate) fn file(file: File, binary_as_string: bool) -> Result<Self, String> {
        let metadata = metadata(&file)?;
        Ok(Self::new(Source::File(file, metadata), binary_as_string))
    }

    /// Of anything else, which is read into memory.
    pub(crate) fn bytes(input: Box<dyn Read + Send>, binary_as_string: bool) -> Result<Self, String> {
        let mut bytes = Vec::new();
        input.take(MAX_BYTES + 1).read_to_end(&mut bytes).map_err(|e| e.to_string())?;
        if bytes.len() as u64 > MAX_BYTES {
            return Err("parquet of more than 2 GiB must be a local file".to_owned());
        }
        let bytes = Bytes::from(bytes);
        let metadata = metadata(&bytes)?;
        Ok(Self::new(Source::Bytes(bytes, metadata), binary_as_string))
    }

    fn new(source: Source, binary_as_string: bool) -> Self {
        Self { source: Some(source), batches: None, known: Vec::new(), binary_as_string }
    }

    /// Reads some rows into the parser: bytes and what became of them; `None` at the end.
    pub(crate) fn read(
        &mut self,
        parser: &mut RowParser,
        rejects: &mut Vec<Reject>,
    ) -> Result<Option<(usize, Outcome)>, String> {
        match self.source.take() {
            Some(Source::File(file, metadata)) => self.batches = Some(start(file, &metadata, parser)?),
            Some(Source::Bytes(bytes, metadata)) => self.batches = Some(start(bytes, &metadata, parser)?),
            None => {}
        }
        let Some(batches) = &self.batches else { return Ok(None) };
        let batch = batches.recv().map_err(|_| "the reading of it ended in the middle".to_owned())??;
        let Some((batch, bytes)) = batch else {
            self.batches = None;
            return Ok(None);
        };
        Ok(Some((bytes, self.rows(&batch, parser, rejects)?)))
    }

    fn rows(
        &mut self,
        batch: &RecordBatch,
        parser: &mut RowParser,
        rejects: &mut Vec<Reject>,
    ) -> Result<Outcome, String> {
        self.known.resize_with(batch.num_columns(), KnownTexts::default);
        let mut names = Vec::with_capacity(batch.num_columns());
        let mut columns = Vec::with_capacity(batch.num_columns());
        let fields = batch.schema_ref().fields().iter().zip(batch.columns());
        for ((field, array), known) in fields.zip(&mut self.known) {
            let why = |e: String| format!("column `{}`: {e}", field.name());
            names.push(field.name().as_str());
            columns.push(match known.cells(array) {
                Some(cells) => cells,
                None => Cells::new(array, self.binary_as_string).map_err(why)?,
            });
        }
        let (builder, general) = parser.parts();
        let Some(general) = general else {
            return Ok(builder.put_columns(&names, &columns, batch.num_rows(), rejects));
        };
        let mut outcome = Outcome::default();
        for row in 0..batch.num_rows() {
            let fields = names.iter().zip(&columns).map(|(name, c)| ((*name).into(), c.get(row)));
            match general.row(&Field::Map(fields.collect()), None, builder, rejects) {
                Ok(end) => count(&mut outcome, end),
                Err(reject) => {
                    builder.drop_row();
                    rejects.push(reject);
                    outcome.unparseable += 1;
                }
            }
        }
        Ok(outcome)
    }
}

/// The file's footer; texts that have a dictionary in it are to be read as numbers.
fn metadata(input: &impl ChunkReader) -> Result<ArrowReaderMetadata, String> {
    let metadata = ArrowReaderMetadata::load(input, ArrowReaderOptions::new()).map_err(|e| e.to_string())?;
    let (file, schema) = (metadata.metadata(), metadata.schema());
    let with_dictionary = |name: &str| {
        let leaf = parquet_column(file.file_metadata().schema_descr(), schema, name);
        leaf.is_some_and(|(leaf, _)| {
            file.row_groups().iter().all(|group| group.column(leaf).dictionary_page_offset().is_some())
        })
    };
    let coded = |field: &Arc<ArrowField>| match field.data_type() {
        DataType::Utf8 if with_dictionary(field.name()) => {
            let texts = DataType::Dictionary(DataType::Int32.into(), DataType::Utf8.into());
            Arc::new(field.as_ref().clone().with_data_type(texts))
        }
        _ => Arc::clone(field),
    };
    let fields: Vec<_> = schema.fields().iter().map(coded).collect();
    let wanted = Arc::new(Schema::new_with_metadata(fields, schema.metadata().clone()));
    let options = ArrowReaderOptions::new().with_schema(wanted);
    // A file whose own types do not go together with the wish is read as it is.
    Ok(ArrowReaderMetadata::try_new(Arc::clone(file), options).unwrap_or(metadata))
}

/// Starts to read the columns that somebody wants.
fn start<R: ChunkReader + Again + 'static>(
    input: R,
    metadata: &ArrowReaderMetadata,
    parser: &mut RowParser,
) -> Result<Receiver<Delivery>, String> {
    let (rows, general) = parser.parts();
    let fields = metadata.schema().fields();
    let wanted = |name: &str| general.is_some() || rows.slots.find(name) != Found::Skip;
    let roots: Vec<usize> =
        fields.iter().enumerate().filter(|(_, f)| wanted(f.name())).map(|(i, _)| i).collect();
    let mask = ProjectionMask::roots(metadata.metadata().file_metadata().schema_descr(), roots);
    let (sender, receiver) = bounded(AHEAD);
    let metadata = metadata.clone();
    let work = move || {
        let end = read_groups(&input, &metadata, &mask, &sender).map(|()| None);
        // Nobody is left to hear of the end when the task has ended.
        let _ = sender.send(end);
    };
    std::thread::Builder::new().name("parquet".to_owned()).spawn(work).map_err(|e| e.to_string())?;
    Ok(receiver)
}

/// An input that is opened once more for each row group; one thread uses it.
trait Again: Sized {
    fn again(&self) -> Result<Self, String>;
}

impl Again for File {
    fn again(&self) -> Result<Self, String> {
        self.try_clone().map_err(|e| e.to_string())
    }
}

impl Again for Bytes {
    fn again(&self) -> Result<Self, String> {
        Ok(self.clone())
    }
}

/// Reads row group by row group, so that no batch has texts of two dictionaries.
fn read_groups<R: ChunkReader + Again + 'static>(
    input: &R,
    metadata: &ArrowReaderMetadata,
    mask: &ProjectionMask,
    sender: &Sender<Delivery>,
) -> Result<(), String> {
    for (number, group) in metadata.metadata().row_groups().iter().enumerate() {
        let builder = ParquetRecordBatchReaderBuilder::new_with_metadata(input.again()?, metadata.clone());
        let builder = builder.with_row_groups(vec![number]).with_projection(mask.clone());
        let reader = builder.with_batch_size(BATCH_ROWS).build().map_err(|e| e.to_string())?;
        for batch in reader {
            let batch = batch.map_err(|e| e.to_string())?;
            let share = batch.num_rows() as f64 / group.num_rows().max(1) as f64;
            let bytes = (group.total_byte_size() as f64 * share) as usize;
            if sender.send(Ok(Some((batch, bytes)))).is_err() {
                return Ok(());
            }
        }
    }
    Ok(())
}
