# SPDX-License-Identifier: PostgreSQL
# pgg_extension(): assembles the install script from sql/NN-theme.sql, writes the control file, installs both with
# the library and every upgrade script. Installing replaces the library by rename, never in place.
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
  install(TARGETS pg_glucose LIBRARY DESTINATION "${PG_PKGLIBDIR}")
  if(TARGET pg_glucose_xgboost)
    install(TARGETS pg_glucose_xgboost LIBRARY DESTINATION "${PG_PKGLIBDIR}")
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
