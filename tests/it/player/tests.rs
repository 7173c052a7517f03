//! The player against clients that say what was recorded, and clients that do not.

use std::path::PathBuf;

use phxproof::internal::transport::{Connection, Incoming, Limits, Opened, Outgoing, Upgrade, open};
use phxproof::{Target, Vsn};

use super::Player;
use super::names::{Names, same_message, signed_for};

fn recording(case: &str) -> PathBuf {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    root.join("tests/transcripts/1.8.12-bandit")
        .join(case)
        .with_extension("jsonl")
}

async fn connect(player: &Player) -> Connection {
    let target = Target::parse(&format!("ws://{}/socket", player.address)).unwrap();
    let upgrade = Upgrade {
        vsn: Vsn::V2,
        early: Vec::new(),
        path_and_query: format!("{}/websocket?vsn=2.0.0", target.mount()),
        headers: Vec::new(),
        limits: Limits::default(),
        deadline: std::time::Duration::from_secs(10),
    };
    match open(&target, &upgrade).await.unwrap() {
        Opened::Open(connection, _) => connection,
        Opened::Refused(response) => panic!("refused with {}", response.status),
    }
}

async fn say(connection: &mut Connection, text: &str) {
    connection.send(Outgoing::Text(text.to_owned())).await.unwrap();
}

#[tokio::test]
async fn a_client_with_a_number_of_its_own_is_answered_as_recorded() {
    let player = Player::start(&recording("leave/ok")).await;
    let mut client = connect(&player).await;
    say(&mut client, r#"["1","1","lab:4711","phx_join",{}]"#).await;
    let reply = r#"["1","1","lab:4711","phx_reply",{"response":{"params":{}},"status":"ok"}]"#;
    assert_eq!(client.next().await, Incoming::Text(reply.to_owned()));
    say(&mut client, r#"["1","2","lab:4711","phx_leave",{}]"#).await;
    client.next().await;
    let close = r#"["1","1","lab:4711","phx_close",{}]"#;
    assert_eq!(client.next().await, Incoming::Text(close.to_owned()));
    drop(client);
    assert_eq!(player.finish().await, Ok(()));
}

#[tokio::test]
async fn another_text_is_told_beside_the_recorded_one() {
    let player = Player::start(&recording("join/ok")).await;
    let mut client = connect(&player).await;
    say(&mut client, r#"["2","2","lab:4711","phx_join",{}]"#).await;
    client.next().await;
    drop(client);
    let complaints = player.finish().await.unwrap_err();
    assert_eq!(complaints.len(), 1, "{complaints:?}");
    assert!(
        complaints[0].contains(r#"recorded  ["1","1","lab:4711","phx_join",{}]"#),
        "{}",
        complaints[0]
    );
    assert!(
        complaints[0].contains(r#"said      ["2","2","lab:4711","phx_join",{}]"#),
        "{}",
        complaints[0]
    );
}

#[tokio::test]
async fn what_is_left_out_and_what_is_added_is_told() {
    let player = Player::start(&recording("leave/ok")).await;
    let mut client = connect(&player).await;
    say(&mut client, r#"["1","1","lab:4711","phx_join",{}]"#).await;
    client.next().await;
    drop(client);
    let left_out = player.finish().await.unwrap_err();
    assert!(
        left_out[0].starts_with("the recording goes on in line 6, a: "),
        "{left_out:?}"
    );

    let player = Player::start(&recording("join/ok")).await;
    let mut client = connect(&player).await;
    say(&mut client, r#"["1","1","lab:4711","phx_join",{}]"#).await;
    client.next().await;
    say(&mut client, r#"["1","2","lab:4711","ack",{}]"#).await;
    client
        .send(Outgoing::Close {
            code: Some(1000),
            reason: String::new(),
        })
        .await
        .unwrap();
    while !matches!(client.next().await, Incoming::Closed(_)) {}
    drop(client);
    assert_eq!(
        player.finish().await,
        Err(vec![r#"a also said ["1","2","lab:4711","ack",{}]"#.to_owned()])
    );
}

#[test]
fn one_recorded_name_stands_for_one_name_of_the_run() {
    let mut names = Names::default();
    names.learn_topic(
        r#"["1","1","lab:1","phx_join",{}]"#,
        r#"["1","1","lab:77-0","phx_join",{}]"#,
    );
    names.learn_topic(
        r#"["2","2","lab:10","phx_join",{}]"#,
        r#"["2","2","lab:77-0","phx_join",{}]"#,
    );
    names.learn_topic(
        r#"["2","2","lab:1","phx_join",{}]"#,
        r#"["2","2","lab:78","phx_join",{}]"#,
    );
    assert_eq!(
        names.text(r#"["1","lab:1","lab:10"]"#),
        r#"["1","lab:77-0","lab:10"]"#
    );
}

#[test]
fn binary_sizes_follow_the_names_of_the_run() {
    let mut names = Names::default();
    let recorded = b"\0\x01\x01\x05\x0412lab:aecho!";
    let actual = b"\0\x01\x01\x08\x0412lab:4711echo!";
    assert_eq!(names.binary_from_client(recorded, actual), actual);
    assert_eq!(
        names.binary_from_server(b"\x02\x05\x04lab:aecho!"),
        b"\x02\x08\x04lab:4711echo!"
    );
}

#[test]
fn escapes_are_free_and_white_space_is_not() {
    assert!(same_message("[\"1\",\"\\u00e4\"]", "[\"1\",\"ä\"]"));
    assert!(!same_message("[\"1\", 2]", "[\"1\",2]"));
    assert!(!same_message("[\"1\",2]", "[\"1\",3]"));
}

#[test]
fn the_name_in_a_recorded_token_is_known() {
    let token = "SFMyNTY.g2gDbQAAAAVhbGljZW4GACuCOwqiAWIAAVGA.lZp4zhhyZvElfC3503TaTcFOR86r";
    assert_eq!(signed_for(token).as_deref(), Some("alice"));
    assert_eq!(signed_for("nonsense"), None);
}
