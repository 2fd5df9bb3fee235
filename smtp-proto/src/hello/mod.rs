//! The greeting: the name of the client, and the extensions that the server offers (RFC 5321 4.1.1.1).

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
