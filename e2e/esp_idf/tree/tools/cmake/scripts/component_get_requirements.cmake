# Script: writes __component_requirements(NAME "REQUIRES" "PRIV_REQUIRES" "INCLUDE_DIRS" "KCONFIG" "KCONFIG_PROJBUILD") for each component.
cmake_minimum_required(VERSION 3.16)
include("${INPUT}")
include("${CMAKE_CURRENT_LIST_DIR}/../utilities.cmake")
include("${CMAKE_CURRENT_LIST_DIR}/../version.cmake")
set(CMAKE_BUILD_EARLY_EXPANSION 1)

function(idf_build_get_property variable property)
    set(${variable} "${build_${property}}" PARENT_SCOPE)
endfunction()

# A macro, so that return() leaves the component's file.
macro(idf_component_register)
    cmake_parse_arguments(registered "WHOLE_ARCHIVE" "KCONFIG;KCONFIG_PROJBUILD"
        "SRCS;SRC_DIRS;EXCLUDE_SRCS;INCLUDE_DIRS;PRIV_INCLUDE_DIRS;LDFRAGMENTS;REQUIRES;PRIV_REQUIRES;REQUIRED_IDF_TARGETS;EMBED_FILES;EMBED_TXTFILES"
        "${ARGN}")
    return()
endmacro()

function(describe name)
    set(COMPONENT_NAME ${name})
    set(COMPONENT_DIR "${dir_of_${name}}")
    set(CMAKE_CURRENT_LIST_DIR "${COMPONENT_DIR}")
    set(CMAKE_CURRENT_SOURCE_DIR "${COMPONENT_DIR}")
    include("${COMPONENT_DIR}/CMakeLists.txt")
    foreach(list registered_REQUIRES registered_PRIV_REQUIRES)
        list(REMOVE_DUPLICATES ${list})
        list(REMOVE_ITEM ${list} ${name})
    endforeach()
    foreach(file registered_KCONFIG registered_KCONFIG_PROJBUILD)
        if(${file})
            get_filename_component(${file} "${${file}}" ABSOLUTE BASE_DIR "${COMPONENT_DIR}")
        endif()
    endforeach()
    file(APPEND "${OUTPUT}" "__component_requirements(${name} \"${registered_REQUIRES}\" \"${registered_PRIV_REQUIRES}\" "
        "\"${registered_INCLUDE_DIRS}\" \"${registered_KCONFIG}\" \"${registered_KCONFIG_PROJBUILD}\")\n")
endfunction()

file(WRITE "${OUTPUT}" "")
foreach(component ${components})
    describe(${component})
endforeach()
