import { library } from './function-library.ts';
import { arrayOf, isFloat, plainTypes, recordOf, type Type } from './value.ts';

/** A function or operator on types: what its operation is called, and what it answers. */
export type Signature = { readonly args: readonly Type[]; readonly type: Type; readonly operation: string };

const known = new Map<string, Signature[]>();

function define(name: string, args: readonly Type[], type: Type, operation = `${name}:${args.join(',')}`): void {
  known.set(name, [...(known.get(name) ?? []), { args, type, operation }]);
}

const numeric = ['int2', 'int4', 'int8', 'numeric', 'float4', 'float8'] as const;
const times = ['timestamp', 'timestamptz'] as const;
const all = [...numeric, 'text', 'bool', 'bytea', 'uuid', 'date', 'time', ...times, 'interval'] as const;

for (const type of numeric) {
  for (const sign of ['+', '-', '*', '/'] as const) define(sign, [type, type], type);
  if (!isFloat(type)) {
    define('%', [type, type], type);
    define('mod', [type, type], type, `%:${type},${type}`);
  }
  define('-', [type], type);
  define('+', [type], type, 'itself');
  define('abs', [type], type);
}
for (const type of all) for (const sign of ['=', '<>', '<', '<=', '>', '>=']) define(sign, [type, type], 'bool');
for (const type of times) {
  define('+', [type, 'interval'], type, '+:time,interval');
  define('-', [type, 'interval'], type, '-:time,interval');
  define('-', [type, type], 'interval', '-:time,time');
  define('date_trunc', ['text', type], type, 'date_trunc');
  define('date_bin', ['interval', type, type], type, 'date_bin');
  define('to_char', [type, 'text'], 'text', type === 'timestamp' ? 'to_char:time' : 'to_char:zoned');
  define('extract', ['text', type], 'numeric', 'extract');
  define('date_part', ['text', type], 'float8', 'date_part');
}
for (const type of ['json', 'jsonb'] as const) {
  for (const at of ['text', 'int4'] as const) {
    define('->', [type, at], type);
    define('->>', [type, at], 'text');
  }
  define(`${type}_typeof`, [type], 'text', 'json_typeof');
  define(`${type}_array_length`, [type], 'int4', 'json_array_length');
}
for (const type of ['json', 'jsonb'] as const) {
  define('#>', [type, 'text[]'], type, 'json_path');
  define('#>>', [type, 'text[]'], 'text', 'json_path_text');
}
for (const sign of ['=', '<>'] as const) define(sign, ['jsonb', 'jsonb'], 'bool');
for (const type of ['json', 'jsonb'] as const) {
  const [name, text] = [{ name: 'key', type: 'text' } as const, { name: 'value', type: 'text' } as const];
  // These stand in FROM, and in a SELECT, where each element of their array is a row.
  define(`${type}_each`, [type], arrayOf(recordOf([name, { name: 'value', type }])), `${type}_each`);
  define(`${type}_each_text`, [type], arrayOf(recordOf([name, text])), `${type}_each_text`);
  define(`${type}_object_keys`, [type], 'text[]', `${type}_object_keys`);
  define(`${type}_array_elements`, [type], arrayOf(type), `${type}_array_elements`);
  define(`${type}_array_elements_text`, [type], 'text[]', `${type}_array_elements_text`);
}
define('?', ['jsonb', 'text'], 'bool', 'json_has');
define('?|', ['jsonb', 'text[]'], 'bool', 'json_has_any');
define('?&', ['jsonb', 'text[]'], 'bool', 'json_has_all');
define('-', ['jsonb', 'text'], 'jsonb', 'json_without');
define('-', ['jsonb', 'int4'], 'jsonb', 'json_without_at');
define('-', ['jsonb', 'text[]'], 'jsonb', 'json_without_all');
define('#-', ['jsonb', 'text[]'], 'jsonb', 'json_without_path');
define('jsonb_concat', ['jsonb', 'jsonb'], 'jsonb', 'json_joined');
for (const more of [[], ['bool']] as const) {
  define('jsonb_set', ['jsonb', 'text[]', 'jsonb', ...more], 'jsonb', 'json_set');
  define('jsonb_insert', ['jsonb', 'text[]', 'jsonb', ...more], 'jsonb', 'json_inserted');
}
for (const more of [[], ['jsonb'], ['jsonb', 'bool']] as const) {
  define('jsonb_path_query', ['jsonb', 'text', ...more], 'jsonb[]', 'json_path_values');
  define('jsonb_path_query_array', ['jsonb', 'text', ...more], 'jsonb', 'json_path_array');
  define('jsonb_path_query_first', ['jsonb', 'text', ...more], 'jsonb', 'json_path_first');
  define('jsonb_path_exists', ['jsonb', 'text', ...more], 'bool', 'json_path_exists');
  define('jsonb_path_match', ['jsonb', 'text', ...more], 'bool', 'json_path_match');
}
define('@?', ['jsonb', 'text'], 'bool', 'json_path_exists silent');
define('@@', ['jsonb', 'text'], 'bool', 'json_path_match silent');
define('jsonb_strip_nulls', ['jsonb'], 'jsonb', 'json_without_nulls');
define('jsonb_pretty', ['jsonb'], 'text', 'json_pretty');
define('octet_length', ['bytea'], 'int4');
define('length', ['bytea'], 'int4', 'octet_length:bytea');
define('+', ['time', 'interval'], 'time', '+:clock,interval');
define('-', ['time', 'interval'], 'time', '-:clock,interval');
define('-', ['time', 'time'], 'interval', '-:time,time');
define('extract', ['text', 'time'], 'numeric', 'extract');
define('*', ['interval', 'float8'], 'interval', '*:interval,float8');
define('*', ['float8', 'interval'], 'interval', '*:float8,interval');
define('+', ['interval', 'timestamp'], 'timestamp', '+:interval,time');
define('+', ['interval', 'timestamptz'], 'timestamptz', '+:interval,time');
define('+', ['interval', 'interval'], 'interval');
define('-', ['interval', 'interval'], 'interval');
define('-', ['interval'], 'interval');
define('+', ['date', 'int4'], 'date');
define('-', ['date', 'int4'], 'date');
define('-', ['date', 'date'], 'int4');
define('to_timestamp', ['float8'], 'timestamptz', 'to_timestamp');
define('not', ['bool'], 'bool', 'not');
define('||', ['text', 'text'], 'text');
define('~~', ['text', 'text'], 'bool', 'like');
define('!~~', ['text', 'text'], 'bool', 'unlike');
for (const name of ['lower', 'upper', 'reverse', 'md5']) define(name, ['text'], 'text');
for (const name of ['length', 'char_length', 'character_length']) define(name, ['text'], 'int4', 'length');
define('octet_length', ['text'], 'int4');
define('substring', ['text', 'int4'], 'text', 'substring');
define('substring', ['text', 'int4', 'int4'], 'text', 'substring');
define('substr', ['text', 'int4'], 'text', 'substring');
define('substr', ['text', 'int4', 'int4'], 'text', 'substring');
for (const name of ['left', 'right', 'repeat']) define(name, ['text', 'int4'], 'text');
define('replace', ['text', 'text', 'text'], 'text');
define('split_part', ['text', 'text', 'int4'], 'text');
define('position', ['text', 'text'], 'int4', 'strpos');
define('strpos', ['text', 'text'], 'int4', 'strpos');
define('starts_with', ['text', 'text'], 'bool');
for (const name of ['btrim', 'ltrim', 'rtrim']) {
  define(name, ['text'], 'text', name);
  define(name, ['text', 'text'], 'text', name);
}
for (const name of ['floor', 'ceil', 'ceiling', 'round', 'trunc']) {
  const operation = name === 'ceiling' ? 'ceil' : name;
  define(name, ['numeric'], 'numeric', `${operation}:numeric`);
  define(name, ['float8'], 'float8', `${operation}:float8`);
}
define('round', ['numeric', 'int4'], 'numeric', 'round:numeric');
define('trunc', ['numeric', 'int4'], 'numeric', 'trunc:numeric');
for (const name of ['sqrt', 'exp', 'ln']) define(name, ['float8'], 'float8');
define('power', ['float8', 'float8'], 'float8');
define('sign', ['float8'], 'float8');

for (const element of plainTypes) {
  const list = arrayOf(element);
  const named = `array_to_string:${element}`;
  for (const more of [[], ['text']] as const) define('array_to_string', [list, 'text', ...more], 'text', named);
  for (const name of ['array_length', 'array_upper', 'array_lower'])
    define(name, [list, 'int4'], 'int4', name === 'array_lower' ? name : 'array_length');
  for (const name of ['cardinality', 'array_ndims']) define(name, [list], 'int4', name);
  define('array_dims', [list], 'text', 'array_dims');
  define('trim_array', [list, 'int4'], list, 'trim_array');
  define('array_append', [list, element], list, 'array_append');
  define('array_prepend', [element, list], list, 'array_prepend');
  define('array_cat', [list, list], list, 'array_cat');
  // What is none of these has no equality that arrays could be told by.
  if (element === 'json') continue;
  for (const sign of element === 'jsonb' ? ['=', '<>'] : ['=', '<>', '<', '<=', '>', '>=']) define(sign, [list, list], 'bool');
  for (const sign of ['@>', '<@', '&&']) define(sign, [list, list], 'bool', sign);
  for (const more of [[], ['int4']] as const) define('array_position', [list, element, ...more], 'int4', 'array_position');
  define('array_positions', [list, element], 'int4[]', 'array_positions');
  define('array_remove', [list, element], list, 'array_remove');
  define('array_replace', [list, element, element], list, 'array_replace');
}
define('@>', ['jsonb', 'jsonb'], 'bool', 'json_contains');
define('<@', ['jsonb', 'jsonb'], 'bool', 'json_within');
for (const more of [[], ['text']] as const) define('string_to_array', ['text', 'text', ...more], 'text[]', 'string_to_array');

for (const [names, args, type, operation] of library)
  for (const name of names.split(' ')) define(name, args === '' ? [] : (args.split(' ') as Type[]), type, `lib:${operation}`);

/** The functions of a name, whatever their arguments. */
export const functionsNamed = (name: string): readonly Signature[] => known.get(name) ?? [];
