# SPDX-License-Identifier: PostgreSQL
# cmake -DNM=nm -DOBJECTS=a.o,b.o -P kernel_symbols.cmake
# A kernel object is compiled for one CPU level. A symbol it defines that another object could define too (a template or
# inline function of std::, or of Eigen under its own name) may be the one the linker keeps, and then runs on a CPU
# without that level. So every symbol visible outside must carry the level's name.
string(REPLACE "," ";" objects "${OBJECTS}")
list(LENGTH objects count)
if(count EQUAL 0)
  message(FATAL_ERROR "no kernel objects given")
endif()
set(failed FALSE)
foreach(object IN LISTS objects)
  get_filename_component(name "${object}" NAME)
  if(NOT name MATCHES "_(baseline|avx2|avx512)\\.")
    message(FATAL_ERROR "${name}: a kernel's file name must end with its level")
  endif()
  set(level "${CMAKE_MATCH_1}")
  execute_process(COMMAND "${NM}" --defined-only --extern-only --format=posix "${object}"
                  OUTPUT_VARIABLE output RESULT_VARIABLE result)
  if(NOT result EQUAL 0 OR NOT output MATCHES "kernel_${level}")
    message(FATAL_ERROR "${name}: cannot read its symbols")
  endif()
  string(REPLACE "\n" ";" lines "${output}")
  foreach(line IN LISTS lines)
    # DW.ref.* is data: a pointer to the one personality routine.
    if(NOT line STREQUAL "" AND NOT line MATCHES "(Eigen|kernel)_${level}" AND NOT line MATCHES "^DW\\.ref\\.")
      message("${name}: ${line}")
      set(failed TRUE)
    endif()
  endforeach()
endforeach()
if(failed)
  message(FATAL_ERROR "symbols above are shared between CPU levels")
endif()
