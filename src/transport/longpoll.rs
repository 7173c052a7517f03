//! An open long poll session over tokio: keeps one poll open and sends batches. Polls have one connection, batches another.
//! `crate::session` reads the answers.

use std::cell::Cell;
use std::collections::VecDeque;
use std::fmt;
use std::future::{Future, poll_fn};
use std::io;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::timeout;

use super::answer::{RequestError, Response, Truncated};
use super::call::Call;
use super::http::{Head, standard_headers};
use super::opening::{OpenError, Upgrade};
use super::percent::percent_encoded;
use super::{Ending, Incoming, Limits, Outgoing, Target};
use crate::session::{AnswerPace, BadAnswer, FirstPoll, LongPoll, PollRequest, Polled};
use crate::stream::Stream;
use crate::wire::longpoll::TOKEN_HEADER;

/// An open session. Dropping it ends all its requests, and the server learns of that only when the session expires.
pub(super) struct Session {
    requests: Rc<Requests>,
    state: LongPoll,
    poll: Lane,
    batch: Lane,
    came: VecDeque<Incoming>,
    over: Option<Ending>,
    /// The value of [`Requests::moved`] at the last report.
    moved: u64,
}

/// The data that all requests of a session share.
struct Requests {
    target: Target,
    path_and_query: String,
    headers: Vec<(String, String)>,
    limits: Limits,
    /// How many pieces of answers have arrived.
    moved: Cell<u64>,
}

/// A request that is under way.
type UnderWay = Pin<Box<dyn Future<Output = (AnswerPace, Result<(Response, Option<Stream>), RequestError>)>>>;

/// A connection for requests, one after the other.
enum Lane {
    Idle(Option<Stream>),
    Busy(UnderWay),
}

/// Opens a session; none if the server refuses it. The response has the status of the body.
pub(super) async fn open(
    target: &Target,
    upgrade: &Upgrade,
) -> Result<(Option<Session>, Response), OpenError> {
    // A poll is answered with all messages that wait.
    let body_bytes = upgrade.limits.message_bytes.saturating_mul(4) + upgrade.limits.body_bytes;
    let requests = Requests {
        target: target.clone(),
        path_and_query: upgrade.path_and_query.clone(),
        headers: upgrade.headers.clone(),
        limits: Limits {
            body_bytes,
            ..upgrade.limits
        },
        moved: Cell::new(0),
    };
    let first = requests.written(PollRequest::Poll, None, Vec::new(), &[])?;
    let call = requests.call(PollRequest::Poll, upgrade.deadline);
    let (mut response, kept) = call.converse(None, PollRequest::Poll.method(), &first).await?;
    if let Some(how) = unusable(&response, body_bytes) {
        return Err(OpenError::Unusable(how));
    }
    if response.status != 200 {
        return Ok((None, response));
    }
    match LongPoll::begin(upgrade.vsn, &response.body)? {
        FirstPoll::Refused(status) => {
            response.status = status;
            Ok((None, response))
        }
        FirstPoll::Open(state) => {
            let session = Session {
                requests: Rc::new(requests),
                state,
                poll: Lane::Idle(kept),
                batch: Lane::Idle(None),
                came: VecDeque::new(),
                over: None,
                moved: 0,
            };
            Ok((Some(session), response))
        }
    }
}

impl Session {
    /// Waits for what the server does next, or, with nothing, until bytes have moved in either direction. Dropped half-way,
    /// it loses nothing.
    pub(super) async fn advance(&mut self) -> Option<Incoming> {
        if let Some(incoming) = self.came.pop_front() {
            return Some(incoming);
        }
        if let Some(ending) = &self.over {
            return Some(Incoming::Closed(ending.clone()));
        }
        if let Err(error) = self.ask() {
            self.over = Some(Ending::NoAnswer(error.to_string()));
            return None;
        }
        poll_fn(|cx| self.poll_answers(cx)).await;
        None
    }

    /// Whether an answer is on its way.
    pub(super) fn is_moving(&self) -> bool {
        self.requests.moved.get() != 0
    }

    /// Queues a message, or ends the session.
    pub(super) fn send(&mut self, outgoing: Outgoing) -> io::Result<()> {
        // A client has no way to end a session but to ask for nothing more.
        if matches!(outgoing, Outgoing::Cut | Outgoing::Close { .. }) {
            self.end(Ending::Cut);
            self.came.clear();
            return Ok(());
        }
        if self.over.is_some() {
            return Err(io::ErrorKind::NotConnected.into());
        }
        let (unsent, limit) = (self.state.unsent(), self.requests.limits.unsent_bytes);
        if unsent + outgoing.payload_len() > limit {
            let why =
                format!("the server does not answer: {unsent} bytes wait to be sent; the limit is {limit}");
            return Err(io::Error::new(io::ErrorKind::OutOfMemory, why));
        }
        self.state
            .send(outgoing)
            .map_err(|why| io::Error::new(io::ErrorKind::InvalidInput, why))
    }

    /// Begins the requests that can be made now.
    fn ask(&mut self) -> Result<(), RequestError> {
        let token = self.state.token();
        if let Lane::Idle(kept) = &mut self.poll {
            let accept = vec![("Accept", "application/json".to_owned())];
            let of = PollRequest::Poll;
            let request = self.requests.written(of, Some(token), accept, &[])?;
            self.poll = self.requests.begin(of, request, kept.take());
        }
        if let Lane::Idle(kept) = &mut self.batch
            && let Some(batch) = self.state.next_batch()
        {
            let content_type = vec![("Content-Type", batch.content_type.to_owned())];
            let token = self.state.token();
            let of = PollRequest::Batch;
            let request = self
                .requests
                .written(of, Some(token), content_type, &batch.body)?;
            self.batch = self.requests.begin(of, request, kept.take());
        }
        Ok(())
    }

    /// Ready once an answer came, or a part of one.
    fn poll_answers(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let mut is_ready = false;
        for of in [PollRequest::Batch, PollRequest::Poll] {
            let lane = match of {
                PollRequest::Poll => &mut self.poll,
                PollRequest::Batch => &mut self.batch,
            };
            let Lane::Busy(request) = lane else { continue };
            if let Poll::Ready((pace, answered)) = request.as_mut().poll(cx) {
                is_ready = true;
                self.requests.moved.set(0);
                self.moved = 0;
                match answered {
                    Ok((response, kept)) => {
                        *lane = Lane::Idle(kept);
                        self.answered(of, &response, pace);
                    }
                    Err(error) => self.end(Ending::NoAnswer(error.to_string())),
                }
            }
        }
        let moved = self.requests.moved.get();
        if self.moved != moved {
            self.moved = moved;
            is_ready = true;
        }
        if is_ready { Poll::Ready(()) } else { Poll::Pending }
    }

    fn answered(&mut self, of: PollRequest, response: &Response, pace: AnswerPace) {
        let what = of.name();
        if let Some(how) = unusable(response, self.requests.limits.body_bytes) {
            return self.end(Ending::Violation(format!("the server answered a {what} {how}")));
        }
        if response.status != 200 {
            let status = response.status;
            return self.end(Ending::Status { of, status });
        }
        let over = match of {
            PollRequest::Poll => match self.state.polled(&response.body, pace) {
                Ok(Polled::Messages(texts)) => {
                    let texts = texts.into_iter().map(|text| Incoming::Text(text.into_owned()));
                    self.came.extend(texts);
                    Ok(None)
                }
                Ok(Polled::Over(status)) => Ok(Some(status)),
                Err(why) => Err(why),
            },
            PollRequest::Batch => self.state.posted(&response.body),
        };
        match over {
            Ok(None) => {}
            Ok(Some(status)) => self.end(Ending::Status { of, status }),
            Err(why) => self.end(violation(what, &why)),
        }
    }

    /// Ends both requests. Messages that came before are still returned.
    fn end(&mut self, ending: Ending) {
        self.over.get_or_insert(ending);
        (self.poll, self.batch) = (Lane::Idle(None), Lane::Idle(None));
    }
}

/// Why an answer cannot be used. `limit` is the largest body in bytes.
fn unusable(response: &Response, limit: usize) -> Option<String> {
    let how = match response.truncated {
        Some(Truncated::Limit) => format!("with more than {limit} bytes"),
        Some(Truncated::Deadline) => "so slowly that the answer was not whole in time".to_owned(),
        Some(Truncated::Broken) => "with an answer that is not whole".to_owned(),
        None => match response.header("content-encoding")? {
            coding if coding.trim().eq_ignore_ascii_case("identity") => return None,
            coding => format!("with the content-encoding {coding}, which was not asked for"),
        },
    };
    Some(how)
}

fn violation(what: &str, why: &BadAnswer) -> Ending {
    Ending::Violation(format!("the server answered a {what} with something else: {why}"))
}

impl Requests {
    /// A request as it is sent. The token stands in the query too, as servers before 1.8.10 look for it only there.
    fn written(
        &self,
        of: PollRequest,
        token: Option<&str>,
        mut standard: Vec<(&'static str, String)>,
        body: &[u8],
    ) -> Result<Vec<u8>, RequestError> {
        let mut path_and_query = self.path_and_query.clone();
        if let Some(token) = token {
            path_and_query.push(if path_and_query.contains('?') { '&' } else { '?' });
            path_and_query.extend(["token=", &percent_encoded(token)]);
            standard.push((TOKEN_HEADER, token.to_owned()));
        }
        standard.splice(0..0, standard_headers(&self.target));
        let head = Head {
            method: of.method(),
            path_and_query: &path_and_query,
            standard,
            headers: &self.headers,
        };
        head.write(body)
    }

    fn call(&self, of: PollRequest, deadline: Duration) -> Call<'_> {
        Call {
            target: &self.target,
            what: of.name(),
            limits: &self.limits,
            deadline,
            moved: Some(&self.moved),
        }
    }

    fn begin(self: &Rc<Self>, of: PollRequest, request: Vec<u8>, kept: Option<Stream>) -> Lane {
        let requests = Rc::clone(self);
        Lane::Busy(Box::pin(async move {
            let call = requests.call(of, LongPoll::ANSWERED_WITHIN);
            let mut answered = pin!(call.converse(kept, of.method(), &request));
            match timeout(LongPoll::AT_ONCE, answered.as_mut()).await {
                Ok(answered) => (AnswerPace::AtOnce, answered),
                Err(_) => (AnswerPace::Waited, answered.await),
            }
        }))
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("state", &self.state)
            .field("over", &self.over)
            .finish_non_exhaustive()
    }
}
