// SPDX-License-Identifier: PostgreSQL
// What is said about a model beside its weights: a tree of named values, which becomes JSON where it is stored.
#pragma once
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "core/base/units.hpp"

namespace glucose {

struct Note;
using Notes = std::vector<Note>;

/// A moment, to be written as one.
struct Instant {
  Micros at;
};
/// An array of objects.
struct NoteList {
  std::vector<Notes> items;
};

/// One named value. A number that is not finite becomes null; so does a text that is not there (monostate).
struct Note {
  std::string name;
  std::variant<std::monostate, double, bool, std::string, Instant, std::vector<double>, Notes, NoteList> value;
};

inline void note(Notes& notes, std::string name, double value) {
  notes.push_back({std::move(name), value});
}
inline void note_text(Notes& notes, std::string name, std::string_view value) {
  notes.push_back({std::move(name), std::string(value)});
}
inline void note_time(Notes& notes, std::string name, Micros at) {
  notes.push_back({std::move(name), Instant{at}});
}

}  // namespace glucose
