// SPDX-License-Identifier: PostgreSQL
#include "core/tasks/meal/training/fit.hpp"

#include "core/base/error.hpp"
#include "core/tasks/meal/training/fine_tuning.hpp"
#include "core/tasks/meal/training/population_fit.hpp"

namespace glucose {

namespace {

class PersistenceFit final : public Fit {
 public:
  bool done() const override { return true; }
  void step() override {}
  double progress() const override { return 1; }
  Member take() override { return Persistence{}; }
};

class MeanFit final : public Fit {
 public:
  MeanFit(Samples rows, int horizons) : model_(MeanModel::fit(rows, horizons)) {}
  bool done() const override { return true; }
  void step() override {}
  double progress() const override { return 1; }
  Member take() override { return std::move(model_); }

 private:
  MeanModel model_;
};

/// The population's weights; the person's own part is the memory that grows as its meals are replayed.
class PersonalFit final : public Fit {
 public:
  explicit PersonalFit(PopulationModel model) : model_(std::move(model)) {}
  bool done() const override { return true; }
  void step() override {}
  double progress() const override { return 1; }
  Member take() override { return std::move(model_); }

 private:
  PopulationModel model_;
};

/// Linear on 'meal/2' with trees on what that leaves, of the person's rows alone.
class TreesFit final : public Fit {
 public:
  TreesFit(Samples rows, const TrainOptions& options, const BoostingApi* boosting)
      : fit_(refs_of(rows), LearntFrom::one_person, options, boosting) {}
  bool done() const override { return fit_.done(); }
  void step() override { fit_.step(); }
  double progress() const override { return fit_.progress(); }
  Member take() override {
    PopulationModel model = fit_.take();
    model.kernel = {0, 0, 0, 0, 0};  // it has learnt from the person's meals: what it misses of them says little
    return model;
  }

 private:
  PopulationFit fit_;
};

template <class Stepped>
class SteppedFit final : public Fit {
 public:
  explicit SteppedFit(Stepped fit) : fit_(std::move(fit)) {}
  bool done() const override { return fit_.done(); }
  void step() override { fit_.step(); }
  double progress() const override { return fit_.progress(); }
  Member take() override { return fit_.take(); }
  int epoch() const override {
    if constexpr (requires { fit_.epoch(); }) return fit_.epoch();
    return 0;
  }
  int best_epoch() const override {
    if constexpr (requires { fit_.best_epoch(); }) return fit_.best_epoch();
    return 0;
  }
  const LstmCourse* course() const override {
    if constexpr (requires { fit_.course(); }) return &fit_.course();
    return nullptr;
  }
  bool settled() const override {
    if constexpr (requires { fit_.keeps_start(); }) return fit_.keeps_start();
    return false;
  }

 private:
  Stepped fit_;
};

}  // namespace

std::unique_ptr<Fit> make_fit(Algorithm algorithm, Samples training, Samples validation, const TrainOptions& options,
                              const Foundations& on) {
  const int K = options.n_horizons;
  switch (algorithm) {
    case Algorithm::persistence:
      return std::make_unique<PersistenceFit>();
    case Algorithm::mean:
      return std::make_unique<MeanFit>(training, K);
    case Algorithm::ridge:
      return std::make_unique<SteppedFit<LinearFit>>(LinearFit(training, K, Loss::squared, options.l2));
    case Algorithm::lad:
      return std::make_unique<SteppedFit<LinearFit>>(LinearFit(training, K, Loss::absolute, options.l2));
    case Algorithm::lstm:
      if (on.network != nullptr)
        return std::make_unique<SteppedFit<FineTuning>>(FineTuning(training, validation, options, *on.network));
      return std::make_unique<SteppedFit<LstmFit>>(LstmFit(training, validation, options));
    case Algorithm::personal:
      return std::make_unique<PersonalFit>(
          on.population != nullptr ? *on.population
                                   : prior_model({options.horizons_min.data(), static_cast<std::size_t>(K)}));
    case Algorithm::trees:
      if (on.boosting == nullptr) trees_not_available();
      return std::make_unique<TreesFit>(training, options, on.boosting);
    case Algorithm::automatic:
    case Algorithm::ensemble:
    case Algorithm::population:
    case Algorithm::linear:
    case Algorithm::moving_average:
    case Algorithm::exponential_smoothing:
    case Algorithm::linear_mean:
    case Algorithm::attention:
    case Algorithm::multitask:
    case Algorithm::logistic:
    case Algorithm::logistic_gd:
      break;
  }
  throw Error(ErrorCode::internal, "\"auto\" is not a fit of its own");
}

std::size_t fit_bytes_needed(Algorithm algorithm, std::size_t n, const TrainOptions& options) {
  switch (algorithm) {
    case Algorithm::lstm:
      return LstmFit::bytes_needed(n, n / 2, options);
    case Algorithm::ridge:
    case Algorithm::lad:  // the design, the targets, losses and a pass's residuals; the sums do not grow with n
      return n * (sizeof(float) * kDesignColumns + sizeof(double) * static_cast<std::size_t>(options.n_horizons + 8)) +
             (std::size_t{1} << 18);
    case Algorithm::trees:
      return PopulationFit::bytes_needed(n, options, true);
    default:
      return 0;
  }
}

}  // namespace glucose
