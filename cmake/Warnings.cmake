# SPDX-License-Identifier: PostgreSQL
# pgg_flags(target): our warnings and the floating-point rules (never -ffast-math: linked into a server it
# changes the arithmetic of every other library in the backend). A Debug build (-O0 -g) also checks the
# preconditions of the standard library.
function(pgg_flags target)
  target_compile_options(${target} PRIVATE
    -Wall -Wextra -Wconversion -Wshadow -fno-math-errno -fno-trapping-math -ffp-contract=off
    -ffunction-sections -fdata-sections $<$<CONFIG:Debug>:-D_GLIBCXX_ASSERTIONS> $<$<BOOL:${PGG_WERROR}>:-Werror>)
  if(CMAKE_CXX_COMPILER_ID MATCHES "Clang")  # of fuzzers: kernels are written for GCC, and clang 14 has no names for its parts
    target_compile_options(${target} PRIVATE -Wno-unknown-pragmas -Wno-unknown-warning-option)
  endif()
  if(PGG_SANITIZE)
    # Not "function", which clang adds: its marks before functions and coroutines do not go together.
    target_compile_options(${target} PRIVATE -fsanitize=address,undefined $<$<CXX_COMPILER_ID:Clang>:-fno-sanitize=function>
                           -fno-sanitize-recover=all -fno-omit-frame-pointer)
    target_link_options(${target} PUBLIC -fsanitize=address,undefined)
  endif()
  if(PGG_COVERAGE)
    target_compile_options(${target} PRIVATE --coverage)
    target_link_options(${target} PUBLIC --coverage)
  endif()
endfunction()
