//! Two tasks that send what they have to say to a third.

#![no_std]
#![no_main]

extern crate alloc;

use alloc::{format, string::String};
use embassy_executor::Spawner;
use embassy_sync::{blocking_mutex::raw::CriticalSectionRawMutex, channel::Channel};
use embassy_time::{Duration, Instant, Timer};
use esp_backtrace as _;
use esp_hal::timer::timg::TimerGroup;
use esp_println::println;

esp_bootloader_esp_idf::esp_app_desc!();

static MESSAGES: Channel<CriticalSectionRawMutex, String, 4> = Channel::new();

#[embassy_executor::task(pool_size = 2)]
async fn tick(task: u32, period: Duration) {
    for n in 0.. {
        Timer::after(period).await;
        MESSAGES.send(format!("task {task}, tick {n}")).await;
    }
}

#[esp_rtos::main]
async fn main(spawner: Spawner) -> ! {
    let peripherals = esp_hal::init(esp_hal::Config::default());
    esp_alloc::heap_allocator!(size: 64 * 1024);
    let timers = TimerGroup::new(peripherals.TIMG0);
    esp_rtos::start(timers.timer0, peripherals.FROM_CPU_INTR0);
    spawner.spawn(tick(1, Duration::from_millis(100)).expect("one of two"));
    spawner.spawn(tick(2, Duration::from_millis(250)).expect("two of two"));
    loop {
        let message = MESSAGES.receive().await;
        println!("{} ms: {message}", Instant::now().as_millis());
    }
}
