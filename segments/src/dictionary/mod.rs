//! How do texts become small numbers? The string order all dictionaries share.

pub mod order;
