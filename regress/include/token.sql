-- SPDX-License-Identifier: PostgreSQL
-- Tokens made in SQL: HMAC by the server's sha256, tokens of any header and claims, and tokens spoilt at random.
CREATE FUNCTION test.xored(a bytea, pad integer) RETURNS bytea LANGUAGE sql IMMUTABLE
RETURN (SELECT decode(string_agg(lpad(to_hex(get_byte(a, i) # pad), 2, '0'), '' ORDER BY i), 'hex')
        FROM generate_series(0, length(a) - 1) i);
CREATE FUNCTION test.hmac(data bytea, key text) RETURNS bytea LANGUAGE sql IMMUTABLE
RETURN (SELECT sha256(test.xored(k, 92) || sha256(test.xored(k, 54) || data))
  FROM (SELECT b || decode(repeat('00', 64 - length(b)), 'hex') AS k
        FROM (SELECT CASE WHEN octet_length(key) > 64 THEN sha256(convert_to(key, 'UTF8'))
                     ELSE convert_to(key, 'UTF8') END AS b) h) p);
CREATE FUNCTION test.base64url(bytes bytea) RETURNS text LANGUAGE sql IMMUTABLE
RETURN translate(encode(bytes, 'base64'), E'+/=\n', '-_');
CREATE FUNCTION test.signed(content text, key text) RETURNS text LANGUAGE sql IMMUTABLE
RETURN content || '.' || test.base64url(test.hmac(convert_to(content, 'UTF8'), key));
CREATE FUNCTION test.token(claims text, key text DEFAULT repeat('0123456789abcdef', 4),
  header text DEFAULT '{"alg":"HS256","typ":"JWT"}') RETURNS text LANGUAGE sql IMMUTABLE
RETURN test.signed(test.base64url(convert_to(header, 'UTF8')) || '.' || test.base64url(convert_to(claims, 'UTF8')),
                   key);
-- Claims that let somebody in for an hour; `more` is added to them, or takes their place.
CREATE FUNCTION test.claims(who text, more jsonb DEFAULT '{}') RETURNS text LANGUAGE sql STABLE
RETURN (jsonb_build_object('sub', who, 'aud', 'pg_glucose', 'exp', extract(epoch FROM clock_timestamp())::bigint + 3600)
        || more)::text;

-- Another text than the token, by one to three random changes of one of eleven kinds. May be one that is let in all the
-- same only if the check is wrong: a signature has one spelling.
CREATE FUNCTION test.spoilt(token text) RETURNS text LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  t text := token;
  p integer;
  q integer;
  alphabet CONSTANT text := 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.+/= ';
  c text;
  parts text[];
BEGIN
  WHILE t = token LOOP
    FOR change IN 1 .. 1 + floor(random() * 3)::integer LOOP
      p := 1 + floor(random() * greatest(length(t), 1))::integer;
      q := 1 + floor(random() * greatest(length(t), 1))::integer;
      c := substr(alphabet, 1 + floor(random() * length(alphabet))::integer, 1);
      parts := string_to_array(t, '.');
      t := CASE floor(random() * 11)::integer
        WHEN 0 THEN overlay(t PLACING c FROM p FOR 1)
        WHEN 1 THEN overlay(t PLACING c FROM p FOR 0)
        WHEN 2 THEN overlay(t PLACING '' FROM p FOR 1)
        WHEN 3 THEN left(t, p - 1)
        WHEN 4 THEN t || c
        WHEN 5 THEN overlay(overlay(t PLACING substr(t, q, 1) FROM p FOR 1) PLACING substr(t, p, 1) FROM q FOR 1)
        WHEN 6 THEN overlay(t PLACING substr(t, q, 8) FROM p FOR 8)
        WHEN 7 THEN overlay(t PLACING chr(ascii(substr(t, p, 1)) # (1 << (floor(random() * 6)::integer))) FROM p FOR 1)
        -- The claims or the header of another token, the signature of this one.
        WHEN 8 THEN coalesce(parts[1], '') || '.' || test.base64url(convert_to(test.claims('mallory'), 'UTF8')) || '.'
                    || coalesce(parts[3], '')
        WHEN 9 THEN test.base64url(convert_to('{"alg":"none"}', 'UTF8')) || '.' || coalesce(parts[2], '') || '.'
                    || CASE WHEN random() < 0.5 THEN coalesce(parts[3], '') ELSE '' END
        ELSE CASE WHEN random() < 0.5 THEN upper(t) ELSE '.' || t END
      END;
    END LOOP;
  END LOOP;
  RETURN t;
END
$$;
-- How many of n spoilt tokens were let in, and how many refused otherwise than by 28000.
CREATE FUNCTION test.try_spoilt(n integer, OUT tried integer, OUT let_in integer, OUT otherwise integer)
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  token text := test.token(test.claims('anna'));
  spoilt text;
BEGIN
  tried := 0;
  let_in := 0;
  otherwise := 0;
  WHILE tried < n LOOP
    spoilt := test.spoilt(token);
    tried := tried + 1;
    BEGIN
      PERFORM glucose.login(spoilt);
      let_in := let_in + 1;
      RAISE WARNING 'let in: % for %', spoilt, token;
    EXCEPTION WHEN invalid_authorization_specification THEN
      NULL;
    WHEN OTHERS THEN
      otherwise := otherwise + 1;
      RAISE WARNING '% %: %', sqlstate, sqlerrm, spoilt;
    END;
    IF glucose.current_identity() IS NOT NULL AND let_in = 0 THEN RAISE 'an identity is there'; END IF;
  END LOOP;
END
$$;
