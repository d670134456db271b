//! What a run says about itself.

use serde::Serialize;

use crate::device::DeviceInfo;

/// What happened to one file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FileSummary {
    /// Name.
    pub name: String,
    /// Flash offset.
    pub offset: u32,
    /// Length.
    pub bytes: usize,
    /// Sectors that it occupies.
    pub sectors: usize,
    /// Sectors whose content was another, or that were written because everything was to be.
    pub sectors_differing: usize,
    /// Whether the device's MD5 was found to be that of the file, after the last write.
    pub verified: bool,
}

/// What a run did.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Summary {
    /// The device.
    pub device: DeviceInfo,
    /// The port.
    pub port: String,
    /// The baud rate at the end.
    pub baud: u32,
    /// The files, ascending by offset.
    pub files: Vec<FileSummary>,
    /// Sectors of all files.
    pub sectors: usize,
    /// Sectors written, each counted once.
    pub sectors_written: usize,
    /// Bytes written, before compression.
    pub bytes_written: u64,
    /// The same as they went over the line: the stub takes them compressed.
    pub bytes_sent: u64,
    /// Whether the whole flash was erased.
    pub erased: bool,
    /// Whether nothing was to be written.
    pub dry_run: bool,
    /// Whether the stub wrote, rather than the ROM's loader.
    pub stub: bool,
    /// How often the connection had to be made anew.
    pub reconnects: u32,
    /// Whether the device's MD5 of every file was the file's.
    pub verified: bool,
    /// Whether the chip was reset into the application.
    pub reset: bool,
    /// Duration.
    pub seconds: f64,
}

impl Summary {
    /// The last line of a run.
    pub fn line(&self) -> String {
        let time = format!("{:.2} s", self.seconds);
        if self.dry_run {
            return format!(
                "dry run: {} of {} sectors would be written ({time} at {} baud)",
                self.sectors_written, self.sectors, self.baud
            );
        }
        let compressed = match self.bytes_sent {
            sent if sent < self.bytes_written => format!(", {} B compressed", grouped(sent)),
            _ => String::new(),
        };
        let mut line = if self.sectors_written == 0 {
            format!(
                "nothing to write: all {} sectors are the same ({time})",
                self.sectors
            )
        } else {
            format!(
                "wrote {} of {} sectors ({} B{compressed}) in {time} at {} baud",
                self.sectors_written,
                self.sectors,
                grouped(self.bytes_written),
                self.baud,
            )
        };
        line += match (self.verified, self.sectors_written) {
            (true, 0) => "",
            (true, _) => "; everything verified",
            (false, _) => "; written, not verified",
        };
        if self.reset {
            line += "; reset into the application";
        }
        line
    }
}

/// A number with commas between thousands.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped() {
        for (number, text) in [
            (0, "0"),
            (999, "999"),
            (1000, "1,000"),
            (1_234_567, "1,234,567"),
        ] {
            assert_eq!(grouped(number), text);
        }
    }
}
