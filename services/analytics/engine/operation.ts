import { isFloat, isText, numbers, type Type } from '../domain/value.ts';

/** The code of an operation on values that are not NULL; `r` is the runtime. */
export type Coded = (args: readonly string[]) => string;

const signs: Readonly<Record<string, string>> = { '=': '===', '<>': '!==', '<': '<', '<=': '<=', '>': '>', '>=': '>=' };
const plain: readonly Type[] = ['int2', 'int4', 'int8', 'float4', 'float8', 'bool', 'date', 'time', 'timestamp', 'timestamptz'];

const called =
  (name: string): Coded =>
  (args) =>
    `r.${name}(${args.join(', ')})`;

const fixed = new Map<string, Coded>([
  ['not', ([a]) => `!${a}`],
  ['itself', ([a]) => `${a}`],
  ['single', called('isOne')],
  ['sample', called('sample')],
  ['predict_online', ([model, ...features]) => `r.predictOnline(${model}, [${features.join(', ')}])`],
  ['+:int2,int2', ([a, b]) => `r.int2(${a} + ${b})`],
  ['-:int2,int2', ([a, b]) => `r.int2(${a} - ${b})`],
  ['*:int2,int2', ([a, b]) => `r.int2(${a} * ${b})`],
  ['/:int2,int2', ([a, b]) => `r.int2(Math.trunc(${a} / r.divisor(${b})))`],
  ['%:int2,int2', ([a, b]) => `${a} % r.divisor(${b}) + 0`],
  ['-:int2', ([a]) => `r.int2(0 - ${a})`],
  ['abs:int2', ([a]) => `r.int2(Math.abs(${a}))`],
  ['+:int4,int4', ([a, b]) => `r.int4(${a} + ${b})`],
  ['-:int4,int4', ([a, b]) => `r.int4(${a} - ${b})`],
  ['*:int4,int4', ([a, b]) => `r.int4(${a} * ${b})`],
  ['/:int4,int4', ([a, b]) => `r.int4(Math.trunc(${a} / r.divisor(${b})))`],
  ['%:int4,int4', ([a, b]) => `${a} % r.divisor(${b}) + 0`],
  ['-:int4', ([a]) => `r.int4(0 - ${a})`],
  ['abs:int4', ([a]) => `r.int4(Math.abs(${a}))`],
  ['+:int8,int8', called('add8')],
  ['-:int8,int8', called('subtract8')],
  ['*:int8,int8', called('multiply8')],
  ['/:int8,int8', called('divide8')],
  ['%:int8,int8', called('remainder8')],
  ['-:int8', ([a]) => `r.subtract8(0, ${a})`],
  ['abs:int8', ([a]) => `(${a} < 0 ? r.subtract8(0, ${a}) : ${a})`],
  ['+:numeric,numeric', called('addDecimal')],
  ['-:numeric,numeric', called('subtractDecimal')],
  ['*:numeric,numeric', called('multiplyDecimal')],
  ['/:numeric,numeric', called('divideDecimal')],
  ['%:numeric,numeric', called('remainderDecimal')],
  ['-:numeric', called('negateDecimal')],
  ['abs:numeric', ([a]) => `(${a}.units < 0n ? r.negateDecimal(${a}) : ${a})`],
  ['+:float8,float8', ([a, b]) => `r.finite(${a} + ${b})`],
  ['-:float8,float8', ([a, b]) => `r.finite(${a} - ${b})`],
  ['*:float8,float8', ([a, b]) => `r.finite(${a} * ${b})`],
  ['/:float8,float8', ([a, b]) => `r.finite(${a} / r.divisor(${b}))`],
  ['+:float4,float4', ([a, b]) => `r.single(${a} + ${b})`],
  ['-:float4,float4', ([a, b]) => `r.single(${a} - ${b})`],
  ['*:float4,float4', ([a, b]) => `r.single(${a} * ${b})`],
  ['/:float4,float4', ([a, b]) => `r.single(${a} / r.divisor(${b}))`],
  ['-:float4', ([a]) => `-${a}`],
  ['abs:float4', ([a]) => `Math.abs(${a})`],
  ['-:float8', ([a]) => `-${a}`],
  ['abs:float8', ([a]) => `Math.abs(${a})`],
  ['fit:text', ([a, most]) => `r.cutTo(${a}, ${most}, true)`],
  ['fit:numeric', called('scaledTo')],
  ...['timestamp', 'timestamptz', 'time'].map((type): [string, Coded] => [`fit:${type}`, called('timedTo')]),
  ['json_typeof', called('jsonKind')],
  ['json_array_length', called('jsonLength')],
  ...(['json', 'jsonb'] as const).flatMap((type) =>
    (['text', 'int4'] as const).flatMap((at): [string, Coded][] => [
      [`->:${type},${at}`, ([a, b]) => `r.jsonPart('${type}', ${a}, ${b})`],
      [`->>:${type},${at}`, ([a, b]) => `r.jsonText('${type}', ${a}, ${b})`],
    ]),
  ),
  ['row:none', ([a]) => `(${a} === null || ${a}.fields.every((f) => f === null))`],
  ['row:all', ([a]) => `(${a} !== null && ${a}.fields.every((f) => f !== null))`],
  ['json_object', (args) => `r.jsonObject([${args.join(', ')}], 'json')`],
  ['jsonb_object', (args) => `r.jsonObject([${args.join(', ')}], 'jsonb')`],
  ['json_array', (args) => `r.jsonArray([${args.join(', ')}])`],
  ['as_jsonb', called('asJsonb')],
  ['json_path', called('jsonAtPath')],
  ['json_path_text', called('jsonTextAtPath')],
  ['json_path_values', called('jsonPathValues')],
  ['json_path_array', called('jsonPathArray')],
  ['json_path_first', called('jsonPathFirst')],
  ['json_path_exists', called('jsonPathExists')],
  ['json_path_match', called('jsonPathMatch')],
  ['json_path_exists silent', ([a, b]) => `r.jsonPathExists(${a}, ${b}, '{}', true)`],
  ['json_path_match silent', ([a, b]) => `r.jsonPathMatch(${a}, ${b}, '{}', true)`],
  ['json_number', called('jsonNumber')],
  ['json_bool', called('jsonBool')],
  ['json_contains', called('jsonContains')],
  ['json_within', ([a, b]) => `r.jsonContains(${b}, ${a})`],
  ['json_has', called('jsonHas')],
  ['json_has_any', called('jsonHasAny')],
  ['json_has_all', called('jsonHasAll')],
  ['json_joined', called('jsonJoined')],
  ['json_without', ([a, b]) => `r.jsonWithout(${a}, [${b}])`],
  ['json_without_all', ([a, b]) => `r.jsonWithout(${a}, ${b}.items)`],
  ['json_without_at', called('jsonWithoutAt')],
  ['json_without_path', called('jsonWithoutPath')],
  ['json_set', called('jsonSet')],
  ['json_inserted', called('jsonInserted')],
  ['json_without_nulls', called('jsonWithoutNulls')],
  ['json_pretty', called('jsonPretty')],
  ...(['json', 'jsonb'] as const).flatMap((type): [string, Coded][] => [
    [`${type}_each`, ([a]) => `r.jsonEach('${type}', ${a}, false)`],
    [`${type}_each_text`, ([a]) => `r.jsonEach('${type}', ${a}, true)`],
    [`${type}_object_keys`, ([a]) => `r.jsonKeys('${type}', ${a})`],
    [`${type}_array_elements`, ([a]) => `r.jsonElements(${a}, false)`],
    [`${type}_array_elements_text`, ([a]) => `r.jsonElements(${a}, true)`],
  ]),
  ['field', ([a, place]) => `${a}.fields[${place}]`],
  ['row', (args) => `({ fields: [${args.join(', ')}] })`],
  ['array', (args) => `r.array([${args.join(', ')}])`],
  ['array:lists', (args) => `r.ofLists([${args.join(', ')}])`],
  ['generate_series', called('series')],
  ['subscript', called('subscripted')],
  ['slice', called('sliced')],
  ['array_length', called('sizeIn')],
  ['array_lower', called('firstIn')],
  ['array_ndims', called('dimensions')],
  ['array_dims', called('dimensionText')],
  ['cardinality', ([a]) => `${a}.items.length`],
  ['trim_array', called('trimmedTo')],
  ['array_append', called('appended')],
  ['array_prepend', called('prepended')],
  ['array_cat', called('concatenated')],
  ['array_position', called('positionOf')],
  ['array_positions', called('positionsOf')],
  ['array_remove', called('without')],
  ['array_replace', called('withOther')],
  ['string_to_array', called('split')],
  ['@>', called('contains')],
  ['<@', ([a, b]) => `r.contains(${b}, ${a})`],
  ['&&', called('overlaps')],
  ['octet_length:bytea', ([a]) => `(${a}.length / 2 - 1)`],
  ['+:clock,interval', ([a, b]) => `r.clockMoved(${a}, ${b})`],
  ['-:clock,interval', ([a, b]) => `r.clockMoved(${a}, r.negateInterval(${b}))`],
  ['*:interval,float8', called('timesInterval')],
  ['*:float8,interval', ([a, b]) => `r.timesInterval(${b}, ${a})`],
  ['+:time,interval', called('moved')],
  ['-:time,interval', ([a, b]) => `r.moved(${a}, r.negateInterval(${b}))`],
  ['+:interval,time', ([a, b]) => `r.moved(${b}, ${a})`],
  ['-:time,time', called('between')],
  ['+:interval,interval', called('addIntervals')],
  ['-:interval,interval', ([a, b]) => `r.addIntervals(${a}, r.negateInterval(${b}))`],
  ['-:interval', called('negateInterval')],
  ['+:date,int4', ([a, b]) => `${a} + ${b}`],
  ['-:date,int4', ([a, b]) => `${a} - ${b}`],
  ['-:date,date', ([a, b]) => `${a} - ${b}`],
  ['date_trunc', called('truncated')],
  ['date_bin', called('binned')],
  ['to_char:time', called('formatTime')],
  ['to_char:zoned', ([a, b]) => `r.formatTime(${a}, ${b}, true)`],
  ['extract', called('extract')],
  ['date_part', ([a, b]) => `r.asFloat(r.extract(${a}, ${b}))`],
  ['to_timestamp', ([a]) => `r.inTime(Math.round(${a} * 1000000))`],
  ['||:text,text', called('joinTexts')],
  ['like', called('like')],
  ['unlike', ([a, b]) => `!r.like(${a}, ${b})`],
  ['lower:text', ([a]) => `${a}.toLowerCase()`],
  ['upper:text', ([a]) => `${a}.toUpperCase()`],
  ['reverse:text', called('reversed')],
  ['md5:text', called('md5')],
  ['length', called('lengthOf')],
  ['octet_length:text', called('octets')],
  ['substring', called('substring')],
  ['left:text,int4', called('left')],
  ['right:text,int4', called('right')],
  ['repeat:text,int4', called('repeated')],
  ['replace:text,text,text', called('replaced')],
  ['split_part:text,text,int4', called('splitPart')],
  ['strpos', called('position')],
  ['starts_with:text,text', ([a, b]) => `${a}.startsWith(${b})`],
  ['btrim', called('trimmed')],
  ['ltrim', called('trimmedLeft')],
  ['rtrim', called('trimmedRight')],
  ['floor:numeric', called('floorDecimal')],
  ['ceil:numeric', called('ceilDecimal')],
  ['round:numeric', called('roundDecimal')],
  ['trunc:numeric', called('truncDecimal')],
  ['floor:float8', ([a]) => `Math.floor(${a})`],
  ['ceil:float8', ([a]) => `Math.ceil(${a})`],
  ['round:float8', called('roundFloat')],
  ['near:float8', called('near')],
  ['trunc:float8', ([a]) => `Math.trunc(${a})`],
  ['sqrt:float8', called('squareRoot')],
  ['exp:float8', ([a]) => `r.finite(Math.exp(${a}))`],
  ['ln:float8', called('logarithm')],
  ['power:float8,float8', ([a, b]) => `r.finite(Math.pow(${a}, ${b}))`],
  ['sign:float8', ([a]) => `Math.sign(${a})`],
]);

/** Whether an operation may answer NULL for values that are not. */
export const isPartial = (operation: string): boolean => /^(->|json_path_)|^lib:.*\?$/.test(operation) || partial.has(operation);
const partial: ReadonlySet<string> = new Set([
  'json_number',
  'json_bool',
  'json_path',
  'json_path_text',
  'field',
  'subscript',
  'array_length',
  'array_lower',
  'array_ndims',
  'array_dims',
]);

/** Whether an operation is given NULL too, and may answer it. */
export const takesNull = (operation: string): boolean =>
  /^(any|all|array_to_string)[ :]|^lib:.*\?\?$/.test(operation) || takers.has(operation);
const takers: ReadonlySet<string> = new Set([
  ...[
    'json_object',
    'jsonb_object',
    'json_array',
    'row',
    'row:none',
    'row:all',
    'array',
    'array:lists',
    'array_append',
    'array_prepend',
    'array_cat',
    'string_to_array',
  ],
  ...['array_position', 'array_positions', 'array_remove', 'array_replace'],
]);

/** What is made of values of any type, which is the first argument. */
const ofType: Readonly<Record<string, string>> = {
  ...{ to_json: 'jsonOf', to_json_lines: 'jsonOf', json_name: 'jsonName', json_list: 'jsonOfGroup', json_pairs: 'jsonOfPairs' },
};

/** The code of an operation by its name; names come from the table of functions alone. */
export function codeOf(operation: string): Coded {
  const known = fixed.get(operation);
  if (known) return known;
  // Of what may answer NULL there is a sign behind its name, of what is given NULL too another one.
  if (operation.startsWith('lib:')) return called(operation.slice('lib:'.length).replace(/\?+$/, ''));
  const [how, inner] = operation.split(/ (.*)/s);
  if (inner !== undefined) return ([a, b]) => `r.someItem(${a}, ${b}, (a, b) => ${codeOf(inner)(['a', 'b'])}, ${how === 'all'})`;
  const [name = '', types = ''] = operation.split(':');
  const [from, to] = types.split(',') as [Type, Type];
  if (name === 'cast') return castCode(from, to);
  if (name === 'fit') return ([a, ...sizes]) => `r.eachItem(${a}, (a) => ${codeOf(`fit:${from.slice(0, -2)}`)(['a', ...sizes])})`;
  if (name === 'array_to_string') return (args) => `r.joinedItems(${[JSON.stringify(from), ...args].join(', ')})`;
  const made = ofType[name];
  if (made !== undefined) return (args) => `r.${made}(${[JSON.stringify(from), ...args].join(', ')})`;
  const sign = signs[name];
  if (sign === undefined) throw new TypeError(`no code for ${operation}`);
  if (plain.includes(from) || (isText(from) && (name === '=' || name === '<>'))) return ([a, b]) => `${a} ${sign} ${b}`;
  if (isText(from)) return ([a, b]) => `r.compareTexts(${a}, ${b}) ${sign} 0`;
  return ([a, b]) => `r.compareValues(${a}, ${b}) ${sign} 0`;
}

function castCode(from: Type, to: Type): Coded {
  if (
    (from === 'int2' && to === 'int4') ||
    ((from === 'int2' || from === 'int4') && to === 'int8') ||
    (from === 'float4' && to === 'float8')
  )
    return ([a]) => `${a}`;
  if (to === 'float8' && (from === 'int2' || from === 'int4' || from === 'int8')) return ([a]) => `Number(${a})`;
  if (to === 'numeric' && numbers.includes(from) && !isFloat(from)) return ([a]) => `r.decimalOf(${a})`;
  if (from === 'date' && to !== 'text') return ([a]) => `r.inTime(${a} * ${86_400_000_000})`;
  if (from.startsWith('timestamp') && to.startsWith('timestamp')) return ([a]) => `${a}`;
  return ([a]) => `r.castValue(${a}, ${JSON.stringify(from)}, ${JSON.stringify(to)})`;
}
