// SPDX-License-Identifier: PostgreSQL
#include "core/asking/kept.hpp"

#include <gtest/gtest.h>

#include <new>

namespace glucose {
namespace {

bool memory_ends = false;

struct Sums final : Workings {
  Sums() {
    if (memory_ends) throw std::bad_alloc();
  }
  std::size_t bytes() const override { return 24; }
};

constexpr int kKind = 0, kOther = 0;

TEST(Kept, GivesTheSameWorkingsAgain) {
  Kept kept;
  Sums& first = kept.workings<Sums>(&kKind);
  EXPECT_EQ(&kept.workings<Sums>(&kKind), &first);
  EXPECT_NE(&kept.workings<Sums>(&kOther), &first);
  EXPECT_EQ(kept.bytes(), 48U);
  first.unchanged_until = 7;
  kept.changed_after(9);
  EXPECT_EQ(first.unchanged_until, 7);
  kept.changed_after(5);
  EXPECT_EQ(first.unchanged_until, 5);
}

// What could not be made is not there: whoever goes through what is kept finds nothing in its place.
TEST(Kept, WhatCouldNotBeMadeIsNotThere) {
  Kept kept;
  memory_ends = true;
  EXPECT_THROW((void)kept.workings<Sums>(&kKind), std::bad_alloc);
  memory_ends = false;
  EXPECT_EQ(kept.bytes(), 0U);
  kept.changed_after(5);
  EXPECT_EQ(kept.workings<Sums>(&kKind).bytes(), 24U);
}

}  // namespace
}  // namespace glucose
