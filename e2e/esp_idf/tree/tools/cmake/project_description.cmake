# Writes build/project_description.json, with the keys that ESP-IDF 5.5 has (version 1.2 of the file).

function(__describe_component name built variable)
    foreach(property REQUIRES PRIV_REQUIRES INCLUDE_DIRS COMPONENT_DIR COMPONENT_TYPE)
        idf_component_get_property(${property} ${name} ${property})
    endforeach()
    set(file)
    set(sources)
    if(built AND COMPONENT_TYPE STREQUAL LIBRARY)
        set(file "$<TARGET_LINKER_FILE:__idf_${name}>")
        get_target_property(listed __idf_${name} SOURCES)
        foreach(source ${listed})
            get_filename_component(source "${source}" ABSOLUTE BASE_DIR "${COMPONENT_DIR}")
            list(APPEND sources "${source}")
        endforeach()
    endif()
    make_json_list("${REQUIRES}" reqs)
    make_json_list("${PRIV_REQUIRES}" priv_reqs)
    make_json_list("${INCLUDE_DIRS}" include_dirs)
    make_json_list("${sources}" sources)
    set(text "        \"${name}\": {
            \"alias\": \"idf::${name}\",
            \"target\": \"___idf_${name}\",
            \"prefix\": \"idf\",
            \"dir\": \"${COMPONENT_DIR}\",
")
    if(built)
        string(APPEND text "            \"type\": \"${COMPONENT_TYPE}\",\n")
    endif()
    string(APPEND text "            \"lib\": \"__idf_${name}\",
            \"reqs\": ${reqs},
            \"priv_reqs\": ${priv_reqs},
            \"managed_reqs\": [],
            \"managed_priv_reqs\": [],
")
    if(built)
        string(APPEND text "            \"file\": \"${file}\",\n            \"sources\": ${sources},\n")
    endif()
    set(${variable} "${text}            \"include_dirs\": ${include_dirs}\n        }" PARENT_SCOPE)
endfunction()

function(__project_description)
    foreach(property PROJECT_DIR PROJECT_VER IDF_PATH IDF_VER BUILD_DIR SDKCONFIG SDKCONFIG_DEFAULTS EXECUTABLE KCONFIGS
            KCONFIG_PROJBUILDS BUILD_COMPONENTS __COMPONENT_REQUIRES_COMMON)
        idf_build_get_property(${property} ${property})
    endforeach()
    list(SORT BUILD_COMPONENTS)
    set(paths)
    set(built)
    foreach(name ${BUILD_COMPONENTS})
        idf_component_get_property(dir ${name} COMPONENT_DIR)
        list(APPEND paths "${dir}")
        __describe_component(${name} TRUE text)
        list(APPEND built "${text}")
    endforeach()
    set(all)
    get_property(components GLOBAL PROPERTY __idf_components)
    foreach(name ${components})
        __describe_component(${name} FALSE text)
        list(APPEND all "${text}")
    endforeach()
    list(JOIN built ",\n" built)
    list(JOIN all ",\n" all)
    # ESP-IDF's lists of built components end with an empty name
    make_json_list("${BUILD_COMPONENTS};" names)
    make_json_list("${paths};" paths)
    make_json_list("${__COMPONENT_REQUIRES_COMMON}" common)
    file(GENERATE OUTPUT "${BUILD_DIR}/project_description.json" CONTENT "{
    \"version\": \"1.2\",
    \"project_name\": \"${CMAKE_PROJECT_NAME}\",
    \"project_version\": \"${PROJECT_VER}\",
    \"project_path\": \"${PROJECT_DIR}\",
    \"idf_path\": \"${IDF_PATH}\",
    \"build_dir\": \"${BUILD_DIR}\",
    \"config_file\": \"${SDKCONFIG}\",
    \"config_defaults\": \"${SDKCONFIG_DEFAULTS}\",
    \"bootloader_elf\": \"${BOOTLOADER_ELF_FILE}\",
    \"app_elf\": \"${EXECUTABLE}\",
    \"app_bin\": \"${CMAKE_PROJECT_NAME}.bin\",
    \"build_type\": \"flash_app\",
    \"git_revision\": \"${IDF_VER}\",
    \"target\": \"${CONFIG_IDF_TARGET}\",
    \"rev\": \"0\",
    \"min_rev\": \"0\",
    \"max_rev\": \"399\",
    \"phy_data_partition\": \"\",
    \"monitor_baud\": \"115200\",
    \"monitor_toolprefix\": \"${_CMAKE_TOOLCHAIN_PREFIX}\",
    \"c_compiler\": \"${CMAKE_C_COMPILER}\",
    \"config_environment\": {
        \"COMPONENT_KCONFIGS\": \"${KCONFIGS}\",
        \"COMPONENT_KCONFIGS_PROJBUILD\": \"${KCONFIG_PROJBUILDS}\"
    },
    \"common_component_reqs\": ${common},
    \"build_components\": ${names},
    \"build_component_paths\": ${paths},
    \"build_component_info\": {\n${built}\n    },
    \"all_component_info\": {\n${all}\n    },
    \"debug_prefix_map_gdbinit\": \"\",
    \"gdbinit_files\": {},
    \"debug_arguments_openocd\": \"\"
}
")
endfunction()
