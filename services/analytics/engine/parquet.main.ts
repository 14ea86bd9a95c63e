import { once } from 'node:events';
import { openDuck } from './duck/open.ts';
import { parquetMemoryMb } from './limits.ts';

/**
 * The process that reads one file of Parquet, which it has as its third descriptor: it says a line of JSON for each row, with
 * the columns that it was asked for, as far as there are such, as texts. It opens nothing else.
 */
const file = '/proc/self/fd/3';
const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;

async function say(text: string): Promise<void> {
  if (!process.stdout.write(text)) await once(process.stdout, 'drain');
}

const isNested = (type: string): boolean => /[([]/.test(type) && !/^DECIMAL\(\d+,\d+\)$/.test(type);

/** A column as text that PostgreSQL's types are read from. */
function asText(name: string, type: string): string {
  if (type === 'BLOB') return `'\\x' || lower(hex(${quoted(name)}))`;
  return isNested(type) ? `CAST(to_json(${quoted(name)}) AS VARCHAR)` : `CAST(${quoted(name)} AS VARCHAR)`;
}

// Whoever asked went away.
process.stdout.on('error', () => process.exit(0));

const wanted = JSON.parse(process.argv[2] ?? '[]') as string[];
const engine = await openDuck(parquetMemoryMb, [`TimeZone = 'UTC'`, `allowed_paths = ['${file}']`]);
const described = await engine.runAndReadAll(`SELECT column_name, column_type FROM (DESCRIBE SELECT * FROM read_parquet('${file}'))`);
const types = new Map(described.getRows().map(([name, type]) => [String(name), String(type)]));
const names = wanted.filter((name) => types.has(name));
const shown = names.length === 0 ? ['NULL'] : names.map((name) => asText(name, types.get(name) ?? ''));
const result = await engine.stream(`SELECT ${shown.join(', ')} FROM read_parquet('${file}')`);
for (let chunk = await result.fetchChunk(); chunk && chunk.rowCount > 0; chunk = await result.fetchChunk()) {
  const columns = names.map((_, at) => chunk.getColumnValues(at) as (string | null)[]);
  const written = names.map((name) => ({ key: JSON.stringify(name), isJson: isNested(types.get(name) ?? '') }));
  let lines = '';
  for (let row = 0; row < chunk.rowCount; row += 1) {
    const fields = written.map(({ key, isJson }, at) => {
      const text = columns[at]?.[row] ?? null;
      return `${key}:${text !== null && isJson ? text : JSON.stringify(text)}`;
    });
    lines += `{${fields.join(',')}}\n`;
  }
  await say(lines);
}
process.exit(0);
