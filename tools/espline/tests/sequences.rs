//! Resets through the simulator's servers of RFC 2217: one that passes lines on, and one as Espressif's.

mod support;

use std::thread;

use espline::Reset;
use espsim::Port;

const ANY_PORT: &str = "127.0.0.1:0";

fn resets_end_where_they_should(reset: Reset) {
    let through = |port: Port| {
        let board = support::board(port);
        support::every_reset_is_one_reset(&board, &board.port(), reset);
    };
    thread::scope(|scope| {
        scope.spawn(|| through(Port::Rfc2217(ANY_PORT.to_owned())));
        scope.spawn(|| through(Port::EspRfc2217(ANY_PORT.to_owned())));
    });
}

#[test]
fn into_the_application() {
    resets_end_where_they_should(Reset::Run);
}

#[test]
fn into_the_loader() {
    resets_end_where_they_should(Reset::Download);
}

#[test]
fn into_the_loader_slowly() {
    resets_end_where_they_should(Reset::DownloadSlow);
}

#[test]
fn a_server_that_does_not_answer_is_noticed() {
    let board = support::board(Port::EspRfc2217(ANY_PORT.to_owned()));
    let port = board.port();
    let port = port
        .strip_suffix("?ign_set_control")
        .expect("its name has the option");
    support::every_reset_is_one_reset(&board, port, Reset::Download);
}

#[test]
fn no_reset_is_none() {
    let board = support::board(Port::Rfc2217(ANY_PORT.to_owned()));
    support::releasing_resets_nothing(&board, &board.port(), false);
    let board = support::board(Port::EspRfc2217(ANY_PORT.to_owned()));
    support::releasing_resets_nothing(&board, &board.port(), true);
}
