//! Shrinks a failing conversation: removes clients, topics and steps, and simplifies payloads, as long as the same property fails in
//! the same way.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::cause::Cause;
use super::conversation::{
    Client, ClientStep, Deed, MadeConversation, OtherJoinRef, Params, PushKind, Topic,
};
use super::numbers::Numbers;
use super::play::{Played, Stage};
use super::property::Flaw;
use super::script::{Reference, Script};
use crate::clock::Time;
use crate::scenario::ScenarioError;

/// A shrunk conversation.
pub(super) struct Shrunk {
    pub(super) script: Script,
    pub(super) flaw: Flaw,
    pub(super) reference: Option<Reference>,
    pub(super) cause: Option<Cause>,
    pub(super) rate: Rate,
}

/// How often a conversation failed when it was played again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Rate {
    pub(crate) failed: usize,
    pub(crate) of: usize,
}

/// How often the first conversation is played again.
const AGAIN: usize = 5;
/// The most plays of one candidate.
const MOST_PLAYS: usize = 10;
/// The most candidates.
const MOST_CANDIDATES: usize = 2000;

/// How many candidates are played at a time: most of their time is spent waiting.
const AT_A_TIME: usize = 16;

/// The search for a smaller conversation that fails.
#[derive(Clone)]
pub(super) struct Search {
    pub(super) stage: Stage,
    pub(super) numbers: Arc<Numbers>,
    pub(super) flaw: Flaw,
    /// The end of the time for it.
    pub(super) until: Time,
}

/// The kinds of candidates, in the order in which they are tried.
const PASSES: [fn(&MadeConversation) -> Vec<MadeConversation>; 4] =
    [without_a_client, without_a_topic, without_steps, simpler];

struct Best {
    conversation: MadeConversation,
    script: Script,
    played: Played,
}

impl Search {
    /// The smallest conversation that was found; nothing if the first one does not fail again.
    ///
    /// # Errors
    /// If a scenario cannot be read, which is a mistake of this tool.
    pub(super) async fn run(&self, first: &MadeConversation) -> Result<Option<Shrunk>, ScenarioError> {
        let Some((mut best, rate)) = self.again(first).await? else {
            return Ok(None);
        };
        let plays = (3 * rate.of / rate.failed.max(1)).clamp(1, MOST_PLAYS);
        let plays = if rate.failed == rate.of { 1 } else { plays };
        let mut left: usize = MOST_CANDIDATES;
        let is_smallest = loop {
            let before = best.conversation.clone();
            for pass in PASSES {
                self.pass(&mut best, pass, plays, &mut left).await?;
            }
            if left == 0 || self.stage.connections.clock.now() >= self.until {
                break false;
            }
            if best.conversation == before {
                break true;
            }
        };
        Ok(Some(Shrunk {
            script: best.script,
            flaw: best.played.flaw.unwrap_or_else(|| self.flaw.clone()),
            reference: best.played.reference,
            // A step that could still be left out may stand last.
            cause: is_smallest.then(|| Cause::of(&best.conversation)).flatten(),
            rate,
        }))
    }

    /// Whether the failure is gone if the steps of these causes are left out.
    ///
    /// # Errors
    /// If a scenario cannot be read, which is a mistake of this tool.
    pub(super) async fn follows_from(
        &self,
        causes: &[Cause],
        first: &MadeConversation,
    ) -> Result<bool, ScenarioError> {
        let mut without = first.clone();
        for cause in causes {
            without = cause.removed_from(&without).unwrap_or(without);
        }
        if without == *first || self.again(&without).await?.is_some() {
            return Ok(false);
        }
        let with = self.failing(&vec![first.clone(); AGAIN]).await?;
        Ok(with.contains(&true))
    }

    /// Which of these conversations fail in the same way.
    ///
    /// # Errors
    /// If a scenario cannot be read, which is a mistake of this tool.
    pub(super) async fn failing(
        &self,
        conversations: &[MadeConversation],
    ) -> Result<Vec<bool>, ScenarioError> {
        let failing = self.side_by_side(conversations, 1).await?;
        Ok(failing.iter().map(Option::is_some).collect())
    }

    /// A conversation that failed once and did not fail again, as it is.
    pub(super) fn not_again(script: Script, flaw: Flaw, reference: Option<Reference>) -> Shrunk {
        Shrunk {
            script,
            flaw,
            reference,
            cause: None,
            rate: Rate { failed: 0, of: AGAIN },
        }
    }

    /// Plays the conversation again, some times. If something did not come in time, it gets more time now.
    async fn again(&self, first: &MadeConversation) -> Result<Option<(Best, Rate)>, ScenarioError> {
        let mut patient = self.clone();
        if self.flaw.is_about_time() {
            patient.stage = self.stage.patient();
        }
        let failing = patient.side_by_side(&vec![first.clone(); AGAIN], 1).await?;
        let failed = failing.iter().flatten().count();
        let rate = Rate { failed, of: AGAIN };
        let last = failing.into_iter().flatten().next_back();
        Ok(last.map(|best| (best, rate)))
    }

    /// Tries the candidates of one kind, each behind the last that failed.
    async fn pass(
        &self,
        best: &mut Best,
        candidates: fn(&MadeConversation) -> Vec<MadeConversation>,
        plays: usize,
        left: &mut usize,
    ) -> Result<(), ScenarioError> {
        'again: loop {
            for some in candidates(&best.conversation).chunks(AT_A_TIME) {
                if *left == 0 || self.stage.connections.clock.now() >= self.until {
                    return Ok(());
                }
                *left = left.saturating_sub(AT_A_TIME);
                let failing = self.side_by_side(some, plays).await?;
                if let Some(smaller) = failing.into_iter().flatten().next() {
                    *best = smaller;
                    continue 'again;
                }
            }
            return Ok(());
        }
    }

    /// Plays these conversations side by side; of each its play, if it fails in the same way.
    async fn side_by_side(
        &self,
        conversations: &[MadeConversation],
        plays: usize,
    ) -> Result<Vec<Option<Best>>, ScenarioError> {
        let playing = conversations.iter().map(|conversation| {
            let (search, conversation) = (self.clone(), conversation.clone());
            tokio::task::spawn_local(async move { search.fails(&conversation, plays).await })
        });
        let mut played = Vec::new();
        for playing in playing.collect::<Vec<_>>() {
            match playing.await {
                Ok(one) => played.push(one?),
                Err(panicked) => std::panic::resume_unwind(panicked.into_panic()),
            }
        }
        Ok(played)
    }

    /// The conversation with its play, if it fails in the same way.
    async fn fails(
        &self,
        conversation: &MadeConversation,
        plays: usize,
    ) -> Result<Option<Best>, ScenarioError> {
        let Some(script) = Script::new(conversation, self.stage.profile)? else {
            return Ok(None);
        };
        for _ in 0..plays {
            let played = self.stage.play(&script, &self.numbers).await;
            if played.flaw.as_ref().is_some_and(|flaw| flaw.is_like(&self.flaw)) {
                return Ok(Some(Best {
                    conversation: conversation.clone(),
                    script,
                    played,
                }));
            }
        }
        Ok(None)
    }
}

/// All candidates of all kinds.
#[cfg(test)]
pub(super) fn candidates(conversation: &MadeConversation) -> Vec<MadeConversation> {
    PASSES.iter().flat_map(|pass| pass(conversation)).collect()
}

fn without_a_client(conversation: &MadeConversation) -> Vec<MadeConversation> {
    let clients: BTreeSet<Client> = conversation.steps.iter().map(|step| step.client).collect();
    clients
        .into_iter()
        .map(|client| keeping(conversation, |step| step.client != client))
        .collect()
}

fn without_a_topic(conversation: &MadeConversation) -> Vec<MadeConversation> {
    let topics: BTreeSet<&Topic> = conversation.steps.iter().filter_map(topic).collect();
    topics
        .into_iter()
        .map(|gone| keeping(conversation, |step| topic(step) != Some(gone)))
        .collect()
}

fn topic(step: &ClientStep) -> Option<&Topic> {
    match &step.deed {
        Deed::Join(topic, _) | Deed::Push(topic, _) | Deed::Leave(topic) | Deed::Astray(topic, ..) => {
            Some(topic)
        }
        Deed::Connect | Deed::Heartbeat | Deed::Frame(_) | Deed::Close | Deed::Cut => None,
    }
}

fn keeping(conversation: &MadeConversation, keep: impl Fn(&ClientStep) -> bool) -> MadeConversation {
    MadeConversation {
        steps: conversation
            .steps
            .iter()
            .filter(|step| keep(step))
            .cloned()
            .collect(),
    }
}

/// Without one run of steps: first half of them, at last a single one; the later ones first.
fn without_steps(conversation: &MadeConversation) -> Vec<MadeConversation> {
    let steps = &conversation.steps;
    let mut candidates = Vec::new();
    let mut size = steps.len() / 2;
    while size > 0 {
        let mut end = steps.len();
        while end > 0 {
            let start = end.saturating_sub(size);
            candidates.push(MadeConversation {
                steps: [&steps[..start], &steps[end..]].concat(),
            });
            end = start;
        }
        size /= 2;
    }
    candidates
}

/// With one step simplified, or with fewer names.
fn simpler(conversation: &MadeConversation) -> Vec<MadeConversation> {
    let mut candidates = Vec::new();
    let renamed = with_first_names(conversation);
    if renamed != *conversation {
        candidates.push(renamed);
    }
    for (index, step) in conversation.steps.iter().enumerate() {
        for deed in simpler_deeds(&step.deed) {
            let mut candidate = conversation.clone();
            candidate.steps[index].deed = deed;
            candidates.push(candidate);
        }
    }
    candidates
}

/// The clients called by the first names, in the order in which they come.
fn with_first_names(conversation: &MadeConversation) -> MadeConversation {
    let mut order: Vec<Client> = Vec::new();
    for step in &conversation.steps {
        if !order.contains(&step.client) {
            order.push(step.client);
        }
    }
    let new = |client: Client| Client(order.iter().position(|it| *it == client).unwrap_or(client.0));
    let steps = conversation.steps.iter().map(|step| ClientStep {
        client: new(step.client),
        deed: match &step.deed {
            Deed::Push(topic, PushKind::Whisper(to, body)) => {
                Deed::Push(topic.clone(), PushKind::Whisper(new(*to), body.clone()))
            }
            deed => deed.clone(),
        },
    });
    MadeConversation {
        steps: steps.collect(),
    }
}

fn simpler_deeds(deed: &Deed) -> Vec<Deed> {
    match deed {
        Deed::Join(topic, params) => {
            let none = Params::Plain(serde_json::Map::new());
            let mut simpler = Vec::new();
            if *params != none {
                simpler.push(Deed::Join(topic.clone(), none));
            }
            if let Topic::Lab(1..) = topic {
                simpler.push(Deed::Join(Topic::Lab(0), params.clone()));
            }
            simpler
        }
        Deed::Push(topic, push) => {
            let mut simpler: Vec<Deed> = simpler_push(push)
                .into_iter()
                .map(|push| Deed::Push(topic.clone(), push))
                .collect();
            if let Topic::Lab(1..) = topic {
                simpler.push(Deed::Push(Topic::Lab(0), push.clone()));
            }
            simpler
        }
        Deed::Astray(Topic::Lab(1..), message, other) => {
            vec![Deed::Astray(Topic::Lab(0), *message, *other)]
        }
        Deed::Astray(topic, message, OtherJoinRef::Earlier) => {
            vec![Deed::Astray(topic.clone(), *message, OtherJoinRef::Unused)]
        }
        Deed::Leave(Topic::Lab(1..)) => vec![Deed::Leave(Topic::Lab(0))],
        Deed::Leave(_)
        | Deed::Astray(..)
        | Deed::Connect
        | Deed::Heartbeat
        | Deed::Frame(_)
        | Deed::Close
        | Deed::Cut => Vec::new(),
    }
}

fn simpler_push(push: &PushKind) -> Option<PushKind> {
    let empty = serde_json::Map::new;
    match push {
        PushKind::Echo(it) if !it.is_empty() => Some(PushKind::Echo(empty())),
        PushKind::Echo(_) => Some(PushKind::Ack),
        PushKind::EchoError(it) if !it.is_empty() => Some(PushKind::EchoError(empty())),
        PushKind::Push(it) if !it.is_empty() => Some(PushKind::Push(empty())),
        PushKind::Broadcast(it) if !it.is_empty() => Some(PushKind::Broadcast(empty())),
        PushKind::BroadcastFrom(it) if !it.is_empty() => Some(PushKind::BroadcastFrom(empty())),
        PushKind::ReplyLater(it) if !it.is_empty() => Some(PushKind::ReplyLater(empty())),
        PushKind::StopReply(it) if !it.is_empty() => Some(PushKind::StopReply(empty())),
        PushKind::EchoBytes(bytes) => shorter(bytes).map(PushKind::EchoBytes),
        PushKind::PushBytes(bytes) => shorter(bytes).map(PushKind::PushBytes),
        PushKind::BroadcastBytes(bytes) => shorter(bytes).map(PushKind::BroadcastBytes),
        PushKind::Put(key, value) if key != "a" || *value != 1 => {
            Some(PushKind::Put("a".to_owned(), 1.into()))
        }
        PushKind::Get(key) if key != "a" => Some(PushKind::Get("a".to_owned())),
        PushKind::Whisper(to, body) if !body.is_empty() => Some(PushKind::Whisper(*to, String::new())),
        PushKind::Unknown(event) if event != "no_event" => Some(PushKind::Unknown("no_event".to_owned())),
        _ => None,
    }
}

fn shorter(bytes: &[u8]) -> Option<Vec<u8>> {
    match bytes.len() {
        0 => None,
        length => Some(bytes[..length / 2].to_vec()),
    }
}

impl Rate {
    /// The rate in words.
    pub(crate) fn told(self) -> String {
        format!("fails {} of {}", self.failed, self.of)
    }
}
