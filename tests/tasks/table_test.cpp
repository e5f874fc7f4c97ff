// SPDX-License-Identifier: PostgreSQL
#include <gtest/gtest.h>

#include <set>

#include "core/model/artifact.hpp"
#include "core/tasks/task.hpp"
#include "support/rows.hpp"

namespace glucose {
namespace {

TEST(TaskTable, EveryRowIsWhole) {
  std::set<std::string_view> names;
  for (const Task* task : tasks()) {
    EXPECT_TRUE(names.insert(task->name).second) << task->name;
    EXPECT_EQ(task->name.find(':'), std::string_view::npos) << task->name;  // a target stands behind it
    for (const std::string_view word : {task->unit, task->value_key, task->rows_are, task->units_are})
      EXPECT_FALSE(word.empty()) << task->name;
    // What keeps a model alive; a task may be without the rest.
    EXPECT_TRUE(task->algorithms && task->defaults && task->uses_population && task->uses_boosting && task->reach &&
                task->training_rows && task->train && task->decode && task->facts && task->remembers && task->adopted &&
                task->asking_reach && task->ask && task->scoring_reach && task->scoring_lead && task->scoring_rows &&
                task->score)
        << task->name;
    for (const AlgorithmInfo& info : task->algorithms(false)) {
      EXPECT_FALSE(info.description.empty()) << task->name;
      for (const std::string_view key : info.options) EXPECT_NO_THROW((void)option_value(task->defaults(false), key));
    }
  }
}

TEST(TaskTable, AModelTypeIsATaskAndATargetWhereTheTaskHasAny) {
  for (const Task* task : tasks()) {
    const std::string name(task->name);
    EXPECT_EQ(find_task(name), task);
    EXPECT_EQ(find_task(name + ":target"), task->subjects != Subjects::none ? task : nullptr);
    EXPECT_EQ(find_task(name + "x"), nullptr);
  }
  EXPECT_EQ(find_task(""), nullptr);
}

TEST(TaskTable, AnArtifactSaysWhoseItIs) {
  for (const Task* task : tasks()) EXPECT_EQ(task_of(sealed(task->name, "any", {})), task);
  EXPECT_EQ(error_of([] { (void)task_of(sealed("weather", "any", {})); }).code(), ErrorCode::model_mismatch);
}

}  // namespace
}  // namespace glucose
