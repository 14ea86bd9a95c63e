import type { Alias, Node } from 'libpg-query';
import { notBuilt, sqlstates, StatementError } from '#engine/pgwire/statement-error.ts';
import { type Named, namedAs, readPattern, type RowPattern } from './row-pattern.ts';

type Token = { readonly text: string; readonly start: number; readonly end: number };

/** Where the next match is sought. */
export type Skip = { readonly to: 'past' | 'next' | 'first' | 'last'; readonly of?: Named };

/** A MATCH_RECOGNIZE as it is written; expressions are nodes of PostgreSQL's grammar. */
export type Recognition = {
  readonly partition: readonly Node[];
  readonly order: readonly Node[];
  readonly measures: readonly { readonly name: string; readonly node: Node }[];
  readonly shown: 'one' | 'all';
  /** Of ALL ROWS: whether empty matches and rows of no match are shown. */
  readonly empties: boolean;
  readonly unmatched: boolean;
  readonly timeouts: boolean;
  readonly skip: Skip;
  readonly pattern: RowPattern<Named>;
  readonly within: Node | undefined;
  readonly subsets: readonly { readonly of: Named; readonly parts: readonly Named[] }[];
  readonly definitions: readonly { readonly of: Named; readonly node: Node }[];
  readonly position: number;
};

/** A clause that was taken out of a text: the alias that stands in its place, and what follows it. */
export type Taken = {
  readonly mark: string;
  readonly alias: string;
  readonly position: number | undefined;
  readonly recognition: (parse: Parse) => Recognition;
};
type Parse = (text: string) => Node | undefined;
type PlaceOf = (location: number | undefined) => number | undefined;

const recognitions = new WeakMap<Alias, Recognition>();

/** The MATCH_RECOGNIZE that stands behind a relation, if one does. */
export const recognitionOf = (alias: Alias | undefined): Recognition | undefined => alias && recognitions.get(alias);

const behind = new Set(
  `on join left inner right full cross natural using where group order having union except intersect limit offset fetch window for emit
   with tablesample match_recognize returning and or`.split(/\s+/),
);

/** Takes MATCH_RECOGNIZE clauses out of a text, whose bytes it overwrites with aliases by which they are found again. */
export function takeMatches(bytes: Buffer, tokens: readonly Token[], text: string, placeOf: PlaceOf): Taken[] {
  const found: Taken[] = [];
  let prefix = 'match_';
  while (text.includes(prefix)) prefix += '_';
  for (let at = 1; at < tokens.length; at += 1) {
    const [word, open] = [tokens[at] as Token, tokens[at + 1]];
    if (word.text.toLowerCase() !== 'match_recognize' || open?.text !== '(') continue;
    const close = closing(tokens, at + 1);
    if (close === undefined) throw new StatementError(sqlstates.syntax, 'a MATCH_RECOGNIZE has no end', placeOf(word.start));
    const inner = tokens.slice(at + 2, close);
    const original = Buffer.from(bytes);
    const isNamed = tokens[close + 1]?.text.toLowerCase() === 'as';
    const next = tokens[close + (isNamed ? 2 : 1)];
    const hasAlias = next !== undefined && /^["a-z_]/i.test(next.text) && (isNamed || !behind.has(next.text.toLowerCase()));
    const last = hasAlias ? next : (tokens[close] as Token);
    const mark = `${prefix}${found.length}`;
    bytes.fill(' ', word.start, last.end);
    bytes.write(` as "${mark}"`, word.start);
    found.push({
      mark,
      position: placeOf(word.start),
      alias: hasAlias ? namedAs(next.text, 0).name : '',
      recognition: (parse) => new Clause(original, inner, placeOf, parse).read(placeOf(word.start) ?? 1),
    });
    at = close;
  }
  return found;
}

function closing(tokens: readonly Token[], open: number): number | undefined {
  let depth = 0;
  for (let at = open; at < tokens.length; at += 1) {
    if (tokens[at]?.text === '(') depth += 1;
    if (tokens[at]?.text === ')') depth -= 1;
    if (depth === 0) return at;
  }
  return undefined;
}

/** Gives the clauses that were taken out of a text to the relations that they stand behind. */
export function attachMatches(node: unknown, taken: readonly Taken[], parse: Parse): void {
  if (taken.length === 0) return;
  const open = new Map(taken.map((each) => [each.mark, each]));
  attach(node, open, parse);
  for (const { position } of open.values())
    throw new StatementError(sqlstates.syntax, 'MATCH_RECOGNIZE stands behind a relation', position);
}

function attach(node: unknown, open: Map<string, Taken>, parse: Parse): void {
  if (typeof node !== 'object' || node === null) return;
  const alias = node as { aliasname?: string };
  const own = alias.aliasname === undefined ? undefined : open.get(alias.aliasname);
  if (own) {
    open.delete(own.mark);
    alias.aliasname = own.alias;
    recognitions.set(alias as Alias, own.recognition(parse));
  }
  for (const each of Object.values(node)) attach(each, open, parse);
}

const heads = [
  ...['partition by', 'order by', 'measures', 'one row per match', 'all rows per match', 'after match skip', 'initial', 'seek'],
  ...['pattern', 'within', 'subset', 'define'],
] as const;
type Head = (typeof heads)[number];
type Part = { readonly start: number; readonly tokens: readonly Token[] };

/** What stands in the parentheses of a MATCH_RECOGNIZE. */
class Clause {
  readonly #bytes: Buffer;
  readonly #tokens: readonly Token[];
  readonly #placeOf: PlaceOf;
  readonly #parse: Parse;
  readonly #parts = new Map<Head, Part>();

  constructor(bytes: Buffer, tokens: readonly Token[], placeOf: PlaceOf, parse: Parse) {
    this.#bytes = bytes;
    this.#tokens = tokens;
    this.#placeOf = placeOf;
    this.#parse = parse;
  }

  #wrong(message: string, token: Token | undefined): StatementError {
    const at = token?.start ?? this.#tokens.at(-1)?.end;
    return new StatementError(sqlstates.syntax, message, this.#placeOf(at));
  }

  read(position: number): Recognition {
    this.#cut();
    const pattern = this.#parts.get('pattern');
    if (!pattern) throw new StatementError(sqlstates.syntax, 'a MATCH_RECOGNIZE needs a PATTERN', position);
    for (const word of ['initial', 'seek'] as const) {
      const part = this.#parts.get(word);
      if (part && (word === 'seek' || part.tokens.length > 0)) throw notBuilt('SEEK', this.#placeOf(part.start));
    }
    const [one, all] = [this.#parts.get('one row per match'), this.#parts.get('all rows per match')];
    if (one && all) throw this.#wrong('either ONE ROW PER MATCH or ALL ROWS PER MATCH', all.tokens[0]);
    return {
      ...{ position, pattern: this.#pattern(pattern), skip: this.#skip(), shown: all ? 'all' : 'one' },
      ...this.#shown(one ?? all, all !== undefined),
      partition: this.#select('partition by'),
      order: this.#ordered(),
      measures: this.#measures(),
      within: this.#select('within')[0],
      subsets: this.#subsets(),
      definitions: this.#definitions(),
    };
  }

  /** Parts the tokens by the words that parts begin with. */
  #cut(): void {
    let depth = 0;
    let last = -1;
    let own: { head: Head; start: number; tokens: Token[] } | undefined;
    const finish = () => own && this.#parts.set(own.head, own);
    for (let at = 0; at < this.#tokens.length; at += 1) {
      const token = this.#tokens[at] as Token;
      const place = depth === 0 ? this.#headAt(at) : -1;
      if (place >= 0) {
        const head = heads[place] as Head;
        const isOther = last >= 0 && (place < last || this.#parts.has(head) || own?.head === head);
        if (isOther) throw this.#wrong(`${head.toUpperCase()} does not stand here`, token);
        finish();
        [own, last] = [{ head, start: token.start, tokens: [] }, place];
        at += head.split(' ').length - 1;
        continue;
      }
      if (!own) throw this.#wrong(`syntax error at or near "${token.text}"`, token);
      if (token.text === '(') depth += 1;
      if (token.text === ')') depth -= 1;
      own.tokens.push(token);
    }
    finish();
  }

  #headAt(at: number): number {
    const before = this.#tokens[at - 1]?.text.toLowerCase();
    if (before === '.' || before === 'as') return -1;
    return heads.findIndex((head) => {
      const words = head.split(' ');
      if (!words.every((word, by) => this.#tokens[at + by]?.text.toLowerCase() === word)) return false;
      return head !== 'pattern' || this.#tokens[at + 1]?.text === '(';
    });
  }

  /** The expressions of a part, which becomes a SELECT at the same place. */
  #expressions(part: Part, items: readonly (readonly Token[])[]): Node[] {
    const [first] = items;
    if (!first || items.some((item) => item.length === 0)) throw this.#wrong('an expression is missing', part.tokens[0]);
    const end = part.tokens.at(-1)?.end ?? part.start;
    const text = Buffer.alloc(end, ' ');
    for (const item of items) {
      const [from, to] = [item[0] as Token, item.at(-1) as Token];
      this.#bytes.copy(text, from.start, from.start, to.end);
      text.write(item === items.at(-1) ? '' : ',', to.end);
    }
    this.#join(text, items);
    const begin = (first[0] as Token).start;
    text.write('select ', begin - 'select '.length);
    const found = selected(this.#parse(text.toString()));
    return items.map((item, at) => {
      const { val, name } = found[at] ?? {};
      if (!val || name !== undefined || found.length !== items.length) throw this.#wrong('an expression is missing', item[0]);
      return val;
    });
  }

  /** `FINAL LAST(` and its kin become one name. */
  #join(text: Buffer, items: readonly (readonly Token[])[]): void {
    for (const item of items)
      item.forEach(({ text: word, end }, at) => {
        const next = item[at + 1];
        if (/^(final|running)$/i.test(word) && next && /^[a-z_]/i.test(next.text) && item[at + 2]?.text === '(')
          text.fill('_', end, next.start);
      });
  }

  #select(head: Head): Node[] {
    const part = this.#parts.get(head);
    return part ? this.#expressions(part, listed(part.tokens)) : [];
  }

  #ordered(): Node[] {
    const part = this.#parts.get('order by');
    const first = part?.tokens[0];
    if (!part) return [];
    if (!first) throw this.#wrong('an expression is missing', undefined);
    const end = part.tokens.at(-1)?.end ?? part.start;
    const head = 'select 1 order by ';
    const text = Buffer.alloc(end, ' ');
    this.#bytes.copy(text, first.start, first.start, end);
    text.write(head, first.start - head.length);
    const node = this.#parse(text.toString());
    const { sortClause = [], ...rest } = node && 'SelectStmt' in node ? node.SelectStmt : {};
    if ('limitCount' in rest || 'limitOffset' in rest || 'lockingClause' in rest) throw this.#wrong('ORDER BY takes expressions', first);
    return sortClause;
  }

  /** The items of a list, each `expression AS name`. */
  #measures(): Recognition['measures'] {
    const part = this.#parts.get('measures');
    if (!part) return [];
    const items = listed(part.tokens).map((item) => {
      const [as, name] = [item.at(-2), item.at(-1)];
      if (item.length < 3 || as?.text.toLowerCase() !== 'as' || !name)
        throw this.#wrong('a measure is written so: expression AS name', item[0]);
      return { name: namedAs(name.text, 0).name, expr: item.slice(0, -2) };
    });
    const nodes = this.#expressions(
      part,
      items.map(({ expr }) => expr),
    );
    return items.map(({ name }, at) => ({ name, node: nodes[at] as Node }));
  }

  #shown(part: Part | undefined, isAll: boolean): Pick<Recognition, 'empties' | 'unmatched' | 'timeouts'> {
    let words = (part?.tokens ?? []).map(({ text }) => text.toLowerCase()).join(' ');
    const take = (text: string) => {
      if (!words.startsWith(text)) return false;
      words = words.slice(text.length).trim();
      return true;
    };
    const omits = isAll && take('omit empty matches');
    const unmatched = isAll && take('with unmatched rows');
    if (isAll && !omits && !unmatched) take('show empty matches');
    const timeouts = take('with timeout rows');
    if (words !== '') throw this.#wrong(`syntax error near "${words}"`, part?.tokens[0]);
    return { empties: !omits, unmatched, timeouts };
  }

  #name(token: Token | undefined): Named {
    if (!token || !/^["a-z_\u0080-\uffff]/i.test(token.text)) throw this.#wrong('a variable of the pattern is missing', token);
    return namedAs(token.text, this.#placeOf(token.start) ?? 1);
  }

  #skip(): Skip {
    const tokens = this.#parts.get('after match skip')?.tokens ?? [];
    const words = tokens.map(({ text }) => text.toLowerCase());
    const all = words.join(' ');
    if (tokens.length === 0 && !this.#parts.has('after match skip')) return { to: 'past' };
    if (all === 'past last row') return { to: 'past' };
    if (all === 'to next row') return { to: 'next' };
    const isFirst = words[1] === 'first' && words.length === 3;
    const isLast = (words[1] === 'last' && words.length === 3) || words.length === 2;
    if (words[0] !== 'to' || !(isFirst || isLast)) throw this.#wrong('AFTER MATCH SKIP in this form is not known', tokens[0]);
    return { to: isFirst ? 'first' : 'last', of: this.#name(tokens.at(-1)) };
  }

  #pattern(part: Part): RowPattern<Named> {
    const [open, close] = [part.tokens[0] as Token, part.tokens.at(-1) as Token];
    if (closing(part.tokens, 0) !== part.tokens.length - 1) throw this.#wrong('a PATTERN stands in parentheses', open);
    return readPattern(this.#bytes.toString('utf8', open.end, close.start), this.#placeOf(open.end) ?? 1);
  }

  #subsets(): Recognition['subsets'] {
    const part = this.#parts.get('subset');
    if (!part) return [];
    return listed(part.tokens).map((item) => {
      const [name, equal, open, ...more] = item;
      if (equal?.text !== '=' || open?.text !== '(' || more.at(-1)?.text !== ')')
        throw this.#wrong('a SUBSET is written so: name = (variable, ...)', item[0]);
      return { of: this.#name(name), parts: listed(more.slice(0, -1)).map(([each]) => this.#name(each)) };
    });
  }

  #definitions(): Recognition['definitions'] {
    const part = this.#parts.get('define');
    if (!part) return [];
    const items = listed(part.tokens).map((item) => {
      if (item[1]?.text.toLowerCase() !== 'as') throw this.#wrong('DEFINE is written so: variable AS condition', item[0]);
      return { of: this.#name(item[0]), expr: item.slice(2) };
    });
    const nodes = this.#expressions(
      part,
      items.map(({ expr }) => expr),
    );
    return items.map(({ of }, at) => ({ of, node: nodes[at] as Node }));
  }
}

/** A list's items. */
function listed(tokens: readonly Token[]): Token[][] {
  const found: Token[][] = [[]];
  let depth = 0;
  for (const token of tokens) {
    if (token.text === '(' || token.text === '[') depth += 1;
    if (token.text === ')' || token.text === ']') depth -= 1;
    if (depth === 0 && token.text === ',') found.push([]);
    else found.at(-1)?.push(token);
  }
  return found;
}

function selected(node: Node | undefined): { readonly val?: Node; readonly name?: string }[] {
  const { targetList = [], ...rest } = node && 'SelectStmt' in node ? node.SelectStmt : {};
  if ('fromClause' in rest || 'whereClause' in rest || 'groupClause' in rest) throw notBuilt('A clause in an expression');
  return targetList.map((target) => ('ResTarget' in target ? target.ResTarget : {}));
}
