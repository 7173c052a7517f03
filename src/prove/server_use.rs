//! What the process of the server uses during experiments: CPU time, memory, threads and descriptors, also over restarts.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use tokio::task::JoinHandle;

use super::result::{Picture, PictureKind, PicturePoint, Series};
use super::site::Site;
use crate::clock::Time;
use crate::load::{ServerMeter, ServerReading, ServerUse};

/// The time between two readings.
const EVERY: Duration = Duration::from_secs(1);

/// Reads from time to time what a process uses.
#[derive(Debug)]
pub(super) struct ServerWatch {
    noted: Rc<RefCell<Noted>>,
    watching: JoinHandle<()>,
}

#[derive(Debug)]
struct Noted {
    meter: ServerMeter,
    /// The time of each reading, and the seconds since the one before.
    readings: Vec<(Time, f64, ServerReading)>,
}

impl ServerWatch {
    /// Watches this process; nothing if the system tells nothing about it.
    pub(super) fn new(site: &Rc<Site>, pid: u32) -> Option<Self> {
        let noted = Rc::new(RefCell::new(Noted {
            meter: ServerMeter::new(pid)?,
            readings: Vec::new(),
        }));
        let (site, notes) = (Rc::clone(site), Rc::clone(&noted));
        let watching = tokio::task::spawn_local(async move {
            let mut before = site.now();
            loop {
                site.until(before + EVERY).await;
                let now = site.now();
                let lasted = now.since(before).as_secs_f64();
                before = now;
                let noted = &mut *notes.borrow_mut();
                // While the server is being restarted there is no process.
                if let Some(reading) = noted.meter.read() {
                    noted.readings.push((now, lasted, reading));
                }
            }
        });
        Some(Self { noted, watching })
    }

    /// The server was restarted, and may have this process now.
    pub(super) fn follow(&self, pid: u32) {
        self.noted.borrow_mut().meter.follow(pid);
    }

    /// Its use until now.
    pub(super) fn seen(&self) -> ServerUse {
        self.noted.borrow().meter.seen()
    }

    /// Its use over time.
    pub(super) fn pictures(&self) -> Vec<Picture> {
        self.noted.borrow().pictures()
    }
}

impl Noted {
    fn pictures(&self) -> Vec<Picture> {
        if self.readings.len() < 2 {
            return Vec::new();
        }
        let series = |name: &str, of: &dyn Fn(f64, &ServerReading) -> f64| Series {
            name: name.to_owned(),
            points: self
                .readings
                .iter()
                .map(|(at, lasted, reading)| PicturePoint {
                    x: at.since(Time::ZERO).as_secs_f64(),
                    y: of(*lasted, reading),
                    interval: None,
                })
                .collect(),
        };
        let processors = series("processors", &|lasted, it| {
            it.cpu.as_secs_f64() / lasted.max(0.001)
        });
        let memory = series("memory", &|_, it| it.rss_bytes as f64 / 1e6);
        let threads = series("threads", &|_, it| it.threads as f64);
        let descriptors = series("descriptors", &|_, it| it.descriptors as f64);
        vec![
            picture("Processors that the server used", "processors", vec![processors]),
            picture("Memory of the server", "MB", vec![memory]),
            picture(
                "Descriptors and threads of the server",
                "number",
                vec![descriptors, threads],
            ),
        ]
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
