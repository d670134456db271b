"""What the targets of an ESP-IDF project say to each other, and to the rules for components and firmware."""

IdfIncludeInfo = provider(
    "A folder of headers.",
    fields = {
        "headers": "depset of Files: what is in it.",
        "options": "File: the names of the options that the headers mention, or None where there are none to look for.",
        "path": "string: the folder, from the execution root.",
    },
)

IdfSdkconfigInfo = provider(
    "An sdkconfig.h with the options that one component sees, so that a change of another option compiles nothing of it.",
    fields = {
        "header": "File: sdkconfig.h, alone in its folder.",
    },
)

IdfProjectInfo = provider(
    "What all code of a configured ESP-IDF project shares.",
    fields = {
        "asm_flags": "list of strings: arguments of the compiler for the project's own assembly.",
        "c_flags": "list of strings: the same for C.",
        "chip": "string: the chip that it is for.",
        "cxx_flags": "list of strings: the same for C++.",
        "defines": "list of strings: preprocessor definitions for the project's own code.",
        "label": "Label of the project.",
        "ldgen": "struct (script: File, files: depset of Files, python: File, python_files: depset of Files, kconfig: File, sdkconfig: File), or None: what makes sections.ld.",
        "libraries": "list of Files: the toolchain's own libraries, in the linker's order.",
        "link_order": "list of strings: names of archives in the linker's order.",
        "linker_scripts": "list of Files: -T arguments in order. The template of sections.ld is one of them.",
        "linkopts": "list of strings: arguments of GNU ld.",
        "options": "dict from string to string: the sdkconfig.",
        "prebuilt": "list of Files: archives that come without source.",
        "sdkconfig": "File: the whole sdkconfig.",
        "sdkconfig_h": "File: the whole sdkconfig.h.",
        "template": "File: the template of sections.ld, or None.",
        "whole_archives": "list of strings: names of archives that are linked wholly.",
    },
)
