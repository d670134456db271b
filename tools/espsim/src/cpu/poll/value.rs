//! What a word is in each of many iterations of a loop: the same in all of them, or somewhere between two bounds.

/// A word in all iterations: at least `low`, at most `high`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Value {
    low: u32,
    high: u32,
    /// Words with the same number, which is not 0, are equal to each other in every iteration.
    id: u32,
}

impl Value {
    /// The same word in all iterations.
    pub(super) const fn fixed(word: u32) -> Self {
        Self {
            low: word,
            high: word,
            id: 0,
        }
    }

    /// A word between bounds, which is not known to be equal to any other. `id` is not used yet.
    pub(super) fn between(low: u32, high: u32, id: u32) -> Self {
        if low == high {
            return Self::fixed(low);
        }
        Self { low, high, id }
    }

    fn any(id: u32) -> Self {
        Self::between(0, u32::MAX, id)
    }

    /// The word, where all iterations have the same.
    pub(super) fn word(self) -> Option<u32> {
        (self.low == self.high).then_some(self.low)
    }

    /// Bounds of more than 32 bits, of which the lowest are the word.
    fn of_wide(low: i64, high: i64, id: u32) -> Self {
        if low >> 32 == high >> 32 {
            Self::between(low as u32, high as u32, id)
        } else {
            Self::any(id)
        }
    }

    fn wide(self) -> (i64, i64) {
        (self.low.into(), self.high.into())
    }

    pub(super) fn add(self, other: Self, id: u32) -> Self {
        let ((low, high), (other_low, other_high)) = (self.wide(), other.wide());
        Self::of_wide(low + other_low, high + other_high, id)
    }

    pub(super) fn sub(self, other: Self, id: u32) -> Self {
        if self.equal(other) == Some(true) {
            return Self::fixed(0);
        }
        let ((low, high), (other_low, other_high)) = (self.wide(), other.wide());
        Self::of_wide(low - other_high, high - other_low, id)
    }

    /// Shifted left by up to 31 bits.
    pub(super) fn shl(self, by: u32, id: u32) -> Self {
        let (low, high) = self.wide();
        Self::of_wide(low << by, high << by, id)
    }

    /// Shifted right by up to 32 bits.
    pub(super) fn shr(self, by: u32, id: u32) -> Self {
        let (low, high) = self.wide();
        Self::of_wide(low >> by, high >> by, id)
    }

    /// Shifted right by up to 32 bits, with its sign.
    pub(super) fn sar(self, by: u32, id: u32) -> Self {
        if (self.low ^ self.high) >> 31 != 0 {
            return Self::any(id);
        }
        let shift = |word: u32| (i64::from(word as i32) >> by) as u32;
        Self::between(shift(self.low), shift(self.high), id)
    }

    /// The word from bit `by` on, up to 32, of this one and, above it, `upper`.
    pub(super) fn funnel(self, upper: Self, by: u32, id: u32) -> Self {
        let both = |upper: u32, lower: u32| u64::from(upper) << 32 | u64::from(lower);
        let low = both(upper.low, self.low) >> by;
        let high = both(upper.high, self.high) >> by;
        if low >> 32 == high >> 32 {
            Self::between(low as u32, high as u32, id)
        } else {
            Self::any(id)
        }
    }

    pub(super) fn and(self, other: Self, id: u32) -> Self {
        match (self.word(), other.word()) {
            (Some(one), Some(other)) => Self::fixed(one & other),
            (Some(_), None) => other.and(self, id),
            (None, Some(mask)) if mask & mask.wrapping_add(1) == 0 => {
                if self.low & !mask == self.high & !mask {
                    Self::between(self.low & mask, self.high & mask, id)
                } else {
                    Self::between(0, mask, id)
                }
            }
            _ => Self::between(0, self.high.min(other.high), id),
        }
    }

    pub(super) fn or(self, other: Self, id: u32) -> Self {
        if self == other {
            return self;
        }
        match (self.word(), other.word()) {
            (Some(one), Some(other)) => Self::fixed(one | other),
            (Some(_), None) => other.or(self, id),
            // Bits that do not meet.
            (None, Some(bits)) if bits == 0 || self.high < bits & bits.wrapping_neg() => {
                Self::between(self.low | bits, self.high | bits, id)
            }
            _ => Self::any(id),
        }
    }

    /// What a function makes of two words about which nothing is known where they are not fixed.
    pub(super) fn map(self, other: Self, id: u32, function: impl Fn(u32, u32) -> u32) -> Self {
        match (self.word(), other.word()) {
            (Some(one), Some(other)) => Self::fixed(function(one, other)),
            _ => Self::any(id),
        }
    }

    /// The lower word of the product.
    pub(super) fn mul(self, other: Self, id: u32) -> Self {
        let product = |one: u32, other: u32| u64::from(one) * u64::from(other);
        let (low, high) = (product(self.low, other.low), product(self.high, other.high));
        if low >> 32 == high >> 32 {
            Self::between(low as u32, high as u32, id)
        } else {
            Self::any(id)
        }
    }

    /// The upper word of the product without signs.
    pub(super) fn mul_high(self, other: Self, id: u32) -> Self {
        let upper = |one: u32, other: u32| (u64::from(one) * u64::from(other) >> 32) as u32;
        Self::between(upper(self.low, other.low), upper(self.high, other.high), id)
    }

    /// The quotient without signs; `None` where the divisor is not one that is known.
    pub(super) fn div(self, other: Self, id: u32) -> Option<Self> {
        let divisor = other.word().filter(|&divisor| divisor != 0)?;
        Some(Self::between(self.low / divisor, self.high / divisor, id))
    }

    /// The remainder without signs; `None` where the divisor is not one that is known.
    pub(super) fn rem(self, other: Self, id: u32) -> Option<Self> {
        let divisor = other.word().filter(|&divisor| divisor != 0)?;
        Some(if self.low / divisor == self.high / divisor {
            Self::between(self.low % divisor, self.high % divisor, id)
        } else {
            Self::between(0, divisor - 1, id)
        })
    }

    /// Whether the words are equal; `None` where iterations may differ.
    pub(super) fn equal(self, other: Self) -> Option<bool> {
        if self.id != 0 && self.id == other.id {
            return Some(true);
        }
        if self.high < other.low || other.high < self.low {
            return Some(false);
        }
        Some(self.word()? == other.word()?)
    }

    /// Whether this word is less than the other one, without signs.
    pub(super) fn less(self, other: Self) -> Option<bool> {
        if self.high < other.low {
            Some(true)
        } else if self.low >= other.high || self.id != 0 && self.id == other.id {
            Some(false)
        } else {
            None
        }
    }

    /// The same with signs.
    pub(super) fn less_signed(self, other: Self) -> Option<bool> {
        let flip = |value: Self| {
            ((value.low ^ value.high) >> 31 == 0).then_some(Self {
                low: value.low ^ 1 << 31,
                high: value.high ^ 1 << 31,
                ..value
            })
        };
        flip(self)?.less(flip(other)?)
    }

    /// Bit `number`.
    pub(super) fn bit(self, number: u32) -> Option<bool> {
        (self.low >> number == self.high >> number).then_some(self.low >> number & 1 == 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EDGES: [u32; 10] = [
        0,
        1,
        2,
        7,
        8,
        0x7FFF_FFFE,
        0x7FFF_FFFF,
        0x8000_0000,
        0xFFFF_FFFE,
        0xFFFF_FFFF,
    ];

    /// Pairs of bounds, and words between them.
    fn values() -> Vec<(Value, Vec<u32>)> {
        let mut values = Vec::new();
        for (index, &low) in EDGES.iter().enumerate() {
            for &high in &EDGES[index..] {
                let words = EDGES
                    .iter()
                    .copied()
                    .filter(|word| (low..=high).contains(word))
                    .collect();
                values.push((Value::between(low, high, 1), words));
            }
        }
        values
    }

    fn has(value: Value, word: u32) -> bool {
        (value.low..=value.high).contains(&word)
    }

    #[test]
    fn results_are_within_their_bounds() {
        for (one, words) in values() {
            for (other, others) in values() {
                let other = Value {
                    id: other.id * 2,
                    ..other
                };
                for &a in &words {
                    for &b in &others {
                        let all = [
                            (one.add(other, 9), a.wrapping_add(b)),
                            (one.sub(other, 9), a.wrapping_sub(b)),
                            (one.and(other, 9), a & b),
                            (one.or(other, 9), a | b),
                            (one.mul(other, 9), a.wrapping_mul(b)),
                            (
                                one.mul_high(other, 9),
                                (u64::from(a) * u64::from(b) >> 32) as u32,
                            ),
                            (
                                one.funnel(other, 13, 9),
                                (u64::from(b) << 32 >> 13) as u32 | a >> 13,
                            ),
                            (one.map(other, 9, |a, b| a ^ b), a ^ b),
                        ];
                        for (index, (value, word)) in all.into_iter().enumerate() {
                            assert!(has(value, word), "{index}: {a:#x} {b:#x} {value:?}");
                        }
                        if let Some(value) = one.div(other, 9) {
                            assert!(has(value, a / b));
                        }
                        if let Some(value) = one.rem(other, 9) {
                            assert!(has(value, a % b));
                        }
                        assert!(one.equal(other).is_none_or(|equal| equal == (a == b)));
                        assert!(one.less(other).is_none_or(|less| less == (a < b)));
                        let signed = one.less_signed(other);
                        assert!(signed.is_none_or(|less| less == ((a as i32) < b as i32)));
                    }
                }
            }
            for &a in &words {
                for by in [0, 1, 4, 31] {
                    assert!(has(one.shl(by, 9), a << by));
                    assert!(has(one.shr(by, 9), a >> by));
                    assert!(has(one.sar(by, 9), (a as i32 >> by) as u32));
                    assert!(one.bit(by).is_none_or(|bit| bit == (a >> by & 1 == 1)));
                }
            }
        }
    }
}
