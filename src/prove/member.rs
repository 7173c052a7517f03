//! A socket of an experiment: it sends the messages of a script, and has an account of all that it receives.

use std::collections::VecDeque;
use std::rc::Rc;

use serde_json::Value;

use super::account::{Account, Answer, Came, Content, Ends, Expected, ToSend};
use super::oddity::{Oddity, OddityKind};
use super::site::{NotOpened, Site};
use crate::clock::Time;
use crate::load::Timing;
use crate::protocol::{Frame, PHOENIX_TOPIC};
use crate::transport::{Connection, Ending, Incoming, Outgoing};

mod waits;

/// A push or a broadcast that came.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Heard {
    pub(super) topic: Rc<str>,
    pub(super) event: String,
    pub(super) content: Content,
    pub(super) at: Time,
}

/// The reason why an answer did not come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NoAnswer {
    /// Not in time. If it never comes, that is an oddity.
    InTime,
    /// The channel ended before.
    ChannelOver,
    /// The connection ended before.
    Disconnected,
}

/// Whether the end of a connection is an oddity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum AwaitsEnd {
    Yes,
    No,
}

/// Whether sockets have users.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Users {
    /// Each has a token for a name of its own.
    Named,
    /// None has.
    Anonymous,
}

/// The name of a socket's user.
pub(super) fn user_name(run: u64, socket: u32) -> String {
    format!("u{run}-{socket}")
}

/// One socket.
#[derive(Debug)]
pub(super) struct Member {
    pub(super) site: Rc<Site>,
    pub(super) number: u32,
    /// The name under which it connects, if it has a token.
    pub(super) user: Option<String>,
    connection: Option<Connection>,
    account: Account,
    heard: VecDeque<Heard>,
    answers: Vec<(u64, Answer, Time)>,
    awaits_end: AwaitsEnd,
    has_joined: bool,
    next_beat: Time,
}

impl Member {
    /// Opens a socket.
    pub(super) async fn open(site: &Rc<Site>, users: Users) -> Result<Self, NotOpened> {
        let number = site.number();
        let user = match users {
            Users::Named => Some(user_name(site.run, number)),
            Users::Anonymous => None,
        };
        Self::connect(site, number, user).await
    }

    /// Opens a socket for a user that has another one already.
    pub(super) async fn open_as(site: &Rc<Site>, user: String) -> Result<Self, NotOpened> {
        Self::connect(site, site.number(), Some(user)).await
    }

    async fn connect(site: &Rc<Site>, number: u32, user: Option<String>) -> Result<Self, NotOpened> {
        let connection = site.open(user.as_deref()).await?;
        Ok(Self {
            site: Rc::clone(site),
            number,
            user,
            connection: Some(connection),
            account: Account::new(site.vsn, number),
            heard: VecDeque::new(),
            answers: Vec::new(),
            awaits_end: AwaitsEnd::No,
            has_joined: false,
            next_beat: site.now() + site.heartbeat,
        })
    }

    /// Opens it again after its connection ended.
    pub(super) async fn reopen(&mut self) -> Result<(), NotOpened> {
        self.cut();
        self.connection = Some(self.site.open(self.user.as_deref()).await?);
        self.site.figures.borrow_mut().sockets.reconnects += 1;
        self.awaits_end = AwaitsEnd::No;
        self.next_beat = self.site.now() + self.site.heartbeat;
        Ok(())
    }

    pub(super) fn is_open(&self) -> bool {
        self.connection.is_some()
    }

    pub(super) fn is_joined(&self, topic: &str) -> bool {
        self.account.is_joined(topic)
    }

    /// Joins a topic, and waits for the reply.
    pub(super) async fn join(
        &mut self,
        topic: &Rc<str>,
        params: &Value,
        expected: Expected,
    ) -> Result<Answer, NoAnswer> {
        let reference = self.start_join(topic, params, expected).await;
        let (answer, at) = self.answer(topic, reference).await?;
        self.site.measure(Timing::Join, answer.sent, at);
        if answer.status == "ok" && !std::mem::replace(&mut self.has_joined, true) {
            self.site.figures.borrow_mut().sockets.joined += 1;
        }
        Ok(answer)
    }

    /// Sends a join without waiting for the reply; returns its ref.
    pub(super) async fn start_join(&mut self, topic: &Rc<str>, params: &Value, expected: Expected) -> u64 {
        let (reference, out) = self.account.join(topic, params, expected, self.site.now());
        self.say(out).await;
        reference
    }

    /// Sends a push without waiting for the reply; returns its ref.
    pub(super) async fn push(
        &mut self,
        topic: &Rc<str>,
        event: &str,
        content: &Content,
        expected: Expected,
    ) -> u64 {
        let push = ToSend {
            topic,
            event,
            content,
            expected,
        };
        let (reference, out) = self.account.send(push, self.site.now());
        self.say(out).await;
        reference
    }

    /// Sends a push, and waits for the reply.
    pub(super) async fn ask(
        &mut self,
        topic: &Rc<str>,
        event: &str,
        content: &Content,
        expected: Expected,
    ) -> Result<(Answer, Time), NoAnswer> {
        let reference = self.push(topic, event, content, expected).await;
        let (answer, at) = self.answer(topic, reference).await?;
        self.site.measure(Timing::Reply, answer.sent, at);
        Ok((answer, at))
    }

    /// Leaves a topic, and waits for the reply and `phx_close`.
    pub(super) async fn leave(&mut self, topic: &Rc<str>) -> Result<(), NoAnswer> {
        let (reference, out) = self.account.leave(topic, self.site.now());
        self.say(out).await;
        self.answer(topic, reference).await?;
        self.ended(topic).await
    }

    /// Sends a push that ends the channel, and waits until it has.
    pub(super) async fn end_by(
        &mut self,
        topic: &Rc<str>,
        event: &str,
        content: &Content,
        how: Ends,
    ) -> Result<(), NoAnswer> {
        self.account.will_end(topic, how);
        self.push(topic, event, content, Expected::Nothing).await;
        self.ended(topic).await
    }

    /// The answers that nobody has waited for, with the times at which they came.
    pub(super) fn take_answers(&mut self) -> Vec<(u64, Answer, Time)> {
        std::mem::take(&mut self.answers)
    }

    /// The pushes and broadcasts that came since the last call.
    pub(super) fn take_heard(&mut self) -> VecDeque<Heard> {
        std::mem::take(&mut self.heard)
    }

    /// From now on the server may end the connection.
    pub(super) fn may_be_disconnected(&mut self) {
        self.awaits_end = AwaitsEnd::Yes;
    }

    /// Ends the connection without a close frame.
    pub(super) fn cut(&mut self) {
        if self.connection.take().is_some() {
            self.over();
        }
    }

    /// Ends the connection with a close frame once everything has had its time: what was due and has not come is an oddity.
    pub(super) async fn close(&mut self) {
        self.account.close(self.site.now());
        self.hang_up().await;
    }

    /// Ends the connection with a close frame, whatever is due.
    pub(super) async fn hang_up(&mut self) {
        let close = Outgoing::Close {
            code: Some(1000),
            reason: String::new(),
        };
        if let Some(mut connection) = self.connection.take() {
            // A connection that ended just now needs no close frame.
            let _ = connection.send(close).await;
            self.over();
        }
    }

    /// Sends something made by hand.
    pub(super) async fn say_raw(&mut self, outgoing: Outgoing) {
        self.say(Some(outgoing)).await;
    }

    async fn say(&mut self, outgoing: Option<Outgoing>) {
        let (Some(outgoing), Some(connection)) = (outgoing, &mut self.connection) else {
            return;
        };
        self.site.figures.borrow_mut().messages.sent += 1;
        // A connection that cannot send any more tells so when it is read.
        let _ = connection.send(outgoing).await;
    }

    /// Takes one thing that comes, or waits until the deadline.
    async fn step(&mut self, deadline: Time) -> Step {
        let wake = deadline.min(self.next_beat);
        let Some(connection) = &mut self.connection else {
            return Step::Took;
        };
        let came = tokio::select! {
            biased;
            came = connection.next() => Some(came),
            () = self.site.until(wake) => None,
        };
        match came {
            Some(incoming) => self.take(incoming),
            None if self.site.now() >= self.next_beat => self.beat().await,
            None => return Step::Over,
        }
        Step::Took
    }

    async fn beat(&mut self) {
        let now = self.site.now();
        self.next_beat = now + self.site.heartbeat;
        if let Some(sent) = self.account.unanswered_beat() {
            let waited = now.since(sent).as_secs_f64();
            let what = format!("its heartbeat had no answer within {waited:.1} s");
            self.odd(OddityKind::Lost, &PHOENIX_TOPIC.into(), what);
        }
        let out = self.account.beat(now);
        self.say(out).await;
    }

    fn take(&mut self, incoming: Incoming) {
        let now = self.site.now();
        let came = match &incoming {
            Incoming::Text(text) => self.account.take(Frame::Text(text), now),
            Incoming::Binary(bytes) => self.account.take(Frame::Binary(bytes), now),
            Incoming::Ping(_) | Incoming::Pong(_) => return,
            Incoming::Closed(ending) => return self.disconnected(ending, now),
        };
        if !matches!(came, Came::Nothing) {
            self.site.figures.borrow_mut().messages.received += 1;
        }
        match came {
            Came::Answer(reference, answer) => self.answers.push((reference, answer, now)),
            Came::Message {
                topic,
                event,
                content,
            } => self.heard.push_back(Heard {
                topic,
                event,
                content,
                at: now,
            }),
            Came::Ended(_) | Came::Nothing => {}
        }
        self.pass_on_oddities();
    }

    fn disconnected(&mut self, ending: &Ending, now: Time) {
        self.connection = None;
        if self.awaits_end == AwaitsEnd::No {
            self.site.figures.borrow_mut().sockets.lost += 1;
            self.site.odd(Oddity {
                kind: OddityKind::Disconnected,
                socket: self.number,
                topic: "".into(),
                at: now,
                what: format!("the server ended its connection: {ending:?}"),
            });
        }
        self.over();
    }

    /// The connection is over.
    fn over(&mut self) {
        self.pass_on_oddities();
        self.account.forget();
        self.answers.clear();
        self.site.closed();
    }

    fn pass_on_oddities(&mut self) {
        for oddity in self.account.take_oddities() {
            self.site.odd(oddity);
        }
    }

    fn odd(&self, kind: OddityKind, topic: &Rc<str>, what: String) {
        self.site.odd(Oddity {
            kind,
            socket: self.number,
            topic: Rc::clone(topic),
            at: self.site.now(),
            what,
        });
    }
}

/// Whether a wait is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Took,
    Over,
}

impl Step {
    const fn is_over(self) -> bool {
        matches!(self, Self::Over)
    }
}
