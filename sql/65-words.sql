-- SPDX-License-Identifier: PostgreSQL
CREATE FUNCTION glucose.report_words(lang text) RETURNS jsonb
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $fn$
BEGIN
  RETURN (SELECT jsonb_object_agg(t.key, CASE report_words.lang WHEN 'de' THEN t.de ELSE t.en END) FROM (VALUES
    ('title', 'Glucose report', 'Glukosebericht'),
    ('period', '%s to %s %s, times of %s.', '%s bis %s %s, Uhrzeit von %s.'),
    ('made', 'Made %s with pg_glucose %s for person %s.', 'Erstellt am %s mit pg_glucose %s für Person %s.'),
    ('nothing', 'There are no readings of this person yet. A report needs some; %s days are usual.',
     'Von dieser Person gibt es noch keine Messwerte. Ein Bericht braucht welche; üblich sind %s Tage.'),
    ('too_few',
    'There are readings for %s %% of %s days. Below 70 %% of 14 days these numbers say little of usual days.',
     'Messwerte gibt es für %s %% von %s Tagen. Unter 70 %% von 14 Tagen sagen diese Zahlen wenig über '
     'gewöhnliche Tage.'),
    ('table', 'As a table', 'Als Tabelle'),
    ('yes', 'yes', 'ja'), ('no', 'no', 'nein'), ('none', 'none', 'keine'),
    -- Statistics and goals.
    ('statistics', 'Statistics and goals', 'Kennzahlen und Ziele'),
    ('in_range', 'in range, %s to %s %s', 'im Zielbereich, %s bis %s %s'),
    ('mean', 'mean, %s', 'Mittelwert, %s'),
    ('gmi', 'GMI, glucose management indicator', 'GMI, Glukose-Management-Indikator'),
    ('cv', 'CV, variation', 'VK, Schwankung'),
    ('covered', 'of the time has data', 'der Zeit mit Daten'),
    ('readings', 'readings', 'Messwerte'),
    ('shares', 'Share of time', 'Anteil der Zeit'),
    ('very_high_pct', 'very high, above %s', 'sehr hoch, über %s'),
    ('high_only', 'high, %s to %s', 'hoch, %s bis %s'),
    ('in_range_pct', 'in range, %s to %s', 'im Zielbereich, %s bis %s'),
    ('low_only', 'low, %s to %s', 'niedrig, %s bis %s'),
    ('very_low_pct', 'very low, below %s', 'sehr niedrig, unter %s'),
    ('goals', 'Goals of the consensus of 2019', 'Ziele des Konsenses von 2019'),
    ('goals_standard', 'Goals for most people with type 1 or type 2.',
    'Ziele für die meisten Menschen mit Typ 1 oder Typ 2.'),
    ('goals_older', 'Goals for older people.', 'Ziele für ältere Menschen.'),
    ('goals_pregnancy', 'Ranges and goals for pregnancy.', 'Bereiche und Ziele in der Schwangerschaft.'),
    ('goal_head', '{what,value,goal,met}', '{was,Wert,Ziel,erreicht}'),
    ('goal_in_range_pct', 'in range', 'im Zielbereich'), ('goal_low_pct', 'below %s', 'unter %s'),
    ('goal_very_low_pct', 'below %s', 'unter %s'), ('goal_high_pct', 'above %s', 'über %s'),
    ('goal_very_high_pct', 'above %s', 'über %s'), ('goal_cv_pct', 'variation (CV)', 'Schwankung (VK)'),
    ('at_least', 'at least %s %%', 'mindestens %s %%'), ('below', 'below %s %%', 'unter %s %%'),
    ('numbers', 'All numbers', 'Alle Zahlen'),
    ('number_head', '{number,value}', '{Zahl,Wert}'),
    ('sd', 'standard deviation, %s', 'Standardabweichung, %s'),
    ('tight', 'tight range, 70 to 140 mg/dL (3.9 to 7.8 mmol/L)',
    'enger Bereich, 70 bis 140 mg/dL (3,9 bis 7,8 mmol/L)'),
    ('low_episodes', 'episodes below %s, 15 minutes and longer', 'Episoden unter %s, 15 Minuten und länger'),
    ('high_episodes', 'episodes above %s, 15 minutes and longer', 'Episoden über %s, 15 Minuten und länger'),
    ('of_them', 'of them beyond %s', 'davon jenseits von %s'),
    ('risk', 'LBGI and HBGI, indices of lows and highs', 'LBGI und HBGI, Indizes für niedrige und hohe Werte'),
    ('gri', 'GRI, glycemia risk index', 'GRI, Glykämie-Risiko-Index'),
    ('mage', 'MAGE, mean amplitude of excursions, %s', 'MAGE, mittlere Amplitude der Ausschläge, %s'),
    ('modd', 'MODD, difference to the day before, %s', 'MODD, Unterschied zum Vortag, %s'),
    ('conga', 'CONGA, differences within %s h, %s', 'CONGA, Unterschiede innerhalb von %s h, %s'),
    ('adrr', 'ADRR, average daily risk range', 'ADRR, mittlere tägliche Risikospanne'),
    ('j_index', 'J-index', 'J-Index'),
    ('days_with', 'days with readings', 'Tage mit Messwerten'),
    -- Profile and days.
    ('profile', 'A usual day', 'Ein gewöhnlicher Tag'),
    ('profile_says', 'All days laid over one another. In half of them glucose was within the dark band, in nine '
      'of ten within the light one.',
     'Alle Tage übereinandergelegt. An der Hälfte lag die Glukose im dunklen Band, an neun von zehn im hellen.'),
    ('profile_alt', 'Ambulatory glucose profile: the median is lowest at %s with %s and highest at %s with %s %s',
     'Ambulantes Glukoseprofil: Der Median ist am niedrigsten um %s mit %s und am höchsten um %s mit %s %s'),
    ('band_wide', '5 to 95 %', '5 bis 95 %'), ('band_narrow', '25 to 75 %', '25 bis 75 %'),
    ('median', 'median', 'Median'),
    ('profile_head', '{from,5 %,25 %,median,75 %,95 %,readings}', '{ab,5 %,25 %,Median,75 %,95 %,Messwerte}'),
    ('profile_table', 'Percentiles by half-hour, %s', 'Perzentile je halbe Stunde, %s'),
    ('days', 'Day by day', 'Tag für Tag'),
    ('days_say', 'Each day from midnight to midnight, %s to %s %s; the green band is the range of %s to %s. The '
      'share is the time in it.',
     'Jeder Tag von Mitternacht bis Mitternacht, %s bis %s %s; das grüne Band ist der Bereich von %s bis %s. Der '
     'Anteil ist die Zeit darin.'),
    ('days_cut', 'The latest %s days.', 'Die letzten %s Tage.'),
    ('day_head', '{day,time with data,mean,in range,low,high,lows,highs}',
    '{Tag,Zeit mit Daten,Mittelwert,im Bereich,niedrig,hoch,niedrige Episoden,hohe Episoden}'),
    ('day_table', 'Days, levels in %s', 'Tage, Werte in %s'),
    -- Patterns.
    ('patterns', 'Patterns', 'Muster'),
    ('patterns_none', 'No pattern that chance would not explain.', 'Kein Muster, das nicht auch Zufall sein kann.'),
    ('patterns_too_few', 'Too few days to look for patterns: times of day and meals need nine, days of the week nine '
      'weeks.',
     'Zu wenige Tage, um nach Mustern zu suchen: Tageszeiten und Mahlzeiten brauchen neun, Wochentage neun Wochen.'),
    ('patterns_say', '%s comparisons were looked at, over up to %s days to the newest reading. Named '
      'is what still holds when it is taken into account that so many were looked at (false-discovery '
      'rate of at most 3 %%). No cause is named.',
     '%s Vergleiche wurden angesehen, an bis zu %s Tagen bis zum neuesten Messwert. '
     'Genannt ist, was auch dann noch gilt, wenn man berücksichtigt, dass so viele angesehen wurden '
     '(Falschentdeckungsrate höchstens 3 %%). Eine Ursache ist nicht genannt.'),
    -- Data.
    ('quality', 'Quality of the data', 'Qualität der Daten'),
    ('quality_of', 'What the numbers above rest on', 'Worauf die Zahlen oben beruhen'),
    ('quality_head', '{what,how much}', '{was,wie viel}'),
    ('step', 'usual distance of readings', 'üblicher Abstand der Messwerte'),
    ('minutes', '%s min', '%s min'), ('hours', '%s h', '%s h'),
    ('gap', 'gaps without readings', 'Lücken ohne Messwerte'),
    ('gap_longest', 'longest gap', 'längste Lücke'),
    ('warm_up', 'gaps after which perhaps a new sensor began', 'Lücken, nach denen vielleicht ein neuer Sensor begann'),
    ('stuck', 'stretches of an hour and more with the same reading',
     'Strecken von einer Stunde und mehr mit demselben Wert'),
    ('jump', 'jumps, faster than glucose changes', 'Sprünge, schneller als Glukose sich ändert'),
    ('two_sensors', 'stretches whose readings contradict each other, perhaps of two sensors',
     'Strecken, deren Werte sich widersprechen, vielleicht von zwei Sensoren'),
    ('compression_low', 'sudden falls after a steady hour, perhaps pressure on the sensor',
     'plötzliche Abfälle nach einer ruhigen Stunde, vielleicht Druck auf den Sensor'),
    ('at_limit', 'readings at the limit of a sensor (40 and below, 400 and above mg/dL)',
     'Messwerte an der Grenze eines Sensors (40 und weniger, 400 und mehr mg/dL)'),
    ('late', 'readings that arrived an hour late or later', 'Messwerte, die eine Stunde oder mehr zu spät ankamen'),
    ('meals', 'meals logged', 'erfasste Mahlzeiten'),
    ('with_carbs_known', 'of them with carbohydrate', 'davon mit Kohlenhydraten'),
    ('newest', 'newest reading', 'neuester Messwert')) t (key, en, de));
END
$fn$;
COMMENT ON FUNCTION glucose.report_words(text) IS
'Internal: part of page_words(): those of glucose_report() about what was measured.';

CREATE FUNCTION glucose.forecast_words(lang text) RETURNS jsonb
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $fn$
BEGIN
  RETURN (SELECT jsonb_object_agg(t.key, CASE forecast_words.lang WHEN 'de' THEN t.de ELSE t.en END) FROM (VALUES
    ('forecasts', 'Forecasts against what happened', 'Vorhersagen und was geschah'),
    ('forecasts_none', 'No forecast of these days has an outcome yet that its model had not seen.',
     'Für diese Tage gibt es noch keine Vorhersage mit einem Ausgang, den ihr Modell nicht kannte.'),
    ('forecasts_say', 'Only outcomes that the model had not seen. A range of 90 % is meant to hold nine of ten; '
      'the table says how many it held, and what could be chance.',
     'Nur Ausgänge, die das Modell nicht kannte. Ein 90-%-Bereich soll neun von zehn halten; die Tabelle sagt, '
     'wie viele er hielt, und was Zufall sein kann.'),
    ('type_glucose', 'after meals', 'nach Mahlzeiten'), ('type_cgm', 'from readings alone', 'allein aus Messwerten'),
    ('source_personal', 'own model', 'eigenes Modell'), ('source_population', 'model of many', 'Modell aus vielen'),
    ('source_baseline', 'without a model', 'ohne Modell'),
    ('latest', 'Latest forecasts %s, %s minutes ahead', 'Letzte Vorhersagen %s, %s Minuten voraus'),
    ('latest_alt', '%s forecasts: %s of the outcomes were within the range',
    '%s Vorhersagen: %s der Ausgänge lagen im Bereich'),
    ('latest_head', '{asked,forecast,range,what happened,held}', '{gefragt,Vorhersage,Bereich,was geschah,gehalten}'),
    ('accuracy_head', '{forecasts,held (said),by chance,outcomes,error on average,usual width of range,answered by}',
     '{Vorhersagen,gehalten (gesagt),durch Zufall,Ausgänge,Fehler im Mittel,übliche Breite,geantwortet hat}'),
    ('held_of_said', '%s %% (%s %%)', '%s %% (%s %%)'),
    ('accuracy', 'How far off they were', 'Wie weit sie daneben lagen'),
    ('between', '%s to %s %%', '%s bis %s %%'),
    ('held_as_said', 'The ranges held what they say, as far as so many outcomes can tell.',
     'Die Bereiche hielten, was sie sagen, soweit so viele Ausgänge das zeigen können.'),
    ('held_less', 'Ranges marked with ! held less often than they say.',
    'Mit ! bezeichnete Bereiche hielten seltener, als sie sagen.'),
    ('close',
    'Forecasts %s were said to be close (within %s %s or 20 %%) with a chance of %s %% on average; %s %% of %s were.',
     'Vorhersagen %s sollten nahe liegen (%s %s oder 20 %%), im Mittel mit einer Chance von %s %%; bei %s %% von '
     '%s war es so.'),
    ('model', 'The model of this person', 'Das Modell dieser Person'),
    ('model_none',
    'This person has no model of its own. Where there is one of many people, that answers, with wider ranges.',
     'Diese Person hat noch kein eigenes Modell. Wo es eines aus vielen Menschen gibt, antwortet dieses, mit '
     'breiteren Bereichen.'),
    ('model_say', 'Measured when it was trained, on the last part of the data, which it had not seen; beside it '
      'what "glucose stays as it is" would have come to.',
     'Gemessen beim Training, am letzten Teil der Daten, den es nicht kannte; daneben, was "die Glukose bleibt, '
     'wie sie ist" ergeben hätte.'),
    ('model_table', 'Models that answer', 'Modelle, die antworten'),
    ('model_head', '{forecasts,version,kind,trained,learnt from,measured on,error,without a model,good enough}',
     '{Vorhersagen,Version,Art,trainiert,gelernt aus,gemessen an,Fehler,ohne Modell,gut genug}'),
    ('good_enough', 'Good enough: it passed all checks, of its error, of what it explains, of its ranges and of '
      'how many outcomes they rest on.',
     'Gut genug: Es bestand alle Prüfungen, des Fehlers, dessen, was es erklärt, der Bereiche und der Zahl der '
     'Ausgänge.'),
    ('withdrawn', 'taken from service', 'aus dem Dienst genommen'),
    ('better', 'Forecasts %s: the error is %s %% smaller than without a model.',
    'Vorhersagen %s: Der Fehler ist %s %% kleiner als ohne Modell.'),
    ('no_better', 'Forecasts %s: no better than without a model. What serves then is wide and says so.',
     'Vorhersagen %s: nicht besser als ohne Modell. Was dann antwortet, ist breit und sagt es.')) t (key, en, de));
END
$fn$;
COMMENT ON FUNCTION glucose.forecast_words(text) IS
'Internal: part of page_words(): those of glucose_report() about forecasts and models.';

CREATE FUNCTION glucose.page_words(lang text) RETURNS jsonb
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $fn$
BEGIN
  -- A percent sign stays with its number.
  RETURN replace(((SELECT jsonb_object_agg(t.key, CASE page_words.lang WHEN 'de' THEN t.de ELSE t.en END) FROM (VALUES
    ('readings_before', 'readings before', 'Messwerte davor'),
    ('what_happened', 'what happened', 'was geschah'),
    ('forecast', 'forecast', 'Vorhersage'),
    ('range_of', '%s %% range', '%s-%%-Bereich'),
    ('forecast_after', 'Forecast after %s%s, %s, %s', 'Vorhersage nach: %s%s, %s, %s'),
    ('with_carbs', ', %s g carbohydrate', ', %s g Kohlenhydrate'),
    ('forecast_at', 'Forecast from readings alone, %s, %s', 'Vorhersage allein aus Messwerten, %s, %s'),
    ('no_readings', 'no readings', 'keine Messwerte'),
    ('from_to', '%s to %s %s', '%s bis %s %s'),
    ('breakfast', 'breakfast', 'Frühstück'),
    ('lunch', 'lunch', 'Mittagessen'),
    ('dinner', 'dinner', 'Abendessen'),
    ('snack', 'snack', 'Zwischenmahlzeit')) t (key, en, de))
    || CASE page_words.lang WHEN 'de' THEN jsonb_build_object(
      'weekdays', '["So", "Mo", "Di", "Mi", "Do", "Fr", "Sa"]'::jsonb,
      'months', '["Jan", "Feb", "März", "Apr", "Mai", "Juni", "Juli", "Aug", "Sep", "Okt", "Nov", "Dez"]'::jsonb)
    ELSE jsonb_build_object(
      'weekdays', '["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]'::jsonb,
      'months', '["Jan", "Feb", "Mar", "Apr", "May", "June", "July", "Aug", "Sep", "Oct", "Nov", "Dec"]'::jsonb) END
    || glucose.report_words(page_words.lang) || glucose.forecast_words(page_words.lang))::text, ' %%',
    chr(160) || '%%')::jsonb;
END
$fn$;
COMMENT ON FUNCTION glucose.page_words(text) IS
'Internal: the words of pictures and of glucose_report(), in English or German.';
