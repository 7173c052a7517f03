//! The channels of the application that the target contract asks for, and which topics each serves (`user_socket.ex`).

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::channel::Channel;
use super::conduct::Pings;
use super::context::{Context, Info};
use super::elixir::Term;
use super::payload::Body;
use crate::clock::Time;

mod lab;
mod presence;
#[cfg(test)]
mod testing;
mod videos;

/// The application: makes a channel for each join.
#[derive(Debug, Default)]
pub(crate) struct App {
    topics: Arc<TopicStates>,
}

impl App {
    /// The channel of a topic; none: `unmatched topic`.
    pub(crate) fn channel(&self, topic: &str) -> Option<Box<dyn Channel>> {
        match topic.split_once(':')?.0 {
            "lab" => Some(Box::new(lab::Lab::new(Arc::clone(&self.topics)))),
            "presence" => Some(Box::new(presence::PresenceChannel::default())),
            "videos" => Some(Box::new(videos::Videos::default())),
            _ => None,
        }
    }
}

/// What a server keeps of each topic that should keep it of each channel: a counter, and until when a channel sleeps.
#[derive(Debug, Default)]
struct TopicStates {
    counters: Mutex<HashMap<String, u64>>,
    asleep: Mutex<HashMap<String, Time>>,
    /// Until when each worker is busy.
    workers: Mutex<Vec<Time>>,
}

impl TopicStates {
    /// A channel of this topic sleeps until then.
    fn sleeps(&self, topic: &str, until: Time) {
        let mut asleep = self.asleep.lock().unwrap_or_else(PoisonError::into_inner);
        asleep.insert(topic.to_owned(), until);
    }

    /// How long a channel of this topic still sleeps.
    fn sleeps_for(&self, topic: &str, now: Time) -> Duration {
        let asleep = self.asleep.lock().unwrap_or_else(PoisonError::into_inner);
        asleep.get(topic).map_or(Duration::ZERO, |until| until.since(now))
    }

    /// How long a channel waits for the first of so many workers, which is then busy with it for `own`.
    fn waits_for_worker(&self, count: usize, own: Duration, now: Time) -> Duration {
        let mut workers = self.workers.lock().unwrap_or_else(PoisonError::into_inner);
        workers.resize(count, Time::ZERO);
        let Some(worker) = workers.iter_mut().min() else {
            return Duration::ZERO;
        };
        let waits = worker.since(now);
        *worker = now + waits + own;
        waits
    }

    fn next(&self, topic: &str) -> u64 {
        let mut counters = self.counters.lock().unwrap_or_else(PoisonError::into_inner);
        let counter = counters.entry(topic.to_owned()).or_default();
        *counter += 1;
        *counter
    }
}

/// `:timer.send_interval(ms, :ping)`, whose error nobody looks at.
fn send_pings(ms: Term<'_>, cx: &mut Context<'_>) {
    if let Ok(interval) = ms.timer_ms() {
        cx.send_every(interval, Info::Ping);
    }
}

/// A message of the timer, which the client hears as a `ping`.
fn push_ping(count: u64, cx: &mut Context<'_>) {
    let (times, count) = match cx.conduct().pings {
        Pings::Once => (1, count),
        Pings::Twice => (2, count),
        Pings::AlwaysFirst => (1, 1),
    };
    for _ in 0..times {
        cx.push("ping", json(format!(r#"{{"count":{count}}}"#)));
    }
}

fn json(text: String) -> Body {
    Body::Json(text.into())
}

#[cfg(test)]
mod tests {
    use super::App;

    #[test]
    fn a_topic_has_a_channel_by_what_stands_before_its_first_colon() {
        let app = App::default();
        for topic in ["lab:", "lab:1", "lab:a:b", "presence:room", "videos:abc"] {
            assert!(app.channel(topic).is_some(), "{topic}");
        }
        for topic in ["", "lab", "labs:1", "Lab:1", ":lab:1", "phoenix", "room:lab:1"] {
            assert!(app.channel(topic).is_none(), "{topic}");
        }
    }
}
