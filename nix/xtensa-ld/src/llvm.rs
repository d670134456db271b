//! The part of LLVM's C API (llvm-c/Core.h, BitReader.h, BitWriter.h) that is used here, as values that own what they stand for.

use std::{
    ffi::{CStr, CString, c_char, c_int, c_uint},
    marker::PhantomData,
    path::Path,
    ptr, slice,
};

type Raw = *mut core::ffi::c_void;

/// `LLVMLinkage` (llvm-c/Core.h).
const EXTERNAL: c_int = 0;
const INTERNAL: c_int = 8;
const PRIVATE: c_int = 9;
/// `LLVMHiddenVisibility`.
const HIDDEN: c_int = 1;
/// `LLVMOpcode`.
const CALL: c_int = 45;
const SELECT: c_int = 46;
const UI_TO_FP: c_int = 35;
const SI_TO_FP: c_int = 36;
/// `LLVMTypeKind`.
const HALF: c_int = 1;
const FLOAT: c_int = 2;
const INTEGER: c_int = 8;

#[link(name = "LLVM-23")]
unsafe extern "C" {
    fn LLVMContextCreate() -> Raw;
    fn LLVMContextDispose(context: Raw);
    fn LLVMContextSetDiagnosticHandler(
        context: Raw,
        handler: unsafe extern "C" fn(Raw, Raw),
        data: Raw,
    );
    fn LLVMGetDiagInfoDescription(info: Raw) -> *mut c_char;
    fn LLVMCreateMemoryBufferWithMemoryRangeCopy(
        data: *const u8,
        len: usize,
        name: *const c_char,
    ) -> Raw;
    fn LLVMDisposeMemoryBuffer(buffer: Raw);
    fn LLVMParseBitcodeInContext2(context: Raw, buffer: Raw, module: *mut Raw) -> c_int;
    fn LLVMWriteBitcodeToFile(module: Raw, path: *const c_char) -> c_int;
    fn LLVMDisposeModule(module: Raw);
    fn LLVMModuleCreateWithNameInContext(name: *const c_char, context: Raw) -> Raw;
    fn LLVMGetTarget(module: Raw) -> *const c_char;
    fn LLVMSetTarget(module: Raw, triple: *const c_char);
    fn LLVMGetDataLayoutStr(module: Raw) -> *const c_char;
    fn LLVMSetDataLayout(module: Raw, layout: *const c_char);
    fn LLVMDisposeMessage(message: *mut c_char);
    fn LLVMGetModuleInlineAsm(module: Raw, len: *mut usize) -> *const u8;
    fn LLVMSetModuleInlineAsm2(module: Raw, text: *const u8, len: usize);
    fn LLVMGetFirstFunction(module: Raw) -> Raw;
    fn LLVMGetNextFunction(value: Raw) -> Raw;
    fn LLVMGetFirstGlobal(module: Raw) -> Raw;
    fn LLVMGetNextGlobal(value: Raw) -> Raw;
    fn LLVMGetFirstGlobalAlias(module: Raw) -> Raw;
    fn LLVMGetNextGlobalAlias(value: Raw) -> Raw;
    fn LLVMGetFirstBasicBlock(function: Raw) -> Raw;
    fn LLVMGetNextBasicBlock(block: Raw) -> Raw;
    fn LLVMGetFirstInstruction(block: Raw) -> Raw;
    fn LLVMGetNextInstruction(instruction: Raw) -> Raw;
    fn LLVMGetValueName2(value: Raw, len: *mut usize) -> *const u8;
    fn LLVMIsDeclaration(value: Raw) -> c_int;
    fn LLVMGetLinkage(value: Raw) -> c_int;
    fn LLVMSetLinkage(value: Raw, linkage: c_int);
    fn LLVMSetVisibility(value: Raw, visibility: c_int);
    fn LLVMGetInstructionOpcode(instruction: Raw) -> c_int;
    fn LLVMGetNumOperands(value: Raw) -> c_int;
    fn LLVMGetOperand(value: Raw, index: c_uint) -> Raw;
    fn LLVMSetOperand(value: Raw, index: c_uint, operand: Raw);
    fn LLVMTypeOf(value: Raw) -> Raw;
    fn LLVMGetTypeKind(ty: Raw) -> c_int;
    fn LLVMGetIntTypeWidth(ty: Raw) -> c_uint;
    fn LLVMIntTypeInContext(context: Raw, bits: c_uint) -> Raw;
    fn LLVMConstReal(ty: Raw, value: f64) -> Raw;
    fn LLVMConstBitCast(value: Raw, ty: Raw) -> Raw;
    fn LLVMIsAConstantFP(value: Raw) -> Raw;
    fn LLVMIsAInlineAsm(value: Raw) -> Raw;
    fn LLVMGetCalledValue(call: Raw) -> Raw;
    fn LLVMGetInlineAsmAsmString(value: Raw, len: *mut usize) -> *const u8;
    fn LLVMGetInlineAsmConstraintString(value: Raw, len: *mut usize) -> *const u8;
    fn LLVMGetInlineAsmHasSideEffects(value: Raw) -> c_int;
    fn LLVMGetInlineAsmNeedsAlignedStack(value: Raw) -> c_int;
    fn LLVMGetInlineAsmCanUnwind(value: Raw) -> c_int;
    fn LLVMGetInlineAsmDialect(value: Raw) -> c_int;
    fn LLVMGetInlineAsmFunctionType(value: Raw) -> Raw;
    #[allow(clippy::too_many_arguments)]
    fn LLVMGetInlineAsm(
        ty: Raw,
        text: *const u8,
        text_len: usize,
        constraints: *const u8,
        constraints_len: usize,
        has_side_effects: c_int,
        is_align_stack: c_int,
        dialect: c_int,
        can_throw: c_int,
    ) -> Raw;
    fn LLVMCreateBuilderInContext(context: Raw) -> Raw;
    fn LLVMDisposeBuilder(builder: Raw);
    fn LLVMPositionBuilderBefore(builder: Raw, instruction: Raw);
    fn LLVMBuildSelect(
        builder: Raw,
        condition: Raw,
        then: Raw,
        otherwise: Raw,
        name: *const c_char,
    ) -> Raw;
    fn LLVMBuildBitCast(builder: Raw, value: Raw, ty: Raw, name: *const c_char) -> Raw;
    fn LLVMReplaceAllUsesWith(old: Raw, new: Raw);
    fn LLVMInstructionEraseFromParent(instruction: Raw);
}

/// Takes a message of LLVM's.
unsafe fn message(text: *mut c_char) -> String {
    if text.is_null() {
        return "no message".into();
    }
    // SAFETY: LLVM's messages end with NUL and are given away.
    unsafe {
        let string = CStr::from_ptr(text).to_string_lossy().into_owned();
        LLVMDisposeMessage(text);
        string
    }
}

unsafe extern "C" fn note(info: Raw, data: Raw) {
    // SAFETY: `data` is the String of `Module::parse`.
    unsafe { *data.cast::<String>() = message(LLVMGetDiagInfoDescription(info)) };
}

/// A module of bitcode.
pub struct Module {
    context: Raw,
    module: Raw,
}

impl Module {
    /// Parses bitcode, of this LLVM or an earlier one; says what is wrong with it.
    pub fn parse(bitcode: &[u8]) -> Result<Self, String> {
        let mut why = String::new();
        let mut module = ptr::null_mut();
        // SAFETY: the buffer is a copy, and LLVM gives it back; `why` outlives the call, after which nobody notes anything.
        unsafe {
            let context = LLVMContextCreate();
            LLVMContextSetDiagnosticHandler(context, note, (&raw mut why).cast());
            let buffer = LLVMCreateMemoryBufferWithMemoryRangeCopy(
                bitcode.as_ptr(),
                bitcode.len(),
                c"".as_ptr(),
            );
            let failed = LLVMParseBitcodeInContext2(context, buffer, &mut module) != 0;
            LLVMDisposeMemoryBuffer(buffer);
            if failed {
                LLVMContextDispose(context);
                return Err(why);
            }
            Ok(Self { context, module })
        }
    }

    /// A module for the same target with nothing in it.
    pub fn empty(&self) -> Self {
        // SAFETY: the strings are the module's, and are copied.
        unsafe {
            let context = LLVMContextCreate();
            let module = LLVMModuleCreateWithNameInContext(c"".as_ptr(), context);
            LLVMSetTarget(module, LLVMGetTarget(self.module));
            LLVMSetDataLayout(module, LLVMGetDataLayoutStr(self.module));
            Self { context, module }
        }
    }

    /// Writes bitcode.
    pub fn write(&self, path: &Path) -> Result<(), String> {
        let name =
            CString::new(path.as_os_str().as_encoded_bytes()).map_err(|_| "a NUL in the path")?;
        // SAFETY: the name ends with NUL.
        if unsafe { LLVMWriteBitcodeToFile(self.module, name.as_ptr()) } == 0 {
            Ok(())
        } else {
            Err("cannot be written".into())
        }
    }

    /// The module's assembly: `global_asm!` and naked functions.
    pub fn assembly(&self) -> String {
        let mut len = 0;
        // SAFETY: the text is the module's, and is copied.
        unsafe { text(LLVMGetModuleInlineAsm(self.module, &mut len), len) }
    }

    /// Replaces the module's assembly.
    pub fn set_assembly(&mut self, text: &str) {
        // SAFETY: the text is copied.
        unsafe { LLVMSetModuleInlineAsm2(self.module, text.as_ptr(), text.len()) };
    }

    /// Functions, variables and aliases.
    pub fn globals(&self) -> impl Iterator<Item = Global<'_>> {
        // SAFETY: the lists are the module's, which is not changed while they are borrowed.
        unsafe {
            walk(LLVMGetFirstFunction(self.module), LLVMGetNextFunction)
                .chain(walk(LLVMGetFirstGlobal(self.module), LLVMGetNextGlobal))
                .chain(walk(
                    LLVMGetFirstGlobalAlias(self.module),
                    LLVMGetNextGlobalAlias,
                ))
                .map(|value| Global {
                    value,
                    module: PhantomData,
                })
        }
    }

    /// All calls of inline assembly, with the function that each is in.
    pub fn inline_assembly(&self) -> Vec<InlineAssembly<'_>> {
        self.instructions(CALL)
            .filter_map(|(function, call)| {
                // SAFETY: `call` is a call.
                let assembly = unsafe { LLVMIsAInlineAsm(LLVMGetCalledValue(call)) };
                (!assembly.is_null()).then_some(InlineAssembly {
                    function,
                    call,
                    assembly,
                    module: PhantomData,
                })
            })
            .collect()
    }

    /// Instructions of one kind, with the function that each is in.
    fn instructions(&self, opcode: c_int) -> impl Iterator<Item = (String, Raw)> {
        // SAFETY: the lists are the module's; each next is asked for before its predecessor is given out.
        unsafe {
            walk(LLVMGetFirstFunction(self.module), LLVMGetNextFunction).flat_map(move |function| {
                walk(LLVMGetFirstBasicBlock(function), LLVMGetNextBasicBlock)
                    .flat_map(|block| walk(LLVMGetFirstInstruction(block), LLVMGetNextInstruction))
                    .filter(move |&instruction| LLVMGetInstructionOpcode(instruction) == opcode)
                    .map(move |instruction| (name(function), instruction))
            })
        }
    }

    /// Replaces what chooses between two floating-point constants by what chooses between their bits; returns how many there were.
    ///
    /// LLVM 23 makes of `select`, and of a conversion from `i1`, a load from a table of both, which it cannot select for Xtensa
    /// (`DAGCombiner::convertSelectOfFPConstantsToLoadOffset`).
    pub fn choose_between_bits(&mut self) -> usize {
        let mut replaced = 0;
        let found: Vec<_> = [SELECT, UI_TO_FP, SI_TO_FP]
            .into_iter()
            .flat_map(|opcode| {
                self.instructions(opcode)
                    .map(move |(_, instruction)| (opcode, instruction))
                    .collect::<Vec<_>>()
            })
            .collect();
        for (opcode, instruction) in found {
            // SAFETY: operands are those of the instruction's kind; the builder makes values of the types that it is given.
            unsafe {
                let ty = LLVMTypeOf(instruction);
                let bits = match LLVMGetTypeKind(ty) {
                    HALF => 16,
                    FLOAT => 32,
                    _ => continue,
                };
                let condition = LLVMGetOperand(instruction, 0);
                let (then, otherwise) = if opcode == SELECT {
                    (
                        LLVMGetOperand(instruction, 1),
                        LLVMGetOperand(instruction, 2),
                    )
                } else {
                    let from = LLVMTypeOf(condition);
                    if LLVMGetTypeKind(from) != INTEGER || LLVMGetIntTypeWidth(from) != 1 {
                        continue;
                    }
                    (
                        LLVMConstReal(ty, if opcode == UI_TO_FP { 1.0 } else { -1.0 }),
                        LLVMConstReal(ty, 0.0),
                    )
                };
                if LLVMIsAConstantFP(then).is_null() || LLVMIsAConstantFP(otherwise).is_null() {
                    continue;
                }
                let int = LLVMIntTypeInContext(self.context, bits);
                let builder = LLVMCreateBuilderInContext(self.context);
                LLVMPositionBuilderBefore(builder, instruction);
                let chosen = LLVMBuildSelect(
                    builder,
                    condition,
                    LLVMConstBitCast(then, int),
                    LLVMConstBitCast(otherwise, int),
                    c"".as_ptr(),
                );
                let float = LLVMBuildBitCast(builder, chosen, ty, c"".as_ptr());
                LLVMDisposeBuilder(builder);
                LLVMReplaceAllUsesWith(instruction, float);
                LLVMInstructionEraseFromParent(instruction);
            }
            replaced += 1;
        }
        replaced
    }
}

impl Drop for Module {
    fn drop(&mut self) {
        // SAFETY: both are this value's.
        unsafe {
            LLVMDisposeModule(self.module);
            LLVMContextDispose(self.context);
        }
    }
}

/// A function, a variable or an alias.
pub struct Global<'a> {
    value: Raw,
    module: PhantomData<&'a Module>,
}

impl Global<'_> {
    /// Its symbol; empty if it has none.
    pub fn name(&self) -> String {
        // SAFETY: the value is the module's.
        unsafe { name(self.value) }
    }

    /// Whether it is defined elsewhere.
    pub fn is_declaration(&self) -> bool {
        // SAFETY: the value is a global one.
        unsafe { LLVMIsDeclaration(self.value) != 0 }
    }

    /// Makes a symbol that only its own object file sees one that other object files of the same program see, too.
    pub fn share(&self) {
        // SAFETY: the value is a global one.
        unsafe {
            if matches!(LLVMGetLinkage(self.value), INTERNAL | PRIVATE) {
                LLVMSetLinkage(self.value, EXTERNAL);
                LLVMSetVisibility(self.value, HIDDEN);
            }
        }
    }
}

/// A call of inline assembly.
pub struct InlineAssembly<'a> {
    /// The symbol of the function that it is in.
    pub function: String,
    call: Raw,
    assembly: Raw,
    module: PhantomData<&'a Module>,
}

impl InlineAssembly<'_> {
    /// The template, in LLVM's syntax: operands are `$0` or `${0:m}`.
    pub fn template(&self) -> String {
        let mut len = 0;
        // SAFETY: the value is inline assembly.
        unsafe { text(LLVMGetInlineAsmAsmString(self.assembly, &mut len), len) }
    }

    /// The constraints, in LLVM's syntax.
    pub fn constraints(&self) -> String {
        let mut len = 0;
        // SAFETY: the value is inline assembly.
        unsafe {
            text(
                LLVMGetInlineAsmConstraintString(self.assembly, &mut len),
                len,
            )
        }
    }

    /// Puts another template with other constraints for the same operands in its place.
    pub fn replace(&self, template: &str, constraints: &str) {
        // SAFETY: the new value has the old one's type; the callee is a call's last operand.
        unsafe {
            let new = LLVMGetInlineAsm(
                LLVMGetInlineAsmFunctionType(self.assembly),
                template.as_ptr(),
                template.len(),
                constraints.as_ptr(),
                constraints.len(),
                LLVMGetInlineAsmHasSideEffects(self.assembly),
                LLVMGetInlineAsmNeedsAlignedStack(self.assembly),
                LLVMGetInlineAsmDialect(self.assembly),
                LLVMGetInlineAsmCanUnwind(self.assembly),
            );
            LLVMSetOperand(self.call, LLVMGetNumOperands(self.call) as c_uint - 1, new);
        }
    }
}

/// A list of LLVM's.
unsafe fn walk(first: Raw, next: unsafe extern "C" fn(Raw) -> Raw) -> impl Iterator<Item = Raw> {
    std::iter::successors((!first.is_null()).then_some(first), move |&value| {
        // SAFETY: the value is in a list of this kind.
        let next = unsafe { next(value) };
        (!next.is_null()).then_some(next)
    })
}

unsafe fn name(value: Raw) -> String {
    let mut len = 0;
    // SAFETY: the value has a name, maybe an empty one.
    unsafe { text(LLVMGetValueName2(value, &mut len), len) }
}

unsafe fn text(start: *const u8, len: usize) -> String {
    if len == 0 {
        return String::new();
    }
    // SAFETY: LLVM gives the length with the start.
    String::from_utf8_lossy(unsafe { slice::from_raw_parts(start, len) }).into_owned()
}
