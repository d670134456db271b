//! Which lines and functions have code, and where (DWARF 5, "Line Number Information" and "Subroutine and Entry Point Entries").

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::ops::Range;
use std::path::Path;

use addr2line::gimli::{
    self, AttributeValue, DebugInfoOffset, Dwarf, EndianSlice, LittleEndian, Unit,
};
use object::{Object, ObjectSection, ObjectSymbol, SymbolKind};

use crate::{Error, code};

type Slice<'data> = EndianSlice<'data, LittleEndian>;

/// What of the sources has code.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sources {
    /// By the file's name, as the compiler was given it, relative to where it ran.
    pub files: BTreeMap<String, Source>,
}

/// What of a source file has code.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Source {
    /// By line, from 1: where its instructions are. A range without an address in it is where the line's code begins, which belongs to
    /// another line, too: that of a function that is inlined in it.
    pub lines: BTreeMap<u32, Vec<Range<u32>>>,
    /// By the linker's name.
    pub functions: BTreeMap<String, Function>,
}

/// A function that has code.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Function {
    /// The line that it is declared at.
    pub line: u32,
    /// The function itself, and each place where it is inlined.
    pub places: Vec<Place>,
}

/// Where a function's code is, once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The first instruction that is executed.
    pub entry: u32,
    /// All of its instructions, and those of what is inlined in it.
    pub ranges: Vec<Range<u32>>,
}

impl Sources {
    /// Reads the debug information of a linked program.
    ///
    /// # Errors
    /// A file that cannot be read, or whose debug information is broken.
    pub fn read(path: &Path) -> Result<Self, Error> {
        let bytes = fs::read(path).map_err(|source| Error::Unreadable {
            path: path.to_owned(),
            source,
        })?;
        let refused = |problem: String| Error::Refused {
            path: path.to_owned(),
            problem,
        };
        let object = object::File::parse(&*bytes).map_err(|error| refused(error.to_string()))?;
        Self::parse(&object)
            .map_err(|error| refused(format!("its debug information is broken: {error}")))
    }

    fn parse(object: &object::File<'_>) -> gimli::Result<Self> {
        let section = |id: gimli::SectionId| {
            let section = object.section_by_name(id.name());
            let data = section.and_then(|section| section.data().ok());
            gimli::Result::Ok(EndianSlice::new(data.unwrap_or(&[]), LittleEndian))
        };
        let dwarf = Dwarf::load(section)?;
        let mut parser = Parser {
            dwarf: &dwarf,
            code: code(object),
            symbols: symbols(object),
            rows: BTreeMap::new(),
            inlined: HashMap::new(),
            declarations: HashMap::new(),
            places: HashMap::new(),
            sources: Self::default(),
        };
        let mut headers = dwarf.units();
        while let Some(header) = headers.next()? {
            let unit = dwarf.unit(header)?;
            parser.lines(&unit)?;
            parser.functions(&unit)?;
        }
        parser.join();
        Ok(parser.sources)
    }
}

/// How a function is declared: a part of that may be said elsewhere.
#[derive(Debug, Clone, Default)]
struct Declaration {
    name: Option<String>,
    file: Option<String>,
    line: Option<u32>,
    elsewhere: Option<DebugInfoOffset>,
}

struct Parser<'data> {
    dwarf: &'data Dwarf<Slice<'data>>,
    code: Vec<Range<u32>>,
    symbols: HashMap<u32, String>,
    /// The first line at an address.
    rows: BTreeMap<u32, (String, u32)>,
    /// What is inlined in a function: where, and by which line.
    inlined: HashMap<DebugInfoOffset, Vec<(Vec<Range<u32>>, String, u32)>>,
    declarations: HashMap<DebugInfoOffset, Declaration>,
    places: HashMap<DebugInfoOffset, Vec<Place>>,
    sources: Sources,
}

impl<'data> Parser<'data> {
    /// What the linker has thrown away is at 0.
    fn is_code(&self, address: u32) -> bool {
        self.code.iter().any(|range| range.contains(&address))
    }

    fn lines(&mut self, unit: &Unit<Slice<'data>>) -> gimli::Result<()> {
        let Some(program) = unit.line_program.clone() else {
            return Ok(());
        };
        let mut rows = program.rows();
        let mut last: Option<(u32, u64, u32)> = None;
        let mut files: HashMap<u64, String> = HashMap::new();
        while let Some((header, row)) = rows.next_row()? {
            let address = row.address() as u32;
            if let Some((start, file, line)) = last.take()
                && self.is_code(start)
            {
                let name = match files.get(&file) {
                    Some(name) => name.clone(),
                    None => {
                        let name = match header.file(file) {
                            Some(entry) => file_name(self.dwarf, unit, header, entry)?,
                            None => String::new(),
                        };
                        files.insert(file, name.clone());
                        name
                    }
                };
                let row = self.rows.entry(start);
                row.or_insert_with(|| (name.clone(), line));
                let source = self.sources.files.entry(name).or_default();
                source.lines.entry(line).or_default().push(start..address);
            }
            if let Some(line) = row.line()
                && row.is_stmt()
                && !row.end_sequence()
            {
                last = Some((address, row.file_index(), line.get() as u32));
            }
        }
        Ok(())
    }

    fn functions(&mut self, unit: &Unit<Slice<'data>>) -> gimli::Result<()> {
        let mut entries = unit.entries();
        let mut function = None;
        while let Some(entry) = entries.next_dfs()? {
            if !matches!(
                entry.tag(),
                gimli::DW_TAG_subprogram | gimli::DW_TAG_inlined_subroutine
            ) {
                continue;
            }
            let Some(offset) = entry.offset().to_debug_info_offset(&unit.header) else {
                continue;
            };
            let mut declaration = Declaration::default();
            let mut plain = None;
            let mut entry_pc = None;
            let (mut call_file, mut call_line) = (None, None);
            for attribute in entry.attrs() {
                match (attribute.name(), attribute.value()) {
                    (gimli::DW_AT_linkage_name | gimli::DW_AT_MIPS_linkage_name, value) => {
                        let name = self.dwarf.attr_string(unit, value)?;
                        declaration.name = Some(name.to_string_lossy().into_owned());
                    }
                    (gimli::DW_AT_name, value) => {
                        let name = self.dwarf.attr_string(unit, value)?;
                        plain = Some(name.to_string_lossy().into_owned());
                    }
                    (gimli::DW_AT_decl_file, AttributeValue::FileIndex(file)) => {
                        if let Some(program) = &unit.line_program
                            && let Some(file) = program.header().file(file)
                        {
                            let name = file_name(self.dwarf, unit, program.header(), file)?;
                            declaration.file = Some(name);
                        }
                    }
                    (gimli::DW_AT_call_file, AttributeValue::FileIndex(file)) => {
                        if let Some(program) = &unit.line_program
                            && let Some(file) = program.header().file(file)
                        {
                            let name = file_name(self.dwarf, unit, program.header(), file)?;
                            call_file = Some(name);
                        }
                    }
                    (gimli::DW_AT_call_line, value) => {
                        call_line = value.udata_value().map(|line| line as u32);
                    }
                    (gimli::DW_AT_decl_line, value) => {
                        declaration.line = value.udata_value().map(|line| line as u32);
                    }
                    (
                        gimli::DW_AT_abstract_origin | gimli::DW_AT_specification,
                        AttributeValue::UnitRef(target),
                    ) => declaration.elsewhere = target.to_debug_info_offset(&unit.header),
                    (
                        gimli::DW_AT_abstract_origin | gimli::DW_AT_specification,
                        AttributeValue::DebugInfoRef(target),
                    ) => declaration.elsewhere = Some(target),
                    (gimli::DW_AT_entry_pc, AttributeValue::Addr(address)) => {
                        entry_pc = Some(address as u32);
                    }
                    _ => {}
                }
            }
            declaration.name = declaration.name.or(plain);
            let mut ranges = vec![];
            let mut iterator = self.dwarf.die_ranges(unit, entry)?;
            while let Some(range) = iterator.next()? {
                let range = range.begin as u32..range.end as u32;
                if self.is_code(range.start) && !range.is_empty() {
                    ranges.push(range);
                }
            }
            if entry.tag() == gimli::DW_TAG_subprogram {
                function = Some((entry.depth(), offset));
            } else if let Some((file, line)) = call_file.zip(call_line)
                && !ranges.is_empty()
            {
                // A line that calls what is inlined may have no other code.
                let source = self.sources.files.entry(file.clone()).or_default();
                let code = source.lines.entry(line).or_default();
                code.extend(ranges.iter().map(|range| range.start..range.start));
                if let Some((depth, function)) = function
                    && entry.depth() == depth + 1
                {
                    let inlined = self.inlined.entry(function).or_default();
                    inlined.push((ranges.clone(), file, line));
                }
            }
            if let Some(first) = ranges.first() {
                let entry = entry_pc
                    .filter(|pc| ranges.iter().any(|range| range.contains(pc)))
                    .unwrap_or(first.start);
                let place = Place { entry, ranges };
                self.places.entry(offset).or_default().push(place);
            }
            self.declarations.insert(offset, declaration);
        }
        Ok(())
    }

    /// Gives each function its places.
    fn join(&mut self) {
        let mut places: Vec<_> = std::mem::take(&mut self.places).into_iter().collect();
        places.sort_by_key(|(offset, _)| offset.0);
        for (offset, places) in places {
            let of_first = || self.compiled(offset, places.first()?);
            let Some((name, file, line)) = self.declared(offset).or_else(of_first) else {
                continue;
            };
            let source = self.sources.files.entry(file).or_default();
            let function = source.functions.entry(name).or_default();
            function.line = line;
            function.places.extend(places);
        }
    }

    fn declared(&self, offset: DebugInfoOffset) -> Option<(String, String, u32)> {
        let mut found = Declaration::default();
        let mut next = Some(offset);
        // A specification's own origin is as far as it goes.
        for _ in 0..4 {
            let Some(declaration) = next.and_then(|offset| self.declarations.get(&offset)) else {
                break;
            };
            // The innermost one may have the plain name alone.
            found.name = declaration.name.clone().or(found.name);
            found.file = found.file.or_else(|| declaration.file.clone());
            found.line = found.line.or(declaration.line);
            next = declaration.elsewhere;
        }
        Some((found.name?, found.file?, found.line?))
    }

    /// What symbols and lines say about a function whose declaration is not in the debug information, as with Rust's
    /// `line-tables-only`: the line is its first that has code. Of one that is inlined everywhere, they say nothing.
    fn compiled(&self, offset: DebugInfoOffset, place: &Place) -> Option<(String, String, u32)> {
        let name = self.symbols.get(&place.entry)?.clone();
        let inlined = self.inlined.get(&offset).map_or(&[][..], Vec::as_slice);
        let calls = inlined.iter().map(|(_, file, line)| (file.as_str(), *line));
        let is_inlined = |address| {
            let mut ranges = inlined.iter().flat_map(|(ranges, _, _)| ranges);
            ranges.any(|range| range.contains(&address))
        };
        let own = place.ranges.iter().flat_map(|range| {
            let rows = self.rows.range(range.clone());
            rows.filter(|&(&address, _)| !is_inlined(address))
                .map(|(_, (file, line))| (file.as_str(), *line))
        });
        let known: Vec<_> = calls.chain(own).collect();
        let (file, _) = *known.first()?;
        let in_file = known.iter().filter(|(name, _)| *name == file);
        let line = in_file.map(|&(_, line)| line).min()?;
        Some((name, file.to_owned(), line))
    }
}

/// Functions by their address.
fn symbols(object: &object::File<'_>) -> HashMap<u32, String> {
    let functions = object
        .symbols()
        .filter(|symbol| symbol.kind() == SymbolKind::Text);
    functions
        .filter_map(|symbol| Some((symbol.address() as u32, symbol.name().ok()?.to_owned())))
        .collect()
}

/// The name of a file, relative to where the compiler ran.
fn file_name<'data>(
    dwarf: &Dwarf<Slice<'data>>,
    unit: &Unit<Slice<'data>>,
    header: &gimli::LineProgramHeader<Slice<'data>>,
    file: &gimli::FileEntry<Slice<'data>>,
) -> gimli::Result<String> {
    let mut path = String::new();
    let mut push = |part: &str| {
        if part.starts_with('/') {
            path.clear();
        } else if !path.is_empty() && !path.ends_with('/') {
            path.push('/');
        }
        path.push_str(part);
    };
    if let Some(folder) = &unit.comp_dir {
        push(&folder.to_string_lossy());
    }
    if let Some(folder) = file.directory(header) {
        push(&dwarf.attr_string(unit, folder)?.to_string_lossy());
    }
    push(&dwarf.attr_string(unit, file.path_name())?.to_string_lossy());
    let mut parts: Vec<&str> = vec![];
    for part in path.split('/') {
        match part {
            "." => {}
            ".." if parts.last().is_some_and(|last| !last.is_empty()) => drop(parts.pop()),
            _ => parts.push(part),
        }
    }
    Ok(parts.join("/"))
}
