// SPDX-License-Identifier: PostgreSQL
#pragma once
#include "pg/boundary/server.hpp"

namespace glucose::pg {

/// Rows of an answer as they are made.
struct AnswerRows {
  ReturnSetInfo* result;
  explicit AnswerRows(FunctionCallInfo fcinfo) : result(reinterpret_cast<ReturnSetInfo*>(fcinfo->resultinfo)) {
    InitMaterializedSRF(fcinfo, 0);
  }
  void put(Datum* values, bool* nulls) const {
    tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
  }
};

}  // namespace glucose::pg
