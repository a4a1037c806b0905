//! Does every encoding give back what it took?
