//! The input of an experiment: the site, its offers, the number of sockets, and a time limit.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use super::ledger::Audit;
use super::oddity::{Oddity, OddityKind};
use super::offers::Offers;
use super::server_use::ServerWatch;
use super::site::Site;
use crate::clock::Time;
use crate::driver::Lent;

/// The input of an experiment.
pub(super) struct Context<'c> {
    pub(super) site: Rc<Site>,
    pub(super) offers: Offers,
    pub(super) sockets: usize,
    pub(super) seed: u64,
    /// When this experiment is to be over.
    pub(super) deadline: Time,
    /// The server, if this run can restart it; whoever uses it puts it back.
    pub(super) server: Rc<RefCell<Option<Box<dyn Lent>>>>,
    /// The process of the server, if it was named.
    pub(super) server_pid: Option<u32>,
    /// Reads its use of the machine.
    pub(super) server_watch: Rc<ServerWatch>,
    pub(super) on_phase: RefCell<&'c mut dyn FnMut(&str)>,
}

impl Context<'_> {
    /// Says what is being done.
    pub(super) fn tell(&self, phase: &str) {
        (self.on_phase.borrow_mut())(phase);
    }

    /// Watches the process that the server has after a restart.
    pub(super) async fn follow(&self, server: &dyn Lent) {
        if let Some(pid) = server.pid().await {
            self.server_watch.follow(pid);
        }
    }

    /// The time that is left.
    pub(super) fn time_left(&self) -> Duration {
        self.deadline.since(self.site.now())
    }

    /// Adds what an experiment saw to the figures of the run.
    pub(super) fn count(&self, audit: &Audit, oddities: &[Oddity]) {
        let figures = &mut *self.site.figures.borrow_mut();
        let messages = &mut figures.messages;
        messages.expected += audit.sums.expected;
        messages.in_doubt += audit.sums.in_doubt;
        for oddity in audit.oddities.iter().chain(oddities) {
            match oddity.kind {
                OddityKind::Lost => messages.missing += 1,
                OddityKind::Doubled => messages.duplicated += 1,
                OddityKind::Reordered => messages.reordered += 1,
                OddityKind::Misdelivered | OddityKind::Altered | OddityKind::Bled => {
                    messages.misdelivered += 1
                }
                OddityKind::Error
                | OddityKind::Close
                | OddityKind::NoEnd
                | OddityKind::Disconnected
                | OddityKind::Refused
                | OddityKind::Unreadable => {}
            }
        }
    }
}
