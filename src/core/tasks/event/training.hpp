// SPDX-License-Identifier: PostgreSQL
// Letters as in rows.hpp; L rows learnt from, those of train and validation.
#pragma once
#include <array>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/base/steps.hpp"
#include "core/learn/boosting_api.hpp"
#include "core/tasks/event/model.hpp"
#include "core/tasks/event/rows.hpp"

namespace glucose {

struct EventTrainingOptions {
  Algorithm algorithm = Algorithm::automatic;
  TrainOptions options;
  std::size_t memory_cap = 0;
  const BoostingApi* boosting = nullptr;
  std::shared_ptr<const EventStack> prior;  // of a person: the population's; null: none
};

/// How a member did on the rows learnt from, each answered by a fit that had not learnt from its fold.
struct EventMemberScore {
  EventMember member;
  double brier, auc;
  float weight;  // in what serves
};

struct EventOutcome {
  EventModel model;
  std::array<BinaryMetrics, 3> measured, persistence;  // by Split
  std::vector<EventMemberScore> members;
  bool worse_beyond_chance = false;  // than the better of base rate and persistence, on held-out rows
};

inline constexpr std::size_t kEventFolds = 5;

/// Trains in small steps. Each member answers the rows learnt from by fits on other persons (ten persons and more),
/// else on other stretches of time and no row whose outcome overlaps with those answered; there they are weighed, put
/// right (Platt) and counted in bins. What has a weight is then fitted on all of them. Test rows are never learnt from.
/// The measures on validation are those of the held-out answers. A person's members stand on the population's answer
/// where there is one, and are pulled to it. 'auto' weighs the members (stacking_weights), and where that is no better
/// beyond chance than the population's answer, or than the better of base rate and persistence, that serves; pairs are
/// weeks of a person.
class EventTraining {
 public:
  /// Throws Error too_little_history when yes or no were too rare to learn from, out_of_memory above the cap.
  EventTraining(std::unique_ptr<EventRows> rows, EventTrainingOptions options);
  EventTraining(const EventTraining&) = delete;  // the steps under way point here
  EventTraining& operator=(const EventTraining&) = delete;

  bool done() const { return work_.done(); }
  void step() { work_.step(); }
  double progress() const { return done() ? 1 : static_cast<double>(fits_done_) / static_cast<double>(fits_); }
  double best_brier() const { return best_brier_; }
  EventOutcome take() { return std::move(outcome_); }
  const EventRows& rows() const { return *rows_; }

 private:
  struct Held {
    EventMember member;
    std::vector<double> log_odds;    // [L]
    std::vector<float> probability;  // [L] of them
  };
  Steps work();
  Steps answer(Held& held);
  /// Fits a member on rows of the learnt, into `into`.
  Steps fit(EventMember member, const std::vector<std::size_t>& on, EventStack& into);
  Steps fit_logistic(const std::vector<std::size_t>& on, EventStack& into);
  Steps fit_trees(const std::vector<std::size_t>& on, EventStack& into);
  Steps fit_network(const std::vector<std::size_t>& on, EventStack& into);
  void fit_rates(const std::vector<std::size_t>& on, EventStack& into) const;
  void prepare();
  void require_both_kinds() const;
  std::vector<EventMember> wanted() const;
  std::vector<std::size_t> without_fold(std::size_t fold) const;
  void weigh(const std::vector<Held>& held);
  void choose(const std::vector<Held>& held);
  void finish(const std::vector<Held>& held);
  void measure();

  std::unique_ptr<EventRows> rows_;
  EventTrainingOptions options_;
  std::vector<std::size_t> learnt_;  // [L] places of rows
  std::vector<std::size_t> fold_;    // [L]
  std::vector<std::uint8_t> y_;      // [L]
  std::vector<double> prior_;        // [L] log odds, or none
  std::vector<float> held_out_;      // [L] what serves, put right
  EventOutcome outcome_;
  std::size_t fits_ = 1, fits_done_ = 0;
  double best_brier_;
  Steps work_;
};

}  // namespace glucose
