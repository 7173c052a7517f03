//! The connections and requests of one play: each has a task that does what the play asks for and tells it what came.

use std::collections::HashMap;
use std::rc::Rc;

use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::ConnectionSettings;
use super::dial::{Dial, send_request};
use crate::scenario::{Command, Happening, LinkId};
use crate::transport::Outgoing;

/// Messages that wait for the play. A server that floods is read no faster than it is judged.
const WAITING: usize = 4;

/// The connections and requests of one play; all of them end when this is dropped.
pub(crate) struct Links {
    settings: Rc<ConnectionSettings>,
    told: mpsc::Sender<Happening>,
    links: HashMap<LinkId, mpsc::UnboundedSender<Outgoing>>,
    tasks: JoinSet<()>,
}

impl Links {
    /// No connections yet, and where it is told what happens to them. Must be used inside of a `LocalSet`.
    pub(crate) fn new(settings: Rc<ConnectionSettings>) -> (Self, mpsc::Receiver<Happening>) {
        let (told, news) = mpsc::channel(WAITING);
        let links = Self {
            settings,
            told,
            links: HashMap::new(),
            tasks: JoinSet::new(),
        };
        (links, news)
    }

    /// Begins what a command asks for, but a restart: that concerns the server as a whole.
    pub(crate) fn carry_out(&mut self, command: Command) {
        let (settings, told) = (Rc::clone(&self.settings), self.told.clone());
        match command {
            Command::Connect(id, options) => {
                let (orders, taken) = mpsc::unbounded_channel();
                self.links.insert(id, orders);
                let dial = Dial { settings, id, told };
                self.tasks
                    .spawn_local(async move { dial.connect(&options, taken).await });
            }
            Command::Send(id, outgoing) => {
                // A connection that is gone has told so itself.
                if let Some(orders) = self.links.get(&id) {
                    let _ = orders.send(outgoing);
                }
            }
            Command::Http(id, request) => {
                self.tasks.spawn_local(async move {
                    let answer = send_request(&settings, &request).await;
                    let _ = told.send(Happening::Http(id, answer)).await;
                });
            }
            Command::Restart(_) => {}
        }
    }
}
