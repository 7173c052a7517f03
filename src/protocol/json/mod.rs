//! JSON text as bytes: finds where a value ends, checks that it is well-formed, reads members. Builds no tree of
//! values, and does not recurse, because depth is hostile input too.

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
pub use members::{get, members};
pub use normalise::normalise;
pub(super) use scan::{Escapes, Rigour, StringEnd, skip_blanks};
pub use string::{push_string, unescape, write_string};
pub(super) use walk::Walked;

#[cfg(test)]
pub(super) mod tests;
