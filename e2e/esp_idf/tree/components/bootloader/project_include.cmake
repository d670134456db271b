# Has the build tool configure and build subproject/. The bootloader itself is no part of its own build.
if(BOOTLOADER_BUILD)
    return()
endif()
include(ExternalProject)

set(BOOTLOADER_BUILD_DIR "${CMAKE_BINARY_DIR}/bootloader")
set(BOOTLOADER_ELF_FILE "${BOOTLOADER_BUILD_DIR}/bootloader.elf")
idf_build_get_property(idf_path IDF_PATH)
idf_build_get_property(sdkconfig SDKCONFIG)
idf_build_get_property(python PYTHON)
idf_build_get_property(extra_component_dirs BOOTLOADER_EXTRA_COMPONENT_DIRS)
list(APPEND extra_component_dirs "${CMAKE_CURRENT_LIST_DIR}")
string(REPLACE ";" "|" extra_component_dirs "${extra_component_dirs}")
string(REPLACE ";" "|" ignore_extra_component "${BOOTLOADER_IGNORE_EXTRA_COMPONENT}")

externalproject_add(bootloader
    SOURCE_DIR "${CMAKE_CURRENT_LIST_DIR}/subproject"
    BINARY_DIR "${BOOTLOADER_BUILD_DIR}"
    LIST_SEPARATOR |
    CMAKE_ARGS -DSDKCONFIG=${sdkconfig} -DIDF_PATH=${idf_path} -DIDF_TARGET=${IDF_TARGET} -DPYTHON_DEPS_CHECKED=1 -DPYTHON=${python}
        -DEXTRA_COMPONENT_DIRS=${extra_component_dirs} -DPROJECT_SOURCE_DIR=${PROJECT_SOURCE_DIR}
        -DIGNORE_EXTRA_COMPONENT=${ignore_extra_component}
    INSTALL_COMMAND ""
    BUILD_ALWAYS 1
    BUILD_BYPRODUCTS "${BOOTLOADER_ELF_FILE}")
