//! How much of each memory region a program fills, and whether that is within its budget.

use std::fmt;

use crate::chip::{Chip, RegionKind};
use crate::elf::{Elf, Symbol};
use crate::error::Error;

/// Number of symbols that a report lists for a region over its budget.
pub const LARGEST_SYMBOLS: usize = 10;

/// A limit that somebody set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Budget {
    /// Region or image.
    pub name: String,
    /// Limit in bytes.
    pub bytes: u64,
}

/// One line of the report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Region or image.
    pub name: String,
    /// Bytes in use.
    pub used: u64,
    /// Bytes that a program can use; `None` for an image.
    pub capacity: Option<u64>,
    /// Budget in bytes, where one is set.
    pub budget: Option<u64>,
    /// The largest symbols, where the budget is exceeded.
    pub largest: Vec<Symbol>,
}

impl Row {
    /// Bytes above the budget.
    pub fn over(&self) -> u64 {
        self.budget
            .map_or(0, |budget| self.used.saturating_sub(budget))
    }
}

/// Use of all regions and images.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// Regions in the order iram, dram, flash_code, flash_data, the others where they are used; then images.
    pub rows: Vec<Row>,
}

/// Measures `elf` and `images` (name and length in bytes) against `budgets`.
pub fn measure(
    elf: &Elf<'_>,
    chip: Chip,
    images: &[(&str, u64)],
    budgets: &[Budget],
) -> Result<Report, Error> {
    const FIRST: [RegionKind; 4] = [
        RegionKind::Iram,
        RegionKind::Dram,
        RegionKind::FlashCode,
        RegionKind::FlashData,
    ];
    let mut regions: Vec<_> = chip.memory_map().iter().collect();
    regions.sort_by_key(|region| {
        FIRST
            .iter()
            .position(|&kind| kind == region.kind)
            .unwrap_or(FIRST.len())
    });

    let mut rows = Vec::new();
    for region in regions {
        let used = elf
            .sections
            .iter()
            .filter(|s| s.region == region)
            .map(|s| u64::from(s.size))
            .sum();
        let budgeted = budgets.iter().any(|budget| budget.name == region.name);
        if used > 0 || budgeted || FIRST.contains(&region.kind) {
            let capacity = Some(region.capacity.into());
            rows.push(Row {
                name: region.name.to_owned(),
                used,
                capacity,
                budget: None,
                largest: Vec::new(),
            });
        }
    }
    for &(name, used) in images {
        if rows.iter().any(|row| row.name == name) {
            return Err(Error::SizeNameTwice {
                name: name.to_owned(),
            });
        }
        rows.push(Row {
            name: name.to_owned(),
            used,
            capacity: None,
            budget: None,
            largest: Vec::new(),
        });
    }

    for Budget { name, bytes } in budgets {
        let known = || {
            rows.iter()
                .map(|row| row.name.as_str())
                .collect::<Vec<_>>()
                .join(", ")
        };
        let Some(index) = rows.iter().position(|row| row.name == *name) else {
            return Err(Error::BudgetUnknown {
                name: name.clone(),
                known: known(),
            });
        };
        if rows[index].budget.replace(*bytes).is_some() {
            return Err(Error::SizeNameTwice { name: name.clone() });
        }
        if rows[index].over() > 0 {
            rows[index].largest = largest(elf, chip, name)?;
        }
    }
    Ok(Report { rows })
}

/// The largest symbols of a region, or of the whole image where `name` is not a region.
fn largest(elf: &Elf<'_>, chip: Chip, name: &str) -> Result<Vec<Symbol>, Error> {
    let is_region = chip.memory_map().iter().any(|region| region.name == name);
    let mut symbols = elf.symbols()?;
    symbols.retain(|symbol| match chip.region(symbol.address) {
        Some(region) if is_region => region.name == name,
        Some(_) => elf.sections.iter().any(|s| {
            s.data.is_some() && (u64::from(s.address)..s.end()).contains(&symbol.address.into())
        }),
        None => false,
    });
    symbols.sort_by(|a, b| b.size.cmp(&a.size).then_with(|| a.name.cmp(&b.name)));
    symbols.truncate(LARGEST_SYMBOLS);
    Ok(symbols)
}

impl Report {
    /// The rows over their budget.
    pub fn over_budget(&self) -> impl Iterator<Item = &Row> {
        self.rows.iter().filter(|row| row.over() > 0)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let budgeted = self.rows.iter().any(|row| row.budget.is_some());
        let width = self
            .rows
            .iter()
            .map(|row| row.name.len())
            .max()
            .unwrap_or(0)
            .max("region".len());
        write!(
            f,
            "{:<width$}  {:>10}  {:>10}  {:>6}",
            "region", "used", "capacity", "%"
        )?;
        writeln!(
            f,
            "{}",
            if budgeted {
                format!("  {:>10}  {:>10}", "budget", "left")
            } else {
                String::new()
            }
        )?;
        for row in &self.rows {
            let (capacity, percent) = match row.capacity {
                Some(capacity) => (
                    capacity.to_string(),
                    format!("{:.1}", row.used as f64 * 100.0 / capacity as f64),
                ),
                None => ("-".to_owned(), "-".to_owned()),
            };
            write!(
                f,
                "{:<width$}  {:>10}  {capacity:>10}  {percent:>6}",
                row.name, row.used
            )?;
            match row.budget {
                Some(budget) => {
                    let left = i128::from(budget) - i128::from(row.used);
                    let mark = if left < 0 { "  OVER" } else { "" };
                    writeln!(f, "  {budget:>10}  {left:>10}{mark}")?;
                }
                None if budgeted => writeln!(f, "  {:>10}  {:>10}", "-", "-")?,
                None => writeln!(f)?,
            }
        }
        for row in self.over_budget() {
            writeln!(f, "\nlargest symbols in {}:", row.name)?;
            for symbol in &row.largest {
                writeln!(
                    f,
                    "{:>10}  {:#010x}  {}",
                    symbol.size, symbol.address, symbol.name
                )?;
            }
        }
        Ok(())
    }
}
