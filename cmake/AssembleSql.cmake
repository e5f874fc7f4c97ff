# SPDX-License-Identifier: PostgreSQL
# cmake -DOUT=… -DSQL_DIR=… -DVERSION=… -P AssembleSql.cmake
# Concatenates sql/NN-theme.sql in order, then sql/tables/NNN-*.sql (what setup() runs). Their number is the schema
# version: it stands nowhere by hand.
cmake_minimum_required(VERSION 3.25)
set(text "\\echo Use \"CREATE EXTENSION pg_glucose\" to load this file. \\quit\n")
file(GLOB parts "${SQL_DIR}/[0-9][0-9]-*.sql")
file(GLOB tables "${SQL_DIR}/tables/[0-9][0-9][0-9]-*.sql")
list(SORT parts)
list(SORT tables)
foreach(part ${parts} ${tables})
  file(READ "${part}" body)
  string(APPEND text "\n${body}")
endforeach()
list(LENGTH tables SCHEMA_VERSION)
string(REPLACE "@SCHEMA_VERSION@" "${SCHEMA_VERSION}" text "${text}")
file(WRITE "${OUT}" "${text}")
