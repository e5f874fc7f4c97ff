# SPDX-License-Identifier: PostgreSQL
# pgg_extension(): assembles the install script from sql/NN-theme.sql, writes the control file, installs both with
# the library and every upgrade script. Installing replaces the library by rename, never in place.
function(pgg_install_module target)
  # cmake removes what is there and writes anew: a session that begins meanwhile would load a part of it, and the bus error
  # would take the whole server down. So it is written beside it, and renamed when it is complete.
  set(library "\$ENV{DESTDIR}${PG_PKGLIBDIR}/${target}.so")
  install(FILES "$<TARGET_FILE:${target}>" DESTINATION "${PG_PKGLIBDIR}" RENAME "${target}.so.new"
          PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
  install(CODE "file(RENAME \"${library}.new\" \"${library}\")
    list(TRANSFORM CMAKE_INSTALL_MANIFEST_FILES REPLACE \"/${target}[.]so[.]new$\" \"/${target}.so\")")
endfunction()

function(pgg_extension)
  file(GLOB parts CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/sql/[0-9][0-9]-*.sql")
  file(GLOB tables CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/sql/tables/[0-9][0-9][0-9]-*.sql")
  file(GLOB updates CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/sql/updates/*--*.sql")
  set(script "${CMAKE_BINARY_DIR}/pg_glucose--${PROJECT_VERSION}.sql")
  add_custom_command(
    OUTPUT "${script}"
    COMMAND ${CMAKE_COMMAND} -DOUT=${script} -DSQL_DIR=${CMAKE_SOURCE_DIR}/sql -DVERSION=${PROJECT_VERSION}
            -P "${CMAKE_SOURCE_DIR}/cmake/AssembleSql.cmake"
    DEPENDS ${parts} ${tables} "${CMAKE_SOURCE_DIR}/cmake/AssembleSql.cmake"
    COMMENT "Assembling pg_glucose--${PROJECT_VERSION}.sql" VERBATIM)
  add_custom_target(install_script ALL DEPENDS "${script}")
  configure_file("${CMAKE_SOURCE_DIR}/extension/pg_glucose.control.in" "${CMAKE_BINARY_DIR}/pg_glucose.control" @ONLY)
  pgg_install_module(pg_glucose)
  if(TARGET pg_glucose_xgboost)
    pgg_install_module(pg_glucose_xgboost)
  endif()
  install(FILES "${CMAKE_BINARY_DIR}/pg_glucose.control" "${script}" DESTINATION "${PG_SHAREDIR}/extension")
  # For Prometheus and Grafana. In the share folder: images of servers are often without documentation.
  install(FILES "${CMAKE_SOURCE_DIR}/monitoring/queries.yaml" "${CMAKE_SOURCE_DIR}/monitoring/grafana.json"
          DESTINATION "${PG_SHAREDIR}/pg_glucose")
  foreach(update ${updates})
    get_filename_component(name "${update}" NAME)
    install(FILES "${update}" DESTINATION "${PG_SHAREDIR}/extension" RENAME "pg_glucose--${name}")
  endforeach()
endfunction()
