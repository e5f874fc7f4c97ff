// SPDX-License-Identifier: PostgreSQL
// A cgm training under way: what the trainings of a person and of a population share.
#pragma once
#include "core/tasks/cgm/training.hpp"
#include "pg/tables/write.hpp"

namespace glucose::pg {

/// Rows of one or many persons, and what they amount to. rows is owned by a memory context.
struct CgmData {
  CgmRows* rows = nullptr;
  int persons = 0;  // with at least one row
  double days = 0;  // between the first and the last reading of the period, of the last person added
  TimestampTz start = DT_NOEND, end = DT_NOBEGIN;  // of the readings learnt from
  TimestampTz test_start = DT_NOEND;               // of the last person added
};

/// Nothing yet, owned by `context`.
CgmData no_cgm_data(MemoryContext context);

/// How many rows fit glucose.max_train_memory.
size_t most_cgm_rows();

/// Reads one person's readings of the requested period (in `scratch`, which may be reset afterwards) and adds its rows,
/// at most `most`, when there are request.options.min_days of them. Call between begin() and end().
void add_cgm_person(CgmData& data, const TrainRequest& request, const Person& person, size_t most,
                    MemoryContext scratch);

/// Trains on the rows, which are gone afterwards; prior may be nullptr: then trees are tried when they may help, unless
/// linear was asked for. Polls for interrupts. Owned by `context`.
const CgmOutcome* train_cgm(CgmData& data, const TrainRequest& request, const CgmModel* prior, MemoryContext context);

/// The outcome in server terms but for its metadata. `digest`: of the rows, taken before the training.
TrainedModel cgm_in_server_terms(const TrainRequest& request, const CgmOutcome& outcome, const CgmData& data,
                                 const char* digest, MemoryContext context);

/// SHA-256 of the rows, hexadecimal.
const char* digest_of(const CgmRows& rows);

/// Appends what the metadata of both say: reported errors by split, coverage, residuals behind the interval, what
/// trees did.
void add_cgm_metadata(StringInfo out, const CgmOutcome& outcome, const char* digest);

}  // namespace glucose::pg
