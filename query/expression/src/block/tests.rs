//! Blocks against rows.
