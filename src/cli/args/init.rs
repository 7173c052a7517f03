//! `init` as it is typed.

use clap::Args;

use super::push;

/// `init`
#[derive(Debug, Args)]
pub(in super::super) struct Init {
    /// Where the Phoenix socket is mounted [default: ws://127.0.0.1:4000/socket]
    #[arg(long, value_name = "URL")]
    pub(in super::super) target: Option<String>,
    /// A topic that may be joined [default: room:lobby]
    #[arg(long, value_name = "T")]
    pub(in super::super) topic: Option<String>,
    /// A push that the channel replies to, for example 'ping={}'
    #[arg(long, value_name = "EVENT=JSON", value_parser = push)]
    pub(in super::super) push: Option<(String, serde_json::Value)>,
    /// Replace files that exist
    #[arg(long)]
    pub(in super::super) force: bool,
}
