//! What the host program and the firmware share.

#![no_std]

/// The number of a greeting.
pub fn number() -> u32 {
    answer::answer!()
}

#[cfg(test)]
mod tests {
    #[test]
    fn is_the_answer() {
        assert_eq!(super::number(), 42);
    }
}
