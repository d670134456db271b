//! Uses the chip's peripherals by esp-hal's drivers, and says what came of it.

#![no_std]
#![no_main]

use core::cell::Cell;

use esp_backtrace as _;
use esp_hal::{
    aes::Aes,
    analog::adc::{Adc, AdcConfig, Attenuation},
    gpio::{DriveMode, Level},
    i2c::master::{Config as I2cConfig, I2c},
    ledc::{
        HighSpeed, Ledc,
        channel::{self, ChannelIFace},
        timer::{self, TimerIFace},
    },
    main,
    peripherals::Peripherals,
    psram::{Psram, PsramConfig},
    rmt::{PulseCode, Rmt, RxChannelConfig, RxChannelCreator, TxChannelConfig, TxChannelCreator},
    rsa::{Rsa, RsaMultiplication, operand_sizes::Op512},
    rtc_cntl::{
        SocResetReason, reset_reason,
        sleep::{LowPower, RtcSleepConfig},
    },
    sha::{Sha, Sha1, Sha256, Sha384, Sha512},
    spi::master::{Config as SpiConfig, Spi},
    system::Cpu,
    time::{Duration, Instant, Rate},
};
use esp_println::println;

esp_bootloader_esp_idf::esp_app_desc!();

#[main]
fn main() -> ! {
    let p = esp_hal::init(esp_hal::Config::default());
    if reset_reason(Cpu::ProCpu) == Some(SocResetReason::CoreDeepSleep) {
        println!("awake from {:?}", esp_hal::rtc_cntl::wakeup_cause());
        loop {}
    }
    use_them(p);
}

fn use_them(p: Peripherals) -> ! {
    // 5 kHz, a quarter of it high.
    let ledc = Ledc::new(p.LEDC);
    let mut timer = ledc.timer::<HighSpeed>(timer::Number::Timer0);
    timer
        .configure(timer::config::Config {
            duty: timer::config::Duty::Duty8Bit,
            clock_source: timer::HSClockSource::APBClk,
            frequency: Rate::from_khz(5),
        })
        .unwrap();
    let mut pwm = ledc.channel(channel::Number::Channel0, p.GPIO18);
    pwm.configure(channel::config::Config {
        timer: &timer,
        duty_pct: 25,
        drive_mode: DriveMode::PushPull,
    })
    .unwrap();
    println!("PWM at GPIO 18");

    // What one channel sends, the other one receives at the same pin.
    let rmt = Rmt::new(p.RMT, Rate::from_mhz(80)).unwrap();
    let (input, output) = unsafe { p.GPIO19.split() };
    let sender = TxChannelConfig::default()
        .with_clk_divider(80)
        .with_idle_output(true)
        .with_idle_output_level(Level::Low);
    let receiver = RxChannelConfig::default()
        .with_clk_divider(80)
        .with_idle_threshold(1000);
    let sender = rmt.channel0.configure_tx(&sender).unwrap().with_pin(output);
    let receiver = rmt
        .channel2
        .configure_rx(&receiver)
        .unwrap()
        .with_pin(input);
    let mut received = [PulseCode::default(); 48];
    let mut pulses = [PulseCode::end_marker(); 21];
    for (high, pulse) in (20..).zip(&mut pulses[..20]) {
        *pulse = PulseCode::new(Level::High, high, Level::Low, 30);
    }
    let receiving = receiver.receive(&mut received).unwrap();
    let sent = sender.transmit(&pulses).unwrap().wait();
    let count = receiving.wait().map(|(count, _)| count).unwrap_or(0);
    println!(
        "RMT: sent {}, received {count}, the same: {}",
        sent.is_ok(),
        received[..19] == pulses[..19]
    );

    let mut i2c = I2c::new(
        p.I2C0,
        I2cConfig::default().with_frequency(Rate::from_khz(100)),
    )
    .unwrap()
    .with_sda(p.GPIO26)
    .with_scl(p.GPIO27);
    println!("I2C: {:?}", i2c.write(0x51u8, &[1, 2]));
    let mut bytes = [0; 2];
    let result = i2c
        .write(0x50u8, &[1, 2])
        .and_then(|()| i2c.write_read(0x50u8, &[1], &mut bytes));
    println!("I2C memory: {result:?} {bytes:02x?}");

    let (input, output) = unsafe { p.GPIO23.split() };
    let config = SpiConfig::default().with_frequency(Rate::from_mhz(10));
    let mut spi = Spi::new(p.SPI2, config)
        .unwrap()
        .with_sck(p.GPIO14)
        .with_mosi(output)
        .with_miso(input)
        .with_dma(p.DMA_SPI2)
        .with_buffers(
            esp_hal::dma_rx_buffer!(5000).unwrap(),
            esp_hal::dma_tx_buffer!(5000).unwrap(),
        );
    let words: [u8; 5000] = core::array::from_fn(|index| (index * 7) as u8);
    let mut back = [0; 5000];
    let result = spi.transfer(&mut back, &words);
    println!("SPI by DMA: {result:?}, the same: {}", back == words);

    let mut config = AdcConfig::new();
    let mut pin = config.enable_pin(p.GPIO34, Attenuation::_11dB);
    let mut adc = Adc::new(p.ADC1, config);
    println!("ADC: {}", wait(|| adc.read_oneshot(&mut pin)));

    let mut block: [u8; 16] = core::array::from_fn(|index| index as u8 * 0x11);
    let key: [u8; 16] = core::array::from_fn(|index| index as u8);
    let mut aes = Aes::new(p.AES);
    aes.encrypt(&mut block, key);
    println!("AES: {:02x?}", &block[..4]);

    let mut sha = Sha::new(p.SHA);
    macro_rules! digest {
        ($algorithm:ty, $len:expr) => {{
            let mut hasher = sha.start::<$algorithm>();
            let rest = Cell::new(&b"abc"[..]);
            while !rest.get().is_empty() {
                rest.set(wait(|| hasher.update(rest.get())));
            }
            let mut digest = [0; $len];
            wait(|| hasher.finish(&mut digest));
            [digest[0], digest[1], digest[2], digest[3]]
        }};
    }
    let first = digest!(Sha1, 20);
    let second = digest!(Sha256, 32);
    let third = digest!(Sha384, 48);
    let fourth = digest!(Sha512, 64);
    println!("SHA: {first:02x?} {second:02x?} {third:02x?} {fourth:02x?}");

    let mut rsa = Rsa::new(p.RSA);
    let factor = [u32::MAX; 16];
    let mut product = [0u32; 32];
    let mut multiplication = RsaMultiplication::<Op512, _>::new(&mut rsa, &factor);
    multiplication.start_multiplication(&factor);
    multiplication.read_results(&mut product);
    println!("RSA: {:x} {:x} {:x}", product[0], product[16], product[31]);

    let psram = Psram::new(p.PSRAM, PsramConfig::default());
    println!("PSRAM: {} bytes", psram.raw_parts().1);

    let mut low_power = LowPower::new(p.LPWR);
    let before = Instant::now();
    low_power.set_wakeup_deadline(before + Duration::from_millis(500));
    low_power.sleep_light(RtcSleepConfig::default());
    println!("light sleep of {} ms", before.elapsed().as_millis());
    low_power.set_wakeup_deadline(Instant::now() + Duration::from_millis(2000));
    low_power.sleep_deep(RtcSleepConfig::deep());
}

/// What `operation` gives as soon as it does not say that it would block.
fn wait<T, E>(mut operation: impl FnMut() -> Result<T, E>) -> T {
    loop {
        if let Ok(value) = operation() {
            return value;
        }
    }
}
