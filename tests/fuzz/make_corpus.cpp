// SPDX-License-Identifier: PostgreSQL
// Writes one artifact body of every kind into a directory, for the fuzzer to begin with: make_corpus DIRECTORY
#include <fstream>
#include <string>

#include "core/tasks/meal/models/codec.hpp"
#include "support/models.hpp"

int main(int argc, char** argv) {
  if (argc != 2) return 1;
  for (const glucose::Algorithm kind : glucose::kKinds) {
    const auto bytes = glucose::encode(glucose::small_model(kind, 1, 1));
    std::ofstream file(std::string(argv[1]) + "/" + std::string(glucose::name_of(kind)), std::ios::binary);
    for (std::size_t i = 0; i + 4 < bytes.size(); ++i) file.put(static_cast<char>(bytes[i]));
    if (!file) return 1;
  }
  return 0;
}
