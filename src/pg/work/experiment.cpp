// SPDX-License-Identifier: PostgreSQL
#include "pg/work/experiment.hpp"

#include "pg/boundary/digest.hpp"

namespace glucose::pg {

int bucket_of(const pg_uuid_t* person_id, const char* salt) {
  StringInfoData message;
  initStringInfo(&message);
  appendBinaryStringInfo(&message, reinterpret_cast<const char*>(person_id->data), UUID_LEN);
  appendStringInfoString(&message, pg_server_to_any(salt, static_cast<int>(strlen(salt)), PG_UTF8));
  uint8 digest[kSha256Bytes];
  glucose::pg::sha256(message.data, static_cast<size_t>(message.len), digest);
  pfree(message.data);
  uint64 number = 0;
  for (int i = 0; i < 7; ++i) number = number << 8 | digest[i];
  return static_cast<int>(number % 100);
}

namespace {

// The stable model and the candidate are of one kind: what a promotion replaces. So the arms differ in the model only,
// not in whether a person has one of its own.
bool takes_part(const RunningExperiment& e, const ModelRow& stable) {
  return e.found && (e.population_version[0] != '\0') == stable.is_population;
}

}  // namespace

Choice choose_serving_model(const pg_uuid_t* person_id, const char* model_type) {
  RunningExperiment e;
  Choice choice;
  choice.row = read_serving_model(person_id, model_type, &e);
  if (!choice.row.found) choice.row = read_serving_population_model(model_type, &e);
  if (!choice.row.found || !takes_part(e, choice.row)) return choice;
  Trial& trial = choice.trial;
  if (bucket_of(person_id, e.salt) >= e.percent) {
    if (e.is_shadow) return choice;
    trial.arm = "stable";
  } else {
    const TriedModel candidate = read_candidate(e, person_id, model_type);
    // Whose candidate turned out unfit is served the stable model and counts for the candidate all the same: leaving
    // out its failures would flatter it.
    if (!candidate.decided || (e.is_shadow && !candidate.row.found)) return choice;
    trial.arm = e.is_shadow ? "stable" : "candidate";
    if (candidate.row.found) (e.is_shadow ? trial.shadow : choice.row) = candidate.row;
  }
  strlcpy(trial.experiment, e.name, sizeof trial.experiment);
  return choice;
}

}  // namespace glucose::pg
