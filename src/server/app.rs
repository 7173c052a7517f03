//! The channels of the application that the target contract asks for, and which topics each serves (`user_socket.ex`).

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::channel::Channel;
use super::conduct::Pings;
use super::context::{Context, Info};
use super::elixir::Term;
use super::payload::Body;

mod lab;
mod presence;
#[cfg(test)]
mod testing;
mod videos;

/// The application: makes a channel for each join.
#[derive(Debug, Default)]
pub(crate) struct App {
    counters: Arc<TopicCounters>,
}

impl App {
    /// The channel of a topic; none: `unmatched topic`.
    pub(crate) fn channel(&self, topic: &str) -> Option<Box<dyn Channel>> {
        match topic.split_once(':')?.0 {
            "lab" => Some(Box::new(lab::Lab::new(Arc::clone(&self.counters)))),
            "presence" => Some(Box::new(presence::PresenceChannel::default())),
            "videos" => Some(Box::new(videos::Videos::default())),
            _ => None,
        }
    }
}

/// A counter a topic, for a server that keeps the state of a topic where it should keep that of a channel.
#[derive(Debug, Default)]
struct TopicCounters(Mutex<HashMap<String, u64>>);

impl TopicCounters {
    fn next(&self, topic: &str) -> u64 {
        let mut counters = self.0.lock().unwrap_or_else(PoisonError::into_inner);
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
    let times = match cx.conduct().pings {
        Pings::Once => 1,
        Pings::Twice => 2,
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
