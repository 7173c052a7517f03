//! `--wait-for`: waits until a target that is still starting answers as a Phoenix socket.

use std::time::Duration;

use super::args;
use super::complaint::Complaint;
use super::patience;
use crate::transport::{OpenError, Opened, RequestError, Target, Upgrade, open};

/// The timeout of one attempt.
const ATTEMPT: Duration = Duration::from_secs(5);

/// The result of an attempt.
enum Attempt {
    /// There is a response, or an error that waiting does not fix; the command itself reports it.
    Over,
    /// The server may still be starting; this is what was seen.
    Starting(String),
}

/// Waits until the target accepts a client, or refuses it with a status other than 404, 502 and 503. Proxies
/// and servers send those while the application is starting.
///
/// # Errors
/// When the time is over; the complaint says what was seen last.
pub(super) async fn wait_for(limit: Duration, target: &Target, how: &args::Target) -> Result<(), Complaint> {
    let upgrade = how.upgrade(target, ATTEMPT.min(limit));
    let mut seen = "no answer at all".to_owned();
    let answered = patience::until(limit, async || match attempt(target, &upgrade).await {
        Attempt::Over => Some(()),
        Attempt::Starting(what) => {
            seen = what;
            None
        }
    })
    .await;
    match answered {
        Some(()) => Ok(()),
        None => Err(Complaint::new(format!(
            "{target} did not answer as a Phoenix socket within {}",
            humantime::format_duration(limit)
        ))
        .actual(format!("seen last: {seen}"))
        .next("start the server; or have it started: --exec CMD; or wait longer: --wait-for DUR")),
    }
}

async fn attempt(target: &Target, upgrade: &Upgrade) -> Attempt {
    match open(target, upgrade).await {
        Ok(Opened::Refused(response)) if matches!(response.status, 404 | 502 | 503) => {
            Attempt::Starting(format!("{} to the upgrade", response.status))
        }
        Ok(_) | Err(OpenError::Request(RequestError::Unsendable { .. })) => Attempt::Over,
        Err(error) => Attempt::Starting(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::*;

    /// Answers each connection with the next of these, and repeats the last one.
    async fn server(answers: &'static [&'static str]) -> Target {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            let mut answers = answers.iter();
            let mut answer = "";
            while let Ok((mut tcp, _)) = listener.accept().await {
                answer = answers.next().unwrap_or(&answer);
                let mut head = [0; 1024];
                let _ = tcp.read(&mut head).await;
                let _ = tcp.write_all(answer.as_bytes()).await;
            }
        });
        Target::parse(&format!("ws://{address}/socket")).unwrap()
    }

    async fn waited(limit: Duration, target: &Target) -> Result<(), String> {
        let how = args::Target::default();
        wait_for(limit, target, &how).await.map_err(|why| why.to_string())
    }

    const SECONDS: Duration = Duration::from_secs(60);
    const UNAVAILABLE: &str = "HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n";
    const FORBIDDEN: &str = "HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n";

    #[tokio::test(flavor = "current_thread")]
    async fn a_server_that_is_starting_is_waited_for() {
        let target = server(&["", UNAVAILABLE, FORBIDDEN]).await;
        assert_eq!(waited(SECONDS, &target).await, Ok(()));
    }

    #[tokio::test(flavor = "current_thread")]
    async fn what_was_seen_last_is_said() {
        let target = server(&[UNAVAILABLE]).await;
        let said = waited(Duration::from_millis(300), &target).await.unwrap_err();
        assert!(said.contains("within 300ms"), "{said}");
        assert!(said.contains("seen last: 503 to the upgrade"), "{said}");
    }
}
