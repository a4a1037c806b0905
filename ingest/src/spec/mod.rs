//! What does a Druid ingestion spec say? JSON in, validated values out, or the field that is refused.
//!
//! Each field of Druid's documentation is honoured, noted as having no effect here, or refused by name;
//! a field Druid does not know is refused with its path.

mod batch;
mod consumer;
mod data_schema;
mod dimensions;
mod error;
mod fields;
mod format;
mod granularity;
mod kafka;
mod metrics;
mod projections;
mod source;
mod supervisor;
mod timestamp;
mod transform;
mod tuning;

#[cfg(test)]
mod tests;

pub use batch::BatchSpec;
pub(crate) use consumer::{JAVA_ONLY, OURS};
pub use data_schema::DataSchema;
pub use dimensions::DimensionsSpec;
pub use error::{SpecError, SpecErrorKind};
pub use format::{DelimitedFormat, FlattenField, FlattenKind, FlattenSpec, InputFormat, JsonFormat};
pub use granularity::GranularitySpec;
pub use kafka::{IoConfig, KafkaStream};
pub use metrics::{MetricInput, MetricSpec};
pub use source::{HttpCredentials, InputSource};
pub use supervisor::SupervisorSpec;
pub use timestamp::TimestampSpec;
pub use transform::{ExpressionTransform, TransformSpec};
pub use tuning::{ParseErrorLimits, TuningConfig};
