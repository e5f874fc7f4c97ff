-- SPDX-License-Identifier: PostgreSQL
CREATE FUNCTION glucose.current_identity() RETURNS text
LANGUAGE c STABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'glucose_current_identity';
COMMENT ON FUNCTION glucose.current_identity() IS
'Who asks: the database role, the "sub" of the gateway''s claims, or whom login() has let in. NULL when nobody is '
'known, and then no row of any person is visible.';

CREATE FUNCTION glucose.login(token text) RETURNS text
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'glucose_login';
COMMENT ON FUNCTION glucose.login(text) IS
'For this transaction, who asks is the "sub" of a JSON Web Token (HS256) that a key of glucose.token_key_file has '
'signed, with "exp" and "aud"; returns it. Refused with 28000, whatever was wrong with the token.';

CREATE FUNCTION glucose.visible_persons() RETURNS uuid[]
LANGUAGE c STABLE STRICT PARALLEL SAFE COST 100 AS 'MODULE_PATHNAME', 'glucose_visible_persons';
COMMENT ON FUNCTION glucose.visible_persons() IS
'The persons whose rows the caller may see: those it owns and those shared with it in person_access. The row-level '
'policies use it.';

CREATE FUNCTION glucose.owned_persons() RETURNS uuid[]
LANGUAGE c STABLE STRICT PARALLEL SAFE COST 100 AS 'MODULE_PATHNAME', 'glucose_owned_persons';
COMMENT ON FUNCTION glucose.owned_persons() IS
'The persons the caller owns; only these may be shared through person_access.';

CREATE FUNCTION glucose.may_record(person_id uuid) RETURNS boolean
LANGUAGE c STABLE STRICT PARALLEL SAFE COST 10 AS 'MODULE_PATHNAME', 'glucose_may_record';
COMMENT ON FUNCTION glucose.may_record(uuid) IS
'Whether the caller may add meals, readings and values of days of a person: its owner, and whom it is shared with at '
'level record or manage. The row-level policies use it.';

CREATE FUNCTION glucose.may_manage(person_id uuid) RETURNS boolean
LANGUAGE c STABLE STRICT PARALLEL SAFE COST 10 AS 'MODULE_PATHNAME', 'glucose_may_manage';
COMMENT ON FUNCTION glucose.may_manage(uuid) IS
'Whether the caller may correct anything of a person and train, deploy and delete its models: its owner, and whom it '
'is shared with at level manage. The row-level policies use it.';

CREATE FUNCTION glucose.may_train(person_id uuid) RETURNS boolean
LANGUAGE c STABLE STRICT PARALLEL SAFE COST 10 AS 'MODULE_PATHNAME', 'glucose_may_train';
COMMENT ON FUNCTION glucose.may_train(uuid) IS
'Internal: part of what works for many persons: whether the caller may train a person''s models, as may_manage() says, '
'or as the steward.';

CREATE FUNCTION glucose.entered_by() RETURNS text
LANGUAGE c STABLE STRICT PARALLEL SAFE COST 10 AS 'MODULE_PATHNAME', 'glucose_entered_by';
COMMENT ON FUNCTION glucose.entered_by() IS
'Internal: default of entered_by of meals, readings and values of days: the identity of who records for persons shared '
'at level record, else NULL.';
