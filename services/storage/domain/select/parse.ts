import { selectItemsMax } from '../../contract/limits.ts';
import { readExpression, readStep } from './expression.ts';
import { TokenReader } from './reader.ts';
import { SelectRefusal } from './refusal.ts';
import type { Query, SourceStep } from './syntax.ts';

/** What ends the list of what is asked for; none of these is a name there. */
const clauses = ['from', 'where', 'limit', 'as', 'order', 'group', 'having', 'join', 'union', 'offset', 'inner', 'left'];

/** Reads a query of S3's dialect; SelectRefusal where it is none. */
export function parseQuery(text: string): Query {
  const reader = new TokenReader(text);
  if (reader.peek().kind === 'end') throw new SelectRefusal('EmptyRequestBody', 'The SQL expression is empty.');
  if (reader.takeWord('select') === undefined)
    throw new SelectRefusal('ParseUnsupportedSelect', 'The SQL expression is not a SELECT, which is all that is supported.');
  if (reader.isWord('distinct')) throw new SelectRefusal('UnsupportedSqlStructure', 'DISTINCT is not supported.');
  const items = readItems(reader);
  if (reader.takeWord('from') === undefined) {
    if (reader.peek().kind === 'end')
      throw new SelectRefusal('ParseSelectMissingFrom', 'The SQL expression contains a missing FROM after SELECT list.');
    throw reader.unexpected('FROM');
  }
  const source = readSource(reader);
  const alias = readAlias(reader);
  const where = reader.takeWord('where') === undefined ? undefined : readExpression(reader);
  const limit = reader.takeWord('limit') === undefined ? undefined : readLimit(reader);
  refuseMore(reader);
  return {
    ...(items ? { items } : {}),
    source,
    ...(alias === undefined ? {} : { alias }),
    ...(where ? { where } : {}),
    ...(limit === undefined ? {} : { limit }),
  };
}

function readItems(reader: TokenReader): Query['items'] {
  if (reader.takeSign('*') !== undefined) return alone(reader);
  if (reader.peek().kind === 'word' && reader.peek(1).text === '.' && reader.peek(2).text === '*' && reader.peek(2).kind === 'sign') {
    for (let taken = 0; taken < 3; taken++) reader.next();
    return alone(reader);
  }
  const items: NonNullable<Query['items']>[number][] = [];
  do {
    if (reader.peek().kind === 'sign' && reader.peek().text === '*')
      throw new SelectRefusal('ParseAsteriskIsNotAloneInSelectList', 'Other expressions are not allowed in the SELECT list beside "*".');
    if (items.length >= selectItemsMax) throw new SelectRefusal('OverMaxColumn', `At most ${selectItemsMax} columns can be asked for.`);
    const of = readExpression(reader);
    const name = readAlias(reader);
    items.push({ of, ...(name === undefined ? {} : { name }) });
  } while (reader.takeSign(',') !== undefined);
  return items;
}

function alone(reader: TokenReader): undefined {
  if (reader.peek().text === ',')
    throw new SelectRefusal('ParseAsteriskIsNotAloneInSelectList', 'Other expressions are not allowed in the SELECT list beside "*".');
}

/** `[AS] name`, if it comes next. */
function readAlias(reader: TokenReader): string | undefined {
  const said = reader.takeWord('as') !== undefined;
  const { kind, text } = reader.peek();
  if (kind === 'name' || (kind === 'word' && !clauses.includes(text.toLowerCase()))) return reader.next().text;
  if (said)
    throw new SelectRefusal('ParseExpectedIdentForAlias', 'Did not find the expected identifier for the alias in the SQL expression.');
  return undefined;
}

function readSource(reader: TokenReader): SourceStep[] {
  if (reader.takeWord('s3object') === undefined)
    throw new SelectRefusal('InvalidTableAlias', 'The table of the SQL expression must be S3Object.');
  const steps: SourceStep[] = [];
  while (reader.peek().text === '.' || reader.peek().text === '[') {
    if (reader.peek().text === '[' && reader.peek(1).text === '*') {
      for (let taken = 0; taken < 2; taken++) reader.next();
      reader.expectSign(']');
      steps.push({ each: true });
    } else steps.push(readStep(reader));
  }
  return steps;
}

function readLimit(reader: TokenReader): number {
  const { kind, text } = reader.next();
  if (kind !== 'number' || !/^\d{1,15}$/.test(text))
    throw new SelectRefusal('ParseExpectedNumber', 'Did not find the expected number in the SQL expression: LIMIT takes a whole number.');
  return Number(text);
}

const unsupported = ['order', 'group', 'having', 'join', 'union', 'offset'];

function refuseMore(reader: TokenReader): void {
  while (reader.takeSign(';') !== undefined);
  const { kind, text } = reader.peek();
  if (kind === 'end') return;
  if (unsupported.includes(text.toLowerCase()))
    throw new SelectRefusal('UnsupportedSqlStructure', `${text.toUpperCase()} is not supported in the SQL expression.`);
  throw reader.unexpected('its end');
}
