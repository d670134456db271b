//! There are no threads on the bare chip.

pub fn start() {
    std::thread::spawn(|| {});
}
