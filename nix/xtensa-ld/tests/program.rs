//! What `xtensa-ld` makes of modules, as objdump shows it.

mod support;

use std::fs;
use support::{Bench, said};

/// Chooses between constants in each of the ways that LLVM 23 cannot select for the FPU.
const CHOICES: &str = "
define float @choose(i32 %c, float %x) {
  %b = icmp sgt i32 %c, 3
  %r = select i1 %b, float 1.0, float 2.5
  %s = fadd float %r, %x
  ret float %s
}
define float @one_or_zero(i32 %c, float %x) {
  %b = icmp sgt i32 %c, 3
  %r = uitofp i1 %b to float
  %s = fmul float %r, %x
  ret float %s
}
define float @minus_one_or_zero(i32 %c, float %x) {
  %b = icmp sgt i32 %c, 3
  %r = sitofp i1 %b to float
  %s = fmul float %r, %x
  ret float %s
}
";

#[test]
fn the_fpu_chooses_between_constants() {
    let bench = Bench::new("choices");
    bench.bitcode("a.bc", CHOICES);
    bench.links(&["--native", "out.o", "a.bc"]);
    let code = bench.objdump("-d", "out.o");
    assert_eq!(code.matches("mul.s").count(), 2, "{code}");
    assert_eq!(code.matches("add.s").count(), 1, "{code}");
    // the constants themselves, as words
    let words = bench.objdump("-s", "out.o");
    for word in ["0000803f", "00002040", "000080bf"] {
        assert!(words.contains(word), "{word}: {words}");
    }
}

#[test]
fn without_the_fpu_functions_compute() {
    let bench = Bench::new("soft");
    bench.bitcode("a.bc", CHOICES);
    bench.links(&["--native", "out.o", "-plugin-opt=-mattr=-fp", "a.bc"]);
    let code = bench.objdump("-d", "out.o");
    assert!(!code.contains("mul.s") && !code.contains("wfr"), "{code}");
    let symbols = bench.objdump("-t", "out.o");
    assert!(
        symbols.contains("*UND*") && symbols.contains("__mulsf3"),
        "{symbols}"
    );
}

#[test]
fn instructions_that_llvm_lacks_are_gnu_as_s() {
    let bench = Bench::new("unknown");
    bench.bitcode(
        "a.bc",
        "
        define i32 @external_register(i32 %address, i32 %value) {
          call void asm sideeffect \"wer $0, $1\", \"r,r,~{memory}\"(i32 %value, i32 %address)
          %r = call i32 asm sideeffect \"memw\\0Arer $0, $1\", \"=&r,r,~{memory}\"(i32 %address)
          ret i32 %r
        }
        define i32 @acquire(ptr %p) {
          %r = call i32 asm sideeffect \"l32ai $0, $1, 8\", \"=r,r\"(ptr %p)
          ret i32 %r
        }",
    );
    bench.links(&["--native", "out.o", "a.bc"]);
    let code = bench.objdump("-d", "out.o");
    for instruction in ["wer", "memw", "rer", "l32ai"] {
        assert_eq!(
            code.matches(&format!("\t{instruction}\t"))
                .count()
                .max(code.matches(&format!("\t{instruction}\n")).count()),
            1,
            "{instruction}: {code}"
        );
    }
    assert!(code.contains(", 8\n"), "{code}");
}

/// Assembly and code that call each other, and see what is neither's to give away.
const ASSEMBLY: &str = "
module asm \".section .text.entry,\\22ax\\22,@progbits\"
module asm \".globl entry\"
module asm \"entry: entry a1, 32\"
module asm \"  call8 hidden // not global\"
module asm \"  rer a2, a3\"
module asm \"  lsi f0, a1, 0\"
module asm \"local: retw\"
declare i32 @local()
define internal i32 @hidden() noinline { ret i32 7 }
define i32 @start() {
  %r = call i32 @local()
  ret i32 %r
}
@llvm.compiler.used = appending global [1 x ptr] [ptr @hidden], section \"llvm.metadata\"
";

#[test]
fn assembly_and_code_see_each_other() {
    for (name, features) in [("hard", "-fp,+fp"), ("soft", "-fp")] {
        let bench = Bench::new(name);
        bench.bitcode("a.o", ASSEMBLY);
        let features = format!("-plugin-opt=-mattr={features}");
        bench.links(&[
            "-o",
            "out",
            "-e",
            "start",
            "-u",
            "entry",
            "--gc-sections",
            &features,
            "a.o",
        ]);
        let code = bench.objdump("-d", "out");
        for line in [
            "<entry>:",
            "<hidden>:",
            "<local>:",
            "<start>:",
            "rer\ta2, a3",
            "lsi\tf0, a1, 0",
        ] {
            assert!(code.contains(line), "{line}: {code}");
        }
        let symbols = bench.objdump("-t", "out");
        let hidden = symbols.lines().find(|line| line.ends_with(" hidden"));
        assert!(
            hidden.is_some_and(|line| line.contains(".hidden")),
            "{symbols}"
        );
    }
}

#[test]
fn archives_keep_their_members() {
    let bench = Bench::new("archive");
    bench.bitcode("same.o", "define i32 @one() { ret i32 1 }");
    let one = fs::read(bench.path("same.o")).expect("is made");
    bench.bitcode("same.o", "define i32 @two() { ret i32 2 }");
    let two = fs::read(bench.path("same.o")).expect("is made");
    let mut archive = b"!<arch>\n".to_vec();
    for member in [&one, &two] {
        let size = member.len();
        archive.extend(
            format!(
                "{:<16}{:<12}{:<6}{:<6}{:<8}{size:<10}`\n",
                "same.o/", 0, 0, 0, 644
            )
            .as_bytes(),
        );
        archive.extend(member);
        archive.resize(archive.len() + size % 2, b'\n');
    }
    fs::write(bench.path("libboth.a"), archive).expect("is a file");
    bench.links(&[
        "-o",
        "out",
        "-e",
        "two",
        "-plugin-opt=obj-path=made",
        "libboth.a",
    ]);
    let symbols = bench.objdump("-t", "out");
    assert!(
        symbols.contains(" two\n") && !symbols.contains(" one\n"),
        "{symbols}"
    );
    assert!(bench.path("made/libboth.a").exists());
}

#[test]
fn the_same_everywhere() {
    let made = ["here", "there"].map(|name| {
        let bench = Bench::new(name);
        bench.bitcode("a.o", ASSEMBLY);
        bench.links(&["-o", "out", "-e", "start", "-Map", "map", "a.o"]);
        (
            fs::read(bench.path("out")).expect("is made"),
            fs::read(bench.path("map")).expect("is made"),
        )
    });
    assert!(made[0] == made[1]);
}

#[test]
fn says_what_is_wrong() {
    let bench = Bench::new("wrong");
    let inline = |text: &str, constraints: &str| {
        format!(
            "define void @f(i32 %x) {{ call void asm sideeffect \"{text}\", \"{constraints}\"(i32 %x)\n ret void }}"
        )
    };
    for (ir, says) in [
        (
            inline("wer $0, a2", "m"),
            "a.bc: inline assembly in f: `wer $0, a2`: operand $0 is \"m\", not a register",
        ),
        (
            inline("rer a2", "r"),
            "a.bc: inline assembly in f: `rer a2`: ",
        ),
        (inline("nonesuch $0", "r"), "nonesuch"),
        (
            "module asm \"wer a2, %\"\n".into(),
            "a.bc: assembly: `wer a2, %`: ",
        ),
        ("module asm \"nonesuch a2\"\n".into(), "nonesuch a2"),
        (
            "module asm \"a: .long 1; .space 3; l32r a2, a\"\n".into(),
            "a.bc: assembly: `l32r a2, a`: LLVM may miss its literal",
        ),
    ] {
        bench.bitcode("a.bc", &ir);
        bench.fails(&["--native", "out.o", "a.bc"], 1, says);
        bench.fails(&["-o", "out", "a.bc"], 1, says);
    }
    fs::write(bench.path("a.bc"), b"BC\xC0\xDEbroken").expect("is a file");
    bench.fails(
        &["-o", "out", "a.bc"],
        1,
        "a.bc: is not bitcode that this LLVM reads: ",
    );
    fs::write(bench.path("a.a"), b"!<arch>\nbroken").expect("is a file");
    bench.fails(
        &["-o", "out", "a.a"],
        1,
        "a.a: the archive is cut off, or broken, at offset 0x8",
    );
    bench.fails(&["-o", "out", "none.o"], 1, "none.o");
    bench.fails(&["-o"], 2, "-o needs a value");
    bench.fails(&["--native", "out.o"], 2, "--native takes one FILE, not 0");
}

#[test]
fn llc_s_crash_names_the_function() {
    let bench = Bench::new("crash");
    bench.bitcode("a.bc", "define void @f() { call void @llvm.xtensa.nonesuch()\n ret void }\ndeclare void @llvm.xtensa.nonesuch()");
    let output = bench.xtensa_ld(&["-o", "out", "a.bc"]);
    assert!(!output.status.success());
    assert!(said(&output).contains("nonesuch"), "{}", said(&output));
}
