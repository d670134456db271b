//! The merged image is what a programmer writes to offset 0.

use std::fs;

/// Of the partition `site` in partitions.csv.
const SITE_OFFSET: usize = 0xf000;

#[test]
fn site_is_in_its_partition() {
    let image = fs::read("image.bin").expect("the merged image is there");
    let site = fs::read("site.txt").expect("the partition's file is there");
    assert_eq!(&image[SITE_OFFSET..][..site.len()], site);
    assert_eq!(
        image[SITE_OFFSET + site.len()],
        0xFF,
        "the rest is erased flash"
    );
}

#[test]
fn flasher_args_name_the_partition() {
    let args = fs::read_to_string("image/flasher_args.json").expect("the arguments are there");
    assert!(args.contains(r#""0xf000": "site.bin""#), "{args}");
}
