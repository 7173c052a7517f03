//! The parts that all sockets of an experiment share: the address, the clock, and the figures that they add to.

use std::cell::{Cell, RefCell};
use std::time::Duration;

use super::oddity::Oddity;
use crate::clock::{Clock, Time};
use crate::driver::{ConnectionSettings, NoToken, token, until};
use crate::load::{Histograms, Messages, Sockets, Timing};
use crate::protocol::Vsn;
use crate::transport::{
    ConnectRequest, Connection, Endpoint, Limits, OpenError, Opened, TOKEN, Upgrade, open,
};

/// A server under test, and what was measured at it.
#[derive(Debug)]
pub(super) struct Site {
    settings: ConnectionSettings,
    pub(super) vsn: Vsn,
    pub(super) heartbeat: Duration,
    /// A part of all topics and names, so that no other run meets them.
    pub(super) run: u64,
    pub(super) figures: RefCell<SiteFigures>,
    oddities: RefCell<Vec<Oddity>>,
    next_socket: Cell<u32>,
}

/// Figures of all experiments so far.
#[derive(Debug, Default)]
pub(super) struct SiteFigures {
    pub(super) sockets: Sockets,
    pub(super) messages: Messages,
    pub(super) times: Histograms,
    /// The sockets that are open now.
    pub(super) open: u64,
}

/// A socket that could not be opened.
#[derive(Debug, thiserror::Error)]
pub(super) enum NotOpened {
    #[error(transparent)]
    NoToken(#[from] NoToken),
    #[error(transparent)]
    Open(#[from] OpenError),
    #[error("the server refused the connection with {0}")]
    Refused(u16),
}

impl Site {
    pub(super) fn new(endpoint: Endpoint, vsn: Vsn, timeout: Duration, run: u64, clock: Clock) -> Self {
        Self {
            settings: ConnectionSettings {
                endpoint,
                timeout,
                clock,
            },
            vsn,
            heartbeat: Duration::from_secs(30),
            run,
            figures: RefCell::default(),
            oddities: RefCell::default(),
            next_socket: Cell::new(0),
        }
    }

    pub(super) fn now(&self) -> Time {
        self.settings.clock.now()
    }

    /// The longest wait for an answer.
    pub(super) fn timeout(&self) -> Duration {
        self.settings.timeout
    }

    /// Waits until this moment.
    pub(super) async fn until(&self, at: Time) {
        until(self.settings.clock, Some(at)).await;
    }

    /// The number of a new socket.
    pub(super) fn number(&self) -> u32 {
        let number = self.next_socket.get();
        self.next_socket.set(number + 1);
        number
    }

    /// The connections' settings, for requests beside the sockets.
    pub(super) fn connection_settings(&self) -> &ConnectionSettings {
        &self.settings
    }

    /// Adds a measured time.
    pub(super) fn measure(&self, timing: Timing, from: Time, to: Time) {
        let micros = u64::try_from(to.since(from).as_micros()).unwrap_or(u64::MAX);
        self.figures.borrow_mut().times.record(timing, micros);
    }

    pub(super) fn odd(&self, oddity: Oddity) {
        self.oddities.borrow_mut().push(oddity);
    }

    /// The oddities since the last call.
    pub(super) fn take_oddities(&self) -> Vec<Oddity> {
        self.oddities.take()
    }

    /// Opens a connection, as this user if one is named.
    pub(super) async fn open(&self, user: Option<&str>) -> Result<Connection, NotOpened> {
        let mut parts = ConnectRequest::<String>::default().at(&self.settings.endpoint, self.vsn);
        if let Some(user) = user {
            let token = token(&self.settings, user, None).await?;
            parts.params.retain(|(name, _)| name != TOKEN);
            parts.params.push((TOKEN.to_owned(), token));
        }
        let upgrade = Upgrade {
            limits: Limits {
                message_bytes: LARGEST_MESSAGE,
                ..Limits::default()
            },
            ..Upgrade::new(&parts, self.settings.timeout)
        };
        let begin = self.now();
        match open(&parts.target, &upgrade).await? {
            Opened::Open(connection, _) => {
                self.measure(Timing::Connect, begin, self.now());
                let figures = &mut *self.figures.borrow_mut();
                figures.sockets.opened += 1;
                figures.open += 1;
                figures.sockets.peak_joined = figures.sockets.peak_joined.max(figures.open);
                Ok(connection)
            }
            Opened::Refused(response) => Err(NotOpened::Refused(response.status)),
        }
    }

    /// A connection is over.
    pub(super) fn closed(&self) {
        let open = &mut self.figures.borrow_mut().open;
        *open = open.saturating_sub(1);
    }
}

/// A join of a video may bring many annotations.
const LARGEST_MESSAGE: usize = 16 << 20;
