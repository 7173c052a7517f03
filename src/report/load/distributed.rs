//! The messages in which workers send their measurements to a Locust master, and the one result that is merged from all of them.

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
