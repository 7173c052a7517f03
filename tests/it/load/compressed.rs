//! Swarms whose messages are compressed, and servers that compress wrongly.

use super::{LoadResult, LoadSettings, Target, open, run, serve, serve_with, settings};
use phxproof::server::Server;

const NO_TAKEOVER: &str = "permessage-deflate; client_no_context_takeover; server_no_context_takeover";

/// The echo on the mount that compresses.
fn echo(server: &Server, offer: &str) -> LoadResult {
    let target = Target::parse(&format!("ws://{}/compressed_socket", server.address())).unwrap();
    run(&LoadSettings {
        target,
        // So many messages that the requests to connect do not matter.
        schedule: open(2000.0, 400),
        headers: vec![("Sec-WebSocket-Extensions".to_owned(), offer.to_owned())],
        ..settings(server, "echo")
    })
}

#[test]
fn bytes_of_messages_are_counted_beside_those_on_the_wire() {
    let server = serve();
    let kept = echo(&server, "permessage-deflate");
    let dropped = echo(&server, NO_TAKEOVER);
    for result in [&kept, &dropped] {
        assert!(
            result.messages.all_right() && result.messages.received > 0,
            "{result:?}"
        );
        assert_eq!(result.counts.compressed, result.counts.opened);
    }
    // Alike messages are short where they may refer to each other, headers and the upgrades included.
    assert!(
        kept.counts.bytes_out < kept.counts.message_bytes_out,
        "{:?}",
        kept.counts
    );
    let plain = run(&settings(&server, "echo")).counts;
    assert_eq!(plain.compressed, 0);
    assert!(plain.message_bytes_out < plain.bytes_out && plain.message_bytes_in < plain.bytes_in);
}

#[test]
fn a_server_that_refers_to_a_context_that_it_agreed_to_drop_is_told() {
    let server = serve_with(&["compression-context-kept"]);
    let result = echo(&server, NO_TAKEOVER);
    assert!(result.troubles.contains_key("protocol"), "{:?}", result.troubles);
    let told = result
        .first_answers
        .values()
        .any(|told| told.contains("cannot be decompressed"));
    assert!(told, "{:?}", result.first_answers);
}
