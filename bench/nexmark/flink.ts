import type { Type } from '#services/analytics/domain/value.ts';
import { nexmarkQueries, type Windows } from './query.ts';

/** `10 seconds` as Flink writes it behind INTERVAL. */
const lengthOf = (text: string): string => text.replace(/^([\d.]+) seconds?$/, "'$1' second");

/** Windows in Flink's SQL. Its sessions go on when rows are exactly the gap apart; times are whole milliseconds here. */
const windows: Windows = {
  hop: (table, time, step, size) =>
    `table(hop(table ${table}, descriptor(${time}), interval ${lengthOf(step)}, interval ${lengthOf(size)}))`,
  tumble: (table, time, size) => `table(tumble(table ${table}, descriptor(${time}), interval ${lengthOf(size)}))`,
  session: (table, key, time) => `table(session(table ${table} partition by ${key}, descriptor(${time}), interval '0.999' second))`,
};

/** What Flink calls otherwise, or takes for a word of its own. */
const words: readonly (readonly [RegExp, string])[] = [
  [/\bdatetime\b/g, '`datetime`'],
  [/interval '(\d+) seconds?'/g, "interval '$1' second"],
  [/to_char\(`datetime`, 'YYYY-MM-DD'\)/g, "date_format(`datetime`, 'yyyy-MM-dd')"],
  [/to_char\(`datetime`, 'HH24:MI'\)/g, "date_format(`datetime`, 'HH:mm')"],
  [/split_part\(split_part\(url, 'channel_id=', 2\), '&', 1\)/g, "split_index(split_index(url, 'channel_id=', 1), '&', 0)"],
  [/split_part\(url, '\/', 4\)/g, "split_index(url, '/', 3)"],
  [/split_part\(url, '\/', 5\)/g, "split_index(url, '/', 4)"],
  [/split_part\(url, '\/', 6\)/g, "split_index(url, '/', 5)"],
  [/like '%channel\\_id=%'/g, "like '%channel_id=%'"],
  [/length\(/g, 'char_length('],
  [/avg\(q\.final\)/g, 'avg(cast(q.`final` as double))'],
  [/avg\(price\)/g, 'avg(cast(price as double))'],
  [/as final\b/g, 'as `final`'],
  [/\bm\.at\b/g, 'm.`at`'],
  [/ as (at|day|minute|place|most)\b/g, ' as `$1`'],
  [/\b(s|p)\.(value|key|state|name)\b/g, '$1.`$2`'],
  [/\bm\.most\b/g, 'm.`most`'],
  [/where place <=/g, 'where `place` <='],
];

// Its sessions end a millisecond earlier here.
const ends: readonly [string, string] = [
  'window_start, window_end from',
  "window_start, window_end + interval '0.001' second as window_end from",
];
// Flink groups by no numbers of columns.
const groups: Readonly<Record<string, string>> = {
  q16: "group by channel, date_format(`datetime`, 'yyyy-MM-dd')",
  q17: "group by auction, date_format(`datetime`, 'yyyy-MM-dd')",
};

/** The queries of Nexmark in Flink's SQL. */
export const flinkQueries: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries(nexmarkQueries(windows)).map(([name, text]) => {
    const own = words.reduce((all, [from, to]) => all.replaceAll(from, to), text).replaceAll(/\s+/g, ' ');
    return [name, name === 'q11' ? own.replace(...ends) : own.replace('group by 1, 2', groups[name] ?? '')];
  }),
);

const types: Readonly<Partial<Record<Type, string>>> = { int8: 'bigint', text: 'string', timestamp: 'timestamp(3)' };

/** Where Flink reads a table from: a file, or a topic that it reads to the end that it has when it begins. */
export type FlinkSource = Readonly<Record<string, string>>;

export const flinkFile = (path: string): FlinkSource => ({ connector: 'filesystem', path });

const plainLogin = 'org.apache.kafka.common.security.plain.PlainLoginModule';

export const flinkTopic = (topic: string, broker: string, { username, password }: { username: string; password: string }): FlinkSource => ({
  ...{ connector: 'kafka', topic, 'properties.bootstrap.servers': broker },
  ...{ 'scan.startup.mode': 'earliest-offset', 'scan.bounded.mode': 'latest-offset' },
  ...{ 'properties.security.protocol': 'SASL_PLAINTEXT', 'properties.sasl.mechanism': 'PLAIN' },
  'properties.sasl.jaas.config': `${plainLogin} required username="${username}" password="${password}";`,
});

/** A table of JSON, a row a record; rows come by their times, if they have one, at most 4 seconds late. */
export function flinkTable(name: string, columns: Readonly<Record<string, string>>, source: FlinkSource): string {
  const own = Object.entries(columns).map(([column, type]) => `\`${column}\` ${types[type as Type]}`);
  const mark = 'datetime' in columns ? ["watermark for `datetime` as `datetime` - interval '4' second"] : [];
  const options = Object.entries({ ...source, format: 'json', 'json.timestamp-format.standard': 'SQL' });
  const said = options.map(([key, value]) => `'${key}' = '${value.replaceAll("'", "''")}'`);
  return `create table \`${name}\` (${[...own, ...mark].join(', ')}) with (${said.join(', ')})`;
}
