//! SHA accelerator: SHA-1, SHA-256, SHA-384 and SHA-512 (ESP32 Technical Reference Manual, "SHA Accelerator").
//!
//! It is never busy. SHA-384 and SHA-512 are one engine.

use sha2::block_api::{compress256, compress512};

use super::registers::Registers;

/// The message block, and the digest after LOAD: words as they are in the algorithm, the upper half of 64 bits first.
const TEXT_WORDS: usize = 32;
const SHA_1_START: u32 = 0x80;
/// From an algorithm's START to the next one's.
const ALGORITHM_LEN: u32 = 0x10;
const CONTINUE: u32 = 0x04;
const LOAD: u32 = 0x08;
const BUSY: u32 = 0x0C;

/// The initial hash values (FIPS 180-4, 5.3.1, 5.3.3 to 5.3.5).
const INITIAL_1: [u32; 5] = [
    0x6745_2301,
    0xEFCD_AB89,
    0x98BA_DCFE,
    0x1032_5476,
    0xC3D2_E1F0,
];
const INITIAL_256: [u32; 8] = [
    0x6A09_E667,
    0xBB67_AE85,
    0x3C6E_F372,
    0xA54F_F53A,
    0x510E_527F,
    0x9B05_688C,
    0x1F83_D9AB,
    0x5BE0_CD19,
];
const INITIAL_384: [u64; 8] = [
    0xCBBB_9D5D_C105_9ED8,
    0x629A_292A_367C_D507,
    0x9159_015A_3070_DD17,
    0x152F_ECD8_F70E_5939,
    0x6733_2667_FFC0_0B31,
    0x8EB4_4A87_6858_1511,
    0xDB0C_2E0D_64F9_8FA7,
    0x47B5_481D_BEFA_4FA4,
];
const INITIAL_512: [u64; 8] = [
    0x6A09_E667_F3BC_C908,
    0xBB67_AE85_84CA_A73B,
    0x3C6E_F372_FE94_F82B,
    0xA54F_F53A_5F1D_36F1,
    0x510E_527F_ADE6_82D1,
    0x9B05_688C_2B3E_6C1F,
    0x1F83_D9AB_FB41_BD6B,
    0x5BE0_CD19_137E_2179,
];

/// The peripheral.
#[derive(Debug)]
pub struct Sha {
    text: Registers,
    state_1: [u32; 5],
    state_256: [u32; 8],
    state_512: [u64; 8],
}

impl Default for Sha {
    fn default() -> Self {
        Self {
            text: Registers::new(4 * TEXT_WORDS as u32, &[]),
            state_1: INITIAL_1,
            state_256: INITIAL_256,
            state_512: INITIAL_512,
        }
    }
}

impl Sha {
    /// Reads the register at `offset`.
    pub fn read(&self, offset: u32) -> u32 {
        self.text.get(offset)
    }

    /// Writes the register at `offset`; whether there is one.
    pub fn write(&mut self, offset: u32, value: u32) -> bool {
        if offset < SHA_1_START {
            self.text.set(offset, value);
            return true;
        }
        let algorithm = (offset - SHA_1_START) / ALGORITHM_LEN;
        let operation = offset % ALGORITHM_LEN;
        match algorithm {
            0..4 if operation == BUSY => {}
            0 => self.sha_1(operation),
            1 => self.sha_256(operation),
            2 => self.sha_512(operation, &INITIAL_384),
            3 => self.sha_512(operation, &INITIAL_512),
            _ => return false,
        }
        true
    }

    fn block<const N: usize>(&self) -> [u8; N] {
        let mut block = [0; N];
        for (offset, bytes) in (0..).step_by(4).zip(block.as_chunks_mut::<4>().0) {
            *bytes = self.text.get(offset).to_be_bytes();
        }
        block
    }

    fn load(&mut self, words: impl Iterator<Item = u32>) {
        for (offset, word) in (0..).step_by(4).zip(words) {
            self.text.set(offset, word);
        }
    }

    fn sha_1(&mut self, operation: u32) {
        if operation == LOAD {
            self.load(self.state_1.into_iter());
            return;
        }
        if operation != CONTINUE {
            self.state_1 = INITIAL_1;
        }
        let block = self.block();
        sha1::block_api::compress(&mut self.state_1, &[block]);
    }

    fn sha_256(&mut self, operation: u32) {
        if operation == LOAD {
            self.load(self.state_256.into_iter());
            return;
        }
        if operation != CONTINUE {
            self.state_256 = INITIAL_256;
        }
        let block = self.block();
        compress256(&mut self.state_256, &[block]);
    }

    fn sha_512(&mut self, operation: u32, initial: &[u64; 8]) {
        if operation == LOAD {
            let halves = |word: u64| [(word >> 32) as u32, word as u32];
            self.load(self.state_512.into_iter().flat_map(halves));
            return;
        }
        if operation != CONTINUE {
            self.state_512 = *initial;
        }
        let block = self.block();
        compress512(&mut self.state_512, &[block]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sha1::Digest;

    /// Does what a driver does: pads, gives the blocks, reads the digest.
    fn hash(sha: &mut Sha, start: u32, block: usize, digest: usize, message: &[u8]) -> Vec<u8> {
        let mut padded = message.to_vec();
        padded.push(0x80);
        while padded.len() % block != block - block / 8 {
            padded.push(0);
        }
        // The length in bits, of 8 bytes or of 16.
        padded.resize(padded.len() + block / 8 - 8, 0);
        padded.extend((message.len() as u64 * 8).to_be_bytes());
        for (number, block) in padded.chunks(block).enumerate() {
            for (offset, word) in (0..).step_by(4).zip(block.as_chunks::<4>().0) {
                assert!(sha.write(offset, u32::from_be_bytes(*word)));
            }
            assert!(sha.write(start + if number == 0 { 0 } else { CONTINUE }, 1));
            assert_eq!(sha.read(start + BUSY), 0);
        }
        assert!(sha.write(start + LOAD, 1));
        let words = (0..digest as u32).step_by(4).map(|offset| sha.read(offset));
        words.flat_map(u32::to_be_bytes).collect()
    }

    #[test]
    fn digests_are_those_of_the_algorithms() {
        let mut sha = Sha::default();
        for len in [0, 3, 55, 56, 111, 112, 200, 1000] {
            let message: Vec<u8> = (0..len).map(|index| (index * 7) as u8).collect();
            assert_eq!(
                hash(&mut sha, 0x80, 64, 20, &message),
                sha1::Sha1::digest(&message)[..],
                "{len}"
            );
            assert_eq!(
                hash(&mut sha, 0x90, 64, 32, &message),
                sha2::Sha256::digest(&message)[..],
                "{len}"
            );
            assert_eq!(
                hash(&mut sha, 0xA0, 128, 48, &message),
                sha2::Sha384::digest(&message)[..],
                "{len}"
            );
            assert_eq!(
                hash(&mut sha, 0xB0, 128, 64, &message),
                sha2::Sha512::digest(&message)[..],
                "{len}"
            );
        }
    }

    #[test]
    fn engines_do_not_disturb_each_other() {
        let mut sha = Sha::default();
        sha.write(0, 0x6162_6380);
        sha.write(0x3C, 24);
        sha.write(0x90, 1);
        // Another algorithm's block between.
        sha.write(0x80, 1);
        sha.write(0x98, 1);
        assert_eq!(sha.read(0), 0xBA78_16BF);
    }

    #[test]
    fn what_is_behind_is_not_there() {
        assert!(!Sha::default().write(0xC0, 1));
    }
}
