//! Writes what differs from one build to the next: `unrepeatable time|path|environment OUTPUT`.

use std::time::SystemTime;
use std::{env, fs};

fn main() {
    let [kind, output] = env::args().skip(1).collect::<Vec<_>>().try_into().unwrap();
    let text = match kind.as_str() {
        "time" => format!("built at {:?}\n", SystemTime::now()),
        "path" => format!("built as {output}\n"),
        "environment" => format!("built in {}\n", env::var("TZ").unwrap_or_default()),
        _ => "built\n".to_owned(),
    };
    fs::write(output, text).unwrap();
}
