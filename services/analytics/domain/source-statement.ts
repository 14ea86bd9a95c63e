import type { Node } from 'libpg-query';
import { StatementError } from '#engine/pgwire/statement-error.ts';
import { placesIn } from './context.ts';
import { type Format, formatOf, optionsOf } from './format.ts';
import { checkOriginFormat, type Origin, originFormat, originOf, originOptions, parquetOf } from './origin.ts';
import { startOf } from './start.ts';
import { type WatermarkText, watermarkOf } from './watermark.ts';

/** What stands among its columns besides those. */
type Clauses = { readonly watermark: WatermarkText | undefined; readonly proctime: string | undefined };

/** The topic of a source, and how its values are read. */
export function valuesOf(
  options: readonly Node[],
  { watermark, proctime }: Clauses,
  by: Node | undefined,
  text: string,
): { readonly topic: string | undefined; readonly format: Format; readonly origin?: Origin; readonly start?: string } {
  const timed = watermark ? ['lateness', 'idle', 'late'] : [];
  const own = ['topic', 'format', 'envelope', 'delimiter', 'null', 'dead_letters', 'start', ...originOptions];
  const { given, isParquet } = parquetOf(optionsOf(options, [...own, ...timed], 'source'));
  const said = originOf(given);
  const start = given.get('start');
  if (said && start !== undefined) throw new StatementError('22023', 'start is an option of a source that reads a topic');
  if (start !== undefined) startOf(start);
  const origin = said && isParquet ? { ...said, parquet: true as const } : said;
  if (origin?.table !== undefined && proctime !== undefined)
    throw new StatementError('22023', 'PROCTIME() is of a source that reads a topic or files');
  if (origin?.table !== undefined) return ofTable(origin, given);
  const format = {
    ...formatOf(given),
    ...(watermark ? { watermark: watermarkOf(watermark, by, given, placesIn(text)(watermark.start)) } : {}),
    ...(proctime === undefined ? {} : { proctime }),
  };
  if (origin) {
    checkOriginFormat(origin, format);
    return { topic: undefined, origin, format };
  }
  const topic = given.get('topic') ?? '';
  if (!/^[a-zA-Z0-9._-]{1,249}$/.test(topic))
    throw new StatementError('22023', 'a source needs the name of a topic: WITH (topic = ..., format = ...)');
  return { topic, format, ...(start === undefined ? {} : { start }) };
}

/** A source of a table of PostgreSQL, whose rows come as what is there says them. */
function ofTable(origin: Origin, given: ReadonlyMap<string, string>) {
  const other = [...given.keys()].find((name) => name !== 'dead_letters' && !(originOptions as readonly string[]).includes(name));
  if (other !== undefined) throw new StatementError('22023', `${other} is no option of a source of a table of PostgreSQL`);
  if (origin.lookup && given.has('dead_letters'))
    throw new StatementError('22023', 'dead_letters is no option of a source that is looked up, which has no records');
  const { deadLetters } = formatOf(new Map([...given, ['format', 'json']]));
  return { topic: undefined, origin, format: { ...originFormat, ...(deadLetters === undefined ? {} : { deadLetters }) } };
}
