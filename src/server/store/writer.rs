//! The thread of the store. It handles all requests that wait in the queue in one transaction, and answers them once that
//! is on the disk, so that one flush serves many requests.

use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

use rusqlite::Connection;

use super::{Answer, ReplyTo, Request, database};
use crate::server::conduct::AnnotationStore;

/// The most requests of one transaction: the first of them should not wait for all that come after it.
const LARGEST_BATCH: usize = 1024;

/// How long nothing must be asked before a store that keeps things late keeps them.
const LATE: Duration = Duration::from_secs(5);

/// What comes through the queue.
pub(super) type Asked = (Request, ReplyTo);

/// Answers requests until nobody can ask any more.
pub(super) fn run(connection: &Connection, queue: &Receiver<Asked>, keeping: AnnotationStore) {
    match keeping {
        AnnotationStore::First => keep_first(connection, queue),
        AnnotationStore::AfterReply => keep_late(connection, queue),
        AnnotationStore::Never => keep_nothing(connection, queue),
    }
}

fn keep_first(connection: &Connection, queue: &Receiver<Asked>) {
    while let Ok(first) = queue.recv() {
        let batch = std::iter::once(first).chain(queue.try_iter()).take(LARGEST_BATCH);
        let (requests, replies): (Vec<_>, Vec<_>) = batch.unzip();
        let answers = in_one_transaction(connection, requests)
            .unwrap_or_else(|error| vec![Answer::Failed(error.to_string()); replies.len()]);
        replies
            .into_iter()
            .zip(answers)
            .for_each(|(reply_to, answer)| reply_to(answer));
    }
}

/// All or nothing: any error undoes the transaction as it goes out of scope.
fn in_one_transaction(connection: &Connection, requests: Vec<Request>) -> rusqlite::Result<Vec<Answer>> {
    let transaction = connection.unchecked_transaction()?;
    let answers = requests
        .into_iter()
        .map(|request| answer(connection, request))
        .collect::<Result<_, _>>()?;
    transaction.commit()?;
    Ok(answers)
}

fn answer(connection: &Connection, request: Request) -> rusqlite::Result<Answer> {
    match request {
        Request::Add(new) => database::add(connection, new).map(Answer::Added),
        Request::After { video, last_seen } => {
            database::after(connection, &video, last_seen).map(Answer::Annotations)
        }
    }
}

/// The fault: answers at once and keeps when nothing was asked for a while. What comes to its end before is undone.
fn keep_late(connection: &Connection, queue: &Receiver<Asked>) {
    while let Ok(first) = queue.recv() {
        match connection.unchecked_transaction() {
            Err(error) => answer_with(first, |_| Err(error)),
            Ok(transaction) => {
                if answer_until_quiet(connection, queue, first) == RecvTimeoutError::Timeout {
                    // Who keeps things late has promised nothing that an error could break.
                    let _ = transaction.commit();
                }
            }
        }
    }
}

/// Why nothing comes: nothing was asked for a while, or nobody can ask any more.
fn answer_until_quiet(connection: &Connection, queue: &Receiver<Asked>, first: Asked) -> RecvTimeoutError {
    let mut asked = first;
    loop {
        answer_with(asked, |request| answer(connection, request));
        asked = match queue.recv_timeout(LATE) {
            Ok(next) => next,
            Err(quiet) => return quiet,
        };
    }
}

/// The fault: an annotation gets its id and is forgotten.
fn keep_nothing(connection: &Connection, queue: &Receiver<Asked>) {
    while let Ok(asked) = queue.recv() {
        answer_with(asked, |request| {
            let answer = answer(connection, request)?;
            if let Answer::Added(annotation) = &answer {
                database::forget(connection, annotation.id)?;
            }
            Ok(answer)
        });
    }
}

fn answer_with((request, reply_to): Asked, answer: impl FnOnce(Request) -> rusqlite::Result<Answer>) {
    reply_to(answer(request).unwrap_or_else(|error| Answer::Failed(error.to_string())));
}
