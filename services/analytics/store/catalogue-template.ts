import { catalogueRelations, replacedRelations, replacedSchemaRelations } from '../domain/catalogue-list.ts';
import { shadowSchema } from '../domain/catalogue.ts';

/** The role that asks, which may read and nothing else, and the one that relations belong to. */
export const [asker, owner] = ['catalogue', 'gamut'] as const;

/** Functions that reach beyond a question, in case one is ever called by another way than by its name. */
const closed = `lo\\_% loread lowrite pg\\_advisory% pg\\_try\\_advisory% pg\\_sleep% query\\_to% cursor\\_to% table\\_to%
  schema\\_to% database\\_to% ts\\_stat ts\\_rewrite
  pg\\_terminate\\_backend pg\\_cancel\\_backend pg\\_notify pg\\_logical% pg\\_export\\_snapshot pg\\_read%
  pg\\_ls% pg\\_stat\\_file pg\\_stat\\_reset% pg\\_log% pg\\_reload\\_conf pg\\_switch\\_wal nextval setval txid% pg\\_current\\_xact%
  pg\\_create% pg\\_drop% pg\\_replication% pg\\_backup% pg\\_import%`.split(/\s+/);

/** As the text of an array, in which a backslash stands for itself where it is doubled. */
const closedPatterns = closed.map((each) => each.replaceAll('\\', '\\\\')).join(',');

/** Those of other databases and who uses them are not there. */
const filters: Readonly<Record<string, string>> = {
  pg_database: 'datname = current_database()',
  pg_roles: `rolname = '${owner}'`,
  pg_user: `usename = '${owner}'`,
  pg_stat_activity: 'pid = pg_backend_pid()',
  pg_stat_database: 'datname = current_database()',
  pg_tablespace: `spcname = 'pg_default'`,
};

/** How clients of PostgreSQL 15 and 16 know a column that is called otherwise now. */
const more: Readonly<Record<string, string>> = { pg_database: ', datlocale as daticulocale' };

const viewOf = (name: string): string =>
  name === 'pg_matviews'
    ? `create view ${shadowSchema}.pg_matviews as select m.schemaname, m.matviewname, m.matviewowner, m.tablespace, m.hasindexes,
         true as ispopulated, r.definition from pg_catalog.pg_matviews m join ${shadowSchema}.relation r on r.name = m.matviewname;`
    : name === 'pg_views'
      ? `create view ${shadowSchema}.pg_views as
           select v.schemaname, v.viewname, v.viewowner, coalesce(r.definition, v.definition) as definition
           from pg_catalog.pg_views v left join ${shadowSchema}.relation r on v.schemaname = 'public' and r.name = v.viewname
           where v.schemaname <> '${shadowSchema}';`
      : `create view ${shadowSchema}.${name} as select *${more[name] ?? ''} from pg_catalog.${name} where ${filters[name] ?? 'false'};`;

const userOf = (name: string): string =>
  `create function ${shadowSchema}."${name}"() returns name language sql stable as $$ select current_setting('gamut.user', true)::name $$;`;

const definitionOf = (args: string, id: string): string =>
  `create function ${shadowSchema}.pg_get_viewdef(${args}) returns text language sql stable as
     $$ select coalesce((select r.definition from ${shadowSchema}.relation r where r.oid = ${id}), pg_catalog.pg_get_viewdef(${id})) $$;`;

const own = [...replacedRelations, ...replacedSchemaRelations, 'relation'];

/** Makes the database that those of environments are copies of: what may be asked in it, and what answers in place of PostgreSQL. */
export const templateScript = `
set allow_system_table_mods = on;
create schema ${shadowSchema};
create table ${shadowSchema}.relation (name name primary key, oid oid not null, definition text);
${[...replacedRelations].map(viewOf).join('\n')}
${['current_user', 'session_user', 'user', 'current_role'].map(userOf).join('\n')}
${definitionOf('oid', '$1')}
${definitionOf('oid, boolean', '$1')}
${definitionOf('oid, integer', '$1')}
${definitionOf('text', '$1::pg_catalog.regclass::pg_catalog.oid')}
create function ${shadowSchema}._pg_char_octet_length(typid oid, typmod integer) returns integer language sql immutable as
  $$ select case when typid not in (25, 1042, 1043) then null when typmod = -1 then 1073741824 else 4 * (typmod - 4) end $$;
create view ${shadowSchema}.tables as
  select * from information_schema.tables where table_schema <> '${shadowSchema}'
  union all
  select current_database()::information_schema.sql_identifier, n.nspname::information_schema.sql_identifier,
    c.relname::information_schema.sql_identifier, 'MATERIALIZED VIEW'::information_schema.character_data,
    null, null, null, null, null, 'NO', 'NO', null
  from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace where c.relkind = 'm';
create view ${shadowSchema}.views as
  select v.table_catalog, v.table_schema, v.table_name,
    coalesce(r.definition::information_schema.character_data, v.view_definition) as view_definition, v.check_option, v.is_updatable,
    v.is_insertable_into, v.is_trigger_updatable, v.is_trigger_deletable, v.is_trigger_insertable_into
  from information_schema.views v left join ${shadowSchema}.relation r on v.table_schema = 'public' and r.name = v.table_name
  where v.table_schema <> '${shadowSchema}';
-- Gives a type of rows, and the type of arrays of them, the numbers by which clients know them.
create function ${shadowSchema}.number_type(named regtype, number oid) returns void language plpgsql as $$
declare
  old oid := named;
  list oid := (select typarray from pg_type where oid = named);
begin
  update pg_type set oid = number, typarray = number::int8 + 1 where oid = old;
  update pg_type set oid = number::int8 + 1, typelem = number where oid = list;
  update pg_class set reltype = number where reltype = old;
  update pg_depend set objid = number where classid = 'pg_type'::regclass and objid = old;
  update pg_depend set refobjid = number where refclassid = 'pg_type'::regclass and refobjid = old;
  update pg_depend set objid = number::int8 + 1 where classid = 'pg_type'::regclass and objid = list;
  update pg_depend set refobjid = number::int8 + 1 where refclassid = 'pg_type'::regclass and refobjid = list;
  update pg_shdepend set objid = number where classid = 'pg_type'::regclass and objid = old
    and dbid = (select d.oid from pg_database d where d.datname = current_database());
end $$;
do $do$
declare found record;
begin
  execute 'create view ${shadowSchema}.columns as ' || replace(replace(pg_get_viewdef('information_schema.columns'::regclass),
    $$'r'::"char", 'v'::"char"$$, $$'r'::"char", 'm'::"char", 'v'::"char"$$),
    'information_schema._pg_char_octet_length(', '${shadowSchema}._pg_char_octet_length(');
  for found in select p.oid::regprocedure as named from pg_proc p
    where p.pronamespace = 'pg_catalog'::regnamespace and p.prokind = 'f' and p.proname like any ('{${closedPatterns}}')
  loop execute format('revoke all on function %s from public', found.named); end loop;
end $do$;
revoke all on all tables in schema pg_catalog from public;
revoke all on language sql, plpgsql from public;
revoke create, usage on schema public from public;
grant usage on schema public, ${shadowSchema} to ${asker};
grant select on ${[...catalogueRelations].map((name) => `pg_catalog.${name}`).join(', ')} to ${asker};
grant select on pg_catalog.pg_shdescription to ${asker};
grant select on ${own.map((name) => `${shadowSchema}.${name}`).join(', ')} to ${asker};
`;

/** Makes the two roles anew; what belonged to them went with its databases. */
export const roleScript = (password: string): string => `
drop role if exists ${asker};
drop role if exists ${owner};
create role ${owner} nologin;
create role ${asker} login noinherit password '${password}';
alter role ${asker} set default_transaction_read_only = on;
alter role ${asker} set statement_timeout = '5s';
alter role ${asker} set temp_file_limit = '64MB';
alter role ${asker} set search_path = public;
revoke all on database postgres, template1 from public;
`;
