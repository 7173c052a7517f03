//! What the workers of a Locust master tell it of their measurements, message by message, and the one result that is merged
//! from all of it.

mod merged;
mod telling;
#[cfg(test)]
mod tests;

pub use merged::Merged;
pub use telling::{ToldBy, WorkerTelling};

/// The version of the fields of a message.
const FORMAT: u64 = 1;
/// The folder of the messages, a file for each worker.
const WORKERS: &str = "workers";
