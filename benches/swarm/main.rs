//! Measures what a client of the swarm costs, compared with bare epoll loops that write and read the same bytes and
//! parse nothing. `cargo bench --bench swarm -- [SECONDS]`; with fewer descriptors than 100,000 on Linux, or
//! elsewhere, name the largest number of sockets behind it.
#![expect(clippy::print_stdout, reason = "a benchmark prints its tables")]

mod bare;
mod served;
mod swarm;

use std::time::Duration;

use served::Served;

/// So many sockets to a thread, as descriptors allow at most 20,000 on many machines.
const PER_THREAD: u32 = 15_000;

/// A number of sockets, and the threads that they need on either side.
#[derive(Clone, Copy)]
struct Size {
    sockets: u32,
    threads: u32,
}

impl Size {
    fn of(sockets: u32) -> Self {
        Self {
            sockets,
            threads: sockets.div_ceil(PER_THREAD),
        }
    }
}

/// Round trips and the CPU seconds of the client that they took.
#[derive(Clone, Copy, Default)]
struct Score {
    round_trips: u64,
    cpu_s: f64,
}

impl Score {
    fn per_cpu_second(self) -> f64 {
        self.round_trips as f64 / self.cpu_s
    }

    fn cost(self) -> f64 {
        self.cpu_s / self.round_trips as f64
    }
}

fn main() {
    let mut numbers = std::env::args().filter_map(|it| it.parse::<u32>().ok());
    let lasts = Duration::from_secs(numbers.next().unwrap_or(4).into());
    let most = numbers.next().unwrap_or(100_000);
    phxproof::internal::raise_limit();
    // First, as memory that this process has had once would not be counted again.
    idle(most);
    echo(most, lasts);
    fanout(most);
}

fn echo(most: u32, lasts: Duration) {
    println!("\nround trips through a joined channel a CPU second of the client");
    heads("growth of the cost, bare and phxproof");
    let mut first: Option<(Score, Score)> = None;
    for size in [200, 1000, most].map(Size::of) {
        // A server for each, as one that says goodbye to many has no time for others.
        let bare = bare::echo(Served::start(size.threads).address, size, lasts);
        let ours = swarm::echo(&Served::start(size.threads), size, lasts);
        row(size, bare.per_cpu_second(), ours.per_cpu_second(), 0);
        match first {
            // Growth is told against 1,000.
            _ if size.sockets < 1000 => println!(),
            None => {
                first = Some((bare, ours));
                println!();
            }
            Some((bare_first, ours_first)) => {
                let (floor, own) = (bare.cost() / bare_first.cost(), ours.cost() / ours_first.cost());
                println!(
                    " {floor:>8.2} {own:>8.2}, the latter {:.2} times the former",
                    own / floor
                );
            }
        }
    }
}

fn fanout(most: u32) {
    println!("\na broadcast, from its send to the last receiver, in ms");
    heads("");
    for size in [1000, 5000, most].map(Size::of) {
        let floor = bare::fanout(size).as_secs_f64() * 1e3;
        let served = Served::start(size.threads);
        row(size, floor, swarm::fanout(&served, size).as_secs_f64() * 1e3, 2);
        println!();
    }
}

fn idle(most: u32) {
    let size = Size::of(most);
    let result = swarm::idle(&Served::start(size.threads), size);
    let each = |bytes: u64| bytes / u64::from(size.sockets);
    let generator = result.generator.rss_bytes_peak - result.generator.rss_bytes_start;
    println!("{most} sockets that are joined and say nothing but heartbeats");
    println!("  opened and joined in {:.1} s", result.took.opening_s);
    println!("  {} bytes of user-space memory each", each(generator));
    if let Some(server) = &result.server {
        println!("  {} bytes of it at the server", each(server.rss_bytes_peak));
    }
}

fn heads(last: &str) {
    println!(
        "{:>8} {:>12} {:>12} {:>7}  {last}",
        "sockets", "bare loop", "phxproof", "ratio"
    );
}

/// A row without its end.
fn row(size: Size, floor: f64, ours: f64, digits: usize) {
    let ratio = ours / floor;
    print!(
        "{:>8} {floor:>12.digits$} {ours:>12.digits$} {ratio:>7.2}",
        size.sockets
    );
}

fn median(mut all: Vec<Duration>) -> Duration {
    all.sort_unstable();
    all.get(all.len() / 2).copied().unwrap_or_default()
}
