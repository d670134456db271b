# rust-std-xtensa-espidf: a program with std, and what it wants of ESP-IDF.
. "$(dirname "$0")/lib.sh"

std=$(nix-build "$nix" -A rust-std-xtensa-espidf --no-out-link)
rustc=$(nix-build "$nix" -A rustc-xtensa --no-out-link)/lib/rustlib/xtensa-esp32-none-elf/bin/rustc
ld=$(nix-build "$nix" -A xtensa-ld --no-out-link)/bin/xtensa-ld
ar=$(nix-build "$nix" -A llvm-xtensa --no-out-link)/lib/llvm-23/bin/llvm-ar
gnu=$(nix-build "$nix" -A binutils-xtensa --no-out-link)/bin/xtensa-esp32-elf-

cat >"$t/program.rs" <<'RS'
use std::{collections::HashMap, io::{Read, Write}, net::TcpStream, sync::{Arc, Mutex, mpsc}, thread, time::{Instant, SystemTime}};

#[unsafe(no_mangle)]
extern "C" fn app_main() {
    let start = Instant::now();
    let sum = Arc::new(Mutex::new(0));
    let (sender, receiver) = mpsc::channel();
    let threads: Vec<_> = (0..2)
        .map(|n| {
            let (sum, sender) = (sum.clone(), sender.clone());
            thread::spawn(move || {
                *sum.lock().unwrap() += n;
                sender.send(format!("thread {n}")).unwrap();
            })
        })
        .collect();
    drop(sender);
    receiver.iter().for_each(|line| println!("{line}"));
    threads.into_iter().for_each(|thread| thread.join().unwrap());
    let mut words: HashMap<String, u32> = HashMap::new();
    "a b a".split(' ').for_each(|word| *words.entry(word.to_string()).or_default() += 1);
    println!("{words:?} {} {:?}", 1.5 * words.len() as f32, std::fs::read_to_string("/data/a.txt"));
    if let Ok(mut stream) = TcpStream::connect("192.0.2.1:80") {
        stream.write_all(b"GET / HTTP/1.0\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        println!("{answer} {:?} {:?}", start.elapsed(), SystemTime::now());
    }
}
RS
mkdir "$t/objects"
expect "std: a program with threads, collections, files and network compiles" 0 "" \
  "$rustc" --target xtensa-esp32-espidf --sysroot "$std" --edition 2024 --crate-type staticlib --crate-name program -Copt-level=s -Cpanic=abort \
  -Clinker-plugin-lto -Clto=fat -Ccodegen-units=1 "$t/program.rs" -o "$t/libprogram.a"
(cd "$t/objects" && "$ar" x "$t/libprogram.a") >"$t/out" 2>&1
expect "std: LLVM makes the code" 0 "" "$ld" --native "$t/objects/native.o" "$t"/objects/*.rcgu.o
"${gnu}ld" -r -o "$t/all.o" "$t/objects/native.o" "$t/objects/compiler_builtins.o" 2>"$t/out"
# the names of C libraries, threads (pthread_*), lwip (lwip_*) and ESP-IDF (esp_*)
same "std: what it wants of ESP-IDF" \
  "$("${gnu}nm" --undefined-only "$t/all.o" | sed 's/^ *U //; s/^pthread_.*/pthread_*/; s/^lwip_.*/lwip_*/' | LC_ALL=C sort -u | tr '\n' ' ')" \
  "__errno __xpg_strerror_r abort calloc clock_gettime close esp_fill_random free fstat getenv lwip_* malloc memcmp memcpy memmove memset open posix_memalign pthread_* read realloc sched_yield strlen write "
