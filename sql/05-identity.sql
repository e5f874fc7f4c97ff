-- SPDX-License-Identifier: PostgreSQL
CREATE FUNCTION glucose.current_identity() RETURNS text
LANGUAGE c STABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'glucose_current_identity';
COMMENT ON FUNCTION glucose.current_identity() IS
'Who asks: the database role, or the "sub" of the gateway''s claims. NULL when nobody is known, and then no row of '
'any person is visible.';

CREATE FUNCTION glucose.visible_persons() RETURNS uuid[]
LANGUAGE c STABLE STRICT PARALLEL SAFE COST 100 AS 'MODULE_PATHNAME', 'glucose_visible_persons';
COMMENT ON FUNCTION glucose.visible_persons() IS
'The persons whose rows the caller may see: those it owns and those shared with it in person_access. The row-level '
'policies use it.';

CREATE FUNCTION glucose.owned_persons() RETURNS uuid[]
LANGUAGE c STABLE STRICT PARALLEL SAFE COST 100 AS 'MODULE_PATHNAME', 'glucose_owned_persons';
COMMENT ON FUNCTION glucose.owned_persons() IS
'The persons the caller owns; only these may be shared through person_access.';
