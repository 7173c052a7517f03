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
mod string;
mod walk;

pub(super) use check::Checked;
pub use check::check;
pub use error::Error;
pub use members::{Members, get, members};
pub use normalise::normalise;
pub(super) use scan::{Escapes, Rigour, StringEnd, skip_blanks};
pub use string::{push_string, unescape, write_string};
pub(super) use walk::Walked;

#[cfg(test)]
pub(super) mod tests;
