//! Serves over HTTP what a run shows while it goes on: a page, its changes as server-sent events, and commands. It has a
//! thread of its own, so that a reader does not disturb the measurement.

mod address;
mod answer;
mod board;
mod guard;
mod rate;
mod request;
mod server;

pub(crate) use address::LiveAddress;
pub(crate) use board::{Board, Offering};
pub(crate) use rate::RateControl;
pub(crate) use server::{LiveError, LiveServer};
