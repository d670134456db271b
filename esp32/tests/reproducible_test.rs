//! `esp32_reproducible_test` fails for what differs from one build to the next, and says what it is.

use std::process::Command;

/// Exit code and output of the test of a target that `unrepeatable` made.
fn test_of(kind: &str) -> (Option<i32>, String) {
    let output = Command::new(format!("esp32/tests/repeat_{kind}.sh"))
        .output()
        .unwrap();
    let text = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8(text).unwrap())
}

#[track_caller]
fn refused(kind: &str, explanation: &[&str]) {
    let (code, text) = test_of(kind);
    assert_eq!(code, Some(1), "{text}");
    assert!(
        text.contains(&format!("esp32/tests/unrepeatable_{kind}.txt differs:\n")),
        "{text}"
    );
    for line in explanation {
        assert!(text.contains(line), "{line}: {text}");
    }
    assert!(text.ends_with("1 compared, 1 different\n"), "{text}");
}

#[test]
fn what_is_the_same_passes() {
    assert_eq!(
        test_of("nothing"),
        (Some(0), "1 compared, 0 different\n".to_owned())
    );
}

#[test]
fn the_time() {
    refused("time", &["  line 1, offset 0x", "tv_nsec: "]);
}

#[test]
fn the_path() {
    refused("path", &["  line 1, offset 0x", "-again"]);
}

#[test]
fn the_environment() {
    refused(
        "environment",
        &["\"built in \" / \"built in Pacific/Chatham\""],
    );
}
