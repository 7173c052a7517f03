//! All that a shard keeps, and the two ways in which processes hear of each other: mail and broadcasts.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use slab::Slab;

use super::afterlife::Afterlife;
use super::chance::{Chance, Freedom, Tally};
use super::channel::{Info, Join, Reason};
use super::channels::App;
use super::conduct::{Audience, BroadcastEncoding, BroadcastRefs, Conduct, Crash, HangupScope, Names};
use super::context::{Action, ConversationId};
use super::conversation::Letter;
use super::delivery::Planted;
use super::held::Held;
use super::links::{Links, Note};
use super::message::{End, Raised};
use super::peer::{Identity, Mail, Peer, PeerStage, Queued};
use super::presence::Presence;
use super::pubsub::{Address, Broadcast, PubSub, Seat};
use super::store::{Request, Store};
use super::timers::Timers;
use super::token::Tokens;
use super::tracker::{Diff, LateDiffs, Tells};
use crate::clock::{Clock, Time};
use crate::protocol::{Field, Vsn};

/// What all shards of a server share.
pub(crate) struct Shared {
    pub(crate) conduct: Conduct,
    pub(crate) app: App,
    pub(crate) presence: Presence,
    pub(crate) tokens: Tokens,
    pub(crate) store: Store,
    pub(crate) anonymous: Arc<str>,
    pub(crate) clock: Clock,
    pub(crate) planted: Arc<Planted>,
    /// The seed of what Phoenix leaves open; none: nothing of it happens.
    pub(crate) chance: Option<u64>,
    pub(crate) tally: Arc<Tally>,
}

/// What a shard waits for.
pub(crate) enum Alarm {
    /// The connection with this serial may have been silent for too long.
    Silence { peer: u32, serial: u32 },
    /// A sleep ends.
    Wake(Address),
    /// A join goes on.
    Join(Address, Box<Join>),
    /// A message to a channel is due.
    Info(Address, Info),
    /// A message to a channel is due, and again after the interval.
    Every(Address, Duration, Info),
    /// There may be descriptors again.
    Accept,
    /// The next batch is drained, or the time for it is over.
    Drain,
    /// The frame of this number is held back no longer.
    Release(u64),
    /// PubSub forgets a channel that has ended.
    Forget(u64),
    /// A connection hears that one of its channels has ended.
    Mail(u32, Mail),
    /// A presence diff is due.
    Diff,
}

/// The state of a shard.
pub(crate) struct Core {
    pub(crate) shared: Arc<Shared>,
    pub(crate) links: Arc<Links>,
    /// Which shard this is.
    pub(crate) shard: usize,
    pub(crate) now: Time,
    pub(crate) peers: Slab<Peer>,
    pub(crate) pubsub: PubSub,
    pub(crate) users: HashMap<Arc<str>, HashSet<u32>>,
    pub(crate) timers: Timers<Alarm>,
    /// Channels that have mail.
    pub(crate) ready: VecDeque<Address>,
    /// Connections that have mail.
    pub(crate) mailed: Vec<u32>,
    /// Connections that are to be closed as soon as nobody works on them.
    pub(crate) doomed: Vec<u32>,
    /// Connections that may have more input than was read in their turn.
    pub(crate) greedy: Vec<u32>,
    /// What the connection whose turn it is says itself; all of it comes before its mail.
    pub(crate) out: Vec<u8>,
    pub(crate) actions: Vec<Action>,
    pub(crate) conversations: u64,
    pub(crate) serials: u32,
    /// Whether the frame that is handled now came alone.
    pub(crate) pipelined: Pipelined,
    /// How many deliveries of broadcasts there were.
    pub(crate) deliveries: u64,
    pub(crate) held: Held,
    pub(crate) chance: Chance,
    pub(crate) afterlife: Afterlife,
    pub(crate) late_diffs: LateDiffs,
}

/// Whether more input follows the frame that is handled now. A connection's process handles all that came together
/// before any channel gets to run: a leave that is followed by a join at once is never answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pipelined {
    No,
    Yes,
}

/// Mail that waits at a connection and is more than this cuts it: its reader is too slow.
const MAX_WAITING: usize = 16 << 20;

impl Core {
    pub(crate) fn new(shared: Arc<Shared>, links: Arc<Links>, shard: usize) -> Self {
        Self {
            now: shared.clock.now(),
            chance: Chance::of(shared.chance, shard, &shared.tally),
            shared,
            links,
            shard,
            peers: Slab::new(),
            pubsub: PubSub::default(),
            users: HashMap::new(),
            timers: Timers::new(),
            ready: VecDeque::new(),
            mailed: Vec::new(),
            doomed: Vec::new(),
            greedy: Vec::new(),
            out: Vec::new(),
            actions: Vec::new(),
            conversations: 0,
            serials: 0,
            pipelined: Pipelined::No,
            deliveries: 0,
            held: Held::default(),
            afterlife: Afterlife::default(),
            late_diffs: LateDiffs::default(),
        }
    }

    /// A name for a conversation that no shard gives twice.
    pub(crate) fn next_conversation(&mut self) -> ConversationId {
        self.conversations += 1;
        ConversationId((self.shard as u64) << 48 | self.conversations)
    }

    /// Sends a message to a connection's process.
    pub(crate) fn mail(&mut self, peer: u32, mail: Mail) {
        let Some(receiver) = self.peers.get_mut(peer as usize) else {
            return;
        };
        receiver.mailbox.push(mail);
        if receiver.mailbox.bytes() > MAX_WAITING {
            self.doomed.push(peer);
        }
        if receiver.queued == Queued::No {
            receiver.queued = Queued::Yes;
            self.mailed.push(peer);
        }
    }

    /// Cuts a connection once its turn is over.
    pub(crate) fn close_later(&mut self, peer: u32) {
        self.doomed.push(peer);
    }

    /// Broadcasts to this shard's listeners and to the other shards. An error: Phoenix raises at the sender.
    pub(crate) fn broadcast(
        &mut self,
        broadcast: &Arc<Broadcast>,
        sender: ConversationId,
    ) -> Result<(), Raised> {
        self.dispatch(broadcast, sender)?;
        self.links
            .tell_others(self.shard, || Note::Broadcast(Arc::clone(broadcast), sender));
        Ok(())
    }

    /// Hands a broadcast to those who listen on this shard.
    pub(crate) fn dispatch(
        &mut self,
        broadcast: &Arc<Broadcast>,
        sender: ConversationId,
    ) -> Result<(), Raised> {
        let audience = self.shared.conduct.socket.audience;
        let encoding = self.shared.conduct.socket.encoding;
        let own_refs = self.shared.conduct.socket.broadcast_refs == BroadcastRefs::JoinRef;
        let without_sender = audience == Audience::TopicWithoutSender;
        let seats: Vec<Seat> = match audience {
            Audience::Topic | Audience::TopicWithoutSender => {
                self.pubsub.seats(&broadcast.topic).copied().collect()
            }
            Audience::AllTopics => self.pubsub.seats_of_channel(&broadcast.topic).copied().collect(),
        };
        for seat in seats {
            let listener = seat.address.conversation;
            if Some(listener) == broadcast.except || (without_sender && listener == sender) {
                continue;
            }
            if own_refs || seat.intercepts.contains(&&*broadcast.event) {
                let (event, body) = (Arc::clone(&broadcast.event), broadcast.body.clone());
                self.post(seat.address, Letter::Out { event, body });
            } else {
                let message = broadcast.encoded(match encoding {
                    BroadcastEncoding::EachVersion => seat.vsn,
                    BroadcastEncoding::OnlyV2 => Vsn::V2,
                })?;
                self.deliver(seat.address, message);
            }
        }
        Ok(())
    }

    /// Asks the store; the answer comes back to this shard.
    pub(crate) fn ask_store(&mut self, address: Address, request: Request) {
        let (links, shard) = (Arc::clone(&self.links), self.shard);
        let reply_to = Box::new(move |answer| links.tell(shard, Note::Answer(address, answer)));
        self.shared.store.submit(request, reply_to);
    }

    /// Ends a channel and lets its connection know, now or a little later.
    pub(crate) fn end(&mut self, address: Address, why: &Reason) {
        if self.process(address).is_none() {
            return;
        }
        if let Reason::Crash(_) = why
            && self.shared.conduct.socket.crash == Crash::ToldAndServed
        {
            let payload = self.shared.conduct.socket.crash_payload;
            return self.pretend_end(address, End::Crashed(payload));
        }
        let mail = match why {
            Reason::Normal | Reason::Shutdown => Mail::ChannelClosed(address.conversation),
            Reason::Crash(_) => Mail::ChannelDown(address.conversation),
        };
        match self.chance.delay(Freedom::LateEnd) {
            None => self.mail(address.peer, mail),
            Some(late) => self.timers.set(self.now + late, Alarm::Mail(address.peer, mail)),
        }
        self.bury(address, why);
    }

    /// Ends a channel of which its connection knows: it listens no more, and what waits for it is lost.
    pub(crate) fn bury(&mut self, address: Address, why: &Reason) {
        let leave = self.let_go(address);
        let Some(_) = self.call(address, &Field::Null, |channel, cx| channel.terminate(why, cx)) else {
            return;
        };
        let mut last_words = std::mem::take(&mut self.actions);
        for action in last_words.drain(..) {
            let Some(topic) = self
                .socket(address.peer)
                .and_then(|socket| Some(socket.entry(address.conversation)?.topic.clone()))
            else {
                continue;
            };
            match action {
                Action::Broadcast { event, body, .. } => {
                    let broadcast = Arc::new(Broadcast::new(topic, event, body, None));
                    // A broadcast that has no frame has nobody left who could crash of it.
                    let _ = self.broadcast(&broadcast, address.conversation);
                }
                Action::Diff { body, tells, to } => self.tell(Diff {
                    broadcast: Arc::new(Broadcast::of_presence(topic, body, to, address.conversation)),
                    of: address,
                    tells: if tells == Tells::Leave { leave } else { tells },
                }),
                _ => {}
            }
        }
        self.actions = last_words;
        if let Some(entry) = self
            .socket(address.peer)
            .and_then(|socket| socket.entry(address.conversation))
        {
            entry.process = None;
        }
    }

    /// Ends all channels of a connection, as they do when its process ends.
    pub(crate) fn bury_all(&mut self, peer: u32) {
        if self.shared.conduct.socket.hangup_scope == HangupScope::ForgetsChannels {
            self.forget_channels(peer);
        }
        while let Some(id) = self
            .socket(peer)
            .and_then(|socket| Some(socket.channels.last()?.id))
        {
            let address = Address {
                peer,
                conversation: id,
            };
            self.unsubscribe(address);
            self.bury(address, &Reason::Shutdown);
            if let Some(socket) = self.socket(peer) {
                socket.channels.pop();
            }
        }
        self.forget_all(peer);
        self.forget_user(peer);
    }

    fn forget_channels(&mut self, peer: u32) {
        while let Some(id) = self
            .socket(peer)
            .and_then(|socket| Some(socket.channels.last()?.id))
        {
            self.unsubscribe(Address {
                peer,
                conversation: id,
            });
            if let Some(socket) = self.socket(peer) {
                socket.channels.pop();
            }
        }
    }

    fn forget_user(&mut self, peer: u32) {
        let Self { peers, users, .. } = self;
        if let Some(socket) = peers.get_mut(peer as usize).and_then(Peer::socket)
            && socket.identity == Identity::Signed
            && let Some(connections) = users.get_mut(&socket.user)
        {
            connections.remove(&peer);
            if connections.is_empty() {
                users.remove(&socket.user);
            }
        }
    }

    /// `Endpoint.broadcast("users_socket:" <> name, "disconnect", %{})`, on this shard.
    pub(crate) fn disconnect(&mut self, name: &str) {
        let names = self.shared.conduct.app.user_names;
        let connections: Vec<u32> = match names {
            Names::Exact => self.users.get(name).into_iter().flatten().copied().collect(),
            Names::AnyCase => {
                let meant = self.users.iter().filter(|(user, _)| names.same(user, name));
                meant.flat_map(|(_, connections)| connections).copied().collect()
            }
        };
        for peer in connections {
            self.mail(peer, Mail::Disconnect);
        }
    }

    /// The connection is gone, or is to be.
    pub(crate) fn drop_peer(&mut self, peer: u32) {
        self.bury_all(peer);
        self.peers.try_remove(peer as usize);
    }

    /// Nothing the client says is heard any more; what was said to it is still written.
    pub(crate) fn leave_peer(&mut self, peer: u32) {
        self.bury_all(peer);
        if let Some(peer) = self.peers.get_mut(peer as usize) {
            peer.stage = PeerStage::Leaving;
            peer.input = Vec::new();
            peer.mailbox = super::peer::Mailbox::Empty;
        }
    }
}
