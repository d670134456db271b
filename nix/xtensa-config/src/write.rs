//! What is written: C, which makes the plug-in with no other library or header.

use crate::interface::PARAMETERS;
use crate::model::{Instruction, Model, Use};
use crate::operand::{Base, Operand, Values};
use crate::parse::{Direction, Kind};
use crate::word::Field;
use std::collections::BTreeMap;
use std::fmt::Write;

/// Formats of libisa.h, by number.
const X24: usize = 0;
const X16A: usize = 1;
const X16B: usize = 2;

fn format_of(instruction: &Instruction) -> usize {
    match instruction.word & 15 {
        0..8 => X24,
        8..12 => X16A,
        _ => X16B,
    }
}

/// The plug-in's source, for any C compiler.
pub fn write(model: &Model) -> String {
    let mut out = String::from(include_str!("libisa.h"));
    fields(&mut out, model);
    let implied = operands(&mut out, model);
    let class_of = classes(&mut out, model, &implied);
    opcodes(&mut out, model, &class_of);
    decoders(&mut out, model);
    tables(&mut out, model, implied.len());
    parameters(&mut out, model);
    out
}

/// Appends lines to C code.
macro_rules! line {
    ($out:expr, $($arg:tt)*) => { writeln!($out, $($arg)*).expect("strings take all") };
}

fn list<T: ToString>(items: impl IntoIterator<Item = T>) -> String {
    items
        .into_iter()
        .map(|i| i.to_string())
        .collect::<Vec<_>>()
        .join(", ")
}

fn fields(out: &mut String, model: &Model) {
    for (i, field) in model.fields.iter().enumerate() {
        let (mut get, mut set) = (vec![], String::new());
        let mut above: u32 = field.iter().map(|(_, width)| width).sum();
        for (at, width) in field {
            above -= width;
            let ones = (1u32 << width) - 1;
            get.push(format!("(b[0] >> {at} & {ones:#x}) << {above}"));
            write!(
                set,
                " b[0] = (b[0] & ~({ones:#x}u << {at})) | (v >> {above} & {ones:#x}) << {at};"
            )
            .expect("strings take all");
        }
        line!(
            out,
            "static u32 get_f{i}(const buffer b) {{ return {}; }}",
            get.join(" | ")
        );
        line!(out, "static void set_f{i}(buffer b, u32 v) {{{set} }}");
    }
}

fn fits(field: &Field, format: usize) -> bool {
    let bits = if format == X24 { 24 } else { 16 };
    field.iter().all(|(at, width)| at + width <= bits)
}

/// Writes the operands, and returns the implied registers, whose operands follow the others.
fn operands(out: &mut String, model: &Model) -> Vec<u32> {
    let mut implied = vec![];
    for instruction in &model.instructions {
        for u in &instruction.uses {
            if let Use::Implied(number, _) = u
                && !implied.contains(number)
            {
                implied.push(*number);
            }
        }
    }
    let mut rows = vec![];
    for (i, placed) in model.operands.iter().enumerate() {
        let operand = &placed.operand;
        codec(out, i, operand);
        let flags = operand.registers.is_some() as u32 | ((operand.base != Base::Zero) as u32) << 1;
        let (file, count) = match operand.registers {
            Some(letter) => (file_index(model, letter) as i64, operand.group()),
            None => (-1, 0),
        };
        let relocation = if operand.base == Base::Zero {
            "0, 0".to_string()
        } else {
            format!("do_o{i}, undo_o{i}")
        };
        rows.push(format!(
            "{{ \"{}\", {}, {file}, {count}, {flags}, encode_o{i}, decode_o{i}, {relocation} }}",
            operand.name, placed.field
        ));
    }
    for (i, number) in implied.iter().enumerate() {
        let file = file_index(model, 'a');
        line!(
            out,
            "static u32 get_a{number}(const buffer b) {{ return {number}; }}"
        );
        line!(out, "static void set_a{number}(buffer b, u32 v) {{ }}");
        rows.push(format!(
            "{{ \"a{number}\", {}, {file}, 1, 5, 0, 0, 0, 0 }}",
            model.fields.len() + i
        ));
    }
    line!(
        out,
        "static operand operands[] = {{\n  {}\n}};",
        rows.join(",\n  ")
    );
    for format in [X24, X16A, X16B] {
        for (what, returns, arguments) in [
            ("get", "u32", "const buffer"),
            ("set", "void", "buffer, u32"),
        ] {
            let functions = model.fields.iter().enumerate().map(|(i, f)| {
                if fits(f, format) {
                    format!("{what}_f{i}")
                } else {
                    "0".into()
                }
            });
            let functions = functions.chain(implied.iter().map(|n| format!("{what}_a{n}")));
            line!(
                out,
                "static {returns} (*const {what}_{format}[])({arguments}) = {{ {} }};",
                list(functions)
            );
        }
    }
    implied
}

/// The functions of operand `i`.
fn codec(out: &mut String, i: usize, operand: &Operand) {
    let addend = operand.addend;
    let (encode, decode) = match &operand.values {
        Values::Range { first, step, count } => {
            let arguments = format!(
                "v, {first}, {step}, {count}, {}",
                operand.values.wraps() as u32
            );
            (
                format!("encode_range({arguments})"),
                format!("decode_range({arguments})"),
            )
        }
        Values::List(values) => {
            line!(
                out,
                "static const int list_o{i}[] = {{ {} }};",
                list(values)
            );
            let count = values.len();
            (
                format!("encode_list(v, list_o{i}, {count})"),
                format!("(*v = (u32)list_o{i}[*v & {}], 0)", count - 1),
            )
        }
    };
    let (before, after) = if addend == 0 {
        (String::new(), String::new())
    } else {
        (format!("*v -= {addend}; "), format!("*v += {addend}; "))
    };
    line!(
        out,
        "static int encode_o{i}(u32 *v) {{ {before}return {encode}; }}"
    );
    line!(
        out,
        "static int decode_o{i}(u32 *v) {{ {decode}; {after}return 0; }}"
    );
    let base = match operand.base {
        Base::Zero => return,
        Base::Pc => "pc",
        Base::PcAligned => "(pc & ~3u)",
        Base::NextAligned => "((pc + 3) & ~3u)",
    };
    line!(
        out,
        "static int do_o{i}(u32 *v, u32 pc) {{ *v -= {base}; return 0; }}"
    );
    line!(
        out,
        "static int undo_o{i}(u32 *v, u32 pc) {{ *v += {base}; return 0; }}"
    );
}

fn file_index(model: &Model, letter: char) -> usize {
    model
        .files
        .iter()
        .position(|f| f.letter == letter)
        .expect("the model has the registers of its operands")
}

/// Writes the classes of instructions with the same operands; returns which class each instruction has.
fn classes(out: &mut String, model: &Model, implied: &[u32]) -> Vec<usize> {
    let mut numbers: BTreeMap<&[Use], usize> = BTreeMap::new();
    let mut rows = vec![];
    let mut class_of = vec![];
    for instruction in &model.instructions {
        let next = numbers.len();
        let class = *numbers.entry(&instruction.uses).or_insert(next);
        class_of.push(class);
        if class < rows.len() {
            continue;
        }
        if instruction.uses.is_empty() {
            rows.push("{ 0, 0, 0, 0, 0, 0 }".to_string());
            continue;
        }
        let arguments = instruction.uses.iter().map(|u| {
            let (operand, direction) = match u {
                Use::Operand(index, direction) => (*index, direction),
                Use::Implied(number, direction) => (
                    model.operands.len()
                        + implied
                            .iter()
                            .position(|n| n == number)
                            .expect("all were collected"),
                    direction,
                ),
            };
            let direction = match direction {
                Direction::In => 'i',
                Direction::Out => 'o',
                Direction::InOut => 'm',
            };
            format!("{{ {operand}, '{direction}' }}")
        });
        line!(
            out,
            "static const argument arguments_{class}[] = {{ {} }};",
            list(arguments)
        );
        rows.push(format!(
            "{{ {}, arguments_{class}, 0, 0, 0, 0 }}",
            instruction.uses.len()
        ));
    }
    line!(
        out,
        "static instruction_class classes[] = {{\n  {}\n}};",
        rows.join(",\n  ")
    );
    class_of
}

fn opcodes(out: &mut String, model: &Model, class_of: &[usize]) {
    let mut rows = vec![];
    for (i, instruction) in model.instructions.iter().enumerate() {
        line!(
            out,
            "static void word_{i}(buffer b) {{ b[0] = {:#x}; }}",
            instruction.word
        );
        let slots = (X24..=X16B).map(|f| {
            if f == format_of(instruction) {
                format!("word_{i}")
            } else {
                "0".into()
            }
        });
        line!(
            out,
            "static void (*const words_{i}[])(buffer) = {{ {} }};",
            list(slots)
        );
        let flags = match instruction.kind {
            Kind::Plain => 0,
            Kind::Branch => 1,
            Kind::Jump => 2,
            Kind::Loop => 4,
            Kind::Call => 8,
        };
        rows.push(format!(
            "{{ \"{}\", {}, {flags}, words_{i}, 0, 0 }}",
            instruction.name, class_of[i]
        ));
    }
    line!(
        out,
        "static opcode opcodes[] = {{\n  {}\n}};",
        rows.join(",\n  ")
    );
}

fn decoders(out: &mut String, model: &Model) {
    for format in [X24, X16A, X16B] {
        let all: Vec<_> = (0..model.instructions.len())
            .filter(|i| format_of(&model.instructions[*i]) == format)
            .collect();
        line!(
            out,
            "static int decode_{format}(const buffer b) {{\n  u32 w = b[0];"
        );
        decoder(out, model, &all, 0, 1);
        line!(out, "  return -1;\n}}");
    }
}

/// Tells `candidates`, whose words agree in the bits `told`, apart: by a digit that all of them have, and so on, or one by one.
fn decoder(out: &mut String, model: &Model, candidates: &[usize], told: u32, depth: usize) {
    let indent = "  ".repeat(depth);
    let common = candidates
        .iter()
        .fold(!0, |mask, i| mask & model.instructions[*i].mask);
    let digit = (0..24)
        .step_by(4)
        .find(|at| common >> at & 15 == 15 && told >> at & 15 == 0);
    let Some(at) = digit.filter(|_| candidates.len() > 1) else {
        for i in candidates {
            let instruction = &model.instructions[*i];
            line!(
                out,
                "{indent}if ((w & {:#x}) == {:#x}) return {i};",
                instruction.mask,
                instruction.word
            );
        }
        return;
    };
    let mut cases: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
    for i in candidates {
        cases
            .entry(model.instructions[*i].word >> at & 15)
            .or_default()
            .push(*i);
    }
    line!(out, "{indent}switch (w >> {at} & 15) {{");
    for (value, candidates) in cases {
        line!(out, "{indent}case {value}:");
        decoder(out, model, &candidates, told | 15 << at, depth + 1);
        line!(out, "{indent}  break;");
    }
    line!(out, "{indent}}}");
}

fn tables(out: &mut String, model: &Model, num_implied: usize) {
    let files = model.files.iter().enumerate().map(|(i, f)| {
        format!(
            "{{ \"{}R\", \"{}\", {i}, {}, {} }}",
            f.letter.to_ascii_uppercase(),
            f.letter,
            f.bits,
            f.count
        )
    });
    line!(
        out,
        "static register_file register_files[] = {{ {} }};",
        list(files)
    );
    let registers = model.registers.iter().map(|r| {
        format!(
            "{{ \"{}\", {}, {} }}",
            r.name.to_ascii_uppercase(),
            r.number,
            r.user as u32
        )
    });
    line!(
        out,
        "static system_register system_registers[] = {{\n  {}\n}};",
        registers.collect::<Vec<_>>().join(",\n  ")
    );
    line!(
        out,
        "static slot slots[] = {{
  {{ \"Inst\", \"x24\", 0, get_24, set_24, get_0, set_0, decode_0, \"nop\" }},
  {{ \"Inst16a\", \"x16a\", 0, get_16, set_16, get_1, set_1, decode_1, 0 }},
  {{ \"Inst16b\", \"x16b\", 0, get_16, set_16, get_2, set_2, decode_2, \"nop.n\" }}
}};"
    );
    let max = |user| {
        model
            .registers
            .iter()
            .filter(|r| r.user == user)
            .map(|r| r.number)
            .max()
            .unwrap_or(0)
    };
    line!(
        out,
        "#define COUNT(array) (sizeof array / sizeof *array)
isa xtensa_modules = {{
  0, 3, 0 /* set by libisa */,
  COUNT(formats), formats, decode_format, decode_length,
  COUNT(slots), slots,
  {}, COUNT(operands), operands,
  COUNT(classes), classes,
  COUNT(opcodes), opcodes, 0,
  COUNT(register_files), register_files,
  0, 0, 0,
  COUNT(system_registers), system_registers, 0, {{ {}, {} }}, {{ 0, 0 }},
  0, 0, 0,
  0, 0, 0
}};",
        model.fields.len() + num_implied,
        max(false),
        max(true)
    );
}

fn parameters(out: &mut String, model: &Model) {
    for (i, names) in PARAMETERS.iter().enumerate() {
        line!(
            out,
            "const int xtensa_config_v{}[] = {{ {} }};",
            i + 1,
            list(names.iter().map(|n| model.parameters[*n]))
        );
    }
    // what GCC predefines, such as __XCHAL_HAVE_LOOPS=1
    let strings = PARAMETERS
        .iter()
        .flat_map(|v| v.iter())
        .map(|n| format!("  \"__{n}={}\",\n", model.parameters[*n]));
    line!(
        out,
        "const char *const xtensa_config_strings[] = {{\n{}  0\n}};",
        strings.collect::<String>()
    );
    line!(
        out,
        "int plugin_is_GPL_compatible; /* GCC takes no plug-in without it */"
    );
}
