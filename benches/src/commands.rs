//! To come.

use crate::Row;

/// None yet.
#[must_use]
pub fn rows() -> Vec<Row> {
    Vec::new()
}
