# Script: runs the C preprocessor CC over the linker script SOURCE, and writes TARGET.
execute_process(COMMAND "${CC}" -C -P -x c -E -I "${CONFIG_DIR}" -I "${LD_DIR}" "${SOURCE}"
    OUTPUT_VARIABLE script RESULT_VARIABLE result ERROR_VARIABLE error)
if(NOT result EQUAL 0)
    message(FATAL_ERROR "Cannot preprocess ${SOURCE}: ${error}")
endif()
file(WRITE "${TARGET}" "${script}")
