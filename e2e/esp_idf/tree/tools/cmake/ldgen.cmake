# The linker script that ldgen makes out of a template, the components' fragments and the archives' sections.

# The archives that a target links, each once.
function(__ldgen_libraries target)
    if(TARGET ${target})
        get_target_property(aliased ${target} ALIASED_TARGET)
        if(aliased)
            set(target ${aliased})
        endif()
    endif()
    get_property(seen GLOBAL PROPERTY __ldgen_seen)
    if(target IN_LIST seen OR NOT TARGET ${target})
        return()
    endif()
    set_property(GLOBAL APPEND PROPERTY __ldgen_seen ${target})
    get_target_property(type ${target} TYPE)
    if(type STREQUAL STATIC_LIBRARY)
        set_property(GLOBAL APPEND PROPERTY __ldgen_libraries ${target})
    endif()
    set(dependencies)
    if(NOT type STREQUAL INTERFACE_LIBRARY)
        get_property(dependencies TARGET ${target} PROPERTY LINK_LIBRARIES)
    endif()
    get_property(interface TARGET ${target} PROPERTY INTERFACE_LINK_LIBRARIES)
    foreach(dependency ${dependencies} ${interface})
        __ldgen_libraries(${dependency})
    endforeach()
endfunction()

function(idf_build_executable elf)
    idf_build_get_property(idf_path IDF_PATH)
    idf_build_get_property(build_dir BUILD_DIR)
    idf_build_get_property(python PYTHON)
    idf_build_get_property(sdkconfig SDKCONFIG)
    idf_build_get_property(env_file CONFIG_ENV_PATH)
    idf_build_get_property(kconfig __ROOT_KCONFIG)
    idf_build_get_property(link_options LINK_OPTIONS)
    idf_build_get_property(link_depends __LINK_DEPENDS)
    idf_build_get_property(template __LDGEN_TEMPLATE)
    idf_build_get_property(output __LDGEN_OUTPUT)
    idf_build_get_property(fragments __LDGEN_FRAGMENT_FILES)
    set_property(TARGET ${elf} APPEND PROPERTY LINK_OPTIONS "${link_options}")
    set_property(TARGET ${elf} APPEND PROPERTY LINK_DEPENDS "${link_depends}")
    idf_build_set_property(EXECUTABLE ${elf})
    if(NOT template)
        return()
    endif()
    __ldgen_libraries(${elf})
    get_property(libraries GLOBAL PROPERTY __ldgen_libraries)
    set(files ${libraries})
    list(TRANSFORM files REPLACE "(.+)" "$<TARGET_FILE:\\1>")
    list(JOIN files "\n" files)
    file(WRITE "${build_dir}/ldgen_libraries.in" "${files}")
    file(GENERATE OUTPUT "${build_dir}/ldgen_libraries" INPUT "${build_dir}/ldgen_libraries.in")
    add_custom_command(OUTPUT "${output}"
        COMMAND ${python} "${idf_path}/tools/ldgen/ldgen.py"
            --config "${sdkconfig}"
            --fragments-list "${fragments}"
            --input "${template}"
            --output "${output}"
            --kconfig "${kconfig}"
            --env-file "${env_file}"
            --libraries-file "${build_dir}/ldgen_libraries"
            --objdump "${CMAKE_OBJDUMP}"
        DEPENDS "${template}" ${fragments} ${libraries} "${sdkconfig}"
        VERBATIM)
    get_filename_component(name "${output}" NAME)
    add_custom_target(__ldgen_output_${name} DEPENDS "${output}")
    add_dependencies(${elf} __ldgen_output_${name})
    set_property(TARGET ${elf} APPEND PROPERTY LINK_DEPENDS "${output}")
endfunction()
