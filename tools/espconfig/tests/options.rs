//! Which options a component sees.

use espconfig::{Names, choose};

const SDKCONFIG_H: &str = "\
/* generated */
#pragma once
#define CONFIG_LOG_LEVEL 3
#define CONFIG_LOG_COLORS 1
#define CONFIG_UART_0 1
#define CONFIG_UART_1 2
#define CONFIG_OLD_LEVEL CONFIG_LOG_LEVEL
";

fn names(text: &str) -> Names {
    let mut names = Names::default();
    names.mention(text.as_bytes());
    names
}

#[test]
fn what_is_mentioned_is_kept_with_all_that_is_no_option() {
    assert_eq!(
        choose(SDKCONFIG_H, &names("#if CONFIG_LOG_COLORS")),
        "/* generated */\n#pragma once\n#define CONFIG_LOG_COLORS 1\n"
    );
}

#[test]
fn an_old_name_brings_the_new_one() {
    assert_eq!(
        choose(SDKCONFIG_H, &names("int a = CONFIG_OLD_LEVEL;")),
        "/* generated */\n#pragma once\n#define CONFIG_LOG_LEVEL 3\n#define CONFIG_OLD_LEVEL CONFIG_LOG_LEVEL\n"
    );
}

#[test]
fn names_that_are_put_together_bring_all_that_begin_so() {
    let text = "#define UART(n) CONFIG_UART_ ## n";
    assert_eq!(names(text).to_list(), "CONFIG_UART_*\n");
    assert_eq!(
        choose(SDKCONFIG_H, &names(text)),
        "/* generated */\n#pragma once\n#define CONFIG_UART_0 1\n#define CONFIG_UART_1 2\n"
    );
}

#[test]
fn other_words_are_no_options() {
    for text in ["MY_CONFIG_A", "CONFIG_", "config_a", "CONFI", ""] {
        assert_eq!(names(text), Names::default(), "{text}");
    }
    assert_eq!(names("CONFIG_A").to_list(), "CONFIG_A\n");
}

#[test]
fn a_list_is_read_back() {
    let mut again = Names::default();
    let first = names("CONFIG_A CONFIG_B_##n \"CONFIG_C\"");
    again.add_list(&first.to_list());
    assert_eq!(again, first);
}
