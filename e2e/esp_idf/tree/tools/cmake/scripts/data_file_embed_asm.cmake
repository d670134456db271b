# Writes assembly with a file's bytes: -D DATA_FILE=, SOURCE_FILE=, FILE_TYPE=BINARY|TEXT, and perhaps VARIABLE_BASENAME=.
if(NOT VARIABLE_BASENAME)
    get_filename_component(VARIABLE_BASENAME "${DATA_FILE}" NAME)
endif()
string(MAKE_C_IDENTIFIER "${VARIABLE_BASENAME}" name)
file(READ "${DATA_FILE}" bytes HEX)
string(LENGTH "${bytes}" length)
math(EXPR length "${length} / 2")
if(FILE_TYPE STREQUAL "TEXT")
    string(APPEND bytes "00")
    math(EXPR length "${length} + 1")
endif()
string(REGEX REPLACE "(..)" "    .byte 0x\\1\n" bytes "${bytes}")
file(WRITE "${SOURCE_FILE}" "    .section .rodata.embedded, \"a\"
    .p2align 2
    .global ${name}
    .global _binary_${name}_start
${name}:
_binary_${name}_start:
${bytes}    .global _binary_${name}_end
_binary_${name}_end:
    .p2align 2
    .global ${name}_length
${name}_length:
    .long ${length}
")
