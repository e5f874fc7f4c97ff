// SPDX-License-Identifier: PostgreSQL
// What a model of yes or no says of a moment, why, and how it does on rows.
#pragma once
#include "core/asking/answer.hpp"
#include "core/asking/scored.hpp"
#include "core/tasks/event/model.hpp"
#include "core/tasks/event/rows.hpp"

namespace glucose {

/// Of the evening that the moment is about (Evenings::evening_at), or the meal eaten within the quarter of an hour
/// before it. Throws Error too_little_history when nothing is known of what the rule is about, bad_argument when
/// nothing was eaten.
EventLook event_look(const EventModel& model, const Known& known, const Question& question);

/// One horizon: the probability of yes, in the range of the share of yes that forecasts like it have seen. score: the
/// probability of what is the likelier. seen[0]: how often it usually is so.
Answer ask_event(const EventModel& model, const Known& known, const Question& question);

/// The baseline is the base rate; see event_parts().
std::unique_ptr<Explainer> explain_event(const EventModel& model, const Known& known, const Question& question);

/// Outcomes are 1 and 0; lower and upper hold those that are not ruled out at 90 %. Units are weeks, of meals days.
std::unique_ptr<Scorer> score_event(const EventModel& model, const EventRows& rows, Micros from);

/// Permutation importance by name of what is looked at: how much |probability - outcome| grows.
std::unique_ptr<ImportanceWork> event_importance(const EventModel& model, const EventRows& rows, Micros from,
                                                 std::uint64_t seed);

}  // namespace glucose
