//! Keeps the annotations in SQLite, in a thread of its own that is asked through a queue. An answer to [`Request::Add`]
//! means that the annotation is on the disk (`store.ex`).

use std::path::PathBuf;
use std::sync::mpsc::{self, Sender};
use std::thread::{self, JoinHandle};

use super::conduct::{AnnotationStore, Ids};

pub use error::OpenError;

mod database;
mod error;
#[cfg(test)]
mod tests;
mod writer;

/// What a channel asks the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Request {
    /// Keep an annotation.
    Add(NewAnnotation),
    /// The annotations of a video with an id above `last_seen`, by `at` and then by id.
    After {
        /// The video, as the decimal text of an integer of any size.
        video: String,
        /// Only ids above it.
        last_seen: i64,
    },
}

/// An annotation that has no id yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NewAnnotation {
    /// The video, as the decimal text of an integer of any size.
    pub(crate) video: String,
    /// Who wrote it.
    pub(crate) user: String,
    /// What it says.
    pub(crate) body: String,
    /// The place in the video in milliseconds, as the decimal text of an integer of any size, not negative.
    pub(crate) at: String,
}

/// An annotation that was kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Annotation {
    /// Grows, and is never used twice.
    pub(crate) id: i64,
    /// See [`NewAnnotation::at`].
    pub(crate) at: String,
    /// What it says.
    pub(crate) body: String,
    /// Who wrote it.
    pub(crate) user: String,
}

/// What the store says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// To [`Request::Add`].
    Added(Annotation),
    /// To [`Request::After`].
    Annotations(Vec<Annotation>),
    /// It could not; the text is for the log.
    Failed(String),
}

/// Where the annotations are kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum StoreLocation {
    /// Nowhere: they are gone with the store.
    Memory,
    /// In this file, which is made if it is not there.
    File(PathBuf),
}

/// Takes the answer. It is called in the store's thread, so it should only pass the answer on.
pub(crate) type ReplyTo = Box<dyn FnOnce(Answer) + Send>;

/// The queue to the thread that owns the database. Dropping it waits until everything asked before is answered.
#[derive(Debug)]
pub(crate) struct Store {
    queue: Option<Sender<writer::Asked>>,
    thread: Option<JoinHandle<()>>,
}

impl Store {
    /// Opens or makes the database, and starts the thread.
    ///
    /// # Errors
    /// If there is none at that place and none can be made, or another process has it.
    pub(crate) fn open(place: &StoreLocation, keeping: AnnotationStore, ids: Ids) -> Result<Self, OpenError> {
        let connection = database::open(place)?;
        let (queue, requests) = mpsc::channel();
        let thread = thread::Builder::new()
            .name("store".to_owned())
            .spawn(move || writer::run(&connection, &requests, keeping, ids))
            .map_err(OpenError::Thread)?;
        Ok(Self {
            queue: Some(queue),
            thread: Some(thread),
        })
    }

    /// Asks the store; the answer comes to `reply_to` later, always exactly once.
    pub(crate) fn submit(&self, request: Request, reply_to: ReplyTo) {
        let Some(queue) = &self.queue else {
            return;
        };
        if let Err(mpsc::SendError((_, reply_to))) = queue.send((request, reply_to)) {
            reply_to(Answer::Failed("the store's thread has ended".to_owned()));
        }
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        self.queue = None;
        if let Some(thread) = self.thread.take() {
            // A panic of the thread was printed when it happened; there is nobody left to tell.
            let _ = thread.join();
        }
    }
}
