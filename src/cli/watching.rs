//! Lets a run be watched while it goes on: starts the server of its page, and says where it is.

use std::sync::Arc;

use super::args;
use super::complaint::Complaint;
use super::exit::CliError;
use super::output;
use crate::live::{Board, LiveError, LiveServer};

/// A run that can be watched. When it is dropped, those who watch get the last state of the board.
pub(super) struct Watch {
    board: Arc<Board>,
    _server: LiveServer,
}

impl Watch {
    /// Starts the server, if it is asked for, and says where it is.
    pub(super) fn start(
        typed: args::Watching,
        board: impl FnOnce() -> Board,
    ) -> Result<Option<Self>, CliError> {
        let Some(address) = typed.live else {
            return Ok(None);
        };
        let board = Arc::new(board());
        let server = LiveServer::start(address, Arc::clone(&board)).map_err(unwatched)?;
        output::note(&format!("live page: http://{}/", server.address()));
        Ok(Some(Self {
            board,
            _server: server,
        }))
    }

    /// What is shown.
    pub(super) fn board(&self) -> Arc<Board> {
        Arc::clone(&self.board)
    }
}

fn unwatched(why: LiveError) -> CliError {
    let complaint = Complaint::new(why.to_string());
    match why {
        LiveError::Listen { .. } => complaint
            .next("--live=ADDR names another address; --live alone takes a free port")
            .into(),
        LiveError::Thread(_) => CliError::Undone(complaint),
    }
}
