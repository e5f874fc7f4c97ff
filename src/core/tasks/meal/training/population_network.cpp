// SPDX-License-Identifier: PostgreSQL
#include "core/tasks/meal/training/population_network.hpp"

#include <algorithm>
#include <optional>

#include "core/tasks/meal/training/replay.hpp"

namespace glucose {

namespace {
constexpr std::size_t kNetworkFolds = 3;
}  // namespace

struct PopulationNetwork::State {
  enum class Phase { fitting, answering, done };

  std::vector<PersonRows> persons;
  TrainOptions options;
  std::vector<int> horizons_min;
  std::size_t n_folds = 0, fold = 0;  // fold == n_folds: the fit of all
  Phase phase = Phase::fitting;
  std::optional<LstmFit> fit;
  std::vector<int> best_epochs;     // of the folds so far
  Predictor asked = Persistence{};  // the newest network
  std::optional<Replay> replay;
  std::size_t person = 0;                        // whose answers are under way
  std::vector<std::vector<PointForecast>> said;  // [P]

  /// Rows of a split of the persons outside the fold.
  void add_rows(std::vector<const Sample*>& out, Split split) const {
    for (std::size_t p = 0; p < persons.size(); ++p)
      for (std::size_t i = 0; i < persons[p].rows.size() && p % n_folds != fold; ++i)
        if (persons[p].sizes.of(static_cast<int>(i)) == split) out.push_back(&persons[p].rows[i]);
  }

  void begin_fit() {
    const bool of_all = fold == n_folds;
    std::vector<const Sample*> learnt, held;
    add_rows(learnt, Split::train);
    add_rows(of_all ? learnt : held, Split::validation);
    TrainOptions now = options;
    if (of_all) {
      std::sort(best_epochs.begin(), best_epochs.end());
      now.epochs = std::max(best_epochs[best_epochs.size() / 2], 1);
    }
    fit.emplace(learnt, held, now);
  }

  void fit_step() {
    if (!fit) return begin_fit();
    if (!fit->done()) return fit->step();
    best_epochs.push_back(fit->best_epoch());
    asked = fit->take();
    fit.reset();
    person = fold;
    phase = fold == n_folds ? Phase::done : Phase::answering;
  }

  void answer_step() {
    if (!replay) return void(replay.emplace(persons[person].rows, asked, horizons_min));
    if (!replay->done()) return replay->step();
    said[person] = replay->said();
    replay.reset();
    person += n_folds;
    if (person < persons.size()) return;
    ++fold;
    phase = Phase::fitting;
  }
};

PopulationNetwork::PopulationNetwork(std::vector<PersonRows> persons, const TrainOptions& options)
    : state_(std::make_unique<State>()) {
  State& s = *state_;
  s.persons = std::move(persons);
  s.options = options;
  s.horizons_min.assign(options.horizons_min.begin(), options.horizons_min.begin() + options.n_horizons);
  s.n_folds = std::min(kNetworkFolds, s.persons.size());
  s.said.resize(s.persons.size());
}

PopulationNetwork::~PopulationNetwork() = default;
PopulationNetwork::PopulationNetwork(PopulationNetwork&&) noexcept = default;
PopulationNetwork& PopulationNetwork::operator=(PopulationNetwork&&) noexcept = default;

bool PopulationNetwork::has_answered() const {
  return state_->fold == state_->n_folds;
}

const std::vector<PointForecast>& PopulationNetwork::said(std::size_t person) const {
  return state_->said[person];
}

bool PopulationNetwork::done() const {
  return state_->phase == State::Phase::done;
}

void PopulationNetwork::step() {
  if (state_->phase == State::Phase::fitting)
    state_->fit_step();
  else if (state_->phase == State::Phase::answering)
    state_->answer_step();
}

double PopulationNetwork::progress() const {
  const State& s = *state_;
  if (done()) return 1;
  const double under_way = s.phase == State::Phase::answering ? 1 : s.fit ? s.fit->progress() : 0;
  return (static_cast<double>(s.fold) + under_way) / static_cast<double>(s.n_folds + 1);
}

LstmModel PopulationNetwork::take() {
  return std::move(std::get<LstmModel>(state_->asked));
}

std::size_t PopulationNetwork::bytes_needed(std::size_t n, const TrainOptions& options) {
  return LstmFit::bytes_needed(n, n / 3, options) + n * (sizeof(PointForecast) + 2 * sizeof(void*));
}

}  // namespace glucose
