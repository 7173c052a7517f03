//! An echo client over long poll for Goose: a user a client, which posts a push and polls for its reply. It reads the same
//! environment as the scripts of the other tools, and leaves a summary as JSON.

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use goose::client::GooseClientBuilder;
use goose::config::GooseConfiguration;
use goose::goose::GooseMethod;
use goose::prelude::*;
use serde_json::{Value, json};

const THINK: Duration = Duration::from_millis(50);

static ECHOES: AtomicU64 = AtomicU64::new(0);
/// How long echoes took, in microseconds; only where clients think.
static TOOK: Mutex<Vec<u64>> = Mutex::new(Vec::new());

#[derive(Clone, Default)]
struct Session {
    token: String,
    topic: String,
    next_ref: u64,
}

fn said(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set"))
}

fn number(name: &str) -> u64 {
    said(name)
        .parse()
        .unwrap_or_else(|_| panic!("{name} is not a number"))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    if std::env::args().any(|it| it == "--version") {
        println!("goose {}", env!("CARGO_PKG_VERSION"));
        return Ok(());
    }
    let (ramp, seconds, sockets) = (number("RAMP"), number("SECONDS"), number("SOCKETS"));
    let begin = Instant::now() + Duration::from_secs(ramp);
    let enter: TransactionFunction = Arc::new(move |user| Box::pin(enter(user, begin)));
    let pace: &'static str = said("PACE").leak();
    let echo: TransactionFunction = Arc::new(move |user| Box::pin(echo(user, pace)));
    let mut config = GooseConfiguration::parse_args_default::<&str>(&[]).map_err(|why| why.to_string())?;
    config.host = Some(said("ORIGIN"));
    config.users = Some(usize::try_from(sockets)?);
    config.increase_rate = Some(sockets.to_string());
    config.run_time = Some(format!("{}s", ramp + seconds));
    config.no_print_metrics = true;
    config.no_reset_metrics = true;
    config.no_transaction_metrics = true;
    config.no_scenario_metrics = true;
    config.no_telnet = true;
    config.quiet = 3;
    let scenario = scenario!("echo")
        .register_transaction(Transaction::new(enter).set_on_start())
        .register_transaction(Transaction::new(echo));
    // The server sets no cookies, so the users share one client, which needs less memory.
    GooseAttack::initialize_with_config(config)?
        .set_client_builder_without_cookies(GooseClientBuilder::new().without_cookies())?
        .register_scenario(scenario)
        .execute()
        .await?;
    let mut took = TOOK.lock().map_err(|_| "a client panicked")?;
    took.sort_unstable();
    let p99 = took.get(took.len() * 99 / 100);
    let summary = json!({"echoes": ECHOES.load(Ordering::Relaxed), "p99_us": p99});
    Ok(std::fs::write(said("SUMMARY"), summary.to_string())?)
}

/// Opens a session and joins.
async fn enter(user: &mut GooseUser, begin: Instant) -> TransactionResult {
    let opened = ask(user, GooseMethod::Get, None).await?;
    let topic = format!("lab:{}", user.weighted_users_index);
    let token = opened["token"].as_str().unwrap_or_default().to_owned();
    let mut session = Session {
        token,
        topic,
        next_ref: 0,
    };
    round_trip(user, &mut session, "phx_join").await?;
    user.set_session_data(session);
    tokio::time::sleep_until(begin.into()).await;
    Ok(())
}

async fn echo(user: &mut GooseUser, pace: &str) -> TransactionResult {
    let session = user.get_session_data_unchecked_mut::<Session>();
    let mut session = std::mem::take(session);
    match pace {
        "idle" => {
            ask(user, GooseMethod::Get, Some((&session.token, String::new()))).await?;
        }
        _ => {
            let since = Instant::now();
            round_trip(user, &mut session, "echo").await?;
            ECHOES.fetch_add(1, Ordering::Relaxed);
            if pace == "think" {
                if let (Ok(mut took), Ok(micros)) = (TOOK.lock(), u64::try_from(since.elapsed().as_micros()))
                {
                    took.push(micros);
                }
                tokio::time::sleep(THINK).await;
            }
        }
    }
    user.set_session_data(session);
    Ok(())
}

/// Posts a push, and polls until its reply comes.
async fn round_trip(user: &mut GooseUser, session: &mut Session, event: &str) -> TransactionResult {
    let own = session.next_ref.to_string();
    session.next_ref += 1;
    let push = json!(["0", own, session.topic, event, {"seq": session.next_ref}]).to_string();
    let posted = ask(user, GooseMethod::Post, Some((&session.token, push))).await?;
    assert_eq!(posted["status"], 200, "{posted}");
    loop {
        let polled = ask(user, GooseMethod::Get, Some((&session.token, String::new()))).await?;
        assert!(matches!(polled["status"].as_u64(), Some(200 | 204)), "{polled}");
        for text in polled["messages"].as_array().into_iter().flatten() {
            let message: Value = serde_json::from_str(text.as_str().unwrap_or_default()).unwrap_or_default();
            if message[3] == "phx_reply" && message[1] == own.as_str() && message[4]["status"] == "ok" {
                return Ok(());
            }
        }
    }
}

/// The answer to a poll or a batch.
async fn ask(
    user: &mut GooseUser,
    method: GooseMethod,
    session: Option<(&str, String)>,
) -> Result<Value, Box<TransactionError>> {
    let mut builder = user.get_request_builder(&method, "/socket/longpoll?vsn=2.0.0")?;
    if let Some((token, body)) = session {
        builder = builder.header("x-phoenix-longpoll-token", token);
        if method == GooseMethod::Post {
            builder = builder.header("content-type", "application/x-ndjson").body(body);
        }
    }
    let request = GooseRequest::builder()
        .method(method)
        .set_request_builder(builder)
        .build();
    let answer = user.request(request).await?;
    let text = answer.response?.text().await?;
    Ok(serde_json::from_str(&text).unwrap_or_default())
}
