// SPDX-License-Identifier: PostgreSQL
#include "core/tasks/event/words.hpp"

#include <gtest/gtest.h>

namespace glucose {
namespace {

EventSaying glucose_saying(float probability, float lower, float upper, float usual) {
  return {"High", probability, lower, upper, usual, Confidence::high, true};
}

TEST(EventWords, WhatIsUsualAndOftenIsNoReassurance) {
  const EventSaying often = glucose_saying(0.61F, 0.5F, 0.75F, 0.7F);
  EXPECT_EQ(event_recommendation(often, false), "As often as usual, which is often. Talk it over with your care team.");
  EXPECT_EQ(event_recommendation(often, true),
            "So oft wie üblich, und das ist oft. Sprechen Sie mit Ihrem Behandlungsteam darüber.");
  EXPECT_EQ(event_recommendation(glucose_saying(0.6F, 0.55F, 0.65F, 0.8F), false),
            "Less often than usual, but still often. Talk it over with your care team.");
}

TEST(EventWords, OnlyWhatIsComparedIsSaid) {
  EXPECT_EQ(event_recommendation(glucose_saying(0.3F, 0.2F, 0.4F, 0.35F), false), "About as likely as usual.");
  EXPECT_EQ(event_recommendation(glucose_saying(0.3F, 0.2F, 0.4F, 0.5F), true), "Weniger wahrscheinlich als üblich.");
  EXPECT_EQ(event_recommendation(glucose_saying(0.3F, 0.2F, 0.4F, 0.1F), false),
            "Likelier than usual. What keeps recurring, discuss with your care team.");
}

TEST(EventWords, OfWhatIsNotGlucoseNobodyIsSentToTheCareTeam) {
  EventSaying late = glucose_saying(0.8F, 0.7F, 0.9F, 0.8F);
  late.is_glucose = false;
  EXPECT_EQ(event_recommendation(late, false), "About as likely as usual.");
  EXPECT_EQ(event_recommendation(late, true), "Etwa so wahrscheinlich wie üblich.");
}

}  // namespace
}  // namespace glucose
