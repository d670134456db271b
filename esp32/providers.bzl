"""Providers, for rules of your own that take ours as dependencies.

`Esp32ImageInfo` is what a flash or test rule wants: every file with its place in flash. `Esp32FirmwareInfo` has the ELF,
`IdfComponentInfo` a C component, `Esp32PartitionTableInfo` a partition table, `Esp32MonitorInfo` a console monitor.
"""

load(
    "//esp32/private:providers.bzl",
    _Esp32FirmwareInfo = "Esp32FirmwareInfo",
    _Esp32ImageInfo = "Esp32ImageInfo",
    _Esp32MonitorInfo = "Esp32MonitorInfo",
    _Esp32PartitionTableInfo = "Esp32PartitionTableInfo",
    _IdfComponentInfo = "IdfComponentInfo",
)

Esp32FirmwareInfo = _Esp32FirmwareInfo
Esp32ImageInfo = _Esp32ImageInfo
Esp32MonitorInfo = _Esp32MonitorInfo
Esp32PartitionTableInfo = _Esp32PartitionTableInfo
IdfComponentInfo = _IdfComponentInfo
