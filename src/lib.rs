//! Proves what a server that speaks the Phoenix Channels protocol promises.
//!
//! The command line tool `phxproof` does it from the shell. From a Rust test it takes a few lines: give the URL of
//! your socket, run, and let the test fail with what did not hold.
//!
//! ```
//! use phxproof::conformance::Check;
//! # use phxproof::server::{Server, ServerSettings};
//! # // The reference server stands in for yours here.
//! # let server = Server::start(&ServerSettings::default())?;
//! # let url = format!("ws://{}/socket", server.address());
//!
//! let result = Check::target(&url)?.cases(["join", "heartbeat/ok"]).run()?;
//! result.assert_held();
//! # server.drain();
//! # server.join();
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! The floors of the house, each using only those before it: [`clock`] and [`profile`]; [`protocol`], messages as
//! pure functions over bytes, and [`wire`], what carries them; [`client`], a Phoenix client as a state machine, and
//! [`session`], one connection of it, both without I/O; [`transport`], connections; [`scenario`], the script language;
//! `driver`, which moves messages for its plays; [`conformance`], cases, rules and verdicts, [`load`], simulated sockets, and
//! [`server`], the reference server; [`report`], what is printed and written; [`cli`], the commands.

pub mod cli;
pub mod client;
pub mod clock;
pub mod conformance;
pub mod descriptors;
mod driver;
pub mod load;
pub mod profile;
pub mod protocol;
pub mod report;
pub mod scenario;
pub mod server;
pub mod session;
pub mod transport;
pub mod wire;

/// What docs/library.md shows in Rust compiles.
#[cfg(doctest)]
#[doc = include_str!("../docs/library.md")]
struct Library;
