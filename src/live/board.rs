//! The page of a run, which is drawn only when somebody looks, and its report at the end.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use sha2::{Digest as _, Sha256};
use tokio::sync::watch;

use super::answer::{Answer, Reaction};
use super::rate::{self, RateControl};
use super::request::LiveRequest;
use crate::clock::{Clock, Time};

/// A page is drawn at most once in this time.
const FRESH: Duration = Duration::from_secs(1);

/// The progress of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Progress {
    /// It goes on.
    GoesOn,
    /// It is over, and the page is the report.
    Over,
}

/// Draws a page.
type Draw = Box<dyn FnOnce() -> String + Send>;
/// Writes the metrics.
type Measure = dyn Fn() -> String + Send + Sync;

/// The parts of a board that a server offers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Offering {
    /// The page, its changes, and the rate.
    Page,
    /// The metrics.
    Metrics,
    /// Both.
    Both,
}

/// The page, the metrics and the rate of a run. The run brings them up to date, and the servers read them.
pub(crate) struct Board {
    shown: Mutex<Shown>,
    progress: watch::Sender<Progress>,
    policy: String,
    rate: Option<Box<dyn RateControl>>,
    clock: Clock,
}

struct Shown {
    page: Arc<str>,
    drawn: Option<Time>,
    /// Draws a newer page.
    next: Option<Draw>,
    /// Writes the metrics.
    metrics: Option<Arc<Measure>>,
}

impl Board {
    /// Shows this page at first. The pages may hold this script and no other.
    pub(crate) fn new(script: &str, page: String) -> Self {
        let hash = BASE64_STANDARD.encode(Sha256::digest(script));
        Self {
            shown: Mutex::new(Shown {
                page: page.into(),
                drawn: None,
                next: None,
                metrics: None,
            }),
            progress: watch::Sender::new(Progress::GoesOn),
            policy: format!(
                "default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{hash}'; connect-src 'self'; \
                 form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
            ),
            rate: None,
            clock: Clock::start(),
        }
    }

    /// Lets readers of the page change the rate.
    pub(crate) fn with_rate(self, rate: impl RateControl + 'static) -> Self {
        Self {
            rate: Some(Box::new(rate)),
            ..self
        }
    }

    /// Shows a newer page, which is drawn when somebody looks.
    pub(crate) fn show(&self, draw: impl FnOnce() -> String + Send + 'static) {
        self.shown().next = Some(Box::new(draw));
        self.progress.send_replace(Progress::GoesOn);
    }

    /// Offers newer metrics, which are written when somebody asks for them.
    pub(crate) fn measure(&self, write: impl Fn() -> String + Send + Sync + 'static) {
        self.shown().metrics = Some(Arc::new(write));
    }

    /// Shows the report of the run, which is over.
    pub(crate) fn over(&self, report: String) {
        let mut shown = self.shown();
        shown.page = report.into();
        shown.next = None;
        self.progress.send_replace(Progress::Over);
    }

    /// Answers a request.
    pub(super) fn react(&self, request: &LiveRequest, offer: Offering) -> Reaction {
        let path = request.path.as_str();
        if path == "/metrics" && offer != Offering::Page {
            return Reaction::Answer(self.metrics(&request.method));
        }
        if offer == Offering::Metrics {
            return Reaction::Answer(Answer::text(
                404,
                "there is nothing here; the metrics are at /metrics\n",
            ));
        }
        if let ("/rate", Some(control)) = (path, &self.rate) {
            return Reaction::Answer(rate::react(&**control, request));
        }
        Reaction::Answer(match (path, request.method.as_str()) {
            ("/events", "GET") => return Reaction::Events,
            ("/" | "/report.html", "GET" | "HEAD") => Answer::html(self.page().to_string()),
            ("/" | "/report.html" | "/events", _) => Answer::only("GET"),
            _ => Answer::text(404, "there is nothing here; the page is at /\n"),
        })
    }

    fn metrics(&self, method: &str) -> Answer {
        let write = self.shown().metrics.clone();
        match method {
            "GET" | "HEAD" => Answer::metrics(write.map_or_else(String::new, |write| write())),
            _ => Answer::only("GET"),
        }
    }

    /// Reports each change of the page.
    pub(super) fn progress(&self) -> watch::Receiver<Progress> {
        self.progress.subscribe()
    }

    /// The data of an event: the page as a JSON string, which has no line breaks.
    pub(super) fn event(&self) -> (Progress, String) {
        // `over` shows the report before it reports the end. So the page is the report if the progress is `Over`.
        let progress = *self.progress.borrow();
        (progress, serde_json::Value::from(&*self.page()).to_string())
    }

    /// The content security policy of the pages.
    pub(super) fn policy(&self) -> &str {
        &self.policy
    }

    fn page(&self) -> Arc<str> {
        let now = self.clock.now();
        let mut shown = self.shown();
        let is_fresh = shown.drawn.is_some_and(|drawn| now.since(drawn) < FRESH);
        let Some(draw) = shown.next.take_if(|_| !is_fresh) else {
            return Arc::clone(&shown.page);
        };
        // The run must not wait while a page is drawn.
        drop(shown);
        let page: Arc<str> = draw().into();
        let mut shown = self.shown();
        if *self.progress.borrow() == Progress::GoesOn {
            (shown.page, shown.drawn) = (page, Some(now));
        }
        Arc::clone(&shown.page)
    }

    fn shown(&self) -> MutexGuard<'_, Shown> {
        self.shown.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    #[test]
    fn a_page_is_drawn_when_somebody_looks_and_not_twice_in_a_second() {
        let board = Board::new("", "nothing yet".to_owned());
        let drawn = Arc::new(AtomicU32::new(0));
        let show = |text: &'static str| {
            let drawn = Arc::clone(&drawn);
            board.show(move || {
                drawn.fetch_add(1, Ordering::Relaxed);
                text.to_owned()
            });
        };
        assert_eq!(&*board.page(), "nothing yet");
        show("one");
        show("two");
        assert_eq!(&*board.page(), "two");
        show("three");
        assert_eq!(&*board.page(), "two");
        assert_eq!(drawn.load(Ordering::Relaxed), 1);
    }

    #[test]
    fn the_report_is_shown_at_once_and_stays() {
        let board = Board::new("", String::new());
        board.show(|| "running".to_owned());
        assert_eq!(board.event(), (Progress::GoesOn, "\"running\"".to_owned()));
        board.over("a \"report\"\r\n".to_owned());
        assert_eq!(
            board.event(),
            (Progress::Over, r#""a \"report\"\r\n""#.to_owned())
        );
    }
}
