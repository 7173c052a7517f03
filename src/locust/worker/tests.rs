//! The list of what a worker must do, each as one test.

use super::*;

const fn at(seconds: u64) -> Time {
    Time::from_micros(seconds * 1_000_000)
}

fn worker() -> Worker {
    Worker::new("box_1".to_owned(), Classes::of(["echo", "rumbl"]).unwrap())
}

/// A worker that the master knows.
fn known() -> Worker {
    let mut worker = worker();
    worker.connected(at(0));
    worker.hear(&message("ack", map([("index", Value::from(3))])), at(0));
    worker
}

fn message(kind: &str, data: Value) -> LocustMessage {
    LocustMessage::new(kind, data, "box_1")
}

fn spawn(timestamp: f64, users: [(&str, Value); 2]) -> LocustMessage {
    let data = map([
        ("timestamp", Value::from(timestamp)),
        ("user_classes_count", map(users)),
        ("host", Value::Nil),
        ("stop_timeout", Value::from(2.0)),
        (
            "parsed_options",
            map([
                ("phxproof_seed", Value::from(7)),
                ("odd", Value::Array(Vec::new())),
            ]),
        ),
    ]);
    message("spawn", data)
}

fn echo_and_rumbl(echo: u32, rumbl: u32) -> [(&'static str, Value); 2] {
    [("echo", Value::from(echo)), ("rumbl", Value::from(rumbl))]
}

fn kinds(acts: &[WorkerAct]) -> Vec<&str> {
    let kinds = acts.iter().map(|act| match act {
        WorkerAct::Send(message) => &*message.kind,
        WorkerAct::Spawn(_) => "(spawn)",
        WorkerAct::EndTest(_) => "(end)",
        WorkerAct::TellAll => "(tell all)",
        WorkerAct::Reconnect => "(reconnect)",
        WorkerAct::Leave => "(leave)",
        WorkerAct::GiveUp => "(give up)",
        WorkerAct::Say(_) => "(say)",
    });
    kinds.collect()
}

#[test]
fn it_registers_until_the_master_accepts_it_and_gives_up_after_sixty_tries() {
    let mut worker = worker();
    assert_eq!(kinds(&worker.connected(at(0))), ["client_ready"]);
    assert_eq!(kinds(&worker.tick(Use::default(), at(1))), ["heartbeat"]);
    assert_eq!(
        kinds(&worker.tick(Use::default(), at(5))),
        ["heartbeat", "client_ready"]
    );
    worker.hear(&message("ack", map([("index", Value::from(3))])), at(6));
    assert_eq!(worker.index(), 3);
    assert_eq!(kinds(&worker.tick(Use::default(), at(11))), ["heartbeat"]);
    let mut refused = self::worker();
    refused.connected(at(0));
    let mut acts = Vec::new();
    (1..=300).for_each(|second| acts.extend(refused.tick(Use::default(), at(second))));
    let tries = kinds(&acts)
        .into_iter()
        .filter(|it| *it == "client_ready")
        .count();
    assert_eq!((tries, kinds(&acts).contains(&"(give up)")), (59, true));
}

#[test]
fn an_order_is_absolute_and_a_newer_one_takes_its_place() {
    let mut worker = known();
    let acts = worker.hear(&spawn(10.0, echo_and_rumbl(5, 0)), at(1));
    assert_eq!(kinds(&acts), ["spawning", "(spawn)"]);
    let WorkerAct::Spawn(order) = &acts[1] else {
        panic!()
    };
    assert_eq!((&*order.users, order.seed), (&[5, 0][..], Some(7)));
    let acts = worker.hear(&spawn(11.0, echo_and_rumbl(3, 4)), at(2));
    assert_eq!(kinds(&acts), ["spawning", "(spawn)"]);
    assert_eq!(kinds(&worker.spawned(&[3, 4])), ["spawning_complete"]);
    assert_eq!(kinds(&worker.spawned(&[3, 4])), [""; 0]);
}

#[test]
fn an_order_of_an_equal_or_older_time_changes_nothing() {
    let mut worker = known();
    worker.hear(&spawn(10.0, echo_and_rumbl(5, 0)), at(1));
    for old in [10.0, 9.0] {
        let acts = worker.hear(&spawn(old, echo_and_rumbl(1, 1)), at(2));
        assert_eq!(kinds(&acts), ["spawning"], "{old}");
    }
}

#[test]
fn users_of_an_unknown_class_are_named() {
    let mut worker = known();
    let wanted = [("echo", Value::from(1)), ("Chat", Value::from(2))];
    let acts = worker.hear(&spawn(10.0, wanted), at(1));
    let WorkerAct::Spawn(order) = &acts[1] else {
        panic!()
    };
    assert_eq!(
        (&*order.users, &*order.unknown),
        (&[1, 0][..], &[("Chat".to_owned(), 2)][..])
    );
}

#[test]
fn after_a_stop_it_says_so_rests_and_is_ready_again() {
    let mut worker = known();
    worker.hear(&spawn(10.0, echo_and_rumbl(5, 0)), at(1));
    assert_eq!(
        worker.hear(&message("stop", Value::Nil), at(2)),
        [WorkerAct::EndTest(EndReason::Stopped)]
    );
    // An order that was under way is not followed any more.
    assert_eq!(
        kinds(&worker.hear(&spawn(11.0, echo_and_rumbl(9, 9)), at(2))),
        ["spawning"]
    );
    assert_eq!(kinds(&worker.ended(at(3))), ["client_stopped"]);
    assert_eq!(kinds(&worker.tick(Use::default(), at(4))), ["heartbeat"]);
    assert_eq!(
        kinds(&worker.tick(Use::default(), at(5))),
        ["heartbeat", "client_ready"]
    );
}

#[test]
fn when_told_to_quit_it_tells_all_at_once_and_leaves_when_the_test_is_over() {
    let mut worker = known();
    worker.hear(&spawn(10.0, echo_and_rumbl(5, 0)), at(1));
    let acts = worker.hear(&message("quit", Value::Nil), at(2));
    assert_eq!(kinds(&acts), ["(tell all)", "(end)"]);
    assert_eq!(kinds(&worker.ended(at(3))), ["quit", "(leave)"]);
}

#[test]
fn a_master_that_is_silent_is_asked_and_after_a_minute_the_test_is_over() {
    let mut worker = known();
    worker.hear(&spawn(10.0, echo_and_rumbl(5, 0)), at(1));
    assert_eq!(kinds(&worker.tick(Use::default(), at(10))), ["heartbeat"]);
    assert_eq!(
        kinds(&worker.tick(Use::default(), at(11))),
        ["heartbeat", "client_ready"]
    );
    worker.disconnected();
    assert_eq!(kinds(&worker.tick(Use::default(), at(60))), [""; 0]);
    assert_eq!(
        worker.tick(Use::default(), at(61)),
        [WorkerAct::EndTest(EndReason::MasterGone)]
    );
    assert_eq!(kinds(&worker.ended(at(62))), [""; 0]);
    assert_eq!(kinds(&worker.connected(at(70))), ["client_ready"]);
}

#[test]
fn a_master_that_was_started_anew_knows_of_no_test() {
    let mut worker = known();
    worker.hear(&spawn(10.0, echo_and_rumbl(5, 0)), at(1));
    worker.disconnected();
    assert_eq!(kinds(&worker.connected(at(5))), ["client_ready"]);
    worker.hear(&message("ack", map([("index", Value::from(0))])), at(6));
    worker.hear(&message("heartbeat", Value::Nil), at(15));
    assert_eq!(kinds(&worker.tick(Use::default(), at(15))), ["heartbeat"]);
    let acts = worker.tick(Use::default(), at(16));
    assert_eq!(acts[1..], [WorkerAct::EndTest(EndReason::Forgotten)]);
}

#[test]
fn a_master_that_goes_on_orders_its_users_again() {
    let mut worker = known();
    worker.hear(&spawn(10.0, echo_and_rumbl(5, 0)), at(1));
    worker.disconnected();
    worker.connected(at(5));
    worker.hear(&message("ack", map([("index", Value::from(0))])), at(6));
    worker.hear(&spawn(12.0, echo_and_rumbl(5, 0)), at(7));
    worker.hear(&message("heartbeat", Value::Nil), at(16));
    assert_eq!(kinds(&worker.tick(Use::default(), at(16))), ["heartbeat"]);
}

#[test]
fn a_master_that_was_started_anew_and_begins_another_test_gets_it_when_the_old_one_is_over() {
    let mut worker = known();
    worker.hear(&spawn(10.0, echo_and_rumbl(5, 0)), at(1));
    let another = |timestamp: f64, echo: u32| {
        let mut message = spawn(timestamp, echo_and_rumbl(echo, 0));
        if let Value::Map(pairs) = &mut message.data {
            let options = map([("phxproof_seed", Value::from(8))]);
            pairs.retain(|(key, _)| key.as_str() != Some("parsed_options"));
            pairs.push((Value::from("parsed_options"), options));
        }
        message
    };
    assert_eq!(
        kinds(&worker.hear(&another(11.0, 2), at(2))),
        ["spawning", "(end)"]
    );
    assert_eq!(kinds(&worker.hear(&another(12.0, 4), at(3))), ["spawning"]);
    let acts = worker.ended(at(4));
    let [WorkerAct::Spawn(order)] = &acts[..] else {
        panic!("{acts:?}")
    };
    assert_eq!((&*order.users, order.seed), (&[4, 0][..], Some(8)));
}

#[test]
fn a_test_whose_end_the_locustfile_asks_for_is_over_before_the_master_says_what_comes_then() {
    let mut worker = known();
    worker.hear(&spawn(10.0, echo_and_rumbl(5, 0)), at(1));
    assert_eq!(
        kinds(&worker.hear(&message("phxproof_end", Value::Nil), at(2))),
        ["(end)"]
    );
    assert_eq!(kinds(&worker.ended(at(3))), [""; 0]);
    assert_eq!(
        kinds(&worker.hear(&message("quit", Value::Nil), at(4))),
        ["(tell all)", "(end)"]
    );
    assert_eq!(kinds(&worker.ended(at(4))), ["quit", "(leave)"]);
}

#[test]
fn heartbeats_tell_what_it_does_and_what_it_uses() {
    let mut worker = known();
    let used = Use {
        cpu_percent: 12.5,
        memory_bytes: 1 << 20,
    };
    let told = |worker: &mut Worker| {
        let acts = worker.tick(used, at(1));
        let WorkerAct::Send(message) = &acts[0] else {
            panic!()
        };
        assert_eq!(message.field("current_cpu_usage"), Some(&Value::from(12.5)));
        assert_eq!(message.field("current_memory_usage"), Some(&Value::from(1 << 20)));
        message.field("state").and_then(Value::as_str).unwrap().to_owned()
    };
    assert_eq!(told(&mut worker), "ready");
    worker.hear(&spawn(10.0, echo_and_rumbl(5, 0)), at(1));
    assert_eq!(told(&mut worker), "spawning");
    worker.spawned(&[5, 0]);
    assert_eq!(told(&mut worker), "running");
    worker.hear(&message("stop", Value::Nil), at(1));
    assert_eq!(told(&mut worker), "cleanup");
}

#[test]
fn what_it_does_not_know_it_says() {
    let acts = known().hear(&message("dance", Value::Nil), at(1));
    assert_eq!(
        acts,
        [WorkerAct::Say(
            "the master sent a message `dance`, which a worker does not know".to_owned()
        )]
    );
}
