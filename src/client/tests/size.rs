//! Checks how much memory a socket takes, because a swarm has up to a million of them.

use super::pair::Pair;
use crate::client::Socket;

/// The heap of a topic or params that nothing shares: two counters and the text.
fn unshared(text: &str) -> usize {
    2 * size_of::<usize>() + text.len()
}

#[test]
fn a_joined_socket_at_rest_takes_less_than_half_of_512_bytes() {
    let (pair, _) = Pair::joined();
    let texts = unshared("room:1") + unshared("{}");
    let whole = size_of::<Socket>() + pair.client.heap_bytes() + texts;
    println!(
        "{} bytes a socket, {} of heap, {texts} of topic and params if nothing is shared",
        size_of::<Socket>(),
        pair.client.heap_bytes()
    );
    assert!(whole <= 256, "{whole} bytes");
}

#[test]
fn pushes_and_their_answers_leave_no_heap_behind() {
    let (mut pair, channel) = Pair::joined();
    for _ in 0..10 {
        pair.push(channel, "ev");
        assert_eq!(pair.client.heap_bytes(), 0);
        pair.millis(1);
    }
    for _ in 0..100 {
        pair.push(channel, "ev");
    }
    assert!(pair.client.heap_bytes() > 0);
    pair.millis(1);
    assert_eq!(pair.client.heap_bytes(), 0);
}
