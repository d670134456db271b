//! Joins a Wi-Fi network, gets an address by DHCP, and a page by HTTP.

#![no_std]
#![no_main]

use embassy_executor::Spawner;
use embassy_net::{StackResources, dns::DnsQueryType, tcp::TcpSocket};
use embassy_time::{Duration, Timer};
use embedded_io_async::Write;
use esp_backtrace as _;
use esp_hal::{ram, rng::Rng, timer::timg::TimerGroup};
use esp_println::{print, println};
use esp_radio::wifi::{
    AuthenticationMethodConfig, Config, ControllerConfig, Interface, WifiController,
    sta::StationConfig,
};
use static_cell::StaticCell;

esp_bootloader_esp_idf::esp_app_desc!();

/// The network's name and password: BUILD.bazel has them, and `cargo build` takes them from the environment.
const SSID: &str = env!("SSID");
const PASSWORD: &str = env!("PASSWORD");

const HOST: &str = "example.com";

/// Keeps up the connection to the access point.
#[embassy_executor::task]
async fn connection(mut controller: WifiController<'static>) {
    loop {
        match controller.connect_async().await {
            Ok(access_point) => {
                println!("connected, channel {}", access_point.channel);
                if let Ok(end) = controller.wait_for_disconnect_async().await {
                    println!("disconnected: {:?}", end.reason);
                }
            }
            Err(error) => println!("not connected: {error:?}"),
        }
        Timer::after(Duration::from_secs(5)).await;
    }
}

#[embassy_executor::task]
async fn network(mut runner: embassy_net::Runner<'static, Interface>) {
    runner.run().await
}

/// Prints what `http://HOST/` answers.
async fn get(stack: embassy_net::Stack<'_>) -> Result<(), &'static str> {
    let addresses = stack
        .dns_query(HOST, DnsQueryType::A)
        .await
        .map_err(|_| "no answer from the name server")?;
    let address = *addresses.first().ok_or("the host has no address")?;

    let (mut receive, mut send) = ([0; 1536], [0; 512]);
    let mut socket = TcpSocket::new(stack, &mut receive, &mut send);
    socket.set_timeout(Some(Duration::from_secs(10)));
    socket
        .connect((address, 80))
        .await
        .map_err(|_| "the host takes no connection")?;
    for part in ["GET / HTTP/1.0\r\nHost: ", HOST, "\r\n\r\n"] {
        socket
            .write_all(part.as_bytes())
            .await
            .map_err(|_| "the connection broke")?;
    }
    let mut page = [0; 512];
    loop {
        match socket.read(&mut page).await {
            Ok(0) => return Ok(()),
            Ok(length) => print!("{}", core::str::from_utf8(&page[..length]).unwrap_or("?")),
            Err(_) => return Err("the connection broke"),
        }
    }
}

#[esp_rtos::main]
async fn main(spawner: Spawner) -> ! {
    let peripherals = esp_hal::init(esp_hal::Config::default());
    // what the bootloader had, and a part of what is left
    esp_alloc::heap_allocator!(#[ram(reclaimed)] size: 96 * 1024);
    esp_alloc::heap_allocator!(size: 24 * 1024);
    let timers = TimerGroup::new(peripherals.TIMG0);
    esp_rtos::start(timers.timer0, peripherals.FROM_CPU_INTR0);

    let station = StationConfig::default()
        .with_ssid(SSID.try_into().expect("SSID has 32 bytes at most"))
        .with_authentication(AuthenticationMethodConfig::Wpa2Personal(
            PASSWORD.try_into().expect("PASSWORD has 64 bytes at most"),
        ));
    let controller = WifiController::new(
        peripherals.WIFI,
        ControllerConfig::default().with_initial_config(Config::Station(station)),
    )
    .expect("the radio starts");

    static SOCKETS: StaticCell<StackResources<3>> = StaticCell::new();
    let rng = Rng::new();
    let (stack, runner) = embassy_net::new(
        Interface::station(),
        embassy_net::Config::dhcpv4(Default::default()),
        SOCKETS.init(StackResources::new()),
        u64::from(rng.random()) << 32 | u64::from(rng.random()),
    );
    spawner.spawn(connection(controller).expect("one connection"));
    spawner.spawn(network(runner).expect("one network"));

    stack.wait_config_up().await;
    if let Some(config) = stack.config_v4() {
        println!("address {}", config.address);
    }
    loop {
        match get(stack).await {
            Ok(()) => println!("\ndone"),
            Err(error) => println!("{error}"),
        }
        Timer::after(Duration::from_secs(60)).await;
    }
}
