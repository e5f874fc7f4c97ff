// SPDX-License-Identifier: PostgreSQL
#pragma once
#include <array>
#include <string_view>

namespace glucose {

struct Disclaimer {
  std::string_view lang, text;
};

/// What every forecast is shown with.
inline constexpr std::array<Disclaimer, 2> kDisclaimers{
    {{"en",
      "This forecast is informational only. It can be wrong. It is not a medical device and must not be used for "
      "dosing "
      "insulin or other medicine, for diagnosis, or for triage. Measure your glucose, and ask your care team."},
     {"de",
      "Diese Vorhersage dient nur der Information. Sie kann falsch sein. Sie ist kein Medizinprodukt und darf nicht "
      "zur "
      "Dosierung von Insulin oder anderen Arzneimitteln, zur Diagnose oder zur Triage verwendet werden. Messen Sie "
      "Ihren "
      "Blutzucker und fragen Sie Ihr Behandlungsteam."}}};

/// The text in a language, or an empty view when there is none.
constexpr std::string_view disclaimer(std::string_view lang) {
  for (const Disclaimer& d : kDisclaimers)
    if (d.lang == lang) return d.text;
  return {};
}

}  // namespace glucose
