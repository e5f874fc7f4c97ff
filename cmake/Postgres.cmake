# SPDX-License-Identifier: PostgreSQL
# Asks pg_config about the server. Only its headers and folders are needed: no libpq.
find_program(PG_CONFIG NAMES pg_config HINTS /usr/lib/postgresql/15/bin
             DOC "pg_config of the server to build for" REQUIRED)
function(pgg_ask variable flag)
  execute_process(COMMAND "${PG_CONFIG}" ${flag} OUTPUT_VARIABLE answer OUTPUT_STRIP_TRAILING_WHITESPACE
                  COMMAND_ERROR_IS_FATAL ANY)
  set(${variable} "${answer}" PARENT_SCOPE)
endfunction()
pgg_ask(PG_VERSION --version)
pgg_ask(PG_INCLUDE_SERVER --includedir-server)
pgg_ask(PG_INCLUDE --includedir)
pgg_ask(PG_PKGLIBDIR --pkglibdir)
pgg_ask(PG_SHAREDIR --sharedir)
if(NOT EXISTS "${PG_INCLUDE_SERVER}/postgres.h")
  message(FATAL_ERROR "no server headers in ${PG_INCLUDE_SERVER}: install postgresql-server-dev-15 (./dev deps does)")
endif()
string(REGEX MATCH "[0-9]+" PG_MAJOR "${PG_VERSION}")
if(PG_MAJOR LESS 15)
  message(FATAL_ERROR "pg_glucose needs PostgreSQL 15 or later; ${PG_CONFIG} is of ${PG_VERSION}")
endif()
message(STATUS "Building for ${PG_VERSION}")
