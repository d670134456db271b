"""The providers of rules_esp32, one after another as an image is made."""

IdfComponentInfo = provider(
    "A component of ESP-IDF's model: headers that form a graph, objects that are linked as one group.",
    fields = {
        "compilation_context": "CompilationContext: the public headers, its own and those of REQUIRES.",
        "components": "depset of structs (label, objects: tuple of Files, archives: tuple of Files, linker_scripts: tuple of Files, " +
                      "linkopts: tuple of strings, " +
                      "needs: tuple of Labels of REQUIRES and PRIV_REQUIRES, sources: tuple of Files that it is made of, cxx: bool, " +
                      "whether there is C++ among them; in an ESP-IDF project, libraries: tuple of Files, archives in place of objects, " +
                      "fragments: tuple of Files, linker fragments): this component and those that it reaches by REQUIRES.",
        "project": "IdfProjectInfo: the ESP-IDF project that it is part of, or None.",
    },
)

IdfHeadersInfo = provider(
    "The public half of a component. It compiles nothing, so components may need each other's.",
    fields = {
        "compilation_context": "CompilationContext: the public headers, its own and those of REQUIRES.",
        "component": "Label of the component.",
        "components": "depset of structs, as in IdfComponentInfo: what is linked where somebody requires it, even in PRIV_REQUIRES. Empty but for components of an ESP-IDF project.",
        "options": "depset of Files: the names of the options of the sdkconfig that the public headers mention.",
        "project": "IdfProjectInfo: the ESP-IDF project that it is part of, or None.",
        "requires": "list of Labels of the components in REQUIRES.",
    },
)

Esp32FirmwareInfo = provider(
    "A linked firmware.",
    fields = {
        "chip": "string: the chip that it is for, such as `esp32`.",
        "components": "list of structs, as in IdfComponentInfo: what is linked.",
        "elf": "File: the ELF, with debug information.",
        "idf": "IdfProjectInfo: the ESP-IDF project that it is part of, or None.",
        "map": "File: the linker's map.",
        "rust": "CrateInfo of rules_rust: the program's own crate. None where there is no Rust in it.",
        "sources": "list of Files that it is linked with besides: linker scripts of its own.",
        "version": "string: the version of the program, or empty.",
    },
)

Esp32PartitionTableInfo = provider(
    "A partition table.",
    fields = {
        "binary": "File: the table as the bootloader reads it.",
        "csv": "File: what it was made of.",
        "offset": "int: where it is in flash, in bytes.",
    },
)

Esp32BootloaderInfo = provider(
    "A second-stage bootloader that is built from source.",
    fields = {
        "options": "dict from string to string: the sdkconfig that it was compiled with.",
    },
)

Esp32ImageInfo = provider(
    "What is written to a chip's flash, and where. The application's offset comes from the partition table: flasher_args has it.",
    fields = {
        "app": "File: app.bin, the application.",
        "bootloader": "File: bootloader.bin, the second-stage bootloader.",
        "bootloader_offset": "int: where the bootloader is in flash, in bytes.",
        "chip": "string: the chip that it is for, such as `esp32`.",
        "data": "dict from the name of a data partition to its File.",
        "elf": "File: the ELF that the application was made of.",
        "files": "depset of Files that flasher_args.json names.",
        "flash_freq": "string: the flash's clock, such as `40m`.",
        "flash_mode": "string: how the flash is wired, such as `dio`.",
        "flash_size": "string: the size of the flash, such as `4MB`.",
        "flasher_args": "File: flasher_args.json in ESP-IDF's format: offsets, and files by their base names.",
        "merged": "File: all of it as one image, to be written to offset 0.",
        "partition_table": "File: partition-table.bin.",
        "partition_table_offset": "int: where the partition table is in flash, in bytes.",
    },
)

Esp32MonitorInfo = provider(
    "A console monitor, for rules that start one.",
    fields = {
        "config": "File: its configuration, which the environment variable ESP32_MONITOR names, by paths in runfiles.",
        "program": "File: the executable.",
    },
)
