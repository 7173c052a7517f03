//! Reads the bytes of both sides as the recorder does, for the fuzz targets.

use std::sync::{Arc, Mutex};

use super::session::Book;
use super::tap::{Tap, TapSettings};
use super::{Draft, Pauses, fixture, scenario};
use crate::clock::Clock;
use crate::transport::Target;

const URL: &str = "ws://127.0.0.1:4000/socket";

/// Records a connection whose bytes come from the client and from the server in turn. The recording becomes a scenario that can
/// be read.
pub fn connection<'b>(turns: impl Iterator<Item = &'b [u8]>) {
    let settings = TapSettings {
        target: Target::parse(URL).expect("it is an address"),
        clock: Clock::start(),
        book: Arc::new(Mutex::new(Book::default())),
    };
    let mut tap = Tap::new(settings.clone());
    for (number, bytes) in turns.enumerate() {
        if number % 2 == 1 {
            tap.take_of_server(bytes);
        } else if tap.take_of_client(bytes, &mut Vec::new()).is_err() {
            break;
        }
    }
    tap.client_ended();
    let heard = &settings.book().heard;
    if heard.has_said_anything() {
        let draft = Draft::new(heard, Pauses::LeftOut, URL);
        let scenario = scenario(&draft, &draft.loosened());
        fixture(&draft, &scenario, "recorded.yaml").expect("a recording is a scenario");
    }
}
