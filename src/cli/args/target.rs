//! The server under test as it is named on the command line, and how it is reached and spoken to.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};

use super::super::units;
use crate::stream::{ProxyAddress, Resolve};

/// The server under test, and how to speak to it.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Target")]
pub(in super::super) struct Target {
    /// URL of the Phoenix socket, for example ws://127.0.0.1:4000/socket, or the name of a target in phxproof.toml
    /// [default: the reference server, started for this run]
    #[arg(long, value_name = "URL")]
    pub(in super::super) target: Option<String>,
    /// Command that starts the server under test, run by `sh -c`; restarted when a case asks for it, and stopped at
    /// the end; {port} in it and $PORT are the port of the target
    #[arg(long, value_name = "CMD")]
    pub(in super::super) exec: Option<String>,
    /// Wait up to this long for the target to start, for example 30s [default: the target must be there]
    #[arg(long, value_name = "DUR", value_parser = units::duration)]
    pub(in super::super) wait_for: Option<Duration>,
    /// Serializer: 2.0.0 or 1.0.0 [default: 2.0.0]
    #[arg(long, value_name = "VERSION")]
    pub(in super::super) vsn: Option<VsnArg>,
    /// Connect param to send; repeatable
    #[arg(long = "param", value_name = "K=V", value_parser = pair)]
    pub(in super::super) params: Vec<(String, String)>,
    /// Request header to send; repeatable
    #[arg(long = "header", value_name = "K: V", value_parser = header)]
    pub(in super::super) headers: Vec<(String, String)>,
    /// Offer permessage-deflate, which compresses messages if the server agrees; with =no-takeover each message
    /// stands alone, so that sockets at rest keep no memory for it [default value: takeover]
    #[arg(long, value_name = "CONTEXT", num_args = 0..=1, require_equals = true, default_missing_value = "takeover")]
    pub(in super::super) compress: Option<CompressArg>,
    /// Value of a variable that a scenario file asks for; NAME alone takes it from the environment variable of that
    /// name, so that it stays out of the history of the shell; repeatable
    #[arg(long = "var", value_name = "NAME[=VALUE]", value_parser = variable)]
    pub(in super::super) variables: Vec<(String, String)>,
    #[command(flatten)]
    pub(in super::super) network: Network,
}

impl Target {
    /// The request headers, with the offer of compression if there is one.
    pub(in super::super) fn all_headers(&self) -> Vec<(String, String)> {
        let offer = self.compress.map(|compress| {
            let name = "Sec-WebSocket-Extensions".to_owned();
            (name, compress.offer().to_owned())
        });
        self.headers.iter().cloned().chain(offer).collect()
    }
}

/// Whether a compressed message may refer to those before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in super::super) enum CompressArg {
    /// A message may refer to those before it
    Takeover,
    /// Each message stands alone
    NoTakeover,
}

impl CompressArg {
    const fn offer(self) -> &'static str {
        match self {
            Self::Takeover => "permessage-deflate; client_max_window_bits",
            Self::NoTakeover => {
                "permessage-deflate; client_no_context_takeover; server_no_context_takeover; \
                 client_max_window_bits"
            }
        }
    }

    /// The flag as it is typed.
    pub(in super::super) const fn flag(self) -> &'static str {
        match self {
            Self::Takeover => "--compress",
            Self::NoTakeover => "--compress=no-takeover",
        }
    }
}

/// TLS, and the way to the server.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Network")]
pub(in super::super) struct Network {
    /// Certificates of authorities (PEM) that are trusted beside those of the system, for wss:// and https://
    #[arg(long, value_name = "FILE")]
    pub(in super::super) cacert: Option<PathBuf>,
    /// Accept any certificate of the server; every report says so
    #[arg(long)]
    pub(in super::super) insecure: bool,
    /// Client certificate (PEM), with --key
    #[arg(long, value_name = "FILE")]
    pub(in super::super) cert: Option<PathBuf>,
    /// Private key of the client certificate (PEM)
    #[arg(long, value_name = "FILE")]
    pub(in super::super) key: Option<PathBuf>,
    /// Address to connect to in place of what HOST resolves to, for example example.com:443:127.0.0.1; repeatable
    #[arg(long, value_name = "HOST:PORT:ADDR")]
    pub(in super::super) resolve: Vec<Resolve>,
    /// HTTP proxy to connect through, for example http://10.0.0.1:3128 [default: HTTPS_PROXY for wss:// and https://,
    /// unless NO_PROXY names the server or the server is loopback]
    #[arg(long, value_name = "URL")]
    pub(in super::super) proxy: Option<ProxyAddress>,
}

/// A serializer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in super::super) enum VsnArg {
    /// JSON arrays and binary frames
    #[value(name = "2.0.0")]
    V2,
    /// JSON objects
    #[value(name = "1.0.0")]
    V1,
}

pub(super) fn pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("expected a name and a value, as in token=abc".to_owned()),
    }
}

fn variable(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some(_) => pair(text),
        None => std::env::var(text)
            .map(|value| (text.to_owned(), value))
            .map_err(|_| {
                format!("expected NAME=VALUE, or the name of an environment variable; `{text}` is not set")
            }),
    }
}

pub(super) fn header(text: &str) -> Result<(String, String), String> {
    match text.split_once(':') {
        Some((name, value)) if !name.trim().is_empty() => {
            Ok((name.trim().to_owned(), value.trim().to_owned()))
        }
        _ => Err("expected a name and a value, as in 'Authorization: Bearer abc'".to_owned()),
    }
}

/// A transport.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in super::super) enum TransportArg {
    /// Frames over one connection
    #[value(name = "websocket")]
    WebSocket,
    /// HTTP requests
    #[value(name = "longpoll")]
    LongPoll,
}
