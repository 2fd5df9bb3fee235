//! What a program needs below itself: an entry point, two system calls, the memory functions that compiled code calls,
//! and a panic handler.

use core::arch::{asm, global_asm};
use core::panic::PanicInfo;

// The kernel enters here with an aligned stack and no return address.
global_asm!(".globl _start", "_start:", "xor ebp, ebp", "call {start}", "ud2", start = sym start);

// Compiled code calls these, and no library here has them. In assembly, a compiler cannot turn them into calls of
// themselves, nor drop them before it needs them.
global_asm!(
    ".globl memcpy, memmove, memset, memcmp, bcmp, rust_eh_personality, _Unwind_Resume",
    "memcpy:",
    "memmove:",
    "mov rax, rdi",
    "mov rcx, rdx",
    "mov r8, rdi",
    "sub r8, rsi",
    "cmp r8, rdx",
    "jb 2f",
    "rep movsb",
    "ret",
    "2:", // the destination begins inside the source: from the end
    "lea rdi, [rdi + rcx - 1]",
    "lea rsi, [rsi + rcx - 1]",
    "std",
    "rep movsb",
    "cld",
    "ret",
    "memset:",
    "mov r8, rdi",
    "mov eax, esi",
    "mov rcx, rdx",
    "rep stosb",
    "mov rax, r8",
    "ret",
    "memcmp:",
    "bcmp:",
    "mov rcx, rdx",
    "cmp rcx, rcx", // equal, should there be nothing to compare
    "repe cmpsb",
    "je 3f",
    "movzx eax, byte ptr [rdi - 1]",
    "movzx ecx, byte ptr [rsi - 1]",
    "sub eax, ecx",
    "ret",
    "3:",
    "xor eax, eax",
    "ret",
    // Nothing unwinds here; the core library, built for unwinding, names these all the same.
    "rust_eh_personality:",
    "_Unwind_Resume:",
    "ud2",
);

extern "C" fn start() -> ! {
    exit(crate::main())
}

/// Writes to standard output.
pub fn print(mut bytes: &[u8]) {
    while !bytes.is_empty() {
        let written: isize;
        // SAFETY: write(1, pointer, length) only reads the slice.
        unsafe {
            asm!("syscall", inlateout("rax") 1_isize => written, in("rdi") 1, in("rsi") bytes.as_ptr(),
                in("rdx") bytes.len(), out("rcx") _, out("r11") _, options(nostack, readonly));
        }
        let Some(rest) = usize::try_from(written).ok().and_then(|n| bytes.get(n..)) else { return };
        bytes = rest;
    }
}

/// Ends the program.
pub fn exit(status: i32) -> ! {
    // SAFETY: exit_group does not return.
    unsafe { asm!("syscall", in("rax") 231, in("edi") status, options(noreturn, nostack)) }
}

#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    print(b"no-alloc: panic\n");
    exit(101)
}

/// Standard output for formatted text.
pub struct Stdout;

impl core::fmt::Write for Stdout {
    fn write_str(&mut self, text: &str) -> core::fmt::Result {
        print(text.as_bytes());
        Ok(())
    }
}
