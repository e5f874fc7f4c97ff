-- SPDX-License-Identifier: PostgreSQL
-- What was measured before (mean absolute errors of the best of several kinds of forecast, of persons with 30 days and
-- more of a metric), and where the measurements go.
CREATE TABLE bench.asked_for (source text, metric text, best real, by text);
INSERT INTO bench.asked_for VALUES
  ('lifesnaps', 'RESTING_HEART_RATE', 0.97, 'mean of pooled three'), ('t1d_uom', 'RESTING_HEART_RATE', 0.88, 'last value'),
  ('welltory', 'RESTING_HEART_RATE', 3.00, 'pooled ridge'),
  ('lifesnaps', 'HEART_RATE_VARIABILITY_RMSSD', 7.37, 'smoothing'),
  ('welltory', 'HEART_RATE_VARIABILITY_RMSSD', 14.35, 'smoothing'),
  ('welltory', 'HEART_RATE_VARIABILITY_SDNN', 13.83, 'smoothing'),
  ('lifesnaps', 'SLEEP_DURATION', 63.82, 'mean of pooled three'),
  ('soccermon', 'SLEEP_DURATION', 40.54, 'mean of pooled three'),
  ('t1d_uom', 'SLEEP_DURATION', 48.97, 'pooled ridge and the person'),
  ('lifesnaps', 'RECOVERY_SCORE', 3.68, 'pooled ridge'), ('soccermon', 'RECOVERY_SCORE', 7.31, 'mean and the person');
CREATE TABLE bench.training (source text, metric text, algorithm text, version text, mae real, r2 real, within real,
                             mape real, n integer, seconds real);
CREATE TABLE bench.answer (source text, metric text, person_id uuid, day date, outcome real, value real, lower real,
                           upper real, last real, moving_average real, smoothed real, mean real);
CREATE TABLE bench.event_training (algorithm text, auc real, average_precision real, brier real, calibration_error real,
                                   accuracy real, f1 real, base_rate real, n integer, seconds real);
CREATE TABLE bench.event_answer (person_id uuid, at timestamptz, outcome real, probability real, lower real, upper real,
                                 usual real);
