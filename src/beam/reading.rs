//! Reads one answer of the Erlang VM: a line of JSON.

use std::cmp::Reverse;

use serde_json::Value;

/// The version of the format of answers.
const VERSION: u64 = 1;
/// Names are cut, and lists end here: the answer may come from anything that listens there.
const LONGEST_NAME: usize = 120;
const MOST_POOLS: usize = 20;

/// The figures of an Erlang VM at one time.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct BeamReading {
    /// The OTP release.
    pub otp: String,
    /// The schedulers that are online.
    pub schedulers: u64,
    /// The part of their time in which they worked, from 0 to 1.
    pub utilization: f64,
    /// Processes and ports that were ready to run and waited for a scheduler.
    pub run_queue: u64,
    /// Processes.
    pub processes: u64,
    /// How many processes there may be.
    pub process_limit: u64,
    /// Ports.
    pub ports: u64,
    /// How many ports there may be.
    pub port_limit: u64,
    /// The longest mailbox, if any holds a message.
    pub longest: Option<BeamMailbox>,
    /// Tables of ETS.
    pub ets_tables: u64,
    /// All memory that the VM allocated.
    pub memory_bytes: u64,
    /// Memory of processes.
    pub processes_bytes: u64,
    /// Memory of binaries outside of processes.
    pub binary_bytes: u64,
    /// Memory of ETS.
    pub ets_bytes: u64,
    /// The pools of connections to databases.
    pub pools: Vec<PoolReading>,
}

/// The mailbox of a process.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BeamMailbox {
    /// The name of the process, or its first call and its pid.
    pub name: String,
    /// How many messages waited.
    pub messages: u64,
}

/// A pool of connections of Ecto.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PoolReading {
    /// The repo.
    pub name: String,
    /// Its connections.
    pub size: u64,
    /// Connections that nobody used; not known of an old DBConnection.
    pub idle: Option<u64>,
    /// Processes that waited for a connection; not known of an old DBConnection.
    pub waiting: Option<u64>,
    /// Queries since the last answer.
    pub queries: u64,
    /// The longest time that one of them waited for a connection, in microseconds.
    pub queue_us_max: u64,
}

/// An answer that is not one of `PhxproofBeam`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoReading {
    /// It is no JSON, or other JSON.
    #[error("it answers {0:?}")]
    Foreign(String),
    /// It is a later version.
    #[error("it answers in version {0} of the format, and this phxproof reads version {VERSION}")]
    Version(u64),
    /// A figure is missing.
    #[error("its answer has no number `{0}`")]
    Missing(&'static str),
}

impl BeamReading {
    /// Reads a line.
    pub(super) fn read(line: &str) -> Result<Self, NoReading> {
        let foreign = || NoReading::Foreign(cut(line));
        let value: Value = serde_json::from_str(line).map_err(|_| foreign())?;
        match value.get("phxproof_beam").and_then(Value::as_u64) {
            Some(VERSION) => {}
            Some(version) => return Err(NoReading::Version(version)),
            None => return Err(foreign()),
        }
        let memory = value.get("memory").unwrap_or(&Value::Null);
        let number = |name| number(&value, name);
        let bytes = |name, field| self::number(memory, field).map_err(|_| NoReading::Missing(name));
        let utilization = value.get("utilization").and_then(Value::as_f64);
        Ok(Self {
            otp: text(&value, "otp"),
            schedulers: number("schedulers")?,
            utilization: utilization.ok_or(NoReading::Missing("utilization"))?,
            run_queue: number("run_queue")?,
            processes: number("processes")?,
            process_limit: number("process_limit")?,
            ports: number("ports")?,
            port_limit: number("port_limit")?,
            longest: list(&value, "mailboxes")
                .map(mailbox)
                .min_by_key(|it| Reverse(it.messages))
                .filter(|it| it.messages > 0),
            ets_tables: number("ets_tables")?,
            memory_bytes: bytes("memory.total", "total")?,
            processes_bytes: bytes("memory.processes", "processes")?,
            binary_bytes: bytes("memory.binary", "binary")?,
            ets_bytes: bytes("memory.ets", "ets")?,
            pools: list(&value, "pools").take(MOST_POOLS).map(pool).collect(),
        })
    }
}

fn number(object: &Value, name: &'static str) -> Result<u64, NoReading> {
    let number = object.get(name).and_then(Value::as_u64);
    number.ok_or(NoReading::Missing(name))
}

fn list<'v>(object: &'v Value, name: &str) -> impl Iterator<Item = &'v Value> {
    object.get(name).and_then(Value::as_array).into_iter().flatten()
}

fn text(object: &Value, name: &str) -> String {
    cut(object.get(name).and_then(Value::as_str).unwrap_or_default())
}

fn cut(text: &str) -> String {
    text.trim().chars().take(LONGEST_NAME).collect()
}

fn mailbox(object: &Value) -> BeamMailbox {
    BeamMailbox {
        name: text(object, "name"),
        messages: number(object, "messages").unwrap_or_default(),
    }
}

fn pool(object: &Value) -> PoolReading {
    PoolReading {
        name: text(object, "name"),
        size: number(object, "size").unwrap_or_default(),
        idle: number(object, "idle").ok(),
        waiting: number(object, "waiting").ok(),
        queries: number(object, "queries").unwrap_or_default(),
        queue_us_max: number(object, "queue_us_max").unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An answer of Erlang 25 with Phoenix 1.8.12 under load.
    const RECORDED: &str = include_str!("recorded.json");

    #[test]
    fn a_recorded_answer_is_read() {
        let reading = BeamReading::read(RECORDED).unwrap();
        assert_eq!((reading.otp.as_str(), reading.schedulers), ("25", 2));
        assert!(reading.utilization > 0.0 && reading.processes > 100);
        assert!(reading.memory_bytes > reading.processes_bytes && reading.ets_bytes > 0);
        assert!(
            reading
                .longest
                .is_some_and(|it| it.messages > 0 && !it.name.is_empty())
        );
    }

    #[test]
    fn pools_are_read_with_the_figures_that_they_have() {
        let pools = r#""pools":[{"name":"My.Repo","size":10,"queries":40,"queue_us_max":900,"idle":3,"waiting":0},{"name":"Old.Repo","size":5}]"#;
        let reading = BeamReading::read(&RECORDED.replace("\"pools\":[]", pools)).unwrap();
        assert_eq!(reading.pools[0].idle, Some(3));
        assert_eq!(
            (reading.pools[0].queries, reading.pools[0].queue_us_max),
            (40, 900)
        );
        assert_eq!((reading.pools[1].size, reading.pools[1].waiting), (5, None));
    }

    #[test]
    fn other_answers_are_refused_with_the_reason() {
        let wrong = |line: &str| BeamReading::read(line).unwrap_err().to_string();
        assert_eq!(
            wrong("HTTP/1.1 400 Bad Request\r\n"),
            "it answers \"HTTP/1.1 400 Bad Request\""
        );
        assert_eq!(wrong("{}"), "it answers \"{}\"");
        assert!(wrong(r#"{"phxproof_beam":2}"#).contains("version 2"));
        assert_eq!(
            wrong(&RECORDED.replace("run_queue", "queue")),
            "its answer has no number `run_queue`"
        );
        assert_eq!(
            wrong(&RECORDED.replace("\"total\":", "\"all\":")),
            "its answer has no number `memory.total`"
        );
    }
}
