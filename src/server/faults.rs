//! The faults that the server can be started with. Each breaks one promise by one decision, so that a check can be tried
//! on a server that is wrong.

use super::conduct::{Conduct, Delivery, DiffsSent};
use crate::profile::Profile;

mod application;
mod apps;
mod by_fuzz;
mod channels;
mod compression;
mod connection;
mod frames;
mod handshakes;
mod lasting;
mod longpoll;
mod messages;
mod processes;
mod tls;
mod under_load;

/// One promise to break.
#[derive(Debug)]
pub struct Fault {
    /// Its name on the command line.
    pub id: &'static str,
    /// What the server then does, in a sentence.
    pub about: &'static str,
    /// The rules that it breaks.
    pub rules: &'static [&'static str],
    /// The commands that fail on a server with it, but for `fuzz`.
    shown_by: &'static [ShownBy],
    /// What a server must speak to show it; none: any does.
    pub needs: Option<Needs>,
    /// Changes the decision.
    pub(super) apply: fn(&mut Conduct),
    /// The value that it takes; none: it takes none.
    pub value: Option<FaultValue>,
}

/// The value of a fault, as in `slow-above=500`.
#[derive(Clone, Copy, Debug)]
pub struct FaultValue {
    /// Its meaning.
    pub about: &'static str,
    /// Changes the decision to that value.
    set: fn(&mut Conduct, u64),
}

/// A command that fails on a server with a fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ShownBy {
    /// A case of `check` that cites a rule of the fault fails.
    Check,
    /// `load` finds messages missing, doubled or out of order, sockets that were lost, or an objective that is missed.
    Load,
    /// A claim of `prove` fails.
    Prove,
    /// `fuzz` finds it within a minute.
    Fuzz,
}

impl ShownBy {
    /// The command.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Check => "check",
            Self::Load => "load",
            Self::Prove => "prove",
            Self::Fuzz => "fuzz",
        }
    }
}

/// What a server must speak so that a fault shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Needs {
    /// TLS.
    Tls,
    /// permessage-deflate.
    Compress,
}

impl Needs {
    /// Its name in lists.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Tls => "tls",
            Self::Compress => "compress",
        }
    }
}

impl Fault {
    const fn new(
        id: &'static str,
        about: &'static str,
        rules: &'static [&'static str],
        apply: fn(&mut Conduct),
    ) -> Self {
        Self {
            id,
            about,
            rules,
            shown_by: &[ShownBy::Check],
            needs: None,
            apply,
            value: None,
        }
    }

    /// The commands that fail on a server with it.
    pub fn shown_by(&self) -> Vec<ShownBy> {
        let by_fuzz = by_fuzz::FOUND.contains(&self.id).then_some(ShownBy::Fuzz);
        self.shown_by.iter().copied().chain(by_fuzz).collect()
    }

    /// The same, if `load` fails on it, too.
    const fn also_by_load(self) -> Self {
        Self {
            shown_by: &[ShownBy::Check, ShownBy::Load],
            ..self
        }
    }

    /// The same, if only `load` fails on it, which needs many sockets to show.
    const fn only_by_load(self) -> Self {
        Self {
            shown_by: &[ShownBy::Load],
            ..self
        }
    }

    /// The same, if only `prove` fails on it for sure: it shows among many sockets.
    const fn by_proofs(self) -> Self {
        Self {
            shown_by: &[ShownBy::Prove],
            ..self
        }
    }

    /// The same, with a value.
    const fn with_value(self, about: &'static str, set: fn(&mut Conduct, u64)) -> Self {
        Self {
            value: Some(FaultValue { about, set }),
            ..self
        }
    }

    /// Breaks the promise by this value; a fault without a value breaks it as it always does.
    pub(super) fn set(&self, conduct: &mut Conduct, value: u64) {
        match self.value {
            Some(it) => (it.set)(conduct, value),
            None => (self.apply)(conduct),
        }
    }

    /// The same, if it shows only over TLS.
    const fn over_tls(self) -> Self {
        Self {
            needs: Some(Needs::Tls),
            ..self
        }
    }

    /// The same, if it shows only where messages are compressed.
    const fn of_compression(self) -> Self {
        Self {
            needs: Some(Needs::Compress),
            ..self
        }
    }

    /// Whether it lets single deliveries of broadcasts or single presence_diffs go wrong, now and then.
    pub fn is_of_deliveries(&self) -> bool {
        let mut conduct = Conduct::of(Profile::DEFAULT);
        (self.apply)(&mut conduct);
        conduct.socket.delivery != Delivery::Once || conduct.app.diffs_sent != DiffsSent::All
    }
}

/// All faults.
pub fn all() -> impl Iterator<Item = &'static Fault> {
    [
        handshakes::FAULTS,
        connection::FAULTS,
        frames::FAULTS,
        compression::FAULTS,
        longpoll::FAULTS,
        messages::FAULTS,
        channels::FAULTS,
        processes::FAULTS,
        application::FAULTS,
        apps::FAULTS,
        lasting::FAULTS,
        tls::FAULTS,
        under_load::FAULTS,
    ]
    .into_iter()
    .flatten()
}

/// The fault of that name.
pub fn find(id: &str) -> Option<&'static Fault> {
    all().find(|fault| fault.id == id)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn no_two_faults_share_a_name() {
        let ids: BTreeSet<_> = all().map(|fault| fault.id).collect();
        assert_eq!(ids.len(), all().count());
    }

    #[test]
    fn every_fault_names_a_rule_and_changes_a_decision() {
        for fault in all() {
            assert!(!fault.rules.is_empty(), "{}", fault.id);
            let mut conduct = Conduct::of(Profile::DEFAULT);
            let right = format!("{conduct:?}");
            (fault.apply)(&mut conduct);
            assert_ne!(format!("{conduct:?}"), right, "{}", fault.id);
        }
    }

    #[test]
    fn each_fault_that_fuzz_finds_exists_and_is_shown_by_a_case_too() {
        for id in by_fuzz::FOUND {
            let fault = find(id).unwrap_or_else(|| panic!("{id}"));
            assert!(fault.shown_by().contains(&ShownBy::Check), "{id}");
            assert!(fault.shown_by().contains(&ShownBy::Fuzz), "{id}");
        }
    }

    #[test]
    fn a_fault_is_found_by_its_name() {
        assert!(find("reply-twice").is_some_and(|fault| fault.id == "reply-twice"));
        assert!(find("no-such-fault").is_none());
    }
}
