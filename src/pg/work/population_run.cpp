// SPDX-License-Identifier: PostgreSQL
#include "pg/work/population_run.hpp"

#include <algorithm>

#include "core/base/error.hpp"
#include "pg/boundary/boosting.hpp"
#include "pg/boundary/digest.hpp"
#include "pg/boundary/guard.hpp"
#include "pg/boundary/owned.hpp"
#include "pg/boundary/settings.hpp"
#include "pg/tables/population_store.hpp"

namespace glucose::pg {

namespace {

size_t most_bytes() {
  return static_cast<size_t>(settings::max_train_memory_kb) * 1024;
}

void add_person(PopulationData& data, const TrainRequest& request, const pg_uuid_t* person_id, MemoryContext scratch) {
  const TrainOptions& o = request.options;
  const History history = read_history(person_id, request.start_at, request.end_at,
                                       o.horizons_min[static_cast<size_t>(o.n_horizons) - 1], scratch);
  auto* samples = build_samples(history, o.horizons_min.data(), o.n_horizons, scratch);
  if (samples->size() < static_cast<size_t>(o.min_meals)) return;
  data.first_meal_at = std::min(data.first_meal_at, samples->front().eaten_at);
  data.last_meal_at = std::max(data.last_meal_at, samples->back().eaten_at);
  guarded([&] {
    data.persons->push_back(std::move(*samples));
    size_t bytes = 0;
    for (const auto& rows : *data.persons) bytes += rows.size() * sizeof(Sample);
    if (bytes > most_bytes())
      throw Error(ErrorCode::out_of_memory, "training would need more than glucose.max_train_memory",
                  "Raise glucose.max_train_memory, or choose a shorter period (start_at, end_at).");
  });
}

}  // namespace

PopulationData read_population_data(const TrainRequest& request, MemoryContext context) {
  PopulationData data{nullptr, 0, DT_NOEND, DT_NOBEGIN};
  data.persons = owned<std::vector<std::vector<Sample>>>(context, [] { return std::vector<std::vector<Sample>>(); });
  const Persons sharing = read_sharing_persons();
  data.sharing = sharing.n;
  MemoryContext scratch = AllocSetContextCreate(context, "pg_glucose person", ALLOCSET_DEFAULT_SIZES);
  for (int64 i = 0; i < sharing.n; ++i) {
    CHECK_FOR_INTERRUPTS();
    add_person(data, request, &sharing.rows[i].id, scratch);
    MemoryContextReset(scratch);
  }
  MemoryContextDelete(scratch);
  if (data.persons->size() < static_cast<size_t>(kLeastPersons))
    ereport(ERROR,
            (errcode(kTooLittleHistory),
             errmsg("too few persons to train on: %d with at least %d usable meals",
                    static_cast<int>(data.persons->size()), request.options.min_meals),
             errdetail("At least %d are needed; " INT64_FORMAT " persons share their data.", kLeastPersons, sharing.n),
             errhint("A person takes part when shares_data is true and the caller may see it.")));
  return data;
}

const char* digest_of(const PopulationData& data) {
  StringInfoData digests;
  initStringInfo(&digests);
  for (const auto& samples : *data.persons)
    appendStringInfoString(&digests, sha256_hex(samples.data(), samples.size() * sizeof(Sample)));
  return sha256_hex(digests.data, static_cast<size_t>(digests.len));
}

const TrainingOutcome* train_population(const PopulationData& data, const TrainRequest& request,
                                        MemoryContext context) {
  const BoostingApi* boosting = request.algorithm == Algorithm::ridge ? nullptr : find_boosting();
  auto* training = owned<PopulationTraining>(context, [&] {
    return PopulationTraining(std::move(*data.persons), request.algorithm, request.options, most_bytes(), boosting);
  });
  run_to_end(training);
  return owned<TrainingOutcome>(context, [&] { return training->take(); });
}

}  // namespace glucose::pg
