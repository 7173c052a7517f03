//! Tests plans for various machines, and the errors where something is missing.

use std::sync::Arc;

use super::*;
use crate::load::built_in;
use crate::transport::{Target, Transport};

fn settings(sockets: u32) -> LoadSettings {
    let echo = &built_in()[0];
    // Nothing listens on port 1, so probing the addresses finds nothing.
    LoadSettings {
        sockets,
        ..LoadSettings::new(
            Target::parse("ws://127.0.0.1:1/socket").unwrap(),
            Arc::clone(&echo.program),
        )
    }
}

const SMALL: Machine = Machine {
    limit: Limit {
        each: 20_000,
        tables: Tables::Many,
    },
    processors: 2,
    files: Some(2_000_000),
    free_bytes: Some(24_000_000_000),
};

#[test]
fn what_fits_into_one_table_shares_it() {
    assert_eq!(SMALL.threads(&settings(1000), 1), Ok((2, Table::Common)));
    assert_eq!(SMALL.threads(&settings(1), 1), Ok((1, Table::Common)));
}

#[test]
fn more_than_a_table_holds_is_spread_over_several() {
    let (threads, table) = SMALL.threads(&settings(100_000), 1).unwrap();
    assert_eq!((threads, table), (7, Table::Own));
    assert!(100_000_u64.div_ceil(threads as u64) <= 20_000 - RESERVE);
}

#[test]
fn without_tables_it_is_said_what_to_do() {
    let limit = Limit {
        each: 1024,
        tables: Tables::One("a reason"),
    };
    let said = Machine { limit, ..SMALL }
        .threads(&settings(5000), 1)
        .unwrap_err()
        .to_string();
    assert!(
        said.contains("may open 960 (a reason)") && said.contains("ulimit -Hn 5064"),
        "{said}"
    );
}

#[test]
fn a_system_that_is_too_small_is_told_from_a_process_that_is() {
    let files = Machine {
        files: Some(50_000),
        ..SMALL
    };
    let said = files.check(40_000, 80_000, 1).unwrap_err().to_string();
    assert!(said.contains("sysctl fs.file-max=90000"), "{said}");
    let memory = Machine {
        free_bytes: Some(1_000_000_000),
        ..SMALL
    };
    let said = memory.check(1_000_000, 1, 4_000_000_000).unwrap_err().to_string();
    assert!(
        said.contains("4000 MB") && said.contains("1000 MB are free; ask for 250000"),
        "{said}"
    );
}

#[test]
fn a_server_on_one_loopback_address_is_reached_from_many() {
    let settings = settings(12_000);
    let (routes, spread) = routes(&settings, 1, ("127.0.0.1:1".parse().unwrap(), 2)).unwrap();
    assert_eq!((routes.len(), spread), (4, Spread::Sources));
    assert_eq!(routes[0].source, Some("127.0.0.2".parse().unwrap()));
    assert!(
        routes
            .iter()
            .all(|route| route.destination == "127.0.0.1:1".parse().unwrap())
    );
}

#[test]
fn a_server_on_all_addresses_is_reached_by_many() {
    let listener = std::net::TcpListener::bind("0.0.0.0:0").unwrap();
    let destination = SocketAddr::new(Ipv4Addr::LOCALHOST.into(), listener.local_addr().unwrap().port());
    let (routes, spread) = routes(&settings(12_000), 1, (destination, 1)).unwrap();
    assert_eq!((routes.len(), spread), (3, Spread::Destinations));
    assert!(routes.iter().all(|route| route.source.is_none()));
}

#[test]
fn a_server_elsewhere_takes_as_many_as_there_are_ports() {
    let elsewhere = "192.0.2.1:80".parse().unwrap();
    assert!(routes(&settings(20_000), 1, (elsewhere, 2)).is_ok());
    let said = routes(&settings(100_000), 1, (elsewhere, 2))
        .unwrap_err()
        .to_string();
    assert!(
        said.contains("need 4 source addresses, and there is 1") && said.contains("--source-ip"),
        "{said}"
    );
    let sources = (1..=4)
        .map(|last| Ipv4Addr::new(192, 0, 2, last).into())
        .collect();
    assert!(
        routes(
            &LoadSettings {
                sources,
                ..settings(100_000)
            },
            1,
            (elsewhere, 2)
        )
        .is_ok()
    );
}

#[test]
fn a_socket_over_long_poll_needs_two_connections() {
    let (threads, table) = SMALL.threads(&settings(50_000), 2).unwrap();
    assert_eq!((threads, table), (7, Table::Own));
    let limit = Limit {
        each: 1024,
        tables: Tables::One("a reason"),
    };
    let said = Machine { limit, ..SMALL }
        .threads(&settings(5000), 2)
        .unwrap_err()
        .to_string();
    assert!(
        said.contains("need 10000 descriptors") && said.ends_with("ask for 480 sockets"),
        "{said}"
    );
    let elsewhere = "192.0.2.1:1".parse().unwrap();
    let said = routes(&settings(20_000), 2, (elsewhere, 2))
        .unwrap_err()
        .to_string();
    assert!(
        said.contains("need 2 source addresses") && said.ends_with("ask for 13500 sockets"),
        "{said}"
    );
}

#[test]
fn every_thread_has_a_route() {
    let route = |last| Route {
        destination: SocketAddr::new(Ipv4Addr::new(127, 0, 0, last).into(), 1),
        source: None,
    };
    let routes: Vec<Route> = (1..=5).map(route).collect();
    let shares: Vec<usize> = (0..2).map(|number| share(&routes, number, 2).len()).collect();
    assert_eq!(shares, [3, 2]);
    assert!((0..7).all(|number| share(&routes, number, 7).len() == 1));
}

#[test]
fn loopback_addresses_stay_in_their_network() {
    assert_eq!(loopback(Ipv4Addr::LOCALHOST, 255), Ipv4Addr::new(127, 0, 1, 0));
    assert!(loopback(Ipv4Addr::new(127, 255, 255, 254), 9).is_loopback());
}

#[test]
fn a_plan_is_one_sentence() {
    let plan = Plan::new(&settings(10), SocketNeeds::of_a_role(Transport::WebSocket)).unwrap();
    assert!(plan.to_string().starts_with("10 sockets by "), "{plan}");
}

#[test]
fn an_address_to_connect_from_must_be_of_this_machine_and_of_the_servers_kind() {
    let destination = "127.0.0.1:4000".parse().unwrap();
    let said = |source: &str| {
        let checked = check_source(source.parse().unwrap(), destination);
        checked.err().map(|why| why.to_string()).unwrap_or_default()
    };
    assert_eq!(said("127.0.0.1"), "");
    assert!(said("::1").contains("one is IPv4 and the other IPv6"));
    // An address reserved for documentation, so no machine has it.
    assert!(said("192.0.2.1").contains("cannot connect to 127.0.0.1:4000 from 192.0.2.1"));
}
