//! Troublemakers: conversations that crash, break off, flood or stop reading, and that do the same work politely in the control
//! blocks, so that only the trouble itself differs.

use std::rc::Rc;
use std::time::Duration;

use serde_json::json;

use super::super::account::{Content, Ends, Expected};
use super::super::conversation::Conversation;
use super::super::member::NoAnswer;
use super::super::offers::Offers;
use crate::clock::Time;
use crate::driver::disconnect_user;
use crate::transport::Outgoing;

/// A kind of trouble.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Trouble {
    CrashInEvent,
    UnknownEvent,
    StopOddly,
    CrashInJoin,
    Cut,
    Malformed,
    Flood,
    StopReading,
    DisconnectedByServer,
}

/// The manner of a deed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Manner {
    Rude,
    /// The same work without the trouble.
    Polite,
}

/// The pushes of a flood: more than the 256 that some servers keep for a channel.
const FLOOD: usize = 300;
/// The pushes that a socket asks for before it stops reading, and the size of each: more than the kernel keeps for a socket.
const UNREAD: usize = 400;
const UNREAD_BYTES: usize = 8 << 10;
/// The time for which it does not read.
const DEAF: Duration = Duration::from_millis(500);

impl Trouble {
    /// The kinds that can be made at this server.
    pub(super) fn possible(offers: &Offers) -> Vec<Self> {
        let mut all = vec![
            Self::CrashInEvent,
            Self::Cut,
            Self::UnknownEvent,
            Self::Malformed,
            Self::CrashInJoin,
            Self::Flood,
            Self::StopOddly,
            Self::StopReading,
        ];
        if offers.disconnects {
            all.push(Self::DisconnectedByServer);
        }
        all
    }

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::CrashInEvent => "crashes in an event",
            Self::UnknownEvent => "unknown events",
            Self::StopOddly => "abnormal stops",
            Self::CrashInJoin => "crashes in a join",
            Self::Cut => "cuts",
            Self::Malformed => "malformed frames",
            Self::Flood => "floods of 300 pushes",
            Self::StopReading => "sockets that do not read",
            Self::DisconnectedByServer => "disconnects by the server",
        }
    }

    /// Makes the trouble, or does the same politely; afterwards the conversation is as it was before.
    pub(super) async fn act(self, talk: &mut Conversation, manner: Manner) -> Result<(), NoAnswer> {
        match self {
            Self::CrashInEvent => end_in_room(talk, "crash", &Content::empty(), manner).await,
            Self::StopOddly => {
                let content = Content::Json(json!({ "reason": "odd" }));
                end_in_room(talk, "stop", &content, manner).await
            }
            Self::UnknownEvent => end_on_own(talk, manner).await,
            Self::CrashInJoin => refused_join(talk, manner).await,
            Self::Cut | Self::Malformed | Self::DisconnectedByServer => {
                self.end_connection(talk, manner).await?;
                come_back(talk).await
            }
            Self::Flood => flood(talk, manner).await,
            Self::StopReading => stop_reading(talk, manner).await,
        }
    }

    /// Ends the connection in a way of its own, or with a close frame.
    async fn end_connection(self, talk: &mut Conversation, manner: Manner) -> Result<(), NoAnswer> {
        if manner == Manner::Polite {
            talk.hang_up().await;
            return Ok(());
        }
        match self {
            Self::Malformed => {
                talk.is_cut_off();
                talk.member.may_be_disconnected();
                let no_message = Outgoing::Text("[\"1\",\"2\",\"lab:x\"".to_owned());
                talk.member.say_raw(no_message).await;
                until_disconnected(talk).await
            }
            Self::DisconnectedByServer => {
                talk.is_cut_off();
                talk.member.may_be_disconnected();
                let site = Rc::clone(&talk.member.site);
                let user = talk.member.user.clone().unwrap_or_default();
                disconnect_user(site.connection_settings(), &user)
                    .await
                    .map_err(|_| NoAnswer::InTime)?;
                until_disconnected(talk).await
            }
            _ => {
                talk.cut();
                Ok(())
            }
        }
    }
}

/// The channel of the room ends by this event, or by a leave, and joins again.
async fn end_in_room(
    talk: &mut Conversation,
    event: &str,
    content: &Content,
    manner: Manner,
) -> Result<(), NoAnswer> {
    talk.begins_to_leave_room();
    let room = Rc::clone(&talk.room);
    match manner {
        Manner::Rude => talk.member.end_by(&room, event, content, Ends::Crash).await?,
        Manner::Polite => talk.member.leave(&room).await?,
    }
    talk.has_left_room();
    talk.join_room().await
}

/// The channel of the own topic crashes by an event that it does not know, or is left, and joins again.
async fn end_on_own(talk: &mut Conversation, manner: Manner) -> Result<(), NoAnswer> {
    let own = Rc::clone(&talk.own);
    match manner {
        Manner::Rude => {
            let content = Content::empty();
            talk.member
                .end_by(&own, "no_such_event", &content, Ends::Crash)
                .await?;
        }
        Manner::Polite => talk.member.leave(&own).await?,
    }
    talk.join_own().await
}

/// A join that crashes, or that is refused.
async fn refused_join(talk: &mut Conversation, manner: Manner) -> Result<(), NoAnswer> {
    let (params, response) = match manner {
        Manner::Rude => (json!({ "crash": true }), json!({ "reason": "join crashed" })),
        Manner::Polite => (json!({ "deny": "no" }), json!({ "reason": "no" })),
    };
    let topic: Rc<str> = format!("{}-side", talk.own).into();
    let joined = talk.member.join(&topic, &params, Expected::Error(response)).await;
    joined.map(drop)
}

async fn until_disconnected(talk: &mut Conversation) -> Result<(), NoAnswer> {
    let timeout = talk.member.site.timeout();
    talk.member.until_disconnected(timeout).await?;
    talk.listen();
    Ok(())
}

/// Connects again and joins both topics.
async fn come_back(talk: &mut Conversation) -> Result<(), NoAnswer> {
    talk.has_left_room();
    talk.member.reopen().await.map_err(|_| NoAnswer::Disconnected)?;
    talk.enter().await
}

/// Many pushes at once, or the same ones over a while.
async fn flood(talk: &mut Conversation, manner: Manner) -> Result<(), NoAnswer> {
    let own = Rc::clone(&talk.own);
    let (burst, pause) = paces(manner, FLOOD);
    for sent in 0..FLOOD {
        let content = Content::Json(json!({ "n": sent }));
        talk.member
            .push(&own, "ignore", &content, Expected::Nothing)
            .await;
        if sent % burst == burst - 1 {
            pause_for(talk, pause).await;
        }
    }
    // What comes behind a flood is answered all the same.
    talk.member
        .ask(&own, "ack", &Content::empty(), Expected::Ok(Content::empty()))
        .await
        .map(drop)
}

/// Asks for more than the kernel keeps for a socket, and does not read for a while; or reads all the time.
async fn stop_reading(talk: &mut Conversation, manner: Manner) -> Result<(), NoAnswer> {
    let topic: Rc<str> = format!("{}-deaf", talk.own).into();
    let params = json!({});
    let expected = Expected::Ok(Content::Json(json!({ "params": params })));
    talk.member.join(&topic, &params, expected).await?;
    talk.will_be_pushed_to();
    let (burst, pause) = paces(manner, UNREAD);
    let text = "x".repeat(UNREAD_BYTES);
    for sent in 0..UNREAD {
        let content = Content::Json(json!({ "n": sent, "text": text }));
        talk.member
            .push(&topic, "push", &content, Expected::Nothing)
            .await;
        if sent % burst == burst - 1 {
            match manner {
                Manner::Rude => {
                    let site = Rc::clone(&talk.member.site);
                    site.until(site.now() + DEAF).await;
                }
                // What came is looked at in the end.
                Manner::Polite => talk.member.until(talk.member.site.now() + pause).await,
            }
        }
    }
    talk.member
        .ask(&topic, "ack", &Content::empty(), Expected::Ok(Content::empty()))
        .await?;
    talk.pushed_in_order(&topic, UNREAD);
    talk.member.leave(&topic).await
}

/// The number of pushes that are sent at once, and the wait behind them.
const fn paces(manner: Manner, all: usize) -> (usize, Duration) {
    match manner {
        Manner::Rude => (all, Duration::ZERO),
        Manner::Polite => (all / 20, Duration::from_millis(25)),
    }
}

async fn pause_for(talk: &mut Conversation, pause: Duration) {
    let until: Time = talk.member.site.now() + pause;
    talk.until(until).await;
}
