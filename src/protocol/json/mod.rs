//! JSON text as bytes: where a value ends, whether it is well-formed, what a member holds.
//! Nothing here builds a tree of values on the way of a message, and nothing recurses: depth is hostile input too.

mod check;
mod error;
mod escape;
mod members;
mod normalise;
mod number;
mod scan;
mod stops;
mod walk;

pub use check::check;
pub use error::Error;
pub use escape::{push_string, unescape, write_string};
pub use members::{Members, get, members};
pub use normalise::normalise;
pub(super) use scan::{Checked, Escapes, Rigour, StringEnd, Walked, skip_blanks};

#[cfg(test)]
pub(super) mod tests;
