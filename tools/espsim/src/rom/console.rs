//! `uart_*` and `ets_printf`.

use super::{BadAddress, Call, Outcome, Result, VOID, variable};

/// Sends a byte, waiting for room in the FIFO.
pub(super) fn send(call: &mut Call, uart: usize, byte: u8) {
    let room = call.bus.peripherals.uart[uart].room_at();
    let core = call.core();
    call.cpu.cycles = call.cpu.cycles.max(call.bus.cycles_at(core, room));
    let (now, apb) = (call.now(), call.bus.peripherals.apb_cycle());
    call.bus.peripherals.uart[uart].send(now, apb, byte);
    // The machine is to look when it has left.
    call.bus.request_attention();
}

/// Sends text with `\n` as `\r\n`, as `ets_write_char_uart` does.
pub(super) fn print(call: &mut Call, text: &str) {
    for byte in text.bytes() {
        print_byte(call, byte);
    }
}

fn print_byte(call: &mut Call, byte: u8) {
    match byte {
        b'\n' => {
            send(call, 0, b'\r');
            send(call, 0, b'\n');
        }
        b'\r' => {}
        byte => send(call, 0, byte),
    }
}

pub(super) fn ets_write_char_uart(call: &mut Call) -> Result {
    let byte = call.argument(0)? as u8;
    print_byte(call, byte);
    VOID
}

/// `int uart_tx_one_char(uint8_t)`: waits while the FIFO is full.
pub(super) fn uart_tx_one_char(call: &mut Call) -> Result {
    let uart = &call.bus.peripherals.uart[0];
    let (now, room) = (call.now(), uart.room_at());
    if room > now {
        return Ok(Outcome::Wait(room));
    }
    let byte = call.argument(0)? as u8;
    let apb = call.bus.peripherals.apb_cycle();
    call.bus.peripherals.uart[0].send(now, apb, byte);
    call.bus.request_attention();
    VOID
}

fn uart_number(call: &mut Call) -> std::result::Result<usize, BadAddress> {
    Ok(call.argument(0)?.min(2) as usize)
}

/// `void uart_tx_flush(uint8_t uart)`: waits until everything has left.
pub(super) fn uart_tx_flush(call: &mut Call) -> Result {
    let uart = uart_number(call)?;
    let idle = call.bus.peripherals.uart[uart].idle_at();
    if idle > call.now() {
        return Ok(Outcome::Wait(idle));
    }
    VOID
}

/// `void uart_div_modify(uint8_t uart, uint32_t divider)`: in 1/16.
pub(super) fn uart_div_modify(call: &mut Call) -> Result {
    let uart = uart_number(call)?;
    let divider = call.argument(1)?;
    call.bus.peripherals.uart[uart].set_divider(divider);
    VOID
}

/// `STATUS uart_rx_one_char(uint8_t *to)`: 1 where nothing has come in.
pub(super) fn uart_rx_one_char(call: &mut Call) -> Result {
    let (to, now) = (call.argument(0)?, call.now());
    let apb = call.bus.peripherals.apb_cycle();
    let uart = &mut call.bus.peripherals.uart[0];
    if !uart.has_received(now) {
        return Ok(Outcome::Return(1));
    }
    let byte = uart.read(UART_FIFO, now, apb) as u8;
    call.bus.request_attention();
    call.write(to, &[byte])?;
    Ok(Outcome::Return(0))
}

/// UART_FIFO's offset.
const UART_FIFO: u32 = 0;

/// `uart_device *GetUartDevice(void)`.
pub(super) fn get_uart_device(_: &mut Call) -> Result {
    Ok(Outcome::Return(variable::UART_DEVICE))
}

/// `int ets_printf(const char *format, ...)`: flags `0` and `-`, width, and c, d, i, p, s, u, x, X, with `l` for what is 32 bits anyway.
pub(super) fn ets_printf(call: &mut Call) -> Result {
    let address = call.argument(0)?;
    let format = call.text(address)?;
    let mut next_argument = 1;
    let mut out: Vec<u8> = Vec::new();
    let mut rest = format.iter().copied().peekable();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            out.push(byte);
            continue;
        }
        let (mut left, mut zeros, mut width) = (false, false, 0usize);
        while let Some(&flag) = rest.peek() {
            match flag {
                b'-' => left = true,
                b'0' if width == 0 => zeros = true,
                b'0'..=b'9' => width = (width * 10 + usize::from(flag - b'0')).min(256),
                b'l' | b'.' => {}
                _ => break,
            }
            rest.next();
        }
        let Some(kind) = rest.next() else { break };
        if kind == b'%' {
            out.push(b'%');
            continue;
        }
        let value = call.argument(next_argument)?;
        next_argument += 1;
        let text = match kind {
            b'd' | b'i' => (value as i32).to_string().into_bytes(),
            b'u' => value.to_string().into_bytes(),
            b'x' => format!("{value:x}").into_bytes(),
            b'X' => format!("{value:X}").into_bytes(),
            b'p' => format!("0x{value:08x}").into_bytes(),
            b'c' => vec![value as u8],
            b's' if value == 0 => b"(null)".to_vec(),
            b's' => call.text(value)?,
            other => vec![b'%', other],
        };
        let padding = width.saturating_sub(text.len());
        match (left, zeros) {
            (true, _) => {
                out.extend(&text);
                out.extend(std::iter::repeat_n(b' ', padding));
            }
            (false, true) => {
                let sign = text.len().min(usize::from(text.first() == Some(&b'-')));
                out.extend(&text[..sign]);
                out.extend(std::iter::repeat_n(b'0', padding));
                out.extend(&text[sign..]);
            }
            (false, false) => {
                out.extend(std::iter::repeat_n(b' ', padding));
                out.extend(&text);
            }
        }
    }
    let len = out.len() as u32;
    for byte in out {
        print_byte(call, byte);
    }
    Ok(Outcome::Return(len))
}
