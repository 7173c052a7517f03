//! The thread of the store. It handles all requests that wait in the queue in one transaction, and answers them once that
//! is on the disk, so that one flush serves many requests.

use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

use rusqlite::Connection;

use super::{Annotation, Answer, ReplyTo, Request, database};
use crate::server::conduct::{AnnotationStore, Ids};

/// The most requests of one transaction: the first of them should not wait for all that come after it.
const LARGEST_BATCH: usize = 1024;

/// How long nothing must be asked before a store that keeps things late keeps them.
const LATE: Duration = Duration::from_secs(5);
/// The same for one that keeps them soon.
const SOON: Duration = Duration::from_millis(200);

/// What comes through the queue.
pub(super) type Asked = (Request, ReplyTo);

/// Answers requests until nobody can ask any more.
pub(super) fn run(connection: &Connection, queue: &Receiver<Asked>, keeping: AnnotationStore, ids: Ids) {
    let ids = match ids {
        Ids::Grow | Ids::Shrink => Numbering::GoesOn,
        Ids::BeginAnew => Numbering::from_one(connection),
    };
    match keeping {
        AnnotationStore::First => keep_first(connection, queue, ids),
        AnnotationStore::AfterReply => keep_late(connection, queue, (LATE, AtTheEnd::Forgets), ids),
        AnnotationStore::SoonAfterReply => keep_late(connection, queue, (SOON, AtTheEnd::Keeps), ids),
        AnnotationStore::Never => keep_nothing(connection, queue, ids),
    }
}

/// The ids that others see.
#[derive(Clone, Copy, Debug)]
enum Numbering {
    /// They are those of the table.
    GoesOn,
    /// The fault: those above this one begin at 1.
    FromOne { above: i64 },
}

impl Numbering {
    fn from_one(connection: &Connection) -> Self {
        Self::FromOne {
            above: database::highest_id(connection).unwrap_or_default(),
        }
    }

    fn shown(self, annotation: Annotation) -> Annotation {
        match self {
            Self::FromOne { above } if annotation.id > above => Annotation {
                id: annotation.id - above,
                ..annotation
            },
            Self::GoesOn | Self::FromOne { .. } => annotation,
        }
    }

    /// The id of the table above which all are that are shown above this one.
    const fn below(self, last_seen: i64) -> i64 {
        match self {
            Self::GoesOn => last_seen,
            Self::FromOne { .. } => i64::MIN,
        }
    }
}

/// What happens to that which was not kept yet when the server ends in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum AtTheEnd {
    Keeps,
    Forgets,
}

fn keep_first(connection: &Connection, queue: &Receiver<Asked>, ids: Numbering) {
    while let Ok(first) = queue.recv() {
        let batch = std::iter::once(first).chain(queue.try_iter()).take(LARGEST_BATCH);
        let (requests, replies): (Vec<_>, Vec<_>) = batch.unzip();
        let answers = in_one_transaction(connection, requests, ids)
            .unwrap_or_else(|error| vec![Answer::Failed(error.to_string()); replies.len()]);
        replies
            .into_iter()
            .zip(answers)
            .for_each(|(reply_to, answer)| reply_to(answer));
    }
}

/// All or nothing: any error undoes the transaction as it goes out of scope.
fn in_one_transaction(
    connection: &Connection,
    requests: Vec<Request>,
    ids: Numbering,
) -> rusqlite::Result<Vec<Answer>> {
    let transaction = connection.unchecked_transaction()?;
    let answers = requests
        .into_iter()
        .map(|request| answer(connection, request, ids))
        .collect::<Result<_, _>>()?;
    transaction.commit()?;
    Ok(answers)
}

fn answer(connection: &Connection, request: Request, ids: Numbering) -> rusqlite::Result<Answer> {
    match request {
        Request::Add(new) => database::add(connection, new).map(|added| Answer::Added(ids.shown(added))),
        Request::After { video, last_seen } => {
            let annotations = database::after(connection, &video, ids.below(last_seen))?;
            let shown = annotations.into_iter().map(|it| ids.shown(it));
            Ok(Answer::Annotations(
                shown.filter(|it| it.id > last_seen).collect(),
            ))
        }
    }
}

/// The fault: answers at once and keeps when nothing was asked for a while. A kill undoes what comes before.
fn keep_late(
    connection: &Connection,
    queue: &Receiver<Asked>,
    (late, at_the_end): (Duration, AtTheEnd),
    ids: Numbering,
) {
    while let Ok(first) = queue.recv() {
        match connection.unchecked_transaction() {
            Err(error) => answer_with(first, |_| Err(error)),
            Ok(transaction) => {
                let mut asked = first;
                let why = loop {
                    answer_with(asked, |request| answer(connection, request, ids));
                    asked = match queue.recv_timeout(late) {
                        Ok(next) => next,
                        Err(why) => break why,
                    };
                };
                if why == RecvTimeoutError::Timeout || at_the_end == AtTheEnd::Keeps {
                    // Who keeps things late has promised nothing that an error could break.
                    let _ = transaction.commit();
                }
            }
        }
    }
}

/// The fault: an annotation gets its id and is forgotten.
fn keep_nothing(connection: &Connection, queue: &Receiver<Asked>, ids: Numbering) {
    while let Ok(asked) = queue.recv() {
        answer_with(asked, |request| {
            let answer = answer(connection, request, ids)?;
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
