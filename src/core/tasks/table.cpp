// SPDX-License-Identifier: PostgreSQL
// The table of tasks: the one place that knows which there are.
#include <array>

#include "core/base/byte_io.hpp"
#include "core/model/artifact.hpp"
#include "core/tasks/cgm/task.hpp"
#include "core/tasks/daily/task.hpp"
#include "core/tasks/event/task.hpp"
#include "core/tasks/meal/task.hpp"

namespace glucose {

namespace {
const std::array<const Task*, 4> kTasks{&kMealTask, &kCgmTask, &kDailyTask, &kEventTask};
}

std::span<const Task* const> tasks() {
  return kTasks;
}

const Task* find_task(std::string_view model_type) {
  const std::string_view name = model_type.substr(0, model_type.find(':'));
  for (const Task* task : kTasks)
    if (task->name == name && (name.size() == model_type.size() || task->subjects != Subjects::none)) return task;
  return nullptr;
}

const Task* task_of(std::span<const std::uint8_t> artifact) {
  const Task* task = find_task(opened(artifact).task);
  if (task == nullptr) damaged("it is a model of a type that is not known here");
  return task;
}

}  // namespace glucose
