//! Probes a server before the run: its channels, and the version of Phoenix that it behaves like.

use super::conversation::{
    AstrayMessage, Client, Deed, MadeConversation, OtherJoinRef, Params, PushKind, Topic,
};
use super::generate::Offers;
use super::numbers::Numbers;
use super::play::Stage;
use super::property::{Flaw, Property};
use super::script::Script;
use super::settings::FuzzError;
use crate::profile::Profile;
use crate::scenario::Blame;

/// The channels of a server, and the version of Phoenix that it is held to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Looked {
    pub(super) offers: Offers,
    pub(super) profile: Profile,
}

/// Finds out what the server of this stage offers, and which version it is like unless the user has `named` one.
///
/// # Errors
/// If the server lets no client in.
pub(super) async fn look(
    stage: &Stage,
    named: Option<Profile>,
    numbers: &Numbers,
) -> Result<Looked, FuzzError> {
    if let Some(why) = refusal(stage, numbers).await? {
        return Err(FuzzError::NoEntrance {
            target: stage.connections.endpoint.target.url(),
            why,
        });
    }
    let offers = Offers {
        lab: joins(stage, numbers, &Topic::Lab(0)).await?,
        presence: joins(stage, numbers, &Topic::Presence).await?,
        videos: joins(stage, numbers, &Topic::Video).await?,
        users: has_users(stage, numbers).await?,
    };
    let profile = match named {
        Some(named) => named,
        None if offers.lab => likeness(stage, numbers).await?,
        None => stage.profile,
    };
    Ok(Looked { offers, profile })
}

/// The reason why the server lets no client in, in one line.
async fn refusal(stage: &Stage, numbers: &Numbers) -> Result<Option<String>, FuzzError> {
    let greeting = "about: x\nsteps:\n  - ana: connect\n  - ana: heartbeat\n";
    let Some(failure) = stage.failure_of(greeting, numbers).await? else {
        return Ok(None);
    };
    let is_refused = failure.blame == Blame::Nobody || Flaw::of_failure(&failure).property == Property::LetIn;
    let came = failure.actual.lines().next().unwrap_or_default();
    Ok(is_refused.then(|| format!("{} ({came})", failure.what)))
}

/// Whether a client may join. Nothing else counts: a channel that is there and answers wrongly has to be fuzzed.
async fn joins(stage: &Stage, numbers: &Numbers, topic: &Topic) -> Result<bool, FuzzError> {
    let topic = topic.written();
    let name = if topic.contains("{{room}}") {
        "room"
    } else {
        "video"
    };
    let text =
        format!("about: x\nfresh: [{name}]\nsteps:\n  - ana: connect\n  - ana: {{ join: \"{topic}\" }}\n");
    Ok(stage.failure_of(&text, numbers).await?.is_none())
}

/// Whether a client with the token of a user is this user: in a whisper to itself, or in its presence.
async fn has_users(stage: &Stage, numbers: &Numbers) -> Result<bool, FuzzError> {
    let none = || Params::Plain(serde_json::Map::new());
    let whisper = MadeConversation::of_one([
        Deed::Connect,
        Deed::Join(Topic::Lab(0), none()),
        Deed::Push(Topic::Lab(0), PushKind::Whisper(Client(0), "x".to_owned())),
    ]);
    let presence = MadeConversation::of_one([Deed::Connect, Deed::Join(Topic::Presence, none())]);
    for shown in [whisper, presence] {
        if flaw(stage, numbers, &shown).await?.is_none() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The newest version that answers like this server, as far as the model tells versions apart; the newest of all if none does.
async fn likeness(stage: &Stage, numbers: &Numbers) -> Result<Profile, FuzzError> {
    let telling = telling();
    for profile in Profile::candidates() {
        let stage = Stage {
            profile,
            ..stage.clone()
        };
        if flaw(&stage, numbers, &telling).await?.is_none() {
            return Ok(profile);
        }
    }
    Ok(stage.profile)
}

/// A conversation that versions answer differently. Each count tells whether the push before it was heard.
fn telling() -> MadeConversation {
    let lab = || Topic::Lab(0);
    let join = || Deed::Join(lab(), Params::Plain(serde_json::Map::new()));
    let count = || Deed::Push(lab(), PushKind::Count);
    MadeConversation::of_one([
        Deed::Connect,
        join(),
        Deed::Astray(lab(), AstrayMessage::Count, OtherJoinRef::Null),
        count(),
        Deed::Astray(lab(), AstrayMessage::Count, OtherJoinRef::Unused),
        count(),
        Deed::Astray(lab(), AstrayMessage::Leave, OtherJoinRef::Null),
        count(),
        join(),
        Deed::Push(lab(), PushKind::Crash),
    ])
}

async fn flaw(
    stage: &Stage,
    numbers: &Numbers,
    conversation: &MadeConversation,
) -> Result<Option<(Property, String)>, FuzzError> {
    let Some(script) = Script::new(conversation, stage.profile)? else {
        return Ok(None);
    };
    let played = stage.play(&script, numbers).await;
    Ok(played.flaw.map(|flaw| (flaw.property, flaw.told)))
}
