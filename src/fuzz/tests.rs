//! Conversations as they are made, written and made smaller.

use super::conversation::{Client, ClientStep, Deed, MadeConversation, OddFrame, Params, PushKind, Topic};
use super::generate::{self, Focus, Ground, Offers};
use super::script::Script;
use super::{model, shrink, written};
use crate::profile::Profile;
use crate::transport::Transport;

const ALL: Offers = Offers {
    lab: true,
    presence: true,
    videos: true,
    users: true,
};

fn ground(focus: Focus, transport: Transport) -> Ground {
    Ground {
        focus,
        offers: ALL,
        transport,
    }
}

#[test]
fn each_conversation_is_a_scenario_of_which_the_model_knows_the_answers() {
    for focus in [
        Focus::All,
        Focus::Frames,
        Focus::Protocol,
        Focus::Lab,
        Focus::Rumbl,
    ] {
        for number in 0..60 {
            let made = generate::conversation(7, number, ground(focus, Transport::WebSocket));
            let script = Script::new(&made, Profile::DEFAULT);
            let script = script.unwrap_or_else(|why| panic!("{why}\n{made:#?}")).unwrap();
            assert!(!script.expected.links.is_empty(), "{}", script.text);
        }
    }
}

#[test]
fn the_same_seed_makes_the_same_conversations_and_another_one_others() {
    let ground = ground(Focus::All, Transport::WebSocket);
    let made = |seed| -> Vec<MadeConversation> {
        (0..20)
            .map(|number| generate::conversation(seed, number, ground))
            .collect()
    };
    assert_eq!(made(1), made(1));
    assert_ne!(made(1), made(2));
}

#[test]
fn over_long_poll_nothing_is_done_to_frames_and_connections() {
    let ground = ground(Focus::Frames, Transport::LongPoll);
    for number in 0..100 {
        let made = generate::conversation(3, number, ground);
        let only_frames = |step: &&ClientStep| matches!(step.deed, Deed::Frame(_) | Deed::Cut | Deed::Close);
        assert_eq!(made.steps.iter().find(only_frames), None);
    }
}

fn conversation(steps: Vec<(usize, Deed)>) -> MadeConversation {
    let steps = steps.into_iter().map(|(client, deed)| ClientStep {
        client: Client(client),
        deed,
    });
    MadeConversation {
        steps: steps.collect(),
    }
}

fn none() -> Params {
    Params::Plain(serde_json::Map::new())
}

#[test]
fn a_conversation_reads_well_and_says_what_each_client_is_told() {
    let room = Topic::Lab(0);
    let made = conversation(vec![
        (0, Deed::Connect),
        (1, Deed::Connect),
        (0, Deed::Join(room.clone(), none())),
        (1, Deed::Join(room.clone(), none())),
        (0, Deed::Push(room.clone(), PushKind::Count)),
        (1, Deed::Push(room.clone(), PushKind::BroadcastBytes(vec![1, 2]))),
        (0, Deed::Leave(room.clone())),
        (
            1,
            Deed::Push(room.clone(), PushKind::Whisper(Client(1), "{}".to_owned())),
        ),
        (
            1,
            Deed::Push(room.clone(), PushKind::Broadcast(serde_json::Map::new())),
        ),
        (0, Deed::Push(room.clone(), PushKind::Ack)),
        (1, Deed::Push(room.clone(), PushKind::Crash)),
        (1, Deed::Join(Topic::Presence, Params::Status("busy".to_owned()))),
        (0, Deed::Join(Topic::Video, none())),
        (
            0,
            Deed::Push(Topic::Video, PushKind::Annotate("first".to_owned(), 5)),
        ),
        (0, Deed::Join(Topic::Video, Params::Since(1))),
        (1, Deed::Frame(OddFrame::Fatal("text: \"[]\"", 1011))),
        (0, Deed::Cut),
        // Nothing that a client without a connection could do.
        (0, Deed::Heartbeat),
    ]);
    let script = Script::new(&made, Profile::DEFAULT).unwrap().unwrap();
    insta::assert_snapshot!(format!("{}\n{}", script.text, script.expected));
}

#[test]
fn a_step_that_makes_no_sense_is_left_out() {
    let made = conversation(vec![(0, Deed::Heartbeat), (0, Deed::Connect), (0, Deed::Connect)]);
    let prediction = model::predict(&made, Profile::DEFAULT);
    assert_eq!(written::steps_of(&written::scenario("x", &prediction)), 1);
    let empty = conversation(vec![(0, Deed::Heartbeat)]);
    assert!(Script::new(&empty, Profile::DEFAULT).unwrap().is_none());
}

#[test]
fn every_smaller_conversation_is_smaller_or_simpler() {
    let ground = ground(Focus::All, Transport::WebSocket);
    for number in 0..40 {
        let made = generate::conversation(11, number, ground);
        for candidate in shrink::candidates(&made) {
            assert_ne!(candidate, made);
            assert!(candidate.steps.len() <= made.steps.len());
            assert!(Script::new(&candidate, Profile::DEFAULT).is_ok());
        }
    }
}
