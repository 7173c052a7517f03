//! The orders that a worker follows, and what it does about them.

use super::message::LocustMessage;

/// What the worker's process uses.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Use {
    /// Of all processors of the machine, in percent.
    pub cpu_percent: f64,
    /// Resident memory.
    pub memory_bytes: u64,
}

/// So many users of each class.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Spawn {
    /// The absolute number of users of each class of this worker.
    pub users: Vec<u32>,
    /// Users of classes that this worker does not have.
    pub unknown: Vec<(String, u64)>,
    /// The seed that the locustfile gives to all workers.
    pub seed: Option<u64>,
    /// The host that the master was given.
    pub host: Option<String>,
}

/// Why a test ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EndReason {
    /// The master says so.
    Stopped,
    /// The locustfile asks for the end of the test before the master says what comes then.
    Asked,
    /// The master says that the worker is to leave.
    Quit,
    /// The master is gone.
    MasterGone,
    /// The master was started anew, and knows of no test.
    Forgotten,
    /// The master was started anew, and orders users for another test.
    Replaced,
}

/// What is to be done.
#[derive(Clone, Debug, PartialEq)]
pub enum WorkerAct {
    /// Send this.
    Send(LocustMessage),
    /// Begin a test, or go on with other numbers of users.
    Spawn(Spawn),
    /// End the test in order, and say when it is over.
    EndTest(EndReason),
    /// Tell the master all that was measured.
    TellAll,
    /// Make the connection anew.
    Reconnect,
    /// Leave.
    Leave,
    /// The master does not accept this worker.
    GiveUp,
    /// Say this to the user.
    Say(String),
}
