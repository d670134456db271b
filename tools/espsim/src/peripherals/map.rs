//! Where peripherals are (ESP32 Technical Reference Manual, "Peripheral Address Mapping"), 4 KB each, and their interrupts.

pub const DPORT: u32 = 0x3FF0_0000;
pub const AES: u32 = 0x3FF0_1000;
pub const RSA: u32 = 0x3FF0_2000;
pub const SHA: u32 = 0x3FF0_3000;
pub const PRO_MMU_TABLE: u32 = 0x3FF1_0000;
pub const APP_MMU_TABLE: u32 = 0x3FF1_2000;
/// The MMU's entries for external RAM: 1152 and behind.
pub const PRO_PSRAM_MMU: std::ops::Range<u32> = 0x3FF1_1200..0x3FF1_1400;
pub const APP_PSRAM_MMU: std::ops::Range<u32> = 0x3FF1_3200..0x3FF1_3400;
pub const UART0: u32 = 0x3FF4_0000;
pub const SPI1: u32 = 0x3FF4_2000;
pub const SPI0: u32 = 0x3FF4_3000;
pub const GPIO: u32 = 0x3FF4_4000;
pub const RTC: u32 = 0x3FF4_8000;
pub const IO_MUX: u32 = 0x3FF4_9000;
pub const UART1: u32 = 0x3FF5_0000;
pub const I2C0: u32 = 0x3FF5_3000;
pub const RMT: u32 = 0x3FF5_6000;
pub const LEDC: u32 = 0x3FF5_9000;
pub const EFUSE: u32 = 0x3FF5_A000;
pub const TIMG0: u32 = 0x3FF5_F000;
pub const TIMG1: u32 = 0x3FF6_0000;
pub const SPI2: u32 = 0x3FF6_4000;
pub const SPI3: u32 = 0x3FF6_5000;
pub const APB_CTRL: u32 = 0x3FF6_6000;
pub const I2C1: u32 = 0x3FF6_7000;
pub const UART2: u32 = 0x3FF6_E000;
/// The random number generator's register.
pub const RNG_DATA: u32 = 0x3FF7_5144;

/// RTC_CNTL is the first KB of its page; RTC_IO, SENS and RTC_I2C follow.
pub const RTC_CNTL_LEN: u32 = 0x400;
pub const RTC_IO: std::ops::Range<u32> = 0x400..0x4CC;
pub const SENS: u32 = 0x800;
/// APB_CTRL's SYSCLK_CONF: the crystal's divider less 1.
pub const SYSCLK_CONF: u32 = 0x00;
pub const APB_CTRL_DATE: u32 = 0x7C;

/// The bus that data and peripherals share on the upper side sees APB's peripherals there, too.
pub const AHB_ALIAS: std::ops::Range<u32> = 0x6000_0000..0x6004_0000;
pub const APB: u32 = 0x3FF4_0000;

/// Sources of interrupts (the manual's table "Configuration Registers and Interrupt Sources").
pub mod source {
    pub const TIMG0_T0: u32 = 14;
    pub const TIMG1_T0: u32 = 18;
    /// Of the core that it is routed to.
    pub const GPIO: u32 = 22;
    pub const GPIO_NMI: u32 = 23;
    pub const SPI2: u32 = 30;
    pub const UART0: u32 = 34;
    pub const LEDC: u32 = 43;
    pub const EFUSE: u32 = 44;
    pub const RTC_CORE: u32 = 46;
    pub const RMT: u32 = 47;
    pub const I2C0: u32 = 49;
    pub const RSA: u32 = 51;
    pub const SPI2_DMA: u32 = 53;
}

/// Peripherals that have to do with pins.
pub fn is_at_pins(address: u32) -> bool {
    match address & !0xFFF {
        RTC => RTC_IO.contains(&(address & 0xFFF)),
        page => [GPIO, IO_MUX, I2C0, I2C1, RMT, LEDC, SPI2, SPI3].contains(&page),
    }
}

/// DPORT's PERI_RST_EN and PERIP_RST_EN, and their bits that reset peripherals.
pub mod reset {
    pub const PERI_RST_EN: u32 = 0x20;
    pub const AES: u32 = 0;
    pub const SHA: u32 = 1;
    pub const RSA: u32 = 2;
    pub const PERIP_RST_EN: u32 = 0xC4;
    pub const SPI2: u32 = 6;
    pub const I2C0: u32 = 7;
    pub const RMT: u32 = 9;
    pub const LEDC: u32 = 11;
    pub const SPI3: u32 = 16;
    pub const I2C1: u32 = 18;
}
