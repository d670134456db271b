fn main() {
    println!("greeting {}", shared::number());
}
