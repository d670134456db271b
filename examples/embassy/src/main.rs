//! A button sets the pace of an LED: two tasks and a channel between them.

#![no_std]
#![no_main]

use embassy_executor::Spawner;
use embassy_sync::{blocking_mutex::raw::CriticalSectionRawMutex, channel::Channel};
use embassy_time::{Duration, Instant, Ticker, Timer};
use esp_backtrace as _;
use esp_hal::{
    gpio::{Input, InputConfig, Level, Output, OutputConfig, Pull},
    timer::timg::TimerGroup,
};
use esp_println::println;

esp_bootloader_esp_idf::esp_app_desc!();

/// What the tasks tell `main`.
enum Event {
    /// The button went down.
    Pressed,
    /// So much time has passed.
    Tick,
}

static EVENTS: Channel<CriticalSectionRawMutex, Event, 4> = Channel::new();

/// Waits for the button's interrupt, and for its contacts to come to rest.
#[embassy_executor::task]
async fn button(mut button: Input<'static>) {
    loop {
        button.wait_for_falling_edge().await;
        EVENTS.send(Event::Pressed).await;
        Timer::after(Duration::from_millis(50)).await;
    }
}

#[embassy_executor::task]
async fn clock(period: Duration) {
    let mut ticker = Ticker::every(period);
    loop {
        ticker.next().await;
        EVENTS.send(Event::Tick).await;
    }
}

#[esp_rtos::main]
async fn main(spawner: Spawner) -> ! {
    let peripherals = esp_hal::init(esp_hal::Config::default());
    let timers = TimerGroup::new(peripherals.TIMG0);
    esp_rtos::start(timers.timer0, peripherals.FROM_CPU_INTR0);

    // the boards' BOOT button connects GPIO 0 to ground
    let boot = Input::new(
        peripherals.GPIO0,
        InputConfig::default().with_pull(Pull::Up),
    );
    let mut led = Output::new(peripherals.GPIO2, Level::Low, OutputConfig::default());
    spawner.spawn(button(boot).expect("one button"));
    spawner.spawn(clock(Duration::from_millis(250)).expect("one clock"));

    let (mut ticks, mut every) = (0u32, 2);
    loop {
        match EVENTS.receive().await {
            Event::Pressed => {
                every = if every == 1 { 4 } else { every / 2 };
                println!("button: the LED changes every {} ms", every * 250);
            }
            Event::Tick => {
                ticks += 1;
                if ticks % every == 0 {
                    led.toggle();
                    println!(
                        "{} ms: {:?}",
                        Instant::now().as_millis(),
                        led.output_level()
                    );
                }
            }
        }
    }
}
