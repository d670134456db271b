//! A crate between the firmware and the bindings.

#![no_std]

/// What ping and pong say after `count` exchanges.
pub fn play(count: u32) -> u32 {
    // SAFETY: the functions have no preconditions.
    unsafe { ping_sys::ping(count) + ping_sys::ping_embedded() }
}
