# SPDX-License-Identifier: PostgreSQL
"""Whom every function answers about a person, and what of that person it may change.

A new function is entered here, or the probes fail. Whoever is not named gets no answer, and the same refusal as about
somebody who is not there; what is not named is not changed.
"""
import re

from kinds import STANDINGS

EVERYBODY = frozenset(STANDINGS) | {"none"}
WHO_SEES = frozenset(STANDINGS) - {"keeper"}
WHO_MANAGES = frozenset({"manage", "owner", "steward"})
MODELS = frozenset("model_version model_metric deployment training_job retraining_log model_update model_check experiment_model "
                   "population_member".split())
# Who is answered, by what one is to the person, and what may be changed of it then. Of no use to whoever may not: a
# function that goes through all whom its caller sees, or answers of none, has "for others nothing".
CLASSES = {
    "anybody": (EVERYBODY, frozenset()),
    "each its own": (EVERYBODY, frozenset({"batch_job"})),
    "who sees": (WHO_SEES, frozenset()),
    "who sees, for others nothing": (EVERYBODY, frozenset()),
    "who sees, and it is logged": (WHO_SEES, frozenset({"prediction"})),
    "who records": (frozenset({"record", "manage", "owner"}), frozenset()),
    "a new person's": (EVERYBODY, frozenset()),
    "who manages": (WHO_MANAGES, MODELS),
    "who manages, for others nothing": (EVERYBODY, MODELS),
    "the owner": (frozenset({"owner"}), None),
    "a steward": (frozenset({"steward"}), MODELS),
    "stewards and keeper": (frozenset({"steward", "keeper"}), MODELS),
    "the keeper": (frozenset({"keeper"}), frozenset()),
    "parts of setup": (EVERYBODY, frozenset()),
}
# Beyond what the class changes.
CHANGES = {
    "import_readings": {"glucose_reading", "serving_mark"}, "import_meals": {"meal", "serving_mark"},
    "import_daily": {"daily_metric"}, "record_outcome": {"recorded_outcome"}, "record_feedback": {"prediction_feedback"},
    # What watching writes down of persons, and nobody by hand.
    "note_performance": {"performance_log"}, "note_person_alerts": {"person_alert"}, "health_check": {"person_alert"},
    "acknowledge_alert": {"person_alert"}, "acknowledge_person_alert": {"person_alert"},
}
# Who may change something of a person where others are answered, too.
CHANGED_BY = {"who manages, for others nothing": WHO_MANAGES, "each its own": frozenset({"owner"}),
              "stewards and keeper": frozenset({"steward"})}
FUNCTIONS = {
    "anybody": """
        ab_bucket algorithms cache_stats call_costs chance_of_share check_candidate check_event_rule check_question
        check_recipe check_relations concerns_one cron_database current_identity day_axis day_ticks decided_tables
        disclaimer entered_by entered_tables event_definition feature_names feature_schema flat folded forecast_layers
        forecast_words gauge_names glucose_goals grant_as grantee health_options html html_colors html_page html_style
        html_table increment_version insecure_functions insecure_grants insecure_policies insecure_roles
        insecure_settings insecure_views invalidate_cache is_mg_dl is_time_zone key leaking_settings
        list_population_models login made_by_setup model_type model_types new_person_id note_identity
        old_population_artifacts own_policies own_sqlstate owned_persons page_clock page_day page_error page_level
        page_number page_percent page_words paired_t picture_legend picture_style picture_svg picture_text plot_options
        population_way_back prediction_points public_population_columns report_limits report_numbers report_shares
        report_statistics report_words require_experiment require_object retraining_job_name retraining_may_go_on
        rows_with_disclaimer serving_stats settings_of shown_limits start_training_workers stewards student_quantile
        svg_lines task_name time_or_null to_mg_dl type_in_words unit_of unschedule_job unschedule_purge
        unschedule_retraining validate_features version version_parts visible_persons welch_t
    """,
    "each its own": """
        callers predict_async queue_batch rate_limits
    """,
    "who sees": """
        active_model_version agp calculate_user_baseline cgm_forecast cgm_forecast_json check_retraining check_update
        compare_meals compare_meals_json compare_versions correlation_summary correlations daily_feature_summary
        daily_features daily_glucose daily_values data_quality_score day_picture detect_drift evaluate_model
        event_forecast event_forecast_json explain_event explain_event_json explain_forecast explain_forecast_json
        explain_metric explain_metric_json explain_prediction explain_prediction_json export_model extract_features
        extract_glucose_history extract_meal_features feature_importance feature_vector forecast_meals glucose_curve
        glucose_curve_json glucose_events glucose_forecast glucose_forecast_json glucose_outlook glucose_outlook_json
        glucose_patterns glucose_plot glucose_report glucose_statistics glucose_statistics_daily
        glucose_statistics_hourly job_results judge_candidate judge_live lag_analysis list_model_versions live_accuracy
        meal_clusters meal_picture metric_attention metric_forecast metric_forecast_json midnights model_version_at
        moment_picture newest_day outcome_of page_context person_days prediction_history prediction_sources report_days
        report_patterns report_profile report_quality require_person retraining_is_due rows_of_person similar_meals
        steady_meals steady_meals_json training_dataset unusual_responses verify_log wall_clock what_if what_if_json
        what_if_metric what_if_metric_json
    """,
    "who sees, for others nothing": """
        check_experiments count_new_rows count_outcomes dashboard_alerts drawn_readings drift_reason experiment_results
        known_outcomes live_mae may_claim may_manage may_record may_train model_performance model_satisfaction
        moments_asked_about old_artifacts performance_since performance_trend person_findings readings_about
        report_accuracy report_forecasts report_latest report_model report_targets retraining_recipe retraining_rules way_back
    """,
    "who sees, and it is logged": """
        predict_cgm predict_event predict_glucose predict_meal predict_metric predict_metrics predict_one
    """,
    "who records": """
        import_daily import_meals import_readings record_feedback record_outcome
    """,
    "a new person's": """
        simulate_person
    """,
    "who manages": """
        cancel_job cancel_training check_model delete_model deploy_model import_model queue_retraining retrain_model
        rollback_model settle_candidate train_and_settle train_event train_metric train_model train_model_async
        try_lock_person tune_model update_model
    """,
    "who manages, for others nothing": """
        batch_retrain check_and_handle_drift check_models check_one check_queue prepare_experiment retrain_due
        retrain_one retraining_queue train_models update_due update_one update_queue work_one work_queue work_through
    """,
    "the owner": """
        erase_person forget_person
    """,
    "a steward": """
        train_population_model try_candidate
    """,
    "stewards and keeper": """
        acknowledge_alert acknowledge_person_alert dashboard dashboard_charts dashboard_tables define_event
        define_metric deploy_population_model fill_events fill_metrics gauges health_check note_performance
        note_person_alerts openmetrics purge purge_persons purge_some report report_markdown require_cron
        require_decider require_watcher rollback_population_model schedule_job schedule_purge schedule_retraining
        seal_log security_check service_status set_experiment_percent start_experiment stats stop_experiment
        system_findings take_health_samples tell_of_security verify_seals
    """,
    "the keeper": """
        add_steward add_to_policy bind_identity drop_outcome_views grant_access purge_remains remove_steward
        require_owner setup setup_persons setup_policies setup_relations
    """,
    "parts of setup": """
        lock_grants
        setup_contract setup_entry_checks setup_others setup_outcome_views setup_owner setup_partitions setup_privileges
        setup_serving
    """,
}
CLASS_OF_FUNCTION = {name: kind for kind, names in FUNCTIONS.items() for name in names.split()}
STEP = re.compile(r"setup_step_\d+")


def decision(function):
    """The class of a function, or None. Steps of setup() are all alike."""
    return "the keeper" if STEP.fullmatch(function) else CLASS_OF_FUNCTION.get(function)


def answers(function, kind, subject):
    return kind.grants != "none" and kind.standing(subject) in CLASSES[decision(function)][0]


def changes(function, kind, subject, tables):
    """The tables of the person that the function may change for this kind."""
    of_class = CLASSES[decision(function)]
    if kind.standing(subject) not in CHANGED_BY.get(decision(function), of_class[0]) or not answers(function, kind, subject):
        return frozenset()
    return frozenset(tables) if of_class[1] is None else of_class[1] | CHANGES.get(function, set())
