//! Watches one connection: sends what was planned, and notes when and how the connection ended.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use crate::clock::Time;
use crate::conformance::context::RunContext;
use crate::driver::{answers_heartbeat, outgoing, until};
use crate::protocol::{Message, Payload, Vsn};
use crate::transport::{
    ConnectRequest, Connection, Ending, Incoming, Opened, Outgoing, RawFrame, Transport, Upgrade, open,
};

/// What is sent over a connection that is watched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Traffic {
    /// Nothing, in either direction. A long poll session is not even polled.
    Nothing,
    /// Heartbeats of the client, which the server answers.
    Heartbeats,
    /// Pings of WebSocket, which the server answers.
    Pings,
    /// Pongs of WebSocket that nobody asked for, which the server does not answer.
    Pongs,
    /// Pushes of the server, by the timer of the lab channel with this number.
    ServerPushes(u64),
    /// The polls of a client that says nothing.
    Polls,
}

impl Traffic {
    /// The time between two messages, and from the opening to the first one; nothing where no timer sends.
    pub(super) fn period(self, heartbeat: Duration) -> Option<Duration> {
        match self {
            // So that the connection is not silent for longer than a heartbeat leaves it.
            Self::Heartbeats | Self::Pings => Some(heartbeat),
            Self::Pongs | Self::ServerPushes(_) => Some(heartbeat / 2),
            Self::Nothing | Self::Polls => None,
        }
    }
}

/// One connection that is watched.
pub(super) struct Watch {
    pub(super) transport: Transport,
    pub(super) traffic: Traffic,
    pub(super) watched_for: Duration,
    pub(super) heartbeat: Duration,
}

/// What was seen of it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Watched {
    pub(super) transport: Transport,
    pub(super) traffic: Traffic,
    pub(super) end: WatchEnd,
    /// How long it was watched.
    pub(super) age: Duration,
    /// How many pings of WebSocket the server sent. Each was answered, as RFC 6455 asks.
    pub(super) pinged: u32,
}

/// How a watch ended.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum WatchEnd {
    /// The connection did not open, so nothing is known.
    NotOpened,
    /// It was cut, after this long without traffic in the direction that is silent.
    Cut(Duration, Ending),
    /// At the end it still answered a heartbeat.
    Alive,
    /// At the end a heartbeat was not answered, though nothing had told that the connection was cut.
    Unanswered,
}

/// Until when connections are watched. It is less once a silent connection was cut.
#[derive(Clone, Debug)]
pub(super) struct Enough(Rc<Cell<Duration>>);

impl Enough {
    pub(super) fn after(longest: Duration) -> Self {
        Self(Rc::new(Cell::new(longest)))
    }

    fn at_most(&self, time: Duration) {
        self.0.set(self.0.get().min(time));
    }
}

/// When there was traffic last.
struct Traced {
    opened: Time,
    sent: Time,
    received: Time,
    pinged: u32,
}

impl Watch {
    pub(super) async fn run(self, context: &RunContext, enough: &Enough) -> Watched {
        let clock = context.clock;
        let Some(mut connection) = self.open(context).await else {
            return self.saw(WatchEnd::NotOpened, Duration::ZERO, 0);
        };
        let now = clock.now();
        let mut traced = Traced {
            opened: now,
            sent: now,
            received: now,
            pinged: 0,
        };
        let cut = self.watch(&mut connection, context, enough, &mut traced).await;
        let now = clock.now();
        let age = now.since(traced.opened);
        let end = match cut {
            Some(ending) => {
                let silence = now.since(self.last_traffic(&traced));
                if self.traffic == Traffic::Nothing {
                    // Others are watched a little longer, to see what keeps a connection open.
                    enough.at_most(age + self.heartbeat + self.heartbeat / 10);
                }
                WatchEnd::Cut(silence, ending)
            }
            None => {
                let asked = answers_heartbeat(&mut connection, context.settings.vsn, "idle");
                match tokio::time::timeout(context.timeout, asked).await {
                    Ok(true) => WatchEnd::Alive,
                    Ok(false) | Err(_) => WatchEnd::Unanswered,
                }
            }
        };
        self.saw(end, age, traced.pinged)
    }

    fn saw(&self, end: WatchEnd, age: Duration, pinged: u32) -> Watched {
        Watched {
            transport: self.transport,
            traffic: self.traffic,
            end,
            age,
            pinged,
        }
    }

    async fn open(&self, context: &RunContext) -> Option<Connection> {
        let mut endpoint = context.endpoint();
        endpoint.target = endpoint.target.over(self.transport);
        let parts = ConnectRequest::default().at(&endpoint, context.settings.vsn);
        let upgrade = Upgrade::new(&parts, context.timeout);
        let mut connection = match open(&parts.target, &upgrade).await {
            Ok(Opened::Open(connection, _)) => connection,
            Ok(Opened::Refused(_)) | Err(_) => return None,
        };
        if let Traffic::ServerPushes(number) = self.traffic {
            let join = join_with_timer(context.settings.vsn, number, self.traffic.period(self.heartbeat)?)?;
            // That it cannot be sent is seen in how the connection ends.
            let _ = connection.send(join).await;
        }
        Some(connection)
    }

    /// Sends what was planned until the connection was watched for long enough, or ended.
    async fn watch(
        &self,
        connection: &mut Connection,
        context: &RunContext,
        enough: &Enough,
        traced: &mut Traced,
    ) -> Option<Ending> {
        let clock = context.clock;
        let mut beats = 0;
        loop {
            let end = traced.opened + self.watched_for.min(enough.0.get());
            let beat = self.next_beat(traced.opened, beats + 1);
            let wake = beat.map_or(end, |beat| beat.min(end));
            if self.is_unpolled() {
                // Asking for messages would be traffic.
                until(clock, Some(wake)).await;
                return None;
            }
            tokio::select! {
                biased;
                incoming = connection.next() => match incoming {
                    Incoming::Closed(ending) => return Some(ending),
                    Incoming::Ping(_) => {
                        traced.pinged += 1;
                        (traced.received, traced.sent) = (clock.now(), clock.now());
                    }
                    Incoming::Text(_) | Incoming::Binary(_) | Incoming::Pong(_) => traced.received = clock.now(),
                },
                () = until(clock, Some(wake)) => {
                    if clock.now() >= end {
                        return None;
                    }
                    beats += 1;
                    if let Some(outgoing) = self.beat(context.settings.vsn, beats) {
                        // That it cannot be sent is seen in how the connection ends.
                        let _ = connection.send(outgoing).await;
                        traced.sent = clock.now();
                    }
                }
            }
        }
    }

    /// Whether the connection is a long poll session that is not polled.
    fn is_unpolled(&self) -> bool {
        self.transport == Transport::LongPoll && self.traffic == Traffic::Nothing
    }

    fn next_beat(&self, opened: Time, number: u32) -> Option<Time> {
        if let Traffic::ServerPushes(_) = self.traffic {
            return None;
        }
        let period = self.traffic.period(self.heartbeat)?;
        Some(opened + period * number)
    }

    fn beat(&self, vsn: Vsn, number: u32) -> Option<Outgoing> {
        match self.traffic {
            Traffic::Heartbeats => outgoing(vsn, &Message::heartbeat(&number.to_string())),
            Traffic::Pings => Some(Outgoing::Ping(Vec::new())),
            Traffic::Pongs => Some(Outgoing::Frame(RawFrame::new(RawFrame::PONG, ""))),
            Traffic::Nothing | Traffic::ServerPushes(_) | Traffic::Polls => None,
        }
    }

    /// When there was traffic last in the direction that is silent; that of any kind if none is.
    fn last_traffic(&self, traced: &Traced) -> Time {
        match self.traffic {
            Traffic::Nothing | Traffic::Heartbeats | Traffic::Pings | Traffic::Polls => {
                traced.sent.max(traced.received)
            }
            Traffic::Pongs => traced.received,
            Traffic::ServerPushes(_) => traced.sent,
        }
    }
}

/// A join of a lab channel that pushes by a timer.
fn join_with_timer(vsn: Vsn, number: u64, every: Duration) -> Option<Outgoing> {
    let topic = format!("lab:{number}");
    let params = format!(r#"{{"ping_ms":{}}}"#, every.as_millis().max(1));
    outgoing(vsn, &Message::join("1", &topic, Payload::Json(&params)))
}
