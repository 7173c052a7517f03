//! Measures what TLS costs: memory of idle sockets at both ends, CPU of an echo over wss against ws, and handshakes a CPU
//! second against `openssl s_time`, where that is installed. `cargo bench --bench tls -- [SECONDS [SOCKETS]]`.
#![expect(clippy::print_stdout, reason = "a benchmark prints its tables")]
#![expect(clippy::unwrap_used, reason = "a benchmark that cannot go on ends")]

use std::io::{BufRead as _, BufReader, Read as _};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use phxproof::internal::stream::{ClientTls, Handshake, SocketStream, Taken, Trust};
use phxproof::internal::{Clock, Time};
use rustix::time::{ClockId, clock_gettime};
use serde_json::Value;

const PROGRAM: &str = env!("CARGO_BIN_EXE_phxproof");
/// The request after each handshake. The server sends its session tickets with the answer, and the next handshake needs one.
const REQUEST: &[u8] = b"GET /token/a HTTP/1.0\r\n\r\n";

/// The reference server as a process; ended when dropped.
struct Served {
    child: Child,
    /// The flags that clients need.
    flags: Vec<String>,
}

impl Served {
    fn start(more: &[&str]) -> Self {
        let mut child = Command::new(PROGRAM)
            .args(["serve", "--port", "0"])
            .args(more)
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut hint = String::new();
        BufReader::new(child.stderr.take().unwrap())
            .read_line(&mut hint)
            .unwrap();
        let flags = hint
            .trim()
            .strip_prefix("try: phxproof check ")
            .unwrap()
            .split(' ');
        let flags = flags.map(str::to_owned).collect();
        Self { child, flags }
    }

    fn address(&self) -> SocketAddr {
        let url = &self.flags[1];
        let place = url.split("://").nth(1).and_then(|rest| rest.split('/').next());
        place.unwrap().parse().unwrap()
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn main() {
    let mut numbers = std::env::args().filter_map(|it| it.parse::<u32>().ok());
    let seconds = numbers.next().unwrap_or(4);
    let sockets = numbers.next().unwrap_or(10_000);
    let folder = std::env::temp_dir().join(format!("phxproof-bench-{}", std::process::id()));
    std::fs::create_dir(&folder).unwrap();
    idle(&folder, sockets);
    echo(&folder, seconds);
    handshakes(seconds);
    // Files that remain in a temporary folder do no harm.
    let _ = std::fs::remove_dir_all(&folder);
}

/// Runs `load`, and returns its `result.json`.
fn load(folder: &Path, served: &Served, args: &[&str]) -> Value {
    let output = Command::new(PROGRAM)
        .arg("load")
        .args(args)
        .args(&served.flags)
        .args(["--server-pid", &served.child.id().to_string(), "--quiet", "--out"])
        .arg(folder)
        .output()
        .unwrap();
    let result = std::fs::read(folder.join("result.json")).unwrap_or_default();
    serde_json::from_slice(&result)
        .unwrap_or_else(|_| panic!("no result: {}", String::from_utf8_lossy(&output.stderr)))
}

fn number(result: &Value, pointer: &str) -> f64 {
    result
        .pointer(pointer)
        .and_then(Value::as_f64)
        .unwrap_or(f64::NAN)
}

/// Growth of the memory of both ends for each idle socket.
fn idle(folder: &Path, sockets: u32) {
    println!("{sockets} idle sockets that have joined a topic, bytes each: generator, server");
    for (name, more) in [("ws", &[][..]), ("wss", &["--tls"])] {
        let served = Served::start(more);
        let count = sockets.to_string();
        let result = load(
            folder,
            &served,
            &[
                "idle",
                "--sockets",
                &count,
                "--arrivals",
                "2000/s",
                "--duration",
                "5s",
            ],
        );
        let each = |end: &str| {
            let of = |what: &str| number(&result, &format!("/{end}/{what}"));
            (of("rss_bytes_peak") - of("rss_bytes_start")) / number(&result, "/sockets/peak_joined")
        };
        println!("  {name:<4} {:>8.0} {:>8.0}", each("generator"), each("server"));
    }
}

/// CPU of the client for each echo.
fn echo(folder: &Path, seconds: u32) {
    println!("\necho, 200 sockets, closed model: round trips a CPU second of the client");
    let lasts = format!("{seconds}s");
    let costs = [("ws", &[][..]), ("wss", &["--tls"])].map(|(name, more)| {
        let served = Served::start(more);
        let result = load(
            folder,
            &served,
            &["echo", "--sockets", "200", "--rate", "max", "--duration", &lasts],
        );
        let (replies, cpu) = (
            number(&result, "/counts/replies"),
            number(&result, "/generator/cpu_s"),
        );
        println!("  {name:<4} {:>10.0}", replies / cpu);
        cpu / replies
    });
    println!("  wss costs {:.2} times ws", costs[1] / costs[0]);
}

/// Handshakes with a request and its answer, a CPU second of the client.
fn handshakes(seconds: u32) {
    let served = Served::start(&["--tls"]);
    let authority = &served.flags[3];
    let trust = Trust {
        authorities: Some(std::fs::read(authority).unwrap()),
        ..Trust::default()
    };
    let tls = ClientTls::new(&trust).unwrap();
    println!(
        "\nhandshakes with a request and its answer, a CPU second of the client: phxproof, openssl s_time"
    );
    for (name, handshake, flag) in [
        ("full", Handshake::Full, "-new"),
        ("resumed", Handshake::Resumable, "-reuse"),
    ] {
        let ours = own_handshakes(
            &tls,
            served.address(),
            handshake,
            Duration::from_secs(seconds.into()),
        );
        match openssl(authority, served.address(), flag, seconds) {
            Some(theirs) => println!(
                "  {name:<8} {ours:>8.0} {theirs:>8.0}, {:.2} times",
                ours / theirs
            ),
            None => println!("  {name:<8} {ours:>8.0}, openssl cannot be run"),
        }
    }
}

fn own_handshakes(tls: &ClientTls, address: SocketAddr, handshake: Handshake, lasts: Duration) -> f64 {
    let to = tls.to(&address.ip().to_string()).unwrap();
    let cpu = || {
        let time = clock_gettime(ClockId::ThreadCPUTime);
        time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
    };
    let mut buffer = [0; 16 << 10];
    let (clock, cpu_before, mut count) = (Clock::start(), cpu(), 0_u32);
    while clock.now().since(Time::ZERO) < lasts {
        let socket = TcpStream::connect(address).unwrap();
        let mut stream = SocketStream::plain(socket);
        stream.secure(&to, handshake).unwrap();
        while !stream.is_open() {
            stream.flush().unwrap();
            stream.read(&mut buffer).unwrap();
        }
        stream.write(REQUEST).unwrap();
        stream.flush().unwrap();
        while !matches!(stream.read(&mut buffer), Ok(Taken::End) | Err(_)) {}
        count += 1;
    }
    f64::from(count) / (cpu() - cpu_before)
}

/// The same by `openssl s_time`; its CPU time is told by the shell.
fn openssl(authority: &str, address: SocketAddr, flag: &str, seconds: u32) -> Option<f64> {
    let line = format!(
        "openssl s_time -connect {address} -CAfile {authority} {flag} -www /token/a -time {seconds}; times"
    );
    let mut child = Command::new("sh")
        .args(["-c", &line])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .ok()?;
    let mut said = String::new();
    child.stdout.take()?.read_to_string(&mut said).ok()?;
    child.wait().ok()?;
    let connections = said.lines().find(|line| line.contains("connections in"))?;
    // `s_time -reuse` makes one connection before it counts.
    let count: f64 = connections.split(' ').next()?.parse().ok()?;
    let cpu: f64 = said.lines().last()?.split(' ').filter_map(seconds_of).sum();
    Some(count / cpu)
}

/// `0m1.234s`, as `times` prints it.
fn seconds_of(text: &str) -> Option<f64> {
    let (minutes, seconds) = text.strip_suffix('s')?.split_once('m')?;
    Some(minutes.parse::<f64>().ok()? * 60.0 + seconds.parse::<f64>().ok()?)
}
