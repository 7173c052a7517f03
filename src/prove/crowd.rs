//! Many sockets at once: opens them a few at a time, and runs a script for each.

use std::future::Future;
use std::rc::Rc;
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::conversation::Conversation;
use super::member::{Member, Users};
use super::site::{NotOpened, Site};

/// The number of sockets that are opened at the same time.
const AT_A_TIME: usize = 64;
/// Nothing more is under way once nothing has come for this long.
const QUIET: Duration = Duration::from_millis(600);

/// The reason why an experiment could not begin.
#[derive(Debug, thiserror::Error)]
pub(super) enum NoCrowd {
    /// A socket could not be opened.
    #[error("only {opened} of {asked} sockets could be opened: {why}")]
    NotOpened {
        opened: usize,
        asked: usize,
        why: NotOpened,
    },
}

/// Opens `count` sockets. The names of their users follow from the numbers of the sockets.
pub(super) async fn open(site: &Rc<Site>, count: usize, users: Users) -> Result<Vec<Member>, NoCrowd> {
    let opening = (0..count).map(|_| {
        let site = Rc::clone(site);
        async move { Member::open(&site, users).await }
    });
    opened(site, opening).await
}

/// Opens a socket for each of these users.
pub(super) async fn open_as(site: &Rc<Site>, users: Vec<String>) -> Result<Vec<Member>, NoCrowd> {
    let opening = users.into_iter().map(|user| {
        let site = Rc::clone(site);
        async move { Member::open_as(&site, user).await }
    });
    opened(site, opening).await
}

async fn opened<F: Future<Output = Result<Member, NotOpened>> + 'static>(
    site: &Rc<Site>,
    all: impl ExactSizeIterator<Item = F>,
) -> Result<Vec<Member>, NoCrowd> {
    let turns = Rc::new(Semaphore::new(AT_A_TIME));
    let mut opening = JoinSet::new();
    let count = all.len();
    for one in all {
        let turns = Rc::clone(&turns);
        opening.spawn_local(async move {
            // The semaphore is never closed.
            let _turn = turns.acquire().await;
            one.await
        });
    }
    site.figures.borrow_mut().sockets.asked += count as u64;
    let (mut members, mut refused) = (Vec::with_capacity(count), None);
    while let Some(opened) = opening.join_next().await {
        match opened {
            Ok(Ok(member)) => members.push(member),
            Ok(Err(why)) => refused = Some(why),
            Err(panic) => std::panic::resume_unwind(panic.into_panic()),
        }
    }
    if let Some(why) = refused {
        return Err(NoCrowd::NotOpened {
            opened: members.len(),
            asked: count,
            why,
        });
    }
    members.sort_by_key(|member| member.number);
    Ok(members)
}

/// Whether everything that was under way has arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rest {
    /// Nothing came any more.
    Quiet,
    /// Messages still came when the time was over.
    StillComing,
}

impl Rest {
    /// The reason why missing messages may still be under way, if there is one.
    pub(super) fn excuse(self) -> Option<String> {
        (self == Self::StillComing).then(|| "messages still came when the time was over".to_owned())
    }
}

/// Takes what still comes until nothing has come for a while, at most for twice the usual timeout.
pub(super) async fn come_to_rest(site: &Site, mut talks: Vec<Conversation>) -> (Vec<Conversation>, Rest) {
    let deadline = site.now() + site.timeout() * 2;
    let received = || site.figures.borrow().messages.received;
    while site.now() < deadline {
        let (before, until) = (received(), site.now() + QUIET);
        talks = all(talks.into_iter().map(|mut talk| async move {
            talk.until(until).await;
            talk
        }))
        .await;
        if received() == before {
            return (talks, Rest::Quiet);
        }
    }
    (talks, Rest::StillComing)
}

/// Takes what has come by now, and sends the heartbeats that are due: to be done at least once in each interval of heartbeats.
pub(super) async fn look_after(site: &Site, talks: &mut Vec<Conversation>) {
    let now = site.now();
    let looking = std::mem::take(talks).into_iter().map(|mut talk| async move {
        talk.until(now).await;
        talk
    });
    *talks = all(looking).await;
    talks.sort_by_key(|talk| talk.member.number);
}

/// Closes all of these.
pub(super) async fn close(talks: impl IntoIterator<Item = Conversation>) {
    let closing = talks.into_iter().map(|mut talk| async move {
        talk.member.close().await;
    });
    all(closing).await;
}

/// Runs a script for each, at the same time, and returns what they return, in no order.
pub(super) async fn all<T: 'static, F: Future<Output = T> + 'static>(
    scripts: impl IntoIterator<Item = F>,
) -> Vec<T> {
    let mut running = JoinSet::new();
    for script in scripts {
        running.spawn_local(script);
    }
    let mut outcomes = Vec::with_capacity(running.len());
    while let Some(outcome) = running.join_next().await {
        match outcome {
            Ok(outcome) => outcomes.push(outcome),
            Err(panic) => std::panic::resume_unwind(panic.into_panic()),
        }
    }
    outcomes
}
