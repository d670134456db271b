//! What becomes of an sdkconfig.defaults.

use std::collections::BTreeSet;

use espconfig::defaults::{Options, changes, rewrite};

fn rewritten(text: &str, earlier: &[&str], minimal: &str, all: &str) -> String {
    let earlier: Vec<String> = earlier.iter().map(|&text| text.to_owned()).collect();
    let options = Options {
        earlier: &earlier,
        minimal,
        all,
    };
    rewrite(text, options, &BTreeSet::new())
}

#[test]
fn comments_and_the_order_of_lines_stay() {
    let text = "# the board has 4 MB\nCONFIG_SIZE_4MB=y\n\n# CONFIG_BUNDLE is not set\n";
    let minimal = "# Minimal\nCONFIG_BUNDLE=n\nCONFIG_SIZE_4MB=y\n";
    assert_eq!(rewritten(text, &[], minimal, minimal), text);
}

#[test]
fn what_changes_is_changed_where_it_is_and_what_is_new_comes_last() {
    let minimal = "CONFIG_A=2\nCONFIG_B=y\nCONFIG_C=\"x=1\"\n";
    assert_eq!(
        rewritten("CONFIG_B=y\nCONFIG_A=1\n", &[], minimal, minimal),
        "CONFIG_B=y\nCONFIG_A=2\nCONFIG_C=\"x=1\"\n"
    );
}

#[test]
fn what_kconfig_says_itself_goes() {
    assert_eq!(
        rewritten(
            "CONFIG_A=1\nCONFIG_B=y\n",
            &[],
            "CONFIG_B=y\n",
            "CONFIG_A=1\nCONFIG_B=y\n"
        ),
        "CONFIG_B=y\n"
    );
}

#[test]
fn an_option_that_is_there_twice_is_there_once() {
    let minimal = "CONFIG_A=2\n";
    assert_eq!(
        rewritten("CONFIG_A=1\nCONFIG_A=2\n", &[], minimal, minimal),
        minimal
    );
}

#[test]
fn what_earlier_files_say_is_not_said_again() {
    let minimal = "CONFIG_A=1\nCONFIG_B=y\n";
    assert_eq!(
        rewritten(
            "CONFIG_B=y\n",
            &["CONFIG_A=3\n", "CONFIG_A=1\n"],
            minimal,
            minimal
        ),
        "CONFIG_B=y\n"
    );
}

#[test]
fn an_option_of_an_earlier_file_is_set_back_to_what_kconfig_says() {
    assert_eq!(
        rewritten(
            "",
            &["CONFIG_A=3\nCONFIG_B=y\n"],
            "",
            "CONFIG_A=1\n# CONFIG_B is not set\n"
        ),
        "CONFIG_A=1\nCONFIG_B=n\n"
    );
}

#[test]
fn an_option_that_is_no_more_is_not_set() {
    assert_eq!(rewritten("", &["CONFIG_GONE=3\n"], "", "CONFIG_A=1\n"), "");
}

#[test]
fn options_can_be_said_in_any_case() {
    let options = Options {
        earlier: &[],
        minimal: "",
        all: "CONFIG_A=1\n",
    };
    let names = BTreeSet::from(["CONFIG_A".to_owned(), "CONFIG_GONE".to_owned()]);
    assert_eq!(rewrite("", options, &names), "CONFIG_A=1\n");
}

#[test]
fn changes_say_what_was_and_what_is() {
    let said: Vec<String> = changes(
        "CONFIG_A=1\nCONFIG_B=y\n",
        "# CONFIG_B is not set\nCONFIG_C=7\n",
    )
    .iter()
    .map(ToString::to_string)
    .collect();
    assert_eq!(
        said,
        ["- CONFIG_A=1", "  CONFIG_B=n (was y)", "+ CONFIG_C=7"]
    );
}
