// SPDX-License-Identifier: PostgreSQL
// Reads a population model's artifact (stdin) and prints src/core/tasks/meal/models/open_prior.cpp.
#include <cstdio>
#include <span>
#include <variant>
#include <vector>

#include "core/tasks/meal/models/codec.hpp"
#include "core/tasks/meal/models/model.hpp"

namespace {

void print(const char* name, std::span<const float> values) {
  std::printf("    // %s\n    {", name);
  for (std::size_t i = 0; i < values.size(); ++i)
    std::printf("%s%#.5gF", i == 0 ? "" : i % 8 == 0 ? ",\n     " : ", ", static_cast<double>(values[i]));
  std::printf("},\n");
}

std::vector<std::uint8_t> all_of(std::FILE* file) {
  std::vector<std::uint8_t> bytes;
  for (int byte = std::getc(file); byte != EOF; byte = std::getc(file))
    bytes.push_back(static_cast<std::uint8_t>(byte));
  return bytes;
}

}  // namespace

int main() {
  const glucose::Model model = glucose::decode(all_of(stdin));
  const auto* population = std::get_if<glucose::PopulationModel>(&model.predictor);
  if (population == nullptr || model.horizons() != glucose::kCurveSteps) {
    std::fprintf(stderr, "not a linear population model of every 15 minutes to 180\n");
    return 1;
  }
  std::puts(
      "// SPDX-License-Identifier: PostgreSQL\n"
      "// Made by ./dev bench prior DIR from open data; weights only, no person's rows. Credit, licences and what it "
      "is worth:\n"
      "// docs/design.md, \"What is known beforehand\".\n"
      "// clang-format off\n"
      "#include \"core/tasks/meal/models/open_prior.hpp\"\n\n"
      "namespace glucose {\n\n"
      "const OpenPrior kOpenPrior{");
  print("mean of the columns", population->scaler.mean);
  print("1 / SD of the columns", population->scaler.inverse_sd);
  print("intercept", population->intercept);
  print("coefficients", population->coefficients);
  print("residual SD", population->residual_sd);
  std::puts("};\n\n}  // namespace glucose");
}
