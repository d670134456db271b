//! The wear levelling layer that ESP-IDF's FAT partitions have, as it is before the first write.
//!
//! A spare sector, the contents, in mode "safe" two sectors to save to, the state twice, and the configuration (ESP-IDF:
//! `components/wear_levelling/private_include/WL_State.h`, `WL_Config.h`).

use espimage::ota_data::crc32_of_rom;

use crate::space::SECTOR_LEN;

const SECTOR: usize = SECTOR_LEN as usize;
const STATE_HEADER_LEN: u32 = 64;
/// One record for each move of the spare sector.
const STATE_RECORD_LEN: u32 = 16;
const SPARE_SECTORS: u32 = 1;
const CONFIG_SECTORS: u32 = 1;
const SAVE_SECTORS: u32 = 2;
/// WL_CURRENT_VERSION.
const VERSION: u32 = 2;
/// WL_DEFAULT_UPDATERATE: writes between moves.
const UPDATE_RATE: u32 = 16;
/// WL_DEFAULT_WRITE_SIZE.
const WRITE_LEN: u32 = 16;
/// WL_DEFAULT_TEMP_BUFF_SIZE.
const BUFFER_LEN: u32 = 32;
/// A number of the device, which wear levelling copies into its records to know them by. Any will do; on a chip it is random.
const DEVICE_ID: u32 = 0x6573_7064;

fn state_sectors(len: u32) -> u32 {
    let records = len / SECTOR_LEN * STATE_RECORD_LEN;
    (STATE_HEADER_LEN + records).div_ceil(SECTOR_LEN)
}

/// Bytes for contents in a partition of `len` bytes, a multiple of the sector; 0 where there is no room for any. `safe` is
/// CONFIG_WL_SECTOR_MODE_SAFE.
pub fn contents_len(len: u32, safe: bool) -> u32 {
    let save = if safe { SAVE_SECTORS } else { 0 };
    let own = SPARE_SECTORS + CONFIG_SECTORS + save + 2 * state_sectors(len);
    (len / SECTOR_LEN).saturating_sub(own) * SECTOR_LEN
}

/// The partition of `len` bytes that has `contents`, of [`contents_len`] bytes.
pub fn image(contents: &[u8], len: u32, safe: bool) -> Vec<u8> {
    assert_eq!(contents.len(), contents_len(len, safe) as usize);
    let save = if safe { SAVE_SECTORS } else { 0 };
    let mut image = vec![0xFF; SECTOR * SPARE_SECTORS as usize];
    image.extend(contents);
    image.resize(image.len() + SECTOR * save as usize, 0xFF);

    let movable = contents.len() as u32 / SECTOR_LEN + SPARE_SECTORS + save;
    // pos, max_pos, move_count, access_count, max_count, block_size, version, device_id, reserved[7]
    let mut state = [0; 15];
    state[1] = movable;
    state[4] = UPDATE_RATE;
    state[5] = SECTOR_LEN;
    state[6] = VERSION;
    state[7] = DEVICE_ID;
    for _ in 0..2 {
        let end = image.len() + SECTOR * state_sectors(len) as usize;
        push_with_crc(&mut image, &state);
        image.resize(end, 0xFF);
    }

    // wl_partition_start_addr, wl_partition_size, wl_page_size, flash_sector_size, wl_update_rate, wl_pos_update_record_size,
    // version, wl_temp_buff_size; then the CRC, and padding to a multiple of 16 bytes.
    let config = [
        0,
        len,
        SECTOR_LEN,
        SECTOR_LEN,
        UPDATE_RATE,
        WRITE_LEN,
        VERSION,
        BUFFER_LEN,
    ];
    push_with_crc(&mut image, &config);
    image.extend([0; 12]);
    image.resize(len as usize, 0xFF);
    image
}

fn push_with_crc(image: &mut Vec<u8>, words: &[u32]) {
    let start = image.len();
    image.extend(words.iter().flat_map(|word| word.to_le_bytes()));
    let crc = crc32_of_rom(&image[start..]);
    image.extend(crc.to_le_bytes());
}
