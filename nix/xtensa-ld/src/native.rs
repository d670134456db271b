//! Makes native files of those with bitcode.

use std::{
    collections::BTreeSet,
    ffi::OsString,
    fs,
    io::Write,
    path::{Path, PathBuf},
    process::{self, Stdio},
    thread,
};

use crate::{
    archive, assembly,
    command::{Code, Tools},
    inline,
    llvm::Module,
};

/// How bitcode begins (llvm/BinaryFormat/Magic.cpp): by itself, or in a wrapper.
const BITCODE: [&[u8]; 2] = [b"BC\xC0\xDE", b"\xDE\xC0\x17\x0B"];

/// Makes files native, in a folder of its own.
pub struct Maker<'a> {
    tools: &'a Tools,
    code: &'a Code,
    folder: &'a Path,
}

impl<'a> Maker<'a> {
    /// A maker that leaves its files in `folder`, which it makes when it needs it.
    pub fn new(tools: &'a Tools, code: &'a Code, folder: &'a Path) -> Self {
        Self {
            tools,
            code,
            folder,
        }
    }

    /// The native files that stand for those with bitcode among the arguments of ld, which stay as they are otherwise.
    pub fn arguments(&self, args: Vec<OsString>) -> Result<Vec<OsString>, String> {
        let mut result = Vec::new();
        for arg in args {
            let path = Path::new(&arg);
            if arg.as_encoded_bytes().starts_with(b"-") || !path.is_file() {
                result.push(arg);
                continue;
            }
            match self.file(path)? {
                None => result.push(arg),
                Some(files) => result.extend(files.into_iter().map(PathBuf::into_os_string)),
            }
        }
        Ok(result)
    }

    /// The native files that stand for a file; `None` if it has no bitcode.
    pub fn file(&self, path: &Path) -> Result<Option<Vec<PathBuf>>, String> {
        let shown = path.display();
        let bytes = fs::read(path).map_err(|error| format!("{shown}: cannot be read: {error}"))?;
        let name = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        if is_bitcode(&bytes) {
            return self
                .object(&bytes, &name)
                .map(Some)
                .map_err(|why| format!("{shown}: {why}"));
        }
        if !archive::is_archive(&bytes) {
            return Ok(None);
        }
        let members =
            archive::members(&bytes).map_err(|why| format!("{shown}: the archive {why}"))?;
        if !members.iter().any(|(_, bytes)| is_bitcode(bytes)) {
            return Ok(None);
        }
        self.archive(&members, &name)
            .map(|archive| Some(vec![archive]))
            .map_err(|why| format!("{shown}{why}"))
    }

    fn archive(&self, members: &[(String, &[u8])], name: &str) -> Result<PathBuf, String> {
        let made = thread::scope(|scope| {
            let jobs: Vec<_> = members
                .iter()
                .enumerate()
                .map(|(i, (member, bytes))| {
                    scope.spawn(move || {
                        // members may have the same name
                        let file = format!("{name}.{i}.{member}");
                        if is_bitcode(bytes) {
                            self.object(bytes, &file)
                                .map_err(|why| format!("({member}): {why}"))
                        } else {
                            self.write(&file, bytes).map(|path| vec![path])
                        }
                    })
                })
                .collect();
            jobs.into_iter()
                .map(|job| job.join().expect("a panic has been shown"))
                .collect::<Result<Vec<_>, _>>()
        })?;
        let result = self.folder.join(name);
        // ar would add to it
        let _ = fs::remove_file(&result);
        let mut ar = process::Command::new(self.tools.gnu("ar"));
        ar.arg("rcsD").arg(&result).args(made.iter().flatten());
        run(&mut ar, b"").map_err(|why| format!(": {why}"))?;
        Ok(result)
    }

    /// Objects of a module's code, and of its assembly if it has any.
    fn object(&self, bitcode: &[u8], name: &str) -> Result<Vec<PathBuf>, String> {
        let mut module = Module::parse(bitcode)
            .map_err(|why| format!("is not bitcode that this LLVM reads: {why}"))?;
        module.choose_between_bits();
        for call in module.inline_assembly() {
            let rewritten =
                inline::rewrite(&call.template(), &call.constraints(), &mut |instruction| {
                    self.encode(instruction, name)
                });
            match rewritten {
                Ok(None) => {}
                Ok(Some((template, constraints))) => call.replace(&template, &constraints),
                Err(why) => return Err(format!("inline assembly in {}: {why}", call.function)),
            }
        }
        let mut objects: Vec<_> = self.assembly(&mut module, name)?.into_iter().collect();
        objects.insert(0, self.compile(&module, name, &self.code.features)?);
        Ok(objects)
    }

    /// An object of a module's assembly, if it has any; the module is then without. What either has of the other becomes visible.
    fn assembly(&self, module: &mut Module, name: &str) -> Result<Option<PathBuf>, String> {
        let text = module.assembly();
        if text.is_empty() {
            return Ok(None);
        }
        if let Some(l32r) = assembly::doubtful_l32r(&text) {
            return Err(format!(
                "assembly: `{l32r}`: LLVM may miss its literal by a word: give it one by `.literal NAME, VALUE`, \
                 or leave no gap (.space, .org and the like) in this assembly"
            ));
        }
        let rewritten =
            inline::rewrite(&text, "", &mut |instruction| self.encode(instruction, name))
                .map_err(|why| format!("assembly: {why}"))?;
        let mut own = module.empty();
        own.set_assembly(rewritten.as_ref().map_or(&text, |(text, _)| text));
        module.set_assembly("");
        // whatever it may use: crates save the FPU's registers where they have been compiled for a chip that has one
        let object = self.compile(&own, &format!("{name}.asm"), &[])?;

        let names = assembly::names(&text);
        let mut declared = BTreeSet::new();
        for global in module.globals() {
            if global.is_declaration() {
                declared.insert(global.name());
            } else if names.contains(&*global.name()) {
                global.share();
            }
        }
        let nm = run(
            process::Command::new(self.tools.gnu("nm")).arg(&object),
            b"",
        )?;
        let local: Vec<_> = assembly::local_symbols(&nm)
            .filter(|name| declared.contains(*name))
            .map(|name| format!("--globalize-symbol={name}"))
            .collect();
        if !local.is_empty() {
            run(
                process::Command::new(self.tools.gnu("objcopy"))
                    .args(local)
                    .arg(&object),
                b"",
            )?;
        }
        Ok(Some(object))
    }

    fn compile(&self, module: &Module, name: &str, features: &[String]) -> Result<PathBuf, String> {
        let bitcode = self.path(&format!("{name}.bc"))?;
        let object = self.path(&format!("{name}.o"))?;
        module
            .write(&bitcode)
            .map_err(|why| format!("{}: {why}", bitcode.display()))?;
        let mut llc = process::Command::new(&self.tools.llc);
        llc.arg(format!("-mcpu={}", self.code.cpu))
            .arg(format!("-O{}", self.code.level))
            .args(features.iter().map(|features| format!("-mattr={features}")))
            .args([
                "-filetype=obj",
                "-function-sections",
                "-data-sections",
                "-o",
            ])
            .args([&object, &bitcode]);
        run(&mut llc, b"")?;
        let _ = fs::remove_file(bitcode);
        Ok(object)
    }

    /// The bytes of one instruction.
    fn encode(&self, instruction: &str, name: &str) -> Result<Vec<u8>, String> {
        let object = self.path(&format!("{name}.instruction.o"))?;
        let binary = object.with_extension("bin");
        run(
            process::Command::new(self.tools.gnu("as"))
                .args(["--no-transform", "-o"])
                .args([&object, Path::new("-")]),
            format!("{instruction}\n").as_bytes(),
        )?;
        run(
            process::Command::new(self.tools.gnu("objcopy"))
                .args(["-O", "binary", "-j", ".text"])
                .args([&object, &binary]),
            b"",
        )?;
        let bytes = fs::read(&binary)
            .map_err(|error| format!("{}: cannot be read: {error}", binary.display()))?;
        let _ = (fs::remove_file(object), fs::remove_file(binary));
        // the length is in the low bits of the first byte (Xtensa ISA Reference Manual, "Instruction Formats"); the rest fills up
        let len = if bytes.first().is_some_and(|first| first & 8 == 0) {
            3
        } else {
            2
        };
        bytes
            .get(..len)
            .map(<[u8]>::to_vec)
            .ok_or_else(|| "GNU as makes no code of it".to_owned())
    }

    fn write(&self, name: &str, bytes: &[u8]) -> Result<PathBuf, String> {
        let path = self.path(name)?;
        fs::write(&path, bytes)
            .map_err(|error| format!("{}: cannot be written: {error}", path.display()))?;
        Ok(path)
    }

    fn path(&self, name: &str) -> Result<PathBuf, String> {
        fs::create_dir_all(self.folder)
            .map_err(|error| format!("{}: cannot be made: {error}", self.folder.display()))?;
        Ok(self.folder.join(name))
    }
}

fn is_bitcode(bytes: &[u8]) -> bool {
    BITCODE.iter().any(|magic| bytes.starts_with(magic))
}

/// Runs a program with `input` on its standard input, and returns what it prints; an error has what it says.
fn run(command: &mut process::Command, input: &[u8]) -> Result<String, String> {
    let program = command.get_program().to_string_lossy().into_owned();
    let start = |error| format!("{program} does not start: {error}");
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(start)?;
    // Errors of a program that stops reading are told by its status.
    let _ = child.stdin.take().expect("is piped").write_all(input);
    let output = child.wait_with_output().map_err(start)?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    // LLVM's own crash report is of no use to users, and has addresses that change
    let said: Vec<_> = said
        .lines()
        .take_while(|line| !line.starts_with("PLEASE submit a bug report"))
        .collect();
    Err(format!(
        "{program} fails ({}): {}",
        output.status,
        said.join("\n  ")
    ))
}
