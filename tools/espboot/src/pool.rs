//! Boards that tests share.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use espline::PortSpec;

use crate::error::Error;

/// How often a test that waits for a board looks for one.
const POLL_INTERVAL: Duration = Duration::from_millis(100);

/// The ports of boards. A board is taken by locking a file in the machine's folder for temporary files, so that tests which run
/// at the same time, of several users and checkouts, each have one for themselves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pool {
    ports: Vec<PortSpec>,
    locks: PathBuf,
}

/// A board that is taken. Dropping it gives it back.
#[derive(Debug)]
pub struct Taken {
    /// Its port.
    pub port: PortSpec,
    _lock: File,
}

impl Pool {
    /// Reads a list of ports: `/dev/ttyUSB0,socket://127.0.0.1:5555`, or the absolute path of a file with one port in each
    /// line, where `#` starts a comment.
    pub fn parse(boards: &str) -> Result<Self, Error> {
        let wrong = |problem: String| Error::Boards {
            boards: boards.to_owned(),
            problem,
        };
        let path = Path::new(boards);
        let listed = if path.is_absolute() && path.is_file() {
            let text = fs::read_to_string(path).map_err(|source| Error::FileUnreadable {
                what: "the list of boards",
                path: path.to_owned(),
                source,
            })?;
            let lines = text.lines();
            lines
                .map(|line| line.split('#').next().unwrap_or_default().to_owned())
                .collect::<Vec<_>>()
        } else {
            boards.split(',').map(str::to_owned).collect()
        };
        let mut ports = Vec::new();
        for port in listed.iter().map(|port| port.trim()) {
            if port.is_empty() {
                continue;
            }
            let spec: PortSpec = port
                .parse()
                .map_err(|error: espline::Error| wrong(error.to_string()))?;
            if ports.contains(&spec) {
                return Err(wrong(format!("{port} is listed twice")));
            }
            ports.push(spec);
        }
        if ports.is_empty() {
            return Err(wrong("there is no port in it".to_owned()));
        }
        Ok(Self {
            ports,
            locks: std::env::temp_dir(),
        })
    }

    /// The first board that is free. Where none is, waits for one until `stop` becomes true; `on_wait` is called once.
    pub fn take(&self, stop: &AtomicBool, mut on_wait: impl FnMut()) -> Result<Taken, Error> {
        let mut waiting = false;
        while !stop.load(Ordering::Relaxed) {
            for port in &self.ports {
                if let Some(_lock) = self.try_lock(port)? {
                    let port = port.clone();
                    return Ok(Taken { port, _lock });
                }
            }
            if !std::mem::replace(&mut waiting, true) {
                on_wait();
            }
            std::thread::sleep(POLL_INTERVAL);
        }
        Err(Error::NoFreeBoard {
            boards: self.ports.len(),
        })
    }

    fn try_lock(&self, port: &PortSpec) -> Result<Option<File>, Error> {
        let name: String = port
            .to_string()
            .chars()
            .map(|c| if c.is_ascii_alphanumeric() { c } else { '_' })
            .collect();
        let path = self.locks.join(format!("rules_esp32_board_{name}.lock"));
        let in_file = |source: io::Error| Error::BoardLock {
            path: path.clone(),
            source,
        };
        // Another user's file may be locked, too: for that it need not be writable.
        let file = match File::open(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => File::create(&path),
            opened => opened,
        };
        let file = file.map_err(in_file)?;
        match file.try_lock() {
            Ok(()) => Ok(Some(file)),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(in_file(error)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pool(boards: &str) -> (tempfile::TempDir, Pool) {
        let locks = tempfile::tempdir().unwrap();
        let pool = Pool {
            locks: locks.path().to_owned(),
            ..Pool::parse(boards).unwrap()
        };
        (locks, pool)
    }

    #[test]
    fn ports_are_listed_in_the_flag_or_in_a_file() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("boards.txt");
        fs::write(
            &file,
            "# the shelf\n/dev/ttyUSB0\n\nsocket://127.0.0.1:5555  # by the window\n",
        )
        .unwrap();
        let listed = Pool::parse(file.to_str().unwrap()).unwrap();
        assert_eq!(
            listed,
            Pool::parse("/dev/ttyUSB0, socket://127.0.0.1:5555").unwrap()
        );
        assert_eq!(listed.ports.len(), 2);
    }

    #[test]
    fn a_wrong_list_is_refused() {
        for (boards, problem) in [
            ("", "no port"),
            (" , ", "no port"),
            ("/dev/ttyUSB0,/dev/ttyUSB0", "/dev/ttyUSB0 is listed twice"),
            ("socket://nowhere", "socket://nowhere"),
        ] {
            let error = Pool::parse(boards).unwrap_err().to_string();
            assert!(error.contains(problem), "{boards}: {error}");
        }
    }

    #[test]
    fn a_board_has_one_test_at_a_time() {
        let (_locks, pool) = pool("/dev/ttyUSB0,/dev/ttyUSB1");
        let go = AtomicBool::new(false);
        let first = pool.take(&go, || panic!("both are free")).unwrap();
        let second = pool.take(&go, || panic!("one is free")).unwrap();
        assert_eq!(first.port.to_string(), "/dev/ttyUSB0");
        assert_eq!(second.port.to_string(), "/dev/ttyUSB1");

        let mut waited = false;
        let third = pool.take(&go, || {
            waited = true;
            go.store(true, Ordering::Relaxed);
        });
        assert!(waited && matches!(third, Err(Error::NoFreeBoard { boards: 2 })));

        drop(second);
        let again = pool
            .take(&AtomicBool::new(false), || panic!("one is free again"))
            .unwrap();
        assert_eq!(again.port.to_string(), "/dev/ttyUSB1");
    }
}
