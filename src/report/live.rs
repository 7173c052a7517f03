//! The parts that the page of a run that goes on has beside its report: a line about its connection to the run, a form for
//! the rate, and the script that brings the page up to date.

use std::fmt::Write as _;
use std::sync::Arc;

use super::{Job, ReportError, Reporter, html};
use crate::live::Board;

/// The script of the page.
const SCRIPT: &str = include_str!("html/live.js");

/// The style of the line.
const STYLE: &str = include_str!("html/live.css");

/// The board of a run, which shows this title at first. `rate` is the rate of a run that takes another one.
pub(super) fn board(title: &str, rate: Option<f64>) -> Board {
    let mut page = begin(title, "");
    page.push_str("<header>\n<p class=\"verdict open\">about to begin</p>\n</header>\n");
    end(&mut page, rate);
    Board::new(SCRIPT, page)
}

/// The beginning of a page of a run that goes on. `style` is added to its style sheet. Where no
/// script runs, it loads itself again.
pub(super) fn begin(title: &str, style: &str) -> String {
    let reload = "<noscript><meta http-equiv=\"refresh\" content=\"2\"></noscript>\n";
    html::begin_with(title, &format!("{style}{STYLE}"), reload)
}

/// The end of such a page, with a form for the rate. The script shows the form, as it cannot be sent without.
pub(super) fn end(page: &mut String, rate: Option<f64>) {
    page.push_str("</main>\n<aside><span id=\"live\" role=\"status\">The last state of the run.</span>");
    if let Some(rate) = rate {
        let _ = write!(
            page,
            "<form id=\"rate\" hidden><label>Sends a second <input name=\"rate\" type=\"number\" min=\"0\" step=\"any\" \
             value=\"{rate}\" required></label> <button>Change</button> <output></output></form>"
        );
    }
    page.push_str("</aside>\n<script>");
    page.push_str(SCRIPT);
    page.push_str("</script>\n</body>\n</html>\n");
}

/// Shows the report at the end of a run, also of one that did not take place.
pub struct LiveEnd<J: Job> {
    board: Arc<Board>,
    render: fn(&J::Finished<'_>) -> String,
}

impl<J: Job> LiveEnd<J> {
    /// Shows it on this board, which was made for it.
    pub(super) fn new(board: Arc<Board>, render: fn(&J::Finished<'_>) -> String) -> Self {
        Self { board, render }
    }
}

impl<J: Job> Reporter<J> for LiveEnd<J> {
    fn finish(&mut self, run: &J::Finished<'_>) -> Result<(), ReportError> {
        self.board.over((self.render)(run));
        Ok(())
    }
}
