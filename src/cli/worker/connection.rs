//! The connection to the master, made again when it is lost.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use tokio::time::sleep;

use crate::locust::{FromMaster, Link, LinkError, LocustMessage, MasterAddress, NoLocustMessage};

/// The wait before connecting again.
const AGAIN: Duration = Duration::from_millis(500);

/// An event of the connection.
pub(super) enum Happened {
    /// It was made.
    Connected,
    /// It was lost.
    Lost,
    /// It cannot be made. It is tried again.
    Unreachable(LinkError),
    /// A message came.
    Message(LocustMessage),
    /// Bytes came that are no message.
    Garbled(NoLocustMessage),
}

type Connecting = Pin<Box<dyn Future<Output = Result<Link, LinkError>>>>;

/// A connection that is there, or is being made.
pub(super) struct Connection {
    master: MasterAddress,
    name: String,
    state: State,
}

enum State {
    /// There is no connection. It is made after this time.
    Apart(Duration),
    Making(Connecting),
    There(Box<Link>),
    /// It was lost, and `next` has not reported this yet.
    Lost,
}

impl Connection {
    /// Connects with this name.
    pub(super) fn to(master: MasterAddress, name: String) -> Self {
        Self {
            master,
            name,
            state: State::Apart(Duration::ZERO),
        }
    }

    /// Waits for the next event. The future may be dropped while it waits.
    pub(super) async fn next(&mut self) -> Happened {
        loop {
            match &mut self.state {
                State::Apart(wait) => {
                    let wait = *wait;
                    self.state = State::Making(self.make(wait));
                }
                State::Making(connecting) => match connecting.await {
                    Ok(link) => {
                        self.state = State::There(Box::new(link));
                        return Happened::Connected;
                    }
                    Err(why) => {
                        self.state = State::Apart(AGAIN);
                        return Happened::Unreachable(why);
                    }
                },
                State::There(link) => match link.receive().await {
                    Ok(FromMaster::Message(message)) => return Happened::Message(message),
                    Ok(FromMaster::Garbled(why)) => return Happened::Garbled(why),
                    Err(_) => self.state = State::Lost,
                },
                State::Lost => {
                    self.state = State::Apart(AGAIN);
                    return Happened::Lost;
                }
            }
        }
    }

    fn make(&self, wait: Duration) -> Connecting {
        let (master, name) = (self.master.clone(), self.name.clone());
        Box::pin(async move {
            sleep(wait).await;
            Link::connect(&master, &name).await
        })
    }

    /// Sends a message. Without a connection the message is dropped, because the master would not accept it later.
    pub(super) async fn send(&mut self, message: &LocustMessage) {
        if let State::There(link) = &mut self.state
            && link.send(message).await.is_err()
        {
            self.state = State::Lost;
        }
    }

    /// Cuts the connection, and makes it again.
    pub(super) fn cut(&mut self) {
        if let State::There(_) = self.state {
            self.state = State::Lost;
        }
    }

    /// Gives the messages that were sent last time to leave.
    pub(super) async fn flush(&self) {
        if let State::There(_) = self.state {
            sleep(AGAIN).await;
        }
    }
}
