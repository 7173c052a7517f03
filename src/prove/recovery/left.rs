//! The presences and the open connections that are left at the server once all clients have gone.

use std::rc::Rc;
use std::time::Duration;

use serde_json::json;

use super::super::account::Expected;
use super::super::context::Context;
use super::super::member::{Member, Users};
use super::super::presence::list::{Message, PresenceList};
use super::super::result::{Claim, ProofVerdict};
use super::scene::Scene;
use crate::process::sockets_of;
use crate::transport::Transport;

pub(super) const LEFT: &str = "Nothing is left behind: a newcomer finds the rooms empty, and the server has no more connections than before.";

/// How long after the last client has gone something may still be there.
const WITHIN: Duration = Duration::from_secs(5);
/// Sessions of long poll that were cut live until they expire: Phoenix looks every 15 s whether nobody has polled for 15 s.
const SESSIONS_EXPIRE: Duration = Duration::from_secs(35);
/// A server may have so many more connections than in the beginning, and one for so many sockets more.
const SPARE: usize = 8;
const SPARE_ONE_IN: usize = 10;

/// The presences and connections that are left.
#[derive(Debug, Default)]
pub(super) struct Left {
    /// Rooms that were looked at, and those of them that still showed somebody.
    rooms: usize,
    occupied: Vec<String>,
    /// The reason why the rooms say nothing.
    hindered: Option<String>,
    /// The open sockets of the server before, and after.
    connections: Option<(usize, usize)>,
}

/// The open sockets of the server.
pub(super) async fn connections(context: &Context<'_>) -> Option<usize> {
    let lent = context.server.take();
    let own = match &lent {
        Some(server) => server.pid().await,
        None => None,
    };
    context.server.replace(lent);
    sockets_of(own.or(context.server_pid)?)
}

/// Waits for some time until nothing is left. `sockets` were open, and `before` is the number of [`connections`] before.
pub(super) async fn look(
    context: &Context<'_>,
    scene: &Scene,
    sockets: usize,
    before: Option<usize>,
) -> Left {
    let mut left = Left::default();
    rooms(context, scene, &mut left).await;
    let Some(before) = before else {
        return left;
    };
    let deadline = context.site.now() + WITHIN;
    loop {
        let Some(now) = connections(context).await else {
            return left;
        };
        left.connections = Some((before, now));
        if now <= allowed(before, sockets) || context.site.now() >= deadline {
            return left;
        }
        context
            .site
            .until(context.site.now() + Duration::from_millis(100))
            .await;
    }
}

const fn allowed(before: usize, sockets: usize) -> usize {
    before + SPARE + sockets / SPARE_ONE_IN
}

/// A newcomer joins all rooms, and waits until it is alone in each.
async fn rooms(context: &Context<'_>, scene: &Scene, left: &mut Left) {
    let site = &context.site;
    let mut member = match Member::open(site, Users::Anonymous).await {
        Ok(member) => member,
        Err(why) => {
            left.hindered = Some(why.to_string());
            return;
        }
    };
    let mut lists: Vec<(Rc<str>, PresenceList)> = Vec::new();
    for room in (0..scene.videos.len()).map_while(|video| scene.room(video)) {
        if member.join(&room, &json!({}), Expected::AnyOk).await.is_err() {
            left.hindered = Some(format!("a newcomer could not join {room}"));
            return;
        }
        lists.push((room, PresenceList::default()));
    }
    let within = match site.connection_settings().endpoint.target.transport() {
        Transport::WebSocket => WITHIN,
        Transport::LongPoll => SESSIONS_EXPIRE,
    };
    let time = within.min(context.time_left().max(Duration::from_secs(1)));
    let deadline = site.now() + time;
    let is_alone = |list: &PresenceList| list.has_state() && list.shown().values().flatten().count() <= 1;
    loop {
        for heard in member.take_heard() {
            // `prove presence` tells of payloads that are no presences.
            if let Some((_, list)) = lists.iter_mut().find(|(room, _)| *room == heard.topic)
                && let Ok(Some(message)) = Message::read(&heard.event, &heard.content)
            {
                list.take(message);
            }
        }
        let done = lists.iter().all(|(_, list)| is_alone(list));
        if done || site.now() >= deadline || !member.is_open() {
            break;
        }
        member.listen(site.now() + Duration::from_millis(50)).await;
    }
    if !member.is_open() {
        left.hindered = Some("the connection of a newcomer ended".to_owned());
    }
    member.close().await;
    left.rooms = lists.len();
    let occupied = lists.iter().filter(|(_, list)| !is_alone(list));
    left.occupied = occupied
        .map(|(room, list)| {
            let names: Vec<&str> = list.shown().keys().map(String::as_str).take(5).collect();
            format!(
                "{room} still shows {} names, such as {}",
                list.shown().len(),
                names.join(", ")
            )
        })
        .collect();
    if time < within && !left.occupied.is_empty() {
        left.hindered = Some("there was no time to wait until nobody can be there any more".to_owned());
    }
}

impl Left {
    /// The claim.
    pub(super) fn claim(&self, sockets: usize) -> Claim {
        let leaked = self
            .connections
            .filter(|(before, after)| *after > allowed(*before, sockets));
        let (verdict, says) = match (&self.occupied[..], leaked, &self.hindered) {
            ([_, ..], _, None) => {
                let says = format!(
                    "{} of {} rooms still show somebody",
                    self.occupied.len(),
                    self.rooms
                );
                (ProofVerdict::Fail, says)
            }
            (_, Some((before, after)), _) => {
                let says = format!("the server had {before} open sockets before, and {after} after");
                (ProofVerdict::Fail, says)
            }
            (_, None, Some(why)) => (ProofVerdict::Undecided, why.clone()),
            ([], None, None) if self.rooms == 0 && self.connections.is_none() => {
                let says =
                    "the target has no presences, and its process is not known; name it with --server-pid";
                (ProofVerdict::Skipped, says.to_owned())
            }
            ([], None, None) => {
                let told = match self.connections {
                    Some((before, after)) => {
                        format!("the server had {before} open sockets before, and {after} after")
                    }
                    None => "the process of the server is not known, so its connections were not counted"
                        .to_owned(),
                };
                (
                    ProofVerdict::Pass,
                    format!("{} rooms were empty; {told}", self.rooms),
                )
            }
        };
        let mut claim = Claim::new(LEFT, verdict, says)
            .with("rooms", self.rooms)
            .with("rooms_not_empty", self.occupied.len());
        if let Some((before, after)) = self.connections {
            claim = claim
                .with("server_sockets_before", before)
                .with("server_sockets_after", after);
        }
        claim.naming(self.occupied.iter().cloned())
    }
}
