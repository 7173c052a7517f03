//! Parses the arguments of `cargo bench --bench peers --`.

use super::TOOLS;
use super::measure::FEW_SOCKETS;
use super::tool::{Tool, Transport};

/// How it is called.
pub(crate) const USAGE: &str = "usage: cargo bench --bench peers -- [OPTIONS]

  --seconds S     how long the clients push, in whole seconds (8)
  --sockets A,B   how many clients there are, in one table (200,1000)
  --rounds N      how often round trips are measured; the median counts (1)
  --transport T   websocket (default): phxproof, k6, Tsung, Artillery; longpoll: phxproof, k6, Goose, with the same requests
  --only A,B      some of these tools by their names in lower case (all that are installed)

K6, TSUNG and ARTILLERY name the programs where PATH does not.";

/// What is to be measured.
#[derive(Debug)]
pub(crate) struct Arguments {
    /// How much longer the longer run is.
    pub(super) seconds: u32,
    /// The numbers of clients, in the order of their columns.
    pub(super) sockets: Vec<u32>,
    /// How often round trips are measured.
    pub(super) rounds: u32,
    transport: Transport,
    /// The tools' names; nothing means all.
    only: Vec<String>,
}

impl Arguments {
    /// Reads them, or says what is wrong.
    pub(crate) fn parse(words: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut read = Self {
            seconds: 8,
            sockets: vec![200, 1000],
            rounds: 1,
            transport: Transport::WebSocket,
            only: Vec::new(),
        };
        // Cargo itself adds `--bench`.
        let mut words = words.filter(|it| it != "--bench");
        while let Some(option) = words.next() {
            let value = words.next().unwrap_or_default();
            match option.as_str() {
                "--seconds" => read.seconds = number(&option, &value, 1..=300)?,
                "--sockets" => {
                    let sizes = value.split(',');
                    // Each client needs a descriptor and a port of its own, here and at the server.
                    read.sockets = sizes
                        .map(|it| number(&option, it, 2 * FEW_SOCKETS..=10_000))
                        .collect::<Result<_, _>>()?;
                }
                "--rounds" => read.rounds = number(&option, &value, 1..=100)?,
                "--transport" => {
                    read.transport = Transport::named(&value)
                        .ok_or_else(|| format!("--transport takes websocket and longpoll, not `{value}`"))?;
                }
                "--only" => read.only = value.split(',').map(tool_name).collect::<Result<_, _>>()?,
                _ => return Err(format!("`{option}` is no option here")),
            }
        }
        if !TOOLS.iter().any(|tool| read.includes(tool)) {
            return Err(format!("none of these tools connects over {}", read.transport));
        }
        Ok(read)
    }

    /// Whether this tool takes part.
    pub(super) fn includes(&self, tool: &Tool) -> bool {
        tool.transport == self.transport
            && (self.only.is_empty() || self.only.iter().any(|it| it == tool.name))
    }

    /// The size that memory is measured at.
    pub(super) fn most_sockets(&self) -> u32 {
        self.sockets.iter().copied().max().unwrap_or(2 * FEW_SOCKETS)
    }
}

fn number(option: &str, word: &str, range: std::ops::RangeInclusive<u32>) -> Result<u32, String> {
    let (least, most) = (range.start(), range.end());
    word.parse()
        .ok()
        .filter(|it| range.contains(it))
        .ok_or_else(|| format!("{option} takes whole numbers from {least} to {most}, not `{word}`"))
}

fn tool_name(word: &str) -> Result<String, String> {
    let known = TOOLS.iter().any(|it| it.name == word);
    known
        .then(|| word.to_owned())
        .ok_or_else(|| format!("--only takes phxproof, k6, tsung, artillery and goose, not `{word}`"))
}
