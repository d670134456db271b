# Configuration by kconfgen of esp-idf-kconfig: build/config/sdkconfig.{h,json,cmake} and build/kconfigs.in.

function(__kconfig_generate sdkconfig defaults)
    idf_build_get_property(idf_path IDF_PATH)
    idf_build_get_property(build_dir BUILD_DIR)
    idf_build_get_property(python PYTHON)
    idf_build_get_property(build_components BUILD_COMPONENTS)
    idf_build_get_property(output_sdkconfig __OUTPUT_SDKCONFIG)
    set(kconfigs)
    set(kconfig_projbuilds)
    set(renames)
    list(SORT build_components)
    foreach(name ${build_components})
        idf_component_get_property(kconfig ${name} KCONFIG)
        idf_component_get_property(projbuild ${name} KCONFIG_PROJBUILD)
        idf_component_get_property(rename ${name} SDKCONFIG_RENAME)
        list(APPEND kconfigs ${kconfig})
        list(APPEND kconfig_projbuilds ${projbuild})
        list(APPEND renames ${rename})
    endforeach()
    # components of the project's bootloader are no part of this build, but are configured with it
    file(GLOB hooks "${CMAKE_SOURCE_DIR}/bootloader_components/*/Kconfig")
    list(APPEND kconfigs ${hooks})
    file(GLOB hooks "${CMAKE_SOURCE_DIR}/bootloader_components/*/Kconfig.projbuild")
    list(APPEND kconfig_projbuilds ${hooks})
    idf_build_set_property(KCONFIGS "${kconfigs}")
    idf_build_set_property(KCONFIG_PROJBUILDS "${kconfig_projbuilds}")

    set(env_file "${build_dir}/config.env")
    file(WRITE "${env_file}" "{
    \"COMPONENT_KCONFIGS\": \"${kconfigs}\",
    \"COMPONENT_KCONFIGS_PROJBUILD\": \"${kconfig_projbuilds}\",
    \"COMPONENT_SDKCONFIG_RENAMES\": \"${renames}\",
    \"IDF_TARGET\": \"${IDF_TARGET}\",
    \"IDF_TOOLCHAIN\": \"gcc\",
    \"IDF_VERSION\": \"$ENV{IDF_VERSION}\",
    \"IDF_ENV_FPGA\": \"\",
    \"IDF_PATH\": \"${idf_path}\",
    \"COMPONENT_KCONFIGS_SOURCE_FILE\": \"${build_dir}/kconfigs.in\",
    \"COMPONENT_KCONFIGS_PROJBUILD_SOURCE_FILE\": \"${build_dir}/kconfigs_projbuild.in\"
}
")
    idf_build_set_property(CONFIG_ENV_PATH "${env_file}")
    idf_build_set_property(__ROOT_KCONFIG "${idf_path}/Kconfig")
    set(prepare ${python} "${idf_path}/tools/kconfig_new/prepare_kconfig_files.py" --list-separator=semicolon --env-file "${env_file}")
    set(kconfgen ${python} -m kconfgen --list-separator=semicolon --kconfig "${idf_path}/Kconfig"
        --sdkconfig-rename "${idf_path}/sdkconfig.rename" --config "${sdkconfig}")
    foreach(file ${defaults})
        list(APPEND kconfgen --defaults "${file}")
        if(EXISTS "${file}.${IDF_TARGET}")
            list(APPEND kconfgen --defaults "${file}.${IDF_TARGET}")
        endif()
    endforeach()
    list(APPEND kconfgen --env "IDF_MINIMAL_BUILD=n" --env-file "${env_file}")

    set(config_dir "${build_dir}/config")
    file(MAKE_DIRECTORY "${config_dir}")
    set(outputs --output header "${config_dir}/sdkconfig.h" --output cmake "${config_dir}/sdkconfig.cmake"
        --output json "${config_dir}/sdkconfig.json" --output json_menus "${config_dir}/kconfig_menus.json")
    if(output_sdkconfig)
        list(APPEND outputs --output config "${sdkconfig}")
    endif()
    execute_process(COMMAND ${prepare} RESULT_VARIABLE result)
    if(result EQUAL 0)
        execute_process(COMMAND ${kconfgen} ${outputs} RESULT_VARIABLE result)
    endif()
    if(NOT result EQUAL 0)
        message(FATAL_ERROR "Kconfig failed with ${result}: ${kconfgen}")
    endif()

    idf_build_set_property(SDKCONFIG "${sdkconfig}")
    idf_build_set_property(SDKCONFIG_DEFAULTS "${defaults}")
    idf_build_set_property(SDKCONFIG_HEADER "${config_dir}/sdkconfig.h")
    idf_build_set_property(SDKCONFIG_JSON "${config_dir}/sdkconfig.json")
    idf_build_set_property(SDKCONFIG_CMAKE "${config_dir}/sdkconfig.cmake")
    idf_build_set_property(CONFIG_DIR "${config_dir}")
    idf_build_set_property(INCLUDE_DIRECTORIES "${config_dir}" APPEND)
    include("${config_dir}/sdkconfig.cmake")
    foreach(name ${CONFIGS_LIST})
        set_property(TARGET __idf_build_target PROPERTY ${name} "${${name}}")
    endforeach()

    add_custom_target(menuconfig
        COMMAND ${prepare}
        COMMAND ${CMAKE_COMMAND} -E env "COMPONENT_KCONFIGS_SOURCE_FILE=${build_dir}/kconfigs.in"
            "COMPONENT_KCONFIGS_PROJBUILD_SOURCE_FILE=${build_dir}/kconfigs_projbuild.in" "KCONFIG_CONFIG=${sdkconfig}"
            "IDF_TARGET=${IDF_TARGET}" ${python} -m menuconfig "${idf_path}/Kconfig"
        USES_TERMINAL)
    add_custom_target(save-defconfig
        COMMAND ${prepare}
        COMMAND ${kconfgen} --dont-write-deprecated --output savedefconfig "${CMAKE_SOURCE_DIR}/sdkconfig.defaults"
        USES_TERMINAL)
endfunction()
