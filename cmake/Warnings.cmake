# SPDX-License-Identifier: PostgreSQL
# pgg_flags(target): our warnings and the floating-point rules (never -ffast-math: linked into a server it
# changes the arithmetic of every other library in the backend). A Debug build (-O0 -g) also checks the
# preconditions of the standard library.
function(pgg_flags target)
  target_compile_options(${target} PRIVATE
    -Wall -Wextra -Wconversion -Wshadow -fno-math-errno -fno-trapping-math -ffp-contract=off
    -ffunction-sections -fdata-sections $<$<CONFIG:Debug>:-D_GLIBCXX_ASSERTIONS> $<$<BOOL:${PGG_WERROR}>:-Werror>)
  if(PGG_SANITIZE)
    target_compile_options(${target} PRIVATE -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer)
    target_link_options(${target} PUBLIC -fsanitize=address,undefined)
  endif()
  if(PGG_COVERAGE)
    target_compile_options(${target} PRIVATE --coverage)
    target_link_options(${target} PUBLIC --coverage)
  endif()
endfunction()
