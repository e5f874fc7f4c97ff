// SPDX-License-Identifier: PostgreSQL
#include "core/tasks/daily/training/part_fit.hpp"

#include <algorithm>
#include <cmath>

#include "core/base/error.hpp"
#include "core/learn/boosted_trees.hpp"
#include "core/learn/ridge.hpp"
#include "core/math/gate.hpp"

namespace glucose {

namespace {

constexpr std::array<double, 7> kPenalties{0.003, 0.01, 0.03, 0.1, 0.3, 1, 3};
constexpr double kUsualPenaltyRows = 100;  // the usual penalty pulls as so many rows do, as that of meals does
constexpr std::size_t kFolds = 5;
constexpr std::size_t kRowsAStep = 512;
constexpr int kRobustRounds = 6;
constexpr double kSmallestResidual = 0.05;  // of the mean absolute one: below it an error counts as squared

struct Range {
  std::size_t first, count;
};

Range columns_of(const PartPlan& plan) {
  if (plan.algorithm == Algorithm::linear_mean) return {kLevels, kDailyFeatures};
  return plan.own_columns ? Range{kOwnColumns, kDailyColumns - kOwnColumns} : Range{0, kDailyColumns};
}

std::vector<float> gathered(const DailyRows& rows, const RowList& list, Range range) {
  std::vector<float> x;
  x.reserve(list.size() * range.count);
  for (const std::uint32_t i : list) {
    const auto columns = rows.columns(i).subspan(range.first, range.count);
    x.insert(x.end(), columns.begin(), columns.end());
  }
  return x;
}

// The nearest to it of the penalties per row.
std::size_t usual_penalty(std::size_t rows) {
  const double wanted = std::log(kUsualPenaltyRows / static_cast<double>(std::max<std::size_t>(rows, 1)));
  std::size_t nearest = 0;
  for (std::size_t p = 1; p < kPenalties.size(); ++p)
    if (std::abs(std::log(kPenalties[p]) - wanted) < std::abs(std::log(kPenalties[nearest]) - wanted)) nearest = p;
  return nearest;
}

double mean_error(const DailyRows& rows, const RowList& list, const DailyLine& line) {
  double sum = 0;
  for (const std::uint32_t i : list)
    sum += std::abs(static_cast<double>(rows.change(i) - line.predict(rows.columns(i))));
  return list.empty() ? 0 : sum / static_cast<double>(list.size());
}

void solve(RidgeSums<double>& sums, double penalty, DailyLine& line) {
  const std::vector<double> penalties(line.count, std::max(penalty * sums.weight(), 1e-6));
  const RidgeFit fit = sums.solve(penalties);
  line.intercept = static_cast<float>(fit.intercept[0]);
  line.slopes.assign(fit.slopes.begin(), fit.slopes.end());
}

class LineFit {
 public:
  LineFit(const PartMaterial& m, PartPlan& plan, DailyLine& line) : m_(m), plan_(plan), line_(line) {
    const Range range = columns_of(plan);
    line.first = range.first;
    line.count = range.count;
    line.scaler = Scaler::fit(gathered(*m.rows, *m.learn, range), range.count);
    z_.resize(range.count);
  }

  Steps run() {
    if (plan_.penalty < 0)
      for (Steps work = choose(); !work.done(); work.step()) co_yield Pause{};
    Sums sums(line_.count, 1, Intercept::free);
    for (std::size_t k = 0; k < m_.learn->size(); ++k) {
      add(sums, (*m_.learn)[k], 1);
      if (k % kRowsAStep == 0) co_yield Pause{};
    }
    solve(sums, plan_.penalty, line_);
    if (plan_.algorithm != Algorithm::lad) co_return;
    for (int round = 0; round < kRobustRounds; ++round) {
      const double unit = std::max(mean_error(*m_.rows, *m_.learn, line_), 1e-6);
      sums.clear();
      for (std::size_t k = 0; k < m_.learn->size(); ++k) {
        const std::uint32_t i = (*m_.learn)[k];
        add(sums, i, 1 / std::max(error_of(line_, i) / unit, kSmallestResidual));
        if (k % kRowsAStep == 0) co_yield Pause{};
      }
      solve(sums, plan_.penalty, line_);
    }
  }

 private:
  using Sums = RidgeSums<double>;

  void add(Sums& sums, std::uint32_t i, double weight) {
    line_.scaler.transform(m_.rows->columns(i).subspan(line_.first, line_.count), z_.data());
    const float y = m_.rows->change(i);
    sums.add(z_.data(), &y, weight);
  }
  std::size_t first_of(std::size_t fold) const { return m_.learn->size() * fold / kFolds; }
  std::vector<DailyLine> tried(Sums& sums) const {
    std::vector<DailyLine> lines(kPenalties.size(), line_);
    for (std::size_t p = 0; p < lines.size(); ++p) solve(sums, kPenalties[p], lines[p]);
    return lines;
  }
  // Folds are contiguous, so that neighbouring days do not vouch for each other.
  Steps choose() {
    std::vector<Sums> folds(kFolds, Sums(line_.count, 1, Intercept::free));
    Sums all = folds.front();
    for (std::size_t fold = 0; fold < kFolds; ++fold) {
      for (std::size_t k = first_of(fold); k < first_of(fold + 1); ++k) {
        add(folds[fold], (*m_.learn)[k], 1);
        if (k % kRowsAStep == 0) co_yield Pause{};
      }
      all.add(folds[fold], 1);
    }
    const std::size_t usual = usual_penalty(m_.learn->size());
    std::array<PairedSums, kPenalties.size()> gains;
    for (std::size_t fold = 0; fold < kFolds; ++fold) {
      Sums others = all;
      others.add(folds[fold], -1);
      if (folds[fold].rows() == 0 || others.rows() == 0) continue;
      const std::vector<DailyLine> lines = tried(others);
      for (std::size_t k = first_of(fold); k < first_of(fold + 1); ++k) {
        const double before = error_of(lines[usual], (*m_.learn)[k]);
        for (std::size_t p = 0; p < gains.size(); ++p) gains[p].add(before - error_of(lines[p], (*m_.learn)[k]));
        if (k % kRowsAStep == 0) co_yield Pause{};
      }
      co_yield Pause{};
    }
    plan_.penalty = kPenalties[most_gained(gains, usual)];
  }
  double error_of(const DailyLine& line, std::uint32_t i) const {
    return std::abs(static_cast<double>(m_.rows->change(i) - line.predict(m_.rows->columns(i))));
  }

  const PartMaterial m_;
  PartPlan& plan_;
  DailyLine& line_;
  std::vector<float> z_;
};

BoostedTreesOptions boosting_options(const TrainOptions& o, double spread) {
  BoostedTreesOptions b;
  b.rounds = o.rounds;
  b.depth = o.depth;
  b.eta = o.eta;
  b.min_child_weight = 10;
  b.subsample = 0.7;
  b.colsample = 0.4;
  b.lambda = 5;
  b.objective = BoostingObjective::pseudo_huber;
  b.huber_slope = std::max(spread, 1e-3);
  b.seed = o.seed;
  return b;
}

Steps fit_trees(PartMaterial m, DailyPart& part) {
  const std::vector<float> x = gathered(*m.rows, *m.learn, {0, kDailyColumns});
  std::vector<float> y;
  double spread = 0;
  for (const std::uint32_t i : *m.learn) {
    y.push_back(m.rows->change(i));
    spread += static_cast<double>(std::abs(y.back()));
  }
  spread /= std::max<double>(1, static_cast<double>(y.size()));
  BoostedTreesFit fit(m.boosting, x, static_cast<int>(kDailyColumns), y, {}, boosting_options(*m.options, spread));
  while (!fit.done()) {
    fit.step();
    co_yield Pause{};
  }
  part.trees = fit.take();
}

SequenceRows sequence_rows(const DailyRows& rows, const RowList& list, int outputs) {
  SequenceRows made;
  for (const std::uint32_t i : list) {
    made.first.push_back(rows.first[i]);
    made.targets.push_back(rows.change(i));
    for (int k = 1; k < outputs; ++k) made.targets.push_back(rows.besides[i][static_cast<std::size_t>(k - 1)]);
  }
  return made;
}

Steps fit_network(PartMaterial m, Algorithm algorithm, DailyPart& part, DayNetworkCourse& course,
                  std::function<void(double)> progress) {
  const TrainOptions& o = *m.options;
  SequenceShape shape;
  shape.steps = m.rows->sequence;
  shape.features = kSequenceColumns;
  shape.outputs = algorithm == Algorithm::multitask ? 1 + static_cast<int>(kBesides.size()) : 1;
  shape.layers = o.layers;
  shape.hidden = o.hidden[0];
  shape.bidirectional = o.bidirectional;
  shape.attention = algorithm == Algorithm::attention;
  SequenceTrainerOptions t;
  t.epochs = o.epochs;
  t.batch_size = std::max(2, o.batch_size);
  t.learning_rate = static_cast<float>(o.learning_rate);
  t.dropout = static_cast<float>(o.dropout);
  t.l2 = static_cast<float>(std::max(0.0, o.l2));
  t.patience = o.patience;
  t.seed = o.seed;
  SequenceFit fit(shape,
                  {m.rows->days, sequence_rows(*m.rows, *m.learn, shape.outputs),
                   sequence_rows(*m.rows, *m.validation, shape.outputs), m.rows->order},
                  t);
  while (!fit.done()) {
    fit.step();
    progress(fit.progress());
    co_yield Pause{};
  }
  const SequenceTrainer& trainer = fit.trainer();
  course.any = true;
  course.epochs = trainer.course().epochs();
  course.early_stopped = trainer.course().stopped_early;
  course.best_val_loss = trainer.best_validation_loss();
  course.train_loss = trainer.course().training.empty() ? 0 : trainer.course().training.back();
  course.val_loss = trainer.course().validation.empty() ? 0 : trainer.course().validation.back();
  part.network = fit.take();
}

}  // namespace

Steps fit_part(PartMaterial material, PartPlan& plan, DailyPart& part, DayNetworkCourse& course,
               std::function<void(double)> progress) {
  part = {};
  part.algorithm = plan.algorithm;
  switch (plan.algorithm) {
    case Algorithm::trees:
      return fit_trees(material, part);
    case Algorithm::lstm:
    case Algorithm::attention:
    case Algorithm::multitask:
      return fit_network(material, plan.algorithm, part, course, std::move(progress));
    default:
      break;
  }
  return [](PartMaterial m, PartPlan& p, DailyPart& made) -> Steps {
    LineFit fit(m, p, made.line);
    Steps work = fit.run();
    while (!work.done()) {
      work.step();
      co_yield Pause{};
    }
  }(material, plan, part);
}

}  // namespace glucose
