//! Serves a run over HTTP while it goes on: its page, the changes of the page as server-sent events, its metrics and its
//! rate. The server has a thread of its own, so that a reader does not disturb the measurement.

mod address;
mod answer;
mod board;
mod guard;
mod rate;
mod request;
mod server;

pub(crate) use address::LiveAddress;
pub(crate) use board::{Board, Offering};
pub(crate) use rate::{RateControl, RateRefusal};
pub(crate) use server::{LiveError, LiveServer};
