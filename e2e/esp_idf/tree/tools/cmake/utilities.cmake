# What component files use besides registering; it also has to load in CMake's script mode.

function(spaces2list variable)
    string(REGEX REPLACE "[ \t]+" ";" value "${${variable}}")
    set(${variable} "${value}" PARENT_SCOPE)
endfunction()

# Embeds a file: symbols _binary_NAME_start, _binary_NAME_end and NAME_length. TEXT has a zero at its end.
function(target_add_binary_data target file type)
    cmake_parse_arguments(arg "" "RENAME_TO" "DEPENDS" ${ARGN})
    idf_build_get_property(build_dir BUILD_DIR)
    idf_build_get_property(idf_path IDF_PATH)
    get_filename_component(file "${file}" ABSOLUTE)
    get_filename_component(name "${file}" NAME)
    set(script "${idf_path}/tools/cmake/scripts/data_file_embed_asm.cmake")
    set(rename)
    if(arg_RENAME_TO)
        set(rename -D "VARIABLE_BASENAME=${arg_RENAME_TO}")
    endif()
    add_custom_command(OUTPUT "${build_dir}/${name}.S"
        COMMAND "${CMAKE_COMMAND}" -D "DATA_FILE=${file}" -D "SOURCE_FILE=${build_dir}/${name}.S"
            ${rename} -D "FILE_TYPE=${type}" -P "${script}"
        MAIN_DEPENDENCY "${file}"
        DEPENDS "${script}" ${arg_DEPENDS}
        VERBATIM)
    target_sources("${target}" PRIVATE "${build_dir}/${name}.S")
endfunction()

# Passes linker scripts by name, with -L for their folder. With PROCESS, ldgen makes the script out of a template.
function(target_linker_script target type scripts)
    cmake_parse_arguments(arg "" "PROCESS" "" ${ARGN})
    foreach(script ${scripts})
        get_filename_component(script "${script}" ABSOLUTE)
        if(arg_PROCESS)
            idf_build_set_property(__LDGEN_TEMPLATE "${script}")
            get_filename_component(script "${arg_PROCESS}" ABSOLUTE)
            idf_build_set_property(__LDGEN_OUTPUT "${script}")
        else()
            idf_build_set_property(__LINK_DEPENDS "${script}" APPEND)
        endif()
        get_filename_component(directory "${script}" DIRECTORY)
        get_filename_component(name "${script}" NAME)
        target_link_directories("${target}" "${type}" "${directory}")
        target_link_options("${target}" "${type}" "SHELL:-T ${name}")
    endforeach()
endfunction()

# An archive that comes with the sources.
function(add_prebuilt_library target archive)
    cmake_parse_arguments(arg "" "" "REQUIRES;PRIV_REQUIRES" ${ARGN})
    get_filename_component(archive "${archive}" ABSOLUTE BASE_DIR "${CMAKE_CURRENT_LIST_DIR}")
    add_library(${target} STATIC IMPORTED)
    set_property(TARGET ${target} PROPERTY IMPORTED_LOCATION "${archive}")
    foreach(name ${arg_REQUIRES})
        idf_component_get_property(lib ${name} COMPONENT_LIB)
        set_property(TARGET ${target} APPEND PROPERTY INTERFACE_LINK_LIBRARIES ${lib})
    endforeach()
    foreach(name ${arg_PRIV_REQUIRES})
        idf_component_get_property(lib ${name} COMPONENT_LIB)
        set_property(TARGET ${target} APPEND PROPERTY INTERFACE_LINK_LIBRARIES $<LINK_ONLY:${lib}>)
    endforeach()
endfunction()

function(make_json_list items variable)
    if("${items}" STREQUAL "")
        set(result "[]")
    else()
        string(REPLACE ";" "\", \"" result "[ \"${items}\" ]")
    endif()
    set(${variable} "${result}" PARENT_SCOPE)
endfunction()
