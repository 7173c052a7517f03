//! Gives a play its sockets: does what it asks for, tells it what happened, and when its deadlines have come.

use std::collections::HashMap;
use std::rc::Rc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::dial::{Dial, send_request};
use super::host::Lent;
use super::line::Line;
use super::settings::{Settings, Update};
use crate::clock::{Clock, Time};
use crate::scenario::{Command, Happening, LinkId, Play, Progress, Restart};
use crate::transport::{Outgoing, Target};

/// The target, the settings and the line that all plays of a run share.
pub(super) struct RunContext {
    pub(super) target: Target,
    pub(super) settings: Rc<Settings>,
    pub(super) timeout: Duration,
    pub(super) line: Line,
    pub(super) clock: Clock,
}

/// After all has come that is awaited, this long is listened for what should not come; longer for a fixture that is
/// being written, as nothing says yet what is awaited.
const LISTEN_ON: Duration = Duration::from_millis(40);
const LISTEN_FOR_FIXTURE: Duration = Duration::from_millis(500);

/// On a slow line a round trip longer, as messages may come in bursts there; but no longer than this, since a server
/// may say more of its own accord when it is left alone for seconds.
const LONGER_AT_MOST: Duration = Duration::from_millis(300);

/// Messages that wait for the play. A server that floods is read no faster than it is judged.
const WAITING: usize = 4;

/// Plays until all steps held and `complete` says that all has come, or a step did not hold, or `patience` is over.
pub(super) async fn drive(
    play: &mut Play,
    context: &Rc<RunContext>,
    lent: Option<&mut Box<dyn Lent>>,
    mut complete: impl FnMut(&Play) -> bool,
    patience: Duration,
) {
    let (told, mut news) = mpsc::channel(WAITING);
    let mut hands = Hands {
        context: Rc::clone(context),
        told,
        links: HashMap::new(),
        tasks: JoinSet::new(),
        lent,
    };
    let listen_on = if context.settings.update == Update::No {
        LISTEN_ON
    } else {
        LISTEN_FOR_FIXTURE
    } + context.line.round_trip().min(LONGER_AT_MOST);
    let clock = context.clock;
    play.begin(clock.now());
    let mut end: Option<Time> = None;
    let mut satisfied = false;
    loop {
        while let Some(command) = play.next_command() {
            if let Command::Restart(how) = command {
                let result = hands.restart(how).await;
                play.handle(Happening::Restarted(result), clock.now());
            } else {
                hands.carry_out(command);
            }
        }
        let now = clock.now();
        match play.progress() {
            Progress::Failed(_) => return,
            Progress::Over if !satisfied && complete(play) => {
                satisfied = true;
                end = Some(now + listen_on);
            }
            Progress::Over if end.is_none() => end = Some(now.max(play.busy_until()) + patience),
            Progress::Over | Progress::Playing | Progress::Settling => {}
        }
        if end.is_some_and(|end| end <= now) {
            return;
        }
        let deadline = [play.deadline(), end].into_iter().flatten().min();
        tokio::select! {
            biased;
            Some(happening) = news.recv() => play.handle(happening, clock.now()),
            () = until(clock, deadline) => play.handle_timeout(clock.now()),
        }
    }
}

async fn until(clock: Clock, deadline: Option<Time>) {
    match deadline {
        Some(deadline) => tokio::time::sleep_until(clock.instant(deadline).into()).await,
        None => std::future::pending().await,
    }
}

/// What has been begun for a play; all of it ends when this is dropped.
struct Hands<'a> {
    context: Rc<RunContext>,
    told: mpsc::Sender<Happening>,
    links: HashMap<LinkId, mpsc::UnboundedSender<Outgoing>>,
    tasks: JoinSet<()>,
    lent: Option<&'a mut Box<dyn Lent>>,
}

impl Hands<'_> {
    fn carry_out(&mut self, command: Command) {
        let (context, told) = (Rc::clone(&self.context), self.told.clone());
        match command {
            Command::Connect(id, door) => {
                let (orders, taken) = mpsc::unbounded_channel();
                self.links.insert(id, orders);
                let dial = Dial { context, id, told };
                self.tasks
                    .spawn_local(async move { dial.connect(&door, taken).await });
            }
            Command::Send(id, outgoing) => {
                // A connection that is gone has told so itself.
                if let Some(orders) = self.links.get(&id) {
                    let _ = orders.send(outgoing);
                }
            }
            Command::Http(request) => {
                self.tasks.spawn_local(async move {
                    let answer = send_request(&context, &request).await;
                    let _ = told.send(Happening::Http(answer)).await;
                });
            }
            Command::Restart(_) => {}
        }
    }

    async fn restart(&mut self, how: Restart) -> Result<(), String> {
        match &mut self.lent {
            Some(lent) => lent.restart(how).await,
            None => Err("nobody here can restart it".to_owned()),
        }
    }
}
