//! SPIFFS images, as ESP-IDF's SPIFFS mounts them.
//!
//! Flash is a row of blocks, a block a row of pages. The first pages of a block, the lookup, name the object of each of its other
//! pages; an object (a file) is one or more index pages, which list its data pages, and the data pages. Everything is little-endian,
//! object ids, span indices and page indices have 16 bits (`spiffs_nucleus.h` of SPIFFS 0.3.7, `spiffs_config.h` of ESP-IDF).

use crate::error::Error;
use crate::files::{File, Files};
use crate::space::{Kind, SECTOR_LEN, Space};

/// What the image is for.
pub const KIND: Kind = Kind {
    image: "a SPIFFS image",
    subtype: Some(0x82),
    wanted: "type data, subtype spiffs",
    least: 2 * SECTOR_LEN,
};

/// A block is a sector (`esp_spiffs.c`: `phys_erase_block`, `log_block_size`).
const BLOCK_LEN: usize = SECTOR_LEN as usize;
const ID_LEN: usize = 2;
const INDEX_ID: u16 = 0x8000;
const MAGIC: u32 = 0x2014_0529;
/// Bits of a page's flags that are cleared: used, final, and for an index page that it is one.
const FLAGS_DATA: u8 = 0xFC;
const FLAGS_INDEX: u8 = 0xF8;
const TYPE_FILE: u8 = 1;
/// Object id, span index, flags.
const DATA_HEADER_LEN: usize = 5;
/// The same, padded to 4 bytes.
const INDEX_HEADER_LEN: usize = 8;
/// Of a first index page besides: size and type; then come name and metadata.
const SIZE_AND_TYPE_LEN: usize = 5;

/// What ESP-IDF's SPIFFS is configured to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// CONFIG_SPIFFS_PAGE_SIZE, in bytes.
    pub page_len: u32,
    /// CONFIG_SPIFFS_OBJ_NAME_LEN, in bytes, with the NUL at its end.
    pub name_len: u32,
    /// CONFIG_SPIFFS_META_LENGTH, in bytes.
    pub meta_len: u32,
    /// CONFIG_SPIFFS_USE_MAGIC.
    pub magic: bool,
    /// CONFIG_SPIFFS_USE_MAGIC_LENGTH.
    pub magic_len: bool,
}

impl Default for Settings {
    /// ESP-IDF's defaults.
    fn default() -> Self {
        Self {
            page_len: 256,
            name_len: 32,
            meta_len: 4,
            magic: true,
            magic_len: true,
        }
    }
}

impl Settings {
    fn check(&self) -> Result<(), Error> {
        let setting = |what, value, fix: String| Err(Error::SpiffsSetting { what, value, fix });
        if ![256, 512, 1024].contains(&self.page_len) {
            let fix = "SPIFFS_PAGE_SIZE is 256, 512 or 1024".to_owned();
            return setting("pages", self.page_len, fix);
        }
        if !(1..=256).contains(&self.name_len) {
            let fix = "SPIFFS_OBJ_NAME_LEN is 1 to 256".to_owned();
            return setting("names", self.name_len, fix);
        }
        // spiffs_config.h: SPIFFS_PAGE_EXTRA_SIZE.
        let room = (self.page_len - 64).saturating_sub(self.name_len);
        if self.meta_len > room {
            let fix = format!("beside names, SPIFFS_META_LENGTH is at most {room}");
            return setting("metadata", self.meta_len, fix);
        }
        Ok(())
    }

    fn page_len(&self) -> usize {
        self.page_len as usize
    }

    fn lookup_pages(&self) -> usize {
        (BLOCK_LEN / self.page_len() * ID_LEN).div_ceil(self.page_len())
    }

    fn first_index_header_len(&self) -> usize {
        INDEX_HEADER_LEN + SIZE_AND_TYPE_LEN + (self.name_len + self.meta_len) as usize
    }
}

/// An image with these files, which fills `space`.
pub fn image(files: &Files, settings: Settings, space: &Space) -> Result<Vec<u8>, Error> {
    settings.check()?;
    for (path, file) in files.iter() {
        // SPIFFS has no folders: the path, with a slash before it, is the name.
        let len = path.len() + 2;
        if len > settings.name_len as usize {
            return Err(Error::FileName {
                file: file.source.clone(),
                problem: format!(
                    "'/{path}' has {len} bytes with the NUL at its end, and names in SPIFFS have at most {}",
                    settings.name_len
                ),
                fix: "rename it, or raise SPIFFS_OBJ_NAME_LEN in both sdkconfig and `obj_name_len`"
                    .to_owned(),
            });
        }
    }
    space.fill(&files.describe(), |len| {
        let mut writer = Writer::new(settings, len as usize);
        for (id, (path, file)) in (1..).zip(files.iter()) {
            if writer.file(id, path, file).is_none() {
                return Ok(None);
            }
        }
        Ok(Some(writer.image))
    })
}

struct Writer {
    settings: Settings,
    image: Vec<u8>,
    /// The next page, counted from the start of the image.
    next: usize,
}

impl Writer {
    fn new(settings: Settings, len: usize) -> Self {
        let mut image = vec![0xFF; len];
        let blocks = len / BLOCK_LEN;
        // SPIFFS_MAGIC and SPIFFS_MAGIC_PADDR: the last place but one of the lookup.
        let at = settings.lookup_pages() * settings.page_len() - 2 * ID_LEN;
        for (index, block) in image.as_chunks_mut::<BLOCK_LEN>().0.iter_mut().enumerate() {
            let len = if settings.magic_len {
                (blocks - index) as u32
            } else {
                0
            };
            let magic = (MAGIC ^ settings.page_len ^ len) as u16;
            if settings.magic {
                block[at..][..ID_LEN].copy_from_slice(&magic.to_le_bytes());
            }
        }
        Self {
            settings,
            image,
            next: 0,
        }
    }

    /// Takes a page for an object, and starts it with its header. Returns the page's number, or nothing where none is left.
    fn page(&mut self, id: u16, span: u16, flags: u8) -> Option<usize> {
        let pages_per_block = BLOCK_LEN / self.settings.page_len();
        let lookup_pages = self.settings.lookup_pages();
        if self.next.is_multiple_of(pages_per_block) {
            self.next += lookup_pages;
        }
        let page = self.next;
        let start = page * self.settings.page_len();
        if start >= self.image.len() || page > usize::from(u16::MAX) {
            return None;
        }
        self.next += 1;
        let (block, index) = (page / pages_per_block, page % pages_per_block);
        let entry = block * BLOCK_LEN + (index - lookup_pages) * ID_LEN;
        self.image[entry..][..ID_LEN].copy_from_slice(&id.to_le_bytes());
        self.image[start..][..2].copy_from_slice(&id.to_le_bytes());
        self.image[start + 2..][..2].copy_from_slice(&span.to_le_bytes());
        self.image[start + 4] = flags;
        Some(page)
    }

    fn file(&mut self, id: u16, path: &str, file: &File) -> Option<()> {
        let page_len = self.settings.page_len();
        let mut index_span = 0;
        let mut index = self.page(id | INDEX_ID, index_span, FLAGS_INDEX)? * page_len;
        let mut index_end = index + page_len;
        let header_len = self.settings.first_index_header_len();
        let header = &mut self.image[index + INDEX_HEADER_LEN..index + header_len];
        header.fill(0);
        header[..4].copy_from_slice(&(file.contents.len() as u32).to_le_bytes());
        header[4] = TYPE_FILE;
        header[SIZE_AND_TYPE_LEN] = b'/';
        header[SIZE_AND_TYPE_LEN + 1..][..path.len()].copy_from_slice(path.as_bytes());
        index += header_len;

        for (span, data) in (0..).zip(file.contents.chunks(page_len - DATA_HEADER_LEN)) {
            if index + ID_LEN > index_end {
                index_span += 1;
                index = self.page(id | INDEX_ID, index_span, FLAGS_INDEX)? * page_len;
                index_end = index + page_len;
                index += INDEX_HEADER_LEN;
            }
            let page = self.page(id, span, FLAGS_DATA)?;
            self.image[page * page_len + DATA_HEADER_LEN..][..data.len()].copy_from_slice(data);
            self.image[index..][..ID_LEN].copy_from_slice(&(page as u16).to_le_bytes());
            index += ID_LEN;
        }
        Some(())
    }
}
