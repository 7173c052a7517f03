//! A function for each reader of untrusted bytes. It takes any bytes, and panics if a promise of the reader does not
//! hold. The fuzz targets and the tests over their seeds call the same functions.

mod client;
mod deflate;
mod frames;
mod http;
mod long_poll;
mod messages;
mod plays;
mod scenarios;

use crate::{record, server};

/// Reads any bytes.
pub type UntrustedReader = fn(&[u8]);

/// The name of each fuzz target, and the function that it calls.
pub const READERS: [(&str, UntrustedReader); 10] = [
    ("client", client::client),
    ("deflate", deflate::deflate),
    ("frames", frames::frames),
    ("http_answers", http::http_answers),
    ("http_requests", server::untrusted::requests),
    ("long_poll", long_poll::long_poll),
    ("messages", messages::messages),
    ("plays", plays::plays),
    ("recordings", recordings),
    ("scenarios", scenarios::scenarios),
];

/// The most bytes of a message that the targets accept.
const MESSAGE_LIMIT: usize = 4 << 10;

/// Hands the bytes to the reader of this name.
///
/// # Panics
/// If a promise of the reader does not hold, or if there is no such reader.
pub fn read(name: &str, input: &[u8]) {
    let known = READERS.iter().find(|(known, _)| *known == name);
    let (_, reader) = known.unwrap_or_else(|| panic!("there is no reader {name}"));
    reader(input);
}

/// The separator between the bytes of one side and those of the other.
const TURN: &[u8] = b"\n--\n";

/// Records a connection: what the client said up to a line `--`, then what the server said, and so on.
fn recordings(mut input: &[u8]) {
    let mut turns = Vec::new();
    while let Some(at) = memchr::memmem::find(input, TURN) {
        turns.push(&input[..at]);
        input = &input[at + TURN.len()..];
    }
    turns.push(input);
    record::untrusted::connection(turns.into_iter());
}
