//! What the watched connections say about idle time-outs, in figures and in a sentence.

use std::time::Duration;

use super::watch::{Traffic, WatchEnd, Watched};
use crate::conformance::silence::{CutBy, IdleFinding, IdleSettings, SilentDirection};
use crate::scenario::describe_ending;
use crate::transport::{Ending, Transport};

/// A heartbeat that leaves less than this comes too late on a slow line.
const MARGIN: Duration = Duration::from_secs(5);

/// The findings, in the order in which users read them.
pub(super) fn findings(seen: &[Watched], settings: &IdleSettings) -> Vec<IdleFinding> {
    const OTHERS: [fn(Traffic) -> bool; 5] = [
        |it| matches!(it, Traffic::ServerPushes(_)),
        |it| it == Traffic::Pongs,
        |it| it == Traffic::Polls,
        |it| it == Traffic::Pings,
        |it| it == Traffic::Heartbeats,
    ];
    let mut findings = Vec::new();
    for transport in &settings.transports {
        let opened = |it: &&Watched| it.transport == *transport && it.end != WatchEnd::NotOpened;
        let own: Vec<&Watched> = seen.iter().filter(opened).collect();
        let silent = own.iter().filter(|it| it.traffic == Traffic::Nothing);
        findings.extend(of_silence(
            *transport,
            &silent.copied().collect::<Vec<_>>(),
            settings,
        ));
        for is_meant in OTHERS {
            let watched = own.iter().find(|it| is_meant(it.traffic));
            findings.extend(watched.map(|watched| of_traffic(watched, settings)));
        }
    }
    findings
}

/// What several connections without any traffic say together.
fn of_silence(transport: Transport, seen: &[&Watched], settings: &IdleSettings) -> Option<IdleFinding> {
    let longest = seen.iter().max_by_key(|it| it.age)?;
    let mut finding = IdleFinding::of(transport, SilentDirection::Both, "nothing".to_owned());
    let alive = seen.iter().filter(|it| it.end == WatchEnd::Alive);
    finding.alive_after = alive.map(|it| it.age).max();
    let alive = finding.alive_after.unwrap_or_default();
    let unanswered = seen.iter().filter(|it| it.end == WatchEnd::Unanswered);
    let unanswered = unanswered.map(|it| it.age).filter(|age| *age > alive).min();
    let cut = seen.iter().find_map(|it| match &it.end {
        WatchEnd::Cut(silence, ending) => Some((*silence, ending)),
        _ => None,
    });
    let (what, heartbeat) = (silence_of(transport), settings.heartbeat);
    let told = match (cut, unanswered) {
        (Some((silence, ending)), _) => {
            finding.cut_after = Some(silence);
            finding.by = Some(cut_by(ending));
            let leaves = finding.judge(silence, heartbeat);
            let (silence, how) = (seconds(silence), in_words(ending));
            format!("cut after {silence} of {what} by the peer{how}; {leaves}")
        }
        (None, Some(unanswered)) => {
            finding.by = Some(CutBy::Nothing);
            let between = format!(
                "after between {} and {} of {what}",
                seconds(alive),
                seconds(unanswered)
            );
            match transport {
                Transport::LongPoll => format!("a session ended {between}"),
                Transport::WebSocket => {
                    let leaves = finding.judge(alive, heartbeat);
                    format!(
                        "dropped without a word {between}: it looked open, but a heartbeat was not answered; of the \
                         shorter time, {leaves}"
                    )
                }
            }
        }
        (None, None) => format!("not cut within {} of {what}", seconds(longest.age)),
    };
    let pinged = match longest.pinged {
        0 => String::new(),
        times => format!("; the server sent {times} pings meanwhile, and each was answered"),
    };
    finding.sentence = format!("{}: {told}{pinged}", shown(transport));
    Some(finding)
}

const fn silence_of(transport: Transport) -> &'static str {
    match transport {
        Transport::WebSocket => "silence in both directions",
        Transport::LongPoll => "not being polled",
    }
}

impl IdleFinding {
    fn of(transport: Transport, direction: SilentDirection, traffic: String) -> Self {
        Self {
            transport,
            direction,
            traffic,
            cut_after: None,
            alive_after: None,
            by: None,
            heartbeat_leaves_ms: None,
            sentence: String::new(),
            warning: None,
        }
    }

    /// Notes what a heartbeat leaves of this silence, and warns if that is not enough; returns it in words.
    fn judge(&mut self, silence: Duration, heartbeat: Duration) -> String {
        let (beat, cut) = (seconds(heartbeat), seconds(silence));
        let leaves = millis(silence) - millis(heartbeat);
        self.heartbeat_leaves_ms = Some(leaves);
        if leaves <= 0 {
            self.warning = Some(format!(
                "a client that sends a heartbeat every {beat} loses its connection, which is cut after {cut} of silence"
            ));
            return format!("a heartbeat every {beat} comes too late");
        }
        let left = seconds(Duration::from_millis(leaves.unsigned_abs()));
        if leaves < millis(MARGIN.min(heartbeat / 6)) {
            self.warning = Some(format!(
                "a {beat} heartbeat leaves only {left} of the silence after which a connection is cut; it comes too late \
                 on a slow line"
            ));
        }
        format!("a {beat} heartbeat leaves {left}")
    }
}

/// In which direction the connection was silent, and what was sent in the other one.
fn sent_over(traffic: Traffic, heartbeat: Duration) -> (SilentDirection, String) {
    let (beat, half) = (seconds(heartbeat), seconds(heartbeat / 2));
    match traffic {
        Traffic::ServerPushes(_) => (
            SilentDirection::FromClient,
            format!("a push of the server every {half}"),
        ),
        Traffic::Pongs => (
            SilentDirection::FromServer,
            format!("a pong of the client every {half}, which is not answered"),
        ),
        Traffic::Polls => (SilentDirection::FromServer, "polls that bring nothing".to_owned()),
        Traffic::Pings => (
            SilentDirection::Neither,
            format!("a ping of the client every {beat}, which is answered"),
        ),
        Traffic::Heartbeats => (SilentDirection::Neither, format!("a heartbeat every {beat}")),
        Traffic::Nothing => (SilentDirection::Both, "nothing".to_owned()),
    }
}

/// What a connection with traffic in one direction, or in both, says.
fn of_traffic(watched: &Watched, settings: &IdleSettings) -> IdleFinding {
    let (direction, traffic) = sent_over(watched.traffic, settings.heartbeat);
    let mut finding = IdleFinding::of(watched.transport, direction, traffic);
    let silent = match direction {
        SilentDirection::FromClient => " of silence of the client",
        SilentDirection::FromServer if watched.traffic == Traffic::Pongs => " of silence of the server",
        SilentDirection::FromServer | SilentDirection::Both | SilentDirection::Neither => "",
    };
    let age = seconds(watched.age);
    let told = match &watched.end {
        WatchEnd::Cut(silence, ending) => {
            let how = in_words(ending);
            finding.by = Some(cut_by(ending));
            if silent.is_empty() {
                finding.cut_after = Some(watched.age);
                let last = seconds(*silence);
                format!("cut {age} after it opened, {last} after the last message, by the peer{how}")
            } else {
                finding.cut_after = Some(*silence);
                let leaves = finding.judge(*silence, settings.heartbeat);
                let silence = seconds(*silence);
                format!("cut after {silence}{silent} by the peer{how}; {leaves}")
            }
        }
        WatchEnd::Unanswered => {
            finding.by = Some(CutBy::Nothing);
            format!("after {age} a heartbeat was not answered, though the connection looked open")
        }
        WatchEnd::Alive | WatchEnd::NotOpened => {
            finding.alive_after = Some(watched.age);
            let first = watched.traffic.period(settings.heartbeat);
            if first.is_some_and(|first| watched.age < first) {
                format!("not known, as it was watched for {age} only")
            } else {
                format!("not cut within {age}{silent}")
            }
        }
    };
    finding.sentence = format!("{} with {}: {told}", shown(watched.transport), finding.traffic);
    if watched.traffic == Traffic::Heartbeats && finding.by.is_some() {
        finding.warning = Some(format!("{} does not keep a connection open", finding.traffic));
    }
    finding
}

fn cut_by(ending: &Ending) -> CutBy {
    match ending {
        Ending::CloseFrame { code, .. } => CutBy::CloseFrame(*code),
        Ending::Eof => CutBy::Fin,
        Ending::Reset => CutBy::Rst,
        Ending::Status { status, .. } => CutBy::Status(*status),
        Ending::Violation(_) | Ending::NoAnswer(_) | Ending::Cut => CutBy::Other,
    }
}

/// How the peer cut it. A client cannot know whether that was the server or something in between.
fn in_words(ending: &Ending) -> String {
    match ending {
        Ending::CloseFrame { .. } => format!(", which {}", describe_ending(ending)),
        Ending::Eof => ", which sent a FIN and no close frame".to_owned(),
        Ending::Reset => ", which sent a RST and no close frame".to_owned(),
        other => format!(": {}", describe_ending(other)),
    }
}

const fn shown(transport: Transport) -> &'static str {
    match transport {
        Transport::WebSocket => "WebSocket",
        Transport::LongPoll => "long poll",
    }
}

fn millis(time: Duration) -> i64 {
    i64::try_from(time.as_millis()).unwrap_or(i64::MAX)
}

/// `30 s`, `60.1 s` or `300 ms`.
fn seconds(time: Duration) -> String {
    if time.subsec_nanos() == 0 {
        format!("{} s", time.as_secs())
    } else if time < Duration::from_secs(1) {
        format!("{} ms", time.as_millis())
    } else {
        format!("{:.1} s", time.as_secs_f64())
    }
}

#[cfg(test)]
mod tests;
