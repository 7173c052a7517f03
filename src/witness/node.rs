//! A Node process that plays phoenix.js: orders go in, and what phoenix.js tells its application comes out.

use std::io;
use std::process::Stdio;

use serde::Deserialize;
use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

use super::found::PhoenixJs;
use super::network::WitnessNetwork;

const SCRIPT: &str = include_str!("script.cjs");

/// The process; ended when dropped.
pub(super) struct NodeProcess {
    _child: Child,
    orders: ChildStdin,
    told: Lines<BufReader<ChildStdout>>,
}

/// A payload that phoenix.js hands over: JSON, or bytes in base64.
#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct Handed {
    #[serde(default)]
    pub(super) json: Value,
    pub(super) bytes: Option<String>,
}

/// Something that phoenix.js tells its application.
#[derive(Debug, Deserialize)]
#[serde(tag = "told", rename_all = "lowercase")]
pub(super) enum Notice {
    /// The socket is open.
    Opened { actor: usize },
    /// It is closed; `again` says whether phoenix.js connects again.
    Closed {
        actor: usize,
        code: Option<u16>,
        again: bool,
    },
    /// A channel got an event.
    Event {
        actor: usize,
        topic: String,
        event: String,
        #[serde(flatten)]
        payload: Handed,
    },
    /// A message came that no channel takes.
    Dropped {
        actor: usize,
        topic: String,
        event: String,
    },
    /// A join, push, leave, heartbeat or disconnect is answered, or timed out.
    Answer {
        id: usize,
        status: Value,
        #[serde(flatten)]
        payload: Handed,
    },
    /// phoenix.js threw an error.
    Threw { message: String },
    /// phoenix.js has no way to do what it was told.
    Unable { why: String },
}

impl NodeProcess {
    /// Starts Node with the script.
    pub(super) fn start(client: &PhoenixJs, reach: &WitnessNetwork) -> io::Result<Self> {
        let mut command = Command::new("node");
        // Node 20 and 21 have a WebSocket only with this flag.
        command.args(["--experimental-websocket", "-e", SCRIPT, "--"]);
        command.arg(&client.path).args(&client.ws);
        if reach.insecure {
            command.env("NODE_TLS_REJECT_UNAUTHORIZED", "0");
        }
        if let Some(authority) = &reach.cacert {
            command.env("NODE_EXTRA_CA_CERTS", authority);
        }
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()?;
        let piped = || io::Error::other("it has no pipes");
        let orders = child.stdin.take().ok_or_else(piped)?;
        let told = BufReader::new(child.stdout.take().ok_or_else(piped)?).lines();
        Ok(Self {
            _child: child,
            orders,
            told,
        })
    }

    /// Sends an order.
    pub(super) async fn order(&mut self, order: &Value) -> io::Result<()> {
        self.orders.write_all(format!("{order}\n").as_bytes()).await
    }

    /// The next thing that phoenix.js tells.
    pub(super) async fn told(&mut self) -> io::Result<Notice> {
        let line = self.told.next_line().await?;
        let line = line.ok_or_else(|| io::Error::other("the Node process ended"))?;
        serde_json::from_str(&line).map_err(io::Error::other)
    }
}
