//! Promises that the server can break on purpose, each in one decision: what a check is worth shows when it is held
//! against a server that is wrong.

use super::conduct::{AfterLeave, Audience, CatchUp, Conduct, Counter, Crash, Delivery, DuplicateJoin, Isolation};

/// One promise to break.
#[derive(Debug)]
pub struct Fault {
    /// Its name on the command line.
    pub id: &'static str,
    /// What the server then does, in a sentence.
    pub about: &'static str,
    /// The rules that it breaks.
    pub rules: &'static [&'static str],
    /// Changes the decision.
    pub apply: fn(&mut Conduct),
}

/// The fault of that name.
pub fn find(id: &str) -> Option<&'static Fault> {
    FAULTS.iter().find(|fault| fault.id == id)
}

/// All of them.
pub const FAULTS: &[Fault] = &[Fault {
    id: "broadcast-skips-sender",
    about: "A broadcast does not come back to the one who sent it.",
    rules: &[],
    apply: |conduct| conduct.socket.audience = Audience::TopicWithoutSender,
}];
