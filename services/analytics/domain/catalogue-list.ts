/** What of PostgreSQL's catalogues may be asked: tells of the asked database alone, and changes nothing. */
const words = (text: string): ReadonlySet<string> => new Set(text.split(/\s+/).filter((word) => word !== ''));

/** Relations of pg_catalog that are answered as they are. */
export const catalogueRelations = words(`
  pg_aggregate pg_am pg_amop pg_amproc pg_attrdef pg_attribute pg_available_extensions pg_cast pg_class pg_collation pg_constraint
  pg_conversion pg_default_acl pg_depend pg_description pg_enum pg_event_trigger pg_extension pg_foreign_data_wrapper pg_foreign_server
  pg_foreign_table pg_index pg_indexes pg_inherits pg_init_privs pg_language pg_namespace pg_opclass pg_operator pg_opfamily
  pg_partitioned_table pg_policies pg_policy pg_proc pg_publication pg_publication_namespace pg_publication_rel pg_publication_tables
  pg_range pg_rewrite pg_rules pg_seclabels pg_sequence pg_sequences pg_settings pg_statistic_ext pg_stat_all_tables
  pg_stat_user_tables pg_stat_all_indexes pg_stat_user_indexes pg_statio_all_tables pg_statio_user_tables pg_statio_all_indexes
  pg_statio_user_indexes pg_tables pg_timezone_abbrevs pg_timezone_names pg_transform pg_trigger pg_ts_config
  pg_ts_config_map pg_ts_dict pg_ts_parser pg_ts_template pg_type pg_user_mapping`);

/** Relations that tell of more than one database, or of what stands behind a view: answered by others of the same columns. */
export const replacedRelations = words(`
  pg_database pg_roles pg_user pg_auth_members pg_db_role_setting pg_matviews pg_shdescription pg_shdepend pg_stat_activity
  pg_stat_database pg_tablespace pg_subscription pg_views`);

/** Of information_schema, which tells of nothing but the database; these show views that are kept too, and what views ask. */
export const replacedSchemaRelations = words('tables columns views');

/** Functions that do nothing but answer, and answer of nothing but the database. */
export const catalogueFunctions = words(`
  abs age any_value array_agg array_append array_cat array_dims array_length array_lower array_ndims array_position array_positions
  array_prepend array_remove array_replace array_to_string array_upper avg bit_length bool_and bool_or btrim cardinality ceil ceiling
  char_length character_length chr clock_timestamp col_description concat concat_ws count current_database current_query current_schema
  current_schemas current_setting date_part date_trunc dense_rank encode every extract first_value float4 float8 floor format
  format_type generate_series generate_subscripts greatest has_any_column_privilege has_column_privilege has_database_privilege
  has_function_privilege has_schema_privilege has_sequence_privilege has_table_privilege has_type_privilege initcap int2 int4 int8
  isfinite json_agg json_build_array json_build_object json_object_agg jsonb_agg jsonb_build_array jsonb_build_object jsonb_object_agg
  lag last_value lead least left length lower lpad ltrim max md5 min mod name now nth_value ntile nullif numeric obj_description
  octet_length oid overlay parse_ident pg_backend_pid pg_char_to_encoding pg_client_encoding pg_collation_for
  pg_collation_is_visible pg_column_is_updatable
  pg_conversion_is_visible pg_encoding_to_char pg_function_is_visible pg_get_constraintdef pg_get_expr pg_get_function_arg_default
  pg_get_function_arguments pg_get_function_identity_arguments pg_get_function_result pg_get_function_sqlbody pg_get_functiondef
  pg_get_indexdef pg_get_keywords pg_get_partition_constraintdef pg_get_partkeydef pg_get_ruledef pg_get_serial_sequence
  pg_get_statisticsobjdef_columns pg_get_triggerdef pg_get_userbyid pg_get_viewdef pg_has_role pg_indexes_size pg_is_in_recovery
  pg_is_other_temp_schema pg_my_temp_schema pg_opclass_is_visible pg_operator_is_visible pg_opfamily_is_visible
  pg_options_to_table pg_partition_ancestors pg_partition_root pg_postmaster_start_time pg_relation_is_publishable
  pg_relation_is_updatable pg_relation_size pg_size_pretty pg_statistics_obj_is_visible pg_table_is_visible pg_table_size
  like_escape pg_tablespace_location similar_to_escape
  pg_total_relation_size pg_ts_config_is_visible pg_ts_dict_is_visible pg_ts_parser_is_visible pg_ts_template_is_visible
  pg_type_is_visible pg_typeof position quote_ident quote_literal quote_nullable rank regexp_match regexp_matches regexp_replace
  regexp_split_to_array replace reverse right round row_number row_to_json row_security_active rpad rtrim shobj_description
  split_part starts_with statement_timestamp string_agg string_to_array string_to_table strpos substr substring sum text timezone
  to_char to_json to_jsonb to_regclass to_regnamespace to_regproc to_regtype transaction_timestamp translate trim trunc unnest upper
  varchar version width_bucket _pg_char_max_length _pg_char_octet_length _pg_datetime_precision _pg_expandarray _pg_index_position
  _pg_interval_type _pg_keysequal _pg_numeric_precision _pg_numeric_precision_radix _pg_numeric_scale _pg_truetypid _pg_truetypmod`);

/** Functions whose answers are ours. */
export const replacedFunctions = words('pg_get_viewdef');
