//! Firmware that compiles in the right environment alone: two of them, each with a feature of the name of its greeting.
#![no_std]
#![no_main]

const fn same(a: &str, b: &str) -> bool {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    let mut i = 0;
    while i < a.len() && i < b.len() && a[i] == b[i] {
        i += 1;
    }
    i == a.len() && i == b.len()
}

const GREETING: &str = if cfg!(feature = "hello") {
    "hello"
} else {
    "bye"
};
const NAME: &str = if cfg!(feature = "hello") {
    "env-hello"
} else {
    "env-bye"
};

// `env` of esp32_firmware
const _: () = assert!(same(env!("GREETING"), GREETING));
// as cargo has them
const _: () = assert!(same(env!("CARGO_PKG_NAME"), NAME));
const _: () = assert!(same(env!("CARGO_BIN_NAME"), NAME));
const _: () = assert!(same(env!("CARGO_PKG_VERSION"), "1.2.3"));
const _: () = assert!(env!("CARGO_CRATE_NAME").as_bytes()[3] == b'_');

#[unsafe(no_mangle)]
extern "C" fn _start() -> ! {
    loop {}
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    loop {}
}
