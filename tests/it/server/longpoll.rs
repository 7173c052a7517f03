//! The long poll transport of the reference server: every recorded conversation, and what no transcript shows.

mod client;
mod faults;
mod limits;
mod recorded;
mod requests;
mod sessions;
mod shards;

use std::fmt::Debug;

use phxproof::profile::Profile;
use phxproof::server::{Server, ServerSettings};

/// What a test of a conversation saw that it did not expect.
type Seen = Result<(), String>;

/// Holds what was seen against what was expected.
fn expect<T: PartialEq + Debug>(seen: T, expected: T) -> Seen {
    if seen == expected {
        return Ok(());
    }
    Err(format!("saw {seen:?}\nexpected {expected:?}"))
}

/// A conversation with a server of its own that has these settings.
fn on(settings: &ServerSettings, conversation: impl FnOnce(&Server) -> Seen) -> Seen {
    let server = Server::start(settings).expect("a free port");
    let seen = conversation(&server);
    server.drain();
    server.join();
    seen
}

/// The same with the profile.
fn on_profile(profile: Profile, conversation: impl FnOnce(&Server) -> Seen) -> Seen {
    let settings = ServerSettings {
        profile,
        ..ServerSettings::default()
    };
    on(&settings, conversation)
}

/// A conversation that is the same on both web servers.
fn on_both(conversation: impl Fn(&Server) -> Seen) -> Seen {
    on_profile(Profile::BANDIT_1_8_12, &conversation)?;
    on_profile(Profile::COWBOY_1_8_12, &conversation)
}
