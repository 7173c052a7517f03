//! Annotations on a disk: what is kept, in which order it comes back, and what is said where it cannot be kept.

use std::fs;
use std::path::Path;
use std::sync::mpsc;

use super::{Annotation, Answer, NewAnnotation, OpenError, Request, Store, StoreLocation};
use crate::server::conduct::{AnnotationStore, Ids};

fn open(place: &StoreLocation) -> Store {
    Store::open(place, AnnotationStore::First, Ids::Grow).unwrap()
}

fn ask(store: &Store, request: Request) -> Answer {
    let (sender, answers) = mpsc::channel();
    store.submit(request, Box::new(move |answer| sender.send(answer).unwrap()));
    answers.recv().unwrap()
}

fn new(video: &str, body: &str, at: &str) -> NewAnnotation {
    NewAnnotation {
        video: video.to_owned(),
        user: "alice".to_owned(),
        body: body.to_owned(),
        at: at.to_owned(),
    }
}

#[track_caller]
fn add(store: &Store, video: &str, body: &str, at: &str) -> i64 {
    match ask(store, Request::Add(new(video, body, at))) {
        Answer::Added(annotation) => annotation.id,
        other => panic!("{other:?}"),
    }
}

#[track_caller]
fn after(store: &Store, video: &str, last_seen: i64) -> Vec<Annotation> {
    match ask(
        store,
        Request::After {
            video: video.to_owned(),
            last_seen,
        },
    ) {
        Answer::Annotations(annotations) => annotations,
        other => panic!("{other:?}"),
    }
}

fn bodies(store: &Store, video: &str, last_seen: i64) -> Vec<String> {
    after(store, video, last_seen)
        .into_iter()
        .map(|annotation| annotation.body)
        .collect()
}

#[test]
fn an_annotation_comes_back_as_it_was_sent() {
    let store = open(&StoreLocation::Memory);
    let at = "123456789012345678901234567890";
    let body = "\0ä\u{1f600}\"'; DROP TABLE annotations; --";
    let id = add(&store, "-99999999999999999999", body, at);
    assert_eq!(
        after(&store, "-99999999999999999999", 0),
        [Annotation {
            id,
            at: at.to_owned(),
            body: body.to_owned(),
            user: "alice".to_owned()
        }]
    );
}

#[test]
fn annotations_come_by_place_and_then_by_id_and_only_of_their_video() {
    let store = open(&StoreLocation::Memory);
    for (body, at) in [
        ("d", "1000000000000000000000"),
        ("b", "20"),
        ("a", "3"),
        ("c", "20"),
    ] {
        add(&store, "7", body, at);
    }
    add(&store, "8", "other", "0");
    assert_eq!(bodies(&store, "7", 0), ["a", "b", "c", "d"]);
}

#[test]
fn only_what_is_above_the_last_seen_id_comes() {
    let store = open(&StoreLocation::Memory);
    let ids = [0, 1, 2].map(|at| add(&store, "7", &format!("at {at}"), &at.to_string()));
    assert_eq!(bodies(&store, "7", ids[1]), ["at 2"]);
    assert_eq!(bodies(&store, "7", ids[2]), [""; 0]);
    assert_eq!(bodies(&store, "7", i64::MIN).len(), 3);
    assert_eq!(bodies(&store, "7", i64::MAX), [""; 0]);
}

#[test]
fn annotations_outlive_the_store_and_ids_grow_on() {
    let folder = tempfile::tempdir().unwrap();
    let place = StoreLocation::File(folder.path().join("annotations.db"));
    let first = add(&open(&place), "7", "kept", "1");
    let store = open(&place);
    assert_eq!(bodies(&store, "7", 0), ["kept"]);
    assert!(add(&store, "7", "next", "2") > first);
}

#[test]
fn what_was_answered_is_in_the_files_though_the_store_never_closes() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&StoreLocation::File(folder.path().join("annotations.db")));
    add(&store, "7", "kept", "1");
    let copy = tempfile::tempdir().unwrap();
    for entry in fs::read_dir(folder.path()).unwrap() {
        let from = entry.unwrap().path();
        fs::copy(&from, copy.path().join(from.file_name().unwrap())).unwrap();
    }
    assert_eq!(
        bodies(
            &open(&StoreLocation::File(copy.path().join("annotations.db"))),
            "7",
            0
        ),
        ["kept"]
    );
}

#[test]
fn everything_that_was_asked_is_answered_once_in_order() {
    let store = open(&StoreLocation::Memory);
    let (sender, answers) = mpsc::channel();
    for at in 0..3000 {
        let sender = sender.clone();
        let reply_to = Box::new(move |answer| sender.send((at, answer)).unwrap());
        store.submit(Request::Add(new("7", "x", &at.to_string())), reply_to);
    }
    drop((sender, store));
    let answers: Vec<(i64, Answer)> = answers.iter().collect();
    assert_eq!(answers.len(), 3000);
    for (expected, (at, answer)) in (0..).zip(answers) {
        assert!(at == expected && matches!(answer, Answer::Added(Annotation { id, .. }) if id == at + 1));
    }
}

#[test]
fn a_store_that_keeps_late_answers_as_if_it_had_and_loses_it_at_its_end() {
    let folder = tempfile::tempdir().unwrap();
    let place = StoreLocation::File(folder.path().join("annotations.db"));
    for keeping in [AnnotationStore::AfterReply, AnnotationStore::Never] {
        let store = Store::open(&place, keeping, Ids::Grow).unwrap();
        let id = add(&store, "7", "lost", "1");
        assert!(add(&store, "7", "lost", "1") > id);
        drop(store);
        assert_eq!(bodies(&open(&place), "7", 0), [""; 0], "{keeping:?}");
    }
}

#[test]
fn a_store_that_keeps_soon_keeps_all_at_an_orderly_end() {
    let folder = tempfile::tempdir().unwrap();
    let place = StoreLocation::File(folder.path().join("annotations.db"));
    let store = Store::open(&place, AnnotationStore::SoonAfterReply, Ids::Grow).unwrap();
    add(&store, "7", "kept", "1");
    drop(store);
    assert_eq!(bodies(&open(&place), "7", 0), ["kept"]);
}

#[test]
fn ids_that_begin_anew_begin_anew_with_each_start() {
    let folder = tempfile::tempdir().unwrap();
    let place = StoreLocation::File(folder.path().join("annotations.db"));
    for start in 0..2 {
        let store = Store::open(&place, AnnotationStore::First, Ids::BeginAnew).unwrap();
        let ids = [0, 1].map(|at| add(&store, "7", "x", &at.to_string()));
        assert_eq!(ids, [1, 2], "start {start}");
        let seen: Vec<i64> = after(&store, "7", 1).into_iter().map(|it| it.id).collect();
        assert_eq!(seen, vec![2; start + 1]);
    }
}

#[track_caller]
fn refuses(path: &Path, expected: &str) {
    let error = Store::open(
        &StoreLocation::File(path.to_owned()),
        AnnotationStore::First,
        Ids::Grow,
    )
    .unwrap_err();
    assert_eq!(
        error.to_string(),
        expected.replace("{path}", &path.display().to_string())
    );
}

#[test]
fn a_place_that_holds_something_else_is_refused_with_a_way_out() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("notes.txt");
    fs::write(&path, "no database, but longer than a header of one ".repeat(40)).unwrap();
    refuses(
        &path,
        "{path} is no SQLite database; name another file, or remove this one if it is not needed",
    );
    refuses(
        folder.path(),
        "{path} is a folder; name a file in it to keep the annotations in",
    );
    refuses(
        &folder.path().join("gone/a.db"),
        "there is no folder for {path}; make it, or name another file",
    );
    let foreign = folder.path().join("foreign.db");
    rusqlite::Connection::open(&foreign)
        .unwrap()
        .execute_batch("CREATE TABLE birds (name TEXT)")
        .unwrap();
    refuses(
        &foreign,
        "{path} is a database of another program; name another file",
    );
}

#[test]
fn a_file_is_one_stores_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("annotations.db");
    let first = open(&StoreLocation::File(path.clone()));
    refuses(
        &path,
        "{path} is in use by another process; stop that one, or name another file",
    );
    drop(first);
    open(&StoreLocation::File(path));
}

#[test]
fn a_file_that_cannot_be_written_is_named() {
    let code = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_READONLY);
    let error = OpenError::of(rusqlite::Error::SqliteFailure(code, None), Path::new("a.db"));
    assert_eq!(
        error.to_string(),
        "a.db cannot be written to; allow it, or name another file"
    );
}
