fn main() {
    panic!("the real one would download ESP-IDF");
}
