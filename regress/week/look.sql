-- SPDX-License-Identifier: PostgreSQL
-- Every half an hour: what has come is delivered and asked about, health is looked at, and what it tells is noted.
SELECT week.deliver() \g /dev/null
SET ROLE app;
SELECT week.ask() \g /dev/null
SET ROLE night;
INSERT INTO week.told SELECT now(), h.* FROM health_check(:'limits') h;
INSERT INTO week.told_person SELECT a.alert_id, a.told_at FROM person_alert a ON CONFLICT DO NOTHING;
RESET ROLE;
