//! RSA accelerator: products, Montgomery products and powers of large numbers (ESP32 Technical Reference Manual, "RSA Accelerator").
//!
//! It is done at once.

use num_bigint::BigUint;

use super::registers::Registers;

const M: u32 = 0x000;
/// What comes in as r', and what goes out.
const Z: u32 = 0x200;
const Y: u32 = 0x400;
const X: u32 = 0x600;
const M_DASH: u32 = 0x800;
const MODEXP_MODE: u32 = 0x804;
const MODEXP_START: u32 = 0x808;
const MULT_MODE: u32 = 0x80C;
const MULT_START: u32 = 0x810;
const INTERRUPT: u32 = 0x814;
const CLEAN: u32 = 0x818;

/// Words of a unit of the modes: 512 bits. Memory has eight.
const UNIT: u32 = 16;
/// From this mode on MULT is a product; below it is a Montgomery product.
const PRODUCT: u32 = 8;

/// The peripheral.
#[derive(Debug)]
pub struct Rsa {
    registers: Registers,
    done: bool,
}

impl Default for Rsa {
    fn default() -> Self {
        Self {
            registers: Registers::new(0x820, &[]),
            done: false,
        }
    }
}

impl Rsa {
    /// Whether the interrupt is high.
    pub fn interrupt(&self) -> bool {
        self.done
    }

    /// Reads the register at `offset`.
    pub fn read(&self, offset: u32) -> u32 {
        match offset {
            INTERRUPT => self.done.into(),
            CLEAN => 1,
            MODEXP_START | MULT_START => 0,
            _ => self.registers.get(offset),
        }
    }

    /// Writes the register at `offset`.
    pub fn write(&mut self, offset: u32, value: u32) {
        match offset {
            INTERRUPT => self.done &= value & 1 == 0,
            CLEAN => {}
            MODEXP_START if value & 1 == 1 => self.power(),
            MULT_START if value & 1 == 1 => self.multiply(),
            MODEXP_START | MULT_START => {}
            _ => self.registers.set(offset, value),
        }
    }

    fn number(&self, first: u32, words: u32) -> BigUint {
        let words = (0..words).map(|index| self.registers.get(first + 4 * index));
        BigUint::new(words.collect())
    }

    fn set_result(&mut self, result: &BigUint, words: u32) {
        let mut digits = result.iter_u32_digits();
        for index in 0..words {
            let offset = Z + 4 * index;
            if offset < Y {
                self.registers.set(offset, digits.next().unwrap_or(0));
            }
        }
        self.done = true;
    }

    /// X ^ Y mod M.
    fn power(&mut self) {
        let words = UNIT * (self.registers.field(MODEXP_MODE, 0, 3) + 1);
        let modulus = self.number(M, words);
        let result = if modulus == BigUint::ZERO {
            BigUint::ZERO
        } else {
            self.number(X, words)
                .modpow(&self.number(Y, words), &modulus)
        };
        self.set_result(&result, words);
    }

    fn multiply(&mut self) {
        let mode = self.registers.field(MULT_MODE, 0, 4);
        if mode < PRODUCT {
            let words = UNIT * (mode + 1);
            let result = self.montgomery(words);
            self.set_result(&result, words);
        } else {
            // Y is in the upper half of Z, which the product is as long as.
            let words = UNIT * (mode - PRODUCT + 1);
            let half = words / 2;
            let result = self.number(X, half) * self.number(Z + 4 * half, half);
            self.set_result(&result, words);
        }
    }

    /// X * Z / r mod M, r being 2 ^ (32 * `words`), by a word of M' in each step (Handbook of Applied Cryptography, 14.36).
    fn montgomery(&self, words: u32) -> BigUint {
        let modulus = self.number(M, words);
        let dash = self.registers.get(M_DASH);
        let mut sum = self.number(X, words) * self.number(Z, words);
        for _ in 0..words {
            let low = sum.iter_u32_digits().next().unwrap_or(0);
            sum += &modulus * low.wrapping_mul(dash);
            sum >>= 32u32;
        }
        if sum >= modulus { sum - modulus } else { sum }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An odd number of `bits` bits, always the same.
    fn number(bits: u32, seed: u64) -> BigUint {
        let mut state = seed | 1;
        let words = (0..bits / 32).map(|_| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            (state >> 32) as u32
        });
        let mut number = BigUint::new(words.collect());
        number.set_bit(0, true);
        number.set_bit(u64::from(bits) - 1, true);
        number
    }

    fn write(rsa: &mut Rsa, first: u32, number: &BigUint, words: u32) {
        let digits: Vec<u32> = number.iter_u32_digits().collect();
        for index in 0..words {
            let word = digits.get(index as usize).copied().unwrap_or(0);
            rsa.write(first + 4 * index, word);
        }
    }

    /// -M ^ -1 mod 2 ^ 32.
    fn dash(modulus: &BigUint) -> u32 {
        let low = modulus.iter_u32_digits().next().unwrap();
        let inverse = (0..5).fold(1u32, |inverse, _| {
            inverse.wrapping_mul(2u32.wrapping_sub(low.wrapping_mul(inverse)))
        });
        inverse.wrapping_neg()
    }

    fn finished(rsa: &mut Rsa, words: u32) -> BigUint {
        assert!(rsa.interrupt());
        assert_eq!(rsa.read(INTERRUPT), 1);
        rsa.write(INTERRUPT, 1);
        assert!(!rsa.interrupt());
        rsa.number(Z, words)
    }

    #[test]
    fn powers() {
        for bits in [512, 1024, 4096] {
            let words = bits / 32;
            let (x, y, m) = (number(bits, 1), number(bits, 2), number(bits, 3));
            let mut rsa = Rsa::default();
            assert_eq!(rsa.read(CLEAN), 1);
            write(&mut rsa, X, &x, words);
            write(&mut rsa, Y, &y, words);
            write(&mut rsa, M, &m, words);
            rsa.write(M_DASH, dash(&m));
            rsa.write(MODEXP_MODE, words / 16 - 1);
            rsa.write(MODEXP_START, 1);
            assert_eq!(finished(&mut rsa, words), x.modpow(&y, &m), "{bits}");
        }
        let mut rsa = Rsa::default();
        rsa.write(MODEXP_START, 1);
        assert_eq!(finished(&mut rsa, 16), BigUint::ZERO);
    }

    #[test]
    fn a_modular_product_is_two_montgomery_products() {
        for bits in [512, 2048, 4096] {
            let words = bits / 32;
            let (x, y, m) = (number(bits, 1), number(bits, 2), number(bits, 3));
            let (x, y) = (x % &m, y % &m);
            let r_squared = (BigUint::from(1u32) << (2 * bits)) % &m;
            let mut rsa = Rsa::default();
            write(&mut rsa, M, &m, words);
            write(&mut rsa, X, &x, words);
            write(&mut rsa, Z, &r_squared, words);
            rsa.write(M_DASH, dash(&m));
            rsa.write(MULT_MODE, words / 16 - 1);
            rsa.write(MULT_START, 1);
            finished(&mut rsa, words);
            write(&mut rsa, X, &y, words);
            rsa.write(MULT_START, 1);
            assert_eq!(finished(&mut rsa, words), x * y % m, "{bits}");
        }
    }

    #[test]
    fn products_have_one_factor_in_the_upper_half_of_z() {
        for bits in [512, 1024, 2048] {
            let words = bits / 32;
            let (x, y) = (number(bits, 1), number(bits, 2));
            let mut rsa = Rsa::default();
            write(&mut rsa, X, &x, words);
            write(&mut rsa, Z + 4 * words, &y, words);
            rsa.write(MULT_MODE, 2 * words / 16 + 7);
            rsa.write(MULT_START, 1);
            assert_eq!(finished(&mut rsa, 2 * words), x * y, "{bits}");
        }
    }
}
