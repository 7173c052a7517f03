//! The figures of the server during experiments, over time: of its process, also over restarts, and of its Erlang VM.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use tokio::task::JoinHandle;

use super::result::{Picture, PictureKind, PicturePoint, Series};
use super::site::Site;
use crate::beam::{BeamMeter, BeamUse, BeamWatch};
use crate::clock::Time;
use crate::load::{BeamPoint, ServerMeter, ServerReading, ServerUse};

/// The time between two readings.
const EVERY: Duration = Duration::from_secs(1);

/// Reads the figures of the server once a second.
#[derive(Debug)]
pub(super) struct ServerWatch {
    noted: Rc<RefCell<Noted>>,
    watching: JoinHandle<()>,
}

#[derive(Debug)]
struct Noted {
    process: Option<ServerMeter>,
    beam: Option<BeamMeter>,
    seconds: Vec<Moment>,
    /// When the process was read last. After a restart that is longer ago than a second.
    read_at: Time,
}

/// One reading.
#[derive(Debug)]
struct Moment {
    at: Time,
    /// Seconds since the process was read before.
    lasted: f64,
    /// While the server is being restarted there is no process.
    process: Option<ServerReading>,
    beam: Option<BeamPoint>,
}

impl ServerWatch {
    /// Watches this process, if the system tells anything about it, and this Erlang VM.
    pub(super) fn new(site: &Rc<Site>, pid: Option<u32>, beam: Option<BeamWatch>) -> Self {
        let noted = Rc::new(RefCell::new(Noted {
            process: pid.and_then(ServerMeter::new),
            beam: beam.map(BeamMeter::new),
            seconds: Vec::new(),
            read_at: site.now(),
        }));
        let (site, notes) = (Rc::clone(site), Rc::clone(&noted));
        let watching = tokio::task::spawn_local(async move {
            let mut before = site.now();
            loop {
                site.until(before + EVERY).await;
                before = site.now();
                notes.borrow_mut().read(before);
            }
        });
        Self { noted, watching }
    }

    /// The server was restarted, and may have this process now.
    pub(super) fn follow(&self, pid: u32) {
        if let Some(process) = &mut self.noted.borrow_mut().process {
            process.follow(pid);
        }
    }

    /// The figures of its process until now, if it is watched.
    pub(super) fn seen(&self) -> Option<ServerUse> {
        self.noted.borrow().process.as_ref().map(ServerMeter::seen)
    }

    /// The figures of its Erlang VM until now, if it is asked.
    pub(super) fn beam(&self) -> Option<BeamUse> {
        let noted = self.noted.borrow();
        noted.beam.as_ref().map(|beam| beam.seen().clone())
    }

    /// The pictures of the figures over time.
    pub(super) fn pictures(&self) -> Vec<Picture> {
        self.noted.borrow().pictures()
    }
}

impl Noted {
    fn read(&mut self, at: Time) {
        let process = self.process.as_mut().and_then(ServerMeter::read);
        let lasted = at.since(self.read_at);
        if process.is_some() {
            self.read_at = at;
        }
        let beam = self.beam.as_mut().and_then(BeamMeter::read).map(BeamPoint::of);
        self.seconds.push(Moment {
            at,
            lasted: lasted.as_secs_f64().max(0.001),
            process,
            beam,
        });
    }

    /// A series of the readings that have this figure.
    fn series(&self, name: &str, of: impl Fn(&Moment) -> Option<f64>) -> Series {
        let point = |moment: &Moment| {
            Some(PicturePoint {
                x: moment.at.since(Time::ZERO).as_secs_f64(),
                y: of(moment)?,
                interval: None,
            })
        };
        Series {
            name: name.to_owned(),
            points: self.seconds.iter().filter_map(point).collect(),
        }
    }

    fn of_process(&self, name: &str, of: fn(&ServerReading) -> f64) -> Series {
        self.series(name, |moment| moment.process.as_ref().map(of))
    }

    fn of_beam(&self, name: &str, of: fn(&BeamPoint) -> f64) -> Series {
        self.series(name, |moment| moment.beam.as_ref().map(of))
    }

    /// The pictures that have at least two points.
    fn pictures(&self) -> Vec<Picture> {
        let processors = self.series("processors", |moment| {
            Some(moment.process?.cpu.as_secs_f64() / moment.lasted)
        });
        let memory = self.of_process("memory", |it| it.rss_bytes as f64 / 1e6);
        let numbers = vec![
            self.of_process("descriptors", |it| it.descriptors as f64),
            self.of_process("threads", |it| it.threads as f64),
        ];
        let waiting = vec![
            self.of_beam("run queue", |it| it.run_queue as f64),
            self.of_beam("longest mailbox", |it| it.longest_mailbox as f64),
        ];
        let schedulers = self.of_beam("schedulers", |it| it.utilization);
        let processes = vec![
            self.of_beam("processes", |it| it.processes as f64),
            self.of_beam("ports", |it| it.ports as f64),
        ];
        let memory_of_vm = vec![
            self.of_beam("all", |it| it.memory_bytes as f64 / 1e6),
            self.of_beam("processes", |it| it.processes_bytes as f64 / 1e6),
            self.of_beam("binaries", |it| it.binary_bytes as f64 / 1e6),
            self.of_beam("ETS", |it| it.ets_bytes as f64 / 1e6),
        ];
        let pools = vec![
            self.series("idle", |moment| Some(moment.beam?.pools?.idle as f64)),
            self.series("waiting", |moment| Some(moment.beam?.pools?.waiting as f64)),
        ];
        let all = [
            ("Processors that the server used", "processors", vec![processors]),
            ("Memory of the server", "MB", vec![memory]),
            ("Descriptors and threads of the server", "number", numbers),
            (
                "Erlang VM: part of the time that schedulers worked",
                "part",
                vec![schedulers],
            ),
            ("Erlang VM: run queue and longest mailbox", "number", waiting),
            ("Erlang VM: processes and ports", "number", processes),
            ("Erlang VM: memory", "MB", memory_of_vm),
            ("Ecto: connections", "number", pools),
        ];
        let pictures = all
            .into_iter()
            .map(|(title, y, series)| picture(title, y, series));
        pictures
            .filter(|it| it.series.iter().all(|series| series.points.len() > 1))
            .collect()
    }
}

fn picture(title: &str, y: &str, series: Vec<Series>) -> Picture {
    Picture {
        title: title.to_owned(),
        x: "time in s".to_owned(),
        y: y.to_owned(),
        kind: PictureKind::Lines,
        series,
    }
}

impl Drop for ServerWatch {
    fn drop(&mut self) {
        self.watching.abort();
    }
}
