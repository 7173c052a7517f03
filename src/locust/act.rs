//! The orders of a master, and the acts by which a worker follows them.

use super::message::LocustMessage;

/// The processors and memory that the worker's process uses.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Use {
    /// The used share of all processors of the machine, in percent.
    pub cpu_percent: f64,
    /// Resident memory.
    pub memory_bytes: u64,
}

/// An order to play so many users of each class.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Spawn {
    /// The absolute number of users of each class of this worker.
    pub users: Vec<u32>,
    /// Users of classes that this worker does not have.
    pub unknown: Vec<(String, u64)>,
    /// The seed that the locustfile gives to all workers.
    pub seed: Option<u64>,
}

/// The reason why a test ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EndReason {
    /// The master says so.
    Stopped,
    /// The locustfile asks for the end of the test. The master then sends `stop` or `quit`.
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

/// A step that the caller of the state machine performs.
#[derive(Clone, Debug, PartialEq)]
pub enum WorkerAct {
    /// Send this.
    Send(LocustMessage),
    /// Begin a test, or go on with other numbers of users.
    Spawn(Spawn),
    /// End the test in order, and say when it is over.
    EndTest(EndReason),
    /// Send the master all measurements.
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
