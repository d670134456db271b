#[test]
fn crates_by_path() {
    assert_eq!(measurement::UNIT, "degrees of reading");
    assert_eq!(measurement::SETTINGS, ("debug", "3"));
    assert_eq!(measurement::DEVICES, "lo");
    assert_eq!(textwrap::wrap("ab cd", 5), ["ab", "cd"]);
}
