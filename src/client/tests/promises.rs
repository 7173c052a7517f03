//! Properties that hold for every sequence of calls, replies, losses and delays, checked by the judge.

use std::collections::BTreeSet;
use std::time::Duration;

use proptest::prelude::*;
use proptest::test_runner::FileFailurePersistence;

use super::judge::{Judge, Sent};
use crate::client::config::end_of_wait;
use crate::client::link::Link;
use crate::client::{ChannelId, ChannelState, ClientContext, Config, Ref, Socket};
use crate::clock::Time;
use crate::protocol::{Field, JOIN, Message, Payload, REPLY};

/// Whether a message of the server carries the join_ref.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum JoinRef {
    Named,
    Absent,
}

impl JoinRef {
    fn of(self, frame: &Sent) -> Option<&str> {
        frame.join_ref.as_deref().filter(|_| self == Self::Named)
    }
}

/// An action of user, server, network or time. Numbers pick one of the existing items, counted from the
/// newest.
#[derive(Clone, Debug)]
enum Step {
    Connect,
    Disconnect,
    Open,
    Lose,
    Join(u8),
    Push(usize),
    Leave(usize),
    /// The server replies to a frame, possibly again or to one of an earlier connection.
    Answer {
        frame: usize,
        status: &'static str,
        join_ref: JoinRef,
    },
    /// The server sends a message about a join that was once sent.
    Say {
        frame: usize,
        event: &'static str,
        join_ref: JoinRef,
    },
    /// Time passes, and the driver calls on time.
    Wait(u64),
    /// Time passes, and the driver calls only at the end.
    Oversleep(u64),
}

fn step() -> impl Strategy<Value = Step> {
    let millis = prop_oneof![0..20_u64, 0..2000_u64, 0..40_000_u64];
    let frame = prop_oneof![8 => Just(0_usize), 4 => 0..4_usize, 1 => 0..40_usize];
    let status = prop_oneof![8 => Just("ok"), 2 => Just("error"), 1 => Just("maybe")];
    let event = prop_oneof![3 => Just("news"), 2 => Just("phx_error"), 1 => Just("phx_close")];
    let join_ref = prop_oneof![4 => Just(JoinRef::Named), 1 => Just(JoinRef::Absent)];
    prop_oneof![
        2 => Just(Step::Connect),
        1 => Just(Step::Disconnect),
        6 => Just(Step::Open),
        2 => Just(Step::Lose),
        3 => (0..3_u8).prop_map(Step::Join),
        6 => (0..4_usize).prop_map(Step::Push),
        1 => (0..4_usize).prop_map(Step::Leave),
        16 => (frame.clone(), status, join_ref.clone())
            .prop_map(|(frame, status, join_ref)| Step::Answer { frame, status, join_ref }),
        4 => (frame, event, join_ref)
            .prop_map(|(frame, event, join_ref)| Step::Say { frame, event, join_ref }),
        6 => millis.clone().prop_map(Step::Wait),
        1 => millis.prop_map(Step::Oversleep),
    ]
}

struct Trial {
    config: Config,
    now: Time,
    socket: Socket,
    judge: Judge,
    channels: Vec<ChannelId>,
}

impl Trial {
    fn new(first_ref: Ref) -> Self {
        let mut socket = Socket::new();
        socket.skip_refs_to(first_ref);
        Self {
            config: Config::phoenix_js(),
            now: Time::ZERO,
            socket,
            judge: Judge::new(first_ref),
            channels: Vec::new(),
        }
    }

    fn call<R>(&mut self, verb: impl FnOnce(&mut Socket, &mut ClientContext<'_>) -> R) -> R {
        let mut context = ClientContext {
            config: &self.config,
            now: self.now,
            out: &mut self.judge,
        };
        verb(&mut self.socket, &mut context)
    }

    fn take(&mut self, step: &Step) {
        match *step {
            Step::Connect => self.call(Socket::connect),
            Step::Disconnect => self.call(|socket, context| socket.disconnect(context, None, "")),
            Step::Open => self.open(),
            Step::Lose => self.lose(),
            Step::Join(topic) => self.join(topic),
            Step::Push(back) => self.push(back),
            Step::Leave(back) => self.leave(back),
            Step::Answer {
                frame,
                status,
                join_ref,
            } => self.answer(frame, status, join_ref),
            Step::Say {
                frame,
                event,
                join_ref,
            } => self.say(frame, event, join_ref),
            Step::Wait(millis) => self.wait(Duration::from_millis(millis)),
            Step::Oversleep(millis) => {
                self.now = self.now + Duration::from_millis(millis);
                self.time_out();
            }
        }
        self.check_twins();
    }

    fn is_connecting(&self) -> bool {
        matches!(self.socket.link, Link::Connecting { .. })
    }

    fn open(&mut self) {
        self.judge.open |= self.is_connecting();
        self.call(Socket::handle_open);
    }

    fn lose(&mut self) {
        self.judge.disconnected();
        self.call(Socket::handle_closed);
    }

    fn join(&mut self, topic: u8) {
        let params = format!("{{\"k\":{}}}", self.channels.len());
        let id =
            self.call(|socket, context| socket.join(context, format!("room:{topic}").into(), params.into()));
        self.channels.push(id);
    }

    fn channel(&self, back: usize) -> Option<ChannelId> {
        self.channels.iter().rev().nth(back).copied()
    }

    fn push(&mut self, back: usize) {
        let Some(channel) = self.channel(back) else { return };
        let said = format!("{{\"n\":{}}}", self.judge.settled.len());
        let push = self.call(|socket, context| socket.push(context, channel, "ev", Payload::Json(&said)));
        if let Some(push) = push {
            self.judge.expect_push(push, said);
        }
    }

    fn leave(&mut self, back: usize) {
        let Some(channel) = self.channel(back) else { return };
        self.call(|socket, context| socket.leave(context, channel));
        self.judge.over.insert(channel);
    }

    fn frame(&self, back: usize) -> Option<Sent> {
        self.judge.sent.iter().rev().nth(back).cloned()
    }

    fn answer(&mut self, back: usize, status: &'static str, join_ref: JoinRef) {
        let Some(frame) = self.frame(back) else { return };
        self.judge.expect_answer(&frame, status);
        let payload = format!(r#"{{"status":"{status}","response":{{}}}}"#);
        let (join_ref, reference) = (join_ref.of(&frame), frame.reference.as_str());
        self.hear(&Message::push(
            join_ref,
            reference,
            &frame.topic,
            REPLY,
            Payload::Json(&payload),
        ));
        self.judge.answered = None;
    }

    fn say(&mut self, back: usize, event: &'static str, join_ref: JoinRef) {
        let joins = self.judge.sent.iter().filter(|frame| frame.event == JOIN);
        let Some(join) = joins.rev().nth(back).cloned() else {
            return;
        };
        if event != "news" {
            self.judge.expect_end(&join.topic, join_ref.of(&join));
        }
        self.hear(&Message::push(
            join_ref.of(&join),
            Field::Null,
            &join.topic,
            event,
            Payload::EMPTY,
        ));
    }

    fn hear(&mut self, message: &Message<'_>) {
        self.call(|socket, context| socket.handle_message(context, message));
    }

    /// Lets time pass until nothing is due any more.
    fn time_out(&mut self) {
        self.call(Socket::handle_timeout);
        let next = self.socket.next_deadline(&self.config);
        assert!(
            next.is_none_or(|at| at > self.now),
            "{next:?} is due at {:?}",
            self.now
        );
        for channel in self.socket.channels.iter() {
            if let ChannelState::Joining { since, .. } = channel.state {
                assert!(
                    end_of_wait(since, self.config.timeout) > self.now,
                    "{channel:?} joins for too long"
                );
            }
        }
    }

    fn wait(&mut self, by: Duration) {
        let until = self.now + by;
        while let Some(at) = self.socket.next_deadline(&self.config).filter(|&at| at <= until) {
            self.now = self.now.max(at);
            self.time_out();
        }
        self.now = until;
    }

    fn check_twins(&self) {
        let mut open_topics = BTreeSet::new();
        let channels = self.socket.channels.iter();
        for channel in channels.filter(|channel| channel.state.is_open()) {
            assert!(
                open_topics.insert(&channel.topic),
                "two open channels of one topic"
            );
        }
    }

    /// The server replies to everything again, for a few minutes.
    fn heal(&mut self) {
        self.call(Socket::connect);
        let mut answered = self.judge.sent.len();
        for _ in 0..1000 {
            if self.is_connecting() {
                self.open();
            }
            while answered < self.judge.sent.len() {
                answered += 1;
                self.answer(self.judge.sent.len() - answered, "ok", JoinRef::Named);
                self.check_twins();
            }
            self.wait(Duration::from_millis(200));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 400,
        failure_persistence: Some(Box::new(FileFailurePersistence::WithSource("regressions"))),
        ..ProptestConfig::default()
    })]

    #[test]
    fn whatever_happens_the_promises_hold(
        steps in prop::collection::vec(step(), 0..120),
        before_overflow in prop_oneof![Just(0), 1..60_u64],
    ) {
        let first_ref = if before_overflow == 0 { 1 } else { Ref::LAST.number() - before_overflow };
        let mut trial = Trial::new(Ref::new(first_ref));
        for step in &steps {
            trial.take(step);
        }
        trial.heal();
        for (push, count) in &trial.judge.settled {
            prop_assert_eq!(*count, 1, "{} was never settled", push);
        }
        for channel in trial.socket.channels.iter() {
            prop_assert!(matches!(channel.state, ChannelState::Joined { .. }), "{:?}", channel);
        }
    }
}
