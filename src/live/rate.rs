//! Changes the rate of a run: `PUT /rate` with a number, as text or as JSON.

use serde_json::{Value, json};

use super::answer::Answer;
use super::request::LiveRequest;

/// The answer to a body that is no rate.
const EXPECTED: &str = "PUT /rate takes sends a second, a number above 0 and of at most a billion: 500, 0.5 or {\"rate\": 500}\n";

/// The rate of a run. Errors are sentences for the user.
pub(crate) trait RateControl: Send + Sync {
    /// The rate that was asked for last, or the reason why it cannot be changed.
    fn rate(&self) -> Result<f64, String>;

    /// Asks for another rate.
    fn ask(&self, sends_per_s: f64) -> Result<(), RateRefusal>;
}

/// The reason why a rate is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum RateRefusal {
    /// The number is no rate.
    NotARate,
    /// The rate cannot be changed, for this reason.
    Locked(String),
}

/// Answers a request for the rate.
pub(super) fn react(control: &dyn RateControl, request: &LiveRequest) -> Answer {
    let rate = match request.method.as_str() {
        "GET" | "HEAD" => control.rate(),
        "PUT" => {
            // A rate that cannot be changed is refused, whatever it would be.
            if let Err(why) = control.rate() {
                return refused(&why);
            }
            let Some(rate) = number(&request.body) else {
                return Answer::text(400, EXPECTED);
            };
            match control.ask(rate) {
                Ok(()) => Ok(rate),
                Err(RateRefusal::NotARate) => return Answer::text(400, EXPECTED),
                Err(RateRefusal::Locked(why)) => Err(why),
            }
        }
        _ => return Answer::only("GET, PUT"),
    };
    rate.map_or_else(|why| refused(&why), |rate| Answer::json(&json!({"rate": rate})))
}

fn refused(why: &str) -> Answer {
    Answer::text(409, format!("{why}\n"))
}

fn number(body: &[u8]) -> Option<f64> {
    let value: Value = serde_json::from_slice(body).ok()?;
    let number = value.get("rate").unwrap_or(&value);
    number.as_f64().or_else(|| number.as_str()?.trim().parse().ok())
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    struct Run(Mutex<Result<f64, String>>);

    impl RateControl for Run {
        fn rate(&self) -> Result<f64, String> {
            self.0.lock().unwrap().clone()
        }

        fn ask(&self, sends_per_s: f64) -> Result<(), RateRefusal> {
            if !(sends_per_s > 0.0 && sends_per_s <= 1e9) {
                return Err(RateRefusal::NotARate);
            }
            *self.0.lock().unwrap() = Ok(sends_per_s);
            Ok(())
        }
    }

    fn asked(run: &Run, method: &str, body: &str) -> (u16, String) {
        let request = LiveRequest {
            method: method.to_owned(),
            body: body.as_bytes().to_vec(),
            ..LiveRequest::default()
        };
        let answer = react(run, &request);
        (answer.status, answer.body)
    }

    #[test]
    fn a_rate_is_a_number_as_text_or_as_json() {
        let run = Run(Mutex::new(Ok(100.0)));
        for (body, rate) in [
            ("500", 500.0),
            (" 0.5\n", 0.5),
            ("\"7\"", 7.0),
            ("{\"rate\": 9}", 9.0),
        ] {
            assert_eq!(asked(&run, "PUT", body).0, 200, "{body}");
            assert_eq!(run.rate(), Ok(rate), "{body}");
        }
        assert_eq!(asked(&run, "GET", ""), (200, "{\"rate\":9.0}\n".to_owned()));
    }

    #[test]
    fn a_bad_rate_is_refused_with_what_to_do() {
        let run = Run(Mutex::new(Ok(100.0)));
        for body in [
            "",
            "fast",
            "0",
            "-1",
            "null",
            "[5]",
            "{\"rat\": 5}",
            "NaN",
            "1e12",
            "\u{0}",
        ] {
            assert_eq!(asked(&run, "PUT", body), (400, EXPECTED.to_owned()), "{body}");
        }
        assert_eq!(asked(&run, "POST", "5").0, 405);
        assert_eq!(run.rate(), Ok(100.0));
    }

    #[test]
    fn a_run_whose_rate_cannot_be_changed_says_why() {
        let run = Run(Mutex::new(Err("it has stages".to_owned())));
        let refused = (409, "it has stages\n".to_owned());
        assert_eq!(asked(&run, "PUT", "fast"), refused);
        assert_eq!(asked(&run, "GET", ""), refused);
    }
}
