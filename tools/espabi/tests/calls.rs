//! What clang has wrong is refused wherever it hides, and nothing else is.

use std::{env, fs, path::PathBuf, process::Command};

/// The messages for a source; none if it is accepted.
fn check(name: &str, source: &str) -> Vec<String> {
    let folder = PathBuf::from(env::var_os("TEST_TMPDIR").expect("TEST_TMPDIR")).join(name);
    fs::create_dir_all(&folder).unwrap();
    let (input, output) = (folder.join("input.c"), folder.join("output"));
    fs::write(&input, source).unwrap();
    let ran = Command::new(env!("CARGO_BIN_EXE_espabi"))
        .arg(&output)
        .arg(env::var_os("CLANG").expect("CLANG"))
        .args(["--target=xtensa-none-elf", "-std=gnu17"])
        .arg(&input)
        .output()
        .unwrap();
    let text = String::from_utf8(ran.stderr).unwrap();
    let lines: Vec<_> = text
        .lines()
        .map(|line| line.replace(&format!("{}:", input.display()), ""))
        .collect();
    assert_eq!(
        (ran.status.success(), output.exists()),
        (lines.is_empty(), lines.is_empty()),
        "{text}"
    );
    lines
}

/// The messages for a source that is refused, less the last one, which says what to do.
fn refused(name: &str, source: &str) -> Vec<String> {
    let mut lines = check(name, source);
    let last = lines.pop().expect("it is refused");
    assert!(last.contains("--@rules_esp32//esp32:cc=gcc"), "{last}");
    lines
}

#[test]
fn refuses_variable_arguments() {
    let source = "\
typedef __builtin_va_list list_t;
#define NEXT(list) __builtin_va_arg(list, int)
int first(int n, ...)
{
    list_t list;
    __builtin_va_start(list, n);
    int result = NEXT(list);
    __builtin_va_end(list);
    return result;
}
";
    assert_eq!(
        refused("varargs", source),
        [
            "6: error: variable arguments are read",
            "7: error: variable arguments are read"
        ]
    );
}

#[test]
fn refuses_structures_by_value() {
    let source = "\
typedef struct { short x, y; } point_t;
union any { int i; char c[4]; };
extern point_t origin(void);
static int area(const point_t p) { return p.x * p.y; }
point_t swapped(const point_t *p)
{
    point_t result = {p->y, p->x};
    return result;
}
int call(int (*f)(union any), const union any *any)
{
    point_t p = origin();
    return area(p) + f(*any);
}
_Complex float half(_Complex float z) { return z / 2; }
";
    assert_eq!(
        refused("structures", source),
        [
            "4: error: a parameter is a 'const point_t' by value",
            "8: error: a 'point_t' is returned by value",
            "12: error: the call returns a 'point_t' by value",
            "13: error: an argument is a 'point_t' by value",
            "13: error: an argument is a 'union any' by value",
            "15: error: a parameter is a '_Complex float' by value",
            "15: error: a '_Complex float' is returned by value",
        ]
    );
}

#[test]
fn accepts_pointers_and_calls_with_variable_arguments() {
    let source = "\
struct point { short x, y; };
extern int printf(const char *form, ...);
extern struct point declared_only(struct point p);
struct point *same(struct point *p) { return p; }
int sum(const struct point p[2]) { struct point copy = p[1]; return copy.x + same(&copy)->y; }
struct point *(*choose(int n))(struct point *) { return n ? same : 0; }
int print(struct point *const p) { return printf(\"%d\", p->x) + __builtin_popcount((unsigned)p->y) + choose(1)(p)->x; }
";
    assert_eq!(check("pointers", source), [] as [&str; 0]);
}

#[test]
fn what_clang_says_is_said() {
    let lines = check("broken", "int answer(void) { return undeclared; }");
    assert!(
        lines[0].contains("error: use of undeclared identifier 'undeclared'"),
        "{lines:?}"
    );
}
