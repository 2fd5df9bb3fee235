//! The opening: who the client says it is, and what the server offers (RFC 5321 4.1.1.1).

mod capabilities;
mod extension;
mod limits;
mod name;
mod offered;

pub use capabilities::{Capabilities, Lines, Mechanisms};
pub use extension::{Extension, Extensions, Iter};
pub use limits::{HoldLimits, ServerLimits};
pub use name::EhloName;
pub use offered::Offered;
