// SPDX-License-Identifier: PostgreSQL
#pragma once
#include <optional>
#include <vector>

#include "core/tasks/cgm/training.hpp"
#include "core/tasks/task.hpp"

namespace glucose {

/// One step of a rolling-origin validation (Tashman 2000): who has learnt from the first `learnt` rows is asked about
/// `n` rows from `first` on.
struct CgmOrigin {
  std::size_t learnt, first, n;
};
inline constexpr std::size_t kCgmOrigins = 4;

/// Origins at 40, 55, 70 and 85 % of a person's rows before the test split, each asked about the rows up to the next.
/// Only rows whose outcomes, and the readings they lie between, were there at the origin are learnt from. Throws Error
/// too_little_history when an origin has too few.
std::array<CgmOrigin, kCgmOrigins> cgm_origins(const CgmRows& rows);

/// What a training at an origin is given: the newest 15/85 of the rows learnt from validate, those asked about are the
/// test.
CgmRows cgm_rows_at(const CgmRows& rows, const CgmOrigin& origin);

/// Scores combinations of options of a person's model by rolling-origin validation. At each origin the person is
/// trained as train_model() trains (CgmTraining), on the population's model as it is. Combinations are visited in a
/// random order drawn from the option seed, each at all origins before the next begins. Errors are of the median, means
/// over the reported horizons.
class CgmTuning final : public Tuner {
 public:
  /// prior: the population's model, when the person's is to stand on it · throws as cgm_origins()
  CgmTuning(CgmRows rows, std::optional<CgmModel> prior, SearchGrid grid);

  bool done() const override { return place_ == order_.size(); }
  void step() override;
  std::vector<TriedCombination> ranked() const override;

 private:
  /// Of one combination, over the origins so far.
  struct Sums {
    int rows = 0;
    std::array<double, kCgmReported.size()> absolute{}, squared{};
    std::array<int, kCgmReported.size()> n{};
    void add(const CgmMeasured& asked);
    TriedCombination result(std::size_t combination) const;
  };
  void begin();
  void end();

  CgmRows rows_;
  std::optional<CgmModel> prior_;
  SearchGrid grid_;
  std::array<CgmOrigin, kCgmOrigins> origins_;
  std::vector<std::size_t> order_;  // of the combinations
  std::size_t place_ = 0, origin_ = 0;
  std::optional<CgmTraining> training_;
  Sums sums_;
  std::vector<TriedCombination> tried_;
};

/// Of a person, corrected on the population's when the basis has one.
std::unique_ptr<Tuner> tune_cgm(std::unique_ptr<Rows> rows, const TrainingBasis& basis, const SearchGrid& grid);

}  // namespace glucose
