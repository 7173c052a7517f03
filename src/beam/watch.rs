//! Asks the Erlang VM once a second, on a thread of its own.

use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::address::BeamAddress;
use super::reading::{BeamReading, NoReading};

/// The time between two questions.
const EVERY: Duration = Duration::from_secs(1);
/// How long connecting, asking and answering may take, each.
const PATIENCE: Duration = Duration::from_secs(3);
/// The most bytes of an answer.
const LONGEST_ANSWER: u64 = 256 << 10;
/// Answers that nobody takes are dropped beyond this number, the oldest first.
const MOST_KEPT: usize = 600;

/// The reason why an Erlang VM gave no figures.
#[derive(Debug, thiserror::Error)]
pub enum BeamError {
    /// Nobody listens there, or the connection ended.
    #[error("nobody answers there: {0}")]
    NobodyThere(#[from] io::Error),
    /// Something else listens there.
    #[error("what listens there is not PhxproofBeam: {0}")]
    Foreign(#[from] NoReading),
    /// The system has no thread.
    #[error("the system has no thread to give: {0}")]
    NoThread(#[source] io::Error),
}

/// Asks an Erlang VM once a second, as long as a copy of this exists.
#[derive(Clone, Debug)]
pub struct BeamWatch {
    address: Arc<str>,
    answers: Arc<Mutex<Answers>>,
    /// The thread ends when the last copy is gone.
    _alive: Sender<()>,
}

/// The answers since they were taken last.
#[derive(Clone, Debug, Default)]
pub(super) struct Answers {
    pub(super) readings: Vec<BeamReading>,
    pub(super) unanswered: u64,
    pub(super) why_unanswered: Option<String>,
}

impl BeamWatch {
    /// Asks once, and from then on once a second.
    ///
    /// # Errors
    /// Nobody answers there, or something else does.
    pub fn start(address: &BeamAddress) -> Result<Self, BeamError> {
        let mut asked = Asked {
            address: address.clone(),
            connection: None,
        };
        asked.ask()?;
        let answers = Arc::new(Mutex::new(Answers::default()));
        let noted = Arc::clone(&answers);
        let (alive, ends) = channel();
        let thread = std::thread::Builder::new().name("beam".to_owned());
        let work = move || {
            while ends.recv_timeout(EVERY) == Err(RecvTimeoutError::Timeout) {
                let answer = asked.ask();
                locked(&noted).note(answer);
            }
        };
        thread.spawn(work).map_err(BeamError::NoThread)?;
        Ok(Self {
            address: address.to_string().into(),
            answers,
            _alive: alive,
        })
    }

    /// The address that is asked.
    pub(super) fn address(&self) -> &str {
        &self.address
    }

    /// The answers since they were taken last.
    pub(super) fn take(&self) -> Answers {
        std::mem::take(&mut *locked(&self.answers))
    }
}

fn locked(answers: &Mutex<Answers>) -> MutexGuard<'_, Answers> {
    answers.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Answers {
    fn note(&mut self, answer: Result<BeamReading, BeamError>) {
        match answer {
            Ok(reading) => self.readings.push(reading),
            Err(why) => {
                self.unanswered += 1;
                self.why_unanswered = Some(why.to_string());
            }
        }
        if self.readings.len() > MOST_KEPT {
            self.readings.remove(0);
        }
    }
}

/// The Erlang VM that is asked.
struct Asked {
    address: BeamAddress,
    /// None before the first question, and after one without an answer.
    connection: Option<BufReader<TcpStream>>,
}

impl Asked {
    /// Asks, over a new connection if the last one ended.
    fn ask(&mut self) -> Result<BeamReading, BeamError> {
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => BufReader::new(self.connect()?),
        };
        connection.get_mut().write_all(b"stats\n")?;
        let mut line = Vec::new();
        let read = (&mut connection)
            .take(LONGEST_ANSWER)
            .read_until(b'\n', &mut line)?;
        if read == 0 {
            return Err(io::Error::from(io::ErrorKind::ConnectionReset).into());
        }
        let reading = BeamReading::read(&String::from_utf8_lossy(&line))?;
        self.connection = Some(connection);
        Ok(reading)
    }

    fn connect(&self) -> io::Result<TcpStream> {
        let mut refused = io::Error::other("the name has no address");
        for address in self.address.resolve()? {
            match TcpStream::connect_timeout(&address, PATIENCE) {
                Ok(stream) => {
                    stream.set_read_timeout(Some(PATIENCE))?;
                    stream.set_write_timeout(Some(PATIENCE))?;
                    return Ok(stream);
                }
                Err(why) => refused = why,
            }
        }
        Err(refused)
    }
}
