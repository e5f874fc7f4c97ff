// SPDX-License-Identifier: PostgreSQL
// login(token): who asks, as a token says that the application's own server has signed. The caller is told that it was
// refused, and no more; which check failed is in the server's log, without the token.
#include <string_view>

#include "core/base/web_token.hpp"
#include "pg/boundary/guard.hpp"
#include "pg/boundary/key_file.hpp"
#include "pg/boundary/settings.hpp"
#include "pg/boundary/token_identity.hpp"

extern "C" {
#include "access/detoast.h"
}

namespace glucose::pg {

namespace {

[[noreturn]] void refuse(const char* why) {
  ereport(LOG_SERVER_ONLY, (errmsg("login refused: %s", why), errhidestmt(true), errhidecontext(true)));
  ereport(ERROR, (errcode(ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION), errmsg("login refused"),
                  errhint("Ask who issues tokens for a new one; why this one was refused is in the server's log."),
                  errhidestmt(true), errhidecontext(true)));
  pg_unreachable();
}

// What core throws about a token is a refusal; that memory has run out is not.
template <class Body>
void or_refused(Body&& body) {
  const Failure failure = caught(body);
  if (failure.sqlstate == ERRCODE_INVALID_PARAMETER_VALUE) refuse(failure.message);
  if (failure.sqlstate != 0) raise(failure);
}

void require_tokens() {
  if (settings::identity != settings::kIdentityToken)
    ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE), errmsg("callers are not known by tokens here"),
                    errhint("An administrator of the server sets glucose.identity = token.")));
  if (settings::token_audience == nullptr || settings::token_audience[0] == '\0')
    ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE), errmsg("tokens have no audience"),
                    errhint("An administrator of the server sets glucose.token_audience.")));
  (void)require_keys_of(token_key);
}

double now_s() {
  constexpr int kDays = POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE;
  return static_cast<double>(GetCurrentTimestamp()) / USECS_PER_SEC + static_cast<double>(kDays) * SECS_PER_DAY;
}

void check_signature(const text* token) {
  TokenSignature signature;
  const std::string_view all(VARDATA_ANY(token), VARSIZE_ANY_EXHDR(token));
  or_refused([&] { signature = token_signature(all); });
  if (!keyed_hash_fits(token_key, all.data(), signature.signed_bytes, signature.mac.data()))
    refuse("no key of ours has signed it");
}

// In the server's encoding, or refused.
const char* in_server_encoding(const char* utf8) {
  const int length = static_cast<int>(strlen(utf8)), encoding = GetDatabaseEncoding();
  if (!pg_verify_mbstr(PG_UTF8, utf8, length, true)) refuse("\"sub\" is no UTF-8");
  if (encoding == PG_UTF8 || encoding == PG_SQL_ASCII) return utf8;
  const Oid conversion = FindDefaultConversionProc(PG_UTF8, encoding);
  const Size room = static_cast<Size>(length) * MAX_CONVERSION_GROWTH + 1;
  auto* own = static_cast<unsigned char*>(palloc(room));
  auto* source = reinterpret_cast<unsigned char*>(const_cast<char*>(utf8));
  if (!OidIsValid(conversion) || pg_do_encoding_conversion_buf(conversion, PG_UTF8, encoding, source, length, own,
                                                               static_cast<int>(room), true) != length)
    refuse("\"sub\" has a character that this database does not have");
  const char* subject = reinterpret_cast<char*>(own);
  if (strlen(subject) > kLongestTokenIdentity) refuse("\"sub\" is too long in this database");
  return subject;
}

const char* subject_of(const text* token) {
  char subject[kLongestTokenIdentity + 1];
  const std::string_view all(VARDATA_ANY(token), VARSIZE_ANY_EXHDR(token));
  const TokenTerms terms{settings::token_audience, now_s()};
  or_refused([&] {
    const std::string said = token_subject(all, terms);
    said.copy(subject, sizeof subject - 1);
    subject[said.size()] = '\0';
  });
  return in_server_encoding(pstrdup(subject));
}

}  // namespace

}  // namespace glucose::pg

using namespace glucose::pg;

SQL_FUNCTION(login) {
  require_tokens();
  if (PG_ARGISNULL(0)) refuse("it is null");
  // Not even unpacked when it cannot be one.
  if (toast_raw_datum_size(PG_GETARG_DATUM(0)) > glucose::kMostTokenBytes + VARHDRSZ) refuse("it is too long");
  const text* token = PG_GETARG_TEXT_PP(0);
  check_signature(token);
  const char* subject = subject_of(token);
  assume_token_identity(subject, TokenScope::transaction);
  PG_RETURN_TEXT_P(cstring_to_text(subject));
}
