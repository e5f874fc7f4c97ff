// SPDX-License-Identifier: PostgreSQL
#include "pg/work/explained.hpp"

#include <cmath>

#include "core/asking/finite.hpp"
#include "pg/boundary/guard.hpp"
#include "pg/boundary/owned.hpp"
#include "pg/boundary/request.hpp"

namespace glucose::pg {

namespace {

void put_part(ReturnSetInfo* result, const char* feature, float value, Datum contribution) {
  Datum values[3] = {CStringGetTextDatum(feature), Float4GetDatum(value), contribution};
  bool nulls[3] = {false, std::isnan(value), false};
  tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

}  // namespace

const Explanation* explained(const Served& served, int minutes_ahead, MemoryContext context) {
  const Asking& asking = *served.asking;
  require_capability(asking.task->explain != nullptr, asking.model_type, "explained");
  auto* explainer = owned<std::unique_ptr<Explainer>>(
      context, [&] { return asking.task->explain(*served.model, served.known, asking.question, minutes_ahead); });
  run_to_end(explainer->get());
  return owned<Explanation>(context, [&] {
    Explanation explanation = (*explainer)->take();
    require_finite(explanation);
    return explanation;
  });
}

void put_explanation(ReturnSetInfo* result, const Explanation& explanation, Datum (*shown)(float, const Asking&),
                     const Asking& asking) {
  put_part(result, "baseline", DatumGetFloat4(shown(explanation.baseline, asking)), Float4GetDatum(0));
  for (const FeaturePart& part : explanation.parts)
    put_part(result, part.feature.data(), part.value, shown(part.contribution, asking));
}

}  // namespace glucose::pg
