// SPDX-License-Identifier: PostgreSQL
#include "pg/work/batch.hpp"

#include "pg/boundary/attempt.hpp"
#include "pg/boundary/worker_slots.hpp"
#include "pg/tables/batches.hpp"
#include "pg/tables/query.hpp"
#include "pg/work/employee.hpp"

namespace glucose::pg {

namespace {

constexpr int kQuestionsAtOnce = 50;
constexpr int kTurnMs = 1000;

// What the function of one does, it does here: nothing of a forecast is written twice.
Query predict_one{"SELECT glucose.predict_one($1, $2, $3)", 3, {TEXTOID, UUIDOID, JSONBOID}};

// Whether it was answered.
bool answer(const Batch& batch, const Questions::One& question) {
  Datum document = 0;
  const ErrorData* failure = attempt([&] {
    Parameters p;
    p.add(CStringGetTextDatum(batch.model_type));
    p.add(UUIDPGetDatum(&question.id));
    p.add(JsonbPGetDatum(batch.options));
    run(predict_one, p, Mode::write);
    document = value(0, 1);
  });
  write_answer(batch, question, document, failure);
  return failure == nullptr;
}

// One piece, in one transaction; false when there is no more to do.
bool answer_some(const Batch& batch) {
  begin_transaction_as(batch.role);
  const Questions questions = next_questions(batch, kQuestionsAtOnce);
  int done = 0;
  for (int i = 0; i < questions.n; ++i) {
    CHECK_FOR_INTERRUPTS();
    done += answer(batch, questions.all[i]) ? 1 : 0;
  }
  const bool is_done = questions.n < kQuestionsAtOnce;
  if (questions.is_open) note_batch(batch, done, questions.n - done, is_done);
  end_transaction();
  return questions.is_open && !is_done;
}

void answer_for_a_turn(const Batch& batch) {
  const TimestampTz started_at = GetCurrentTimestamp();
  while (answer_some(batch) && !TimestampDifferenceExceeds(started_at, GetCurrentTimestamp(), kTurnMs))
    CHECK_FOR_INTERRUPTS();
}

// What stops a piece rather than one answer ends the batch; the worker lives on.
void note_failure_of(const Batch& batch, MemoryContext context) {
  const ErrorData* error = begin_noting_failure(context);
  fail_batch(batch, error->sqlerrcode, error->message);
  end_transaction();
}

}  // namespace

Offer serve_next(MemoryContext context) {
  Batch batch;
  begin_transaction_as(InvalidOid);
  bool more;
  const Offer offer = take_batch(employer(), context, &batch, &more);
  end_transaction();
  if (offer != Offer::job) return offer;
  if (more) start_worker(MyDatabaseId);
  MemoryContextSwitchTo(context);
  PG_TRY();
  {
    work_for(batch.role, batch.identity);
    answer_for_a_turn(batch);
  }
  PG_CATCH();
  { note_failure_of(batch, context); }
  PG_END_TRY();
  StartTransactionCommand();
  release_batch(batch);
  CommitTransactionCommand();
  return offer;
}

}  // namespace glucose::pg
