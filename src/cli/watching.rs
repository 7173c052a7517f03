//! Lets a run be watched while it goes on: starts the server of its page, and prints its address.

use std::sync::Arc;

use super::args;
use super::complaint::Complaint;
use super::exit::CliError;
use super::output;
use crate::live::{Board, LiveAddress, LiveError, LiveServer, Offering};

/// A run that can be watched. When it is dropped, those who watch get the last state of the board.
pub(super) struct Watch {
    board: Arc<Board>,
    servers: Vec<LiveServer>,
}

impl Watch {
    /// Starts the servers that are asked for, and prints their addresses.
    pub(super) fn start(
        typed: impl Into<args::Watching>,
        board: impl FnOnce() -> Board,
    ) -> Result<Option<Self>, CliError> {
        let offers = offers(typed.into());
        if offers.is_empty() {
            return Ok(None);
        }
        let mut watch = Self {
            board: Arc::new(board()),
            servers: Vec::new(),
        };
        for (address, offer) in offers {
            let server =
                LiveServer::start(address, watch.board(), offer).map_err(|why| unwatched(why, offer))?;
            let at = server.address();
            if offer != Offering::Metrics {
                output::note(&format!("live page: http://{at}/"));
            }
            if offer != Offering::Page {
                output::note(&format!("metrics: http://{at}/metrics"));
            }
            watch.servers.push(server);
        }
        Ok(Some(watch))
    }

    /// The board that the servers show.
    pub(super) fn board(&self) -> Arc<Board> {
        Arc::clone(&self.board)
    }
}

/// The addresses of the page and of the metrics. The metrics have that of the page, unless they have one of their own.
fn offers(typed: args::Watching) -> Vec<(LiveAddress, Offering)> {
    let metrics = typed
        .metrics
        .map(|address| address.or(typed.page.live).unwrap_or(LiveAddress::FREE));
    match (typed.page.live, metrics) {
        (Some(page), Some(metrics)) if page == metrics => vec![(page, Offering::Both)],
        (page, metrics) => {
            let page = page.map(|address| (address, Offering::Page));
            page.into_iter()
                .chain(metrics.map(|address| (address, Offering::Metrics)))
                .collect()
        }
    }
}

fn unwatched(why: LiveError, offer: Offering) -> CliError {
    let complaint = Complaint::new(why.to_string());
    let flag = if offer == Offering::Metrics {
        "--metrics"
    } else {
        "--live"
    };
    match why {
        LiveError::Listen { .. } => complaint
            .next(format!(
                "{flag}=ADDR names another address; {flag} alone takes a free port"
            ))
            .into(),
        LiveError::Thread(_) => CliError::Undone(complaint),
    }
}
