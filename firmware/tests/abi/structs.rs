//! Structures by value, in all directions; abi.h says what the functions do.

/// abi_bytesN of abi.h.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bytes<const N: usize>([u8; N]);

/// Byte i is seed + 7 * i.
pub fn bytes<const N: usize>(seed: u32) -> Bytes<N> {
    Bytes(core::array::from_fn(|i| (seed as usize + 7 * i) as u8))
}

fn sum<const N: usize>(s: &Bytes<N>) -> u32 {
    s.0.iter().copied().map(u32::from).sum()
}

fn check_call(name: &str, ok: bool) {
    if !ok {
        crate::fail(name, file!(), line!());
    }
}

/// The functions of a size: Rust's, and calls of C's.
trait Functions {
    /// Calls C's.
    fn check();
}

macro_rules! sizes {
    ($($n:literal)*) => {
        $(const _: () = {
            unsafe extern "C" {
                #[link_name = concat!("abi_c_make", $n)]
                fn c_make(seed: u32) -> Bytes<$n>;
                #[link_name = concat!("abi_c_next", $n)]
                fn c_next(s: Bytes<$n>) -> Bytes<$n>;
            }

            #[unsafe(export_name = concat!("abi_rust_make", $n))]
            extern "C" fn make(seed: u32) -> Bytes<$n> {
                bytes(seed)
            }

            #[unsafe(export_name = concat!("abi_rust_next", $n))]
            extern "C" fn next(s: Bytes<$n>) -> Bytes<$n> {
                Bytes(s.0.map(|byte| byte.wrapping_add(1)))
            }

            sums! {
                $n:
                c_sum0 sum0 "sum0_" (), c_sum1 sum1 "sum1_" (a), c_sum2 sum2 "sum2_" (a b), c_sum3 sum3 "sum3_" (a b c),
                c_sum4 sum4 "sum4_" (a b c d), c_sum5 sum5 "sum5_" (a b c d e)
            }

            impl Functions for Bytes<$n> {
                fn check() {
                    const SEED: u32 = 13 * $n + 1;
                    // see structs_calls.c
                    const IS_WRONG: bool = $n > 20;
                    let s: Self = bytes(SEED);
                    let sum = sum(&s);
                    // SAFETY: always.
                    unsafe {
                        check_call(concat!("abi_c_make", $n), c_make(SEED) == s);
                        check_call(concat!("abi_c_next", $n), (c_next(s) == bytes(SEED + 1)) != IS_WRONG);
                        check_call(concat!("abi_c_sum0_", $n), c_sum0(s, 100_000) == sum + 100_000);
                        check_call(concat!("abi_c_sum1_", $n), c_sum1(1000, s, 100_000) == sum + 101_000);
                        check_call(concat!("abi_c_sum2_", $n), c_sum2(1000, 2000, s, 100_000) == sum + 103_000);
                        check_call(concat!("abi_c_sum3_", $n), c_sum3(1000, 2000, 3000, s, 100_000) == sum + 106_000);
                        check_call(concat!("abi_c_sum4_", $n), c_sum4(1000, 2000, 3000, 4000, s, 100_000) == sum + 110_000);
                        check_call(concat!("abi_c_sum5_", $n), c_sum5(1000, 2000, 3000, 4000, 5000, s, 100_000) == sum + 115_000);
                    }
                }
            }
        };)*

        fn check_sizes() {
            $(<Bytes<$n> as Functions>::check();)*
        }
    };
}

macro_rules! sums {
    ($n:literal: $($c:ident $rust:ident $name:literal ($($before:ident)*)),*) => {
        unsafe extern "C" {
            $(
                #[link_name = concat!("abi_c_", $name, $n)]
                fn $c($($before: u32,)* s: Bytes<$n>, z: u32) -> u32;
            )*
        }
        $(
            #[unsafe(export_name = concat!("abi_rust_", $name, $n))]
            extern "C" fn $rust($($before: u32,)* s: Bytes<$n>, z: u32) -> u32 {
                sum(&s) + z $(+ $before)*
            }
        )*
    };
}

sizes!(1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24);

#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Wide {
    wide: i64,
    narrow: i8,
}

#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Point {
    x: f32,
    y: f32,
}

#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Real {
    value: f64,
}

#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Shorts {
    a: i16,
    b: i8,
    c: i16,
}

#[repr(C)]
#[derive(Clone, Copy)]
union Any {
    number: i32,
    _ratio: f32,
    _bytes: [u8; 8],
}

#[repr(C)]
#[derive(Clone, Copy)]
struct Tagged {
    tag: i8,
    any: Any,
}

unsafe extern "C" {
    fn abi_c_double_wide(before: i32, s: Wide, after: i32) -> Wide;
    fn abi_c_double_point(before: i32, s: Point, after: i32) -> Point;
    fn abi_c_double_real(before: i32, s: Real, after: i32) -> Real;
    fn abi_c_double_shorts(before: i32, s: Shorts, after: i32) -> Shorts;
    fn abi_c_double_tagged(before: i32, s: Tagged, after: i32) -> Tagged;
}

fn if_odd<T: Default>(before: i32, after: i32, s: T) -> T {
    if before % 2 != 0 && after % 2 != 0 {
        s
    } else {
        T::default()
    }
}

#[unsafe(no_mangle)]
extern "C" fn abi_rust_double_wide(before: i32, s: Wide, after: i32) -> Wide {
    if_odd(
        before,
        after,
        Wide {
            wide: 2 * s.wide,
            narrow: 2 * s.narrow,
        },
    )
}

#[unsafe(no_mangle)]
extern "C" fn abi_rust_double_point(before: i32, s: Point, after: i32) -> Point {
    if_odd(
        before,
        after,
        Point {
            x: 2.0 * s.x,
            y: 2.0 * s.y,
        },
    )
}

#[unsafe(no_mangle)]
extern "C" fn abi_rust_double_real(before: i32, s: Real, after: i32) -> Real {
    if_odd(
        before,
        after,
        Real {
            value: 2.0 * s.value,
        },
    )
}

#[unsafe(no_mangle)]
extern "C" fn abi_rust_double_shorts(before: i32, s: Shorts, after: i32) -> Shorts {
    if_odd(
        before,
        after,
        Shorts {
            a: 2 * s.a,
            b: 2 * s.b,
            c: 2 * s.c,
        },
    )
}

#[unsafe(no_mangle)]
extern "C" fn abi_rust_double_tagged(before: i32, s: Tagged, after: i32) -> Tagged {
    // SAFETY: C passes a number.
    let number = if_odd(before, after, 2 * unsafe { s.any.number });
    Tagged {
        tag: if_odd(before, after, 2 * s.tag),
        any: Any { number },
    }
}

/// Calls C.
pub fn check() {
    check_sizes();
    // SAFETY: always.
    unsafe {
        assert_eq!(
            abi_c_double_wide(
                1,
                Wide {
                    wide: -0x12_3456_789A,
                    narrow: 50
                },
                3
            ),
            Wide {
                wide: -0x24_68AC_F134,
                narrow: 100
            }
        );
        assert_eq!(
            abi_c_double_point(5, Point { x: 0.75, y: -2.5 }, 7),
            Point { x: 1.5, y: -5.0 }
        );
        assert_eq!(
            abi_c_double_real(9, Real { value: 1e100 }, 11),
            Real { value: 2e100 }
        );
        assert_eq!(
            abi_c_double_shorts(
                13,
                Shorts {
                    a: -1000,
                    b: 60,
                    c: 1001
                },
                15
            ),
            Shorts {
                a: -2000,
                b: 120,
                c: 2002
            }
        );
        let tagged = abi_c_double_tagged(
            17,
            Tagged {
                tag: -3,
                any: Any { number: 1 << 29 },
            },
            19,
        );
        assert_eq!((tagged.tag, tagged.any.number), (-6, 1 << 30));
    }
}
