//! Checks whether a server keeps the promises of the Phoenix Channels protocol, and loads it with many sockets.
//!
//! The command line tool `phxproof` does both from the shell. A Rust test needs a few lines: give the URL of your socket
//! and run the cases; the test fails with each case that did not hold.
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
//! [`conformance`] checks a server; [`load`] loads it with many sockets, which play a [`scenario`]; [`server`] is the
//! reference server, which behaves as one of the Phoenix versions of [`profile`]. A [`Target`] is the address of a socket. The
//! hidden `internal` modules are for the tests and benchmarks of this package and may change at any time.

mod beam;
mod capacity;
mod cli;
mod client;
mod clock;
pub mod conformance;
mod descriptors;
mod dice;
mod driver;
mod fuzz;
mod judge;
mod live;
pub mod load;
mod locust;
mod process;
pub mod profile;
mod protocol;
pub mod prove;
mod record;
mod report;
pub mod scenario;
pub mod server;
mod session;
mod statistics;
mod stream;
mod transport;
mod untrusted;
mod wire;
mod witness;

pub use protocol::Vsn;
pub use transport::{Target, TargetError};

/// What the binary, the tests and the benchmarks of this package use beside the public surface.
#[doc(hidden)]
pub mod internal {
    pub use crate::cli::run;
    pub use crate::clock::{Clock, Time};
    pub use crate::descriptors::{own_table, raise_limit};

    pub mod untrusted {
        pub use crate::untrusted::{READERS, read};
    }

    pub mod witness {
        pub use crate::witness::{PhoenixJs, Witness, WitnessNetwork};
    }

    pub mod protocol {
        pub use crate::protocol::{
            DecodeError, Field, Frame, FrameKind, HEARTBEAT, JOIN, Message, Payload, REPLY, Reply,
        };

        pub mod json {
            pub use crate::protocol::json::normalise;
        }
    }

    pub mod wire {
        pub mod websocket {
            pub use crate::wire::websocket::{Header, Opcode, mask, write_frame};
        }
    }

    pub mod statistics {
        pub use crate::statistics::{
            Arm, Inferiority, Interval, Margin, NonInferiority, PairedBlocks, QUANTILES, QuantileShift,
            QuantileTest, Resampling, TooFew, compare_runs,
        };
    }

    pub mod stream {
        pub use crate::stream::{
            Certificates, ClientTls, Handshake, NetworkSettings, OwnAuthority, SecureTo, ServerTls,
            SocketStream, Taken, Trust,
        };
    }

    pub mod transport {
        pub use crate::transport::{
            BadSwitch, Coding, Connection, Ending, Incoming, Limits, Masking, OpenError, Opened, Outgoing,
            RawFrame, Request, RequestError, Response, Transport, Truncated, Upgrade, open, request,
        };
    }
}

/// What docs/library.md shows in Rust compiles.
#[cfg(doctest)]
#[doc = include_str!("../docs/library.md")]
struct Library;
