//! The mistakes that the settings of a run can have.

/// Settings that are invalid.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidSettings {
    /// No sockets.
    #[error("0 sockets are no swarm; expected at least 1")]
    NoSockets,
    /// A duration of zero.
    #[error("a duration of nothing measures nothing; expected something like 30s")]
    NoDuration,
    /// A rate of zero.
    #[error("a rate of {0} sends nothing; expected more than 0 a second, or max")]
    NoRate(String),
    /// A rate that is too high for the resolution of the schedule.
    #[error(
        "a rate of {0} a second is more than microseconds can tell apart; expected at most 1000000, or max"
    )]
    TooFast(String),
    /// No threads.
    #[error("0 shards run nothing; expected at least 1")]
    NoShards,
    /// A scenario with a weight of zero.
    #[error("a weight of 0 leaves a scenario out; expected at least 1")]
    NoWeight,
    /// Too few sockets for all scenarios.
    #[error(
        "{sockets} sockets are too few for {scenarios} scenarios with such weights; each needs at least 1"
    )]
    TooFew {
        /// The number of sockets requested.
        sockets: u32,
        /// The number of scenarios.
        scenarios: usize,
    },
    /// The senders of a scenario come after its listeners in an instance, and there are too few sockets to include
    /// one.
    #[error(
        "the {sockets} sockets of {scenario} would only listen: its first sender is socket {needed} of each \
         {instance}; expected at least {needed} for it"
    )]
    OnlyListeners {
        /// The scenario.
        scenario: String,
        /// The number of sockets that play it.
        sockets: u32,
        /// The number of sockets needed until one of them sends.
        needed: usize,
        /// The number of sockets in an instance.
        instance: usize,
    },
    /// Too few sockets for one instance of a scenario that is played step by step.
    #[error(
        "{scenario} is played by whole instances of {needed} sockets, and has {sockets}; expected at least {needed} for it"
    )]
    NoInstance {
        /// The scenario.
        scenario: String,
        /// The number of sockets that play it.
        sockets: u32,
        /// The number of sockets in an instance.
        needed: u32,
    },
    /// A scenario that is played step by step in a run whose number of sockets changes.
    #[error(
        "{scenario} can only be played step by step, in whole instances, so its sockets cannot come and go one by one; use \
         `phxproof load` for it, or a scenario whose actors join first and then only push, receive and sleep"
    )]
    NotScalable {
        /// The scenario.
        scenario: String,
    },
    /// There are too few users in a file.
    #[error("{scenario}: {lack}")]
    NoUsers {
        /// The scenario.
        scenario: String,
        /// The reason why there are too few.
        lack: String,
    },
    /// Scenarios with different serializers in one run.
    #[error("the scenarios are written for different serializers; run them one after another")]
    TwoSerializers,
    /// A heartbeat interval or a timeout of zero.
    #[error("{0} cannot be nothing; expected something like 30s")]
    NoWait(&'static str),
}
