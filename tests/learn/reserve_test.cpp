// SPDX-License-Identifier: PostgreSQL
// What is kept back while XGBoost works is given back once, and only then is memory refused.
#include <gtest/gtest.h>

#ifdef PGG_HAS_BOOSTING
#include "boosting/reserve.hpp"

namespace glucose::boosting {
namespace {

TEST(Reserve, IsGivenBackOnce) {
  const std::new_handler before = std::get_new_handler();
  {
    const Reserve reserve;
    const std::new_handler handler = std::get_new_handler();
    ASSERT_NE(handler, before);
    EXPECT_NO_THROW(handler());
    EXPECT_THROW(handler(), std::bad_alloc);
  }
  EXPECT_EQ(std::get_new_handler(), before);
  const Reserve again;
  EXPECT_NO_THROW(std::get_new_handler()());
}

}  // namespace
}  // namespace glucose::boosting
#endif
